#include "data/idx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/idx_files.hpp"
#include "support/scratch.hpp"

namespace hourglass::data {
namespace {

using test::gzip;
using test::idx;
using test::message_of;
using test::ScratchFolder;
using test::write_raw;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error(std::string_view bytes, std::size_t rank = 1) {
  return message_of([&] { (void)parse_idx(bytes, rank, "x-ubyte"); });
}

TEST(Idx, ReadsPlainAndCompressedFilesWhateverTheirName) {
  const ScratchFolder folder;
  const std::string bytes = idx({2, 1, 3}, "abcdef");
  write_raw(folder / "plain.gz", bytes);
  write_raw(folder / "compressed", gzip(bytes));
  for (const char* name : {"plain.gz", "compressed"}) {
    const Array<std::uint8_t> array = load_idx(folder / name, 3);
    EXPECT_THAT(array.shape, ElementsAre(2, 1, 3));
    EXPECT_THAT(array.values, ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
  }
}

TEST(Idx, ReadsConcatenatedGzip) {
  const std::string bytes = idx({6}, "abcdef");
  const std::string parts =
      gzip(bytes.substr(0, 3)) + gzip(bytes.substr(3, 7)) + gzip(bytes.substr(10));
  EXPECT_THAT(parse_idx(parts, 1, "x").values, ElementsAre('a', 'b', 'c', 'd', 'e', 'f'));
}

TEST(Idx, ReadsMoreThanOneStep) {
  const std::string data(5'000'000, 'x');
  EXPECT_EQ(parse_idx(gzip(idx({5000000}, data)), 1, "x").size(), data.size());
  EXPECT_EQ(parse_idx(idx({0}, ""), 1, "x").size(), 0);
}

TEST(Idx, TellsWrongMagicNumbers) {
  EXPECT_THAT(error(idx({1, 1, 1}, "a")),
              AllOf(HasSubstr("x-ubyte"), HasSubstr("0x00000803, expected 0x00000801")));
  EXPECT_THAT(error("\x89PNG\r\n\x1a\n"), HasSubstr("magic number 0x89504e47"));
  EXPECT_THAT(error("P"), HasSubstr("magic number 0x50"));
  EXPECT_THAT(error(gzip("hello world")), HasSubstr("magic number 0x68656c6c"));
  EXPECT_THAT(error(std::string("\0\0\x0d\x01", 4)), HasSubstr("0x00000d01"));  // floats
}

TEST(Idx, TellsEveryTruncation) {
  const std::string bytes = idx({3}, "abc");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(error(bytes.substr(0, size)), HasSubstr("x-ubyte: the file is truncated"));
  }
  EXPECT_THAT(error(""), HasSubstr("its header takes 8 bytes, found 0"));
  EXPECT_THAT(error(bytes.substr(0, 10)), HasSubstr("(3,), takes 3 bytes, found 2"));
  EXPECT_THAT(error(gzip(bytes.substr(0, 10))), HasSubstr("takes 3 bytes, found 2"));
}

TEST(Idx, TellsEveryTruncationOfGzip) {
  const std::string bytes = gzip(idx({3}, "abc"));
  for (std::size_t size = 2; size < bytes.size(); ++size) {
    EXPECT_THAT(error(bytes.substr(0, size)), HasSubstr("x-ubyte: the gzip data is truncated"));
  }
}

TEST(Idx, TellsDataBehindTheEnd) {
  const std::string bytes = idx({3}, "abc");
  EXPECT_THAT(error(bytes + "d"), HasSubstr("data behind the 3 values"));
  EXPECT_THAT(error(gzip(bytes + "d")), HasSubstr("data behind the 3 values"));
  EXPECT_THAT(error(gzip(bytes) + "junk"), HasSubstr("4 bytes of garbage behind the gzip data"));
}

TEST(Idx, TellsCorruptGzip) {
  std::string sum = gzip(idx({3}, "abc"));
  sum[sum.size() - 8] ^= 1;
  EXPECT_THAT(error(sum), AllOf(HasSubstr("gzip data is corrupt"), HasSubstr("data check")));
  std::string length = gzip(idx({3}, "abc"));
  length[length.size() - 1] ^= 1;
  EXPECT_THAT(error(length), AllOf(HasSubstr("gzip data is corrupt"), HasSubstr("length check")));
  std::string method = gzip(idx({3}, "abc"));
  method[2] = 7;
  EXPECT_THAT(error(method), HasSubstr("gzip data is corrupt"));
}

TEST(Idx, HugeCountsInShortFilesTakeNoMemory) {
  EXPECT_THAT(error(idx({0xffffffff, 1000}, "abc"), 2),
              AllOf(HasSubstr("truncated"), HasSubstr("(4294967295, 1000)"), HasSubstr("found 3")));
  EXPECT_THAT(error(idx({0xffffffff, 0xffffffff, 0xffffffff}, "abc"), 3),
              HasSubstr("is too large"));
}

TEST(Idx, NamesAMissingFile) {
  EXPECT_THAT(message_of([&] { (void)load_idx("no/such-ubyte", 1); }),
              AllOf(HasSubstr("no/such-ubyte"), HasSubstr("No such file")));
}

}  // namespace
}  // namespace hourglass::data
