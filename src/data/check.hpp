// What arrays must be before work on them begins. Each throws Error: `what`, the place, the remedy.
#pragma once

#include <cstddef>
#include <hourglass/array.hpp>
#include <hourglass/images.hpp>
#include <hourglass/loss.hpp>
#include <hourglass/samples.hpp>
#include <span>
#include <string>

namespace hourglass {

[[nodiscard]] bool all_finite(std::span<const float> values);
[[nodiscard]] bool all_finite(std::span<const double> values);

/// "`what`: row 3, column 17 is not finite"
void require_finite(std::span<const float> values, std::size_t row_size, const std::string& what);
void require_finite(const ArrayView<float>& x, const std::string& what);
/// Bytes always are. A GPU's floats are looked at there.
void require_finite_pixels(const Images& images, const std::string& what);
/// Looked at on the device; the place is looked for on the host. There must be rows.
void require_finite(const Samples& x, const std::string& what);

/// At least two rows of at least one value.
void require_rows(std::size_t rows, std::size_t row_size, const std::string& what);

/// Not all rows the same: "`what`: all 10 rows are the same; `why`".
void require_distinct_rows(const ArrayView<float>& x, const std::string& what,
                           const std::string& why);
void require_distinct_rows(const Samples& x, const std::string& what, const std::string& why);

/// From 1 to as many neighbours as so many rows have, or as a search finds: a third of them.
void require_perplexity(double perplexity, std::size_t rows);
/// From 1 to `largest`.
void require_perplexity(double perplexity, std::size_t rows, std::size_t largest);

/// Floats in [0, 1]; bytes always are. Else bytes that were not divided by 255 would pass silently.
void require_unit_range(const Images& images, const std::string& what);

/// What a network that ends so can learn: floats in [0, 1], or any finite ones.
void require_range_of(OutputActivation output, const Images& images, const std::string& what);

}  // namespace hourglass
