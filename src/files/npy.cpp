#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <hourglass/error.hpp>
#include <hourglass/npy.hpp>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "files/atomic_file.hpp"
#include "files/checked_count.hpp"
#include "files/messages.hpp"
#include "files/npy_format.hpp"

namespace hourglass {
namespace files {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are copied as they lie in memory");

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kMaxRank = 64;  // NumPy's own limit

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the dict literal that NumPy writes, in any order and spacing, and nothing else of Python.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name)
      : text_(text), rest_(text), name_(name) {}

  Header parse() {
    Header header;
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    expect('{');
    while (!take('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        if (peek() == '[') fail(name_, "it holds a structured array, expected plain numbers");
        header.descr = string();
        has_descr = true;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        has_order = true;
      } else if (key == "shape") {
        header.shape = tuple();
        has_shape = true;
      } else {
        malformed("unknown key '" + printable(key) + "'");
      }
      if (!take(',') && peek() != '}') malformed("expected ',' or '}'");
    }
    if (peek() != '\0') malformed("more text after the '}'");
    if (!has_descr) malformed("no 'descr'");
    if (!has_order) malformed("no 'fortran_order'");
    if (!has_shape) malformed("no 'shape'");
    return header;
  }

 private:
  [[noreturn]] void malformed(const std::string& why) const {
    fail(name_, "malformed npy header: " + why + ": " + printable(text_));
  }

  /// The next character that is not white space; '\0' at the end.
  char peek() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool take(char wanted) {
    if (rest_.empty() || peek() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) malformed(std::string("expected '") + wanted + "'");
  }
  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') malformed("expected a string");
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) malformed("a string without an end");
    std::string value(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return value;
  }
  bool boolean() {
    peek();
    for (const auto& [word, value] : {std::pair("True", true), std::pair("False", false)}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(std::strlen(word));
      return value;
    }
    malformed("expected True or False");
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      peek();
      std::size_t extent = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc()) malformed("a shape that is not a tuple of counts");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      take('L');  // Python 2 wrote long integers so
      shape.push_back(extent);
      if (shape.size() > kMaxRank) malformed("more than 64 dimensions");
      if (!take(',') && peek() != ')') malformed("expected ',' or ')'");
    }
    return shape;
  }

  std::string_view text_;
  std::string_view rest_;
  const std::string& name_;
};

/// A float16's bits: 1 of sign, 5 of exponent, 10 of fraction.
struct Half {
  std::uint16_t bits;

  explicit operator float() const {
    const int exponent = bits >> 10U & 0x1fU;
    const auto fraction = static_cast<float>(bits & 0x3ffU) * 0x1p-10F;
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const float magnitude = exponent == 0x1f ? (fraction == 0.F ? kInfinity : std::nanf(""))
                            : exponent == 0  ? std::ldexp(fraction, -14)
                                             : std::ldexp(1.F + fraction, exponent - 15);
    return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
  }
  explicit operator double() const { return static_cast<float>(*this); }
};

/// One element type in the file, converted. Returns false for a value that `To` cannot hold.
template <class To>
using Convert = bool (*)(const char* from, std::span<To> to);

/// A float is rounded to; one that a double would round is too large for it.
template <class To, class T>
bool fits(T element) {
  if constexpr (std::is_same_v<To, float> && std::is_same_v<T, double>) {
    // Half a step above the largest float32: from here on rounding gives infinity.
    constexpr double kTooLarge = 0x1.ffffffp127;
    return !std::isfinite(element) || std::abs(element) < kTooLarge;
  } else if constexpr (std::is_same_v<To, double> && std::is_integral_v<T> && sizeof(T) == 8) {
    constexpr auto kExact = T{1} << 53U;  // up to which a double holds every whole number
    if constexpr (std::is_signed_v<T>) return element >= -kExact && element <= kExact;
    return element <= kExact;
  } else {
    return true;
  }
}

template <class To, class T, bool Swapped>
bool convert(const char* from, std::span<To> to) {
  for (To& value : to) {
    std::array<char, sizeof(T)> bytes{};
    std::copy_n(from, sizeof(T), bytes.begin());
    if constexpr (Swapped) std::reverse(bytes.begin(), bytes.end());
    const T element = std::bit_cast<T>(bytes);
    if (!fits<To>(element)) return false;
    value = static_cast<To>(element);
    from += sizeof(T);
  }
  return true;
}

template <class To>
struct Conversions {
  Convert<To> native;
  Convert<To> swapped;
};

struct Element {
  std::size_t size;
  Conversions<float> to_float;
  Conversions<double> to_double;
};

template <class T>
constexpr Element element() {
  return {sizeof(T),
          {convert<float, T, false>, convert<float, T, true>},
          {convert<double, T, false>, convert<double, T, true>}};
}

std::optional<Element> find_element(std::string_view kind) {
  if (kind == "f2") return element<Half>();
  if (kind == "f4") return element<float>();
  if (kind == "f8") return element<double>();
  if (kind == "u1" || kind == "b1") return element<std::uint8_t>();
  if (kind == "u2") return element<std::uint16_t>();
  if (kind == "u4") return element<std::uint32_t>();
  if (kind == "u8") return element<std::uint64_t>();
  if (kind == "i1") return element<std::int8_t>();
  if (kind == "i2") return element<std::int16_t>();
  if (kind == "i4") return element<std::int32_t>();
  if (kind == "i8") return element<std::int64_t>();
  return std::nullopt;
}

/// From the first index running fastest to the last index running fastest.
template <class T>
std::vector<T> to_c_order(const std::vector<T>& fortran, const Shape& shape) {
  const std::size_t rank = shape.size();
  std::vector<std::size_t> stride(rank, 1);
  for (std::size_t k = 1; k < rank; ++k) stride[k] = stride[k - 1] * shape[k - 1];
  std::vector<std::size_t> index(rank, 0);
  std::vector<T> values(fortran.size());
  std::size_t from = 0;
  for (T& value : values) {
    value = fortran[from];
    for (std::size_t k = rank; k-- > 0;) {
      from += stride[k];
      if (++index[k] < shape[k]) break;
      from -= stride[k] * shape[k];
      index[k] = 0;
    }
  }
  return values;
}

std::string header_text(std::string_view descr, std::span<const std::size_t> shape) {
  std::string dict = "{'descr': '" + std::string(descr) +
                     "', 'fortran_order': False, 'shape': " + shape_text(shape) + ", }";
  // Values start at a multiple of 64 bytes; the header ends in a newline.
  const std::size_t before = kMagic.size() + 4 + dict.size() + 1;
  dict.append((64 - before % 64) % 64, ' ').push_back('\n');
  if (dict.size() > 0xffff) throw Error("an npy file cannot hold an array of so many dimensions");
  std::string text(kMagic);
  text += '\x01';
  text += '\x00';
  text += static_cast<char>(dict.size() % 256);
  text += static_cast<char>(dict.size() / 256);
  return text + dict;
}

template <class T>
void save(const std::filesystem::path& file, std::string_view descr, const ArrayView<T>& array) {
  if (checked_count(array.shape, sizeof(T)) != array.size()) {
    throw Error("cannot write " + path_text(file) + ": the array's shape is " +
                shape_text(array.shape) + " but it has " + std::to_string(array.size()) +
                " values");
  }
  const std::string header = header_text(descr, array.shape);
  const std::array<std::span<const char>, 2> pieces = {
      std::span<const char>(header),
      std::span<const char>(reinterpret_cast<const char*>(array.values.data()),
                            array.size() * sizeof(T))};
  write_atomically(file, pieces);
}

/// A file taken apart: the values still as they lie in it.
struct Contents {
  Header header;
  Element element;
  std::string_view data;
};

Contents parse(std::string_view bytes, const std::string& name) {
  const auto byte = [&](std::size_t i) {
    return std::size_t{static_cast<unsigned char>(bytes[i])};
  };
  const auto truncated = [&](const std::string& what, std::size_t needed) {
    fail(name, "the npy file is truncated: it has " + std::to_string(bytes.size()) + " bytes, " +
                   what + " ends at " + std::to_string(needed));
  };

  if (bytes.empty()) fail(name, "the file is empty, expected an npy file");
  if (!bytes.starts_with(kMagic.substr(0, bytes.size()))) {
    fail(name, "not an npy file: it starts with \"" + printable(bytes.substr(0, 6)) +
                   "\", expected \"\\x93NUMPY\"");
  }
  if (bytes.size() < 10) truncated("its shortest header", 10);
  const std::size_t version = byte(6);
  if (version < 1 || version > 3) {
    fail(name, "npy format version " + std::to_string(version) + "." + std::to_string(byte(7)) +
                   ", expected 1.0, 2.0 or 3.0");
  }
  const std::size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) truncated("its header length", start);
  std::size_t length = byte(8) + byte(9) * 0x100;
  if (version > 1) length += byte(10) * 0x10000 + byte(11) * 0x1000000;
  if (bytes.size() - start < length) truncated("its header", start + length);

  Header header = HeaderParser(bytes.substr(start, length), name).parse();
  constexpr std::string_view kExpected =
      ", expected float16, float32, float64, bool or an integer type";
  const std::string_view descr = header.descr;
  const std::optional<Element> element =
      descr.size() == 3 ? find_element(descr.substr(1)) : std::nullopt;
  const bool known_order =
      !descr.empty() && (descr[0] == '<' || descr[0] == '>' || descr[0] == '=' || descr[0] == '|');
  if (!element || !known_order || (descr[0] == '|' && element->size > 1)) {
    fail(name, "element type '" + printable(descr) + "'" + std::string(kExpected));
  }
  const std::optional<std::size_t> count =
      checked_count(header.shape, std::max(element->size, sizeof(double)));
  if (!count) fail(name, "its shape " + shape_text(header.shape) + " is too large");
  const std::string_view data = bytes.substr(start + length);
  const std::size_t wanted = *count * element->size;
  if (data.size() != wanted) {
    fail(name, std::string(data.size() < wanted ? "the npy file is truncated"
                                                : "there is data behind the array") +
                   ": shape " + shape_text(header.shape) + " of '" + header.descr + "' takes " +
                   std::to_string(wanted) + " bytes, found " + std::to_string(data.size()));
  }

  return {std::move(header), *element, data};
}

template <class T>
void arrange(Array<T>& array, const Header& header) {
  if (header.fortran_order && header.shape.size() > 1) {
    array.values = to_c_order(array.values, array.shape);
  }
}

template <class To>
Array<To> converted(const Contents& contents, const Conversions<To>& conversions,
                    const std::string& name, const std::string& problem) {
  Array<To> array(contents.header.shape);
  const bool swapped = contents.header.descr[0] == '>';
  const Convert<To> convert = swapped ? conversions.swapped : conversions.native;
  if (!convert(contents.data.data(), array.values)) fail(name, problem);
  arrange(array, contents.header);
  return array;
}

Array<float> to_floats(const Contents& contents, const std::string& name) {
  return converted(contents, contents.element.to_float, name,
                   "it holds a float64 value that is too large for float32");
}

}  // namespace

ImageArray parse_npy_images(std::string_view bytes, const std::string& name) {
  const Contents contents = parse(bytes, name);
  if (contents.header.descr.substr(1) != "u1") return to_floats(contents, name);
  Array<std::uint8_t> array(contents.header.shape);
  std::ranges::copy(contents.data, reinterpret_cast<char*>(array.values.data()));
  arrange(array, contents.header);
  return array;
}

Array<float> parse_npy(std::string_view bytes, const std::string& name) {
  return to_floats(parse(bytes, name), name);
}

NumberArray parse_npy_numbers(std::string_view bytes, const std::string& name) {
  const Contents contents = parse(bytes, name);
  const std::string_view kind = std::string_view(contents.header.descr).substr(1);
  const bool whole = kind[0] != 'f';
  if (contents.element.size < (whole ? 4 : 8)) return to_floats(contents, name);
  return converted(contents, contents.element.to_double, name,
                   "it holds a whole number beyond 2^53, expected one that float64 holds exactly");
}

}  // namespace files

Array<float> load_npy(const std::filesystem::path& file) {
  return files::parse_npy(files::read_file(file), files::path_text(file));
}

ImageArray load_npy_images(const std::filesystem::path& file) {
  return files::parse_npy_images(files::read_file(file), files::path_text(file));
}

void save_npy(const std::filesystem::path& file, const ArrayView<float>& array) {
  files::save(file, "<f4", array);
}

void save_npy(const std::filesystem::path& file, const ArrayView<std::uint8_t>& array) {
  files::save(file, "|u1", array);
}

}  // namespace hourglass
