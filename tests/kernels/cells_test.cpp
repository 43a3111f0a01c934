#include "kernels/neighbors/cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using Codes = std::vector<std::int16_t>;

class Cells : public KernelTest {
 protected:
  /// Axes of the first `axes` features, in bundles: turning is leaving out.
  static std::vector<double> first_axes(std::size_t axes, std::size_t features) {
    constexpr std::size_t kBundle = kernels::kAxisBundle;
    std::vector<double> bundles((axes + kBundle - 1) / kBundle * kBundle * features);
    for (std::size_t a = 0; a < axes; ++a) {
      bundles[(a / kBundle * features + a) * kBundle + a % kBundle] = 1.0;
    }
    return bundles;
  }

  Codes encode(const Array<float>& x, const std::vector<double>& mean,
               const kernels::CodeShape& shape, double unit) {
    const std::size_t features = x.row_size();
    const auto on_device = to_device(x.values);
    const auto device_mean = to_device(mean);
    const auto axes = to_device(first_axes(shape.axes, features));
    auto codes = to_device(Codes(x.rows() * shape.width + kTail, kUntouched));
    run([&] {
      kernels::encode_rows(stream(), on_device.data(), x.rows(), features, device_mean.data(),
                           axes.data(), shape, unit, codes.data());
    });
    Codes host = to_host(codes);
    for (std::size_t i = host.size() - kTail; i < host.size(); ++i) EXPECT_EQ(host[i], kUntouched);
    host.resize(host.size() - kTail);
    return host;
  }

  static constexpr std::int16_t kUntouched = 12321;
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Cells, every_way(), way_name);

TEST_P(Cells, CodesAreCoordinatesAndTheLengthOfTheRest) {
  for (const std::size_t features : {1U, 3U, 16U, 40U, 300U}) {
    SCOPED_TRACE(features);
    const bool has_rest = features > 20;
    const kernels::CodeShape shape{.axes = static_cast<std::uint32_t>(has_rest ? 20 : features),
                                   .width = 32,
                                   .has_rest = has_rest};
    const auto x = test::normal_data(21, features, 3.0);
    const std::vector<double> mean(features, 3.0);
    const double unit = 0.01;
    const Codes codes = encode(x, mean, shape, unit);
    for (std::size_t r = 0; r < x.rows(); ++r) {
      double rest = 0.0;
      for (std::size_t f = shape.axes; f < features; ++f) {
        rest += (x.row(r)[f] - 3.0) * (x.row(r)[f] - 3.0);
      }
      for (std::size_t c = 0; c < shape.width; ++c) {
        double expected = c < shape.axes ? (x.row(r)[c] - 3.0) / unit : 0.0;
        if (has_rest && c == shape.axes) expected = std::sqrt(rest) / unit;
        ASSERT_NEAR(codes[r * shape.width + c], expected, 0.5 + 1e-6) << "row " << r << ", " << c;
      }
    }
  }
}

TEST_P(Cells, LongRowsAreShortened) {
  const kernels::CodeShape shape{.axes = 5, .width = 32, .has_rest = true};
  auto x = test::normal_data(10, 30);
  for (float& value : x.row(4)) value *= 1e6f;
  for (float& value : x.row(7)) value *= 1e30f;
  const Codes codes = encode(x, std::vector<double>(30), shape, 1e-2);
  for (const std::size_t r : {4U, 7U}) {
    double norm = 0.0;
    for (std::size_t c = 0; c < 6; ++c) norm += std::pow(codes[r * 32 + c], 2);
    EXPECT_LE(std::sqrt(norm), kernels::kLongest);
    EXPECT_GE(std::sqrt(norm), kernels::kLongest - 20.0);
    for (std::size_t c = 0; c < 5; ++c) {  // in the same direction
      EXPECT_EQ(codes[r * 32 + c] > 0, x.row(r)[c] > 0.f);
    }
  }
}

TEST_P(Cells, PrefixesArePackedInPanels) {
  constexpr std::size_t kRows = 300;
  constexpr std::size_t kWidth = 32;
  Codes codes(kRows * kWidth);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<std::int16_t>(static_cast<int>(i * 2654435761U % 5001U) - 2500);
  }
  const auto on_device = to_device(codes);
  for (const bool shortened : {true, false}) {
    const std::size_t coordinates = shortened ? 10 : kWidth;
    const std::size_t cells = kernels::cell_count(kRows);
    const std::size_t words = coordinates / 2;
    device::Buffer<std::uint32_t> panels(cells * words * kernels::kCell);
    device::Buffer<std::int32_t> half_norms(cells * kernels::kCell);
    run([&] {
      kernels::pack_prefixes(stream(), on_device.data(), kRows, kWidth, coordinates, shortened,
                             panels.data(), half_norms.data());
    });
    const auto packed = to_host(panels);
    const auto halves = to_host(half_norms);
    for (std::size_t row = 0; row < cells * kernels::kCell; ++row) {
      double norm = 0.0;
      for (std::size_t c = 0; c < coordinates; ++c) {
        const std::size_t cell = row / kernels::kCell;
        const std::uint32_t word =
            packed[(cell * words + c / 2) * kernels::kCell + row % kernels::kCell];
        const auto value = static_cast<std::int16_t>(c % 2 == 0 ? word : word >> 16);
        norm += std::pow(value, 2);
        double expected = row < kRows ? codes[row * kWidth + c] : 0;
        if (row < kRows && shortened && c + 1 == coordinates) {
          double rest = 0.0;
          for (std::size_t d = c; d < kWidth; ++d) rest += std::pow(codes[row * kWidth + d], 2);
          expected = std::sqrt(rest);
        }
        ASSERT_NEAR(value, expected, 0.5 + 1e-6) << "row " << row << ", coordinate " << c;
      }
      ASSERT_EQ(halves[row], row < kRows ? static_cast<int>(norm / 2) : kernels::kNowhere);
    }
  }
}

TEST_P(Cells, NearCellsByTheirCentres) {
  constexpr std::size_t kCells = 300;
  constexpr std::size_t kWidth = 20;
  const auto centres = test::normal_data(kCells, kWidth);
  const auto on_device = to_device(centres.values);
  for (const std::size_t count : {1U, 17U, 256U}) {
    auto near = to_device(std::vector<std::uint32_t>(kCells * count, 99999));
    run([&] {
      kernels::near_cells(stream(), on_device.data(), kCells, kWidth, count, near.data());
    });
    const auto found = to_host(near);
    for (std::size_t cell = 0; cell < kCells; cell += 7) {
      const auto expected = test::dense_neighbors(centres, cell, count);
      for (std::size_t n = 0; n < count; ++n) ASSERT_EQ(found[cell * count + n], expected[n]);
    }
  }
}

TEST_P(Cells, PartsAreHalvedAlongTheirWidestAxes) {
  // Two halves along axis 5; the lower one is wide along 2, the upper one along 7.
  constexpr std::size_t kRows = 5 * kernels::kCell - 17;
  constexpr std::size_t kWidth = 32;
  Codes codes(kRows * kWidth);
  std::vector<std::uint64_t> start(kRows);
  for (std::size_t r = 0; r < kRows; ++r) {
    const bool lower = r < 2 * kernels::kCell;  // two cells of five
    const auto along = static_cast<int>(r * 263 % 997);
    codes[r * kWidth + 5] = static_cast<std::int16_t>(lower ? -9000 : 9000);
    codes[r * kWidth + (lower ? 2 : 7)] = static_cast<std::int16_t>(along - 500);
    start[r] = r * 101 % kRows;  // in no order
  }
  const auto on_device = to_device(codes);
  auto keys = to_device(start);
  auto axes = to_device(std::vector<std::uint32_t>(8, 99));
  kernels::Parts parts{.cells = 5, .count = 1};
  std::vector<std::uint64_t> sorted;
  for (; parts.count < 4; parts.count *= 2) {
    run([&] {
      kernels::widest_axes(stream(), on_device.data(), kRows, kWidth, parts, keys.data(),
                           axes.data());
      kernels::order_parts(stream(), on_device.data(), kRows, kWidth, parts, axes.data(),
                           keys.data());
    });
    const auto found = to_host(axes);
    if (parts.count == 1) {
      EXPECT_EQ(found[0], 5U);
    } else {
      EXPECT_EQ(found[0], 2U);
      EXPECT_EQ(found[1], 7U);
    }
    sorted = to_host(keys);
    std::sort(sorted.begin(), sorted.end());
    keys = to_device(sorted);
  }
  std::vector<bool> seen(kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::size_t row = sorted[i] & 0xFFFFFFFF;
    ASSERT_FALSE(seen[row]);
    seen[row] = true;
    ASSERT_EQ(row < 2 * kernels::kCell, i < 2 * kernels::kCell);
    if (i == 0 || i == 2 * kernels::kCell) continue;
    const std::size_t axis = i < 2 * kernels::kCell ? 2 : 7;
    ASSERT_LE(codes[(sorted[i - 1] & 0xFFFFFFFF) * kWidth + axis], codes[row * kWidth + axis]);
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
