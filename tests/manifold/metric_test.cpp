// Metrics, and distances that somebody else has measured, through the public API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <hourglass/error.hpp>
#include <hourglass/metric.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/stop.hpp>
#include <hourglass/tsne.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "support/every_device.hpp"

namespace hourglass {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class Metrics : public test::OnEveryDevice {};
INSTANTIATE_TEST_SUITE_P(OnEveryDevice, Metrics, test::kEveryDevice, test::device_name);

/// 1 - cos of the angle between two rows, or between them less their means.
double dense_distance(std::span<const float> a, std::span<const float> b, bool centred) {
  double mean_a = 0.0, mean_b = 0.0;
  for (std::size_t f = 0; centred && f < a.size(); ++f) {
    mean_a += double{a[f]} / static_cast<double>(a.size());
    mean_b += double{b[f]} / static_cast<double>(b.size());
  }
  double both = 0.0, of_a = 0.0, of_b = 0.0;
  for (std::size_t f = 0; f < a.size(); ++f) {
    const double x = double{a[f]} - mean_a;
    const double y = double{b[f]} - mean_b;
    both += x * y;
    of_a += x * x;
    of_b += y * y;
  }
  return 1.0 - both / std::sqrt(of_a * of_b);
}

TEST_P(Metrics, NeighborsAreThoseOfTheAngles) {
  auto x = test::blob_data(400, 12, 5, 3.0);
  for (std::size_t i = 0; i < x.rows(); ++i) {  // lengths that Euclidean distances would see
    for (float& value : x.row(i)) value = value * static_cast<float>(1 + i % 7) + 0.3f;
  }
  for (const Metric metric : {Metric::cosine, Metric::correlation}) {
    const bool centred = metric == Metric::correlation;
    const auto graph = nearest_neighbors(in_metric({x, device()}, metric), 15);
    for (std::size_t i = 0; i < x.rows(); ++i) {
      std::vector<std::pair<double, std::uint32_t>> order;
      for (std::uint32_t j = 0; j < x.rows(); ++j) {
        if (j != i) order.emplace_back(dense_distance(x.row(i), x.row(j), centred), j);
      }
      std::ranges::sort(order);
      for (std::size_t n = 0; n < 15; ++n) {
        ASSERT_EQ(graph.indices.row(i)[n], order[n].second) << i << ", " << n;
        const double distance = double{graph.distances.row(i)[n]};
        ASSERT_NEAR(0.5 * distance * distance, order[n].first, 1e-6 * order[n].first + 1e-7);
      }
    }
  }
}

TEST_P(Metrics, UnitRowsAtAnyScale) {
  for (const float scale : {1e-40f, 1e-20f, 1.f, 1e20f, 1e37f}) {
    auto x = test::normal_data(10, 5);
    for (float& value : x.values) value *= scale;
    for (const Metric metric : {Metric::cosine, Metric::correlation}) {
      const Samples samples = in_metric({x, device()}, metric);
      const ArrayView<float>& unit = samples.host();
      for (std::size_t i = 0; i < 10; ++i) {
        double squared = 0.0;
        for (const float value : unit.row(i)) squared += double{value} * double{value};
        EXPECT_NEAR(squared, 1.0, 1e-6);
      }
    }
  }
  const auto x = test::normal_data(10, 5);
  const Samples same = in_metric({x, device()}, Metric::euclidean);
  EXPECT_TRUE(std::ranges::equal(same.host().values, x.values));
}

TEST_P(Metrics, RowsWithoutADirectionAreNamed) {
  auto x = test::normal_data(20, 3);
  std::ranges::fill(x.row(7), 0.f);
  const auto error = [&](Metric metric) {
    return [&, metric] { (void)tsne({x, device()}, {.perplexity = 3.0, .metric = metric}); };
  };
  EXPECT_THAT(error(Metric::cosine), ThrowsMessage<Error>(HasSubstr("row 7 has zeros alone")));
  std::ranges::fill(x.row(7), 0.1f);
  EXPECT_THAT(error(Metric::correlation),
              ThrowsMessage<Error>(HasSubstr("row 7 has one value throughout")));
  EXPECT_NO_THROW((void)in_metric({x, device()}, Metric::cosine));
  for (std::size_t i = 0; i < 20; ++i) std::ranges::fill(x.row(i), static_cast<float>(i + 1));
  EXPECT_THAT(error(Metric::cosine), ThrowsMessage<Error>(HasSubstr("rows are the same")));
}

TEST_P(Metrics, ValuesThatAreNotFiniteAreNamed) {
  auto x = test::normal_data(20, 3);
  std::ranges::fill(x.row(3), 0.f);
  for (const float value : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    x.row(7)[2] = value;
    for (const Metric metric : {Metric::cosine, Metric::correlation}) {
      EXPECT_THAT(
          [&] {
            (void)in_metric({x, device()}, metric);
          },
          ThrowsMessage<Error>(HasSubstr("row 7, column 2 is not finite")));
    }
  }
  const auto empty = [&] { (void)nearest_neighbors(in_metric({x, device()}, Metric::cosine), 1); };
  x = Array<float>({0, 3});
  EXPECT_THAT(empty, ThrowsMessage<Error>(HasSubstr("at least 2 rows, and there are none")));
  x = Array<float>({4, 0});
  EXPECT_THAT(empty, ThrowsMessage<Error>(HasSubstr("rows are empty")));
}

TEST_P(Metrics, AMapIsThatOfUnitRows) {
  auto x = test::blob_data(300, 6, 3, 5.0);
  for (const Metric metric : {Metric::cosine, Metric::correlation}) {
    const Samples unit = in_metric({x, device()}, metric);
    const auto asked = tsne({x, device()}, {.metric = metric, .iterations = 60});
    const auto made = tsne(unit, {.iterations = 60});
    EXPECT_EQ(asked.map.values, made.map.values);
    EXPECT_EQ(asked.kl_divergence, made.kl_divergence);
  }
}

// ---- distances that are known ------------------------------------------------------------------

/// The entries of each row within `reach`, the last first.
SparseDistances sparse(const Array<float>& distances, float reach) {
  SparseDistances made{
      .offsets = Array<std::uint32_t>({distances.rows() + 1}), .columns = {}, .distances = {}};
  for (std::size_t i = 0; i < distances.rows(); ++i) {
    for (std::size_t j = distances.rows(); j-- > 0;) {
      if (j == i || distances.row(i)[j] > reach) continue;
      made.columns.values.push_back(static_cast<std::uint32_t>(j));
      made.distances.values.push_back(distances.row(i)[j]);
    }
    made.offsets.values[i + 1] = static_cast<std::uint32_t>(made.columns.size());
  }
  made.columns.shape = made.distances.shape = {made.columns.size()};
  return made;
}

TEST(GivenDistances, NeighborsAreTheNearest) {
  auto x = test::normal_data(60, 2);
  for (float& value : x.values) value = std::round(2.f * value);  // ties, which go by index
  const auto distances = test::distances_of(x);
  for (const std::size_t k : {1U, 7U, 59U}) {
    const auto graph = nearest_of_distances(distances, k);
    const auto of_all = nearest_neighbors(sparse(distances, 1e9f), k);
    for (std::size_t i = 0; i < 60; ++i) {
      const auto expected = test::dense_neighbors(x, i, k);
      ASSERT_TRUE(std::ranges::equal(graph.indices.row(i), expected)) << i;
      for (std::size_t n = 0; n < k; ++n) {
        ASSERT_EQ(graph.distances.row(i)[n], distances.row(i)[expected[n]]);
      }
    }
    EXPECT_EQ(of_all.indices.values, graph.indices.values);
    EXPECT_EQ(of_all.distances.values, graph.distances.values);
  }
  const auto some = nearest_neighbors(sparse(distances, 8.f), 5);
  EXPECT_EQ(some.indices.values, nearest_of_distances(distances, 5).indices.values);
}

TEST(GivenDistances, OfAllPairsStopWhereAsked) {
  const auto distances = test::distances_of(test::normal_data(60, 2));
  for (const int most : {0, 60, 70}) {  // among the checks, and among the rows
    std::atomic<int> asked = 0;
    EXPECT_THROW((void)nearest_of_distances(distances, 5, [&] { return asked++ >= most; }),
                 Stopped);
  }
}

TEST(GivenDistances, OfSomePairsStopWhereAsked) {
  const auto some = sparse(test::distances_of(test::normal_data(60, 2)), 1e9f);
  for (const int most : {0, 59}) {
    int asked = 0;
    EXPECT_THROW((void)nearest_neighbors(some, 5, [&] { return asked++ >= most; }), Stopped);
  }
}

TEST(GivenDistances, AMatrixThatIsNoneIsNamed) {
  const auto good = test::distances_of(test::normal_data(9, 2));
  const auto expect_error = [&](const std::string& words,
                                const std::function<void(Array<float>&)>& change,
                                std::size_t k = 3) {
    Array<float> bad = good;
    change(bad);
    EXPECT_THAT([&] { (void)nearest_of_distances(bad, k); },
                ThrowsMessage<Error>(HasSubstr(words)));
  };
  expect_error("its shape is (3, 27)", [](auto& d) { d.shape = {3, 27}; });
  expect_error("its shape is (81)", [](auto& d) { d.shape = {81}; });
  expect_error("row 2, column 5 is -1, not a", [](auto& d) { d.row(2)[5] = -1.f; });
  expect_error("row 2, column 5 is nan, not a", [](auto& d) { d.row(2)[5] = std::nanf(""); });
  expect_error("row 4, column 4 is 0.5; from a row to itself it must be 0",
               [](auto& d) { d.row(4)[4] = 0.5f; });
  expect_error("row 5, column 2 is 100, but row 2, column 5 is",
               [](auto& d) { d.row(5)[2] = 100.f; });
  expect_error(
      "1 to rows - 1 do", [](auto&) {}, 0);
  expect_error(
      "1 to rows - 1 do", [](auto&) {}, 9);
  Array<float> rounded = good;  // as products of float32 leave it
  rounded.row(5)[2] *= 1.f + 1e-6f;
  EXPECT_NO_THROW((void)nearest_of_distances(rounded, 3));
}

TEST(GivenDistances, ASparseMatrixThatIsNoneIsNamed) {
  const auto good = sparse(test::distances_of(test::normal_data(9, 2)), 1e9f);
  const auto expect_error = [&](const std::string& words,
                                const std::function<void(SparseDistances&)>& change,
                                std::size_t k = 3) {
    SparseDistances bad = good;
    change(bad);
    EXPECT_THAT([&] { (void)nearest_neighbors(bad, k); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  expect_error("three flat lists", [](auto& g) { g.columns.shape = {9, 8}; });
  expect_error("at least 2 rows", [](auto& g) { g.offsets = Array<std::uint32_t>({2}); });
  expect_error("rise from 0", [](auto& g) { g.offsets.values[3] = 71; });
  expect_error("rise from 0", [](auto& g) { g.offsets.values[9] = 73; });
  expect_error("rise from 0", [](auto& g) { g.offsets.values[0] = 1; });
  expect_error("column 9 is beyond the last of 9 rows", [](auto& g) { g.columns.values[0] = 9; });
  expect_error("row 1, column 1 is the row itself", [](auto& g) { g.columns.values[9] = 1; });
  expect_error("row 0, column 7 is there twice", [](auto& g) { g.columns.values[0] = 7; });
  expect_error("is -2, not a", [](auto& g) { g.distances.values[11] = -2.f; });
  const auto drop_last = [](auto& g) {
    g.columns.values.pop_back();
    g.distances.values.pop_back();
    g.columns.shape = g.distances.shape = {71};
    g.offsets.values[9] = 71;
  };
  expect_error("row 8 has 7 entries, and 8 neighbours", drop_last, 8);
  expect_error(
      "1 to rows - 1 do", [](auto&) {}, 9);
  expect_error("row 0 has 0 entries", [](auto& g) { g.offsets.values[1] = 0; });
}

TEST_P(Metrics, AGraphWithARowTwiceIsNamed) {
  auto graph = nearest_neighbors({test::normal_data(20, 3), device()}, 6);
  graph.indices.row(3)[4] = graph.indices.row(3)[1];
  EXPECT_THAT(
      [&] { (void)tsne(graph, {.perplexity = 2.0}, device()); },
      ThrowsMessage<Error>(HasSubstr("row 3 has row " + std::to_string(graph.indices.row(3)[1]) +
                                     " among its neighbours twice")));
}

// ---- several scales ----------------------------------------------------------------------------

TEST_P(Metrics, TheDivergenceOfSeveralScalesIsThatOfTheirMean) {
  const auto x = test::blob_data(200, 5, 3, 4.0);
  for (const auto& scales : {std::vector{20.0}, std::vector{3.0, 20.0}, {20.0, 3.0, 8.0}}) {
    const TsneOptions options{
        .perplexity = 1e9, .perplexities = scales, .iterations = 120};  // the list decides
    const auto result = tsne({x, device()}, options);
    EXPECT_EQ(result.neighbors, 60U);
    test::DenseAffinities mean;
    for (const double scale : scales) {
      for (const auto& [place, p] : test::dense_affinities(x, 60, scale)) {
        mean[place] += p / static_cast<double>(scales.size());
      }
    }
    EXPECT_NEAR(result.kl_divergence,
                test::dense_divergence(mean, test::in_double_points(result.map)), 2e-4);
  }
  const auto bad = [&](std::vector<double> scales) {
    return [&, scales] { (void)tsne({x, device()}, {.perplexities = scales}); };
  };
  EXPECT_THAT(bad({30.0, 300.0}), ThrowsMessage<Error>(HasSubstr("perplexity 300")));
  EXPECT_THAT(bad({0.5, 30.0}), ThrowsMessage<Error>(HasSubstr("perplexity 0.5")));
}

}  // namespace
}  // namespace hourglass
