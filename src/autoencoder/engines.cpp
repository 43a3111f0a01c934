#include <hourglass/error.hpp>

#include "autoencoder/engine.hpp"
#include "target/table.hpp"

namespace hourglass {

ChosenEngine choose_engine(Model model, const Device& device, EngineKind kind,
                           Precision precision) {
  if (precision == Precision::tf32 && device.kind == DeviceKind::cpu) {
    throw Error("precision 'tf32' needs a GPU, and the device is the CPU; use fp32");
  }
  const Target& target = target_of(device);
  std::string problem;
  if (kind != EngineKind::layered) {  // automatic: wherever it runs
    problem = target.fused_problem(model, device.index, precision);
    if (problem.empty()) return {target.make_fused_engine(std::move(model), device.index)};
    if (kind == EngineKind::fused) {
      throw Error("engine 'fused': " + problem + "; use --engine layered (or auto)");
    }
  }
  return {target.make_layered_engine(std::move(model), device.index, precision), problem};
}

}  // namespace hourglass
