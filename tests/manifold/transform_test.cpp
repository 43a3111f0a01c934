// New points in a finished map, through the public API, on every device.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/tsne.hpp>
#include <hourglass/tsne_transform.hpp>
#include <limits>
#include <string>
#include <vector>

#include "manifold/sample_data.hpp"
#include "support/every_device.hpp"

namespace hourglass {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::size_t kBlobs = 4;

class Transform : public test::OnEveryDevice {
 protected:
  void SetUp() override {
    OnEveryDevice::SetUp();
    if (IsSkipped()) return;
    training_ = test::blob_data(600, 8, kBlobs, 6.0);
    map_ = tsne({training_, device()}, {.iterations = 400}).map;
  }

  Array<float> transform(const Array<float>& fresh, const TransformOptions& options = {}) {
    return tsne_transform({training_, device()}, map_, {fresh, device()}, options);
  }

  Array<float> training_;
  Array<float> map_;
};
INSTANTIATE_TEST_SUITE_P(OnEveryDevice, Transform, test::kEveryDevice, test::device_name);

Array<float> rows_of(const Array<float>& x, const std::vector<std::size_t>& rows) {
  Array<float> some({rows.size(), x.row_size()});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(x.row(rows[i]), some.row(i).begin());
  }
  return some;
}

TEST_P(Transform, PointsComeToLieAmongTheirKind) {
  const auto fresh = test::blob_data(200, 8, kBlobs, 6.0, 2);
  const Array<float> placed = transform(fresh);
  ASSERT_EQ(placed.shape, (Shape{200, 2}));
  for (std::size_t i = 0; i < 200; ++i) {
    std::size_t nearest = 0;
    const auto distance = [&](std::size_t row) {
      return std::hypot(placed.row(i)[0] - map_.row(row)[0], placed.row(i)[1] - map_.row(row)[1]);
    };
    for (std::size_t row = 0; row < 600; ++row) {
      if (distance(row) < distance(nearest)) nearest = row;
    }
    EXPECT_EQ(nearest % kBlobs, i % kBlobs) << i;
    EXPECT_LT(distance(nearest), 3.f) << i;
  }
}

TEST_P(Transform, OntoALine) {
  const auto fresh = test::blob_data(50, 8, kBlobs, 6.0, 2);
  map_ = tsne({training_, device()}, {.components = 1, .iterations = 400}).map;
  const Array<float> placed = transform(fresh);
  ASSERT_EQ(placed.shape, (Shape{50, 1}));
  for (std::size_t i = 0; i < 50; ++i) {
    const auto nearest = std::ranges::min_element(
        map_.values, {}, [&](float value) { return std::abs(value - placed.values[i]); });
    EXPECT_EQ(static_cast<std::size_t>(nearest - map_.values.begin()) % kBlobs, i % kBlobs) << i;
  }
  EXPECT_EQ(transform(rows_of(fresh, {31})).values, rows_of(placed, {31}).values);
  EXPECT_EQ(transform(rows_of(training_, {17})).values, rows_of(map_, {17}).values);
}

TEST_P(Transform, OrderAndCompanyChangeNothing) {
  const auto fresh = test::blob_data(50, 8, kBlobs, 6.0, 2);
  const Array<float> together = transform(fresh);
  std::vector<std::size_t> backwards;
  for (std::size_t i = 50; i-- > 0;) backwards.push_back(i);
  EXPECT_EQ(transform(rows_of(fresh, backwards)).values, rows_of(together, backwards).values);
  for (const std::size_t i : {0U, 31U, 49U}) {
    EXPECT_EQ(transform(rows_of(fresh, {i})).values, rows_of(together, {i}).values) << i;
  }
  auto crowd = rows_of(fresh, {4, 4, 9});
  crowd.row(0)[0] = 1e4f;  // far from all
  EXPECT_EQ(rows_of(transform(crowd), {1, 2}).values, rows_of(together, {4, 9}).values);
}

TEST_P(Transform, ARowThatWasThereBeforeStaysWhereItWas) {
  auto fresh = rows_of(training_, {599, 0, 17, 17});
  fresh.row(3)[5] += 1e-6f * std::abs(fresh.row(3)[5]) + 1e-6f;  // all but
  for (const Metric metric : {Metric::euclidean, Metric::cosine}) {
    const Array<float> placed = transform(fresh, {.metric = metric});
    EXPECT_EQ(rows_of(placed, {0, 1, 2}).values, rows_of(map_, {599, 0, 17}).values);
    EXPECT_FALSE(std::ranges::equal(placed.row(3), map_.row(17)));
  }
  training_.row(17)[5] = 0.f;
  fresh = rows_of(training_, {17});
  fresh.row(0)[5] = 1e-30f;  // no distance away in single precision, and yet another row
  EXPECT_FALSE(std::ranges::equal(transform(fresh).row(0), map_.row(17)));
  std::ranges::copy(training_.row(3), training_.row(400).begin());
  EXPECT_EQ(transform(rows_of(training_, {400})).values, rows_of(map_, {3}).values)
      << "of several, the first";
}

TEST_P(Transform, WithoutStepsAPointIsAtTheMedian) {
  TransformOptions options{.start_neighbors = 3};
  options.schedule.iterations = 0;
  const auto fresh = test::blob_data(9, 8, kBlobs, 6.0, 2);
  const auto graph = nearest_neighbors({training_, device()}, {fresh, device()}, 4);
  for (const std::size_t starts : {3U, 4U}) {
    options.start_neighbors = starts;
    const Array<float> placed = transform(fresh, options);
    for (std::size_t i = 0; i < 9; ++i) {
      for (std::size_t c = 0; c < 2; ++c) {
        std::vector<float> at;
        for (std::size_t n = 0; n < starts; ++n) at.push_back(map_.row(graph.indices.row(i)[n])[c]);
        std::ranges::sort(at);
        EXPECT_EQ(placed.row(i)[c], starts == 3 ? at[1] : 0.5f * (at[1] + at[2]));
      }
    }
  }
}

TEST_P(Transform, AnyNumberOfTrainingRows) {
  for (const std::size_t rows : {2U, 3U, 5U, 26U}) {
    const auto training = test::normal_data(rows, 3);
    const auto map = test::normal_data(rows, 2);
    const auto placed =
        tsne_transform({training, device()}, map, {test::normal_data(4, 3, 0.0, 2), device()},
                       {.perplexity = 1.0});
    for (const float value : placed.values) EXPECT_TRUE(std::isfinite(value)) << rows;
  }
}

TEST_P(Transform, BadInputIsAnError) {
  const auto fresh = test::blob_data(20, 8, kBlobs, 6.0, 2);
  const auto expect_error = [&](const Array<float>& map, const Array<float>& rows,
                                const std::string& words) {
    EXPECT_THAT(
        [&] {
          (void)tsne_transform({training_, device()}, map, {rows, device()});
        },
        ThrowsMessage<Error>(HasSubstr(words)));
  };
  expect_error(map_, test::normal_data(20, 7), "7 values each, and the training data has 8");
  expect_error(map_, Array<float>({0, 8}), "no new rows");
  expect_error(test::normal_data(599, 2), fresh, "(599, 2); for the training data it must have");
  expect_error(test::normal_data(600, 3), fresh, "(600, 3); for the training data it must have");
  auto bad = fresh;
  bad.row(7)[2] = std::nanf("");
  expect_error(map_, bad, "the new rows: row 7, column 2 is not finite");
  bad.row(7)[2] = 1e35f;
  expect_error(map_, bad, "row 7 of the queries holds 1e+35");
  auto bad_map = map_;
  bad_map.row(3)[1] = std::numeric_limits<float>::infinity();
  expect_error(bad_map, fresh, "the map: row 3, column 1 is not finite");

  const auto expect_refused = [&](TransformOptions options, const std::string& words) {
    EXPECT_THAT([&] { (void)transform(fresh, options); }, ThrowsMessage<Error>(HasSubstr(words)));
  };
  expect_refused({.perplexity = 0.5}, "from 1 to 200");
  expect_refused({.perplexity = 201.0}, "from 1 to 200");
  expect_refused({.start_neighbors = 0}, "at least 1 neighbour");
  expect_refused({.schedule = {.exaggeration = 0.f}}, "exaggeration");
  expect_refused({.schedule = {.learning_rate = -1.f}}, "learning rate");
  expect_refused({.schedule = {.momentum = 1.f}}, "momentum");
  expect_refused({.schedule = {.longest_gradient = std::nanf("")}}, "longest gradient");
  EXPECT_THROW((void)transform(fresh, {.stop = [] { return true; }}), Stopped);
}

}  // namespace
}  // namespace hourglass
