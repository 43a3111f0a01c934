#include "autoencoder/weights_file.hpp"

#include <algorithm>
#include <hourglass/autoencoder.hpp>
#include <hourglass/error.hpp>
#include <map>
#include <string>
#include <utility>

#include "data/check.hpp"
#include "files/messages.hpp"
#include "files/safetensors.hpp"

namespace hourglass {
namespace {

constexpr const char* kModelKey = "hourglass.model";

/// Most of the model's tensors are there: what is wrong with the rest is for load_parameters to
/// say.
bool resembles(const std::vector<files::NamedTensor>& tensors, const Model& model) {
  const auto specs = parameter_specs(model);
  const auto found = std::ranges::count_if(specs, [&](const ParameterSpec& spec) {
    return std::ranges::any_of(tensors, [&](const files::NamedTensor& named) {
      return named.name == spec.name && named.tensor.shape == spec.shape;
    });
  });
  return 2 * static_cast<std::size_t>(found) > specs.size();
}

}  // namespace

void put_tensor(const ParameterLayout& layout, std::size_t number, const Model& model,
                const Array<float>& tensor, const std::string& where, std::span<float> flat) {
  const ParameterSpec& spec = layout.specs()[number];
  const std::string what = where + " '" + spec.name + "'";
  if (tensor.shape != spec.shape) {
    throw Error(what + " has shape " + files::shape_text(tensor.shape) + "; model '" + model.name +
                "' wants " + files::shape_text(spec.shape));
  }
  require_finite(tensor, what);
  std::ranges::copy(tensor.values, flat.subspan(layout.offset(number)).begin());
}

std::vector<float> load_parameters(const std::filesystem::path& file, const Model& model,
                                   const ParameterLayout& layout) {
  const std::string name = files::path_text(file);
  std::map<std::string, Array<float>> tensors;
  for (auto& [key, tensor] : files::load_safetensors(file)) {
    tensors.insert_or_assign(key, std::move(tensor));
  }
  std::vector<float> flat(layout.flat_size());
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    const ParameterSpec& spec = layout.specs()[t];
    const auto found = tensors.find(spec.name);
    if (found == tensors.end()) {
      throw Error(name + ": tensor '" + spec.name + "' of model '" + model.name + "' is missing");
    }
    put_tensor(layout, t, model, found->second, name + ": tensor", flat);
    tensors.erase(found);
  }
  if (!tensors.empty()) {
    throw Error(name + ": tensor '" + files::printable(tensors.begin()->first) +
                "' does not belong to model '" + model.name + "'");
  }
  return flat;
}

Array<float> tensor_of(const ParameterLayout& layout, std::size_t tensor,
                       std::span<const float> flat) {
  const Shape& shape = layout.specs()[tensor].shape;
  const auto values = flat.subspan(layout.offset(tensor), element_count(shape));
  return {shape, {values.begin(), values.end()}};
}

void save_parameters(const std::filesystem::path& file, const Model& model,
                     const ParameterLayout& layout, std::span<const float> flat) {
  std::vector<files::NamedTensor> tensors;
  for (std::size_t t = 0; t < layout.specs().size(); ++t) {
    tensors.push_back({layout.specs()[t].name, tensor_of(layout, t, flat)});
  }
  files::save_safetensors(file, tensors, {{kModelKey, to_json(model)}});
}

Model model_of(const std::filesystem::path& weights) {
  const files::Metadata metadata = files::load_metadata(weights);
  const std::string name = files::path_text(weights);
  if (const auto found = metadata.find(kModelKey); found != metadata.end()) {
    return parse_model(found->second, name + ": the description of its model");
  }
  const auto tensors = files::load_safetensors(weights);
  for (const std::string& shipped : model_names()) {
    if (Model model = find_model(shipped); resembles(tensors, model)) return model;
  }
  throw Error(name +
              ": does not say which model it belongs to, and its tensors are not those of "
              "conv or dense; name the model with --model FILE.json");
}

}  // namespace hourglass
