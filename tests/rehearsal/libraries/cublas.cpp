// cuBLAS and cuBLASLt: products, some with an epilogue, and Gram matrices, by OpenBLAS.
#include <cblas.h>
#include <cublasLt.h>
#include <cublas_v2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "rehearsal/libraries/library.hpp"

using namespace rehearsal;

struct cublasContext : LibraryHandle {  // cuBLASLt takes it too
  static constexpr const char* kKind = "cublasHandle_t";
  std::size_t workspace_bytes = 0;  // ours
};

namespace {

using Cublas = Library<CUBLAS_STATUS_EXECUTION_FAILED>;

CBLAS_TRANSPOSE cblas(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N ? CblasNoTrans : CblasTrans;
}
CBLAS_UPLO cblas(cublasFillMode_t fill) {
  return fill == CUBLAS_FILL_MODE_UPPER ? CblasUpper : CblasLower;
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

template <class T>
void product(cublasHandle_t handle, cublasOperation_t transpose_a, cublasOperation_t transpose_b,
             int m, int n, int k, T alpha, const T* a, int lda, const T* b, int ldb, T beta, T* c,
             int ldc) {
  const auto gemm = [] {
    if constexpr (std::is_same_v<T, float>)
      return cblas_sgemm;
    else
      return cblas_dgemm;
  }();
  const bool plain_a = transpose_a == CUBLAS_OP_N;
  const bool plain_b = transpose_b == CUBLAS_OP_N;
  enqueue(stream_in_force(handle),
          {matrix("A", a, plain_a ? m : k, plain_a ? k : m, lda, Use::reads),
           matrix("B", b, plain_b ? k : n, plain_b ? n : k, ldb, Use::reads),
           matrix("C", c, m, n, ldc, use_of_sum(beta))},
          [=] {
            gemm(CblasColMajor, cblas(transpose_a), cblas(transpose_b), m, n, k, alpha, a, lda, b,
                 ldb, beta, c, ldc);
          });
}

template <class T>
void gram(cublasHandle_t handle, cublasFillMode_t fill, cublasOperation_t transpose, int n, int k,
          T alpha, const T* a, int lda, T beta, T* c, int ldc) {
  const auto syrk = [] {
    if constexpr (std::is_same_v<T, float>)
      return cblas_ssyrk;
    else
      return cblas_dsyrk;
  }();
  const bool plain = transpose == CUBLAS_OP_N;
  Operand sum = matrix("C", c, n, n, ldc, use_of_sum(beta));
  sum.value_bytes = 0;  // one triangle is never read
  enqueue(stream_in_force(handle),
          {matrix("A", a, plain ? n : k, plain ? k : n, lda, Use::reads), sum}, [=] {
            syrk(CblasColMajor, cblas(fill), cblas(transpose), n, k, alpha, a, lda, beta, c, ldc);
          });
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
    const auto floats = [](const void* values) { return static_cast<const float*>(values); };
    product(handle, transpose_a, transpose_b, m, n, k, *floats(alpha), floats(a), lda, floats(b),
            ldb, *floats(beta), static_cast<float*>(c), ldc);
  });
}

cublasStatus_t cublasDgemm(cublasHandle_t handle, cublasOperation_t transpose_a,
                           cublasOperation_t transpose_b, int m, int n, int k, const double* alpha,
                           const double* a, int lda, const double* b, int ldb, const double* beta,
                           double* c, int ldc) {
  return Cublas::call("cublasDgemm", [&] {
    product(handle, transpose_a, transpose_b, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc);
  });
}

cublasStatus_t cublasDsymm(cublasHandle_t handle, cublasSideMode_t side, cublasFillMode_t fill,
                           int m, int n, const double* alpha, const double* a, int lda,
                           const double* b, int ldb, const double* beta, double* c, int ldc) {
  return Cublas::call("cublasDsymm", [&] {
    require(side == CUBLAS_SIDE_LEFT, "only the symmetric matrix on the left");
    enqueue(stream_in_force(handle),
            {matrix("A", a, m, m, lda, Use::reads), matrix("B", b, m, n, ldb, Use::reads),
             matrix("C", c, m, n, ldc, use_of_sum(*beta))},
            [=, by = *alpha, keep = *beta] {
              cblas_dsymm(CblasColMajor, CblasLeft, cblas(fill), m, n, by, a, lda, b, ldb, keep, c,
                          ldc);
            });
  });
}

cublasStatus_t cublasSsyrk(cublasHandle_t handle, cublasFillMode_t fill,
                           cublasOperation_t transpose, int n, int k, const float* alpha,
                           const float* a, int lda, const float* beta, float* c, int ldc) {
  return Cublas::call("cublasSsyrk",
                      [&] { gram(handle, fill, transpose, n, k, *alpha, a, lda, *beta, c, ldc); });
}

cublasStatus_t cublasDsyrk(cublasHandle_t handle, cublasFillMode_t fill,
                           cublasOperation_t transpose, int n, int k, const double* alpha,
                           const double* a, int lda, const double* beta, double* c, int ldc) {
  return Cublas::call("cublasDsyrk",
                      [&] { gram(handle, fill, transpose, n, k, *alpha, a, lda, *beta, c, ldc); });
}

// ---- cuBLASLt -----------------------------------------------------------------------------------

namespace {

struct Layout {
  static constexpr const char* kKind = "cublasLtMatrixLayout_t";
  int rows;
  int columns;
  int leading;
  bool operator==(const Layout&) const = default;
};

struct Operation {
  static constexpr const char* kKind = "cublasLtMatmulDesc_t";
  cublasOperation_t transpose_a = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const float* bias = nullptr;
};

struct Preference {
  static constexpr const char* kKind = "cublasLtMatmulPreference_t";
  std::uint64_t workspace_bytes = 0;
  std::uint32_t alignment_a = 256;  // of A, promised; B, C and D keep the default
};

/// What an algorithm was chosen for: by another bias it is the same.
struct Choice {
  Operation operation;
  Layout a, b, d;
  std::uint64_t workspace_bytes;
  std::uint32_t alignment_a;
};
auto& choices = *new std::vector<Choice>;
constexpr std::uint64_t kMagic = 0x6c74616c676f0000;  // an algorithm of ours, by its number

/// What is behind an opaque pointer of theirs.
template <class T, class Opaque>
T& ours(Opaque* handle) {
  return known(reinterpret_cast<T*>(handle));
}
template <class T, class Opaque, class... Arguments>
void make_ours(Opaque** handle, Arguments... arguments) {
  *handle = reinterpret_cast<Opaque*>(make<T>(arguments...));
}

template <class T>
void read(T& value, const void* from, std::size_t bytes) {
  require(bytes == sizeof value, "an attribute of ", bytes, " bytes; it has ", sizeof value);
  std::memcpy(&value, from, bytes);
}

void require_aligned(const char* what, const void* values, std::size_t promised) {
  require(reinterpret_cast<std::uintptr_t>(values) % promised == 0, what, " is not aligned to the ",
          promised,
          " bytes that were promised (cublasLt.h, "
          "CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES)");
}

}  // namespace

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* handle, cudaDataType type,
                                          std::uint64_t rows, std::uint64_t columns,
                                          std::int64_t leading) {
  return Cublas::call("cublasLtMatrixLayoutCreate", [&] {
    require(type == CUDA_R_32F, "only float32");
    const Layout made{static_cast<int>(rows), static_cast<int>(columns), static_cast<int>(leading)};
    matrix<float>("the matrix", nullptr, made.rows, made.columns, made.leading, Use::reads);
    make_ours<Layout>(handle, made);
  });
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t handle) {
  return Cublas::give_back("cublasLtMatrixLayoutDestroy", [&] { destroy(&ours<Layout>(handle)); });
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* handle, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  return Cublas::call("cublasLtMatmulDescCreate", [&] {
    require((compute == CUBLAS_COMPUTE_32F || compute == CUBLAS_COMPUTE_32F_FAST_TF32) &&
                scale == CUDA_R_32F,
            "only float32, in full or by TF32");
    make_ours<Operation>(handle);
  });
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t handle) {
  return Cublas::give_back("cublasLtMatmulDescDestroy", [&] { destroy(&ours<Operation>(handle)); });
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  return Cublas::call("cublasLtMatmulDescSetAttribute", [&] {
    Operation& described = ours<Operation>(handle);
    switch (attribute) {
      case CUBLASLT_MATMUL_DESC_TRANSA:
        return read(described.transpose_a, value, bytes);
      case CUBLASLT_MATMUL_DESC_EPILOGUE:
        return read(described.epilogue, value, bytes);
      case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
        return read(described.bias, value, bytes);
      default:
        breach("an attribute that is not played");
    }
  });
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* handle) {
  return Cublas::call("cublasLtMatmulPreferenceCreate", [&] { make_ours<Preference>(handle); });
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t handle) {
  return Cublas::give_back("cublasLtMatmulPreferenceDestroy",
                           [&] { destroy(&ours<Preference>(handle)); });
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, std::size_t bytes) {
  return Cublas::call("cublasLtMatmulPreferenceSetAttribute", [&] {
    Preference& preference = ours<Preference>(handle);
    switch (attribute) {
      case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
        return read(preference.workspace_bytes, value, bytes);
      case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
        return read(preference.alignment_a, value, bytes);
      default:
        breach("an attribute that is not played");
    }
  });
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preferred, int requested,
                                              cublasLtMatmulHeuristicResult_t* results,
                                              int* returned) {
  return Cublas::call("cublasLtMatmulAlgoGetHeuristic", [&] {
    known(reinterpret_cast<cublasHandle_t>(handle));
    const Preference& preference = ours<Preference>(preferred);
    const Operation& described = ours<Operation>(desc);
    require(requested >= 1, "no result is asked for");
    require(described.epilogue == CUBLASLT_EPILOGUE_DEFAULT || described.bias != nullptr,
            "an epilogue with a bias, whose pointer is not set: its alignment counts (cublasLt.h, ",
            "CUBLASLT_MATMUL_DESC_BIAS_POINTER)");
    require(ours<Layout>(c) == ours<Layout>(d), "C and D differ");
    constexpr std::uint64_t kWorkspace = 4096;
    choices.push_back({.operation = described,
                       .a = ours<Layout>(a),
                       .b = ours<Layout>(b),
                       .d = ours<Layout>(d),
                       .workspace_bytes = std::min(kWorkspace, preference.workspace_bytes),
                       .alignment_a = preference.alignment_a});
    *results = {};
    results->algo.data[0] = kMagic + choices.size() - 1;
    results->workspaceSize = choices.back().workspace_bytes;
    *returned = 1;
  });
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  return Cublas::call("cublasLtMatmul", [&] {
    stream_of(reinterpret_cast<cublasHandle_t>(handle));
    const Operation asked = ours<Operation>(desc);
    const Layout in = ours<Layout>(b_layout);
    const Layout out = ours<Layout>(d_layout);
    const Layout weight = ours<Layout>(a_layout);
    require(algorithm->data[0] - kMagic < choices.size(), "an algorithm that no heuristic chose");
    const Choice& chosen = choices[algorithm->data[0] - kMagic];
    require(chosen.operation.transpose_a == asked.transpose_a &&
                chosen.operation.epilogue == asked.epilogue && chosen.a == weight &&
                chosen.b == in && chosen.d == out,
            "an algorithm that was chosen for another problem");
    require(workspace_bytes >= chosen.workspace_bytes, "a workspace of ", workspace_bytes,
            " bytes; the algorithm wants ", chosen.workspace_bytes);
    require(*static_cast<const float*>(alpha) == 1.f && *static_cast<const float*>(beta) == 0.f,
            "other factors than 1 and 0 are not played");
    require(c == d && ours<Layout>(c_layout) == out, "C apart from D is not played");
    const bool plain = asked.transpose_a == CUBLAS_OP_N;
    const int m = plain ? weight.rows : weight.columns;
    const int k = plain ? weight.columns : weight.rows;
    require(in.rows == k && out.rows == m && out.columns == in.columns, "a product of ", m, " x ",
            k, " and ", in.rows, " x ", in.columns, " into ", out.rows, " x ", out.columns);
    const bool biased = asked.epilogue != CUBLASLT_EPILOGUE_DEFAULT;
    const bool relu = asked.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
    require(!biased || relu || asked.epilogue == CUBLASLT_EPILOGUE_BIAS,
            "an epilogue that is not played");
    require_aligned("A", a, chosen.alignment_a);
    require_aligned("B", b, 256);
    require_aligned("D", d, 256);
    require_aligned("the workspace", workspace, 256);
    const auto* by = static_cast<const float*>(a);
    const auto* from = static_cast<const float*>(b);
    auto* to = static_cast<float*>(d);
    std::vector<Operand> operands{
        matrix("A", by, weight.rows, weight.columns, weight.leading, Use::reads),
        matrix("B", from, in.rows, in.columns, in.leading, Use::reads),
        matrix("D", to, out.rows, out.columns, out.leading, Use::writes),
        {"the workspace", workspace, chosen.workspace_bytes, Use::scratch}};
    if (biased) operands.push_back(matrix("the bias", asked.bias, m, 1, m, Use::reads));
    enqueue(stream, std::move(operands), [=, scratch = chosen.workspace_bytes] {
      std::memset(workspace, 0xA5, scratch);
      cblas_sgemm(CblasColMajor, plain ? CblasNoTrans : CblasTrans, CblasNoTrans, m, in.columns, k,
                  1.f, by, weight.leading, from, in.leading, 0.f, to, out.leading);
      if (!biased) return;
      for (int column = 0; column < out.columns; ++column) {
        float* values = to + static_cast<std::ptrdiff_t>(column) * out.leading;
        for (int row = 0; row < m; ++row) {
          values[row] += asked.bias[row];
          if (relu) values[row] = std::max(values[row], 0.f);  // a NaN becomes 0, as there
        }
      }
    });
  });
}
