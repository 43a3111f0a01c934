#include "kernels/data/philox.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "kernels/data/random_stream.hpp"

namespace hourglass {
namespace {

void expect_block(const PhiloxBlock& block, const std::vector<std::uint32_t>& words) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(block[i], words[static_cast<std::size_t>(i)]) << i;
}

// The known answers that come with Random123 (kat_vectors, philox4x32-10).
TEST(Philox, GivesThePublishedAnswers) {
  expect_block(Philox{0}(0, 0), {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  expect_block(Philox{~0ULL}(~0ULL, ~0ULL), {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  expect_block(Philox{0x299f31d0a4093822}(0x85a308d3243f6a88, 0x0370734413198a2e),
               {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST(Philox, IsAConstantExpression) {
  static_assert(Philox{0}(0, 0)[0] == 0x6627e8d5);
}

TEST(Philox, EveryPartOfKeyAndCounterMatters) {
  const std::uint64_t high = 1ULL << 32U;
  const std::set<std::uint32_t> words = {
      Philox{0}(0, 0)[0],    Philox{1}(0, 0)[0], Philox{high}(0, 0)[0], Philox{0}(1, 0)[0],
      Philox{0}(high, 0)[0], Philox{0}(0, 1)[0], Philox{0}(0, high)[0]};
  EXPECT_EQ(words.size(), 7);
}

// Two uses of a seed that drew the same numbers would be correlated.
TEST(RandomStream, UsesDoNotMeet) {
  const std::set<std::uint64_t> numbers = {stream_number(RandomStream::initial_weights),
                                           stream_number(RandomStream::shuffle),
                                           stream_number(RandomStream::digits),
                                           stream_number(RandomStream::initial_map),
                                           stream_number(RandomStream::training_corruption),
                                           stream_number(RandomStream::held_out_corruption)};
  EXPECT_EQ(numbers.size(), 6);
  EXPECT_EQ(stream_number(RandomStream::shuffle, 3), 0x5f00000000000003U);
}

TEST(Philox, UniformStaysBelowOne) {
  EXPECT_EQ(uniform(0), 0.0F);
  EXPECT_EQ(uniform(255), 0.0F);
  EXPECT_EQ(uniform(1U << 31U), 0.5F);
  EXPECT_EQ(uniform(~0U), 1.0F - 0x1p-24F);
}

}  // namespace
}  // namespace hourglass
