#include <algorithm>
#include <array>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/map_quality.hpp>
#include <hourglass/tsne.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "device/range.hpp"
#include "kernels/neighbors/limits.hpp"
#include "kernels/simt/workers.hpp"

namespace hourglass {

#if HOURGLASS_HAS_CPU
namespace cpu {
Array<std::uint32_t> neighbor_ranks(const Array<float>& x, const Array<std::uint32_t>& neighbors,
                                    int device_index);
}
#endif
#if HOURGLASS_HAS_CUDA
namespace cuda {
Array<std::uint32_t> neighbor_ranks(const Array<float>& x, const Array<std::uint32_t>& neighbors,
                                    int device_index);
}
#endif

namespace {

constexpr std::size_t kFolds = 5;
constexpr std::size_t kLabels = 256;

/// Neighbours asked for beyond those that count: single precision may have put those next to the
/// end of a row's list in the wrong order.
constexpr std::size_t kMargin = 4;

Array<std::uint32_t> neighbor_ranks(const Array<float>& x, const Array<std::uint32_t>& neighbors,
                                    const Device& device) {
#if HOURGLASS_HAS_CPU
  if (device.kind == DeviceKind::cpu) return cpu::neighbor_ranks(x, neighbors, device.index);
#endif
#if HOURGLASS_HAS_CUDA
  if (device.kind == DeviceKind::cuda) return cuda::neighbor_ranks(x, neighbors, device.index);
#endif
  throw Error("this build cannot rank neighbours on device '" + device.name + "'");
}

void check_values(const std::string& what, const Array<float>& x) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x.values[i])) {
      throw Error(what + ": row " + std::to_string(i / x.row_size()) + ", column " +
                  std::to_string(i % x.row_size()) + " is not finite");
    }
  }
  for (std::size_t i = 1; i < x.rows(); ++i) {
    if (!std::ranges::equal(x.row(0), x.row(i))) return;
  }
  throw Error(what + ": all " + std::to_string(x.rows()) +
              " rows are the same; none is nearer than another");
}

// ---- the order of neighbours, in double precision -----------------------------------------------

/// By distance, then by index.
using Neighbor = std::pair<double, std::uint32_t>;

double squared_distance(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kWidth = 8;  // sums side by side, for the sake of vector units
  std::array<double, kWidth> sums{};
  const std::size_t whole = a.size() / kWidth * kWidth;
  for (std::size_t i = 0; i < whole; i += kWidth) {
    for (std::size_t w = 0; w < kWidth; ++w) {
      const double difference = double{a[i + w]} - double{b[i + w]};
      sums[w] += difference * difference;
    }
  }
  for (std::size_t i = whole; i < a.size(); ++i) {
    const double difference = double{a[i]} - double{b[i]};
    sums[0] += difference * difference;
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

/// The k nearest of candidates, in order.
std::vector<Neighbor> nearest_of(const Array<float>& x, std::size_t row,
                                 std::span<const std::uint32_t> candidates, std::size_t k) {
  std::vector<Neighbor> list;
  list.reserve(candidates.size());
  for (const std::uint32_t other : candidates) {
    list.emplace_back(squared_distance(x.row(row), x.row(other)), other);
  }
  std::ranges::partial_sort(list, list.begin() + static_cast<std::ptrdiff_t>(k));
  list.resize(k);
  return list;
}

// ---- label accuracy -----------------------------------------------------------------------------

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
  LeaveFoldOut(const Array<float>& x, std::span<const std::uint8_t> labels, std::size_t k)
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
    for_each_in_parallel(open_.size(), [&](std::size_t i) {
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
    });
    std::erase_if(open_, [&](std::size_t row) { return decided[row] != 0; });
  }

  /// Decides the rows that are left, each by its distances to all others.
  void decide_rest() {
    for_each_in_parallel(open_.size(), [&](std::size_t i) {
      const std::size_t row = open_[i];
      std::vector<std::uint32_t> candidates;
      for (std::uint32_t other = 0; other < x_.rows(); ++other) {
        if (folds_[other] != folds_[row]) candidates.push_back(other);
      }
      vote(row, candidates);
    });
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

  const Array<float>& x_;
  std::span<const std::uint8_t> labels_;
  std::size_t k_;
  std::vector<std::uint8_t> folds_;
  std::vector<std::size_t> open_;
  std::vector<std::uint8_t> right_;
};

}  // namespace

double label_accuracy(const Array<float>& x, std::span<const std::uint8_t> labels, std::size_t k,
                      const Device& device) {
  const Range range("label accuracy");
  const std::size_t rows = x.rows();
  if (labels.size() != rows) {
    throw Error("label accuracy: there are " + std::to_string(rows) + " rows, but " +
                std::to_string(labels.size()) + " labels");
  }
  const std::size_t largest_k = rows < kFolds ? 0 : rows - (rows - 1) / kFolds - 1;
  if (k == 0 || k > largest_k) {
    throw Error("label accuracy: " + std::to_string(k) + " neighbours in four fifths of " +
                std::to_string(rows) + " rows do not fit; " +
                (largest_k == 0 ? "there must be at least " + std::to_string(kFolds) + " rows"
                                : "1 to " + std::to_string(largest_k) + " do"));
  }
  check_values("label accuracy", x);

  LeaveFoldOut classifier(x, labels, k);
  // About a fifth of the neighbours are of the same fold. Where many rows have more of them, as
  // duplicates may in sorted data, longer lists are quicker than looking at all rows for each.
  const std::size_t longest = std::min(rows - 1, kMaxNeighbors);
  std::size_t length = std::min(4 * k + 16, longest);
  classifier.decide(nearest_neighbors(x, length, device));
  while (classifier.open() > rows / 100 && length < longest) {
    length = std::min(4 * length, longest);
    classifier.decide(nearest_neighbors(x, length, device));
  }
  classifier.decide_rest();
  return classifier.accuracy();
}

double trustworthiness(const Array<float>& x, const Array<float>& map, std::size_t k,
                       const Device& device) {
  const Range range("trustworthiness");
  if (map.rows() != x.rows()) {
    throw Error("trustworthiness: the map has " + std::to_string(map.rows()) +
                " rows, and what it maps has " + std::to_string(x.rows()));
  }
  const std::size_t rows = std::min(x.rows(), kTrustworthinessRows);
  if (k == 0 || 2 * k >= rows) {
    throw Error("trustworthiness: " + std::to_string(k) + " neighbours of each of " +
                std::to_string(rows) + " rows do not fit; fewer than half of the rows do");
  }
  const auto first_rows = [rows](const Array<float>& all) {
    const std::size_t size = all.row_size();
    return Array<float>(
        {rows, size},
        {all.values.begin(), all.values.begin() + static_cast<std::ptrdiff_t>(rows * size)});
  };
  const Array<float> data = first_rows(x);
  const Array<float> points = first_rows(map);
  check_values("trustworthiness: data", data);
  check_values("trustworthiness: map", points);

  const NeighborGraph graph = nearest_neighbors(points, std::min(k + kMargin, rows - 1), device);
  Array<std::uint32_t> neighbors({rows, k});
  for_each_in_parallel(rows, [&](std::size_t row) {
    const std::vector<Neighbor> nearest = nearest_of(points, row, graph.indices.row(row), k);
    for (std::size_t i = 0; i < k; ++i) neighbors.row(row)[i] = nearest[i].second;
  });
  std::uint64_t missed = 0;
  for (const std::uint32_t rank : neighbor_ranks(data, neighbors, device).values) {
    if (rank > k) missed += rank - k;
  }
  const auto n = static_cast<double>(rows);
  const auto kd = static_cast<double>(k);
  return 1.0 - static_cast<double>(missed) * 2.0 / (n * kd * (2.0 * n - 3.0 * kd - 1.0));
}

}  // namespace hourglass
