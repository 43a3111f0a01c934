// Dense linear algebra on row-major matrices, by cuBLAS and cuSOLVER or OpenBLAS and LAPACK.
#pragma once

#include <cstddef>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

enum class Transpose { no, yes };

/// C (m x n) = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) is k x n. All row-major and packed.
void matrix_product(Context& context, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, float alpha, const float* a, const float* b,
                    float beta, float* c);

/// The `count` largest eigenpairs of the symmetric n x n matrix in `a` (overwritten), by increasing
/// eigenvalue: eigenvalues[0 .. count), and in the first `count` rows of `a` the unit eigenvectors.
/// Throws Error if the solver does not converge.
void symmetric_eigen(Context& context, std::size_t n, std::size_t count, double* a,
                     double* eigenvalues);

}  // namespace hourglass::HOURGLASS_TARGET::math
