#include "math/fft.hpp"

#include <cufft.h>

#include "device/buffer.hpp"
#include "math/libraries_cuda.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

cufftComplex* cufft(Complex* values) {
  return reinterpret_cast<cufftComplex*>(values);
}

/// `batch` transforms of length `side`; element strides and distances in and out.
class Transforms {
 public:
  Transforms(cudaStream_t stream, int side, int batch, int stride_in, int distance_in,
             int stride_out, int distance_out, cufftType type) {
    // An embedding, though its value is not used in one dimension, makes cuFFT heed the strides.
    plan_.make("planning", cufftPlanMany, 1, &side, &side, stride_in, distance_in, &side,
               stride_out, distance_out, type, batch);
    check(cufftSetStream(plan_.get(), stream), "setting the stream");
  }
  [[nodiscard]] cufftHandle get() const { return plan_.get(); }

 private:
  Handle<cufftHandle, cufftDestroy> plan_;
};

}  // namespace

struct HalfPlaneFft::Plan {
  Plan(const device::Stream& stream_, int side) : Plan(stream_.handle(), side) {
    transformed_rows = device::Buffer<Complex>(static_cast<std::size_t>(side) *
                                               static_cast<std::size_t>(side / 2 + 1));
    device::fill_with_zero(stream_, transformed_rows.span());
  }
  Plan(cudaStream_t stream, int side)
      : rows_forward(stream, side, side / 2, 1, side, 1, side / 2 + 1, CUFFT_R2C),
        columns(stream, side, side / 2 + 1, side / 2 + 1, 1, side / 2 + 1, 1, CUFFT_C2C),
        rows_inverse(stream, side, side / 2, 1, side / 2 + 1, 1, side, CUFFT_C2R) {}

  Transforms rows_forward, columns, rows_inverse;
  device::Buffer<Complex> transformed_rows;  // its lower half stays zero
};

HalfPlaneFft::HalfPlaneFft(Context& context, std::size_t side)
    : side_(side), plan_(std::make_unique<Plan>(context.stream(), static_cast<int>(side))) {}
HalfPlaneFft::~HalfPlaneFft() = default;
HalfPlaneFft::HalfPlaneFft(HalfPlaneFft&&) noexcept = default;
HalfPlaneFft& HalfPlaneFft::operator=(HalfPlaneFft&&) noexcept = default;

void HalfPlaneFft::forward(Context&, const float* plane, Complex* spectrum) {
  cufftComplex* half = cufft(plan_->transformed_rows.data());
  check(cufftExecR2C(plan_->rows_forward.get(), const_cast<float*>(plane), half),
        "transforming rows");
  check(cufftExecC2C(plan_->columns.get(), half, cufft(spectrum), CUFFT_FORWARD),
        "transforming columns");
}

void HalfPlaneFft::inverse(Context&, Complex* spectrum, float* plane) {
  check(cufftExecC2C(plan_->columns.get(), cufft(spectrum), cufft(spectrum), CUFFT_INVERSE),
        "transforming columns back");
  check(cufftExecC2R(plan_->rows_inverse.get(), cufft(spectrum), plane), "transforming rows back");
}

}  // namespace hourglass::HOURGLASS_TARGET::math
