// The nearest rows of a data set to rows that are not in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hourglass/error.hpp>
#include <hourglass/neighbors.hpp>
#include <limits>
#include <string>
#include <vector>

#include "manifold/dense_reference.hpp"
#include "manifold/sample_data.hpp"
#include "support/on_target.hpp"

namespace hourglass::HOURGLASS_TARGET {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class Queries : public KernelTest {
 protected:
  NeighborGraph find(const Array<float>& data, const Array<float>& queries, std::size_t k) {
    NeighborGraph graph;
    run([&] { graph = nearest_neighbors({data, device()}, {queries, device()}, k); });
    return graph;
  }

  /// Each query's k nearest by distances in double, where these tell them apart.
  void expect_nearest(const Array<float>& data, const Array<float>& queries, std::size_t k) {
    const NeighborGraph graph = find(data, queries, k);
    ASSERT_EQ(graph.indices.shape, (Shape{queries.rows(), k}));
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      std::vector<double> squared(data.rows());
      for (std::size_t i = 0; i < data.rows(); ++i) {
        squared[i] = test::squared_distance(queries.row(q), data.row(i));
      }
      std::vector<double> sorted = squared;
      std::ranges::sort(sorted);
      std::vector<std::uint32_t> seen;
      for (std::size_t n = 0; n < k; ++n) {
        const std::uint32_t index = graph.indices.row(q)[n];
        ASSERT_LT(index, data.rows());
        ASSERT_EQ(std::ranges::count(seen, index), 0) << "twice";
        seen.push_back(index);
        ASSERT_NEAR(graph.distances.row(q)[n], std::sqrt(squared[index]),
                    1e-6 * std::sqrt(squared[index]))
            << q << ", " << n;
        ASSERT_NEAR(squared[index], sorted[n], 4e-6 * sorted[n]) << q << ", " << n;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryWay, Queries, ways_that_wait(), way_name);

TEST_P(Queries, AreTheNearestInDouble) {
  for (const std::size_t rows : {1U, 2U, 15U, 17U, 33U, 515U, 700U}) {
    for (const std::size_t features : {1U, 2U, 7U, 40U}) {
      SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(features));
      const auto data = test::normal_data(rows, features);
      const auto queries = test::normal_data(5, features, 0.0, 2);
      for (const std::size_t k : {std::size_t{1}, std::min<std::size_t>(rows, 25), rows}) {
        expect_nearest(data, queries, k);
      }
    }
  }
}

TEST_P(Queries, FindTheSameToTheBitAsTheSearchOfASetAgainstItself) {
  const bool quick = GetParam() == Way::plain || GetParam() == Way::stream;
  const std::vector<std::size_t> sizes =  // the emulation's search takes a second
      quick ? std::vector<std::size_t>{1, 15, 16, 17, 33, 48, 50, 79, 392}
            : std::vector<std::size_t>{33};
  for (const std::size_t features : sizes) {
    SCOPED_TRACE(features);
    const auto x = test::blob_data(quick ? 300 : 60, features, 3, 4.0);
    const std::size_t k = 20;
    NeighborGraph known;
    run([&] { known = nearest_neighbors({x, device()}, k); });
    const NeighborGraph graph = find(x, x, k + 1);
    for (std::size_t i = 0; i < x.rows(); ++i) {
      ASSERT_EQ(graph.indices.row(i)[0], i);
      ASSERT_EQ(graph.distances.row(i)[0], 0.f);
      ASSERT_TRUE(std::ranges::equal(graph.indices.row(i).subspan(1), known.indices.row(i))) << i;
      ASSERT_TRUE(std::ranges::equal(graph.distances.row(i).subspan(1), known.distances.row(i)))
          << i;
    }
  }
}

// Whole numbers, whose distances are exact: many ties, which go by index.
TEST_P(Queries, TiesGoByIndex) {
  auto data = test::normal_data(500, 3);
  for (float& value : data.values) value = std::round(value);
  auto queries = test::normal_data(20, 3, 0.0, 2);
  for (float& value : queries.values) value = std::round(value);
  const std::size_t k = 30;
  const NeighborGraph graph = find(data, queries, k);
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    std::vector<std::pair<double, std::uint32_t>> order;
    for (std::uint32_t i = 0; i < data.rows(); ++i) {
      order.emplace_back(test::squared_distance(queries.row(q), data.row(i)), i);
    }
    std::ranges::sort(order);
    for (std::size_t n = 0; n < k; ++n) {
      ASSERT_EQ(graph.indices.row(q)[n], order[n].second) << q << ", " << n;
    }
  }
}

TEST_P(Queries, OfDuplicatesAndOutliers) {
  auto data = test::normal_data(400, 6);
  for (std::size_t i = 0; i < 300; ++i) std::ranges::fill(data.row(i), 0.25f);
  data.row(399)[0] = 1e6f;
  Array<float> queries({3, 6}, std::vector<float>(18, 0.25f));
  queries.row(1)[0] = 1e6f;
  queries.row(2)[5] = -2.f;
  expect_nearest(data, queries, 25);
  const NeighborGraph graph = find(data, queries, 25);
  for (std::uint32_t n = 0; n < 25; ++n) EXPECT_EQ(graph.indices.row(0)[n], n);
}

// Inner products of rows far from the origin, or of other scales, lose their digits.
TEST_P(Queries, AtAnyOffsetAndScale) {
  for (const double offset : {1e3, -1e5}) {
    expect_nearest(test::normal_data(300, 9, offset), test::normal_data(5, 9, offset, 2), 10);
  }
  for (const float scale : {1e-30f, 1e-15f, 1e15f, 1e30f}) {
    auto data = test::normal_data(300, 9);
    auto queries = test::normal_data(5, 9, 0.0, 2);
    for (float& value : data.values) value *= scale;
    for (float& value : queries.values) value *= scale;
    expect_nearest(data, queries, 10);
  }
}

TEST_P(Queries, DoNotDependOnEachOther) {
  const auto data = test::blob_data(1000, 30, 4, 3.0);
  const auto queries = test::blob_data(300, 30, 4, 3.0, 2);  // more than a tile
  const NeighborGraph together = find(data, queries, 25);
  for (const std::size_t q : {0U, 150U, 299U}) {
    const auto row = queries.row(q);
    const NeighborGraph alone = find(data, Array<float>({1, 30}, {row.begin(), row.end()}), 25);
    EXPECT_TRUE(std::ranges::equal(alone.indices.row(0), together.indices.row(q)));
    EXPECT_TRUE(std::ranges::equal(alone.distances.row(0), together.distances.row(q)));
  }
}

TEST_P(Queries, BadInputIsAnError) {
  const auto data = test::normal_data(20, 3);
  const auto expect_error = [&](const Array<float>& x, const Array<float>& queries, std::size_t k,
                                const std::string& words) {
    EXPECT_THAT([&] { (void)find(x, queries, k); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  expect_error(data, test::normal_data(2, 4), 1, "4 values each, and the data has 3");
  expect_error(data, data, 0, "1 to 20 are possible");
  expect_error(data, data, 21, "1 to 20 are possible");
  expect_error(Array<float>({0, 3}), data, 1, "no rows to look among");
  expect_error(data, Array<float>({0, 3}), 1, "no queries");
  auto bad = data;
  bad.row(7)[2] = std::numeric_limits<float>::infinity();
  expect_error(bad, data, 1, "data: row 7, column 2 is not finite");
  expect_error(data, bad, 1, "queries: row 7, column 2 is not finite");
  bad.row(7)[2] = 1e30f;
  expect_error(data, bad, 1, "row 7 of the queries holds 1e+30, too far");
}

}  // namespace
}  // namespace hourglass::HOURGLASS_TARGET
