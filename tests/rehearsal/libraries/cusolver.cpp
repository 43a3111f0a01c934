// cuSOLVER: eigenpairs and QR decompositions in double precision, by LAPACK.
#include <cusolverDn.h>
#include <lapacke.h>

#include <cstring>

#include "rehearsal/libraries/library.hpp"

using namespace rehearsal;

struct cusolverDnContext : LibraryHandle {
  static constexpr const char* kKind = "cusolverDnHandle_t";
};

namespace {

using Cusolver = Library<CUSOLVER_STATUS_EXECUTION_FAILED>;

/// Any size may be asked for.
int eigen_workspace(int n) {
  return 3 * n + 17;
}
int factor_workspace(int columns) {
  return 2 * columns + 5;
}
int generate_workspace(int columns) {
  return columns + 33;
}

void require_eigen(cusolverEigMode_t mode, cusolverEigRange_t range, cublasFillMode_t fill, int n,
                   int first, int last) {
  require(mode == CUSOLVER_EIG_MODE_VECTOR && fill == CUBLAS_FILL_MODE_UPPER,
          "only vectors, from an upper triangle");
  require(range == CUSOLVER_EIG_RANGE_ALL || range == CUSOLVER_EIG_RANGE_I, "range ", range);
  require(range == CUSOLVER_EIG_RANGE_ALL || (1 <= first && first <= last && last <= n),
          "il, iu = ", first, ", ", last, "; 1 <= il <= iu <= ", n,
          " must hold (cuSOLVER, cusolverDn<t>syevdx)");
}

/// Queues work that uses up `given` of the workspace, and puts LAPACK's answer into `info`.
template <class Solve>
void enqueue_solver(cusolverDnHandle_t handle, std::vector<Operand> operands, double* workspace,
                    int given, int wanted, int* info, Solve solve) {
  require_no_recording("a solver, which waits for its own results (cuSOLVER)");
  require(given >= wanted, "lwork is ", given, "; _bufferSize said ", wanted);
  const std::size_t bytes = static_cast<std::size_t>(wanted) * sizeof(double);
  operands.push_back({"the workspace", workspace, bytes, Use::scratch});
  operands.push_back({"info", info, sizeof(int), Use::writes});
  enqueue(stream_of(handle), std::move(operands), [=] {
    std::memset(workspace, 0xA5, bytes);
    *info = solve();
  });
}

}  // namespace

cusolverStatus_t cusolverGetProperty(libraryPropertyType type, int* value) {
  constexpr int kVersion[] = {CUSOLVER_VER_MAJOR, CUSOLVER_VER_MINOR, CUSOLVER_VER_PATCH};
  *value = kVersion[type];
  return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t* handle) {
  return Cusolver::create(__func__, handle);
}
cusolverStatus_t cusolverDnDestroy(cusolverDnHandle_t handle) {
  return Cusolver::give_back(__func__, handle);
}
cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t handle, cudaStream_t stream) {
  return Cusolver::call(__func__, [&] { set_stream(known(handle), stream); });
}

// ---- eigenpairs ---------------------------------------------------------------------------------

cusolverStatus_t cusolverDnDsyevdx_bufferSize(cusolverDnHandle_t handle, cusolverEigMode_t mode,
                                              cusolverEigRange_t range, cublasFillMode_t fill,
                                              int n, const double* a, int lda, double, double,
                                              int first, int last, int*, const double*,
                                              int* workspace_size) {
  return Cusolver::call(__func__, [&] {
    known(handle);
    require_eigen(mode, range, fill, n, first, last);
    matrix("A", a, n, n, lda, Use::updates);
    *workspace_size = eigen_workspace(n);
  });
}

cusolverStatus_t cusolverDnDsyevdx(cusolverDnHandle_t handle, cusolverEigMode_t mode,
                                   cusolverEigRange_t range, cublasFillMode_t fill, int n,
                                   double* a, int lda, double, double, int first, int last,
                                   int* found, double* values, double* workspace,
                                   int workspace_size, int* info) {
  return Cusolver::call(__func__, [&] {
    require_eigen(mode, range, fill, n, first, last);
    const bool all = range == CUSOLVER_EIG_RANGE_ALL;
    Operand in = matrix("A", a, n, n, lda, Use::updates);
    in.value_bytes = 0;  // one triangle is never read
    enqueue_solver(
        handle, {in, matrix("W", values, n, 1, n, Use::writes)}, workspace, workspace_size,
        eigen_workspace(n), info, [=] {
          const int answer = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', n, a, lda, values);
          const int before = all ? 0 : first - 1;  // those below the range
          *found = all ? n : last - before;
          for (int i = 0; i < *found; ++i) {
            values[i] = values[before + i];
            std::memmove(a + std::ptrdiff_t{i} * lda, a + (std::ptrdiff_t{i} + before) * lda,
                         static_cast<std::size_t>(n) * sizeof(double));
          }
          return answer;
        });
  });
}

// ---- QR -----------------------------------------------------------------------------------------

cusolverStatus_t cusolverDnDgeqrf_bufferSize(cusolverDnHandle_t handle, int rows, int columns,
                                             double* a, int lda, int* workspace_size) {
  return Cusolver::call(__func__, [&] {
    known(handle);
    matrix("A", a, rows, columns, lda, Use::updates);
    *workspace_size = factor_workspace(columns);
  });
}

cusolverStatus_t cusolverDnDgeqrf(cusolverDnHandle_t handle, int rows, int columns, double* a,
                                  int lda, double* scales, double* workspace, int workspace_size,
                                  int* info) {
  return Cusolver::call(__func__, [&] {
    enqueue_solver(handle,
                   {matrix("A", a, rows, columns, lda, Use::updates),
                    matrix("TAU", scales, std::min(rows, columns), 1, rows, Use::writes)},
                   workspace, workspace_size, factor_workspace(columns), info,
                   [=] { return LAPACKE_dgeqrf(LAPACK_COL_MAJOR, rows, columns, a, lda, scales); });
  });
}

cusolverStatus_t cusolverDnDorgqr_bufferSize(cusolverDnHandle_t handle, int rows, int columns,
                                             int reflections, const double* a, int lda,
                                             const double*, int* workspace_size) {
  return Cusolver::call(__func__, [&] {
    known(handle);
    require(rows >= columns && columns >= reflections, "m >= n >= k must hold (cuSOLVER, ",
            "cusolverDn<t>orgqr)");
    matrix("A", a, rows, columns, lda, Use::updates);
    *workspace_size = generate_workspace(columns);
  });
}

cusolverStatus_t cusolverDnDorgqr(cusolverDnHandle_t handle, int rows, int columns, int reflections,
                                  double* a, int lda, const double* scales, double* workspace,
                                  int workspace_size, int* info) {
  return Cusolver::call(__func__, [&] {
    enqueue_solver(handle,
                   {matrix("A", a, rows, columns, lda, Use::updates),
                    matrix("tau", scales, reflections, 1, rows, Use::reads)},
                   workspace, workspace_size, generate_workspace(columns), info, [=] {
                     return LAPACKE_dorgqr(LAPACK_COL_MAJOR, rows, columns, reflections, a, lda,
                                           scales);
                   });
  });
}
