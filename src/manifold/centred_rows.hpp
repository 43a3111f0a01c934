// Rows as searches by inner products want them: centred, with their lengths.
#pragma once

#include <cstddef>

#include "device/buffer.hpp"
#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET {

struct CentredRows {
  device::Buffer<float>
      values;  ///< (rows, features); near the origin, inner products lose fewer digits
  device::Buffer<float> squared_norms;  ///< (rows)
};

/// x (rows, features) in device memory, which becomes `values`.
[[nodiscard]] CentredRows centre_rows(math::Context& context, device::Buffer<float> x,
                                      std::size_t rows, std::size_t features);

}  // namespace hourglass::HOURGLASS_TARGET
