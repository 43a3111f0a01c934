// Which models the fused engine's half for dense layers knows.
#pragma once

#include <hourglass/model.hpp>
#include <string>

#include "autoencoder/parameters.hpp"
#include "kernels/fused_dense/network.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// What kernels/fused_dense/network.hpp describes, with no places in a block yet, or why a model is
/// not of that kind.
struct FusedDenseDescription {
  fused_dense::Network sizes = {};
  std::string problem = {};
};

[[nodiscard]] FusedDenseDescription describe_for_fused_dense(const Model& model,
                                                             const ParameterLayout& layout);

}  // namespace hourglass::HOURGLASS_TARGET
