// Matrix products by CBLAS, eigenpairs by LAPACK.
#include <cblas.h>
#include <lapacke.h>

#include <algorithm>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "math/matrix.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

CBLAS_TRANSPOSE cblas(Transpose transpose) {
  return transpose == Transpose::yes ? CblasTrans : CblasNoTrans;
}

/// Row length of a packed row-major matrix whose op() is rows x columns.
int leading(Transpose transpose, std::size_t rows, std::size_t columns) {
  return static_cast<int>(transpose == Transpose::yes ? rows : columns);
}

}  // namespace

void matrix_product(Context&, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, float alpha, const float* a, const float* b,
                    float beta, float* c) {
  cblas_sgemm(CblasRowMajor, cblas(transpose_a), cblas(transpose_b), static_cast<int>(m),
              static_cast<int>(n), static_cast<int>(k), alpha, a, leading(transpose_a, m, k), b,
              leading(transpose_b, k, n), beta, c, static_cast<int>(n));
}

void symmetric_eigen(Context&, std::size_t n, std::size_t count, double* a, double* eigenvalues) {
  const auto order = static_cast<lapack_int>(n);
  const auto first = static_cast<lapack_int>(n - count + 1);
  std::vector<double> vectors(n * count);
  std::vector<double> values(n);  // LAPACK uses all n as workspace
  std::vector<lapack_int> support(2 * count);
  lapack_int found = 0;
  // A symmetric matrix is its own transpose: column-major calls spare LAPACKE its copies, and a
  // column-major matrix of eigenvectors is ours with one eigenvector a row.
  const lapack_int status = LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', count == n ? 'A' : 'I', 'U',
                                           order, a, order, 0.0, 0.0, first, order, 0.0, &found,
                                           values.data(), vectors.data(), order, support.data());
  if (status != 0 || found != static_cast<lapack_int>(count)) {
    throw Error("the eigenvalue solver did not converge (LAPACK dsyevr, status " +
                std::to_string(status) + ")");
  }
  std::copy(vectors.begin(), vectors.end(), a);
  std::copy_n(values.begin(), count, eigenvalues);
}

}  // namespace hourglass::HOURGLASS_TARGET::math
