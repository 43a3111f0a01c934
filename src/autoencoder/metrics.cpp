#include <algorithm>
#include <hourglass/error.hpp>
#include <hourglass/metrics.hpp>
#include <string>
#include <vector>

namespace hourglass {
namespace {

double sum_of_squares(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = double{a[i]} - double{b[i]};
    sum += difference * difference;
  }
  return sum;
}

void check_sizes(const Array<float>& a, const Array<float>& b) {
  if (a.rows() == b.rows() && a.size() == b.size() && a.size() > 0) return;
  throw Error("cannot compare " + std::to_string(a.rows()) + " rows of " +
              std::to_string(a.row_size()) + " values with " + std::to_string(b.rows()) +
              " rows of " + std::to_string(b.row_size()));
}

}  // namespace

Array<float> squared_errors(const Array<float>& a, const Array<float>& b) {
  check_sizes(a, b);
  Array<float> errors({a.rows()});
  for (std::size_t n = 0; n < a.rows(); ++n) {
    errors.values[n] =
        static_cast<float>(sum_of_squares(a.row(n), b.row(n)) / static_cast<double>(a.row_size()));
  }
  return errors;
}

double mean_squared_error(const Array<float>& a, const Array<float>& b) {
  check_sizes(a, b);
  return sum_of_squares(a.values, b.values) / static_cast<double>(a.size());
}

double roc_auc(std::span<const float> negatives, std::span<const float> positives) {
  if (negatives.empty() || positives.empty()) {
    throw Error("a ROC curve needs scores of both kinds");
  }
  std::vector<float> sorted(negatives.begin(), negatives.end());
  std::ranges::sort(sorted);
  double wins = 0.0;
  for (const float score : positives) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), score);
    wins += static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
  }
  return wins / (static_cast<double>(negatives.size()) * static_cast<double>(positives.size()));
}

}  // namespace hourglass
