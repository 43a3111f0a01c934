// The images the studies learn from.
#include <hourglass/dataset.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "calls.hpp"

namespace hourglass::python {
namespace {

nb::tuple halves(Dataset data) {
  const auto half = [](LabelledImages& part) {
    return nb::make_tuple(to_numpy(std::move(part.images)), to_numpy(std::move(part.labels)));
  };
  return nb::make_tuple(half(data.train), half(data.test));
}

}  // namespace

void add_data(nb::module_& module) {
  module.def(
      "load_mnist",
      [](const std::string& folder) {
        return halves(long_call([&](Interrupt&) { return load_mnist(folder); }));
      },
      "folder"_a);
  module.def(
      "synthetic_digits",
      [](std::size_t count, std::uint64_t seed) {
        return halves(long_call([&](Interrupt&) { return synthetic_digits(count, seed); }));
      },
      "count"_a, "seed"_a);
  module.def("digit_four", [] { return to_numpy(digit_four()); });
}

}  // namespace hourglass::python
