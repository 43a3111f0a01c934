// NumPy's .npy files (format versions 1, 2 and 3).
#pragma once

#include <cstdint>
#include <filesystem>
#include <hourglass/array.hpp>
#include <hourglass/images.hpp>

namespace hourglass {

/// Reads any float16, float32, float64, bool, uint8 or other integer array, in C or Fortran order,
/// either byte order, as float32 in C order. Throws Error for a missing, truncated or foreign file,
/// another element type, and a float64 value that is finite but overflows float32.
[[nodiscard]] Array<float> load_npy(const std::filesystem::path& file);

/// The same for images: an array of uint8 stays as it is.
[[nodiscard]] ImageArray load_npy_images(const std::filesystem::path& file);

/// Writes C order, little endian, format version 1, under a temporary name first and then renamed:
/// the final name never holds half a file. Throws Error if the file cannot be written.
void save_npy(const std::filesystem::path& file, const ArrayView<float>& array);
void save_npy(const std::filesystem::path& file, const ArrayView<std::uint8_t>& array);

}  // namespace hourglass
