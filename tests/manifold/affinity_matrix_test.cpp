#include "manifold/affinity_matrix.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <hourglass/error.hpp>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "kernels/affinities/symmetrize.hpp"
#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "math/sort.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using Keys = std::vector<std::uint64_t>;

// ---- merging -----------------------------------------------------------------------------------

class SortAndMerge : public OnTarget {
 protected:
  void expect_merged(const Keys& keys, const std::vector<float>& values) {
    auto device_keys = to_device(keys);
    auto device_values = to_device(values);
    const std::size_t count =
        math::sort_and_merge(context(), device_keys.span(), device_values.span());
    std::map<std::uint64_t, float> expected;
    for (std::size_t i = 0; i < keys.size(); ++i) expected[keys[i]] += values[i];
    ASSERT_EQ(count, expected.size());
    const auto merged_keys = to_host(device_keys);
    const auto merged_values = to_host(device_values);
    std::size_t i = 0;
    for (const auto& [key, value] : expected) {
      ASSERT_EQ(merged_keys[i], key) << i;
      ASSERT_EQ(merged_values[i], value) << i;
      ++i;
    }
  }

  /// 20000 keys, drawn by key(number, random bits), all different; every third comes twice.
  void expect_mixed_merged(
      const std::function<std::uint64_t(std::uint64_t, std::uint64_t)>& key_of) {
    std::mt19937_64 random(3);
    Keys keys;
    std::vector<float> values;
    for (std::uint64_t i = 0; i < 20000; ++i) {
      const std::uint64_t key = key_of(i, random());
      for (int time = 0; time < (i % 3 == 0 ? 2 : 1); ++time) {
        keys.push_back(key);
        values.push_back(static_cast<float>(random() % 100000) * 1e-5f);
      }
    }
    std::vector<std::size_t> order(keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    Keys mixed;
    std::vector<float> mixed_values;
    for (const std::size_t i : order) {
      mixed.push_back(keys[i]);
      mixed_values.push_back(values[i]);
    }
    expect_merged(mixed, mixed_values);
  }
};

TEST_F(SortAndMerge, FewKeys) {
  expect_merged({}, {});
  expect_merged({7}, {0.5f});
  expect_merged({7, 7}, {0.5f, 0.25f});
  expect_merged({7, 1}, {0.5f, 0.25f});
  expect_merged({9, 7, 9, 1, 1}, {1.f, 2.f, 3.f, 4.f, 5.f});
}

TEST_F(SortAndMerge, ManyKeysAtMostTwiceEach) {
  expect_mixed_merged([](std::uint64_t i, std::uint64_t drawn) { return i << 40 | drawn % 1000; });
}

TEST_F(SortAndMerge, KeysOfAllBits) {
  expect_mixed_merged([](std::uint64_t, std::uint64_t drawn) { return drawn; });
}

// A bucket is what leading bits say: nearly all in one, sorted by few of its bits, or by many.
TEST_F(SortAndMerge, NearlyAllKeysFarBelowTheLargest) {
  constexpr std::uint64_t kLargest = ~std::uint64_t{0};
  expect_mixed_merged([](std::uint64_t i, std::uint64_t drawn) {
    return i == 0 ? kLargest : (drawn % 200 << 33 | i) << 3;
  });
  expect_mixed_merged(
      [](std::uint64_t i, std::uint64_t drawn) { return i == 0 ? kLargest : drawn >> 20; });
}

// ---- the entries of a graph --------------------------------------------------------------------

class Symmetrize : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, Symmetrize, every_way(), way_name);

TEST_P(Symmetrize, EmitsEachEntryBothWays) {
  constexpr std::size_t kRows = 700;
  constexpr std::size_t kNeighbors = 3;
  std::vector<std::uint32_t> indices(kRows * kNeighbors);
  std::vector<float> p(indices.size());
  for (std::size_t e = 0; e < indices.size(); ++e) {
    indices[e] = static_cast<std::uint32_t>((e / kNeighbors + e % kNeighbors + 1) % kRows);
    p[e] = static_cast<float>(e + 1);
  }
  const auto device_indices = to_device(indices);
  const auto device_p = to_device(p);
  device::Buffer<std::uint64_t> keys(2 * p.size());
  auto values = output(2 * p.size());
  run([&] {
    kernels::emit_entries(stream(), device_indices.data(), device_p.data(), kRows, kNeighbors,
                          keys.data(), values.data());
  });
  const auto host_keys = to_host(keys);
  const auto host_values = written(values);
  for (std::size_t e = 0; e < p.size(); ++e) {
    const std::uint64_t i = e / kNeighbors;
    const std::uint64_t j = indices[e];
    ASSERT_EQ(host_keys[2 * e], i << 32 | j);
    ASSERT_EQ(host_keys[2 * e + 1], j << 32 | i);
    ASSERT_NEAR(host_values[2 * e], p[e] / (2.0 * kRows), 1e-6 * p[e]);
    ASSERT_EQ(host_values[2 * e + 1], host_values[2 * e]);
  }
}

TEST_P(Symmetrize, IndexesRowsEmptyOnesToo) {
  const auto key = [](std::uint64_t row, std::uint64_t column) { return row << 32 | column; };
  const Keys keys = {key(1, 0), key(1, 0xFFFFFFFF), key(2, 5), key(6, 0), key(6, 1), key(6, 2)};
  const auto device_keys = to_device(keys);
  auto offsets = to_device(std::vector<std::uint32_t>(10, 99));
  auto columns = to_device(std::vector<std::uint32_t>(7, 99));
  run([&] {
    kernels::index_entries(stream(), device_keys.span(), 8, offsets.data(), columns.data());
  });
  EXPECT_EQ(to_host(offsets), (std::vector<std::uint32_t>{0, 0, 2, 3, 3, 3, 3, 6, 6, 99}));
  EXPECT_EQ(to_host(columns), (std::vector<std::uint32_t>{0, 0xFFFFFFFF, 5, 0, 1, 2, 99}));
}

TEST_P(Symmetrize, IndexesMoreRowsThanEntries) {
  constexpr std::size_t kRows = 5000;
  const auto keys = to_device(Keys{std::uint64_t{4321} << 32 | 7});
  auto offsets = to_device(std::vector<std::uint32_t>(kRows + 1, 99));
  auto columns = to_device(std::vector<std::uint32_t>(1));
  run([&] {
    kernels::index_entries(stream(), keys.span(), kRows, offsets.data(), columns.data());
  });
  const auto got = to_host(offsets);
  for (std::size_t row = 0; row <= kRows; ++row) ASSERT_EQ(got[row], row > 4321 ? 1U : 0U) << row;
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
      const Neighbors neighbors = find_neighbors(
          context(), device::to_device<float>(stream(), x.values).span(), rows, x.row_size(), k);
      const AffinityMatrix matrix(context(), neighbors, rows, scales);
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
