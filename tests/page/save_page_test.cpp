#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <hourglass/page.hpp>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "page/payload.hpp"
#include "support/scratch.hpp"

namespace hourglass {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Array<float> line_of(std::size_t points) {
  Array<float> map({points, 2});
  std::iota(map.values.begin(), map.values.end(), 0.f);
  return map;
}

Array<std::uint8_t> noise(std::size_t count, std::size_t side) {
  Array<std::uint8_t> images({count, side, side});
  std::mt19937 random(3);
  for (std::uint8_t& pixel : images.values) pixel = static_cast<std::uint8_t>(random() >> 24);
  return images;
}

TEST(LocalQuality, IsTheShareOfNeighboursThatTheMapKeeps) {
  const NeighborGraph data{.indices = Array<std::uint32_t>({2, 3}, {1, 2, 3, 0, 2, 3}),
                           .distances = {}};
  const NeighborGraph map{.indices = Array<std::uint32_t>({2, 2}, {2, 5, 2, 0}), .distances = {}};
  EXPECT_THAT(local_quality(data, map).values, ElementsAre(0.5f, 1.f));  // of the first two
}

TEST(PageLabels, AreDifferentValuesInOrder) {
  const PageLabels numbers = page_labels(std::vector<double>{7.0, -1.5, 7.0, 10.0});
  EXPECT_THAT(numbers.names, ElementsAre("-1.5", "7", "10"));
  EXPECT_THAT(numbers.values, ElementsAre(1, 0, 1, 2));
  const PageLabels texts = page_labels(std::vector<std::string>{"b", "a", "b"});
  EXPECT_THAT(texts.names, ElementsAre("a", "b"));
  EXPECT_THAT(texts.values, ElementsAre(1, 0, 1));
  EXPECT_THAT(test::message_of([] { static_cast<void>(page_labels(line_of(40'000).values)); }),
              HasSubstr("80000 different labels, expected at most 65535"));
}

TEST(PageLabels, AreWhatIsSeenInTheArray) {
  const auto names = [](const auto& values) { return page_labels(values).names; };
  EXPECT_THAT(names(std::vector<double>{0.3, 0.1, 0.2, 1.0 / 3.0}),
              ElementsAre("0.1", "0.2", "0.3", "0.3333333333333333"));
  EXPECT_THAT(names(std::vector<float>{0.3f, 0.1f, 0.2f}), ElementsAre("0.1", "0.2", "0.3"));
  EXPECT_THAT(names(std::vector<double>{20230103, 20230101, 20230102, 100000, 9007199254740992}),
              ElementsAre("100000", "20230101", "20230102", "20230103", "9007199254740992"));
  EXPECT_THAT(names(std::vector<float>{1e5f, 16777216.f}), ElementsAre("100000", "16777216"));
  EXPECT_THAT(names(std::vector<double>{-0.0, 0.0, -1e-300, 1e300, -1e15}),
              ElementsAre("-1000000000000000", "-1e-300", "0", "1e+300"));
  const std::vector<double> bad{1.0, std::nan("")};
  EXPECT_THAT(test::message_of([&] { static_cast<void>(page_labels(bad)); }),
              HasSubstr("labels: row 1 is not finite"));
}

TEST(PageImageShape, IsSquareWhereItCanBe) {
  EXPECT_EQ(page_image_shape({5, 64}), (ImageShape{1, 8, 8}));
  EXPECT_EQ(page_image_shape({5, 10}), (ImageShape{1, 1, 10}));
  EXPECT_EQ(page_image_shape({5, 4, 6}), (ImageShape{1, 4, 6}));
  EXPECT_EQ(page_image_shape({5, 3, 4, 6}), (ImageShape{3, 4, 6}));
}

TEST(Base85, KeepsMarkupOut) {
  EXPECT_EQ(page::base85({}), "");
  const std::vector<std::uint8_t> zeros(4, 0), one{255};
  EXPECT_EQ(page::base85(zeros), "(((((");
  EXPECT_EQ(page::base85(one), "yy");  // 255 * 2^24 is 81, 81, 27, ... in base 85
  EXPECT_EQ(page::base85(std::vector<std::uint8_t>{0, 0, 0, 20}), "((((}");
}

TEST(SavePage, ImagesThatAreTooManyAreMadeSmallerAndItSaysSo) {
  const test::ScratchFolder scratch;
  const Array<std::uint8_t> images = noise(32'000, 28);
  Page page{.maps = {{.name = "map", .points = line_of(32'000)}}, .images = images};
  const SavedPage saved = save_page(scratch / "map.html", page);
  EXPECT_THAT(saved.notes, ElementsAre(HasSubstr("are kept as 1 x 14 x 14, with 16 shades")));
  EXPECT_EQ(saved.bytes, std::filesystem::file_size(scratch / "map.html"));
}

TEST(SavePage, ImagesThatWouldBeUnrecognisableAreLeftOutAndItSaysSo) {
  const test::ScratchFolder scratch;
  const Array<std::uint8_t> images = noise(100'000, 16);
  Page page{.maps = {{.name = "map", .points = line_of(100'000)}}, .images = images};
  const SavedPage saved = save_page(scratch / "map.html", page);
  EXPECT_THAT(saved.notes, ElementsAre(HasSubstr("too many for a page, so it has none")));
  EXPECT_THAT(test::read_raw(scratch / "map.html"), Not(HasSubstr("id=\"data-images\"")));
}

TEST(SavePage, RefusesWhatDoesNotBelongTogether) {
  const test::ScratchFolder scratch;
  const auto refused = [&](const Page& page, const std::string& words) {
    EXPECT_THAT(test::message_of([&] { save_page(scratch / "map.html", page); }), HasSubstr(words));
    EXPECT_EQ(scratch.entries(), 0);
  };
  const std::vector<PageMap> maps{{.name = "map", .points = line_of(4)}};
  refused({}, "a page needs a map");
  refused({.maps = {maps[0], {.name = "other", .points = line_of(3)}}}, "'other': rows: 3");
  refused({.maps = maps, .labels = page_labels(std::vector<float>(3))}, "labels: 3, expected");
  refused({.maps = maps, .errors = Array<float>({5})}, "errors: 5");
  refused({.maps = maps, .snapshots = Array<float>({2, 3, 2})}, "expected (frames, 4, 2)");
  const Array<std::uint8_t> images = noise(5, 8);
  refused({.maps = maps, .images = images}, "images: 5");
}

TEST(SavePage, RefusesValuesThatAPageCannotShow) {
  const test::ScratchFolder scratch;
  const auto refused = [&](const Page& page, const std::string& words) {
    EXPECT_THAT(test::message_of([&] { save_page(scratch / "map.html", page); }), HasSubstr(words));
    EXPECT_EQ(scratch.entries(), 0);
  };
  std::vector<PageMap> maps{{.name = "map", .points = line_of(4)}};
  const float nan = std::nanf("");
  Array<float> images({4, 2, 2});
  for (const auto& [bad, found] :
       {std::pair(200.f, "200"), std::pair(-0.5f, "-0.5"), std::pair(nan, "nan")}) {
    images.values[9] = bad;
    refused({.maps = maps, .images = images},
            "images: row 2 holds " + std::string(found) + "; images must be in [0, 1]");
  }
  refused({.maps = maps, .errors = Array<float>({4}, {0.f, nan, 0.f, 0.f})}, "errors: row 1");
  refused({.maps = maps, .snapshots = Array<float>({2, 4, 2}, std::vector<float>(16, nan))},
          "snapshots: row 0");
  maps[0].quality = Array<float>({4}, {0.f, 1.f, nan, 0.f});
  refused({.maps = maps}, "the map 'map': quality: row 2, column 0 is not finite");
  maps[0].points.values[3] = nan;
  refused({.maps = maps}, "the map 'map': row 1, column 1 is not finite");
}

}  // namespace
}  // namespace hourglass
