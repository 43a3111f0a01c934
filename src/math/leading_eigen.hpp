// A few eigenpairs of a large symmetric matrix, for a few dozen products with it.
#pragma once

#include <cstddef>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

/// Whether this is quicker than `symmetric_eigen` is.
[[nodiscard]] bool leading_eigen_pays(std::size_t n, std::size_t count);

/// As `symmetric_eigen`, but `a` stays as it is, and the unit eigenvectors go to `vectors` (count,
/// n), orthogonal to some 1e-12. For matrices without negative eigenvalues. What is left of a v -
/// lambda v is at most 1e-10 of the largest eigenvalue. Returns false, with nothing of use, as soon
/// as that is seen to take too many products: where the eigenvalues hardly fall.
///
/// Block Lanczos: the best eigenpairs (Rayleigh and Ritz) within the space that a random block and
/// its images under a span. G. Golub and R. Underwood, "The block Lanczos method for computing
/// eigenvalues", Mathematical Software III, 1977.
[[nodiscard]] bool leading_eigen(Context& context, std::size_t n, std::size_t count,
                                 const double* a, double* eigenvalues, double* vectors);

}  // namespace hourglass::HOURGLASS_TARGET::math
