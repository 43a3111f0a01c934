#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <hourglass/images.hpp>

namespace hourglass {
namespace {

using ::testing::ElementsAre;

const Array<std::uint8_t> kBytes({3, 1, 2}, {0, 51, 102, 153, 204, 255});
const Array<float> kFloats({3, 1, 2}, {0.f, 0.2f, 0.4f, 0.6f, 0.8f, 1.f});

TEST(Images, LookAtEitherKindWithoutACopy) {
  const Images bytes(kBytes);
  EXPECT_EQ(bytes.count(), 3);
  EXPECT_EQ(bytes.image_size(), 2);
  EXPECT_THAT(bytes.shape(), ElementsAre(3, 1, 2));
  EXPECT_EQ(std::get<0>(bytes.pixels()).data(), kBytes.values.data());
  EXPECT_EQ(std::get<1>(Images(kFloats).pixels()).data(), kFloats.values.data());
  const ImageArray either = kBytes;
  EXPECT_EQ(std::get<0>(Images(either).pixels()).data(),
            std::get<Array<std::uint8_t>>(either).values.data());
}

TEST(Images, BytesOf255AreOne) {
  EXPECT_EQ(to_unit_range(kBytes).values, kFloats.values);
  EXPECT_EQ(to_unit_range(kFloats).values, kFloats.values);
  EXPECT_THAT(to_unit_range(kBytes).shape, ElementsAre(3, 1, 2));
}

TEST(Images, HaveParts) {
  const Images images(kBytes);
  EXPECT_EQ(to_unit_range(images.first(1)).values, (std::vector<float>{0.f, 0.2f}));
  EXPECT_EQ(to_unit_range(images.part(1, 1)).values, (std::vector<float>{0.4f, 0.6f}));
  EXPECT_THAT(images.part(2, 5).shape(), ElementsAre(1, 1, 2));  // as many as there are
  EXPECT_EQ(images.part(7, 1).count(), 0);
  EXPECT_EQ(images.first(9).count(), 3);
}

TEST(Images, WithoutAnyAreNone) {
  const Array<float> none;
  EXPECT_EQ(Images(none).count(), 0);
  EXPECT_EQ(Images(none).image_size(), 0);
  EXPECT_EQ(Images(none).first(3).count(), 0);
}

}  // namespace
}  // namespace hourglass
