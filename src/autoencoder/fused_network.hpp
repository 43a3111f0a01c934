// Which models the fused engine knows.
#pragma once

#include <hourglass/model.hpp>
#include <string>

#include "autoencoder/parameters.hpp"
#include "kernels/fused/network.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// What kernels/fused/network.hpp describes, or why a model is not of that family.
struct FusedDescription {
  fused::Description description = {};
  std::string problem = {};
};

[[nodiscard]] FusedDescription describe_for_fused(const Model& model);

/// The network of such a model, with its parameters where `layout` has them.
[[nodiscard]] fused::Network fused_network(const fused::Description& description,
                                           const fused::MemoryPlan& plan, bool corrupts,
                                           const ParameterLayout& layout);

}  // namespace hourglass::HOURGLASS_TARGET
