// Names of devices, precisions and engines, as options spell them.
#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <utility>

namespace hourglass {
namespace {

template <class Value, std::size_t n>
Value parse_name(std::string_view name, const char* what,
                 const std::pair<std::string_view, Value> (&known)[n]) {
  std::string names;
  for (const auto& [known_name, value] : known) {
    if (name == known_name) return value;
    names += (names.empty() ? "" : ", ") + std::string(known_name);
  }
  throw UsageError("unknown " + std::string(what) + " '" + std::string(name) +
                   "'; there are: " + names);
}

constexpr std::pair<std::string_view, Precision> kPrecisions[] = {{"fp32", Precision::fp32},
                                                                  {"tf32", Precision::tf32}};
constexpr std::pair<std::string_view, EngineKind> kEngines[] = {{"auto", EngineKind::automatic},
                                                                {"layered", EngineKind::layered},
                                                                {"fused", EngineKind::fused}};

}  // namespace

Precision parse_precision(std::string_view name) {
  return parse_name(name, "precision", kPrecisions);
}

EngineKind parse_engine(std::string_view name) {
  return parse_name(name, "engine", kEngines);
}

std::string_view name_of(Precision precision) {
  return kPrecisions[static_cast<std::size_t>(precision)].first;
}

std::string_view name_of(EngineKind engine) {
  return kEngines[static_cast<std::size_t>(engine)].first;
}

std::string_view name_of(DeviceKind kind) {
  return kind == DeviceKind::cpu ? "cpu" : "cuda";
}

}  // namespace hourglass
