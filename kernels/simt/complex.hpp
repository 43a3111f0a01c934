// A complex number in single precision, laid out as std::complex<float>.
#pragma once

namespace hourglass {

/// Aligned so that a GPU moves it in one piece.
struct alignas(8) Complex {
  float real;
  float imaginary;
};

}  // namespace hourglass
