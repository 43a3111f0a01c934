#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/map_quality.hpp>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"
#include "support/random_values.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using Labels = std::vector<std::uint8_t>;

class LabelAccuracy : public OnTarget {
 protected:
  double accuracy(const Array<float>& x, const Labels& labels, std::size_t k) {
    return label_accuracy({x, device()}, labels, k);
  }
  double accuracy(const Array<float>& x, const Labels& labels, std::size_t k,
                  const NeighborGraph& known) {
    return label_accuracy({x, device()}, labels, k, known);
  }
  NeighborGraph neighbors(const Array<float>& x, std::size_t k) {
    return nearest_neighbors({x, device()}, k);
  }
};

// ------------------------------------------------------------------------------- arrays to judge

using test::Labelled;
using test::lattice;

/// Clouds around a centre for each label, which overlap; rows sorted by label where `sorted`.
Labelled clouds(std::size_t rows, std::size_t columns, bool sorted) {
  Labelled made{Array<float>({rows, columns}, test::random_values(rows * columns, -1.f, 1.f)),
                Labels(rows)};
  for (std::size_t i = 0; i < rows; ++i) {
    made.labels[i] = static_cast<std::uint8_t>(sorted ? i * 4 / rows : i * 7 % 4);
    made.x.row(i)[made.labels[i] % columns] += 0.8f;
  }
  return made;
}

// ------------------------------------------------------------- the definitions, step by step

using Neighbor = std::pair<double, std::size_t>;

std::vector<Neighbor> others_by_distance(const Array<float>& x, std::size_t row) {
  std::vector<Neighbor> others;
  for (std::size_t j = 0; j < x.rows(); ++j) {
    if (j == row) continue;
    double sum = 0;
    for (std::size_t f = 0; f < x.row_size(); ++f) {
      sum += std::pow(double{x.row(row)[f]} - double{x.row(j)[f]}, 2);
    }
    others.emplace_back(sum, j);
  }
  std::ranges::sort(others);
  return others;
}

/// Labels numbered by appearance, sorted, dealt out in turn; who gets how many of which.
std::vector<std::size_t> folds_of(const Labels& labels) {
  Labels order;
  for (const std::uint8_t label : labels) {
    if (std::ranges::find(order, label) == order.end()) order.push_back(label);
  }
  std::vector<std::size_t> sorted;
  for (std::size_t n = 0; n < order.size(); ++n) {
    sorted.insert(sorted.end(), static_cast<std::size_t>(std::ranges::count(labels, order[n])), n);
  }
  std::vector<std::size_t> folds(labels.size());
  for (std::size_t n = 0; n < order.size(); ++n) {
    std::vector<std::size_t> mine;
    for (std::size_t fold = 0; fold < 5; ++fold) {
      for (std::size_t i = fold; i < sorted.size(); i += 5) {
        if (sorted[i] == n) mine.push_back(fold);
      }
    }
    std::size_t next = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] == order[n]) folds[i] = mine[next++];
    }
  }
  return folds;
}

double plain_accuracy(const Labelled& data, std::size_t k) {
  const auto folds = folds_of(data.labels);
  std::array<double, 5> right{};
  std::array<double, 5> size{};
  for (std::size_t i = 0; i < data.x.rows(); ++i) {
    std::array<int, 256> votes{};
    std::size_t voters = 0;
    for (const auto& [distance, j] : others_by_distance(data.x, i)) {
      if (folds[j] == folds[i] || voters == k) continue;
      ++votes[data.labels[j]];
      ++voters;
    }
    size[folds[i]] += 1;
    if (std::ranges::max_element(votes) - votes.begin() == data.labels[i]) right[folds[i]] += 1;
  }
  double sum = 0;
  for (std::size_t fold = 0; fold < 5; ++fold) sum += right[fold] / size[fold];
  return sum / 5;
}

// ---------------------------------------------------------------------------------------- tests

/// By scikit-learn 1.9.1: cross_val_score(KNeighborsClassifier(k), x, labels, cv=5).mean() of
/// lattice(rows, columns).
struct KnownAccuracy {
  std::size_t rows;
  std::size_t columns;
  std::size_t k;
  double accuracy;
};
constexpr KnownAccuracy kKnownAccuracies[] = {
    {300, 3, 1, 0.7066666666666667},   {300, 3, 10, 0.45},
    {301, 20, 5, 0.37202185792349723}, {157, 2, 7, 0.4274193548387097},
    {23, 4, 3, 0.22000000000000003},
};

TEST_F(LabelAccuracy, AgreesWithScikitLearn) {
  for (const KnownAccuracy& known : kKnownAccuracies) {
    const Labelled data = lattice(known.rows, known.columns);
    EXPECT_NEAR(accuracy(data.x, data.labels, known.k), known.accuracy, 1e-12) << known.rows;
  }
}

TEST_F(LabelAccuracy, IsThatOfItsDefinition) {
  for (const std::size_t rows : {5U, 6U, 9U, 10U, 11U, 64U, 257U, 400U}) {
    for (const bool sorted : {false, true}) {
      const Labelled data = clouds(rows, 3, sorted);
      for (const std::size_t k : {1U, 2U, 4U, 10U, 150U}) {
        if (k > rows - (rows - 1) / 5 - 1) continue;
        EXPECT_DOUBLE_EQ(accuracy(data.x, data.labels, k), plain_accuracy(data, k))
            << rows << " rows, k " << k << (sorted ? ", sorted" : "");
      }
    }
  }
}

// Nearest of a row are rows of its own fold: the first list is too short for it.
TEST_F(LabelAccuracy, LooksBeyondARowsOwnFold) {
  Labelled data{Array<float>({1000, 2}), Labels(1000)};
  for (std::size_t i = 0; i < 1000; ++i) {
    // One label in five folds of 200, in heaps of 200: each heap is a fold, and stands by itself.
    data.labels[i] = i % 200 == 0 ? 1 : 0;
    data.x.row(i)[0] = 10.f * static_cast<float>(i / 200) * static_cast<float>(i / 200);
    data.x.row(i)[1] = static_cast<float>(i * 37 % 200) / 1000.f;
  }
  EXPECT_DOUBLE_EQ(accuracy(data.x, data.labels, 3), plain_accuracy(data, 3));
}

TEST_F(LabelAccuracy, DuplicatesAreNeighborsByTheirIndex) {
  Labelled data = clouds(600, 2, false);
  for (std::size_t i = 0; i < 500; ++i) std::ranges::fill(data.x.row(i), 0.5f);
  for (const std::size_t k : {1U, 10U}) {
    EXPECT_DOUBLE_EQ(accuracy(data.x, data.labels, k), plain_accuracy(data, k));
  }
}

// Single precision cannot order these: a spacing of 2e-4 on an offset of 1000.
TEST_F(LabelAccuracy, AnOffsetDoesNotBlurNeighbors) {
  Labelled data = clouds(500, 2, false);
  for (float& value : data.x.values) value = 1000.f + 0.05f * value;
  EXPECT_DOUBLE_EQ(accuracy(data.x, data.labels, 5), plain_accuracy(data, 5));
}

TEST_F(LabelAccuracy, RowsMayHaveMoreThanOneDimension) {
  const Labelled data = clouds(100, 12, false);
  const Array<float> shaped({100, 3, 2, 2}, data.x.values);
  EXPECT_EQ(accuracy(shaped, data.labels, 3), accuracy(data.x, data.labels, 3));
}

template <class Call>
void expect_error(Call call, const std::string& words) {
  EXPECT_THAT(call, ThrowsMessage<Error>(HasSubstr(words)));
}

TEST_F(LabelAccuracy, BadInputIsAnError) {
  const Labelled data = clouds(20, 2, false);
  const Array<float> few = clouds(4, 2, false).x;
  expect_error([&] { accuracy(data.x, Labels(19), 1); }, "20 rows, but 19 labels");
  expect_error([&] { accuracy(data.x, data.labels, 0); }, "1 to 16 do");
  expect_error([&] { accuracy(data.x, data.labels, 17); }, "1 to 16 do");
  expect_error([&] { accuracy(few, Labels(4), 1); }, "at least 5 rows");
  expect_error([&] { accuracy({}, {}, 1); }, "at least 5 rows");

  Array<float> bad = data.x;
  bad.row(13)[1] = std::numeric_limits<float>::quiet_NaN();
  expect_error([&] { accuracy(bad, data.labels, 1); }, "row 13, column 1 is not finite");
  const Array<float> constant({20, 2}, std::vector<float>(40, 3.f));
  expect_error([&] { accuracy(constant, data.labels, 1); }, "all 20 rows are the same");
}

TEST_F(LabelAccuracy, KnownNeighborsMustBeSome) {
  const Labelled data = clouds(60, 2, false);
  const NeighborGraph good = neighbors(data.x, 20);
  EXPECT_EQ(accuracy(data.x, data.labels, 3, good), accuracy(data.x, data.labels, 3));
  const auto refuse = [&](const std::string& words, auto change) {
    NeighborGraph bad = good;
    change(bad);
    expect_error([&] { accuracy(data.x, data.labels, 3, bad); }, words);
  };
  refuse("row 7, neighbour 2 is 60, but there are only 60 rows",
         [](auto& graph) { graph.indices.row(7)[2] = 60; });
  refuse("row 7, neighbour 2 is the row itself", [](auto& graph) { graph.indices.row(7)[2] = 7; });
  refuse("row 7, neighbour 2 is nearer", [](auto& graph) { graph.distances.row(7)[2] = -0.f; });
  refuse("must both have shape", [](auto& graph) { graph.distances = {}; });
  refuse("neighbours of 59 rows", [](auto& graph) { graph.indices.shape[0] = 59; });
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
