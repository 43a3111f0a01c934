#include <limits>

#include "math/dense.hpp"
#include "math/matrix.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

struct Dense::Plan {
  DenseShape shape;
  bool relu;
};

Dense::Dense(Context&, const DenseShape& shape, bool relu)
    : plan_(std::make_unique<Plan>(Plan{shape, relu})) {}

Dense::~Dense() = default;
Dense::Dense(Dense&&) noexcept = default;
Dense& Dense::operator=(Dense&&) noexcept = default;

void Dense::forward(Context& context, const float* x, const float* weight, const float* bias,
                    float* y) {
  const auto [batch, inputs, outputs] = plan_->shape;
  matrix_product(context, Transpose::no, Transpose::yes, batch, outputs, inputs, 1.f, x, weight,
                 0.f, y);
  // No epilogue here: the rows are still in the cache.
  const float least = plan_->relu ? 0.f : std::numeric_limits<float>::lowest();
  for (std::size_t row = 0; row < batch; ++row, y += outputs) {
    for (std::size_t i = 0; i < outputs; ++i) {
      const float sum = y[i] + bias[i];
      y[i] = sum < least ? least : sum;  // a NaN stays one, so that a training that diverged shows
    }
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::math
