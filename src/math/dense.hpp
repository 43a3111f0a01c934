// A dense layer's forward pass, y = max(0, x W' + b), by cuBLASLt, or a matrix product on the CPU.
// Its backward passes are plain matrix products.
//
// x (batch, in), W (out, in) as in files, b (out), y (batch, out); all row-major and packed.
#pragma once

#include <cstddef>
#include <memory>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

struct DenseShape {
  std::size_t batch;
  std::size_t inputs;
  std::size_t outputs;
};

/// Prepared for one shape: the algorithm chosen, its workspace held. No TF32 unless the context's
/// precision asks for it.
class Dense {
 public:
  /// Without `relu` what is below 0 stays.
  Dense(Context& context, const DenseShape& shape, bool relu);
  ~Dense();
  Dense(Dense&&) noexcept;
  Dense& operator=(Dense&&) noexcept;
  Dense(const Dense&) = delete;
  Dense& operator=(const Dense&) = delete;

  void forward(Context& context, const float* x, const float* weight, const float* bias, float* y);

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace hourglass::HOURGLASS_TARGET::math
