// Which engines this build has. The one place that chooses between the targets for training.
#include <hourglass/error.hpp>

#include "autoencoder/engine.hpp"

namespace hourglass {

#if HOURGLASS_HAS_CPU
namespace cpu {
std::unique_ptr<Engine> make_layered_engine(Model model, int device_index, Precision precision);
}
#endif
#if HOURGLASS_HAS_CUDA
namespace cuda {
std::unique_ptr<Engine> make_layered_engine(Model model, int device_index, Precision precision);
}
#endif

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
  switch (device.kind) {
    case DeviceKind::cpu:
#if HOURGLASS_HAS_CPU
      return cpu::make_layered_engine(std::move(model), device.index, precision);
#else
      break;
#endif
    case DeviceKind::cuda:
#if HOURGLASS_HAS_CUDA
      return cuda::make_layered_engine(std::move(model), device.index, precision);
#else
      break;
#endif
  }
  throw Error("this build has no engine for device '" + device.name + "'");
}

}  // namespace hourglass
