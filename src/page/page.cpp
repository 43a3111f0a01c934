// The page's file: the skeleton, its data as text, its script.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/page.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "data/check.hpp"
#include "files/atomic_file.hpp"
#include "files/messages.hpp"
#include "page/packed_images.hpp"
#include "page/payload.hpp"
#include "page/template.hpp"  // made of src/page/web by cmake/Page.cmake

namespace hourglass {
namespace {

using Json = nlohmann::ordered_json;
using page::base85;
using page::Bytes;
using page::deflated;
using page::split_bytes;
using page::to_16_bits;

std::string counted(std::size_t count, const std::string& things) {
  return std::to_string(count) + " " + things;
}

void require_count(std::size_t found, std::size_t points, const std::string& what) {
  if (found == points) return;
  throw Error(what + ": " + std::to_string(found) + ", expected one for each of the map's " +
              counted(points, "points"));
}

std::size_t checked_points(const Page& page) {
  if (page.maps.empty()) throw Error("a page needs a map");
  const std::size_t points = page.maps.front().points.rows();
  for (const PageMap& map : page.maps) {
    require_map(map);
    const std::string what = "the map '" + files::printable(map.name) + "'";
    require_count(map.points.rows(), points, what + ": rows");
    if (map.quality.values.empty()) continue;
    require_count(map.quality.size(), points, what + ": quality");
    require_finite(map.quality.values, 1, what + ": quality");
  }
  return points;
}

/// A script element that a browser does not run: what is in it is text, and holds no '<'.
class Writer {
 public:
  void add(std::string_view id, std::string_view type, std::string_view text) {
    html_ += "<script type=\"" + std::string(type) + "\" id=\"data-" + std::string(id) + "\">";
    html_ += text;
    html_ += "</script>\n";
  }
  void add(const std::string& id, const Bytes& bytes) {
    add(id, "text/plain", base85(deflated(bytes)));
  }
  [[nodiscard]] const std::string& html() const { return html_; }

 private:
  std::string html_;
};

/// JSON in HTML: ASCII alone, and nothing that could end or begin an element.
std::string script_text(const Json& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    if (c == '<' || c == '>' || c == '&') {
      constexpr std::string_view kHex = "0123456789abcdef";
      text += "\\u00";
      text += kHex[static_cast<unsigned char>(c) >> 4];
      text += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      text += c;
    }
  }
  return text;
}

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

/// Smallest and largest x, then y.
struct Bounds {
  std::array<float, 2> least{std::numeric_limits<float>::max(), std::numeric_limits<float>::max()};
  std::array<float, 2> most{std::numeric_limits<float>::lowest(),
                            std::numeric_limits<float>::lowest()};
};

Bounds bounds_of(std::span<const float> points) {
  Bounds bounds;
  for (std::size_t i = 0; i < points.size(); ++i) {
    bounds.least[i % 2] = std::min(bounds.least[i % 2], points[i]);
    bounds.most[i % 2] = std::max(bounds.most[i % 2], points[i]);
  }
  return bounds;
}

/// A film's frames are kept to 12 bits, the twentieth part of a pixel.
constexpr int kFrameLevels = 4095;

/// All x, then all y, each as 16 bits between its bounds.
std::vector<std::uint16_t> coordinates(std::span<const float> points, const Bounds& bounds) {
  std::vector<std::uint16_t> levels;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    std::vector<float> values(points.size() / 2);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = points[2 * i + axis];
    const auto column = to_16_bits(values, bounds.least[axis], bounds.most[axis]);
    levels.insert(levels.end(), column.begin(), column.end());
  }
  return levels;
}

Json add_maps(Writer& writer, const Page& page) {
  Json maps = Json::array();
  for (const PageMap& map : page.maps) {
    const std::string number = std::to_string(maps.size());
    const Bounds bounds = bounds_of(map.points.values);
    writer.add("map-" + number, split_bytes(coordinates(map.points.values, bounds)));
    const bool judged = !map.quality.values.empty();
    if (judged) {
      Bytes quality(map.quality.size());
      std::ranges::transform(map.quality.values, quality.begin(), [](float share) {
        return static_cast<std::uint8_t>(std::lround(255.f * std::clamp(share, 0.f, 1.f)));
      });
      writer.add("quality-" + number, quality);
    }
    maps.push_back(
        {{"name", map.name}, {"least", bounds.least}, {"most", bounds.most}, {"quality", judged}});
  }
  return maps;
}

Json add_labels(Writer& writer, const PageLabels& labels, std::size_t points) {
  if (labels.values.empty()) return nullptr;
  require_count(labels.values.size(), points, "labels");
  for (const std::uint16_t value : labels.values) {
    if (value >= labels.names.size()) throw Error("a label has no name");
  }
  writer.add("labels", split_bytes(labels.values));
  return labels.names;
}

Json add_images(Writer& writer, const Page& page, std::size_t points,
                std::vector<std::string>& notes) {
  if (!page.images) return nullptr;
  require_count(page.images->count(), points, "images");
  const ImageShape shape = page.model                    ? page.model->model.input
                           : page.image_shape.size() > 0 ? page.image_shape
                                                         : page_image_shape(page.images->shape());
  if (page.images->image_size() != shape.size()) {
    throw Error("images of " + counted(page.images->image_size(), "values") + ", expected " +
                std::to_string(shape.size()) + " (" + to_string(shape) + ")");
  }
  require_unit_range(*page.images, "images");
  const page::PackedImages packed = page::pack(*page.images, shape);
  const std::string count = counted(points, "images of " + to_string(shape));
  if (packed.left_out) {
    notes.push_back(count + " are too many for a page, so it has none");
    return nullptr;
  }
  const page::PixelFormat& format = packed.format;
  if (format.halvings > 0) {
    notes.push_back(count + " are kept as " + to_string(format.shape) + ", with 16 shades");
  } else if (format.bits == 4) {
    notes.push_back(count + " are kept with 16 shades");
  }
  writer.add("images", "text/plain", packed.blocks);
  return {{"channels", format.shape.channels}, {"height", format.shape.height},
          {"width", format.shape.width},       {"bits", format.bits},
          {"block", page::kImagesInBlock},     {"halved", format.halvings > 0}};
}

Json add_model(Writer& writer, const PageModel& trained) {
  Json json = Json::parse(to_json(trained.model));
  json["tensors"] = Json::array();
  Bytes bytes;
  const auto specs = parameter_specs(trained.model);
  if (specs.size() != trained.parameters.size()) throw Error("the model's tensors are incomplete");
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const Array<float>& tensor = trained.parameters[i];
    if (tensor.size() != element_count(specs[i].shape)) {
      throw Error("tensor '" + specs[i].name + "' has another size than the model says");
    }
    require_finite(tensor, "tensor '" + specs[i].name + "'");
    json["tensors"].push_back({{"name", specs[i].name}, {"shape", specs[i].shape}});
    const auto* values = reinterpret_cast<const std::uint8_t*>(tensor.values.data());
    bytes.insert(bytes.end(), values, values + tensor.size() * sizeof(float));
  }
  writer.add("weights", bytes);
  return json;
}

Json add_errors(Writer& writer, const Array<float>& errors, std::size_t points) {
  if (errors.values.empty()) return nullptr;
  require_count(errors.size(), points, "errors");
  require_finite(errors.values, 1, "errors");
  const auto [least, most] = std::ranges::minmax(errors.values);
  writer.add("errors", split_bytes(to_16_bits(errors.values, least, most)));
  return {{"least", least}, {"most", most}};
}

/// The nearest of each point first: a list of points, then the second nearest of each, ...
std::size_t add_neighbors(Writer& writer, const std::optional<NeighborGraph>& neighbors,
                          std::size_t points, std::vector<std::string>& notes) {
  constexpr std::size_t kShown = 8;
  constexpr std::size_t kMostPoints = 25'000;  // with more they would outweigh all else
  if (!neighbors) return 0;
  require_count(neighbors->indices.rows(), points, "lists of neighbours");
  if (points > kMostPoints) {
    notes.push_back("neighbours are left out: " + counted(points, "points"));
    return 0;
  }
  const std::size_t length = neighbors->indices.row_size();
  const std::size_t shown = std::min(kShown, length);
  std::vector<std::uint16_t> indices(shown * points);
  for (std::size_t i = 0; i < points; ++i) {
    for (std::size_t k = 0; k < shown; ++k) {
      const std::uint32_t index = neighbors->indices.values[i * length + k];
      if (index >= points) throw Error("a neighbour is no point of the map");
      indices[k * points + i] = static_cast<std::uint16_t>(index);
    }
  }
  writer.add("neighbors", split_bytes(indices));
  return shown;
}

/// What follows of a frame's levels on the frame's before: small numbers, and even ones for what
/// grows, odd ones for what shrinks.
void append_steps(std::span<const std::uint16_t> levels, std::vector<int>& before,
                  std::vector<std::uint16_t>& steps) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const int level = (levels[i] * kFrameLevels + 32767) / 65535;
    const int step = level - before[i];
    steps.push_back(static_cast<std::uint16_t>(step >= 0 ? 2 * step : -2 * step - 1));
    before[i] = level;
  }
}

/// Each frame between bounds of its own: the first ones are ten thousand times smaller than the
/// last.
Json add_snapshots(Writer& writer, const Array<float>& snapshots, std::size_t points,
                   std::vector<std::string>& notes) {
  if (snapshots.values.empty()) return nullptr;
  require_snapshots(snapshots, points);
  constexpr std::size_t kMostPoints = 600'000;  // of all frames
  constexpr std::size_t kMostFrames = 60;
  const std::size_t frames = snapshots.rows();
  const std::size_t kept = std::min({frames, kMostFrames, kMostPoints / points});
  if (kept < 2) {
    notes.push_back("snapshots are left out: " + counted(points, "points in each"));
    return nullptr;
  }
  if (kept < frames) {
    notes.push_back("of " + counted(frames, "snapshots ") + std::to_string(kept) + " are kept");
  }
  std::vector<std::uint16_t> steps;
  std::vector<int> before(2 * points);
  Json numbers = Json::array();
  for (std::size_t i = 0; i < kept; ++i) {  // the last one always
    const std::size_t frame = frames - 1 - (kept - 1 - i) * (frames - 1) / (kept - 1);
    const auto frame_points = snapshots.row(frame);
    append_steps(coordinates(frame_points, bounds_of(frame_points)), before, steps);
    numbers.push_back(frame);
  }
  writer.add("snapshots", split_bytes(steps));
  return {{"frames", numbers}, {"of", frames}, {"levels", kFrameLevels}};
}

}  // namespace

SavedPage save_page(const std::filesystem::path& file, const Page& page) {
  const std::size_t points = checked_points(page);
  SavedPage saved;
  Writer writer;
  Json json;
  json["title"] = page.title;
  json["about"] = page.about;
  json["points"] = points;
  json["maps"] = add_maps(writer, page);
  json["labels"] = add_labels(writer, page.labels, points);
  json["model"] = page.model ? add_model(writer, *page.model) : Json();
  json["errors"] = add_errors(writer, page.errors, points);
  json["neighbors"] = add_neighbors(writer, page.neighbors, points, saved.notes);
  json["snapshots"] = add_snapshots(writer, page.snapshots, points, saved.notes);
  json["images"] = add_images(writer, page, points, saved.notes);
  json["notes"] = saved.notes;
  writer.add("page", "application/json", script_text(json));

  // Through JSON, what is no UTF-8 becomes the replacement character.
  const std::string safe_title =
      Json::parse(Json(page.title).dump(-1, ' ', false, Json::error_handler_t::replace))
          .get<std::string>();
  const std::string title = html_text(safe_title);
  const std::array<std::span<const char>, 5> pieces = {page::kBeforeTitle, title, page::kBeforeData,
                                                       writer.html(), page::kAfterData};
  files::write_atomically(file, pieces);
  for (const auto& piece : pieces) saved.bytes += piece.size();
  return saved;
}

void require_map(const PageMap& map) {
  const std::string what = "the map '" + files::printable(map.name) + "'";
  if (map.points.shape.size() != 2 || map.points.shape[1] != 2 || map.points.rows() == 0) {
    throw Error(what + " has the shape " + files::shape_text(map.points.shape) +
                ", expected (N, 2)");
  }
  require_finite(map.points, what);
}

void require_snapshots(const Array<float>& snapshots, std::size_t points) {
  const Shape& shape = snapshots.shape;
  if (shape.size() != 3 || shape[0] == 0 || shape[1] != points || shape[2] != 2) {
    throw Error("snapshots have the shape " + files::shape_text(shape) + ", expected (frames, " +
                std::to_string(points) + ", 2)");
  }
  require_finite(snapshots, "snapshots");
}

Array<float> local_quality(const NeighborGraph& data, const NeighborGraph& map) {
  const std::size_t points = data.indices.rows();
  require_count(map.indices.rows(), points, "lists of neighbours");
  const std::size_t k = std::min(data.indices.row_size(), map.indices.row_size());
  Array<float> quality({points});
  for (std::size_t i = 0; i < points; ++i) {
    const auto in_data = data.indices.row(i).first(k);
    std::size_t kept = 0;
    for (const std::uint32_t index : map.indices.row(i).first(k)) {
      kept += static_cast<std::size_t>(std::ranges::count(in_data, index));
    }
    quality.values[i] = static_cast<float>(kept) / static_cast<float>(k);
  }
  return quality;
}

namespace {

/// Sorted names, and each value's place among them.
template <class Value, class Name>
PageLabels sorted_labels(std::span<const Value> values, Name name) {
  std::vector<Value> different(values.begin(), values.end());
  std::ranges::sort(different);
  const auto rest = std::ranges::unique(different);
  different.erase(rest.begin(), rest.end());
  constexpr std::size_t kMost = 65'535;
  if (different.size() > kMost) {
    throw Error(counted(different.size(), "different labels") + ", expected at most " +
                std::to_string(kMost));
  }
  PageLabels labels;
  for (const Value& value : different) labels.names.push_back(name(value));
  for (const Value& value : values) {
    const auto place = std::ranges::lower_bound(different, value) - different.begin();
    labels.values.push_back(static_cast<std::uint16_t>(place));
  }
  return labels;
}

template <class Real>
PageLabels number_labels(std::span<const Real> values) {
  const auto bad =
      std::ranges::find_if_not(values, [](Real value) { return std::isfinite(value); });
  if (bad != values.end()) {
    throw Error("labels: row " + std::to_string(bad - values.begin()) + " is not finite");
  }
  return sorted_labels(values, [](Real value) {
    constexpr auto kExact = static_cast<Real>(std::uint64_t{1} << 53U);
    std::array<char, 32> text{};
    char* const end = text.data() + text.size();
    // 100000 and not 1e+05, which is shorter; without the sign of a zero.
    const auto written = value == std::trunc(value) && std::abs(value) <= kExact
                             ? std::to_chars(text.data(), end, value + 0, std::chars_format::fixed)
                             : std::to_chars(text.data(), end, value);
    return std::string(text.data(), written.ptr);
  });
}

}  // namespace

PageLabels page_labels(std::span<const double> values) {
  return number_labels(values);
}
PageLabels page_labels(std::span<const float> values) {
  return number_labels(values);
}

PageLabels page_labels(std::span<const std::string> texts) {
  return sorted_labels(texts, [](const std::string& text) { return text; });
}

ImageShape page_image_shape(const Shape& images) {
  const std::size_t rank = images.size();
  if (rank >= 4)
    return {element_count(std::span(images).subspan(1, rank - 3)), images[rank - 2],
            images[rank - 1]};
  if (rank == 3) return {1, images[1], images[2]};
  const std::size_t values = rank == 2 ? images[1] : 1;
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(values))));
  return side * side == values ? ImageShape{1, side, side} : ImageShape{1, 1, values};
}

}  // namespace hourglass
