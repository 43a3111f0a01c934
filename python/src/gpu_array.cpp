#include "gpu_array.hpp"

#include <nanobind/stl/vector.h>

#include <hourglass/device.hpp>
#include <hourglass/error.hpp>
#include <memory>
#include <utility>

#include "arrays.hpp"
#include "bindings.hpp"

namespace hourglass::python {
namespace {

/// What is released on a thread without the interpreter's lock, too.
std::shared_ptr<const void> kept(const AnyOnGpu& given) {
  return {new AnyOnGpu(given), [](const AnyOnGpu* there) {
            const nb::gil_scoped_acquire lock;
            delete there;  // NOLINT(cppcoreguidelines-owning-memory)
          }};
}

template <class T>
GpuView<T> view_of(const AnyOnGpu& given) {
  Shape shape(given.ndim());
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = given.shape(i);
  return {std::move(shape), static_cast<const T*>(given.data()), given.device_id(), nullptr,
          kept(given)};
}

bool in_c_order(const AnyOnGpu& given) {
  std::int64_t stride = 1;
  for (std::size_t i = given.ndim(); i-- > 0;) {
    if (given.shape(i) != 1 && given.stride(i) != stride) return false;
    stride *= static_cast<std::int64_t>(given.shape(i));
  }
  return true;
}

GpuArray::View checked(const AnyOnGpu& given) {
  if (!in_c_order(given)) {
    throw nb::value_error("an array in a GPU's memory is not in C order; make it contiguous");
  }
  if (given.dtype() == nb::dtype<float>()) return view_of<float>(given);
  if (given.dtype() == nb::dtype<std::uint8_t>()) return view_of<std::uint8_t>(given);
  throw nb::type_error("an array in a GPU's memory is of another type; expected float32, or uint8");
}

GpuView<float> view_of(const Samples& rows) {
  return {{rows.rows(), rows.row_size()},
          rows.device_values(),
          rows.device().index,
          {},
          std::make_shared<Samples>(rows)};
}

nb::tuple to_tuple(const Shape& shape) {
  nb::list sides;
  for (const std::size_t side : shape) sides.append(side);
  return nb::tuple(sides);
}

}  // namespace

GpuArray::GpuArray(const AnyOnGpu& given) : view_(checked(given)) {}

GpuArray::GpuArray(const Samples& rows) : view_(view_of(rows)) {}

const Shape& GpuArray::shape() const {
  return std::visit([](const auto& view) -> const Shape& { return view.shape; }, view_);
}

const char* GpuArray::dtype() const {
  return std::holds_alternative<GpuView<float>>(view_) ? "float32" : "uint8";
}

int GpuArray::index() const {
  return std::visit([](const auto& view) { return view.index; }, view_);
}

GpuArray GpuArray::shaped(Shape shape) const {
  if (element_count(shape) != element_count(this->shape())) {
    throw nb::value_error("the array in a GPU's memory has another number of values");
  }
  return seen_as(std::move(shape));
}

GpuArray GpuArray::seen_as(Shape shape) const {
  GpuArray other = *this;
  std::visit([&](auto& view) { view.shape = std::move(shape); }, other.view_);
  return other;
}

GpuArray GpuArray::flat() const {
  if (shape().empty()) throw nb::value_error("an array in a GPU's memory has no rows");
  return shaped({shape().front(), element_count(std::span(shape()).subspan(1))});
}

GpuArray GpuArray::first(std::size_t n) const {
  Shape fewer = shape();
  if (!fewer.empty()) fewer.front() = std::min(fewer.front(), n);
  return seen_as(std::move(fewer));
}

Images GpuArray::images() const {
  return std::visit([](const auto& view) { return Images(view); }, view_);
}

Samples GpuArray::samples(const std::string& device) const {
  const auto* floats = std::get_if<GpuView<float>>(&view_);
  if (floats == nullptr) {
    throw UsageError("rows in a GPU's memory are uint8; expected float32");
  }
  const std::string own = "cuda:" + std::to_string(floats->index);
  if (device != "auto" && device != own && !(device == "cuda" && floats->index == 0)) {
    throw UsageError("the rows are in the memory of " + own + ", and device is '" + device + "'");
  }
  return Samples(*floats);
}

nb::object GpuArray::capsule() const {
  const auto* floats = std::get_if<GpuView<float>>(&view_);
  if (floats != nullptr && floats->written_on) static_cast<void>(Samples(*floats).device_values());
  return std::visit(
      []<class T>(const GpuView<T>& view) {
        auto owner = std::make_unique<GpuView<T>>(view);
        const nb::capsule kept(owner.get(), [](void* pointer) noexcept {
          delete static_cast<GpuView<T>*>(pointer);  // NOLINT(cppcoreguidelines-owning-memory)
        });
        static_cast<void>(owner.release());
        return nb::cast(nb::ndarray<const T, nb::device::cuda>(
            view.data, view.shape.size(), view.shape.data(), kept, nullptr, nb::dtype<T>(),
            nb::device::cuda::value, view.index));
      },
      view_);
}

void add_gpu_array(nb::module_& module) {
  nb::class_<GpuArray>(module, "GpuArray",
                       "Rows in the memory of a GPU, which other libraries take by DLPack.")
      .def(nb::init<const AnyOnGpu&>(), "capsule"_a)
      .def_prop_ro("shape", [](const GpuArray& array) { return to_tuple(array.shape()); })
      .def_prop_ro("ndim", [](const GpuArray& array) { return array.shape().size(); })
      .def_prop_ro("dtype",
                   [](const GpuArray& array) {
                     return nb::module_::import_("numpy").attr("dtype")(array.dtype());
                   })
      .def_prop_ro("device",
                   [](const GpuArray& array) { return "cuda:" + std::to_string(array.index()); })
      .def("__len__",
           [](const GpuArray& array) { return array.shape().empty() ? 0 : array.shape().front(); })
      .def("flat", &GpuArray::flat)
      .def("first", &GpuArray::first, "n"_a)
      .def("shaped", &GpuArray::shaped, "shape"_a)
      .def("numpy",
           [](const GpuArray& array) {
             Array<float> copy = array.flat().samples("auto").host().copy();
             copy.shape = array.shape();
             return to_numpy(std::move(copy));
           })
      .def("__reduce__",
           [](const nb::object& array) {
             const nb::object upload = nb::module_::import_("hourglass._arrays").attr("unpickled");
             return nb::make_tuple(upload,
                                   nb::make_tuple(array.attr("numpy")(), array.attr("device")));
           })
      .def("__dlpack_device__",
           [](const GpuArray& array) { return nb::make_tuple(2, array.index()); })
      .def(
          "__dlpack__",
          [](const GpuArray& array, const nb::kwargs& asked) {
            const auto wants = [&](const char* name) {
              return asked.contains(name) && !asked[name].is_none();
            };
            const bool elsewhere =
                wants("dl_device") && !asked["dl_device"].equal(nb::make_tuple(2, array.index()));
            if (elsewhere || (wants("copy") && nb::cast<bool>(asked["copy"]))) {
              throw nb::buffer_error("a GpuArray gives its own memory alone");
            }
            return array.capsule();  // on whatever stream: its values are there
          },
          "kwargs"_a);
  module.def(
      "to_gpu",
      [](const Given<float>& x, const std::string& device) {
        const Device gpu = select_device(device);
        if (gpu.kind != DeviceKind::cuda) {
          throw UsageError("device '" + device + "' is no GPU here");
        }
        return GpuArray(Samples(view(x).copy(), gpu)).shaped(view(x).shape);
      },
      "x"_a, "device"_a);
}

}  // namespace hourglass::python
