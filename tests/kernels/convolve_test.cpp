// Convolution by FFT against the sum over nodes that it stands for.
#include "kernels/tsne/convolve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using kernels::Interaction;

TEST(FftLines, AreProductsOfTheirRadicesAndAnEighthApart) {
  std::uint32_t last = 0;
  for (const fft::Radices& r : fft::kLines) {
    const auto allowed = [](std::uint32_t radix) {
      return std::ranges::find(fft::kRadices, radix) != fft::kRadices.end();
    };
    EXPECT_TRUE(r.first % 2 == 0 && allowed(r.first / 2)) << r.length();
    EXPECT_TRUE(r.middle == 1 || allowed(r.middle)) << r.length();
    EXPECT_TRUE(allowed(r.last)) << r.length();
    EXPECT_GT(r.length(), last);
    EXPECT_LE(r.length(), last == 0 ? fft::kShortest : last + last / 4) << r.length();
    last = r.length();
    std::vector<bool> taken(r.length());
    for (std::uint32_t k = 0; k < r.length(); ++k) taken[fft::place_of(r, k)] = true;
    EXPECT_EQ(std::ranges::count(taken, true), r.length()) << "two frequencies in one place";
  }
  EXPECT_EQ(fft::kLines.front().length(), fft::kShortest);
  EXPECT_EQ(last, fft::kLongest);
}

class Convolve : public KernelTest {
 protected:
  struct Tables {
    explicit Tables(Convolve& test, std::uint32_t side) {
      for (const fft::Radices& r : fft::kLines) {
        if (r.length() == side) line.radices = r;
      }
      line.length = side;
      std::vector<Complex> all_turns;
      std::vector<std::uint32_t> places;
      for (std::uint32_t i = 0; i < side; ++i) {
        const double angle = -2.0 * std::numbers::pi * i / side;
        all_turns.push_back(
            {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))});
        places.push_back(fft::place_of(line.radices, i));
      }
      turns = test.to_device(all_turns);
      place = test.to_device(places);
      line.turns = turns.data();
      line.place = place.data();
    }
    fft::Line line{};
    device::Buffer<Complex> turns;
    device::Buffer<std::uint32_t> place;
  };

  struct Charge {
    std::uint32_t x;
    std::uint32_t y;
    std::uint32_t number;
  };

  /// What the spline's squared inverse does to values along one axis, undone: (1, 4, 1) / 6, twice.
  static std::vector<double> blurred_twice(std::vector<double> values, std::size_t step,
                                           std::size_t size) {
    for (int time = 0; time < 2; ++time) {
      const std::vector<double> from = values;
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t place = i / step % size;
        const double before = place > 0 ? from[i - step] : 0.0;
        const double after = place + 1 < size ? from[i + step] : 0.0;
        values[i] = (before + 4.0 * from[i] + after) / 6.0;
      }
    }
    return values;
  }

  template <class Number>
  void expect_convolution(std::uint32_t side_x, std::uint32_t side_y, Interaction interaction,
                          double spacing, double tolerance) {
    SCOPED_TRACE(std::to_string(side_x) + " x " + std::to_string(side_y));
    constexpr float kUnit = 0x1p-10f;
    const Tables x(*this, side_x);
    const Tables y(*this, side_y);
    const std::uint32_t nodes_x = side_x / 2;
    const std::uint32_t nodes_y = side_y / 2;
    std::mt19937 random(side_x + side_y);
    std::vector<Charge> charges;
    for (int i = 0; i < 40; ++i) {
      charges.push_back({static_cast<std::uint32_t>(random() % nodes_x),
                         static_cast<std::uint32_t>(random() % nodes_y),
                         static_cast<std::uint32_t>(1 + random() % 3000)});
    }
    // The corners, and the longest ways there are.
    charges.push_back({0, 0, 5000});
    charges.push_back({nodes_x - 1, nodes_y - 1, 2500});
    charges.push_back({nodes_x - 1, 0, 700});

    constexpr std::uint32_t kCopies = 3;
    constexpr std::uint32_t kLevels = 2;
    std::vector<float> potential;
    std::vector<double> energies;
    kernels::PlaneLayout layout{};
    const auto set_up = [&] { layout = kernels::lay_out_plane(side_x, side_y); };
    run_as(kOnCuda ? Way::stream : GetParam(), set_up);
    ASSERT_EQ(layout.nodes_x, nodes_x);
    ASSERT_EQ(layout.nodes_y, nodes_y);
    std::vector<Number> numbers(kCopies * layout.node_values());
    for (std::size_t i = 0; i < charges.size(); ++i) {
      numbers[i % kCopies * layout.node_values() + std::size_t{charges[i].x} * layout.pitch +
              charges[i].y] += charges[i].number;
    }
    auto device_numbers = to_device(numbers);
    device::Buffer<float> rows(layout.row_values());
    auto spectra = output(kLevels * layout.spectrum_values());
    auto device_potential = output(layout.node_values());
    kernels::Geometry second;
    second.level = 1;
    const auto geometry = to_device(std::vector<kernels::Geometry>{second});
    const kernels::Plane plane{layout, x.line, y.line, rows.data()};
    std::size_t sums = 0;
    run_as(kOnCuda ? Way::stream : GetParam(), [&] { sums = kernels::energy_count(layout); });
    auto device_energies = output<double>(sums);
    run([&] {
      for (std::uint32_t level = 0; level < kLevels; ++level) {
        kernels::interaction_spectrum(stream(), plane, interaction,
                                      static_cast<float>(spacing * (level == 0 ? 7.0 : 1.0)),
                                      spectra.data() + level * layout.spectrum_values());
      }
      kernels::convolve<Number>(stream(), plane, geometry.data(), spectra.data(), kUnit,
                                device_numbers.span(), device_potential.data(),
                                device_energies.span().first(sums));
    });
    (void)written(spectra);
    potential = written(device_potential);
    energies = written(device_energies);
    EXPECT_EQ(to_host(device_numbers), std::vector<Number>(numbers.size())) << "not cleared";

    std::vector<double> values(potential.begin(), potential.end());
    double energy = 0.0;
    for (const Charge& charge : charges) {
      energy +=
          double{kUnit} * charge.number * values[std::size_t{charge.x} * layout.pitch + charge.y];
    }
    double size = 0.0;  // rounding goes with the largest
    for (const double value : values) size = std::max(size, std::abs(value));
    EXPECT_NEAR(std::accumulate(energies.begin(), energies.end(), 0.0), energy,
                1e-5 * size * double{kUnit} * 100000.0);

    // Blurring is exact only away from the edges.
    values = blurred_twice(values, layout.pitch, nodes_x);
    values = blurred_twice(values, 1, layout.pitch);
    for (std::uint32_t row = 2; row + 2 < nodes_x; ++row) {
      for (std::uint32_t column = 2; column + 2 < nodes_y; column += 1 + nodes_x * nodes_y / 6000) {
        double expected = 0.0;
        for (const Charge& charge : charges) {
          const double dx = spacing * (static_cast<double>(row) - charge.x);
          const double dy = spacing * (static_cast<double>(column) - charge.y);
          const double squared = dx * dx + dy * dy;
          const double near =
              (interaction == Interaction::plain ? 1.0 : -squared) / (1.0 + squared);
          expected += double{kUnit} * charge.number * near;
        }
        ASSERT_NEAR(values[std::size_t{row} * layout.pitch + column], expected, tolerance * size)
            << row << ", " << column;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Convolve, every_way(), way_name);

// Together all radices, in all passes; sides whose halves fill no vector, or an odd number of them.
TEST_P(Convolve, IsTheSumOverNodes) {
  for (const auto& [x, y] : {std::pair{64U, 64U}, {80U, 96U}, {108U, 64U}, {64U, 108U}}) {
    expect_convolution<std::uint32_t>(x, y, Interaction::plain, 1.0 / 3.0, 1e-5);
  }
  expect_convolution<std::uint64_t>(96, 80, Interaction::plain, 0.25, 1e-5);
  expect_convolution<std::uint32_t>(64, 80, Interaction::minus_one, 1e-3, 1e-5);
}

class ConvolveQuickly : public Convolve {};
INSTANTIATE_TEST_SUITE_P(FastestWay, ConvolveQuickly,
                         testing::Values(kOnCuda ? Way::stream : Way::plain), way_name);

TEST_P(ConvolveQuickly, OnEverySide) {
  for (const fft::Radices& r : fft::kLines) {
    if (r.length() > 2000) break;  // of the radices of longer ones see the next test
    expect_convolution<std::uint32_t>(r.length(), 64, Interaction::plain, 1.0 / 3.0, 1e-5);
    expect_convolution<std::uint32_t>(64, r.length(), Interaction::plain, 1.0 / 3.0, 1e-5);
  }
}

TEST_P(ConvolveQuickly, OnTheLongestSides) {
  for (const std::uint32_t side : {3840U, 4320U, 5760U, 6750U, 8192U}) {
    expect_convolution<std::uint32_t>(side, 64, Interaction::plain, 1.0 / 3.0, 1e-5);
    expect_convolution<std::uint32_t>(64, side, Interaction::plain, 1.0 / 3.0, 1e-5);
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
