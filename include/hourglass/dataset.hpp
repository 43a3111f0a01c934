// The images the studies learn from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <hourglass/array.hpp>
#include <string>
#include <string_view>

namespace hourglass {

/// Grey images as bytes, (N, 28, 28), and their digits, (N).
struct LabelledImages {
  Array<std::uint8_t> images;
  Array<std::uint8_t> labels;
};

struct Dataset {
  LabelledImages train;
  LabelledImages test;
  std::string name;  ///< where it came from: a folder, or "synthetic:N"
};

/// Reads the four IDX files of MNIST (gzip-compressed or not) from a folder:
/// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,
/// t10k-labels-idx1-ubyte, each with or without .gz. Format: http://yann.lecun.com/exdb/mnist.
/// Throws Error, naming the file, for missing or truncated files, a wrong magic number, counts that
/// disagree, no images, and sizes other than 28 x 28.
[[nodiscard]] Dataset load_mnist(const std::filesystem::path& folder);

/// Handwriting-like digits drawn by strokes with random slant, thickness, scale, shift and noise.
/// The same count and seed give the same bytes on every machine; image i does not depend on the
/// count. `train_count` images to train on and a sixth as many (at least one) to test with.
[[nodiscard]] Dataset synthetic_digits(std::size_t train_count = 60000, std::uint64_t seed = 0);

/// What `--data` takes: a folder, "synthetic" or "synthetic:N". Throws UsageError for a bad N.
[[nodiscard]] Dataset load_dataset(std::string_view source);

/// The second article's digit: one 8 x 8 four of zeros and ones, (1, 8, 8).
[[nodiscard]] Array<float> digit_four();

}  // namespace hourglass
