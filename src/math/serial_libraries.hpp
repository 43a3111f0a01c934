// oneDNN, OpenBLAS and LAPACK on one thread. Theirs spin while they wait for each other, for as long
// as it takes; on a machine that is busy with other things that is most of the time. So work is
// split here, and shared by our own threads (kernels/simt/workers.hpp).
#pragma once

#include <cblas.h>
#include <omp.h>

#include <cstddef>

#include "kernels/simt/workers.hpp"

namespace hourglass::HOURGLASS_TARGET::math {

/// While it lives, libraries called from this thread start no threads.
class SerialLibraries {
 public:
  SerialLibraries() : threads_(omp_get_max_threads()) {
    omp_set_num_threads(1);
    // An OpenBLAS with threads of its own does not ask OpenMP.
    if (openblas_get_parallel() == OPENBLAS_THREAD) openblas_set_num_threads(1);
  }
  ~SerialLibraries() { omp_set_num_threads(threads_); }
  SerialLibraries(const SerialLibraries&) = delete;
  SerialLibraries& operator=(const SerialLibraries&) = delete;

 private:
  int threads_;  // of parallel regions that this thread may start elsewhere
};

/// body(i) for each i below n, in parallel, with libraries that are serial inside.
template <class Body>
void for_each_share(std::size_t n, Body&& body) {
  in_parallel(n, [&body](Pieces& mine) {
    const SerialLibraries serial;
    for (std::size_t i = 0; mine.next(i);) body(i);
  });
}

}  // namespace hourglass::HOURGLASS_TARGET::math
