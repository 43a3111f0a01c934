#include "manifold/flatness.hpp"

#include <cmath>

namespace hourglass {

bool Flatness::reached(std::size_t iteration, double kl_divergence) {
  looks_.push_back(kl_divergence);
  if (looks_.size() <= kLooksBack) return false;
  const double fall = looks_.front() - kl_divergence;
  looks_.pop_front();
  const auto now = static_cast<double>(iteration - early_);
  const auto before = now - static_cast<double>(kLooksBack * kLookEvery);
  const auto last = static_cast<double>(iterations_ - early_);
  // b (1 / now - 1 / last), where b (1 / before - 1 / now) is the fall.
  const double left = fall * before / (now - before) * (last - now) / last;
  return std::abs(left) < tolerance_;
}

}  // namespace hourglass
