// A libFuzzer target for everything that reads bytes from outside: the first byte chooses the
// format, the others are the file. Whatever they hold, the parser returns or throws Error.
// tests/fuzz/fuzz builds and runs it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <hourglass/error.hpp>
#include <hourglass/model.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "data/idx.hpp"
#include "files/npy_format.hpp"
#include "files/safetensors.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void parse(unsigned format, std::string_view bytes) {
  using namespace hourglass;
  if (format == 0) {
    const Array<float> array = files::parse_npy(bytes, "npy");
    check(array.size() == element_count(array.shape));
    const auto size = [](const auto& numbers) { return numbers.size(); };
    check(std::visit(size, files::parse_npy_numbers(bytes, "npy")) == array.size());
  } else if (format == 1) {
    for (const auto& [name, tensor] : files::parse_safetensors(bytes, "safetensors")) {
      check(tensor.size() == element_count(tensor.shape));
    }
  } else if (format == 4) {
    const std::string json = to_json(parse_model(bytes, "model"));
    check(to_json(parse_model(json, "again")) == json);
  } else {
    const std::size_t rank = format == 2 ? 1 : 3;
    const Array<std::uint8_t> array = data::parse_idx(bytes, rank, "idx");
    check(array.size() == element_count(array.shape) && array.shape.size() == rank);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  try {
    parse(data[0] % 5U, {reinterpret_cast<const char*>(data) + 1, size - 1});
  } catch (const hourglass::Error& error) {
    check(std::string_view(error.what()).find('\n') == std::string_view::npos);
  }
  return 0;
}
