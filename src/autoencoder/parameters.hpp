// Where each trainable tensor lies in the one flat buffer that Adam updates in one launch.
#pragma once

#include <cstdint>
#include <hourglass/model.hpp>
#include <span>
#include <vector>

namespace hourglass {

/// Tensors start at multiples of 64 bytes, which libraries' vector loads like. The gaps hold zeros
/// and, having no gradient, keep them.
class ParameterLayout {
 public:
  explicit ParameterLayout(const Model& model);

  [[nodiscard]] const std::vector<ParameterSpec>& specs() const { return specs_; }
  [[nodiscard]] std::size_t offset(std::size_t tensor) const { return offsets_[tensor]; }
  /// Floats in the flat buffer, gaps included.
  [[nodiscard]] std::size_t flat_size() const { return flat_size_; }
  /// Trainable numbers, gaps left out.
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::vector<ParameterSpec> specs_;
  std::vector<std::size_t> offsets_;
  std::size_t flat_size_ = 0;
  std::size_t count_ = 0;
};

/// Fresh weights are uniform in +-sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010, equation
/// 16).
[[nodiscard]] float glorot_limit(const ParameterSpec& weight);

/// A flat buffer of fresh parameters; biases are zero. Weight i of tensor t depends on (seed, t, i)
/// alone: kernels/data/draws.hpp.
[[nodiscard]] std::vector<float> glorot_uniform(const ParameterLayout& layout, std::uint64_t seed);

}  // namespace hourglass
