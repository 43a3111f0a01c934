// What each file of bindings adds to the module.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>

namespace hourglass::python {

namespace nb = nanobind;
using namespace nb::literals;  // NOLINT(google-build-using-namespace): "name"_a

void add_gpu_array(nb::module_& module);
void add_data(nb::module_& module);
void add_pca(nb::module_& module);
void add_maps(nb::module_& module);
void add_network(nb::module_& module);
void add_page(nb::module_& module);

}  // namespace hourglass::python
