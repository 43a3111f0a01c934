// How t-SNE's forces and memory change over the iterations; kernels read the same struct.
#pragma once

#include <cstdint>

namespace hourglass {

/// The early phase pulls harder and remembers less.
struct TsneSchedule {
  std::uint64_t early_iterations = 250;
  double early_exaggeration = 12.0;
  /// Of the iterations after the early ones; more than 1 makes denser clusters (Linderman and
  /// Steinerberger 2019; Kobak and Berens 2019).
  double late_exaggeration = 1.0;
  double early_momentum = 0.5;
  double late_momentum = 0.8;
  /// 0: max(N / early exaggeration / 4, 50), as in scikit-learn.
  double learning_rate = 0.0;
  double max_step = 5.0;  ///< no coordinate changes by more in one iteration
};

}  // namespace hourglass
