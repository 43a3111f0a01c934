#include "files/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "support/scratch.hpp"

namespace hourglass::files {
namespace {

using test::message_of;
using test::read_raw;
using test::ScratchFolder;
using test::write_raw;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + rest;
}

std::string file(const std::string& header, std::size_t data_size) {
  return with_length(header.size(), header + std::string(data_size, '\0'));
}

std::string error(const std::string& bytes) {
  return message_of([&] { (void)parse_safetensors(bytes, "w.safetensors"); });
}

std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}}";
}

TEST(Safetensors, RoundTripsInTheGivenOrder) {
  const ScratchFolder folder;
  save_safetensors(folder / "w.safetensors",
                   {{"z.weight", Array<float>({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F})},
                    {"a.bias", Array<float>({1}, {-0.5F})},
                    {"scalar", Array<float>({}, {9.0F})}});
  const auto tensors = load_safetensors(folder / "w.safetensors");
  ASSERT_EQ(tensors.size(), 3);
  EXPECT_EQ(tensors[0].name, "z.weight");
  EXPECT_THAT(tensors[0].tensor.shape, ElementsAre(2, 2));
  EXPECT_THAT(tensors[0].tensor.values, ElementsAre(1.0F, 2.0F, 3.0F, 4.0F));
  EXPECT_EQ(tensors[1].name, "a.bias");
  EXPECT_THAT(tensors[1].tensor.values, ElementsAre(-0.5F));
  EXPECT_TRUE(tensors[2].tensor.shape.empty());
  EXPECT_THAT(tensors[2].tensor.values, ElementsAre(9.0F));
}

TEST(Safetensors, WritesExactlyTheseBytes) {
  const ScratchFolder folder;
  save_safetensors(folder / "w", {{"a", Array<float>({1}, {1.0F})}});
  std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(read_raw(folder / "w"),
            with_length(header.size(), header + std::string("\0\0\x80\x3f", 4)));
}

TEST(Safetensors, RoundTripsNothingAndEmptyTensors) {
  const ScratchFolder folder;
  save_safetensors(folder / "w", {});
  EXPECT_TRUE(load_safetensors(folder / "w").empty());
  save_safetensors(folder / "w", {{"a", Array<float>({0, 3})}, {"b", Array<float>({1}, {2.0F})}});
  const auto tensors = load_safetensors(folder / "w");
  ASSERT_EQ(tensors.size(), 2);
  EXPECT_THAT(tensors[0].tensor.shape, ElementsAre(0, 3));
  EXPECT_THAT(tensors[1].tensor.values, ElementsAre(2.0F));
}

TEST(Safetensors, PassesOverMetadataAndSortsByOffset) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},)"
      R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   )";
  const auto tensors = parse_safetensors(file(header, 8), "w");
  ASSERT_EQ(tensors.size(), 2);
  EXPECT_EQ(tensors[0].name, "b");
  EXPECT_EQ(tensors[1].name, "a");
}

TEST(Safetensors, RefusesBadLengths) {
  EXPECT_THAT(error("1234567"), AllOf(HasSubstr("w.safetensors"), HasSubstr("7 bytes")));
  EXPECT_THAT(error(with_length(~0ULL, "{}")), HasSubstr("18446744073709551615 bytes"));
  EXPECT_THAT(error(with_length(100000001, "{}")), HasSubstr("at most 100000000"));
  EXPECT_THAT(error(with_length(3, "{}")),
              HasSubstr("truncated: it has 10 bytes, its header ends at 11"));
}

TEST(Safetensors, RefusesEveryTruncation) {
  const std::string whole = file(one("\"F32\"", "[2]", "[0,8]"), 8);
  EXPECT_EQ(error(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(error(whole.substr(0, size)), HasSubstr("w.safetensors")) << size;
  }
  EXPECT_THAT(
      error(whole.substr(0, whole.size() - 1)),
      AllOf(HasSubstr("tensor 'a'"), HasSubstr("beyond the 7 bytes"), HasSubstr("truncated")));
  EXPECT_THAT(error(whole + "x"), HasSubstr("end at byte 8 of the data, but there are 9"));
}

TEST(Safetensors, RefusesHeadersThatAreNotJsonObjects) {
  for (const char* header : {"", "   ", "{", "nonsense", "{\"a\":NaN}", "{\"a\":1e}", "{}{}",
                             "{\"\xff\":1}", "{\"a\":1e999}"}) {
    EXPECT_THAT(
        error(file(header, 0)),
        AllOf(HasSubstr("w.safetensors: malformed safetensors header"), Not(HasSubstr("\n"))))
        << header;
  }
  for (const char* header : {"[]", "null", "3", "\"text\""}) {
    EXPECT_THAT(error(file(header, 0)), HasSubstr("expected a JSON object")) << header;
  }
}

TEST(Safetensors, RefusesDeepNesting) {
  EXPECT_THAT(error(file(std::string(1000000, '['), 0)), HasSubstr("nests too deep"));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_THAT(error(file(objects, 0)), HasSubstr("nests too deep"));
  EXPECT_THAT(error(file(one("\"F32\"", "[[1]]", "[0,4]"), 4)), HasSubstr("nests too deep"));
}

TEST(Safetensors, RefusesMalformedTensors) {
  EXPECT_THAT(error(file(R"({"a":1})", 0)), HasSubstr("tensor 'a': its description is not"));
  EXPECT_THAT(error(file(R"({"a\n":1})", 0)), HasSubstr("tensor 'a\\x0a'"));
  EXPECT_THAT(error(file(R"({"a":{}})", 0)), HasSubstr("no dtype"));
  EXPECT_THAT(error(file(one("3", "[1]", "[0,4]"), 4)), HasSubstr("no dtype"));
  EXPECT_THAT(error(file(one("\"BF16\"", "[1]", "[0,2]"), 2)),
              AllOf(HasSubstr("tensor 'a'"), HasSubstr("dtype BF16, expected F32")));
  for (const char* shape : {"3", "null", "[-1]", "[1.0]", "[\"1\"]", "[1e3]", "{}"}) {
    EXPECT_THAT(error(file(one("\"F32\"", shape, "[0,4]"), 4)), HasSubstr("not a list of counts"))
        << shape;
  }
  for (const char* offsets : {"[]", "[0]", "[0,4,8]", "[-4,0]", "[0,4.0]", "0", "[0,1e400]"}) {
    EXPECT_NE(error(file(one("\"F32\"", "[1]", offsets), 4)), "") << offsets;
  }
}

TEST(Safetensors, RefusesOffsetsThatDoNotFit) {
  EXPECT_THAT(error(file(one("\"F32\"", "[1]", "[4,0]"), 4)), HasSubstr("4 to 0 run backwards"));
  EXPECT_THAT(error(file(one("\"F32\"", "[1]", "[0,18446744073709551615]"), 4)),
              HasSubstr("beyond the 4 bytes"));
  EXPECT_THAT(error(file(one("\"F32\"", "[2]", "[0,4]"), 4)),
              HasSubstr("0 to 4 do not fit float32 values of shape (2,)"));
  EXPECT_THAT(error(file(one("\"F32\"", "[0]", "[0,4]"), 4)), HasSubstr("do not fit"));
  // 2^32 x 2^32 x 4 bytes is 0 modulo 2^64.
  EXPECT_THAT(error(file(one("\"F32\"", "[4294967296,4294967296]", "[0,0]"), 0)),
              HasSubstr("do not fit"));
  EXPECT_THAT(error(file(one("\"F32\"", "[0,4294967296,4294967296]", "[0,0]"), 0)),
              HasSubstr("do not fit"));
}

TEST(Safetensors, RefusesGapsAndOverlaps) {
  const auto two = [](const std::string& a, const std::string& b) {
    return R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)" + a +
           R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + b + "}}";
  };
  EXPECT_EQ(error(file(two("[0,4]", "[4,8]"), 8)), "");
  EXPECT_THAT(error(file(two("[0,4]", "[8,12]"), 12)),
              HasSubstr("'b' starts at byte 8 of the data, expected 4"));
  EXPECT_THAT(error(file(two("[0,4]", "[0,4]"), 4)), HasSubstr("expected 4"));
  EXPECT_THAT(error(file(two("[4,8]", "[8,12]"), 12)), HasSubstr("expected 0"));
}

TEST(Safetensors, NamesTheFile) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of([&] { (void)load_safetensors(folder / "none"); }),
              HasSubstr((folder / "none").string() + ": No such file"));
  write_raw(folder / "short", "x");
  EXPECT_THAT(message_of([&] { (void)load_safetensors(folder / "short"); }),
              HasSubstr((folder / "short").string()));
}

TEST(Safetensors, RefusesToSaveWhatItCouldNotLoad) {
  const ScratchFolder folder;
  const Array<float> number({1}, {1.0F});
  const auto save = [&](std::vector<NamedTensor> tensors) {
    return message_of([&] { save_safetensors(folder / "w", tensors); });
  };
  EXPECT_THAT(save({{"a", number}, {"a", number}}), HasSubstr("'a' is there twice"));
  EXPECT_THAT(save({{"__metadata__", number}}), HasSubstr("keeps for itself"));
  EXPECT_THAT(save({{"a", Array<float>({3}, {1.0F})}}), HasSubstr("shape (3,) but 1 values"));
  EXPECT_THAT(save({{"\xff", number}}), HasSubstr("not UTF-8"));
  EXPECT_EQ(folder.entries(), 0);
}

}  // namespace
}  // namespace hourglass::files
