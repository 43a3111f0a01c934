#include "manifold/neighbors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
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
      const Neighbors neighbors = find_neighbors(
          context(), device::to_device<float>(stream(), x.values), x.rows(), x.row_size(), k);
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

/// All but the recorded graph: a search waits for its tiles.
auto ways_that_wait() {
  if constexpr (kOnCuda) {
    return testing::Values(Way::stream);
  } else {
    return testing::Values(Way::plain, Way::forward, Way::reverse, Way::shuffled);
  }
}
INSTANTIATE_TEST_SUITE_P(EveryWay, FindNeighbors, ways_that_wait(), way_name);

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

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
