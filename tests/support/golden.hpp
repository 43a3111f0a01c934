// The golden files: what PyTorch computes in double precision (tests/golden/make_golden.py).
#pragma once

#include <cstdlib>
#include <filesystem>
#include <hourglass/array.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "files/safetensors.hpp"

namespace hourglass {

/// In the source tree, or where $HOURGLASS_GOLDEN_DIR says when the tests run on another machine.
inline std::filesystem::path golden_file(const std::string& name) {
  const char* elsewhere = std::getenv("HOURGLASS_GOLDEN_DIR");
  return std::filesystem::path(elsewhere != nullptr ? elsewhere : HOURGLASS_GOLDEN_DIR) / name;
}

/// The tensors of one golden file by name.
class Golden {
 public:
  explicit Golden(const std::string& name) {
    for (auto& [key, tensor] : files::load_safetensors(golden_file(name))) {
      tensors_.emplace(key, std::move(tensor));
    }
  }

  [[nodiscard]] const Array<float>& operator[](const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw std::out_of_range("no golden tensor " + name);
    return found->second;
  }

 private:
  std::map<std::string, Array<float>> tensors_;
};

}  // namespace hourglass
