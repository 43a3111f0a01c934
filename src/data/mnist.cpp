#include <algorithm>
#include <array>
#include <cstddef>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "data/idx.hpp"
#include "files/messages.hpp"

namespace hourglass {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSide = 28;
constexpr std::size_t kDigits = 10;
constexpr std::array<std::string_view, 4> kFileNames = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte",  //
    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/// The files in the order of kFileNames, compressed where there is no plain one.
std::array<fs::path, 4> find_files(const fs::path& folder) {
  std::error_code ignored;
  const std::string where = files::path_text(folder);
  if (!fs::is_directory(folder, ignored)) {
    const bool exists = fs::exists(folder, ignored);
    throw Error("data folder " + where + (exists ? " is not a folder" : " does not exist") +
                ", expected the four files of MNIST in it (or use synthetic)");
  }
  std::array<fs::path, 4> found;
  std::string missing;
  for (std::size_t i = 0; i < kFileNames.size(); ++i) {
    const std::string name(kFileNames[i]);
    found[i] = folder / name;
    if (fs::exists(found[i], ignored)) continue;
    found[i] += ".gz";
    if (fs::exists(found[i], ignored)) continue;
    if (!missing.empty()) missing += ", nor ";
    missing.append(name).append(" or ").append(name).append(".gz");
  }
  if (!missing.empty()) throw Error("data folder " + where + " does not hold " + missing);
  return found;
}

LabelledImages load_split(const fs::path& image_file, const fs::path& label_file) {
  LabelledImages split{data::load_idx(image_file, 3), data::load_idx(label_file, 1)};
  const Shape& shape = split.images.shape;
  const std::string images = files::path_text(image_file);
  const std::string labels = files::path_text(label_file);
  if (shape[0] == 0) throw Error(images + ": it holds no images");
  if (shape[1] != kSide || shape[2] != kSide) {
    throw Error(images + ": its images are " + std::to_string(shape[1]) + " x " +
                std::to_string(shape[2]) + " pixels, expected 28 x 28");
  }
  if (split.labels.size() != shape[0]) {
    throw Error(labels + ": it holds " + std::to_string(split.labels.size()) +
                " labels, expected " + std::to_string(shape[0]) + ", one for each image of " +
                images);
  }
  const auto& values = split.labels.values;
  const auto wrong = std::find_if(values.begin(), values.end(),
                                  [](std::uint8_t label) { return label >= kDigits; });
  if (wrong != values.end()) {
    throw Error(labels + ": label " + std::to_string(*wrong) + " at position " +
                std::to_string(wrong - values.begin()) + ", expected a digit from 0 to 9");
  }
  return split;
}

}  // namespace

Dataset load_mnist(const fs::path& folder) {
  const std::array<fs::path, 4> found = find_files(folder);
  return {load_split(found[0], found[1]), load_split(found[2], found[3]), folder.string()};
}

}  // namespace hourglass
