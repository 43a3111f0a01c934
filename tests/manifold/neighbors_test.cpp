#include "manifold/neighbors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hourglass/device.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

class FindNeighbors : public KernelTest {
 protected:
  struct Found {
    std::vector<std::uint32_t> indices;
    std::vector<float> squared;
  };

  Found find(const Array<float>& x, std::size_t k) {
    Found found;
    run([&] {
      const Neighbors neighbors =
          find_neighbors(context(), device::to_device<float>(stream(), x.values).span(), x.rows(),
                         x.row_size(), k);
      EXPECT_EQ(neighbors.k, k);
      found = {to_host(neighbors.indices), to_host(neighbors.squared_distances)};
    });
    return found;
  }

  /// Each row has k different others, in the order of their distances, then of their indices; each
  /// distance is right, and so is the n-th smallest, so that no nearer row has been missed.
  static void expect_nearest(const Found& found, const Array<float>& x, std::size_t k,
                             std::size_t every = 1) {
    ASSERT_EQ(found.indices.size(), x.rows() * k);
    std::vector<double> mean(x.row_size());
    for (std::size_t i = 0; i < x.rows(); ++i) {
      for (std::size_t f = 0; f < x.row_size(); ++f) {
        mean[f] += double{x.row(i)[f]} / static_cast<double>(x.rows());
      }
    }
    std::vector<double> norm(x.rows());  // once centred
    for (std::size_t i = 0; i < x.rows(); ++i) {
      for (std::size_t f = 0; f < x.row_size(); ++f) {
        norm[i] += (x.row(i)[f] - mean[f]) * (x.row(i)[f] - mean[f]);
      }
      norm[i] = std::sqrt(norm[i]);
    }
    for (std::size_t i = 0; i < x.rows(); i += every) {
      const auto expected = test::dense_neighbors(x, i, k);
      std::set<std::uint32_t> seen;
      for (std::size_t n = 0; n < k; ++n) {
        SCOPED_TRACE("neighbour " + std::to_string(n) + " of row " + std::to_string(i));
        const std::uint32_t j = found.indices[i * k + n];
        const float squared = found.squared[i * k + n];
        ASSERT_LT(j, x.rows());
        ASSERT_NE(j, i);
        ASSERT_TRUE(seen.insert(j).second) << "twice";
        if (n > 0) {
          const float before = found.squared[i * k + n - 1];
          ASSERT_LE(before, squared);
          if (before == squared) {
            ASSERT_LT(found.indices[i * k + n - 1], j);
          }
        }
        // Centred values are rounded once; then every term of the sum.
        const auto tolerance = [&](std::uint32_t other, double exact) {
          const double rounded = 1.2e-7 * (norm[i] + norm[other]);
          return 2e-6 * exact + 2.0 * std::sqrt(exact) * rounded + rounded * rounded;
        };
        const double own = test::squared_distance(x.row(i), x.row(j));
        ASSERT_NEAR(squared, own, tolerance(j, own));
        const double nth = test::squared_distance(x.row(i), x.row(expected[n]));
        ASSERT_NEAR(squared, nth, tolerance(j, nth) + tolerance(expected[n], nth));
      }
    }
  }
};

/// Whole numbers times a power of 2: floats hold all distances exactly, so that the neighbours and
/// their order are known to the last tie, and a pair that is turned away by the least bit too much
/// is missed.
class ExactNeighbors : public FindNeighbors {
 protected:
  static Array<float> whole_numbers(std::size_t rows, std::size_t features, int most,
                                    std::uint_fast32_t seed) {
    std::mt19937 random(seed);
    Array<float> x({rows, features});
    for (float& value : x.values) {
      value = static_cast<float>(static_cast<int>(random() % static_cast<unsigned>(2 * most + 1)) -
                                 most);
    }
    return x;
  }

  static Array<float> times(Array<float> x, float factor, float offset = 0.f) {
    for (float& value : x.values) value = factor * value + offset;
    return x;
  }

  void expect_exact(const Array<float>& x, std::size_t k, std::size_t every = 1) {
    const Found found = find(x, k);
    for (std::size_t i = 0; i < x.rows(); i += every) {
      const auto expected = test::dense_neighbors(x, i, k);
      for (std::size_t n = 0; n < k; ++n) {
        ASSERT_EQ(found.indices[i * k + n], expected[n]) << "neighbour " << n << " of row " << i;
        ASSERT_EQ(double{found.squared[i * k + n]},
                  test::squared_distance(x.row(i), x.row(expected[n])))
            << "neighbour " << n << " of row " << i;
      }
    }
  }

  [[nodiscard]] static bool slow() { return GetParam() != Way::plain && GetParam() != Way::stream; }
};

INSTANTIATE_TEST_SUITE_P(EveryWay, FindNeighbors, ways_that_wait(), way_name);
INSTANTIATE_TEST_SUITE_P(EveryWay, ExactNeighbors, ways_that_wait(), way_name);

/// What does not depend on the order of threads: the bounds, attacked with more rows.
class NeighborBounds : public ExactNeighbors {};
INSTANTIATE_TEST_SUITE_P(Production, NeighborBounds,
                         testing::Values(kOnCuda ? Way::stream : Way::plain), way_name);

TEST_P(FindNeighbors, AllNumbersOfFewRows) {
  for (const std::size_t rows : {2U, 3U, 10U}) {
    for (std::size_t k = 1; k < rows; ++k) {
      for (const std::size_t features : {1U, 2U, 17U}) {
        const auto x = test::normal_data(rows, features);
        SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(features));
        expect_nearest(find(x, k), x, k);
      }
    }
  }
}

TEST_P(FindNeighbors, AboutTheEdgesOfTiles) {
  const bool slow = GetParam() != Way::plain && GetParam() != Way::stream;
  for (const std::size_t rows : {127U, 128U, 129U, 511U, 512U, 513U, 1000U, 2049U}) {
    if (slow && (rows > 513 || (rows > 129 && rows < 513) || rows == 127)) continue;
    for (const std::size_t features : {3U, 16U}) {
      if (slow && features != 3) continue;
      if (rows == 513 && slow && GetParam() != Way::shuffled) continue;
      const auto x = test::normal_data(rows, features);
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(features));
      expect_nearest(find(x, 15), x, 15, rows > 1000 ? 37 : 3);
    }
  }
}

TEST_P(FindNeighbors, AllOthers) {
  const bool slow = GetParam() != Way::plain && GetParam() != Way::stream;
  for (const std::size_t rows : {128U, 513U, 1000U}) {
    if (slow && rows > 128) continue;
    const auto x = test::normal_data(rows, 5);
    SCOPED_TRACE(rows);
    expect_nearest(find(x, rows - 1), x, rows - 1, 10);
  }
}

TEST_P(FindNeighbors, AnyNumberOfFeatures) {
  for (const std::size_t features : {1U, 2U, 3U, 16U, 17U, 392U}) {
    const auto x = test::normal_data(60, features);
    SCOPED_TRACE(features);
    expect_nearest(find(x, 20), x, 20);
  }
}

TEST_P(FindNeighbors, FarFromTheOrigin) {
  for (const double offset : {1e3, -1e4}) {
    const auto x = test::normal_data(120, 10, offset);
    SCOPED_TRACE(offset);
    expect_nearest(find(x, 10), x, 10);
  }
}

TEST_P(FindNeighbors, ClustersFarApart) {
  // Their products have lost the digits that tell neighbours within a cluster apart.
  for (const double apart : {1e2, 1e4}) {
    const auto x = test::blob_data(100, 4, 2, apart);
    SCOPED_TRACE(apart);
    expect_nearest(find(x, 10), x, 10);
  }
}

TEST_P(FindNeighbors, AnOutlier) {
  for (const double far : {1e3, 1e6}) {
    auto x = test::normal_data(90, 4);
    x.row(23)[2] = static_cast<float>(far);
    SCOPED_TRACE(far);
    expect_nearest(find(x, 10), x, 10);
  }
}

TEST_P(FindNeighbors, ManyDuplicates) {
  auto x = test::normal_data(140, 40);
  for (std::size_t i = 0; i < 140; i += 2) {
    for (std::size_t f = 0; f < 40; ++f) x.row(i)[f] = x.row(0)[f];
  }
  const auto found = find(x, 10);
  expect_nearest(found, x, 10);
  for (std::size_t n = 0; n < 10; ++n) {  // ties by index: the first duplicates
    EXPECT_EQ(found.indices[n], 2 * n + 2);
    EXPECT_EQ(found.indices[20 * 10 + n], n < 10 ? 2 * n : 0);
    EXPECT_EQ(found.squared[20 * 10 + n], 0.f);
  }
}

TEST_P(FindNeighbors, AllAlikeButOne) {
  for (const std::size_t odd_one : {0U, 30U, 59U}) {
    auto x = Array<float>({60, 7});
    for (float& value : x.values) value = 0.3f;
    x.row(odd_one)[6] = 5.f;
    const auto found = find(x, 12);
    SCOPED_TRACE(odd_one);
    expect_nearest(found, x, 12);
    for (std::size_t i = 0; i < 60; ++i) {
      const auto expected = test::dense_neighbors(x, i, 12);
      for (std::size_t n = 0; n < 12; ++n) ASSERT_EQ(found.indices[i * 12 + n], expected[n]);
    }
  }
}

TEST_P(FindNeighbors, PairsOfDuplicates) {
  auto x = test::normal_data(120, 16);
  for (std::size_t i = 60; i < 120; ++i) {
    for (std::size_t f = 0; f < 16; ++f) x.row(i)[f] = x.row(i - 60)[f];
  }
  const auto found = find(x, 6);
  expect_nearest(found, x, 6);
  for (std::size_t i = 0; i < 120; ++i) {
    const auto expected = test::dense_neighbors(x, i, 6);
    for (std::size_t n = 0; n < 6; ++n) ASSERT_EQ(found.indices[i * 6 + n], expected[n]) << i;
  }
}

// ---- attacks on the bounds ---------------------------------------------------------------------

TEST_P(ExactNeighbors, Ties) {
  for (const int most : {1, 3, 100}) {
    for (const std::size_t features : {1U, 2U, 20U}) {
      if (slow() && (most != 3 || features != 20)) continue;
      SCOPED_TRACE(std::to_string(features) + " features up to " + std::to_string(most));
      expect_exact(whole_numbers(slow() ? 150 : 700, features, most, 5), 17, 3);
    }
  }
}

TEST_P(ExactNeighbors, MoreFeaturesThanCodesHold) {
  for (const std::size_t features : {191U, 192U, 193U, 256U, 257U, 400U}) {
    if (slow() && features != 193) continue;
    SCOPED_TRACE(features);
    expect_exact(whole_numbers(slow() ? 140 : 500, features, 2, 6), 25, 5);
    if (slow()) continue;
    // Nearly all of it on few axes: the length of the rest is next to nothing.
    auto flat = whole_numbers(500, features, 1, 7);
    for (std::size_t i = 0; i < flat.rows(); ++i) {
      for (std::size_t f = 3; f < features; ++f) {
        if ((i + f) % 97 != 0) flat.row(i)[f] = 0.f;
      }
    }
    expect_exact(flat, 25, 5);
  }
}

TEST_P(NeighborBounds, AnyScale) {
  const auto x = whole_numbers(400, 12, 4, 8);
  for (const float factor : {0x1p-60f, 0x1p-20f, 0x1p20f, 0x1p55f}) {
    SCOPED_TRACE(factor);
    expect_exact(times(x, factor), 11, 3);
  }
}

TEST_P(NeighborBounds, FarFromTheOrigin) {
  for (const std::size_t features : {5U, 250U}) {
    const auto x = whole_numbers(400, features, 3, 9);
    for (const float offset : {-0x1p12f, 0x1p21f}) {
      SCOPED_TRACE(offset);
      expect_exact(times(x, 1.f, offset), 11, 3);
    }
  }
}

TEST_P(NeighborBounds, DistancesThatNearlyUnderflow) {
  auto x = times(whole_numbers(200, 6, 3, 10), 0x1p-70f);  // squares are below the normal numbers
  for (std::size_t i = 0; i < x.rows(); ++i) x.row(i)[5] = 1.f;
  expect_exact(x, 9, 3);
}

TEST_P(NeighborBounds, OneDirection) {
  std::mt19937 random(11);
  Array<float> x({600, 220});
  for (std::size_t i = 0; i < x.rows(); ++i) {
    const auto along = static_cast<float>(static_cast<int>(random() % 201) - 100);
    for (std::size_t f = 0; f < 220; ++f) x.row(i)[f] = along * static_cast<float>(f % 3);
  }
  expect_exact(x, 20, 3);
}

TEST_P(NeighborBounds, ConstantColumnsAndDuplicates) {
  auto x = whole_numbers(600, 210, 2, 12);
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t f = 0; f < 210; f += 3) x.row(i)[f] = 7.f;
    if (i % 2 == 1) std::ranges::copy(x.row(i - 1), x.row(i).begin());
    if (i % 5 == 4) std::ranges::copy(x.row(0), x.row(i).begin());
  }
  expect_exact(x, 30, 3);
}

TEST_P(NeighborBounds, OutliersOfEverySize) {
  auto x = whole_numbers(600, 9, 3, 13);
  float far = 8.f;
  for (std::size_t i = 5; i < 120; i += 10, far *= 3.f) x.row(i)[i % 9] = std::round(far);
  expect_nearest(find(x, 12), x, 12);
  // Half of the rows far away, in a cluster as tight as that of the others.
  for (std::size_t i = 0; i < x.rows(); i += 2) {
    x.row(i)[3] = 0x1p20f + static_cast<float>(i % 7);
  }
  expect_nearest(find(x, 12), x, 12);
}

TEST_P(ExactNeighbors, ListsThatFillUpAgainAndAgain) {
  // On a line, where the rows that a row meets first are its farthest.
  Array<float> x({slow() ? std::size_t{300} : std::size_t{3000}, 1});
  for (std::size_t i = 0; i < x.rows(); ++i) x.values[i] = static_cast<float>(i);
  expect_exact(x, 3, 11);
  if (!slow()) expect_exact(x, 130, 50);
}

TEST_P(NeighborBounds, AsManyAsCanBe) {
  expect_exact(whole_numbers(2100, 4, 20, 14), 2048, 300);
}

TEST_P(NeighborBounds, NoiseWithoutStructure) {
  for (const std::size_t features : {30U, 260U}) {
    const auto x = test::normal_data(900, features);
    expect_nearest(find(x, 21), x, 21, 7);
  }
}

TEST_P(ExactNeighbors, RandomMixtures) {
  std::mt19937 random(15);
  for (int trial = 0; trial < (slow() ? 2 : 24); ++trial) {
    SCOPED_TRACE(trial);
    const std::size_t rows = 2 + random() % (slow() ? 150 : 500);
    const std::size_t features = 1 + random() % 230;
    auto x = whole_numbers(rows, features, 1 + static_cast<int>(random() % 4), random());
    const std::size_t clusters = 1 + random() % 6;
    for (std::size_t i = 0; i < rows; ++i) {
      // Clusters up to 2^10 apart, columns up to 2^5 wide: distances stay below 2^24.
      const auto apart = static_cast<float>((i % clusters) << (random() % 2 == 0 ? 3 : 8));
      x.row(i)[i % clusters % features] += apart;
      for (std::size_t f = 0; f < features; f += 1 + features / 3) x.row(i)[f] *= 32.f;
    }
    expect_exact(x, 1 + random() % (rows - 1), 1 + rows / 40);
  }
}

// ---- what the search promises besides ----------------------------------------------------------

TEST_P(NeighborBounds, ThreadsChangeNothing) {
  const auto x = test::normal_data(2000, 40);
  set_cpu_threads(1);
  const Found one = find(x, 33);
  for (const int threads : {2, 5}) {
    set_cpu_threads(threads);
    const Found many = find(x, 33);
    EXPECT_EQ(one.indices, many.indices) << threads;
    EXPECT_EQ(one.squared, many.squared) << threads;
  }
  set_cpu_threads(0);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
