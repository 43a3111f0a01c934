// Matrix products by oneDNN in single precision, for it knows newer processors than OpenBLAS does,
// and by CBLAS; eigenpairs by LAPACK.
#include <cblas.h>
#include <dnnl.h>
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
  const auto letter = [](Transpose transpose) { return transpose == Transpose::yes ? 'T' : 'N'; };
  const auto size = [](std::size_t count) { return static_cast<dnnl_dim_t>(count); };
  const dnnl_status_t status =
      dnnl_sgemm(letter(transpose_a), letter(transpose_b), size(m), size(n), size(k), alpha, a,
                 leading(transpose_a, m, k), b, leading(transpose_b, k, n), beta, c, size(n));
  if (status != dnnl_success) {
    throw DeviceError("a matrix product failed (oneDNN status " + std::to_string(status) + ")");
  }
}

void matrix_product(Context&, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, double alpha, const double* a, const double* b,
                    double beta, double* c) {
  cblas_dgemm(CblasRowMajor, cblas(transpose_a), cblas(transpose_b), static_cast<int>(m),
              static_cast<int>(n), static_cast<int>(k), alpha, a, leading(transpose_a, m, k), b,
              leading(transpose_b, k, n), beta, c, static_cast<int>(n));
}

void gram_product(Context&, Transpose transpose, std::size_t n, std::size_t k, const float* a,
                  float beta, float* c) {
  cblas_ssyrk(CblasRowMajor, CblasLower, cblas(transpose), static_cast<int>(n), static_cast<int>(k),
              1.f, a, leading(transpose, n, k), beta, c, static_cast<int>(n));
}

void gram_product(Context&, Transpose transpose, std::size_t n, std::size_t k, const double* a,
                  double beta, double* c) {
  cblas_dsyrk(CblasRowMajor, CblasLower, cblas(transpose), static_cast<int>(n), static_cast<int>(k),
              1.0, a, leading(transpose, n, k), beta, c, static_cast<int>(n));
}

// A row-major lower triangle is a column-major upper one, and a column-major matrix of eigenvectors
// is ours with one eigenvector a row: column-major calls spare LAPACKE its copies.
void symmetric_eigen(Context&, std::size_t n, std::size_t count, double* a, double* eigenvalues) {
  const auto order = static_cast<lapack_int>(n);
  const auto first = static_cast<lapack_int>(n - count + 1);
  const auto check = [&](lapack_int status, lapack_int found, const char* routine) {
    if (status == 0 && found == static_cast<lapack_int>(count)) return;
    throw DeviceError("the eigenvalue solver did not converge (LAPACK " + std::string(routine) +
                      ", status " + std::to_string(status) + ")");
  };
  std::vector<double> values(n);  // LAPACK uses all n as workspace
  if (count == n) {               // divide and conquer: quicker, and in place
    check(LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', order, a, order, values.data()), order,
          "dsyevd");
  } else {
    std::vector<double> vectors(n * count);
    std::vector<lapack_int> support(2 * count);
    lapack_int found = 0;
    const lapack_int status =
        LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'U', order, a, order, 0.0, 0.0, first, order,
                       0.0, &found, values.data(), vectors.data(), order, support.data());
    check(status, found, "dsyevr");
    std::copy(vectors.begin(), vectors.end(), a);
  }
  std::copy_n(values.begin(), count, eigenvalues);
}

// Householder reflections: Q has orthonormal columns whatever the rank. Ours has them as rows.
void orthonormalize_rows(Context&, std::size_t rows, std::size_t columns, double* a) {
  const auto length = static_cast<lapack_int>(columns);
  const auto count = static_cast<lapack_int>(rows);
  std::vector<double> scales(rows);
  lapack_int status = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, length, count, a, length, scales.data());
  if (status == 0) {
    status = LAPACKE_dorgqr(LAPACK_COL_MAJOR, length, count, count, a, length, scales.data());
  }
  if (status != 0) {
    throw DeviceError("the QR decomposition failed (LAPACK dgeqrf, status " +
                      std::to_string(status) + ")");
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::math
