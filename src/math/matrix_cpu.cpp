// Matrix products by oneDNN in single precision, for it knows newer processors than OpenBLAS does, and
// by CBLAS; eigenpairs by LAPACK.
#include <cblas.h>
#include <dnnl.h>
#include <lapacke.h>

#include <algorithm>
#include <hourglass/error.hpp>
#include <string>
#include <vector>

#include "kernels/simt/launch_config.hpp"
#include "math/matrix.hpp"
#include "math/serial_libraries.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

CBLAS_TRANSPOSE cblas(Transpose transpose) {
  return transpose == Transpose::yes ? CblasTrans : CblasNoTrans;
}

/// Row length of a packed row-major matrix whose op() is rows x columns.
std::size_t leading(Transpose transpose, std::size_t rows, std::size_t columns) {
  return transpose == Transpose::yes ? rows : columns;
}

/// A packed row-major matrix, or a part of one.
template <class Real>
struct Operand {
  Transpose transpose;
  const Real* data;
  std::size_t row_length;

  /// From this row of op() on, or this column.
  [[nodiscard]] Operand from_row(std::size_t row) const {
    return {transpose, data + row * (transpose == Transpose::yes ? 1 : row_length), row_length};
  }
  [[nodiscard]] Operand from_column(std::size_t column) const {
    return {transpose, data + column * (transpose == Transpose::yes ? row_length : 1), row_length};
  }
};

void serial_product(std::size_t m, std::size_t n, std::size_t k, float alpha,
                    const Operand<float>& a, const Operand<float>& b, float beta, float* c,
                    std::size_t c_row_length) {
  const auto letter = [](Transpose transpose) { return transpose == Transpose::yes ? 'T' : 'N'; };
  const auto size = [](std::size_t count) { return static_cast<dnnl_dim_t>(count); };
  const dnnl_status_t status =
      dnnl_sgemm(letter(a.transpose), letter(b.transpose), size(m), size(n), size(k), alpha, a.data,
                 size(a.row_length), b.data, size(b.row_length), beta, c, size(c_row_length));
  if (status != dnnl_success) {
    throw Error("a matrix product failed (oneDNN status " + std::to_string(status) + ")");
  }
}

void serial_product(std::size_t m, std::size_t n, std::size_t k, double alpha,
                    const Operand<double>& a, const Operand<double>& b, double beta, double* c,
                    std::size_t c_row_length) {
  const auto size = [](std::size_t count) { return static_cast<int>(count); };
  cblas_dgemm(CblasRowMajor, cblas(a.transpose), cblas(b.transpose), size(m), size(n), size(k),
              alpha, a.data, size(a.row_length), b.data, size(b.row_length), beta, c,
              size(c_row_length));
}

/// Of `extent` rows or columns of a product, how many a thread takes at a time: a few shares a
/// thread, none so small that packing operands would take longer than multiplying them.
std::size_t share_of(std::size_t extent, double products) {
  constexpr double kWorthThreads = 1 << 20;
  constexpr std::size_t kLeast = 64;
  if (products < kWorthThreads) return extent;
  const auto shares = 2 * static_cast<std::size_t>(cpu_threads());
  return std::max((extent + shares - 1) / shares, kLeast);
}

/// Split along C's longer side.
template <class Real>
void product(std::size_t m, std::size_t n, std::size_t k, Real alpha, const Operand<Real>& a,
             const Operand<Real>& b, Real beta, Real* c) {
  const double products = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const std::size_t longer = std::max(m, n);
  const std::size_t share = share_of(longer, products);
  for_each_share(simt::blocks_for(longer, share), [&](std::size_t i) {
    const std::size_t first = i * share;
    const std::size_t count = std::min(share, longer - first);
    if (m >= n) {
      serial_product(count, n, k, alpha, a.from_row(first), b, beta, c + first * n, n);
    } else {
      serial_product(m, count, k, alpha, a, b.from_column(first), beta, c + first, n);
    }
  });
}

void serial_gram(std::size_t n, std::size_t k, const Operand<float>& a, float beta, float* c,
                 std::size_t c_row_length) {
  cblas_ssyrk(CblasRowMajor, CblasLower, cblas(a.transpose), static_cast<int>(n),
              static_cast<int>(k), 1.f, a.data, static_cast<int>(a.row_length), beta, c,
              static_cast<int>(c_row_length));
}

void serial_gram(std::size_t n, std::size_t k, const Operand<double>& a, double beta, double* c,
                 std::size_t c_row_length) {
  cblas_dsyrk(CblasRowMajor, CblasLower, cblas(a.transpose), static_cast<int>(n),
              static_cast<int>(k), 1.0, a.data, static_cast<int>(a.row_length), beta, c,
              static_cast<int>(c_row_length));
}

/// A share is some rows of the triangle: a square on the diagonal, and what is left of it. The long
/// ones first.
template <class Real>
void gram(Transpose transpose, std::size_t n, std::size_t k, const Real* data, Real beta, Real* c) {
  const Operand<Real> a{transpose, data, leading(transpose, n, k)};
  const Operand<Real> transposed{transpose == Transpose::yes ? Transpose::no : Transpose::yes, data,
                                 a.row_length};
  const double products =
      0.5 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(k);
  const std::size_t share = share_of(n, products);
  const std::size_t shares = simt::blocks_for(n, share);
  for_each_share(shares, [&](std::size_t i) {
    const std::size_t first = (shares - 1 - i) * share;
    const std::size_t count = std::min(share, n - first);
    const Operand<Real> rows = a.from_row(first);
    Real* const out = c + first * n;
    if (first > 0) serial_product(count, first, k, Real{1}, rows, transposed, beta, out, n);
    serial_gram(count, k, rows, beta, out + first, n);
  });
}

}  // namespace

void matrix_product(Context&, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, float alpha, const float* a, const float* b,
                    float beta, float* c) {
  product<float>(m, n, k, alpha, {transpose_a, a, leading(transpose_a, m, k)},
                 {transpose_b, b, leading(transpose_b, k, n)}, beta, c);
}

void matrix_product(Context&, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, double alpha, const double* a, const double* b,
                    double beta, double* c) {
  product<double>(m, n, k, alpha, {transpose_a, a, leading(transpose_a, m, k)},
                  {transpose_b, b, leading(transpose_b, k, n)}, beta, c);
}

void gram_product(Context&, Transpose transpose, std::size_t n, std::size_t k, const float* a,
                  float beta, float* c) {
  gram(transpose, n, k, a, beta, c);
}

void gram_product(Context&, Transpose transpose, std::size_t n, std::size_t k, const double* a,
                  double beta, double* c) {
  gram(transpose, n, k, a, beta, c);
}

// A row-major lower triangle is a column-major upper one, and a column-major matrix of eigenvectors
// is ours with one eigenvector a row: column-major calls spare LAPACKE its copies.
void symmetric_eigen(Context&, std::size_t n, std::size_t count, double* a, double* eigenvalues) {
  const SerialLibraries serial;
  const auto order = static_cast<lapack_int>(n);
  const auto first = static_cast<lapack_int>(n - count + 1);
  const auto check = [&](lapack_int status, lapack_int found, const char* routine) {
    if (status == 0 && found == static_cast<lapack_int>(count)) return;
    throw Error("the eigenvalue solver did not converge (LAPACK " + std::string(routine) +
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
  const SerialLibraries serial;
  const auto length = static_cast<lapack_int>(columns);
  const auto count = static_cast<lapack_int>(rows);
  std::vector<double> scales(rows);
  lapack_int status = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, length, count, a, length, scales.data());
  if (status == 0) {
    status = LAPACKE_dorgqr(LAPACK_COL_MAJOR, length, count, count, a, length, scales.data());
  }
  if (status != 0) {
    throw Error("the QR decomposition failed (LAPACK dgeqrf, status " + std::to_string(status) +
                ")");
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::math
