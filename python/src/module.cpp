// The extension module hourglass._core: the library's calls, thinly. What Python people see is
// written in Python, beside it.
#include <nanobind/nanobind.h>

#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <hourglass/signals.hpp>
#include <hourglass/version.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "calls.hpp"

namespace hourglass::python {
namespace {

std::atomic<int> chosen_threads = 0;

/// What the caller gave makes no sense: ValueError. What is no fault of it: RuntimeError.
void translate(const std::exception_ptr& thrown, void* /*payload*/) {
  try {
    std::rethrow_exception(thrown);
  } catch (const DeviceError& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (const NotFinite& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (const Stopped& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (const Error& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  }
}

nb::list devices() {
  nb::list all;
  for (const DeviceStatus& status : list_devices()) {
    nb::dict device;
    const std::string kind(name_of(status.kind));
    device["name"] =
        status.kind == DeviceKind::cpu ? kind : kind + ":" + std::to_string(status.index);
    device["model"] = status.name.c_str();
    device["detail"] = status.detail.c_str();
    device["usable"] = status.usable;
    device["problem"] = status.problem.c_str();
    all.append(device);
  }
  return all;
}

nb::dict libraries() {
  nb::dict versions;
  for (const LibraryVersion& library : library_versions()) {
    versions[library.name.c_str()] = library.version.c_str();
  }
  return versions;
}

}  // namespace

void choose_threads(int threads) {
  chosen_threads = set_cpu_threads(threads);
}

void use_chosen_threads() {
  set_cpu_threads(chosen_threads);
}

}  // namespace hourglass::python

NB_MODULE(_core, module) {
  using namespace hourglass::python;  // NOLINT(google-build-using-namespace)
  nb::register_exception_translator(translate, nullptr);
  choose_threads(0);
  hourglass::use_signal_stack();
  module.attr("version") = HOURGLASS_VERSION;
  module.def("devices", devices);
  module.def("libraries", libraries);
  module.def(
      "check_device", [](const std::string& name) { return hourglass::select_device(name).name; },
      "name"_a);
  module.def(
      "set_threads",
      [](int threads) {
        choose_threads(threads);
        return hourglass::cpu_threads();
      },
      "threads"_a);
  module.def("threads", [] {
    use_chosen_threads();
    return hourglass::cpu_threads();
  });
  add_gpu_array(module);
  add_data(module);
  add_pca(module);
  add_maps(module);
  add_network(module);
  add_page(module);
}
