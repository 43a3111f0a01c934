#include "files/messages.hpp"

#include <array>
#include <charconv>
#include <hourglass/error.hpp>
#include <limits>

namespace hourglass::files {

std::string printable(std::string_view text, std::size_t limit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string line;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      line += "\\x";
      line += kHex[byte / 16U];
      line += kHex[byte % 16U];
    } else {
      line += c;
    }
  }
  if (text.size() > limit) line += "...";
  return line;
}

std::string path_text(const std::filesystem::path& file) {
  return printable(file.native(), std::numeric_limits<std::size_t>::max());
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), written.ptr};
}

std::string shape_text(std::span<const std::size_t> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  if (shape.size() == 1) text += ',';
  return text + ')';
}

void fail(const std::string& name, const std::string& why) {
  throw Error(name + ": " + why);
}

}  // namespace hourglass::files
