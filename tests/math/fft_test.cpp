#include "math/fft.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <string>
#include <vector>

#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

/// The first side / 2 rows of a plane.
std::vector<float> half_plane(std::size_t side) {
  return test::normal_data(side / 2, side, 0.5).values;
}

/// The spectrum of the plane of which these are the upper rows and the lower are zero, term by
/// term.
std::vector<std::complex<double>> direct_spectrum(const std::vector<float>& plane,
                                                  std::size_t side) {
  const std::size_t columns = side / 2 + 1;
  const auto turn = [&](std::size_t a) {
    return std::polar(
        1.0, -2.0 * std::numbers::pi * static_cast<double>(a % side) / static_cast<double>(side));
  };
  std::vector<std::complex<double>> rows(side / 2 * columns);
  for (std::size_t r = 0; r < side / 2; ++r) {
    for (std::size_t k = 0; k < columns; ++k) {
      for (std::size_t c = 0; c < side; ++c) {
        rows[r * columns + k] += static_cast<double>(plane[r * side + c]) * turn(c * k);
      }
    }
  }
  std::vector<std::complex<double>> spectrum(side * columns);
  for (std::size_t l = 0; l < side; ++l) {
    for (std::size_t r = 0; r < side / 2; ++r) {
      for (std::size_t k = 0; k < columns; ++k) {
        spectrum[l * columns + k] += rows[r * columns + k] * turn(r * l);
      }
    }
  }
  return spectrum;
}

class HalfPlane : public KernelTest {};
INSTANTIATE_TEST_SUITE_P(EveryWay, HalfPlane, library_ways(), way_name);

TEST_P(HalfPlane, ForwardIsTheTransformOfAPlaneWithAnEmptyLowerHalf) {
  for (const std::size_t side : {2U, 4U, 6U, 10U, 16U, 18U, 30U, 50U, 144U}) {
    SCOPED_TRACE(side);
    const auto plane = half_plane(side);
    math::HalfPlaneFft fft(context(), side);
    ASSERT_EQ(fft.side(), side);
    ASSERT_EQ(fft.spectrum_size(), side * (side / 2 + 1));
    const auto device_plane = to_device(plane);
    device::Buffer<Complex> device_spectrum(fft.spectrum_size());
    run([&] { fft.forward(context(), device_plane.data(), device_spectrum.data()); });
    EXPECT_EQ(to_host(device_plane), plane) << "the plane was changed";
    const auto spectrum = to_host(device_spectrum);
    const auto expected = direct_spectrum(plane, side);
    const double tolerance = 2e-7 * static_cast<double>(side * side);
    // Rounding goes with the sum of all values, of which the first term is the largest.
    for (std::size_t i = 0; i < spectrum.size(); ++i) {
      ASSERT_NEAR(spectrum[i].real, expected[i].real(), tolerance) << i;
      ASSERT_NEAR(spectrum[i].imaginary, expected[i].imag(), tolerance) << i;
    }
  }
}

TEST_P(HalfPlane, ThereAndBackMultipliesByTheNumberOfNodes) {
  for (const std::size_t side : {2U, 6U, 10U, 144U, 270U, 1080U}) {
    SCOPED_TRACE(side);
    const auto plane = half_plane(side);
    math::HalfPlaneFft fft(context(), side);
    const auto from = to_device(plane);
    device::Buffer<Complex> spectrum(fft.spectrum_size());
    auto back = output(plane.size());
    // Twice, so that nothing is left over from the first time.
    for (int time = 0; time < 2; ++time) {
      run([&] {
        fft.forward(context(), from.data(), spectrum.data());
        fft.inverse(context(), spectrum.data(), back.data());
      });
    }
    const auto values = written(back);
    const double scale = static_cast<double>(side) * static_cast<double>(side);
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_NEAR(values[i] / scale, plane[i], 3e-6) << i;
    }
  }
}

// A product of spectra is a cyclic convolution: with a shift by (1, 2) too, which moves rows off
// the wanted half and columns around the edge.
TEST_P(HalfPlane, InverseGivesTheUpperRowsOfAWholePlane) {
  constexpr std::size_t kSide = 10;
  const auto plane = half_plane(kSide);
  auto spectrum = direct_spectrum(plane, kSide);
  const std::size_t columns = kSide / 2 + 1;
  std::vector<Complex> shifted(spectrum.size());
  for (std::size_t i = 0; i < spectrum.size(); ++i) {
    const double angle = -2.0 * std::numbers::pi *
                         static_cast<double>(i / columns + 2 * (i % columns)) / double{kSide};
    const auto value = spectrum[i] * std::polar(1.0, angle);
    shifted[i] = {static_cast<float>(value.real()), static_cast<float>(value.imag())};
  }
  math::HalfPlaneFft fft(context(), kSide);
  const auto from = to_device(shifted);
  device::Buffer<Complex> scratch(shifted.size());
  auto back = output(plane.size());
  run([&] {
    device::copy_bytes_on_device(stream(), scratch.data(), from.data(),
                                 shifted.size() * sizeof(Complex));
    fft.inverse(context(), scratch.data(), back.data());
  });
  const auto values = written(back);
  for (std::size_t r = 0; r < kSide / 2; ++r) {
    for (std::size_t c = 0; c < kSide; ++c) {
      const float expected = r == 0 ? 0.f : plane[(r - 1) * kSide + (c + kSide - 2) % kSide];
      ASSERT_NEAR(values[r * kSide + c] / 100.0, expected, 1e-5) << r << ", " << c;
    }
  }
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
