// Matrix products by oneDNN in single precision, for it knows newer processors than OpenBLAS does,
// and by CBLAS; eigenpairs by LAPACK.
#include <cblas.h>
#include <dnnl.h>
#include <lapacke.h>

#include <algorithm>
#include <exception>
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

Transpose other(Transpose transpose) {
  return transpose == Transpose::yes ? Transpose::no : Transpose::yes;
}

/// C (m x n) = alpha op(A) op(B) + beta C, with the lengths of their rows as they are stored.
void single_product(Transpose transpose_a, Transpose transpose_b, std::size_t m, std::size_t n,
                    std::size_t k, float alpha, const float* a, int row_a, const float* b,
                    int row_b, float beta, float* c, int row_c) {
  const auto letter = [](Transpose transpose) { return transpose == Transpose::yes ? 'T' : 'N'; };
  const auto size = [](std::size_t count) { return static_cast<dnnl_dim_t>(count); };
  const dnnl_status_t status =
      dnnl_sgemm(letter(transpose_a), letter(transpose_b), size(m), size(n), size(k), alpha, a,
                 row_a, b, row_b, beta, c, row_c);
  if (status != dnnl_success) {
    throw DeviceError("a matrix product failed (oneDNN status " + std::to_string(status) + ")");
  }
}

}  // namespace

void matrix_product(Context&, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, float alpha, const float* a, const float* b,
                    float beta, float* c) {
  single_product(transpose_a, transpose_b, m, n, k, alpha, a, leading(transpose_a, m, k), b,
                 leading(transpose_b, k, n), beta, c, static_cast<int>(n));
}

void matrix_product(Context&, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, double alpha, const double* a, const double* b,
                    double beta, double* c) {
  cblas_dgemm(CblasRowMajor, cblas(transpose_a), cblas(transpose_b), static_cast<int>(m),
              static_cast<int>(n), static_cast<int>(k), alpha, a, leading(transpose_a, m, k), b,
              leading(transpose_b, k, n), beta, c, static_cast<int>(n));
}

// In square blocks on and below the diagonal, each by one thread: oneDNN's own threads may share
// out the sums, whose last digits would then depend on how many there are.
void gram_product(Context&, Transpose transpose, std::size_t n, std::size_t k, const float* a,
                  float beta, float* c) {
  constexpr std::size_t kBlock = 128;
  constexpr std::size_t kDepth = 512;  // of a sum, where one block is all
  const std::size_t side = (n + kBlock - 1) / kBlock;
  const std::size_t depth = side == 1 ? kDepth : std::max<std::size_t>(k, 1);
  const std::size_t parts = (k + depth - 1) / depth;
  const std::size_t width = std::min(n, kBlock);
  const std::size_t square = width * width;
  const std::size_t below = side * (side - 1) / 2;
  const int row_length = leading(transpose, n, k);
  const auto at = [&](std::size_t row, std::size_t column) {
    return a + (transpose == Transpose::yes ? column * n + row : row * k + column);
  };
  const auto product = [&](std::size_t row, std::size_t column, std::size_t first, float scale,
                           float* to, std::size_t row_to) {
    single_product(transpose, other(transpose), std::min(kBlock, n - row),
                   std::min(kBlock, n - column), std::min(depth, k - first), 1.f, at(row, first),
                   row_length, at(column, first), row_length, scale, to, static_cast<int>(row_to));
  };
  std::vector<float> diagonal(side * parts * square);  // whole blocks
  std::exception_ptr problem;
#pragma omp parallel for schedule(dynamic)
  for (std::size_t task = 0; task < below + side * parts; ++task) {
    try {
      if (task >= below) {
        const std::size_t i = task - below;
        const std::size_t row = i / parts * kBlock;
        product(row, row, i % parts * depth, 0.f, diagonal.data() + i * square, width);
      } else {
        std::size_t row = 1;
        std::size_t column = task;
        while (column >= row) column -= row++;
        product(row * kBlock, column * kBlock, 0, beta, c + row * kBlock * n + column * kBlock, n);
      }
    } catch (...) {
#pragma omp critical
      problem = std::current_exception();
    }
  }
  if (problem) std::rethrow_exception(problem);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t first = i / kBlock * kBlock;
    const float* sums = diagonal.data() + i / kBlock * parts * square + i % kBlock * width;
    for (std::size_t j = first; j <= i; ++j) {
      float sum = beta == 0.f ? 0.f : beta * c[i * n + j];
      for (std::size_t part = 0; part < parts; ++part) sum += sums[part * square + j - first];
      c[i * n + j] = sum;
    }
  }
}

void gram_product(Context&, Transpose transpose, std::size_t n, std::size_t k, const double* a,
                  double beta, double* c) {
  cblas_dsyrk(CblasRowMajor, CblasLower, cblas(transpose), static_cast<int>(n), static_cast<int>(k),
              1.0, a, leading(transpose, n, k), beta, c, static_cast<int>(n));
}

void symmetric_product(Context&, std::size_t rows, std::size_t n, const double* x, const double* a,
                       double* y) {
  const int length = static_cast<int>(n);
  cblas_dsymm(CblasRowMajor, CblasRight, CblasLower, static_cast<int>(rows), length, 1.0, a, length,
              x, length, 0.0, y, length);
}

// A row-major lower triangle is a column-major upper one, and a column-major matrix of eigenvectors
// is ours with one eigenvector a row: column-major calls spare LAPACKE its copies. All pairs,
// though few are wanted: LAPACK's solvers of a few (dsyevr, dsyevx) may find more of repeated
// eigenvalues than they were asked for, and write them where there is no room.
void symmetric_eigen(Context&, std::size_t n, std::size_t count, double* a, double* eigenvalues) {
  const auto order = static_cast<lapack_int>(n);
  std::vector<double> values(n);
  const lapack_int status =
      LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', order, a, order, values.data());
  if (status != 0) {
    throw DeviceError("the eigenvalue solver did not converge (LAPACK dsyevd, status " +
                      std::to_string(status) + ")");
  }
  const std::size_t first = n - count;  // values increase
  std::copy(values.begin() + static_cast<std::ptrdiff_t>(first), values.end(), eigenvalues);
  std::copy(a + first * n, a + n * n, a);
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
