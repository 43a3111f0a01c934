#include <cblas.h>
#include <dnnl.h>

#include <boost/version.hpp>
#include <string>

#include "math/library_versions.hpp"

namespace hourglass::cpu::math {

std::vector<LibraryVersion> library_versions() {
  const dnnl_version_t& onednn = *dnnl_version();
  const std::string openblas = openblas_get_config();
  return {{"oneDNN", std::to_string(onednn.major) + "." + std::to_string(onednn.minor) + "." +
                         std::to_string(onednn.patch)},
          {"OpenBLAS", openblas.substr(openblas.find(' ') + 1)},
          {"Boost", std::to_string(BOOST_VERSION / 100000) + "." +
                        std::to_string(BOOST_VERSION / 100 % 1000)}};
}

}  // namespace hourglass::cpu::math
