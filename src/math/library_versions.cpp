#include "math/library_versions.hpp"

#include <zlib.h>

namespace hourglass {

std::vector<LibraryVersion> library_versions() {
  std::vector<LibraryVersion> versions;
  const auto add = [&](const std::vector<LibraryVersion>& more) {
    versions.insert(versions.end(), more.begin(), more.end());
  };
#if HOURGLASS_HAS_CPU
  add(cpu::math::library_versions());
#endif
#if HOURGLASS_HAS_CUDA
  add(cuda::math::library_versions());
#endif
  add({{"zlib", zlibVersion()}});
  return versions;
}

}  // namespace hourglass
