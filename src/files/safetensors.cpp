#include "files/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <hourglass/error.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "files/atomic_file.hpp"
#include "files/checked_count.hpp"
#include "files/messages.hpp"

namespace hourglass::files {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little,
              "values are copied as they lie in memory");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr std::string_view kMetadata = "__metadata__";

/// Where a tensor lies in the data that follows the header.
struct Entry {
  std::string name;
  Shape shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::optional<std::vector<std::size_t>> counts(const json& object, const char* key) {
  const auto list = object.find(key);
  if (list == object.end() || !list->is_array()) return std::nullopt;
  std::vector<std::size_t> values;
  for (const json& value : *list) {
    if (!value.is_number_unsigned()) return std::nullopt;
    values.push_back(value.get<std::size_t>());
  }
  return values;
}

Entry read_entry(const std::string& tensor, const json& description, std::size_t data_size,
                 const std::string& name) {
  const auto bad = [&](const std::string& why) {
    fail(name, "tensor '" + printable(tensor) + "': " + why);
  };
  if (!description.is_object()) bad("its description is not a JSON object");
  const auto dtype = description.find("dtype");
  if (dtype == description.end() || !dtype->is_string()) bad("no dtype, expected F32");
  if (*dtype != "F32") bad("dtype " + printable(dtype->get<std::string>()) + ", expected F32");
  const auto shape = counts(description, "shape");
  if (!shape) bad("its shape is not a list of counts");
  const auto offsets = counts(description, "data_offsets");
  if (!offsets || offsets->size() != 2) bad("its data_offsets are not two byte offsets");

  Entry entry{tensor, *shape, offsets->front(), offsets->back()};
  const std::string range =
      "data_offsets " + std::to_string(entry.begin) + " to " + std::to_string(entry.end);
  if (entry.begin > entry.end) bad(range + " run backwards");
  if (entry.end > data_size) {
    bad(range + " reach beyond the " + std::to_string(data_size) +
        " bytes of data: the file is truncated or its header wrong");
  }
  const std::optional<std::size_t> count = checked_count(entry.shape, sizeof(float));
  if (!count || *count * sizeof(float) != entry.end - entry.begin) {
    bad(range + " do not fit float32 values of shape " + shape_text(entry.shape));
  }
  return entry;
}

json parse_header(std::string_view text, const std::string& name) {
  // Root, tensor, list: nothing in the format nests deeper.
  const auto shallow = [&](int depth, json::parse_event_t event, json&) {
    const bool opens =
        event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
    if (opens && depth > 2) fail(name, "malformed safetensors header: its JSON nests too deep");
    return true;
  };
  try {
    json header = json::parse(text.begin(), text.end(), shallow);
    if (!header.is_object()) {
      fail(name,
           "malformed safetensors header: expected a JSON object, found " + printable(text, 40));
    }
    return header;
  } catch (const json::parse_error& error) {
    fail(name, "malformed safetensors header: not JSON at byte " + std::to_string(error.byte));
  } catch (const json::exception&) {  // a number that no double holds
    fail(name, "malformed safetensors header: a number out of range");
  }
}

/// The file's JSON header, and the data that follows it.
struct Parts {
  json header;
  std::string_view data;
};

Parts split(std::string_view bytes, const std::string& name) {
  const std::string found = std::to_string(bytes.size()) + " bytes";
  if (bytes.size() < kLengthBytes) {
    fail(name, "not a safetensors file: " + found + ", expected at least 8");
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeader) {
    fail(name, "not a safetensors file: it declares a header of " + std::to_string(length) +
                   " bytes, expected at most " + std::to_string(kMaxHeader));
  }
  if (length > bytes.size() - kLengthBytes) {
    fail(name, "the safetensors file is truncated: it has " + found + ", its header ends at " +
                   std::to_string(kLengthBytes + length));
  }
  return {parse_header(bytes.substr(kLengthBytes, length), name),
          bytes.substr(kLengthBytes + length)};
}

}  // namespace

std::vector<NamedTensor> parse_safetensors(std::string_view bytes, const std::string& name) {
  const auto [header, data] = split(bytes, name);
  std::vector<Entry> entries;
  for (const auto& [tensor, description] : header.items()) {
    if (tensor == kMetadata) continue;
    entries.push_back(read_entry(tensor, description, data.size(), name));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });

  std::vector<NamedTensor> tensors;
  std::size_t position = 0;
  for (Entry& entry : entries) {
    if (entry.begin != position) {
      fail(name, "tensor '" + printable(entry.name) + "' starts at byte " +
                     std::to_string(entry.begin) + " of the data, expected " +
                     std::to_string(position) +
                     ": tensors must follow each other without gap or overlap");
    }
    position = entry.end;
    Array<float> tensor(std::move(entry.shape));
    if (tensor.size() > 0) {
      std::memcpy(tensor.values.data(), data.data() + entry.begin, entry.end - entry.begin);
    }
    tensors.push_back({std::move(entry.name), std::move(tensor)});
  }
  if (position != data.size()) {
    fail(name, "its tensors end at byte " + std::to_string(position) +
                   " of the data, but there are " + std::to_string(data.size()));
  }
  return tensors;
}

std::vector<NamedTensor> load_safetensors(const std::filesystem::path& file) {
  return parse_safetensors(read_file(file), path_text(file));
}

Metadata load_metadata(const std::filesystem::path& file) {
  const std::string name = path_text(file);
  const std::string bytes = read_file(file);
  const json header = split(bytes, name).header;
  Metadata metadata;
  const auto found = header.find(kMetadata);
  if (found == header.end()) return metadata;
  for (const auto& [key, text] : found->items()) {
    if (!text.is_string()) fail(name, "its metadata '" + printable(key) + "' is not a text");
    metadata.emplace(key, text.get<std::string>());
  }
  return metadata;
}

void save_safetensors(const std::filesystem::path& file, const std::vector<NamedTensor>& tensors,
                      const Metadata& metadata) {
  const auto bad = [&](const std::string& tensor, const std::string& why) {
    throw Error("cannot write " + path_text(file) + ": tensor '" + printable(tensor) + "' " + why);
  };
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[std::string(kMetadata)] = metadata;
  std::vector<std::span<const char>> pieces(2);
  std::set<std::string_view> names;
  std::size_t position = 0;
  for (const auto& [name, tensor] : tensors) {
    if (name == kMetadata) bad(name, "has a name that the format keeps for itself");
    if (!names.insert(name).second) bad(name, "is there twice");
    if (checked_count(tensor.shape, sizeof(float)) != tensor.size()) {
      bad(name, "has the shape " + shape_text(tensor.shape) + " but " +
                    std::to_string(tensor.size()) + " values");
    }
    const std::size_t size = tensor.size() * sizeof(float);
    header[name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {position, position + size}}};
    pieces.emplace_back(reinterpret_cast<const char*>(tensor.values.data()), size);
    position += size;
  }

  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error("cannot write " + path_text(file) + ": the name of a tensor is not UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  pieces[0] = {reinterpret_cast<const char*>(&length), sizeof length};
  pieces[1] = text;
  write_atomically(file, pieces);
}

}  // namespace hourglass::files
