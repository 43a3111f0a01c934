// The npy format in memory, apart from the files it lies in.
//
// "\x93NUMPY", version (two bytes), header length (2 bytes in version 1, 4 after), the header (a
// Python dict literal of descr, fortran_order and shape), the values.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <hourglass/array.hpp>
#include <hourglass/images.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace hourglass::files {

/// As load_npy and load_npy_images, for a file's bytes; `name` stands for the file in errors.
[[nodiscard]] Array<float> parse_npy(std::string_view bytes, const std::string& name);
[[nodiscard]] ImageArray parse_npy_images(std::string_view bytes, const std::string& name);

/// The same for what is not to lose a digit: as floats what these hold of every value (float16,
/// float32, bool, integers of 8 and 16 bits), all else as doubles. Throws Error for a whole number
/// beyond 2^53, too.
using NumberArray = std::variant<Array<float>, Array<double>>;
[[nodiscard]] NumberArray parse_npy_numbers(std::string_view bytes, const std::string& name);

}  // namespace hourglass::files
