// On a GPU there is no fused engine in this version.
#include <hourglass/error.hpp>

#include "autoencoder/engine.hpp"
#include "target/factories.hpp"

namespace hourglass::HOURGLASS_TARGET {

std::string fused_problem(const Model& /*model*/, int /*device_index*/, Precision /*precision*/) {
  return "it is not part of this version on a GPU";
}

std::unique_ptr<Engine> make_fused_engine(Model model, int device_index) {
  throw Error("engine 'fused': " + fused_problem(model, device_index, Precision::fp32));
}

}  // namespace hourglass::HOURGLASS_TARGET
