#include "page/payload.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <hourglass/error.hpp>

namespace hourglass::page {

Bytes deflated(std::span<const std::uint8_t> bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  Bytes packed(size);
  constexpr int kLevel = 5;  // of digits 6 takes twice as long for half a percent less
  if (compress2(packed.data(), &size, bytes.data(), static_cast<uLong>(bytes.size()), kLevel) !=
      Z_OK) {
    throw Error("zlib has no memory left");
  }
  packed.resize(size);
  return packed;
}

std::string base85(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve(bytes.size() / 4 * 5 + 5);
  for (std::size_t begin = 0; begin < bytes.size(); begin += 4) {
    const std::size_t count = std::min<std::size_t>(4, bytes.size() - begin);
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) word = word << 8 | (i < count ? bytes[begin + i] : 0u);
    std::array<char, 5> digits{};
    for (std::size_t i = 5; i-- > 0; word /= 85) {
      const char digit = static_cast<char>('(' + word % 85);
      digits[i] = digit == '<' ? '}' : digit;
    }
    // Of a short group the bytes that are not there are zeros here; a reader takes the characters
    // that are not there for the highest, and gets the same bytes.
    text.append(digits.data(), count + 1);
  }
  return text;
}

Bytes split_bytes(std::span<const std::uint16_t> values) {
  Bytes bytes(2 * values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(values[i]);
    bytes[values.size() + i] = static_cast<std::uint8_t>(values[i] >> 8);
  }
  return bytes;
}

std::vector<std::uint16_t> to_16_bits(std::span<const float> values, float least, float most) {
  constexpr double kLevels = 65535.0;
  const double range = double{most} - double{least};
  const double scale = range > 0.0 ? kLevels / range : 0.0;
  const double first = range > 0.0 ? 0.0 : kLevels / 2;  // all the same: in the middle
  std::vector<std::uint16_t> levels(values.size());
  std::ranges::transform(values, levels.begin(), [&](float value) {
    const double level = std::round(first + (double{value} - double{least}) * scale);
    return static_cast<std::uint16_t>(std::clamp(level, 0.0, kLevels));
  });
  return levels;
}

}  // namespace hourglass::page
