// Two-dimensional real FFTs of padded square planes, by cuFFT or FFTW.
#pragma once

#include <cstddef>
#include <memory>

#include "kernels/simt/complex.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

/// A side x side plane of which only the first side / 2 rows matter: going forward the others are
/// zero, coming back they are not wanted. That is what linear convolution by FFT needs, and it
/// saves a quarter of the work. Transforms are not scaled: there and back multiplies by side *
/// side.
class HalfPlaneFft {
 public:
  HalfPlaneFft(Context& context, std::size_t side);
  ~HalfPlaneFft();
  HalfPlaneFft(HalfPlaneFft&&) noexcept;
  HalfPlaneFft& operator=(HalfPlaneFft&&) noexcept;
  HalfPlaneFft(const HalfPlaneFft&) = delete;
  HalfPlaneFft& operator=(const HalfPlaneFft&) = delete;

  [[nodiscard]] std::size_t side() const { return side_; }
  /// Values of a spectrum: side rows of side / 2 + 1.
  [[nodiscard]] std::size_t spectrum_size() const { return side_ * (side_ / 2 + 1); }

  /// plane (side / 2, side) -> spectrum (side, side / 2 + 1). The plane is left as it is.
  void forward(Context& context, const float* plane, Complex* spectrum);
  /// spectrum -> plane (side / 2, side). The spectrum is used up.
  void inverse(Context& context, Complex* spectrum, float* plane);

 private:
  struct Plan;
  std::size_t side_;
  std::unique_ptr<Plan> plan_;
};

}  // namespace hourglass::HOURGLASS_TARGET::math
