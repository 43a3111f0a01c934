// A map to walk in: one self-contained HTML file with everything that belongs to it.
//
//   hourglass::Page page{.title = "MNIST", .maps = {{"t-SNE", map}}, .images = test.images};
//   hourglass::save_page("map.html", page);
//
// What is in the file, and how: docs/page.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <hourglass/array.hpp>
#include <hourglass/images.hpp>
#include <hourglass/model.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/samples.hpp>
#include <hourglass/stop.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hourglass {

class Autoencoder;

struct PageMap {
  std::string name;        ///< "t-SNE"
  Array<float> points;     ///< (N, 2)
  Array<float> quality{};  ///< (N) from 0 to 1, or none: local_quality()
};

/// A name for each point, from a list of names.
struct PageLabels {
  std::vector<std::string> names;
  std::vector<std::uint16_t> values;  ///< (N), indices into names
};

/// A trained model: its tensors as parameter_specs() lists them.
struct PageModel {
  Model model;
  std::vector<Array<float>> parameters;
};

/// What a page shows; all but one map is optional. Images must outlive it.
struct Page {
  std::string title = "A map";
  std::string about{};          ///< one line on where it comes from
  std::vector<PageMap> maps{};  ///< of the same N points
  PageLabels labels{};
  std::optional<Images> images{};            ///< N of them, in [0, 1]: a page has bytes of them
  ImageShape image_shape{};                  ///< of one; known by itself where there is a model
  std::optional<PageModel> model{};          ///< runs in the page, on the images
  Array<float> errors{};                     ///< (N), of the reconstructions
  std::optional<NeighborGraph> neighbors{};  ///< in the space that is mapped
  Array<float> snapshots{};                  ///< (frames, N, 2): how the last map came to be
};

/// What became of a page when it was written.
struct SavedPage {
  std::size_t bytes = 0;
  /// One line each: what the page had to leave out or to make smaller, and why.
  std::vector<std::string> notes;
};

/// Atomically. Throws Error where lengths differ, for values that are not finite, and for images
/// that are not in [0, 1].
SavedPage save_page(const std::filesystem::path& file, const Page& page);

/// Gives a page its images (they must outlive it), the model that is to run in it, and the errors
/// of their reconstructions, which should be `clean`, if not the images themselves. Throws what
/// Autoencoder::reconstruct throws.
void add_model(Page& page, const Autoencoder& autoencoder, const Images& images,
               const Array<float>& clean = {}, const StopRequest& stop = {});

/// Gives a page the neighbours of each point in the rows that are mapped (those that are `known`,
/// or the nearest 15), and each map its quality by them. Throws Error for rows of another number,
/// and what nearest_neighbors throws.
void add_neighbors(Page& page, const Samples& rows, std::optional<NeighborGraph> known = {},
                   const StopRequest& stop = {});

/// Throws Error unless it has finite points (N, 2), one or more.
void require_map(const PageMap& map);
/// The same for finite frames (frames, points, 2), one or more.
void require_snapshots(const Array<float>& snapshots, std::size_t points);

/// How much of each point's neighbourhood a map keeps: the share of its k nearest in the data that
/// are among its k nearest on the map, k the shorter of the two lists.
[[nodiscard]] Array<float> local_quality(const NeighborGraph& data, const NeighborGraph& map);

/// Equal values get one name, in increasing order: "7", "0.1", the fewest digits that are this
/// number and no other of its type, and of whole numbers up to 2^53 all. Throws Error for values
/// that are not finite and more than 65,535 different ones.
[[nodiscard]] PageLabels page_labels(std::span<const double> values);
[[nodiscard]] PageLabels page_labels(std::span<const float> values);
[[nodiscard]] PageLabels page_labels(std::span<const std::string> texts);

/// What one of these images is: its array's last dimensions, or, of flat rows, a square where they
/// make one.
[[nodiscard]] ImageShape page_image_shape(const Shape& images);

}  // namespace hourglass
