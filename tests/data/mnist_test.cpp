#include "support/mnist.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <hourglass/dataset.hpp>
#include <string>

#include "support/idx_files.hpp"
#include "support/scratch.hpp"

namespace hourglass {
namespace {

namespace fs = std::filesystem;
using test::gzip;
using test::idx;
using test::message_of;
using test::ScratchFolder;
using test::write_raw;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string pixels(std::size_t images, char value) {
  return std::string(images * 784, value);
}

/// Three images to train with, two to test with; some files compressed.
class Mnist : public ::testing::Test {
 protected:
  Mnist() {
    write_raw(folder_ / "train-images-idx3-ubyte", idx({3, 28, 28}, pixels(3, 'a')));
    write_raw(folder_ / "train-labels-idx1-ubyte.gz", gzip(idx({3}, "\1\2\3")));
    write_raw(folder_ / "t10k-images-idx3-ubyte.gz", gzip(idx({2, 28, 28}, pixels(2, 'b'))));
    write_raw(folder_ / "t10k-labels-idx1-ubyte", idx({2}, "\x08\x09"));
  }
  [[nodiscard]] std::string error() const {
    return message_of([&] { (void)load_mnist(folder_.path()); });
  }

  const ScratchFolder folder_;
};

TEST_F(Mnist, ReadsPlainAndCompressedFiles) {
  const Dataset data = load_dataset(folder_.path().string());
  EXPECT_EQ(data.name, folder_.path().string());
  EXPECT_THAT(data.train.images.shape, ElementsAre(3, 28, 28));
  EXPECT_EQ(data.train.images.values[0], 'a');
  EXPECT_THAT(data.train.labels.values, ElementsAre(1, 2, 3));
  EXPECT_THAT(data.test.images.shape, ElementsAre(2, 28, 28));
  EXPECT_EQ(data.test.images.values[0], 'b');
  EXPECT_THAT(data.test.labels.values, ElementsAre(8, 9));
}

TEST_F(Mnist, PrefersThePlainFile) {
  write_raw(folder_ / "t10k-labels-idx1-ubyte.gz", "not even gzip");
  EXPECT_EQ(error(), "");
}

TEST_F(Mnist, NamesTheMissingFiles) {
  fs::remove(folder_ / "train-labels-idx1-ubyte.gz");
  EXPECT_THAT(error(), AllOf(HasSubstr(folder_.path().string()),
                             HasSubstr("train-labels-idx1-ubyte or train-labels-idx1-ubyte.gz"),
                             Not(HasSubstr("images"))));
  fs::remove(folder_ / "t10k-labels-idx1-ubyte");
  EXPECT_THAT(error(), AllOf(HasSubstr("train-labels-idx1-ubyte or "),
                             HasSubstr("nor t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz")));
}

TEST_F(Mnist, NamesTheMissingFolder) {
  const fs::path none = folder_ / "none";
  EXPECT_THAT(message_of([&] { (void)load_mnist(none); }),
              HasSubstr("data folder " + none.string() + " does not exist"));
  const fs::path file = folder_ / "t10k-labels-idx1-ubyte";
  EXPECT_THAT(message_of([&] { (void)load_mnist(file); }), HasSubstr("is not a folder"));
}

TEST_F(Mnist, TellsCountsThatDisagree) {
  write_raw(folder_ / "t10k-labels-idx1-ubyte", idx({3}, "\1\2\3"));
  EXPECT_THAT(error(), AllOf(HasSubstr("t10k-labels-idx1-ubyte: it holds 3 labels, expected 2"),
                             HasSubstr("t10k-images-idx3-ubyte.gz")));
}

TEST_F(Mnist, TellsWhenThereAreNoImages) {
  write_raw(folder_ / "train-images-idx3-ubyte", idx({0, 28, 28}, ""));
  write_raw(folder_ / "train-labels-idx1-ubyte", idx({0}, ""));
  EXPECT_THAT(error(), HasSubstr("train-images-idx3-ubyte: it holds no images"));
}

TEST_F(Mnist, TellsOtherSizes) {
  write_raw(folder_ / "train-images-idx3-ubyte",
            idx({3, 28, 27}, std::string(std::size_t{3} * 28 * 27, 'a')));
  EXPECT_THAT(error(), HasSubstr("its images are 28 x 27 pixels, expected 28 x 28"));
}

TEST_F(Mnist, TellsLabelsThatAreNoDigits) {
  write_raw(folder_ / "t10k-labels-idx1-ubyte", idx({2}, "\x09\x0a"));
  EXPECT_THAT(error(), HasSubstr("t10k-labels-idx1-ubyte: label 10 at position 1"));
}

TEST_F(Mnist, TellsFilesThatAreSwapped) {
  fs::copy_file(folder_ / "t10k-labels-idx1-ubyte", folder_ / "train-images-idx3-ubyte",
                fs::copy_options::overwrite_existing);
  EXPECT_THAT(error(), HasSubstr("train-images-idx3-ubyte: magic number 0x00000801"));
}

TEST(RealMnist, HasTheFactsEveryoneKnows) {
  const fs::path folder = mnist_folder();
  if (folder.empty()) GTEST_SKIP() << kNoMnist;
  const Dataset data = load_mnist(folder);
  EXPECT_THAT(data.train.images.shape, ElementsAre(60000, 28, 28));
  EXPECT_THAT(data.test.images.shape, ElementsAre(10000, 28, 28));
  EXPECT_EQ(data.train.labels.size(), 60000);
  EXPECT_EQ(data.test.labels.size(), 10000);
  EXPECT_EQ(data.train.labels.values[0], 5);
  EXPECT_EQ(data.test.labels.values[0], 7);
  double sum = 0.0;
  double squares = 0.0;
  for (const std::uint8_t byte : data.train.images.values) {
    const double pixel = byte / 255.0;
    sum += pixel;
    squares += pixel * pixel;
  }
  const auto count = static_cast<double>(data.train.images.size());
  const double mean = sum / count;
  EXPECT_NEAR(mean, 0.130660, 1e-6);
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), 0.308108, 1e-6);
}

}  // namespace
}  // namespace hourglass
