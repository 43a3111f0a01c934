#include "manifold/affinity_matrix.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <hourglass/error.hpp>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/affinities/symmetrize.hpp"
#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "math/sort.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using Words = std::vector<std::uint32_t>;

// ---- the entries of a graph --------------------------------------------------------------------

/// Each row's neighbours, in no order, and what they are worth.
struct Graph {
  std::size_t rows;
  std::size_t k;
  Words indices{};
  std::vector<float> p{};
};

/// k others of each row, drawn from the first `among` rows.
Graph drawn_graph(std::size_t rows, std::size_t k, std::size_t among) {
  Graph graph{.rows = rows, .k = k};
  std::mt19937 random(5);
  for (std::uint32_t i = 0; i < rows; ++i) {
    Words others(among);
    std::iota(others.begin(), others.end(), 0U);
    std::erase(others, i);
    std::ranges::shuffle(others, random);
    graph.indices.insert(graph.indices.end(), others.begin(),
                         others.begin() + static_cast<std::ptrdiff_t>(k));
  }
  for (std::size_t e = 0; e < rows * k; ++e) {
    graph.p.push_back(static_cast<float>(1 + random() % 100000) * 1e-5f);
  }
  return graph;
}

class Symmetrize : public KernelTest {
 protected:
  void expect_merged(const Graph& graph) {
    const auto [rows, k, indices, p] = graph;
    const auto device_indices = to_device(indices);
    const auto device_p = to_device(p);
    auto own_columns = to_device(Words(rows * k + 1, 99));
    auto own_values = output(rows * k);
    run([&] {
      kernels::sort_rows(stream(), device_indices.data(), device_p.data(), rows, k,
                         own_columns.data(), own_values.data());
    });
    std::map<std::pair<std::size_t, std::size_t>, float> own;
    std::map<std::pair<std::size_t, std::size_t>, float> both;
    for (std::size_t e = 0; e < rows * k; ++e) {
      const float share = 0.5f / static_cast<float>(rows) * p[e];
      own[{e / k, indices[e]}] = share;
      both[{e / k, indices[e]}] += share;
      both[{indices[e], e / k}] += share;
    }
    Words columns = to_host(own_columns);
    EXPECT_EQ(columns.back(), 99U) << "written beyond the end";
    columns.pop_back();
    expect_entries(own, columns, written(own_values));

    device::Buffer<std::uint32_t> begins(rows + 1);
    device::Buffer<std::uint32_t> places(rows * k);
    math::sort_places(context(), own_columns.span().first(rows * k), begins.span(), places.span());
    const kernels::DirectedAffinities directed{.rows = static_cast<std::uint32_t>(rows),
                                               .k = static_cast<std::uint32_t>(k),
                                               .columns = own_columns.data(),
                                               .values = own_values.data(),
                                               .begins = begins.data(),
                                               .places = places.data()};
    auto sizes = to_device(Words(rows + 1, 99));
    run([&] { kernels::count_entries(stream(), directed, sizes.data()); });
    Words expected_sizes(rows);
    for (const auto& [place, value] : both) ++expected_sizes[place.first];
    expected_sizes.push_back(99);
    ASSERT_EQ(to_host(sizes), expected_sizes);
    expected_sizes.pop_back();

    const auto offsets = to_device(row_offsets(expected_sizes));
    auto all_columns = to_device(Words(both.size() + 1, 99));
    auto all_values = output(both.size());
    run([&] {
      kernels::merge_entries(stream(), directed, offsets.data(), all_columns.data(),
                             all_values.data());
    });
    columns = to_host(all_columns);
    EXPECT_EQ(columns.back(), 99U) << "written beyond the end";
    columns.pop_back();
    expect_entries(both, columns, written(all_values));
  }

 private:
  static void expect_entries(const std::map<std::pair<std::size_t, std::size_t>, float>& expected,
                             const Words& columns, const std::vector<float>& values) {
    ASSERT_EQ(columns.size(), expected.size());
    std::size_t e = 0;
    for (const auto& [place, value] : expected) {
      ASSERT_EQ(columns[e], place.second) << "entry " << e << ", row " << place.first;
      ASSERT_EQ(values[e], value) << "entry " << e << ", row " << place.first;
      ++e;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Symmetrize, every_way(), way_name);

TEST_P(Symmetrize, AnyNeighbors) {
  expect_merged(drawn_graph(700, 1, 700));
  expect_merged(drawn_graph(700, 15, 700));
  expect_merged(drawn_graph(300, 33, 300));
}

TEST_P(Symmetrize, AllOthers) {
  expect_merged(drawn_graph(2, 1, 2));
  expect_merged(drawn_graph(70, 69, 70));
}

// All neighbours of all rows are the same few, and nobody's are the others.
TEST_P(Symmetrize, Hubs) {
  expect_merged(drawn_graph(1000, 1, 2));
  expect_merged(drawn_graph(1000, 20, 21));
  expect_merged(drawn_graph(1000, 20, 40));
}

TEST_P(Symmetrize, NobodyIsAnOwnNeighborsNeighbor) {
  Graph ring = drawn_graph(100, 7, 100);
  for (std::size_t e = 0; e < ring.indices.size(); ++e) {
    ring.indices[e] = static_cast<std::uint32_t>((e / 7 + 7 - e % 7) % 100);
  }
  expect_merged(ring);
}

TEST_P(Symmetrize, ManyNeighbors) {
  expect_merged(drawn_graph(515, 513, 515));
}

TEST(RowOffsets, ComeInTheOrderAskedFor) {
  const Words sizes = {3, 0, 4};
  EXPECT_EQ(row_offsets(sizes), (Words{0, 3, 3, 7}));
  EXPECT_EQ(row_offsets(sizes, 10), (Words{10, 13, 13, 17}));
  EXPECT_EQ(row_offsets(sizes, 10, Words{2, 0, 1}), (Words{10, 14, 17, 17}));
  EXPECT_EQ(row_offsets({}), (Words{0}));
  EXPECT_THROW((void)row_offsets(Words{0xFFFFFFFF, 1}), Error);
}

// ---- the matrix --------------------------------------------------------------------------------

class Affinity : public KernelTest {
 protected:
  /// The matrix of x's k nearest neighbours, checked for all that a t-SNE matrix is.
  void expect_matrix(const Array<float>& x, std::size_t k, double perplexity) {
    expect_matrix(x, k, std::vector{perplexity});
  }
  /// The same, averaged over several scales.
  void expect_matrix(const Array<float>& x, std::size_t k, const std::vector<double>& scales) {
    const std::size_t rows = x.rows();
    run([&] {
      Neighbors neighbors = find_neighbors(
          context(), device::to_device<float>(stream(), x.values).span(), rows, x.row_size(), k);
      const AffinityMatrix matrix(context(), std::move(neighbors), rows, scales);
      const kernels::Affinities view = matrix.view();
      offsets_.resize(rows + 1);
      columns_.resize(matrix.entries());
      values_.resize(matrix.entries());
      device::copy_to_host<std::uint32_t>(stream(), {view.offsets, rows + 1}, offsets_);
      device::copy_to_host<std::uint32_t>(stream(), {view.columns, columns_.size()}, columns_);
      device::copy_to_host<float>(stream(), {view.values, values_.size()}, values_);
    });
    ASSERT_EQ(offsets_.front(), 0U);
    ASSERT_EQ(offsets_.back(), columns_.size());
    double sum = 0.0;
    std::map<std::pair<std::size_t, std::size_t>, float> p;
    for (std::size_t i = 0; i < rows; ++i) {
      ASSERT_LE(offsets_[i], offsets_[i + 1]);
      for (std::size_t e = offsets_[i]; e < offsets_[i + 1]; ++e) {
        ASSERT_LT(columns_[e], rows);
        ASSERT_NE(columns_[e], i) << "a point of its own neighbour";
        if (e > offsets_[i]) {
          ASSERT_LT(columns_[e - 1], columns_[e]);
        }
        ASSERT_GE(values_[e], 0.f);
        sum += static_cast<double>(values_[e]);
        p[{i, columns_[e]}] = values_[e];
      }
    }
    EXPECT_NEAR(sum, 1.0, 1e-5);
    test::DenseAffinities expected;
    for (const double scale : scales) {
      for (const auto& [place, value] : test::dense_affinities(x, k, scale)) {
        expected[place] += value / static_cast<double>(scales.size());
      }
    }
    ASSERT_EQ(p.size(), expected.size());
    const double typical = 1.0 / static_cast<double>(p.size());
    for (const auto& [place, value] : p) {
      ASSERT_TRUE(p.contains({place.second, place.first}));
      ASSERT_EQ(value, (p[{place.second, place.first}])) << "not symmetric";
      const auto found = expected.find(place);
      ASSERT_NE(found, expected.end());
      ASSERT_NEAR(value, found->second, 3e-4 * (found->second + typical));
    }
  }

 private:
  std::vector<std::uint32_t> offsets_;
  std::vector<std::uint32_t> columns_;
  std::vector<float> values_;
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Affinity, ways_that_wait(), way_name);

TEST_P(Affinity, MatchesTheDenseOne) {
  expect_matrix(test::normal_data(100, 5), 30, 10.0);
  expect_matrix(test::normal_data(129, 2), 6, 2.0);
}

TEST_P(Affinity, OfSeveralScalesIsTheirMean) {
  expect_matrix(test::normal_data(100, 5), 60, std::vector{4.0, 20.0});
  expect_matrix(test::normal_data(100, 5), 60, std::vector{20.0, 2.0, 8.0});
}

TEST_P(Affinity, OfAllOthers) {
  expect_matrix(test::normal_data(40, 3), 39, 13.0);
}

TEST_P(Affinity, OfTwoAndThreePoints) {
  expect_matrix(test::normal_data(2, 3), 1, 1.0);
  expect_matrix(test::normal_data(3, 3), 1, 1.0);
  expect_matrix(test::normal_data(3, 3), 2, 1.5);
}

TEST_P(Affinity, OfClustersAndAnOutlier) {
  auto x = test::blob_data(120, 3, 3, 50.0);
  x.row(60)[1] = 1e3f;
  expect_matrix(x, 15, 5.0);
}

// A point amid a sphere is the nearest of all others, which are as far from each other as they can.
TEST_P(Affinity, OfAHub) {
  auto x = test::normal_data(150, 150);
  for (float& value : x.values) value *= 0.1f;
  for (std::size_t i = 1; i < 150; ++i) x.row(i)[i] += 30.f;
  expect_matrix(x, 1, 1.0);
  expect_matrix(x, 6, 2.0);
}

TEST_P(Affinity, OfDuplicates) {
  auto x = test::normal_data(120, 4);
  for (std::size_t i = 60; i < 120; ++i) {  // pairs, and one point forty times
    for (std::size_t f = 0; f < 4; ++f) x.row(i)[f] = x.row(i < 80 ? i - 60 : 59)[f];
  }
  expect_matrix(x, 30, 10.0);
}

TEST(AffinityEntries, MoreThanOffsetsCountAreAnError) {
  constexpr std::size_t kMost = 4294967295;
  EXPECT_NO_THROW(check_entries(kMost));
  try {
    check_entries(kMost + 1);
    ADD_FAILURE() << "4,294,967,296 entries";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("perplexity"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
