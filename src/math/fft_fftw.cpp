// The planes' lines are shared by our own threads: FFTW's would spin while they wait for each other.
#include <fftw3.h>

#include <algorithm>
#include <hourglass/error.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>

#include "device/buffer.hpp"
#include "kernels/simt/launch_config.hpp"
#include "kernels/simt/workers.hpp"
#include "math/fft.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

struct DestroyPlan {
  void operator()(fftwf_plan plan) const { fftwf_destroy_plan(plan); }
};
using OwnedPlan = std::unique_ptr<std::remove_pointer_t<fftwf_plan>, DestroyPlan>;

fftwf_complex* fftw(Complex* values) {
  return reinterpret_cast<fftwf_complex*>(values);
}

/// FFTW's planner is not for several threads at once.
std::mutex planner;

/// Many transforms alike, some of which a thread takes at a time.
class Lines {
 public:
  Lines() = default;

  /// plan(n) plans n of them. Small planes are one share: sharing them would cost more than it saves.
  template <class Plan>
  Lines(std::size_t side, std::size_t count, Plan plan) : count_(count) {
    constexpr std::size_t kWorthThreads = 200;
    constexpr std::size_t kShares = 16;
    constexpr std::size_t kAligned = 8;  // lines: where a share begins, FFTW may want 16 bytes
    share_ = side < kWorthThreads
                 ? count
                 : simt::blocks_for(simt::blocks_for(count, kShares), kAligned) * kAligned;
    whole_ = make(plan, std::min(count, share_));
    if (count % share_ > 0) rest_ = make(plan, count % share_);
  }

  /// transform(plan, first line)
  template <class Transform>
  void run(Transform transform) const {
    for_each_in_parallel(simt::blocks_for(count_, share_), [&](std::size_t i) {
      transform(((i + 1) * share_ <= count_ ? whole_ : rest_).get(), i * share_);
    });
  }

 private:
  template <class Plan>
  static OwnedPlan make(Plan plan, std::size_t lines) {
    OwnedPlan made(plan(static_cast<int>(lines)));
    if (!made) throw Error("FFTW cannot plan " + std::to_string(lines) + " transforms");
    return made;
  }

  std::size_t count_ = 0;
  std::size_t share_ = 0;
  OwnedPlan whole_, rest_;
};

}  // namespace

// Rows and columns apart, so that rows of zeros are left out. Plans are estimated, not measured: a
// measured plan may differ from run to run, and with it the last bits of every result.
struct HalfPlaneFft::Plan {
  explicit Plan(std::size_t size) : columns(size / 2 + 1) {
    const std::lock_guard lock(planner);
    const int side = static_cast<int>(size);
    const int width = static_cast<int>(columns);
    const std::size_t rows = size / 2;
    const auto plane = device::Buffer<float>(size * rows);
    auto spectrum = device::Buffer<Complex>(size * columns);
    transformed_rows = device::Buffer<Complex>(spectrum.size());
    std::fill_n(transformed_rows.data(), transformed_rows.size(), Complex{0.f, 0.f});
    float* real = const_cast<float*>(plane.data());
    fftwf_complex* complex = fftw(spectrum.data());
    fftwf_complex* half = fftw(transformed_rows.data());
    const unsigned flags = FFTW_ESTIMATE;
    rows_forward = Lines(size, rows, [&](int lines) {
      return fftwf_plan_many_dft_r2c(1, &side, lines, real, nullptr, 1, side, half, nullptr, 1,
                                     width, flags | FFTW_PRESERVE_INPUT);
    });
    columns_forward = Lines(size, columns, [&](int lines) {
      return fftwf_plan_many_dft(1, &side, lines, half, nullptr, width, 1, complex, nullptr, width,
                                 1, FFTW_FORWARD, flags | FFTW_PRESERVE_INPUT);
    });
    columns_inverse = Lines(size, columns, [&](int lines) {
      return fftwf_plan_many_dft(1, &side, lines, complex, nullptr, width, 1, complex, nullptr,
                                 width, 1, FFTW_BACKWARD, flags);
    });
    rows_inverse = Lines(size, rows, [&](int lines) {
      return fftwf_plan_many_dft_c2r(1, &side, lines, complex, nullptr, 1, width, real, nullptr, 1,
                                     side, flags);
    });
  }

  std::size_t columns;
  Lines rows_forward, columns_forward, columns_inverse, rows_inverse;
  device::Buffer<Complex> transformed_rows;  // its lower half stays zero
};

HalfPlaneFft::HalfPlaneFft(Context&, std::size_t side)
    : side_(side), plan_(std::make_unique<Plan>(side)) {}
HalfPlaneFft::~HalfPlaneFft() = default;
HalfPlaneFft::HalfPlaneFft(HalfPlaneFft&&) noexcept = default;
HalfPlaneFft& HalfPlaneFft::operator=(HalfPlaneFft&&) noexcept = default;

void HalfPlaneFft::forward(Context&, const float* plane, Complex* spectrum) {
  Plan& p = *plan_;
  fftwf_complex* half = fftw(p.transformed_rows.data());
  p.rows_forward.run([&](fftwf_plan plan, std::size_t row) {
    fftwf_execute_dft_r2c(plan, const_cast<float*>(plane) + row * side_, half + row * p.columns);
  });
  p.columns_forward.run([&](fftwf_plan plan, std::size_t column) {
    fftwf_execute_dft(plan, half + column, fftw(spectrum) + column);
  });
}

void HalfPlaneFft::inverse(Context&, Complex* spectrum, float* plane) {
  const Plan& p = *plan_;
  p.columns_inverse.run([&](fftwf_plan plan, std::size_t column) {
    fftwf_execute_dft(plan, fftw(spectrum) + column, fftw(spectrum) + column);
  });
  p.rows_inverse.run([&](fftwf_plan plan, std::size_t row) {
    fftwf_execute_dft_c2r(plan, fftw(spectrum) + row * p.columns, plane + row * side_);
  });
}

}  // namespace hourglass::HOURGLASS_TARGET::math
