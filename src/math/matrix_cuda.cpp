// Matrix products by cuBLAS, eigenpairs by cuSOLVER.
#include <cublas_v2.h>
#include <cusolverDn.h>

#include <algorithm>
#include <hourglass/error.hpp>
#include <string>

#include "device/buffer.hpp"
#include "math/libraries_cuda.hpp"
#include "math/matrix.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

cublasOperation_t cublas(Transpose transpose) {
  return transpose == Transpose::yes ? CUBLAS_OP_T : CUBLAS_OP_N;
}

/// Row length of a packed row-major matrix whose op() is rows x columns.
int leading(Transpose transpose, std::size_t rows, std::size_t columns) {
  return static_cast<int>(transpose == Transpose::yes ? rows : columns);
}

}  // namespace

// cuBLAS is column-major. A row-major matrix read by columns is its transpose, so C = A B by rows
// is C' = B' A' by columns: the operands change places and nothing is copied.
void matrix_product(Context& context, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, float alpha, const float* a, const float* b,
                    float beta, float* c) {
  const auto compute = context.precision() == Precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                              : CUBLAS_COMPUTE_32F_PEDANTIC;
  check(cublasGemmEx(context.libraries().cublas.get(), cublas(transpose_b), cublas(transpose_a),
                     static_cast<int>(n), static_cast<int>(m), static_cast<int>(k), &alpha, b,
                     CUDA_R_32F, leading(transpose_b, k, n), a, CUDA_R_32F,
                     leading(transpose_a, m, k), &beta, c, CUDA_R_32F, static_cast<int>(n), compute,
                     CUBLAS_GEMM_DEFAULT),
        "matrix product");
}

void matrix_product(Context& context, Transpose transpose_a, Transpose transpose_b, std::size_t m,
                    std::size_t n, std::size_t k, double alpha, const double* a, const double* b,
                    double beta, double* c) {
  check(cublasDgemm(context.libraries().cublas.get(), cublas(transpose_b), cublas(transpose_a),
                    static_cast<int>(n), static_cast<int>(m), static_cast<int>(k), &alpha, b,
                    leading(transpose_b, k, n), a, leading(transpose_a, m, k), &beta, c,
                    static_cast<int>(n)),
        "matrix product in double precision");
}

// By columns A is A', and the lower triangle the upper one.
void gram_product(Context& context, Transpose transpose, std::size_t n, std::size_t k,
                  const float* a, float beta, float* c) {
  const float one = 1.f;
  check(cublasSsyrk(context.libraries().cublas.get(), CUBLAS_FILL_MODE_UPPER,
                    transpose == Transpose::yes ? CUBLAS_OP_N : CUBLAS_OP_T, static_cast<int>(n),
                    static_cast<int>(k), &one, a, leading(transpose, n, k), &beta, c,
                    static_cast<int>(n)),
        "Gram matrix");
}

void gram_product(Context& context, Transpose transpose, std::size_t n, std::size_t k,
                  const double* a, double beta, double* c) {
  const double one = 1.0;
  check(cublasDsyrk(context.libraries().cublas.get(), CUBLAS_FILL_MODE_UPPER,
                    transpose == Transpose::yes ? CUBLAS_OP_N : CUBLAS_OP_T, static_cast<int>(n),
                    static_cast<int>(k), &one, a, leading(transpose, n, k), &beta, c,
                    static_cast<int>(n)),
        "Gram matrix in double precision");
}

void symmetric_product(Context& context, std::size_t rows, std::size_t n, const double* x,
                       const double* a, double* y) {
  const double one = 1.0;
  const double zero = 0.0;
  const int length = static_cast<int>(n);
  check(cublasDsymm(context.libraries().cublas.get(), CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_UPPER,
                    length, static_cast<int>(rows), &one, a, length, x, length, &zero, y, length),
        "product with a symmetric matrix");
}

void symmetric_eigen(Context& context, std::size_t n, std::size_t count, double* a,
                     double* eigenvalues) {
  cusolverDnHandle_t handle = context.libraries().cusolver.get();
  const int order = static_cast<int>(n);
  const int first = static_cast<int>(n - count + 1);
  const auto range = count == n ? CUSOLVER_EIG_RANGE_ALL : CUSOLVER_EIG_RANGE_I;
  device::Buffer<double> values(n);
  device::Buffer<int> status(1);
  int found = 0;
  int workspace_size = 0;
  check(cusolverDnDsyevdx_bufferSize(handle, CUSOLVER_EIG_MODE_VECTOR, range,
                                     CUBLAS_FILL_MODE_UPPER, order, a, order, 0.0, 0.0, first,
                                     order, &found, values.data(), &workspace_size),
        "sizing the eigenvalue workspace");
  device::Buffer<double> workspace(static_cast<std::size_t>(workspace_size));
  check(cusolverDnDsyevdx(handle, CUSOLVER_EIG_MODE_VECTOR, range, CUBLAS_FILL_MODE_UPPER, order, a,
                          order, 0.0, 0.0, first, order, &found, values.data(), workspace.data(),
                          workspace_size, status.data()),
        "eigenvalues");
  int failed = 0;
  device::copy_to_host<int>(context.stream(), status.span(), {&failed, 1});
  if (failed != 0 || found != static_cast<int>(count)) {
    throw DeviceError("the eigenvalue solver did not converge (cuSOLVER Dsyevdx, status " +
                      std::to_string(failed) + ")");
  }
  // Column-major eigenvectors in the leading columns of `a` are row-major ones in its leading rows.
  device::copy_bytes_on_device(context.stream(), eigenvalues, values.data(),
                               count * sizeof(double));
}

// Householder reflections: Q has orthonormal columns whatever the rank. Ours has them as rows.
void orthonormalize_rows(Context& context, std::size_t rows, std::size_t columns, double* a) {
  cusolverDnHandle_t handle = context.libraries().cusolver.get();
  const int length = static_cast<int>(columns);
  const int count = static_cast<int>(rows);
  int factor_size = 0;
  int generate_size = 0;
  device::Buffer<double> scales(rows);
  check(cusolverDnDgeqrf_bufferSize(handle, length, count, a, length, &factor_size),
        "sizing the QR workspace");
  check(cusolverDnDorgqr_bufferSize(handle, length, count, count, a, length, scales.data(),
                                    &generate_size),
        "sizing the QR workspace");
  const int workspace_size = std::max(factor_size, generate_size);
  device::Buffer<double> workspace(static_cast<std::size_t>(workspace_size));
  device::Buffer<int> status(1);
  check(cusolverDnDgeqrf(handle, length, count, a, length, scales.data(), workspace.data(),
                         workspace_size, status.data()),
        "QR decomposition");
  check(cusolverDnDorgqr(handle, length, count, count, a, length, scales.data(), workspace.data(),
                         workspace_size, status.data()),
        "QR decomposition");
  context.stream().synchronize();  // the workspace is about to be freed
}

}  // namespace hourglass::HOURGLASS_TARGET::math
