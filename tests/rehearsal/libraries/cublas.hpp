// cuBLAS's handle, which cuBLASLt takes too, and how matrices of both lie: by columns.
#pragma once

#include <cublas_v2.h>

#include <cstddef>

#include "rehearsal/libraries/handle.hpp"

struct cublasContext : rehearsal::LibraryHandle {
  static constexpr const char* kKind = "cublasHandle_t";
  std::size_t workspace_bytes = 0;  // ours
};

namespace rehearsal {

using Cublas = Library<CUBLAS_STATUS_EXECUTION_FAILED>;

/// A rows x columns matrix of T.
template <class T>
Operand matrix(const char* what, const T* values, int rows, int columns, int leading, Use use) {
  require(rows > 0 && columns > 0, what, " is ", rows, " x ", columns);
  require(leading >= rows, "the leading dimension of ", what, " is ", leading, "; it has ", rows,
          " rows (cuBLAS Library, \"lda >= max(1, rows)\")");
  const auto wide = [](int n) { return static_cast<std::size_t>(n); };
  const std::size_t count = wide(leading) * wide(columns - 1) + wide(rows);
  return {what, values, count * sizeof(T), use,
          leading == rows && use != Use::writes ? sizeof(T) : 0};
}

}  // namespace rehearsal
