#include <cublasLt.h>

#include <cstdint>
#include <hourglass/error.hpp>
#include <string>

#include "device/buffer.hpp"
#include "math/dense.hpp"
#include "math/libraries_cuda.hpp"

namespace hourglass::HOURGLASS_TARGET::math {
namespace {

using Operation = Handle<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using Layout = Handle<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Handle<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

/// A cuBLAS handle serves as a cuBLASLt one.
cublasLtHandle_t lt_handle(Context& context) {
  return reinterpret_cast<cublasLtHandle_t>(context.libraries().cublas.get());
}

void set(Operation& operation, cublasLtMatmulDescAttributes_t attribute, const auto& value) {
  check(cublasLtMatmulDescSetAttribute(operation.get(), attribute, &value, sizeof value),
        "describing a dense layer");
}

/// Column-major and packed: `rows` is the leading dimension.
void make(Layout& layout, std::size_t rows, std::size_t columns) {
  layout.make("describing a dense layer's matrix", cublasLtMatrixLayoutCreate, CUDA_R_32F, rows,
              columns, static_cast<std::int64_t>(rows));
}

}  // namespace

// By columns the row-major y (batch, out) is y' (out, batch) = W x', where W is stored transposed,
// and the bias goes along its rows: just what the epilogue adds.
struct Dense::Plan {
  Operation operation;
  Layout weight, x, y;
  cublasLtMatmulAlgo_t algorithm{};
  device::Buffer<unsigned char> workspace;
};

Dense::Dense(Context& context, const DenseShape& shape, bool relu)
    : plan_(std::make_unique<Plan>()) {
  const auto compute =
      context.precision() == Precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  Plan& plan = *plan_;
  plan.operation.make("describing a dense layer", cublasLtMatmulDescCreate, compute, CUDA_R_32F);
  set(plan.operation, CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
  set(plan.operation, CUBLASLT_MATMUL_DESC_EPILOGUE,
      relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS);
  // The heuristic looks at the bias's alignment, which is that of any tensor.
  const device::Buffer<float> some_bias(shape.outputs);
  set(plan.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, some_bias.data());
  make(plan.weight, shape.inputs, shape.outputs);
  make(plan.x, shape.inputs, shape.batch);
  make(plan.y, shape.outputs, shape.batch);

  Preference preference;
  preference.make("choosing a dense layer's algorithm", cublasLtMatmulPreferenceCreate);
  constexpr std::size_t kMaxWorkspace = std::size_t{4} << 20;
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(),
                                             CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                             &kMaxWorkspace, sizeof kMaxWorkspace),
        "choosing a dense layer's algorithm");
  constexpr std::uint32_t kWeightAlignment = 64;  // as ParameterLayout lays tensors out
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(),
                                             CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
                                             &kWeightAlignment, sizeof kWeightAlignment),
        "choosing a dense layer's algorithm");
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      lt_handle(context), plan.operation.get(), plan.weight.get(), plan.x.get(), plan.y.get(),
      plan.y.get(), preference.get(), 1, &best, &found);
  if (status != CUBLAS_STATUS_SUCCESS || found == 0) {
    throw DeviceError("cuBLASLt has no algorithm for a dense layer of " +
                      std::to_string(shape.inputs) + " inputs, " + std::to_string(shape.outputs) +
                      " outputs and a batch of " + std::to_string(shape.batch));
  }
  plan.algorithm = best.algo;
  plan.workspace = device::Buffer<unsigned char>(best.workspaceSize);
}

Dense::~Dense() = default;
Dense::Dense(Dense&&) noexcept = default;
Dense& Dense::operator=(Dense&&) noexcept = default;

void Dense::forward(Context& context, const float* x, const float* weight, const float* bias,
                    float* y) {
  Plan& plan = *plan_;
  set(plan.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  const float one = 1.f;
  const float zero = 0.f;
  check(cublasLtMatmul(lt_handle(context), plan.operation.get(), &one, weight, plan.weight.get(), x,
                       plan.x.get(), &zero, y, plan.y.get(), y, plan.y.get(), &plan.algorithm,
                       plan.workspace.data(), plan.workspace.size(), context.stream().handle()),
        "a dense layer");
}

}  // namespace hourglass::HOURGLASS_TARGET::math
