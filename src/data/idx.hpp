// IDX, the format of MNIST's files: two zero bytes, the element type, the number of dimensions, the
// dimensions as big-endian 32-bit counts, the values. Bytes only here, the one type MNIST uses.
// Format: http://yann.lecun.com/exdb/mnist
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <hourglass/array.hpp>
#include <string>
#include <string_view>

namespace hourglass::data {

/// Plain or gzip-compressed, whatever the file's name says. Throws Error naming the file for
/// another magic number than bytes in `rank` dimensions, for truncated or corrupt data, and for
/// data behind the end. Memory grows with what the file holds, not with what its header claims.
[[nodiscard]] Array<std::uint8_t> load_idx(const std::filesystem::path& file, std::size_t rank);

/// The same for a file's bytes; `name` stands for the file in errors.
[[nodiscard]] Array<std::uint8_t> parse_idx(std::string_view bytes, std::size_t rank,
                                            const std::string& name);

}  // namespace hourglass::data
