#include <algorithm>
#include <array>
#include <hourglass/error.hpp>
#include <hourglass/map_quality.hpp>
#include <hourglass/neighbors.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "data/check.hpp"
#include "device/range.hpp"
#include "kernels/neighbors/limits.hpp"
#include "manifold/check_graph.hpp"
#include "manifold/double_order.hpp"

namespace hourglass {

namespace {

constexpr std::size_t kFolds = 5;
constexpr std::size_t kLabels = 256;

/// The fold of each row, as scikit-learn's StratifiedKFold has it: line up all labels, sorted by
/// where each first appears, and deal them out to the folds; the first rows of a label then go to
/// the first fold, as many as it was dealt.
std::vector<std::uint8_t> stratified_folds(std::span<const std::uint8_t> labels) {
  std::array<std::size_t, kLabels> count{};
  std::vector<std::uint8_t> by_appearance;
  for (const std::uint8_t label : labels) {
    if (count[label]++ == 0) by_appearance.push_back(label);
  }
  std::array<std::array<std::size_t, kFolds>, kLabels> dealt{};
  std::size_t place = 0;
  for (const std::uint8_t label : by_appearance) {
    for (std::size_t i = 0; i < count[label]; ++i) ++dealt[label][place++ % kFolds];
  }
  std::vector<std::uint8_t> folds;
  folds.reserve(labels.size());
  std::array<std::uint8_t, kLabels> fold{};
  for (const std::uint8_t label : labels) {
    while (dealt[label][fold[label]] == 0) ++fold[label];
    --dealt[label][fold[label]];
    folds.push_back(fold[label]);
  }
  return folds;
}

/// Which rows a classifier gets right that never sees a row's own fold.
class LeaveFoldOut {
 public:
  LeaveFoldOut(const ArrayView<float>& x, std::span<const std::uint8_t> labels, std::size_t k)
      : x_(x), labels_(labels), k_(k), folds_(stratified_folds(labels)), right_(x.rows()) {
    open_.resize(x.rows());
    std::iota(open_.begin(), open_.end(), std::size_t{0});
  }

  /// The rows that no list of neighbours was long enough for.
  [[nodiscard]] std::size_t open() const { return open_.size(); }

  /// Decides the rows with enough neighbours outside their own fold. A complete graph decides all.
  void decide(const NeighborGraph& graph) {
    const bool complete = graph.indices.row_size() + 1 == x_.rows();
    std::vector<std::uint8_t> decided(x_.rows());
#pragma omp parallel for schedule(dynamic, 64)
    for (std::size_t i = 0; i < open_.size(); ++i) {
      const std::size_t row = open_[i];
      std::vector<std::uint32_t> candidates;
      for (const std::uint32_t other : graph.indices.row(row)) {
        if (folds_[other] != folds_[row]) candidates.push_back(other);
        if (candidates.size() == k_ + kMargin) break;
      }
      if (complete || candidates.size() == k_ + kMargin) {
        vote(row, candidates);
        decided[row] = 1;
      }
    }
    std::erase_if(open_, [&](std::size_t row) { return decided[row] != 0; });
  }

  /// Decides the rows that are left, each by its distances to all others.
  void decide_rest() {
#pragma omp parallel for schedule(dynamic, 4)
    for (std::size_t i = 0; i < open_.size(); ++i) {
      const std::size_t row = open_[i];
      std::vector<std::uint32_t> candidates;
      for (std::uint32_t other = 0; other < x_.rows(); ++other) {
        if (folds_[other] != folds_[row]) candidates.push_back(other);
      }
      vote(row, candidates);
    }
    open_.clear();
  }

  /// The mean over the folds, once all rows are decided.
  [[nodiscard]] double accuracy() const {
    std::array<std::size_t, kFolds> size{};
    std::array<std::size_t, kFolds> right{};
    for (std::size_t row = 0; row < x_.rows(); ++row) {
      ++size[folds_[row]];
      right[folds_[row]] += right_[row];
    }
    double sum = 0.0;
    for (std::size_t f = 0; f < kFolds; ++f) {
      sum += static_cast<double>(right[f]) / static_cast<double>(size[f]);
    }
    return sum / static_cast<double>(kFolds);
  }

 private:
  void vote(std::size_t row, std::span<const std::uint32_t> candidates) {
    std::array<std::size_t, kLabels> votes{};
    for (const Neighbor& neighbor : nearest_of(x_, row, candidates, k_)) {
      ++votes[labels_[neighbor.second]];
    }
    const auto winner = std::ranges::max_element(votes) - votes.begin();  // the first on a tie
    right_[row] = winner == labels_[row] ? 1 : 0;
  }

  const ArrayView<float>& x_;
  std::span<const std::uint8_t> labels_;
  std::size_t k_;
  std::vector<std::uint8_t> folds_;
  std::vector<std::size_t> open_;
  std::vector<std::uint8_t> right_;
};

void check_voters(std::size_t k, std::size_t rows) {
  const std::size_t largest_k = rows < kFolds ? 0 : rows - (rows - 1) / kFolds - 1;
  if (k > 0 && k <= largest_k) return;
  throw Error("label accuracy: " + std::to_string(k) + " neighbours in four fifths of " +
              std::to_string(rows) + " rows do not fit; " +
              (largest_k == 0 ? "there must be at least " + std::to_string(kFolds) + " rows"
                              : "1 to " + std::to_string(largest_k) + " do"));
}

/// With neighbours that are in order.
double accuracy(const Samples& x, std::span<const std::uint8_t> labels, std::size_t k,
                const NeighborGraph& known, const StopRequest& stop) {
  require_finite(x, "label accuracy");
  require_distinct_rows(x, "label accuracy", "none is nearer than another");

  LeaveFoldOut classifier(x.host(), labels, k);
  classifier.decide(known);
  // Where many rows have more neighbours of their own fold, as duplicates may in sorted data,
  // longer lists are quicker than looking at all rows for each.
  const std::size_t longest = std::min(x.rows() - 1, kMaxNeighbors);
  std::size_t length = known.indices.row_size();
  while (classifier.open() > x.rows() / 100 && length < longest) {
    length = std::min(std::max(4 * length, 4 * k + 16), longest);
    classifier.decide(nearest_neighbors(x, length, stop));
  }
  stop_if_requested(stop);
  classifier.decide_rest();
  return classifier.accuracy();
}

}  // namespace

double label_accuracy(const Samples& x, std::span<const std::uint8_t> labels, std::size_t k,
                      const NeighborGraph& known, const StopRequest& stop) {
  const Range range("label accuracy");
  const std::size_t rows = x.rows();
  if (labels.size() != rows || known.indices.rows() != rows) {
    throw Error("label accuracy: there are " + std::to_string(rows) + " rows, but " +
                std::to_string(labels.size()) + " labels and neighbours of " +
                std::to_string(known.indices.rows()) + " rows");
  }
  check_voters(k, rows);
  check_graph(known);
  return accuracy(x, labels, k, known, stop);
}

double label_accuracy(const Samples& x, std::span<const std::uint8_t> labels, std::size_t k,
                      const StopRequest& stop) {
  const Range range("label accuracy");
  if (labels.size() != x.rows()) {
    throw Error("label accuracy: there are " + std::to_string(x.rows()) + " rows, but " +
                std::to_string(labels.size()) + " labels");
  }
  check_voters(k, x.rows());
  // About a fifth of the neighbours are of the same fold.
  const std::size_t length = std::min({4 * k + 16, x.rows() - 1, kMaxNeighbors});
  return accuracy(x, labels, k, nearest_neighbors(x, length, stop), stop);
}

}  // namespace hourglass
