// Numbers as the text of a page: zlib, then base 85.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hourglass::page {

using Bytes = std::vector<std::uint8_t>;

/// A zlib stream, which browsers know as 'deflate'.
[[nodiscard]] Bytes deflated(std::span<const std::uint8_t> bytes);

/// Four bytes as five characters: 25 % more, where base 64 costs 33 %. The characters are '(' to
/// '|', with '}' in the place of '<': nothing that HTML could take for markup. Of a last group of n
/// bytes there are n + 1 characters.
[[nodiscard]] std::string base85(std::span<const std::uint8_t> bytes);

/// All low bytes, then all high bytes: neighbours in a stream are then alike, and compress.
[[nodiscard]] Bytes split_bytes(std::span<const std::uint16_t> values);

/// `values` as 16 bits from `least` to `most`.
[[nodiscard]] std::vector<std::uint16_t> to_16_bits(std::span<const float> values, float least,
                                                    float most);

}  // namespace hourglass::page
