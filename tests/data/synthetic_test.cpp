#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <limits>
#include <string>
#include <vector>

#include "support/scratch.hpp"

namespace hourglass {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::uint64_t fnv1a(const std::vector<std::uint8_t>& bytes,
                    std::uint64_t hash = 14695981039346656037U) {
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 1099511628211U;
  return hash;
}

TEST(Synthetic, HasTheShapesItSays) {
  const Dataset data = synthetic_digits(60);
  EXPECT_EQ(data.name, "synthetic:60");
  EXPECT_THAT(data.train.images.shape, ElementsAre(60, 28, 28));
  EXPECT_THAT(data.train.labels.shape, ElementsAre(60));
  EXPECT_THAT(data.test.images.shape, ElementsAre(10, 28, 28));
  EXPECT_THAT(data.test.labels.shape, ElementsAre(10));
  EXPECT_THAT(synthetic_digits(1).test.images.shape, ElementsAre(1, 28, 28));
}

// The same bytes on every machine: when this fails, something is not computed as IEEE 754 says, for
// example products and sums are contracted (-ffp-contract). When the drawing is changed on purpose,
// so is this number.
TEST(Synthetic, GivesTheseBytesEverywhere) {
  const Dataset data = synthetic_digits(100);
  EXPECT_EQ(fnv1a(data.train.labels.values, fnv1a(data.train.images.values)),
            11883291407500933333U);
}

TEST(Synthetic, ImagesDoNotDependOnTheCount) {
  const Dataset few = synthetic_digits(30);
  const Dataset many = synthetic_digits(300);
  EXPECT_TRUE(std::equal(few.train.images.values.begin(), few.train.images.values.end(),
                         many.train.images.values.begin()));
  EXPECT_TRUE(std::equal(few.test.images.values.begin(), few.test.images.values.end(),
                         many.test.images.values.begin()));
  EXPECT_TRUE(std::equal(few.train.labels.values.begin(), few.train.labels.values.end(),
                         many.train.labels.values.begin()));
}

TEST(Synthetic, SeedsAndSplitsDiffer) {
  const Dataset zero = synthetic_digits(60, 0);
  const Dataset one = synthetic_digits(60, 1);
  EXPECT_NE(zero.train.images.values, one.train.images.values);
  EXPECT_FALSE(std::equal(zero.test.images.values.begin(), zero.test.images.values.end(),
                          zero.train.images.values.begin()));
  EXPECT_EQ(zero.train.images.values, synthetic_digits(60, 0).train.images.values);
}

TEST(Synthetic, LooksLikeMnistInNumbers) {
  const Dataset data = synthetic_digits(3000);
  double sum = 0.0;
  double squares = 0.0;
  double zeros = 0.0;
  for (const std::uint8_t byte : data.train.images.values) {
    const double pixel = byte / 255.0;
    sum += pixel;
    squares += pixel * pixel;
    if (byte == 0) zeros += 1.0;
  }
  const auto count = static_cast<double>(data.train.images.size());
  const double mean = sum / count;
  EXPECT_NEAR(mean, 0.1307, 0.005);                                      // MNIST: 0.1307
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), 0.3081, 0.008);  // MNIST: 0.3081
  EXPECT_NEAR(zeros / count, 0.809, 0.02);                               // MNIST: 0.809
}

TEST(Synthetic, CentresEveryImage) {
  const Dataset data = synthetic_digits(500);
  for (std::size_t i = 0; i < 500; ++i) {
    double mass = 0.0;
    double x = 0.0;
    double y = 0.0;
    const auto image = data.train.images.row(i);
    for (std::size_t p = 0; p < image.size(); ++p) {
      const std::size_t row = p / 28;
      mass += image[p];
      x += static_cast<double>(image[p]) * static_cast<double>(p % 28);
      y += static_cast<double>(image[p]) * static_cast<double>(row);
    }
    ASSERT_GT(mass / 255.0, 20.0) << i;
    EXPECT_NEAR(x / mass, 14.0, 2.5) << i;
    EXPECT_NEAR(y / mass, 14.0, 2.5) << i;
  }
}

TEST(Synthetic, HasEveryDigitAboutAsOften) {
  const Dataset data = synthetic_digits(3000);
  std::array<int, 10> count{};
  for (const std::uint8_t label : data.train.labels.values) ++count.at(label);
  for (const int n : count) EXPECT_NEAR(n, 300, 70);
}

TEST(Synthetic, DigitsCanBeToldApart) {
  const Dataset data = synthetic_digits(3000);
  const std::size_t known = 2000;
  const std::size_t asked = 500;
  std::array<std::array<double, 784>, 10> centroid{};
  std::array<double, 10> count{};
  for (std::size_t i = 0; i < known; ++i) {
    const std::uint8_t label = data.train.labels.values[i];
    for (std::size_t p = 0; p < 784; ++p) centroid[label][p] += data.train.images.row(i)[p];
    count[label] += 1.0;
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < asked; ++i) {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::max();
    for (std::size_t digit = 0; digit < 10; ++digit) {
      double distance = 0.0;
      for (std::size_t p = 0; p < 784; ++p) {
        const double d = centroid[digit][p] / count[digit] - data.test.images.row(i)[p];
        distance += d * d;
      }
      if (distance < least) {
        least = distance;
        best = digit;
      }
    }
    if (best == data.test.labels.values[i]) ++right;
  }
  EXPECT_GT(right, asked * 7 / 10);
}

TEST(LoadDataset, TakesSyntheticCounts) {
  EXPECT_EQ(load_dataset("synthetic:12").train.images.rows(), 12);
  EXPECT_EQ(load_dataset("synthetic:12").test.images.rows(), 2);
}

TEST(LoadDataset, RefusesBadCounts) {
  for (const char* source :
       {"synthetic:", "synthetic:0", "synthetic:-5", "synthetic:ten", "synthetic:12x",
        "synthetic: 12", "synthetic:1e3", "synthetic:10000001", "synthetic:99999999999999999999",
        "synthetic:1\n2"}) {
    EXPECT_THROW((void)load_dataset(source), UsageError) << source;
    EXPECT_THAT(message_of([&] { (void)load_dataset(source); }),
                AllOf(HasSubstr("synthetic:N with N from 1 to 10000000"), Not(HasSubstr("\n"))));
  }
  EXPECT_THROW((void)load_dataset(""), UsageError);
  EXPECT_THROW((void)synthetic_digits(0), UsageError);
  EXPECT_THAT(message_of([] { (void)load_dataset("no/such/folder"); }),
              HasSubstr("data folder no/such/folder does not exist"));
}

// As the second article prints it.
TEST(DigitFour, IsTheArticles) {
  const Array<float> four = digit_four();
  EXPECT_THAT(four.shape, ElementsAre(1, 8, 8));
  EXPECT_EQ(four.values, (std::vector<float>{0, 0, 0, 1, 0, 0, 0, 0,  //
                                             0, 0, 1, 1, 0, 0, 0, 0,  //
                                             0, 1, 0, 1, 0, 0, 0, 0,  //
                                             1, 0, 0, 1, 0, 0, 0, 0,  //
                                             1, 1, 1, 1, 1, 0, 0, 0,  //
                                             0, 0, 0, 1, 0, 0, 0, 0,  //
                                             0, 0, 0, 1, 0, 0, 0, 0,  //
                                             0, 0, 0, 1, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace hourglass
