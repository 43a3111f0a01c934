#include <algorithm>
#include <hourglass/error.hpp>

#include "autoencoder/engine.hpp"
#include "target/table.hpp"

namespace hourglass {
namespace {

/// Which half of the fused engine it is for, or nearly is.
bool starts_dense(const Model& model) {
  const auto first = std::ranges::find_if(model.encoder, &LayerSpec::trainable);
  return first != model.encoder.end() && first->kind == LayerKind::dense;
}

}  // namespace

ChosenEngine choose_engine(Model model, const Device& device, EngineKind kind,
                           Precision precision) {
  if (precision == Precision::tf32 && device.kind == DeviceKind::cpu) {
    throw Error("precision 'tf32' needs a GPU, and the device is the CPU; use fp32");
  }
  const Target& target = target_of(device);
  std::string problem;
  if (kind != EngineKind::layered) {  // automatic: wherever it runs
    const bool dense = starts_dense(model);
    const auto problem_of = dense ? target.fused_dense_problem : target.fused_problem;
    const auto make = dense ? target.make_fused_dense_engine : target.make_fused_engine;
    if (precision != Precision::fp32) {
      problem = "the fused engine computes in fp32; tf32 is the layered engine's";
    } else if (model.output == OutputActivation::none) {
      problem = "the fused engine ends with a sigmoid; a linear output is the layered engine's";
    } else {
      problem = problem_of(model, device.index);
    }
    if (problem.empty()) return {make(std::move(model), device.index)};
    if (kind == EngineKind::fused) {
      throw Error("engine 'fused': " + problem + "; use --engine layered (or auto)");
    }
  }
  return {target.make_layered_engine(std::move(model), device.index, precision), problem};
}

}  // namespace hourglass
