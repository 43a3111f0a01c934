#include <hourglass/error.hpp>

#include "autoencoder/engine.hpp"
#include "target/table.hpp"

namespace hourglass {

std::unique_ptr<Engine> make_engine(Model model, const Device& device, EngineKind kind,
                                    Precision precision) {
  if (kind == EngineKind::fused) {
    throw Error("engine 'fused' is not part of this version; use --engine layered (or auto)");
  }
  if (precision == Precision::bf16) {
    throw Error(
        "precision 'bf16' belongs to the fused engine, which is not part of this version; use fp32 "
        "or, on a GPU, tf32");
  }
  if (precision == Precision::tf32 && device.kind == DeviceKind::cpu) {
    throw Error("precision 'tf32' needs a GPU, and the device is the CPU; use fp32");
  }
  return target_of(device).make_layered_engine(std::move(model), device.index, precision);
}

}  // namespace hourglass
