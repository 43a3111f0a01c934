// cuBLAS: products and Gram matrices, by OpenBLAS.
#include "rehearsal/libraries/cublas.hpp"

#include <cblas.h>

using namespace rehearsal;

namespace {

CBLAS_TRANSPOSE cblas(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N ? CblasNoTrans : CblasTrans;
}

cudaStream_t stream_in_force(cublasHandle_t handle) {
  cudaStream_t stream = stream_of(handle);
  require(
      recorded_stream == nullptr || handle->workspace_bytes > 0,
      "during a capture without a workspace of ours: the graph would allocate (cuBLAS Library, ",
      "\"CUDA Graphs Support\")");
  return stream;
}

/// What C is before: needed only where it is kept.
template <class T>
Use use_of_sum(T beta) {
  return beta == T{0} ? Use::writes : Use::updates;
}

template <class T, class Product>
void product(cublasHandle_t handle, cublasOperation_t transpose_a, cublasOperation_t transpose_b,
             int m, int n, int k, const T* a, int lda, const T* b, int ldb, T beta, T* c, int ldc,
             Product run) {
  const bool plain_a = transpose_a == CUBLAS_OP_N;
  const bool plain_b = transpose_b == CUBLAS_OP_N;
  enqueue(stream_in_force(handle),
          {matrix("A", a, plain_a ? m : k, plain_a ? k : m, lda, Use::reads),
           matrix("B", b, plain_b ? k : n, plain_b ? n : k, ldb, Use::reads),
           matrix("C", c, m, n, ldc, use_of_sum(beta))},
          run);
}

template <class T, class Product>
void gram(cublasHandle_t handle, cublasOperation_t transpose, int n, int k, const T* a, int lda,
          T beta, T* c, int ldc, Product run) {
  const bool plain = transpose == CUBLAS_OP_N;
  Operand sum = matrix("C", c, n, n, ldc, use_of_sum(beta));
  sum.value_bytes = 0;  // one triangle is never read
  enqueue(stream_in_force(handle),
          {matrix("A", a, plain ? n : k, plain ? k : n, lda, Use::reads), sum}, run);
}

}  // namespace

const char* cublasGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "the operation was successful"
                                         : "the execution of the operation failed";
}

cublasStatus_t cublasGetProperty(libraryPropertyType type, int* value) {
  constexpr int kVersion[] = {CUBLAS_VER_MAJOR, CUBLAS_VER_MINOR, CUBLAS_VER_PATCH};
  *value = kVersion[type];
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  return Cublas::create("cublasCreate", handle);
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  return Cublas::give_back("cublasDestroy", handle);
}

/// It takes back the workspace (cuBLAS Library, cublasSetStream).
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  return Cublas::call("cublasSetStream", [&] {
    set_stream(known(handle), stream);
    handle->workspace_bytes = 0;
  });
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, std::size_t bytes) {
  return Cublas::call("cublasSetWorkspace", [&] {
    require_no_recording("another workspace");
    known(handle).workspace_bytes = bytes;
    enqueue(stream_of(handle), {{"the workspace", workspace, bytes, Use::scratch}}, [] {});
    require(reinterpret_cast<std::uintptr_t>(workspace) % 256 == 0,
            "a workspace that is not aligned to 256 bytes");
  });
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transpose_a,
                            cublasOperation_t transpose_b, int m, int n, int k, const void* alpha,
                            const void* a, cudaDataType type_a, int lda, const void* b,
                            cudaDataType type_b, int ldb, const void* beta, void* c,
                            cudaDataType type_c, int ldc, cublasComputeType_t compute,
                            cublasGemmAlgo_t) {
  return Cublas::call("cublasGemmEx", [&] {
    require(type_a == CUDA_R_32F && type_b == CUDA_R_32F && type_c == CUDA_R_32F &&
                (compute == CUBLAS_COMPUTE_32F_PEDANTIC || compute == CUBLAS_COMPUTE_32F_FAST_TF32),
            "only float32, in full or by TF32");
    const float by = *static_cast<const float*>(alpha);
    const float keep = *static_cast<const float*>(beta);
    const auto* first = static_cast<const float*>(a);
    const auto* second = static_cast<const float*>(b);
    auto* sum = static_cast<float*>(c);
    product(handle, transpose_a, transpose_b, m, n, k, first, lda, second, ldb, keep, sum, ldc,
            [=] {
              cblas_sgemm(CblasColMajor, cblas(transpose_a), cblas(transpose_b), m, n, k, by, first,
                          lda, second, ldb, keep, sum, ldc);
            });
  });
}

cublasStatus_t cublasDgemm(cublasHandle_t handle, cublasOperation_t transpose_a,
                           cublasOperation_t transpose_b, int m, int n, int k, const double* alpha,
                           const double* a, int lda, const double* b, int ldb, const double* beta,
                           double* c, int ldc) {
  return Cublas::call("cublasDgemm", [&] {
    product(handle, transpose_a, transpose_b, m, n, k, a, lda, b, ldb, *beta, c, ldc,
            [=, by = *alpha, keep = *beta] {
              cblas_dgemm(CblasColMajor, cblas(transpose_a), cblas(transpose_b), m, n, k, by, a,
                          lda, b, ldb, keep, c, ldc);
            });
  });
}

cublasStatus_t cublasDsymm(cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t fill,
                           int m, int n, const double* alpha, const double* a, int lda,
                           const double* b, int ldb, const double* beta, double* c, int ldc) {
  return Cublas::call("cublasDsymm", [&] {
    require(side == CUBLAS_SIDE_LEFT, "only the symmetric matrix on the left");
    product(handle, CUBLAS_OP_N, CUBLAS_OP_N, m, n, m, a, lda, b, ldb, *beta, c, ldc,
            [=, by = *alpha, keep = *beta] {
              cblas_dsymm(CblasColMajor, CblasLeft,
                          fill == CUBLAS_FILL_MODE_UPPER ? CblasUpper : CblasLower, m, n, by, a,
                          lda, b, ldb, keep, c, ldc);
            });
  });
}

cublasStatus_t cublasSsyrk(cublasHandle_t handle, cublasFillMode_t fill,
                           cublasOperation_t transpose, int n, int k, const float* alpha,
                           const float* a, int lda, const float* beta, float* c, int ldc) {
  return Cublas::call("cublasSsyrk", [&] {
    gram(handle, transpose, n, k, a, lda, *beta, c, ldc, [=, by = *alpha, keep = *beta] {
      cblas_ssyrk(CblasColMajor, fill == CUBLAS_FILL_MODE_UPPER ? CblasUpper : CblasLower,
                  cblas(transpose), n, k, by, a, lda, keep, c, ldc);
    });
  });
}

cublasStatus_t cublasDsyrk(cublasHandle_t handle, cublasFillMode_t fill,
                           cublasOperation_t transpose, int n, int k, const double* alpha,
                           const double* a, int lda, const double* beta, double* c, int ldc) {
  return Cublas::call("cublasDsyrk", [&] {
    gram(handle, transpose, n, k, a, lda, *beta, c, ldc, [=, by = *alpha, keep = *beta] {
      cblas_dsyrk(CblasColMajor, fill == CUBLAS_FILL_MODE_UPPER ? CblasUpper : CblasLower,
                  cblas(transpose), n, k, by, a, lda, keep, c, ldc);
    });
  });
}
