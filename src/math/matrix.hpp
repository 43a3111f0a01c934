// Dense linear algebra on row-major matrices, by cuBLAS and cuSOLVER, or oneDNN, OpenBLAS and
// LAPACK.
#pragma once

#include <cstddef>

#include "math/context.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

enum class Transpose { no, yes };

/// C (m x n) = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) is k x n. All row-major and
/// packed.
void matrix_product(Context& context, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, float alpha, const float* a, const float* b,
                    float beta, float* c);
void matrix_product(Context& context, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, double alpha, const double* a, const double* b,
                    double beta, double* c);

/// The lower triangle of C (n x n) = op(A) op(A)' + beta C; op(A) is n x k. Half the work of the
/// product; what is above the diagonal stays as it is. In float never in less than full precision.
void gram_product(Context& context, Transpose transpose, std::size_t n, std::size_t k,
                  const float* a, float beta, float* c);
void gram_product(Context& context, Transpose transpose, std::size_t n, std::size_t k,
                  const double* a, double beta, double* c);

/// Y (rows x n) = X A for the symmetric n x n matrix A whose lower triangle is in `a`.
void symmetric_product(Context& context, std::size_t rows, std::size_t n, const double* x,
                       const double* a, double* y);

/// The `count` largest eigenpairs of the symmetric n x n matrix whose lower triangle is in `a`
/// (overwritten), by increasing eigenvalue: eigenvalues[0 .. count), and in the first `count` rows
/// of `a` the unit eigenvectors. Throws Error if the solver does not converge.
void symmetric_eigen(Context& context, std::size_t n, std::size_t count, double* a,
                     double* eigenvalues);

/// Makes the rows of a (rows x columns, rows <= columns) orthonormal, in order: the first k span
/// what they did. A row that those before it span (zeros, say) becomes any that they do not. Signs
/// are the library's.
void orthonormalize_rows(Context& context, std::size_t rows, std::size_t columns, double* a);

}  // namespace hourglass::HOURGLASS_TARGET::math
