#include "kernels/neighbors/candidates.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Candidate;
using kernels::CandidateLists;

/// Few different small whole numbers: all products and distances are exact, and there are many
/// ties.
Array<float> whole_numbers(std::size_t rows, std::size_t features) {
  std::mt19937 random(static_cast<std::uint32_t>(rows * 31 + features));
  Array<float> x({rows, features});
  for (float& value : x.values) value = static_cast<float>(random() % 7) - 3.f;
  return x;
}

struct Found {
  std::vector<std::uint32_t> indices;
  std::vector<float> squared;
};

class Candidates : public KernelTest {
 protected:
  /// The k nearest of the first `limit` rows, offered in groups of rows and tiles of columns.
  Found find(const Array<float>& x, std::size_t k, std::size_t wanted, std::size_t group,
             std::size_t tile, std::size_t limit = SIZE_MAX, bool rounded = false) {
    const std::size_t rows = x.rows();
    const std::size_t found = std::min(rows, limit);
    const std::size_t features = x.row_size();
    const auto device_x = to_device(x.values);
    auto norms = output(rows);
    run([&] { kernels::squared_norms(stream(), device_x.data(), rows, features, norms.data()); });
    const auto host_norms = written(norms);
    for (std::size_t i = 0; i < rows; ++i) {
      float norm = 0.f;
      for (const float value : x.row(i)) norm += value * value;
      if (!rounded) {
        EXPECT_EQ(host_norms[i], norm) << "norm " << i;
      }
    }

    const std::size_t capacity = kernels::candidate_capacity(wanted);
    device::Buffer<Candidate> lists(group * capacity);
    auto kept = to_device(std::vector<std::uint32_t>(group, 12345));
    auto bound = to_device(std::vector<Candidate>(group, 0));
    const CandidateLists candidates{lists.data(), kept.data(), bound.data(), capacity};
    auto indices = to_device(std::vector<std::uint32_t>(found * k, 0xFFFFFFFF));
    auto squared = output(found * k);
    for (std::size_t row = 0; row < found; row += group) {
      const std::size_t group_rows = std::min(group, found - row);
      run([&] { kernels::clear_candidates(stream(), candidates, group_rows); });
      for (std::size_t column = 0; column < rows; column += tile) {
        const std::size_t columns = std::min(tile, rows - column);
        std::vector<float> products(group_rows * columns);
        for (std::size_t r = 0; r < group_rows; ++r) {
          for (std::size_t c = 0; c < columns; ++c) {
            float product = 0.f;
            for (std::size_t f = 0; f < features; ++f) {
              product += x.row(row + r)[f] * x.row(column + c)[f];
            }
            products[r * columns + c] = product;
          }
        }
        const auto device_products = to_device(products);
        run([&] {
          kernels::offer_candidates(stream(), device_products.data(), norms.data(), row, group_rows,
                                    column, columns, wanted, candidates);
        });
      }
      run([&] {
        kernels::finish_candidates(stream(), device_x.data(), norms.data(), rows, features, row,
                                   group_rows, wanted, k, candidates, indices.data(),
                                   squared.data());
      });
    }
    return {to_host(indices), written(squared)};
  }

  static void expect_nearest(const Found& found, const Array<float>& x, std::size_t k) {
    for (std::size_t i = 0; i < found.squared.size() / k; ++i) {
      const auto expected = test::dense_neighbors(x, i, k);
      for (std::size_t n = 0; n < k; ++n) {
        ASSERT_EQ(found.indices[i * k + n], expected[n]) << "neighbour " << n << " of row " << i;
        ASSERT_EQ(found.squared[i * k + n], test::squared_distance(x.row(i), x.row(expected[n])))
            << "neighbour " << n << " of row " << i;
      }
    }
  }

  void expect_noise_is_harmless(const Array<float>& x, std::size_t k, std::size_t wanted) {
    expect_nearest(find(x, k, wanted, 8, 300, emulated() ? 8 : 40, true), x, k);
  }
  static bool emulated() {
    return GetParam() == Way::forward || GetParam() == Way::reverse || GetParam() == Way::shuffled;
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Candidates, every_way(), way_name);

TEST_P(Candidates, SmallOnes) {
  for (const std::size_t rows : {2U, 3U, 10U}) {
    for (std::size_t k = 1; k < rows; ++k) {
      SCOPED_TRACE(std::to_string(k) + " of " + std::to_string(rows));
      const auto x = whole_numbers(rows, 2);
      expect_nearest(find(x, k, rows - 1, rows, rows), x, k);
      expect_nearest(find(x, k, k, 3, 2), x, k);
    }
  }
}

TEST_P(Candidates, AnyNumberOfFeatures) {
  for (const std::size_t features : {1U, 2U, 3U, 16U, 17U, 31U, 32U, 33U, 64U, 392U, 529U}) {
    SCOPED_TRACE(std::to_string(features) + " features");
    const auto x = whole_numbers(40, features);
    expect_nearest(find(x, 5, 12, 40, 40), x, 5);
  }
}

TEST_P(Candidates, AnyTiles) {
  const auto x = whole_numbers(260, 3);
  for (const std::size_t tile : {260U, 1U, 100U, 127U, 128U, 129U, 259U}) {
    if (emulated() && (tile == 1 || tile == 100 || tile >= 259)) continue;
    SCOPED_TRACE("tile of " + std::to_string(tile));
    expect_nearest(find(x, 7, 7, 50, tile, emulated() ? 30 : 260), x, 7);
  }
}

// A list is cut when another round might overflow it: here dozens of times, and later rounds'
// nearest must still replace the earlier ones'.
TEST_P(Candidates, ListsThatFillUpAreCut) {
  for (const bool nearing : {true, false}) {
    constexpr std::size_t kRows = 3000;
    Array<float> x({kRows, 1});
    for (std::size_t i = 0; i < kRows; ++i) {
      // Columns come nearer and nearer to row 0 (every one beats the bound), or farther and
      // farther.
      x.values[i] = static_cast<float>(nearing ? kRows - i : i);
    }
    x.values[0] = 0.f;
    const std::size_t k = 40;
    const auto device_x = to_device(x.values);
    auto norms = poisoned(kRows);
    const std::size_t wanted = 50;
    const std::size_t capacity = kernels::candidate_capacity(wanted);
    device::Buffer<Candidate> lists(capacity);
    device::Buffer<std::uint32_t> kept(1);
    device::Buffer<Candidate> bound(1);
    const CandidateLists candidates{lists.data(), kept.data(), bound.data(), capacity};
    const auto products = to_device(std::vector<float>(kRows, 0.f));  // of row 0, which is 0
    auto indices = to_device(std::vector<std::uint32_t>(k));
    auto squared = poisoned(k);
    run([&] {
      kernels::squared_norms(stream(), device_x.data(), kRows, 1, norms.data());
      kernels::clear_candidates(stream(), candidates, 1);
      kernels::offer_candidates(stream(), products.data(), norms.data(), 0, 1, 0, kRows, wanted,
                                candidates);
      kernels::finish_candidates(stream(), device_x.data(), norms.data(), kRows, 1, 0, 1, wanted, k,
                                 candidates, indices.data(), squared.data());
    });
    const auto found = to_host(indices);
    for (std::size_t n = 0; n < k; ++n) ASSERT_EQ(found[n], nearing ? kRows - 1 - n : n + 1);
  }
}

TEST_P(Candidates, LargeLists) {
  EXPECT_GT(kernels::candidate_capacity(513), kernels::candidate_capacity(512));
  const std::size_t rows = emulated() ? 700 : 2300;
  const std::size_t k = emulated() ? 600 : 2048;
  const auto x = whole_numbers(rows, 3);
  expect_nearest(find(x, k, k + 32, 20, 500, emulated() ? 20 : 40), x, k);
}

// Lists of rows that are far from the origin are noise: what products say of them is wrong by more
// than the rows are apart. Then all rows are compared.
TEST_P(Candidates, ListsOfNoiseAreNotTrusted) {
  Array<float> x({700, 1});
  for (std::size_t i = 0; i < 700; ++i) {
    x.values[i] = 32768.f + static_cast<float>(i * 263 % 701) * 0.0078125f;  // exact, in no order
  }
  expect_noise_is_harmless(x, 5, 12);
  expect_noise_is_harmless(x, 505, 520);
}

TEST_P(Candidates, ARowIsLeftOutByIndexNotByDistance) {
  Array<float> x({100, 2});
  for (std::size_t i = 0; i < 100; ++i) x.row(i)[0] = i < 70 ? 1.f : static_cast<float>(i);
  const auto found = find(x, 30, 30, 100, 64);
  expect_nearest(found, x, 30);
  EXPECT_EQ(found.indices[0], 1U);
  EXPECT_EQ(found.indices[5 * 30], 0U);
  EXPECT_EQ(found.squared[5 * 30 + 29], 0.f);
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
