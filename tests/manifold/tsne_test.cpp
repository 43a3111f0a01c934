// t-SNE through the public API, on every device there is.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <hourglass/tsne.hpp>
#include <numeric>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "manifold/space_reference.hpp"
#include "support/every_device.hpp"

namespace hourglass {
namespace {

class Tsne : public test::OnEveryDevice {
 protected:
  static void expect_map(const TsneResult& result, std::size_t rows) {
    ASSERT_EQ(result.map.shape, (Shape{rows, 2}));
    double mean_x = 0.0, mean_y = 0.0, size = 0.0;
    for (std::size_t i = 0; i < rows; ++i) {
      ASSERT_TRUE(std::isfinite(result.map.row(i)[0]) && std::isfinite(result.map.row(i)[1])) << i;
      mean_x += double{result.map.row(i)[0]};
      mean_y += double{result.map.row(i)[1]};
      size = std::max(
          {size, std::abs(double{result.map.row(i)[0]}), std::abs(double{result.map.row(i)[1]})});
    }
    EXPECT_NEAR(mean_x, 0.0, 1e-6 * size * static_cast<double>(rows));
    EXPECT_NEAR(mean_y, 0.0, 1e-6 * size * static_cast<double>(rows));
    EXPECT_TRUE(std::isfinite(result.kl_divergence));
    EXPECT_GE(result.kl_divergence, -1e-5);
  }

  template <class Work>
  static std::string error_of(Work work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return "";
  }
};
INSTANTIATE_TEST_SUITE_P(OnEveryDevice, Tsne, test::kEveryDevice, test::device_name);

/// Enough to get a grid on any device.
constexpr unsigned kGridRows = 4001;

double perplexity_for(std::size_t rows) {
  return std::min(30.0, std::max(1.0, static_cast<double>(rows - 1) / 3.0));
}

/// Long enough for whatever must be seen, in a test's time.
TsneOptions options_for(std::size_t rows, std::size_t iterations) {
  return {.perplexity = perplexity_for(rows), .iterations = iterations};
}

TEST_P(Tsne, AnyNumberOfRows) {
  for (const std::size_t rows : {2U, 3U, 4U, 5U, 10U, 31U, 100U}) {
    SCOPED_TRACE(rows);
    const auto result = tsne({test::normal_data(rows, 5), device()}, options_for(rows, 1000));
    expect_map(result, rows);
    EXPECT_EQ(result.iterations, 1000U);
  }
}

TEST_P(Tsne, RowsAboutTheSwitchFromSumsToGrids) {
  for (const std::size_t rows : {1000U, 1999U, 2000U, 2001U, 4001U}) {
    SCOPED_TRACE(rows);
    const auto result = tsne({test::normal_data(rows, 3), device()}, options_for(rows, 10));
    expect_map(result, rows);
  }
}

TEST_P(Tsne, FewFeatures) {
  for (const std::size_t features : {1U, 2U}) {
    expect_map(tsne({test::normal_data(50, features), device()}, options_for(50, 300)), 50);
  }
}

TEST_P(Tsne, BlobsSeparate) {
  constexpr std::size_t kRows = 500;
  constexpr std::size_t kBlobs = 5;
  const auto x = test::blob_data(kRows, 20, kBlobs, 10.0);
  auto options = options_for(kRows, 400);
  options.divergence_interval = 50;
  const auto result = tsne({x, device()}, options);
  expect_map(result, kRows);
  std::size_t right = 0;
  for (std::size_t i = 0; i < kRows; ++i) {
    for (const std::uint32_t j : test::dense_neighbors(result.map, i, 10)) {
      right += j % kBlobs == i % kBlobs ? 1 : 0;
    }
  }
  EXPECT_GT(static_cast<double>(right) / (10.0 * kRows), 0.95);
  ASSERT_EQ(result.history.size(), 8U);
  for (std::size_t h = 0; h < 8; ++h) {
    EXPECT_EQ(result.history[h].iteration, 50 * (h + 1));
    // Without exaggeration it only goes down.
    if (h >= 5) {
      EXPECT_LT(result.history[h].kl_divergence, result.history[h - 1].kl_divergence);
    }
  }
  EXPECT_NEAR(result.history.back().kl_divergence, result.kl_divergence, 1e-6);
}

TEST_P(Tsne, SameSeedSameBytes) {
  for (const std::size_t rows : {300U, kGridRows}) {
    const auto x = test::blob_data(rows, 8, 3, 8.0);
    auto options = options_for(rows, rows < kGridRows ? 60 : 30);
    options.initialization = TsneInitialization::random;
    options.seed = 5;
    const auto once = tsne({x, device()}, options);
    const auto again = tsne({x, device()}, options);
    EXPECT_EQ(once.map.values, again.map.values);
    EXPECT_EQ(once.kl_divergence, again.kl_divergence);
    options.seed = 6;
    EXPECT_NE(tsne({x, device()}, options).map.values, once.map.values);
    options.initialization = TsneInitialization::pca;
    EXPECT_EQ(tsne({x, device()}, options).map.values, tsne({x, device()}, options).map.values);
  }
}

// Neighbours, affinities, the first map, a grid's charges, and the divergence.
TEST_P(Tsne, ThreadsChangeNothingOnAGrid) {
  const auto x = test::blob_data(kGridRows, 8, 3, 8.0);
  const auto options = options_for(kGridRows, 20);
  const auto map = [&](int threads) {
    set_cpu_threads(threads);
    auto result = tsne({x, device()}, options);
    set_cpu_threads(0);
    EXPECT_EQ(result.grid_iterations, 20U);
    return result;
  };
  const auto one = map(1);
  for (const int threads : {2, 3}) {
    const auto many = map(threads);
    EXPECT_EQ(many.map.values, one.map.values) << threads;
    EXPECT_EQ(many.kl_divergence, one.kl_divergence) << threads;
  }
}

// What is asked for in pieces is what is asked for at once: strides, odd ends and recordings are
// all the same iterations.
TEST_P(Tsne, AnyNumberOfIterations) {
  for (const std::size_t rows : {60U, kGridRows}) {
    const auto x = test::blob_data(rows, 6, 3, 8.0);
    for (const std::size_t iterations : {1U, 9U, 11U, 249U, 250U, 251U}) {
      if (rows == kGridRows && iterations > 11) continue;
      SCOPED_TRACE(std::to_string(rows) + " rows, " + std::to_string(iterations));
      auto options = options_for(rows, iterations);
      const auto whole = tsne({x, device()}, options);
      EXPECT_EQ(whole.iterations, iterations);
      expect_map(whole, rows);
      options.divergence_interval = 3;
      const auto pieces = tsne({x, device()}, options);
      EXPECT_EQ(pieces.history.size(), iterations / 3);
      EXPECT_EQ(whole.map.values, pieces.map.values);
    }
  }
}

// The whole of it again in double precision, across the end of the exaggeration. A small learning
// rate keeps the two on the same path.
TEST_P(Tsne, FollowsTheDenseOne) {
  constexpr std::size_t kRows = 30;
  const auto x = test::blob_data(kRows, 4, 3, 6.0);
  for (const std::size_t iterations : {20U, 250U, 251U, 252U, 260U}) {
    TsneOptions options{
        .perplexity = 5.0, .iterations = iterations, .schedule = {.learning_rate = 3e-5}};
    options.initial_map = test::normal_data(kRows, 2, 0.0, 9);
    const auto result = tsne({x, device()}, options);
    const auto expected =
        test::dense_tsne(test::dense_affinities(x, 15, 5.0),
                         test::in_double_points(*options.initial_map), iterations, 3e-5);
    double error = 0.0, size = 0.0;
    for (std::size_t i = 0; i < kRows; ++i) {
      error = std::max({error, std::abs(double{result.map.row(i)[0]} - expected[i].x),
                        std::abs(double{result.map.row(i)[1]} - expected[i].y)});
      size = std::max({size, std::abs(expected[i].x), std::abs(expected[i].y)});
    }
    EXPECT_LE(error, 2e-4 * size) << iterations << " iterations, size " << size;
  }
}

// Heavier and lighter tails, exaggerated or not. One iteration's step is the gradient times the
// learning rate; many follow the same path.
TEST_P(Tsne, FollowsTheDenseOneWithAnyTailAndLateExaggeration) {
  constexpr std::size_t kRows = 60;
  const auto x = test::blob_data(kRows, 4, 3, 6.0);
  const auto affinities = test::dense_affinities(x, 15, 5.0);
  const auto initial = test::normal_data(kRows, 2, 0.0, 9);
  for (const double dof : {0.1, 0.5, 1.0, 2.0, 30.0, 1000.0}) {
    for (const auto& [iterations, early, rate] :
         {std::tuple{1U, 250U, 1.0}, {1U, 0U, 5.0}, {260U, 250U, 3e-5}}) {
      SCOPED_TRACE(std::to_string(dof) + ", " + std::to_string(iterations) + " iterations, " +
                   std::to_string(early) + " early");
      TsneOptions options{
          .perplexity = 5.0,
          .iterations = iterations,
          .schedule = {.early_iterations = early, .late_exaggeration = 2.5, .learning_rate = rate},
          .dof = dof};
      options.initial_map = initial;
      const auto result = tsne({x, device()}, options);
      // Early or late, the dense one's first step is exaggerated by its `exaggeration`.
      const auto expected = test::dense_tsne(affinities, test::in_double_points(initial),
                                             iterations, rate, early > 0 ? 12.0 : 2.5, dof, 2.5);
      const auto start = test::dense_tsne(affinities, test::in_double_points(initial), 0, rate);
      double error = 0.0, way = 0.0, longest = 0.0;  // 2-norms but for the last
      for (std::size_t i = 0; i < kRows; ++i) {
        error += std::pow(double{result.map.row(i)[0]} - expected[i].x, 2) +
                 std::pow(double{result.map.row(i)[1]} - expected[i].y, 2);
        way += std::pow(expected[i].x - start[i].x, 2) + std::pow(expected[i].y - start[i].y, 2);
        longest = std::max(
            {longest, std::abs(expected[i].x - start[i].x), std::abs(expected[i].y - start[i].y)});
      }
      ASSERT_LT(longest, 4.5) << "a step that is cut";
      // Coordinates, of size 1, are rounded; affinities to 12 binary digits.
      EXPECT_LE(std::sqrt(error), 1e-4 * std::sqrt(way) + 2e-6 * (iterations == 1 ? 1.0 : 200.0));
      if (iterations == 1) {
        ASSERT_GT(way, 1e-2) << "a test of steps without steps";
      }
      EXPECT_NEAR(result.kl_divergence, test::dense_divergence(affinities, expected, dof), 1e-3);
    }
  }
}

// On a line of the plane no force points off it, so the dense one stays there by itself.
TEST_P(Tsne, OneDimensionFollowsTheDenseOne) {
  constexpr std::size_t kRows = 40;
  const auto x = test::blob_data(kRows, 4, 3, 6.0);
  const auto affinities = test::dense_affinities(x, 15, 5.0);
  TsneOptions options{
      .components = 1, .perplexity = 5.0, .iterations = 260, .schedule = {.learning_rate = 3e-5}};
  options.initial_map = test::normal_data(kRows, 1, 0.0, 9);
  std::vector<test::DoublePoint> initial;
  for (const float value : options.initial_map->values) initial.push_back({double{value}, 0.0});
  const auto result = tsne({x, device()}, options);
  ASSERT_EQ(result.map.shape, (Shape{kRows, 1}));
  const auto expected = test::dense_tsne(affinities, initial, options.iterations, 3e-5);
  for (std::size_t i = 0; i < kRows; ++i) {
    ASSERT_NEAR(result.map.values[i], expected[i].x, 5e-4) << i;
  }
  EXPECT_NEAR(result.kl_divergence, test::dense_divergence(affinities, expected), 1e-3);
}

TEST_P(Tsne, OneDimensionOnAGrid) {
  const auto x = test::blob_data(kGridRows, 10, 5, 8.0);
  TsneOptions options{.components = 1, .perplexity = 10.0, .iterations = 350};
  options.snapshot_interval = 350;
  const auto result = tsne({x, device()}, options);
  ASSERT_EQ(result.map.shape, (Shape{kGridRows, 1}));
  EXPECT_EQ(result.snapshots.shape, (Shape{2, kGridRows, 1}));
  // Its neighbours on the line are of its blob.
  std::vector<std::uint32_t> order(kGridRows);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return result.map.values[i]; });
  std::size_t alike = 0;
  for (std::size_t i = 1; i < order.size(); ++i) alike += order[i] % 5 == order[i - 1] % 5 ? 1 : 0;
  EXPECT_GT(static_cast<double>(alike) / kGridRows, 0.9);
  EXPECT_EQ(tsne({x, device()}, options).map.values, result.map.values);
}

// One step from rest goes down the gradient: that of the divergence as it is, by finite differences
// in double precision.
TEST_P(Tsne, ThreeDimensionsGoDownTheirGradient) {
  constexpr std::size_t kRows = 60;
  const auto x = test::blob_data(kRows, 5, 4, 6.0);
  const auto affinities = test::dense_affinities(x, 15, 5.0);
  for (const double dof : {1.0, 0.5, 2.0}) {
    SCOPED_TRACE(dof);
    TsneOptions options{.components = 3, .perplexity = 5.0, .iterations = 1, .dof = dof};
    options.schedule = {.early_iterations = 0, .learning_rate = 1.0};
    options.initial_map = test::space_blob(kRows, 6.0);
    auto places = test::in_triples(*options.initial_map);
    test::Triple mean{};
    for (const auto& place : places) {
      for (std::size_t c = 0; c < 3; ++c) mean[c] += place[c] / kRows;
    }
    const auto result = tsne({x, device()}, options);
    ASSERT_EQ(result.map.shape, (Shape{kRows, 3}));
    double size = 0.0;
    double error = 0.0;
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        constexpr double kStep = 1e-4;
        const double from = places[i][c];
        places[i][c] = from + kStep;
        const double above = test::dense_divergence(affinities, places, dof);
        places[i][c] = from - kStep;
        const double below = test::dense_divergence(affinities, places, dof);
        places[i][c] = from;
        const double gradient = (above - below) / (2.0 * kStep);
        const double moved = double{result.map.row(i)[c]} - (from - mean[c]);
        size += gradient * gradient;
        error += std::pow(moved / -0.8 - gradient, 2);  // gains have shrunk to 0.8
      }
    }
    // Affinities have 12 digits; places of size 3 are rounded to 2e-7.
    EXPECT_LE(std::sqrt(error / size), 1e-3) << std::sqrt(size);
  }
}

TEST_P(Tsne, ThreeDimensionsOfAnyKind) {
  constexpr std::size_t kRows = 300;
  const auto x = test::blob_data(kRows, 10, 5, 8.0);
  const auto affinities = test::dense_affinities(x, 30, 10.0);
  for (const auto initialization : {TsneInitialization::pca, TsneInitialization::random}) {
    TsneOptions options{.components = 3, .perplexity = 10.0, .iterations = 350};
    options.initialization = initialization;
    options.snapshot_interval = 350;
    const auto result = tsne({x, device()}, options);
    ASSERT_EQ(result.map.shape, (Shape{kRows, 3}));
    EXPECT_EQ(result.snapshots.shape, (Shape{2, kRows, 3}));
    EXPECT_NEAR(result.kl_divergence,
                test::dense_divergence(affinities, test::in_triples(result.map)), 1e-4);
    // More room than in the plane.
    options.components = 2;
    EXPECT_LT(result.kl_divergence, tsne({x, device()}, options).kl_divergence);
  }
}

TEST_P(Tsne, HeavierTailsOnAGridReachTheDivergenceOfSums) {
  const auto x = test::blob_data(2500, 10, 5, 8.0);
  const auto affinities = test::dense_affinities(x, 30, 10.0);
  for (const double dof : {0.5, 2.0}) {
    const auto result = tsne({x, device()}, {.perplexity = 10.0, .iterations = 350, .dof = dof});
    expect_map(result, 2500);
    EXPECT_NEAR(result.kl_divergence,
                test::dense_divergence(affinities, test::in_double_points(result.map), dof), 1e-3);
  }
}

TEST_P(Tsne, DivergenceIsTheTrueOne) {
  const auto x = test::blob_data(400, 6, 3, 8.0);
  for (const std::size_t iterations : {20U, 400U}) {
    const auto result = tsne({x, device()}, {.perplexity = 20.0, .iterations = iterations});
    EXPECT_EQ(result.neighbors, 60U);
    const auto affinities = test::dense_affinities(x, 60, 20.0);
    const double dense = test::dense_divergence(affinities, test::in_double_points(result.map));
    EXPECT_NEAR(result.kl_divergence, dense, 1e-4);
  }
}

TEST_P(Tsne, StartsFromAGivenMap) {
  const auto x = test::blob_data(100, 6, 3, 8.0);
  Array<float> initial = test::normal_data(100, 2, 7.0, 9);
  auto options = options_for(100, 1);
  options.initial_map = initial;
  options.schedule.learning_rate = 1e-6;
  const auto result = tsne({x, device()}, options);
  double mean[2] = {};
  for (std::size_t i = 0; i < 100; ++i) {
    for (std::size_t c = 0; c < 2; ++c) mean[c] += double{initial.row(i)[c]} / 100.0;
  }
  for (std::size_t i = 0; i < 100; ++i) {
    for (std::size_t c = 0; c < 2; ++c) {
      ASSERT_NEAR(result.map.row(i)[c], double{initial.row(i)[c]} - mean[c], 1e-4);
    }
  }
  EXPECT_EQ(result.learning_rate, 1e-6);
}

TEST_P(Tsne, LearningRateIsAsDocumented) {
  const auto x = test::normal_data(2600, 2);
  EXPECT_NEAR(tsne({x, device()}, {.perplexity = 5.0, .iterations = 1}).learning_rate,
              2600.0 / 48.0, 1e-9);
  EXPECT_EQ(tsne({test::normal_data(100, 2), device()}, options_for(100, 1)).learning_rate, 50.0);
}

TEST_P(Tsne, AGraphStandsForTheData) {
  const auto x = test::blob_data(200, 6, 3, 8.0);
  TsneOptions options{.perplexity = 10.0, .iterations = 300};
  options.initial_map = test::normal_data(200, 2, 0.0, 9);
  const auto graph = nearest_neighbors({x, device()}, 30);
  const auto from_data = tsne({x, device()}, options);
  const auto from_graph = tsne(graph, options, device());
  EXPECT_EQ(from_data.neighbors, from_graph.neighbors);
  EXPECT_EQ(from_data.kl_divergence, from_graph.kl_divergence);
  EXPECT_EQ(from_data.map.values, from_graph.map.values);
  for (std::size_t i = 0; i < 200; ++i) {
    const auto expected = test::dense_neighbors(x, i, 30);
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), graph.indices.row(i).begin())) << i;
  }
}

TEST_P(Tsne, HugeLearningRatesEndOneWayOrAnother) {
  for (const std::size_t rows : {200U, 1300U}) {
    for (const double rate : {1e4, 1e6, 1e30}) {
      auto options = options_for(rows, 60);
      options.schedule.learning_rate = rate;
      try {
        const auto result = tsne({test::normal_data(rows, 4), device()}, options);
        ASSERT_EQ(result.map.rows(), rows);
        for (const float value : result.map.values) ASSERT_TRUE(std::isfinite(value));
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("learning rate"), std::string::npos)
            << error.what();
      }
    }
  }
}

TEST_P(Tsne, MapsThatStartWide) {
  // Without a grid there is no limit.
  const auto x = test::normal_data(kGridRows, 4);
  auto options = options_for(kGridRows, 10);
  Array<float> wide = test::normal_data(kGridRows, 2);
  for (float& value : wide.values) value *= 60.f;
  options.initial_map = wide;
  expect_map(tsne({x, device()}, options), kGridRows);
  for (float& value : wide.values) value *= 1e4f;
  options.initial_map = wide;
  EXPECT_NE(error_of([&] { (void)tsne({x, device()}, options); }).find("width"), std::string::npos);
}

TEST_P(Tsne, DuplicatesDoNotExplode) {
  for (const std::size_t rows : {100U, 400U}) {
    auto half = test::normal_data(rows, 5);
    for (std::size_t i = 0; i < rows; i += 2) {
      for (std::size_t f = 0; f < 5; ++f) half.row(i)[f] = 1.f;
    }
    expect_map(tsne({half, device()}, options_for(rows, 500)), rows);
    Array<float> all_but_one({rows, 5});
    all_but_one.row(rows / 3)[2] = 1.f;
    expect_map(tsne({all_but_one, device()}, options_for(rows, 500)), rows);
  }
}

TEST_P(Tsne, AnOutlierDoesNotExplode) {
  auto x = test::normal_data(200, 5);
  x.row(100)[0] = 1e6f;
  expect_map(tsne({x, device()}, options_for(200, 500)), 200);
}

TEST_P(Tsne, DataOfAnyScale) {
  const auto x = test::blob_data(100, 5, 3, 8.0);
  auto options = options_for(100, 100);
  options.initial_map = test::normal_data(100, 2);
  const auto neighbors = nearest_neighbors({x, device()}, 7);
  const auto expected = tsne({x, device()}, options).map;
  for (const float scale : {0x1p-100f, 0x1p-50f, 0x1p50f, 0x1p100f}) {  // change no digit
    SCOPED_TRACE(scale);
    auto other = x;
    for (float& value : other.values) value *= scale;
    const auto graph = nearest_neighbors({other, device()}, 7);
    EXPECT_EQ(graph.indices.values, neighbors.indices.values);
    for (std::size_t i = 0; i < graph.distances.size(); ++i) {
      ASSERT_FLOAT_EQ(graph.distances.values[i] / scale, neighbors.distances.values[i]) << i;
    }
    // Probabilities are in units of a mean distance, so rounding alone may differ.
    const auto map = tsne({other, device()}, options).map;
    for (std::size_t i = 0; i < map.size(); ++i) {
      ASSERT_NEAR(map.values[i], expected.values[i], 0.05) << i;
    }
    expect_map(tsne({other, device()}, options_for(100, 100)), 100);  // from PCA
  }
}

TEST_P(Tsne, AllIdenticalIsAnError) {
  EXPECT_NE(error_of([&] {
              (void)tsne({Array<float>({20, 3}), device()}, options_for(20, 10));
            }).find("the same"),
            std::string::npos);
}

TEST_P(Tsne, AStartInOnePlaceIsAnError) {
  auto options = options_for(20, 10);
  options.initial_map = Array<float>({20, 2});
  const auto map = [&] { (void)tsne({test::normal_data(20, 3), device()}, options); };
  EXPECT_NE(error_of(map).find("the initial map: all 20 rows are the same"), std::string::npos);
  options.initial_map->row(7)[1] = 1e-4F;
  EXPECT_NO_THROW(map());
}

TEST_P(Tsne, TooFewRowsIsAnError) {
  for (const std::size_t rows : {0U, 1U}) {
    EXPECT_NE(error_of([&] {
                (void)tsne({Array<float>({rows, 3}), device()}, {});
              }).find("2 rows"),
              std::string::npos);
  }
}

TEST_P(Tsne, WhatIsWrongInTheScheduleIsNamedByItsValue) {
  auto options = options_for(20, 10);
  options.schedule.early_exaggeration = 0.5;
  EXPECT_NE(error_of([&] {
              (void)tsne({test::normal_data(20, 3), device()}, options);
            }).find("the early exaggeration is 0.5"),
            std::string::npos);
}

TEST_P(Tsne, TooLargeAPerplexityIsAnErrorThatNamesTheLargest) {
  const auto x = test::normal_data(20, 3);
  for (const double perplexity : {19.5, 20.0, 1000.0, 1e300}) {
    EXPECT_NE(error_of([&] {
                (void)tsne({x, device()}, {.perplexity = perplexity});
              }).find("19"),
              std::string::npos);
  }
  for (const double perplexity : {0.5, 0.0, -1.0, std::nan("")}) {
    EXPECT_NE(error_of([&] {
                (void)tsne({x, device()}, {.perplexity = perplexity});
              }).find("perplexity"),
              std::string::npos);
  }
  expect_map(tsne({x, device()}, {.perplexity = 19.0, .iterations = 20}), 20);
}

TEST_P(Tsne, ValuesThatAreNotFiniteAreAnErrorThatNamesTheirPlace) {
  for (const float value : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    auto x = test::normal_data(20, 3);
    x.row(7)[2] = value;
    const std::string error = error_of([&] { (void)tsne({x, device()}, options_for(20, 10)); });
    EXPECT_NE(error.find("row 7"), std::string::npos) << error;
    EXPECT_NE(error.find("column 2"), std::string::npos) << error;
  }
}

TEST_P(Tsne, GraphsThatDoNotFitAreErrors) {
  const auto good = nearest_neighbors({test::normal_data(20, 3), device()}, 6);
  const TsneOptions options{.perplexity = 2.0, .iterations = 10};
  expect_map(tsne(good, options, device()), 20);
  const auto expect_error = [&](const char* part, auto change) {
    NeighborGraph graph = good;
    change(graph);
    const std::string error = error_of([&] { (void)tsne(graph, options, device()); });
    EXPECT_NE(error.find(part), std::string::npos) << error;
  };
  expect_error("only 20 rows", [](auto& g) { g.indices.row(3)[2] = 20; });
  expect_error("itself", [](auto& g) { g.indices.row(3)[2] = 3; });
  expect_error("finite", [](auto& g) { g.distances.row(3)[2] = std::nanf(""); });
  expect_error("finite", [](auto& g) { g.distances.row(3)[0] = -1.f; });
  expect_error("nearer", [](auto& g) { g.distances.row(3)[2] = 0.f; });
  expect_error("shape", [](auto& g) { g.distances.shape = {6, 20}; });
  for (const std::size_t k : {0U, 20U}) {
    EXPECT_FALSE(error_of([&] {
                   (void)nearest_neighbors({test::normal_data(20, 3), device()}, k);
                 }).empty());
  }
}

TEST_P(Tsne, TellsItsStagesAndStops) {
  const auto x = test::normal_data(100, 3);
  auto options = options_for(100, 1000);
  std::size_t last = 0;
  std::vector<std::string> stages;
  options.on_stage = [&](const char* stage) { stages.emplace_back(stage); };
  options.on_progress = [&](const TsneProgress& progress) {
    EXPECT_GT(progress.iteration, last);
    EXPECT_EQ(progress.iterations, options.iterations);
    last = progress.iteration;
  };
  options.stop = [&] { return last >= 100; };
  EXPECT_THROW((void)tsne({x, device()}, options), Stopped);
  EXPECT_GE(last, 100U);
  EXPECT_LT(last, 200U);
  std::vector<std::string> expected{"neighbours", "affinities", "initialization", "optimization"};
  EXPECT_EQ(stages, expected);
  stages.clear();
  last = 0;
  options.iterations = 100;
  options.stop = nullptr;
  expect_map(tsne({x, device()}, options), 100);
  EXPECT_EQ(last, 100U);
  expected.emplace_back("divergence");
  EXPECT_EQ(stages, expected);
}

TEST_P(Tsne, KeepsSnapshotsAndHandsOutTheMap) {
  const auto x = test::normal_data(100, 3);
  auto options = options_for(100, 45);
  const auto plain = tsne({x, device()}, options);
  options.snapshot_interval = 20;
  std::vector<Array<float>> seen;
  options.on_progress = [&](const TsneProgress& progress) {
    if (progress.iteration % 20 == 0) seen.push_back(progress.map());
  };
  const auto result = tsne({x, device()}, options);
  EXPECT_EQ(result.map.values, plain.map.values) << "looking changed it";
  EXPECT_EQ(result.snapshot_iterations, (std::vector<std::size_t>{0, 20, 40, 45}));
  ASSERT_EQ(result.snapshots.shape, (Shape{4, 100, 2}));
  const auto frame = [&](std::size_t f) {
    const auto first = result.snapshots.values.begin() + static_cast<std::ptrdiff_t>(f * 200);
    return std::vector<float>(first, first + 200);
  };
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(frame(1), seen[0].values);
  EXPECT_EQ(frame(2), seen[1].values);
  EXPECT_EQ(frame(3), result.map.values);
  EXPECT_EQ(frame(1), tsne({x, device()}, options_for(100, 20)).map.values);
  for (const float value : frame(0)) EXPECT_LT(std::abs(value), 1e-3f);
  EXPECT_TRUE(plain.snapshots.values.empty());
}

TEST_P(Tsne, TellsTheDivergencesThatItRecords) {
  const auto x = test::normal_data(100, 3);
  auto options = options_for(100, 45);
  options.divergence_interval = 20;
  std::vector<std::pair<std::size_t, double>> told;
  options.on_progress = [&](const TsneProgress& progress) {
    if (progress.kl_divergence) told.emplace_back(progress.iteration, *progress.kl_divergence);
  };
  const auto result = tsne({x, device()}, options);
  ASSERT_EQ(told.size(), 2U);
  ASSERT_EQ(result.history.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(told[i].first, 20 * (i + 1));
    EXPECT_EQ(told[i].second, result.history[i].kl_divergence);
  }
}

TEST_P(Tsne, StopsWhenFlat) {
  const auto x = test::normal_data(300, 5);
  TsneOptions options{.perplexity = 20.0, .iterations = 2000};
  const auto whole = tsne({x, device()}, options);
  options.flat_tolerance = 0.005;
  const auto result = tsne({x, device()}, options);
  EXPECT_EQ(whole.stopped, TsneStop::iterations);
  EXPECT_EQ(result.stopped, TsneStop::flat);
  EXPECT_LE(result.iterations, 1500U);
  EXPECT_EQ(result.iterations % 50, 0U);
  // What is left is an estimate; of noise, which has no clusters to settle, it misses by 0.003.
  EXPECT_NEAR(result.kl_divergence, whole.kl_divergence, 2 * options.flat_tolerance);
  options.iterations = result.iterations;
  options.flat_tolerance = 0.0;
  EXPECT_EQ(tsne({x, device()}, options).map.values, result.map.values);
}

TEST_P(Tsne, StopsWhenTheTimeIsUp) {
  const auto x = test::normal_data(100, 3);
  auto options = options_for(100, 100'000'000);
  options.time_limit = 1e-3;
  const auto result = tsne({x, device()}, options);
  EXPECT_EQ(result.stopped, TsneStop::time_limit);
  EXPECT_GT(result.iterations, 0U);
  EXPECT_LT(result.iterations, 1'000'000U);
  expect_map(result, 100);
}

/// The same as compressed rows.
SparseDistances in_rows(const Array<float>& distances) {
  SparseDistances sparse{.offsets = Array<std::uint32_t>({1}), .columns = {}, .distances = {}};
  for (std::size_t i = 0; i < distances.rows(); ++i) {
    for (std::uint32_t j = 0; j < distances.rows(); ++j) {
      if (j == i) continue;
      sparse.columns.values.push_back(j);
      sparse.distances.values.push_back(distances.row(i)[j]);
    }
    sparse.offsets.values.push_back(static_cast<std::uint32_t>(sparse.columns.size()));
  }
  sparse.offsets.shape = {sparse.offsets.size()};
  sparse.columns.shape = sparse.distances.shape = {sparse.columns.size()};
  return sparse;
}

TEST_P(Tsne, OfDistancesIsThatOfTheirNearest) {
  const auto distances = test::distances_of(test::normal_data(80, 3));
  TsneOptions options{.perplexity = 9.0, .iterations = 100};
  const auto expected = tsne(nearest_of_distances(distances, 27), options, device());
  const auto of_matrix = tsne_of_distances(distances, options, device());
  const auto of_rows = tsne(in_rows(distances), options, device());
  for (const TsneResult* result : {&of_matrix, &of_rows}) {
    EXPECT_EQ(result->map.values, expected.map.values);
    EXPECT_EQ(result->neighbors, 27U);
    EXPECT_GT(result->seconds.neighbors, 0.0);
  }
  options.perplexity = 80.0;
  EXPECT_NE(error_of([&] {
              (void)tsne_of_distances(distances, options, device());
            }).find("perplexity 80 does not fit 80 rows; it must be from 1 to 79"),
            std::string::npos);
}

TEST_P(Tsne, TimeIsThatOfPickingNeighborsFromDistancesToo) {
  const auto distances = test::distances_of(test::normal_data(80, 3));
  TsneOptions options{.perplexity = 9.0, .iterations = 100'000'000, .time_limit = 0.05};
  options.on_stage = [](const std::string& stage) {
    if (stage == "neighbours") std::this_thread::sleep_for(std::chrono::milliseconds(60));
  };
  for (const auto& result : {tsne_of_distances(distances, options, device()),
                             tsne(in_rows(distances), options, device())}) {
    EXPECT_EQ(result.stopped, TsneStop::time_limit);
    EXPECT_LE(result.iterations, 50U) << "the first few";
  }
}

TEST_P(Tsne, KeepsWhatIsInterrupted) {
  const auto x = test::normal_data(100, 3);
  auto options = options_for(100, 1000);
  options.keep_interrupted = true;
  std::size_t done = 0;
  options.on_progress = [&](const TsneProgress& progress) { done = progress.iteration; };
  options.stop = [&] { return done >= 60; };
  const auto result = tsne({x, device()}, options);
  EXPECT_EQ(result.stopped, TsneStop::interrupted);
  EXPECT_EQ(result.iterations, done);
  EXPECT_EQ(result.map.values, tsne({x, device()}, options_for(100, done)).map.values);
  // Before there is a map there is nothing to keep.
  options.stop = [] { return true; };
  EXPECT_THROW((void)tsne({x, device()}, options), Stopped);
}

TEST_P(Tsne, OptionsThatMakeNoSense) {
  const auto x = test::normal_data(50, 3);
  const auto refuse = [&](const char* part, auto change) {
    auto options = options_for(50, 100);
    change(options);
    try {
      (void)tsne({x, device()}, options);
      ADD_FAILURE() << "no error: " << part;
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  for (const double bad : {0.0, -1.0, 0.09, 1001.0, std::nan("")}) {
    refuse("degrees of freedom", [&](auto& o) { o.dof = bad; });
  }
  for (const double bad : {-0.1, 1.0, 2.0, std::nan("")}) {
    refuse("the early momentum", [&](auto& o) { o.schedule.early_momentum = bad; });
    refuse("the momentum", [&](auto& o) { o.schedule.late_momentum = bad; });
  }
  for (const double bad : {0.0, -1.0, HUGE_VAL, std::nan("")}) {
    refuse("the exaggeration", [&](auto& o) { o.schedule.late_exaggeration = bad; });
    refuse("longest step", [&](auto& o) { o.schedule.max_step = bad; });
  }
  for (const std::size_t bad : {0U, 4U}) {
    refuse("dimensions", [&](auto& o) { o.components = bad; });
  }
  refuse("time limit", [](auto& o) { o.time_limit = -1.0; });
  refuse("tolerance", [](auto& o) { o.flat_tolerance = -1.0; });
  refuse("flat", [](auto& o) { o.flat_tolerance = 0.005; });
  refuse("flat", [](auto& o) {
    o.flat_tolerance = 0.005;
    o.iterations = 400;
  });
  refuse("flat", [](auto& o) {
    o.flat_tolerance = 0.005;
    o.schedule.early_iterations = std::uint64_t(-1);
  });
  refuse("snapshots", [](auto& o) { o.snapshot_interval = 101; });
}

TEST_P(Tsne, RealCodesReachTheirDivergence) {
  const char* folder = std::getenv("HOURGLASS_CODES");
  if (folder == nullptr)
    GTEST_SKIP() << "HOURGLASS_CODES does not name the folder of mnist_codes.npy";
  const auto codes = load_npy(std::filesystem::path(folder) / "mnist_codes.npy");
  const auto result = tsne({codes, device()}, {.iterations = 300});
  RecordProperty("kl_divergence", std::to_string(result.kl_divergence));
  std::printf("KL %.4f; neighbours %.2f s, optimization %.2f s\n", result.kl_divergence,
              result.seconds.neighbors, result.seconds.optimization);
  EXPECT_LE(result.kl_divergence, 2.80);
}

}  // namespace
}  // namespace hourglass
