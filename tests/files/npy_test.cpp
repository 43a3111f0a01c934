#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <hourglass/npy.hpp>
#include <limits>
#include <string>
#include <vector>

#include "files/npy_format.hpp"
#include "support/scratch.hpp"

namespace hourglass {
namespace {

using test::message_of;
using test::read_raw;
using test::ScratchFolder;
using test::write_raw;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using namespace std::string_literals;

/// A file byte by byte: version 1 unless told, the header as it stands, the data.
std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string bytes = "\x93NUMPY"s + version + '\0';
  bytes += static_cast<char>(header.size() % 256);
  bytes += static_cast<char>(header.size() / 256);
  if (version > 1) bytes += "\0\0"s;
  return bytes + header + data;
}

std::string header(const std::string& descr, const std::string& shape,
                   const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string raw(std::vector<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Array<float> parse(const std::string& bytes) {
  return files::parse_npy(bytes, "x.npy");
}
std::string error(const std::string& bytes) {
  return message_of([&] { (void)parse(bytes); });
}

TEST(Npy, RoundTripsFloats) {
  const ScratchFolder folder;
  const float inf = std::numeric_limits<float>::infinity();
  const Array<float> array({2, 3}, {0.0F, -1.5F, 3e-39F, inf, -inf, 16777217.0F});
  save_npy(folder / "x.npy", array);
  const Array<float> back = load_npy(folder / "x.npy");
  EXPECT_EQ(back.shape, array.shape);
  EXPECT_EQ(back.values, array.values);
}

TEST(Npy, RoundTripsBytesScalarsAndEmptyArrays) {
  const ScratchFolder folder;
  save_npy(folder / "b.npy", Array<std::uint8_t>({4}, {0, 1, 128, 255}));
  EXPECT_THAT(load_npy(folder / "b.npy").values, ElementsAre(0.0F, 1.0F, 128.0F, 255.0F));
  save_npy(folder / "s.npy", Array<float>({}, {7.0F}));
  EXPECT_TRUE(load_npy(folder / "s.npy").shape.empty());
  EXPECT_THAT(load_npy(folder / "s.npy").values, ElementsAre(7.0F));
  save_npy(folder / "e.npy", Array<float>({0, 5}));
  EXPECT_THAT(load_npy(folder / "e.npy").shape, ElementsAre(0, 5));
  EXPECT_EQ(load_npy(folder / "e.npy").size(), 0);
}

TEST(Npy, WritesExactlyTheseBytes) {
  const ScratchFolder folder;
  save_npy(folder / "x.npy", Array<float>({3}, {1.0F, 2.0F, 3.0F}));
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
  dict += std::string(118 - 1 - dict.size(), ' ') + '\n';
  EXPECT_EQ(read_raw(folder / "x.npy"), npy(dict, raw<float>({1.0F, 2.0F, 3.0F})));
}

// NumPy's own: np.array([...], np.float16).tobytes(), its smallest, its largest, what is not
// finite.
TEST(Npy, ReadsHalfPrecision) {
  const std::vector<std::uint16_t> bits{0x0000, 0x8000, 0x3c00, 0xc000, 0x3555, 0x0001,
                                        0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00};
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_THAT(parse(npy(header("<f2", "(11,)"), raw(bits))).values,
              ElementsAre(0.0F, -0.0F, 1.0F, -2.0F, 0.333251953125F, 5.9604644775390625e-08F,
                          6.097555160522461e-05F, 6.103515625e-05F, 65504.0F, inf, -inf));
  EXPECT_TRUE(std::isnan(parse(npy(header("<f2", "(1,)"), "\0\x7e"s)).values[0]));
  EXPECT_THAT(parse(npy(header(">f2", "(2,)"), "\x3c\0\xc0\0"s)).values, ElementsAre(1.0F, -2.0F));
}

TEST(Npy, KeepsTheBytesOfImages) {
  const auto images = [](const std::string& bytes) {
    return files::parse_npy_images(bytes, "x.npy");
  };
  const auto bytes =
      std::get<Array<std::uint8_t>>(images(npy(header("|u1", "(2, 1, 2)"), "\0\x80\xff\7"s)));
  EXPECT_THAT(bytes.shape, ElementsAre(2, 1, 2));
  EXPECT_THAT(bytes.values, ElementsAre(0, 128, 255, 7));
  const auto by_columns =
      std::get<Array<std::uint8_t>>(images(npy(header("|u1", "(2, 2)", "True"), "\1\2\3\4"s)));
  EXPECT_THAT(by_columns.values, ElementsAre(1, 3, 2, 4));
  for (const char* kind : {"|b1", "|i1"}) {
    const auto floats = std::get<Array<float>>(images(npy(header(kind, "(2,)"), "\0\1"s)));
    EXPECT_THAT(floats.values, ElementsAre(0.0F, 1.0F));
  }
}

TEST(Npy, ReadsEveryElementType) {
  EXPECT_THAT(parse(npy(header("<f4", "(2,)"), raw<float>({0.5F, -2.0F}))).values,
              ElementsAre(0.5F, -2.0F));
  EXPECT_THAT(parse(npy(header("<f8", "(2,)"), raw<double>({0.1, -1e-300}))).values,
              ElementsAre(0.1F, -0.0F));
  EXPECT_THAT(parse(npy(header("|b1", "(2,)"), "\0\1"s)).values, ElementsAre(0.0F, 1.0F));
  EXPECT_THAT(parse(npy(header("|u1", "(2,)"), "\0\xff"s)).values, ElementsAre(0.0F, 255.0F));
  EXPECT_THAT(parse(npy(header("|i1", "(2,)"), "\x7f\xff"s)).values, ElementsAre(127.0F, -1.0F));
  EXPECT_THAT(parse(npy(header("<i2", "(1,)"), raw<std::int16_t>({-300}))).values,
              ElementsAre(-300.0F));
  EXPECT_THAT(parse(npy(header("<u2", "(1,)"), raw<std::uint16_t>({65535}))).values,
              ElementsAre(65535.0F));
  EXPECT_THAT(parse(npy(header("<i4", "(1,)"), raw<std::int32_t>({-70000}))).values,
              ElementsAre(-70000.0F));
  EXPECT_THAT(parse(npy(header("<u4", "(1,)"), raw<std::uint32_t>({4294967295U}))).values,
              ElementsAre(4294967296.0F));
  EXPECT_THAT(parse(npy(header("<i8", "(1,)"), raw<std::int64_t>({-5}))).values,
              ElementsAre(-5.0F));
  EXPECT_THAT(parse(npy(header("<u8", "(1,)"), raw<std::uint64_t>({1ULL << 63U}))).values,
              ElementsAre(9223372036854775808.0F));
}

TEST(Npy, ReadsBigEndian) {
  EXPECT_THAT(parse(npy(header(">f4", "(1,)"), "\x3f\x80\0\0"s)).values, ElementsAre(1.0F));
  EXPECT_THAT(parse(npy(header(">f8", "(1,)"), "\xc0\0\0\0\0\0\0\0"s)).values, ElementsAre(-2.0F));
  EXPECT_THAT(parse(npy(header(">i2", "(2,)"), "\x01\x02\xff\xfe"s)).values,
              ElementsAre(258.0F, -2.0F));
}

TEST(Npy, TurnsFortranOrderIntoCOrder) {
  // a[i][j] = 10 i + j, the first index fastest in the file.
  const Array<float> matrix =
      parse(npy(header("|u1", "(2, 3)", "True"), "\x00\x0a\x01\x0b\x02\x0c"s));
  EXPECT_THAT(matrix.values, ElementsAre(0.0F, 1.0F, 2.0F, 10.0F, 11.0F, 12.0F));
  std::string data;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) data += static_cast<char>(12 * i + 4 * j + k);
    }
  }
  const Array<float> cube = parse(npy(header("|u1", "(2, 3, 4)", "True"), data));
  for (std::size_t i = 0; i < cube.size(); ++i) EXPECT_EQ(cube.values[i], static_cast<float>(i));
  EXPECT_EQ(parse(npy(header("|u1", "(2, 0)", "True"), "")).size(), 0);
}

TEST(Npy, ReadsVersionsTwoAndThreeAndOddSpacing) {
  const std::string odd = "{ \"shape\":(2 ,1L),'fortran_order':False , 'descr':'|u1'}";
  for (const char version : {'\1', '\2', '\3'}) {
    const Array<float> array = parse(npy(odd, "\5\6", version));
    EXPECT_THAT(array.shape, ElementsAre(2, 1));
    EXPECT_THAT(array.values, ElementsAre(5.0F, 6.0F));
  }
}

TEST(Npy, KeepsNanAndInfinityOfDoubles) {
  const double inf = std::numeric_limits<double>::infinity();
  const Array<float> array = parse(npy(header("<f8", "(2,)"), raw<double>({inf, std::nan("")})));
  EXPECT_TRUE(std::isinf(array.values[0]));
  EXPECT_TRUE(std::isnan(array.values[1]));
}

TEST(Npy, RefusesDoublesThatOverflow) {
  const double largest = std::numeric_limits<float>::max();
  EXPECT_EQ(error(npy(header("<f8", "(1,)"), raw<double>({largest}))), "");
  EXPECT_EQ(error(npy(header("<f8", "(1,)"), raw<double>({std::nextafter(largest, 1e39)}))), "");
  for (const double value : {0x1.ffffffp127, -1e39}) {
    EXPECT_THAT(error(npy(header("<f8", "(1,)"), raw<double>({value}))),
                AllOf(HasSubstr("x.npy"), HasSubstr("too large for float32")));
  }
}

TEST(Npy, NumbersKeepAllTheirDigits) {
  const auto doubles = [](const std::string& bytes) {
    return std::get<Array<double>>(files::parse_npy_numbers(bytes, "x.npy")).values;
  };
  const auto floats = [](const std::string& bytes) {
    return std::get<Array<float>>(files::parse_npy_numbers(bytes, "x.npy")).values;
  };
  EXPECT_THAT(doubles(npy(header("<f8", "(2,)"), raw<double>({0.1, 1e300}))),
              ElementsAre(0.1, 1e300));
  EXPECT_THAT(floats(npy(header("<f4", "(2,)"), raw<float>({0.1F, 3.0F}))),
              ElementsAre(0.1F, 3.0F));
  EXPECT_THAT(floats(npy(header("<f2", "(1,)"), raw<std::uint16_t>({0x3800}))), ElementsAre(0.5F));
  EXPECT_THAT(doubles(npy(header("<i4", "(2,)"), raw<std::int32_t>({20230101, -7}))),
              ElementsAre(20230101.0, -7.0));
  EXPECT_THAT(floats(npy(header("|u1", "(2,)"), "\x01\xff"s)), ElementsAre(1.F, 255.F));
  EXPECT_THAT(floats(npy(header(">i2", "(2,)"), "\x7f\xff\x80\x00"s)),
              ElementsAre(32767.F, -32768.F));
  EXPECT_THAT(doubles(npy(header(">u4", "(2, 2)", "True"), "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4"s)),
              ElementsAre(1.0, 3.0, 2.0, 4.0));
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  EXPECT_THAT(doubles(npy(header("<i8", "(2,)"), raw<std::int64_t>({kExact, -kExact}))),
              ElementsAre(0x1p53, -0x1p53));
  for (const std::int64_t beyond : {kExact + 1, -kExact - 1}) {
    EXPECT_THAT(
        message_of([&] { (void)doubles(npy(header("<i8", "(1,)"), raw<std::int64_t>({beyond}))); }),
        AllOf(HasSubstr("x.npy"), HasSubstr("beyond 2^53")));
  }
}

TEST(Npy, RefusesOtherElementTypes) {
  for (const char* descr : {"<c8", "|S5", "<U3", "|O", "<M8[ns]", "f4", "<f16", "", "|f4"}) {
    EXPECT_THAT(error(npy(header(descr, "(1,)"), "12345678")),
                AllOf(HasSubstr("x.npy"), HasSubstr("'"s + descr + "'"),
                      HasSubstr("expected float16, float32")));
  }
  EXPECT_THAT(
      error(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234")),
      HasSubstr("structured array"));
}

TEST(Npy, RefusesForeignAndTruncatedFiles) {
  EXPECT_THAT(error(""), HasSubstr("the file is empty"));
  EXPECT_THAT(error("hello world, not numpy"), HasSubstr("starts with \"hello \""));
  EXPECT_THAT(error("\x93NUM"), HasSubstr("truncated: it has 4 bytes"));
  const std::string whole = npy(header("<f4", "(3,)"), raw<float>({1, 2, 3}));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_THAT(error(whole.substr(0, size)), AllOf(HasSubstr("x.npy"), HasSubstr("truncated")));
  }
  EXPECT_THAT(error(whole.substr(0, whole.size() - 1)), HasSubstr("takes 12 bytes, found 11"));
  EXPECT_THAT(error(whole + "more"),
              AllOf(HasSubstr("data behind the array"), HasSubstr("found 16")));
  EXPECT_THAT(error(npy(header("<f4", "(1,)"), "1234", 9)), HasSubstr("version 9.0, expected 1.0"));
}

TEST(Npy, RefusesGarbageInTheHeader) {
  const std::vector<std::string> garbage = {
      "",
      "{",
      "}",
      "{}",
      "{'descr'",
      "{'descr': }",
      "{'descr': '<f4}",
      "nonsense",
      "{,}",
      "{'descr': '<f4', 'fortran_order': False}",
      "{'descr': '<f4', 'shape': (1,)}",
      "{'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} import os",
      "{'descr': '<f4', 'other': 'x', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}"};
  for (const std::string& text : garbage) {
    EXPECT_THAT(error(npy(text + "\n", "1234")),
                AllOf(HasSubstr("x.npy: malformed npy header"), Not(HasSubstr("\n"))))
        << text;
  }
  std::string deep = "(";
  for (int i = 0; i < 65; ++i) deep += "1,";
  EXPECT_THAT(error(npy(header("<f4", deep + ")"), "1234")), HasSubstr("more than 64 dimensions"));
}

TEST(Npy, RefusesShapesThatOverflow) {
  EXPECT_THAT(error(npy(header("<f4", "(4294967296, 4294967296)"), "1234")),
              HasSubstr("shape (4294967296, 4294967296) is too large"));
  EXPECT_THAT(error(npy(header("<f4", "(0, 4294967296, 4294967296)"), "")),
              HasSubstr("is too large"));
  // Takes no memory before the length is checked.
  EXPECT_THAT(error(npy(header("|u1", "(1000000000000,)"), "1234")), HasSubstr("truncated"));
}

TEST(Npy, NamesTheFile) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of([&] { (void)load_npy(folder / "none.npy"); }),
              AllOf(HasSubstr((folder / "none.npy").string()), HasSubstr("No such file")));
  write_raw(folder / "bad.npy", "PK");
  EXPECT_THAT(message_of([&] { (void)load_npy(folder / "bad.npy"); }),
              HasSubstr((folder / "bad.npy").string() + ": not an npy file"));
}

TEST(Npy, RefusesToSaveAShapeThatIsNotTheValues) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of([&] {
                save_npy(folder / "x.npy", Array<float>({2, 2}, {1.0F}));
              }),
              AllOf(HasSubstr("x.npy"), HasSubstr("(2, 2)"), HasSubstr("1 values")));
  EXPECT_EQ(folder.entries(), 0);
}

}  // namespace
}  // namespace hourglass
