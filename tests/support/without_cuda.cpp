// In place of the CUDA target, in tests that only know the CPU's: to load NVIDIA's libraries takes
// longer than most of them run.
#include "math/library_versions.hpp"
#include "target/table.hpp"

namespace hourglass::cuda {

extern const Target kTarget;
const Target kTarget{};

namespace math {

std::vector<LibraryVersion> library_versions() {
  return {};
}

}  // namespace math
}  // namespace hourglass::cuda
