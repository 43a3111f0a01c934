#include "data/check.hpp"

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <optional>
#include <sstream>

#include "data/device_rows.hpp"
#include "files/messages.hpp"
#include "kernels/neighbors/limits.hpp"

namespace hourglass {
namespace {

/// 0.001 and 1e+30, where std::to_string has 0.001000 and 31 digits.
std::string shortest(float number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

template <class Real>
bool finite(std::span<const Real> values) {
  return std::ranges::all_of(values, [](Real value) { return std::isfinite(value); });
}

}  // namespace

bool all_finite(std::span<const float> values) {
  return finite(values);
}
bool all_finite(std::span<const double> values) {
  return finite(values);
}

void require_finite(std::span<const float> values, std::size_t row_size, const std::string& what) {
  const auto bad =
      std::ranges::find_if_not(values, [](float value) { return std::isfinite(value); });
  if (bad == values.end()) return;
  const auto index = static_cast<std::size_t>(bad - values.begin());
  const std::size_t width = std::max<std::size_t>(row_size, 1);  // a lone number is no row
  throw Error(what + ": row " + std::to_string(index / width) + ", column " +
              std::to_string(index % width) + " is not finite");
}

void require_finite(const ArrayView<float>& x, const std::string& what) {
  require_finite(x.values, x.row_size(), what);
}

namespace {

/// A GPU's floats, or nothing where they are the host's or bytes.
std::optional<GpuView<float>> floats_on_gpu(const Images& images) {
  const auto* floats = std::get_if<std::span<const float>>(&images.pixels());
  if (floats == nullptr || !images.gpu()) return {};
  return GpuView<float>{.shape = images.shape(),
                        .data = floats->data(),
                        .index = images.gpu()->index,
                        .written_on = images.gpu()->written_on,
                        .owner = images.gpu()->owner};
}

}  // namespace

void require_finite_pixels(const Images& images, const std::string& what) {
  if (const auto there = floats_on_gpu(images)) {
    require_finite(Samples(*there), what);
  } else if (const auto* floats = std::get_if<std::span<const float>>(&images.pixels())) {
    require_finite(*floats, images.image_size(), what);
  }
}

void require_finite(const Samples& x, const std::string& what) {
  if (!x.on_device().facts(x.rows()).finite) require_finite(x.host(), what);
}

void require_rows(std::size_t rows, std::size_t row_size, const std::string& what) {
  if (rows < 2) {
    throw Error(what + " needs at least 2 rows, and there " +
                std::string(rows == 1 ? "is 1" : "are none"));
  }
  if (row_size == 0) throw Error(what + ": the rows are empty");
}

void require_distinct_rows(const ArrayView<float>& x, const std::string& what,
                           const std::string& why) {
  for (std::size_t i = 1; i < x.rows(); ++i) {
    if (!std::ranges::equal(x.row(0), x.row(i))) return;
  }
  throw Error(what + ": all " + std::to_string(x.rows()) + " rows are the same; " + why);
}

void require_distinct_rows(const Samples& x, const std::string& what, const std::string& why) {
  if (!x.on_device().facts(x.rows()).distinct) require_distinct_rows(x.host(), what, why);
}

void require_perplexity(double perplexity, std::size_t rows) {
  require_perplexity(perplexity, rows, std::min(rows - 1, kMaxNeighbors / 3));
}

void require_perplexity(double perplexity, std::size_t rows, std::size_t largest) {
  if (perplexity >= 1.0 && perplexity <= static_cast<double>(largest)) return;
  throw Error("perplexity " + files::number_text(perplexity) + " does not fit " +
              std::to_string(rows) + " rows; it must be from 1 to " + std::to_string(largest));
}

void require_unit_range(const Images& images, const std::string& what) {
  if (const auto there = floats_on_gpu(images)) {
    const Samples samples(*there);
    const RowFacts& facts = samples.on_device().facts(samples.rows());
    if (facts.negative || !(facts.largest <= 1.f)) require_unit_range(samples.host(), what);
    return;
  }
  const auto* floats = std::get_if<std::span<const float>>(&images.pixels());
  if (floats == nullptr) return;
  const auto bad =
      std::ranges::find_if_not(*floats, [](float value) { return value >= 0.f && value <= 1.f; });
  if (bad == floats->end()) return;
  const auto row = static_cast<std::size_t>(bad - floats->begin()) / images.image_size();
  throw Error(what + ": row " + std::to_string(row) + " holds " + shortest(*bad) +
              "; images must be in [0, 1] (divide bytes by 255)");
}

void require_range_of(OutputActivation output, const Images& images, const std::string& what) {
  if (output == OutputActivation::sigmoid) {
    require_unit_range(images, what);
  } else {
    require_finite_pixels(images, what);
  }
}

}  // namespace hourglass
