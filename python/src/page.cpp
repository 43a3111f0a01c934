// A map to walk in.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <hourglass/autoencoder.hpp>
#include <hourglass/page.hpp>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "calls.hpp"

namespace hourglass::python {
namespace {

/// Maps by name; labels as numbers or as texts, or empty.
nb::dict save(const std::string& file, const std::string& title,
              const std::vector<std::pair<std::string, Given<float>>>& maps,
              const std::optional<GivenRows>& rows, const std::optional<GivenImages>& given_images,
              const std::variant<Given<float>, Given<double>, std::vector<std::string>>& labels,
              const std::optional<std::string>& weights,
              const std::optional<Given<float>>& snapshots, const std::string& device) {
  Page page{.title = title};
  for (const auto& [name, points] : maps) {
    page.maps.push_back({.name = name, .points = view(points).copy()});
  }
  if (given_images) page.images = images(*given_images);
  if (snapshots) page.snapshots = view(*snapshots).copy();
  const SavedPage saved = long_call([&](Interrupt& interrupt) {
    if (const auto* texts = std::get_if<std::vector<std::string>>(&labels)) {
      page.labels = page_labels(std::span(*texts));
    } else if (const auto* doubles = std::get_if<Given<double>>(&labels)) {
      page.labels = page_labels(view(*doubles).values);
    } else if (const auto& floats = std::get<Given<float>>(labels); floats.size() > 0) {
      page.labels = page_labels(view(floats).values);
    }
    if (weights) {
      Autoencoder autoencoder(model_of(*weights), select_device(device));
      autoencoder.load_weights(*weights);
      add_model(page, autoencoder, *page.images, {}, interrupt.request());
    }
    if (rows) add_neighbors(page, samples(*rows, device), {}, interrupt.request());
    return save_page(file, page);
  });
  nb::list notes;
  for (const std::string& note : saved.notes) notes.append(note);
  nb::dict result;
  result["bytes"] = saved.bytes;
  result["notes"] = notes;
  return result;
}

}  // namespace

void add_page(nb::module_& module) {
  module.def("save_page", save, "file"_a, "title"_a, "maps"_a, "rows"_a.none(), "images"_a.none(),
             "labels"_a, "weights"_a.none(), "snapshots"_a.none(), "device"_a);
}

}  // namespace hourglass::python
