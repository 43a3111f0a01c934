#include <hourglass/samples.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "data/device_rows.hpp"
#include "target/table.hpp"

namespace hourglass {

/// Where the rows are: in either place, or both.
struct Samples::Places {
  std::optional<Array<float>> owned;
  std::optional<ArrayView<float>> host;  // of `owned`, of `device` on the CPU, or of another's
  std::shared_ptr<const DeviceRows> device;
  std::shared_ptr<const Places> whole;  // whose memory `host` is, if not these places'
};

Samples::Samples(Shape shape, Device device, std::shared_ptr<Places> places)
    : shape_(std::move(shape)), device_(std::move(device)), places_(std::move(places)) {}

Samples::Samples(Array<float> rows, Device device)
    : Samples(rows.shape, std::move(device), std::make_shared<Places>()) {
  places_->host.emplace(places_->owned.emplace(std::move(rows)));
}

Samples Samples::view(ArrayView<float> rows, Device device) {
  auto places = std::make_shared<Places>();
  Shape shape = rows.shape;
  places->host = std::move(rows);
  return {std::move(shape), std::move(device), std::move(places)};
}

Samples::Samples(std::shared_ptr<const DeviceRows> rows, Shape shape, Device device)
    : Samples(std::move(shape), std::move(device), std::make_shared<Places>()) {
  places_->device = std::move(rows);
}

Samples::Samples(const GpuView<float>& rows)
    : Samples(rows.shape, select_device("cuda:" + std::to_string(rows.index)),
              std::make_shared<Places>()) {
  places_->device = target_of(device_).adopt_rows(rows);
}

std::size_t Samples::row_size() const {
  return shape_.empty() ? 0 : element_count(std::span(shape_).subspan(1));
}

bool Samples::on_host_alone() const {
  return device_.kind == DeviceKind::cuda && !places_->device;
}

const ArrayView<float>& Samples::host() const {
  if (!places_->host && device_.kind == DeviceKind::cpu) {
    const float* values = places_->device->settled_values();
    places_->host.emplace(shape_, std::span(values, element_count(shape_)));
  } else if (!places_->host) {
    Array<float>& host = places_->owned.emplace(shape_);
    places_->device->copy_to_host(host.values);
    places_->host.emplace(host);
  }
  return *places_->host;
}

const DeviceRows& Samples::on_device() const {
  if (!places_->device) {
    places_->device = target_of(device_).upload_rows(device_.index, places_->host->values);
  }
  return *places_->device;
}

const float* Samples::device_values() const {
  return on_device().settled_values();
}

Samples Samples::on(const Device& device) const {
  if (device.kind == device_.kind && device.index == device_.index) return *this;
  auto places = std::make_shared<Places>();
  places->host = host();
  places->whole = places_;
  return {shape_, device, std::move(places)};
}

Samples Samples::first(std::size_t rows) const {
  if (rows >= this->rows()) return *this;
  auto places = std::make_shared<Places>();
  Shape shape = shape_;
  shape.front() = rows;
  if (places_->host) {
    places->host.emplace(shape, places_->host->values.first(element_count(shape)));
    places->whole = places_;
  }
  if (places_->device) {
    places->device = places_->device->first(places_->device, element_count(shape));
  }
  return {std::move(shape), device_, std::move(places)};
}

}  // namespace hourglass
