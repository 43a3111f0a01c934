// Whether a map is as good as done.
//
// After the early phase the KL divergence falls about as c + b / t, t iterations later: on
// scikit-learn's digits, MNIST and its codes the fall still to come is within a fifth of what this
// law says from iteration 500 on. So from a fall between two looks b is known, and with it what the
// iterations that are left could still change.
#pragma once

#include <cstddef>
#include <deque>

namespace hourglass {

class Flatness {
 public:
  static constexpr std::size_t kLookEvery = 50;  ///< iterations
  static constexpr std::size_t kLooksBack = 2;   ///< a fall is measured over so many
  static constexpr std::size_t kFirstVerdict = (kLooksBack + 1) * kLookEvery;  ///< after the early

  /// Of a run of `iterations`, the first `early` of them exaggerated.
  Flatness(std::size_t early, std::size_t iterations, double tolerance)
      : early_(early), iterations_(iterations), tolerance_(tolerance) {}

  /// Whether the divergence is wanted after so many iterations.
  [[nodiscard]] bool looks_at(std::size_t iteration) const {
    return iteration > early_ && (iteration - early_) % kLookEvery == 0;
  }
  /// Iterations from here to the next look.
  [[nodiscard]] std::size_t until_look(std::size_t iteration) const {
    return iteration < early_ ? early_ - iteration : kLookEvery - (iteration - early_) % kLookEvery;
  }

  /// Tells it the divergence there; whether what is left would change it by less than the
  /// tolerance, up or down.
  [[nodiscard]] bool reached(std::size_t iteration, double kl_divergence);

 private:
  std::size_t early_;
  std::size_t iterations_;
  double tolerance_;
  std::deque<double> looks_;
};

}  // namespace hourglass
