// Models as JSON: read, checked, written. docs/models.md describes the format.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/model.hpp>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "autoencoder/loss_fits.hpp"
#include "autoencoder/shipped_models.hpp"
#include "files/atomic_file.hpp"
#include "files/messages.hpp"

namespace hourglass {
namespace {

using Json = nlohmann::ordered_json;

/// "a, b or c"
template <class Names>
std::string alternatives(const Names& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
    text += std::string(names[i]);
  }
  return text;
}

/// One JSON object, its members asked for by name; what was never asked for is a mistake.
class Object {
 public:
  Object(const Json& json, std::string where, std::initializer_list<std::string_view> members)
      : json_(json), where_(std::move(where)) {
    if (!json.is_object()) fail("expected an object, found " + found(json));
    for (const auto& [key, value] : json.items()) {
      if (std::ranges::find(members, key) == members.end()) {
        fail("unknown member '" + files::printable(key) +
             "'; there are: " + alternatives(std::vector(members)));
      }
    }
  }

  [[noreturn]] void fail(const std::string& why) const { throw Error(where_ + ": " + why); }
  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] bool has(const char* key) const { return json_.contains(key); }

  [[nodiscard]] const Json& at(const char* key) const {
    const auto member = json_.find(key);
    if (member == json_.end()) fail("'" + std::string(key) + "' is missing");
    return *member;
  }
  [[nodiscard]] std::string text(const char* key) const {
    const Json& member = at(key);
    if (!member.is_string())
      fail("'" + std::string(key) + "' is " + found(member) + "; expected a text");
    return member.get<std::string>();
  }
  [[nodiscard]] std::size_t count(const char* key) const { return count(at(key), key); }

  /// One of `names`, by its place.
  template <class Names>
  [[nodiscard]] std::size_t choice(const char* key, const Names& names) const {
    const std::string name = text(key);
    const auto place = std::ranges::find(names, name);
    if (place == std::end(names)) {
      fail("unknown " + std::string(key) + " '" + files::printable(name) + "'; expected " +
           alternatives(names));
    }
    return static_cast<std::size_t>(place - std::begin(names));
  }

  /// [columns], [rows, columns] or [channels, rows, columns].
  [[nodiscard]] ImageShape shape(const char* key) const {
    const Json& list = at(key);
    if (!list.is_array() || list.empty() || list.size() > 3) {
      fail("'" + std::string(key) + "' is " + found(list) +
           "; expected a list of channels, rows and columns, such as [1, 28, 28]");
    }
    std::vector<std::size_t> counts(3 - list.size(), 1);
    for (const Json& item : list) counts.push_back(count(item, key));
    return {counts[0], counts[1], counts[2]};
  }

  [[nodiscard]] std::size_t count(const Json& value, const char* key) const {
    if (!value.is_number_unsigned() || value.get<std::size_t>() == 0) {
      fail("'" + std::string(key) + "' holds " + found(value) +
           "; expected a whole number, 1 or more");
    }
    return value.get<std::size_t>();
  }

  static std::string found(const Json& json) { return files::printable(json.dump(), 40); }

 private:
  const Json& json_;
  std::string where_;
};

/// The decoder's last layer has the output's activation, given here.
LayerSpec parse_layer(const Json& json, const std::string& where, OutputActivation* output) {
  const Object any(json, where, {"type", "outputs", "activation", "shape"});
  LayerSpec layer{.kind = static_cast<LayerKind>(any.choice("type", kNames<LayerKind>))};
  const std::string own = where + " (" + std::string(name_of(layer.kind)) + ")";
  if (layer.kind == LayerKind::reshape) {
    layer.shape = Object(json, own, {"type", "shape"}).shape("shape");
    return layer;
  }
  if (layer.kind == LayerKind::max_pool || layer.kind == LayerKind::upsample) {
    static_cast<void>(Object(json, own, {"type"}));
    return layer;
  }
  const Object object(json, own, {"type", "outputs", "activation"});
  layer.outputs = object.count("outputs");
  constexpr std::array<std::string_view, 3> kActivations{"none", "relu", "sigmoid"};
  const std::size_t activation =
      object.has("activation") ? object.choice("activation", kActivations) : 0;
  layer.relu = activation == 1;
  if (output == nullptr) {
    if (activation == 2) {
      object.fail("sigmoid is for the last layer alone; expected relu or none");
    }
  } else if (layer.relu || !object.has("activation")) {
    object.fail("the last layer's activation must be sigmoid, for values in [0, 1], or none");
  } else {
    *output = activation == 2 ? OutputActivation::sigmoid : OutputActivation::none;
  }
  return layer;
}

std::vector<LayerSpec> parse_layers(const Object& model, const char* part,
                                    OutputActivation* output) {
  const Json& list = model.at(part);
  if (!list.is_array() || list.empty()) {
    model.fail("'" + std::string(part) + "' is " + Object::found(list) +
               "; expected a list of layers");
  }
  std::vector<LayerSpec> layers;
  for (const Json& layer : list) {
    const bool last = layers.size() + 1 == list.size();
    layers.push_back(parse_layer(
        layer, model.where() + ": " + part + " layer " + std::to_string(layers.size() + 1),
        last ? output : nullptr));
  }
  return layers;
}

TrainingDefaults parse_training(const Json& json, const std::string& where,
                                TrainingDefaults training) {
  const Object object(json, where, {"epochs", "batch_size", "learning_rate", "loss"});
  if (object.has("epochs")) training.epochs = object.count("epochs");
  if (object.has("batch_size")) training.batch_size = object.count("batch_size");
  if (object.has("learning_rate")) {
    const Json& rate = object.at("learning_rate");
    if (!rate.is_number() || !(rate.get<double>() > 0.0)) {
      object.fail("'learning_rate' is " + Object::found(rate) + "; expected a number above 0");
    }
    training.learning_rate = rate.get<double>();
  }
  if (object.has("loss")) {
    training.loss = static_cast<Loss>(object.choice("loss", kNames<Loss>));
  }
  return training;
}

Json parse_json(std::string_view text, const std::string& source) {
  constexpr int kDeepest = 4;  // no description nests deeper
  const auto shallow = [&](int depth, Json::parse_event_t event, Json&) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth > kDeepest) throw Error(source + ": its JSON nests too deep for a model");
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), shallow);
  } catch (const Json::parse_error& error) {
    throw Error(source + ": not JSON (at byte " + std::to_string(error.byte) +
                "); expected the description of a model");
  } catch (const Json::exception&) {
    throw Error(source + ": a number out of range");
  }
}

/// It names folders.
bool plain_word(const std::string& name) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  };
  constexpr std::size_t kLongest = 64;
  return !name.empty() && name.size() <= kLongest && name.front() != '.' && name.front() != '-' &&
         std::ranges::all_of(name, plain);
}

Json to_json(const LayerSpec& layer, const OutputActivation* output) {
  Json json{{"type", name_of(layer.kind)}};
  if (layer.kind == LayerKind::reshape) {
    json["shape"] = {layer.shape.channels, layer.shape.height, layer.shape.width};
  } else if (layer.outputs > 0) {
    json["outputs"] = layer.outputs;
    json["activation"] = output != nullptr ? name_of(*output) : layer.relu ? "relu" : "none";
  }
  return json;
}

}  // namespace

Model parse_model(std::string_view text, const std::string& source) {
  const Json json = parse_json(text, source);
  const Object object(json, source, {"name", "input", "encoder", "decoder", "training"});
  Model model{.name = object.text("name"),
              .input = object.shape("input"),
              .encoder = parse_layers(object, "encoder", nullptr),
              .decoder = {}};
  model.decoder = parse_layers(object, "decoder", &model.output);
  if (!plain_word(model.name)) {
    object.fail("'name' is " + Object::found(object.at("name")) +
                "; expected letters, digits, '-' and '_', and no more than 64");
  }
  if (model.output == OutputActivation::none) model.training.loss = Loss::mse;
  if (object.has("training")) {
    model.training = parse_training(json["training"], source + ": training", model.training);
  }
  try {
    require_loss_fits(model, model.training.loss);
    static_cast<void>(parameter_specs(model));
  } catch (const Error& error) {
    throw Error(source + ": " + error.what());
  }
  return model;
}

Model load_model(const std::filesystem::path& file) {
  return parse_model(files::read_file(file), files::path_text(file));
}

std::string to_json(const Model& model) {
  Json json{{"name", model.name},
            {"input", {model.input.channels, model.input.height, model.input.width}}};
  for (const LayerSpec& layer : model.encoder) json["encoder"].push_back(to_json(layer, nullptr));
  for (const LayerSpec& layer : model.decoder) {
    json["decoder"].push_back(
        to_json(layer, &layer == &model.decoder.back() ? &model.output : nullptr));
  }
  json["training"] = {{"epochs", model.training.epochs},
                      {"batch_size", model.training.batch_size},
                      {"learning_rate", model.training.learning_rate},
                      {"loss", name_of(model.training.loss)}};
  return json.dump();
}

// ---- those that ship ---------------------------------------------------------------------------

Model conv_model() {
  return parse_model(kConvDescription, "conv");
}

Model dense_model() {
  return parse_model(kDenseDescription, "dense");
}

std::vector<std::string> model_names() {
  return {"conv", "dense"};
}

Model find_model(std::string_view name) {
  if (name == "conv") return conv_model();
  if (name == "dense") return dense_model();
  throw UsageError("unknown model '" + files::printable(name) + "'; there are: conv, dense");
}

}  // namespace hourglass
