// Weights on disk: the safetensors format, float32 only.
//
// Eight bytes of little-endian header length, a JSON header (name -> dtype, shape, data_offsets),
// then the values. Format: https://github.com/huggingface/safetensors
#pragma once

#include <filesystem>
#include <hourglass/array.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hourglass::files {

struct NamedTensor {
  std::string name;
  Array<float> tensor;
};

/// Texts about a file, by name, in its header.
using Metadata = std::map<std::string, std::string>;

/// In the order of the file's header offsets. Throws Error naming the file (and the tensor) for a
/// missing or truncated file, a malformed header, offsets that overlap or leave gaps, another
/// dtype.
[[nodiscard]] std::vector<NamedTensor> load_safetensors(const std::filesystem::path& file);

/// The same for a file's bytes; `name` stands for the file in errors.
[[nodiscard]] std::vector<NamedTensor> parse_safetensors(std::string_view bytes,
                                                         const std::string& name);

/// The same errors for the header.
[[nodiscard]] Metadata load_metadata(const std::filesystem::path& file);

/// Atomically; the header is padded with spaces so that the data starts at a multiple of 8 bytes.
void save_safetensors(const std::filesystem::path& file, const std::vector<NamedTensor>& tensors,
                      const Metadata& metadata = {});

}  // namespace hourglass::files
