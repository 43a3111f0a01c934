#include "data/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "support/scratch.hpp"

namespace hourglass {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST(Check, NamesTheFirstValueThatIsNotFinite) {
  Array<float> x({2, 1, 3}, {0.f, 1.f, 2.f, 3.f, 4.f, 5.f});
  EXPECT_NO_THROW(require_finite(x, "codes"));
  EXPECT_TRUE(all_finite(x.values));
  for (const float bad : {kNan, kInf, -kInf}) {
    x.values[4] = bad;
    EXPECT_THAT(message_of([&] { require_finite(x, "codes"); }),
                HasSubstr("codes: row 1, column 1 is not finite"));
    EXPECT_FALSE(all_finite(x.values));
  }
}

TEST(Check, WantsTwoRowsWithValues) {
  EXPECT_NO_THROW(require_rows(2, 1, "PCA"));
  EXPECT_THAT(message_of([] { require_rows(0, 4, "PCA"); }), HasSubstr("there are none"));
  EXPECT_THAT(message_of([] { require_rows(1, 4, "PCA"); }), HasSubstr("there is 1"));
  EXPECT_THAT(message_of([] { require_rows(5, 0, "PCA"); }), HasSubstr("rows are empty"));
}

TEST(Check, KnowsWhenAllRowsAreTheSame) {
  Array<float> x({3, 2}, {1.f, 2.f, 1.f, 2.f, 1.f, 2.f});
  EXPECT_THAT(message_of([&] { require_distinct_rows(x, "t-SNE", "why"); }),
              HasSubstr("t-SNE: all 3 rows are the same; why"));
  x.values[5] = 2.5f;
  EXPECT_NO_THROW(require_distinct_rows(x, "t-SNE", "why"));
}

TEST(Check, WantsImagesInTheUnitRange) {
  EXPECT_NO_THROW(require_unit_range(Array<std::uint8_t>({1, 2}, {0, 255}), "images"));
  Array<float> x({2, 2}, {0.f, 1.f, 0.5f, 1.f});
  EXPECT_NO_THROW(require_unit_range(x, "images"));
  for (const float bad : {-0.1f, 1.001f, kNan, kInf}) {
    x.values[2] = bad;
    EXPECT_THAT(message_of([&] { require_unit_range(x, "images"); }),
                AllOf(HasSubstr("images: row 1 holds"), HasSubstr("divide bytes by 255")));
  }
}

}  // namespace
}  // namespace hourglass
