#include <fftw3.h>
#include <omp.h>

#include <algorithm>
#include <hourglass/error.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>

#include "device/buffer.hpp"
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

/// FFTW's planner is not for several threads at once, and threads are switched on once.
std::unique_lock<std::mutex> planner() {
  static std::mutex mutex;
  static const int initialized = fftwf_init_threads();
  if (initialized == 0) throw Error("FFTW could not start its threads");
  return std::unique_lock(mutex);
}

}  // namespace

// Rows and columns apart, so that rows of zeros are left out. Plans are estimated, not measured: a
// measured plan may differ from run to run, and with it the last bits of every result.
struct HalfPlaneFft::Plan {
  explicit Plan(std::size_t size) {
    const auto lock = planner();
    const int side = static_cast<int>(size);
    const int rows = side / 2;
    const int columns = side / 2 + 1;
    const auto plane = device::Buffer<float>(size * static_cast<std::size_t>(rows));
    auto spectrum = device::Buffer<Complex>(size * static_cast<std::size_t>(columns));
    transformed_rows = device::Buffer<Complex>(spectrum.size());
    std::fill_n(transformed_rows.data(), transformed_rows.size(), Complex{0.f, 0.f});
    float* real = const_cast<float*>(plane.data());
    fftwf_complex* complex = fftw(spectrum.data());
    fftwf_complex* half = fftw(transformed_rows.data());
    constexpr int kWorthThreads = 200;  // below, starting them costs more than they save
    fftwf_plan_with_nthreads(side < kWorthThreads ? 1 : omp_get_max_threads());
    const unsigned flags = FFTW_ESTIMATE;
    rows_forward.reset(fftwf_plan_many_dft_r2c(1, &side, rows, real, nullptr, 1, side, half,
                                               nullptr, 1, columns, flags | FFTW_PRESERVE_INPUT));
    columns_forward.reset(fftwf_plan_many_dft(1, &side, columns, half, nullptr, columns, 1, complex,
                                              nullptr, columns, 1, FFTW_FORWARD,
                                              flags | FFTW_PRESERVE_INPUT));
    columns_inverse.reset(fftwf_plan_many_dft(1, &side, columns, complex, nullptr, columns, 1,
                                              complex, nullptr, columns, 1, FFTW_BACKWARD, flags));
    rows_inverse.reset(fftwf_plan_many_dft_c2r(1, &side, rows, complex, nullptr, 1, columns, real,
                                               nullptr, 1, side, flags));
    if (!rows_forward || !columns_forward || !columns_inverse || !rows_inverse) {
      throw Error("FFTW cannot plan a transform of side " + std::to_string(size));
    }
  }

  OwnedPlan rows_forward, columns_forward, columns_inverse, rows_inverse;
  device::Buffer<Complex> transformed_rows;  // its lower half stays zero
};

HalfPlaneFft::HalfPlaneFft(Context&, std::size_t side)
    : side_(side), plan_(std::make_unique<Plan>(side)) {}
HalfPlaneFft::~HalfPlaneFft() = default;
HalfPlaneFft::HalfPlaneFft(HalfPlaneFft&&) noexcept = default;
HalfPlaneFft& HalfPlaneFft::operator=(HalfPlaneFft&&) noexcept = default;

void HalfPlaneFft::forward(Context&, const float* plane, Complex* spectrum) {
  fftwf_complex* half = fftw(plan_->transformed_rows.data());
  fftwf_execute_dft_r2c(plan_->rows_forward.get(), const_cast<float*>(plane), half);
  fftwf_execute_dft(plan_->columns_forward.get(), half, fftw(spectrum));
}

void HalfPlaneFft::inverse(Context&, Complex* spectrum, float* plane) {
  fftwf_execute_dft(plan_->columns_inverse.get(), fftw(spectrum), fftw(spectrum));
  fftwf_execute_dft_c2r(plan_->rows_inverse.get(), fftw(spectrum), plane);
}

}  // namespace hourglass::HOURGLASS_TARGET::math
