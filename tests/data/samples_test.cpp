// Rows that are on the host, on a device, or both.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/metric.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/samples.hpp>

#include "data/device_rows.hpp"
#include "support/any_device.hpp"

namespace hourglass {
namespace {

class SamplesTest : public test::OnAnyDevice {
 protected:
  std::vector<float> from_device(const Samples& samples) {
    std::vector<float> values(samples.rows() * samples.row_size());
    samples.on_device().copy_to_host(values);
    return values;
  }

  const Array<float> rows_{{2, 1, 3}, {1.f, 2.f, 3.f, 4.f, 5.f, 6.f}};
};

TEST_F(SamplesTest, AreTheSameInBothPlaces) {
  for (const Samples& samples : {Samples(rows_, device_), Samples::view(rows_, device_)}) {
    EXPECT_EQ(samples.rows(), 2);
    EXPECT_EQ(samples.row_size(), 3);
    EXPECT_EQ(samples.host().copy().values, rows_.values);
    EXPECT_EQ(from_device(samples), rows_.values);
  }
}

TEST_F(SamplesTest, AViewCopiesNothingAndCopiesShareWhatTheyHold) {
  const Samples view = Samples::view(rows_, device_);
  EXPECT_EQ(view.host().values.data(), rows_.values.data());
  const Samples copy = view;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(&copy.on_device(), &view.on_device());
}

// On the CPU, rows that a method left on the device are the host's too; a GPU has its own memory.
TEST_F(SamplesTest, AreInOnePlaceWhereThereIsOne) {
  const Samples made = in_metric(Samples::view(rows_, device_), Metric::cosine);
  const Samples copy = made;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(copy.host().values.data() == made.device_values(), device_.kind == DeviceKind::cpu);
  EXPECT_EQ(copy.host().copy().values, from_device(made));
}

TEST_F(SamplesTest, TheFirstAreWhereAllAre) {
  const Samples view = Samples::view(rows_, device_);
  (void)view.on_device();
  for (const Samples& all : {view, in_metric(view, Metric::cosine), Samples(rows_, device_)}) {
    const Samples first = all.first(1);
    EXPECT_EQ(first.rows(), 1);
    EXPECT_EQ(first.row_size(), 3);
    EXPECT_TRUE(std::ranges::equal(first.host().values, all.host().row(0)));
    EXPECT_EQ(from_device(first), first.host().copy().values);
    EXPECT_EQ(first.device_values(), all.device_values());
    EXPECT_EQ(&all.first(2).on_device(), &all.on_device());
  }
  const Samples kept = Samples(rows_, device_).first(1);
  EXPECT_EQ(kept.host().values[2], 3.f);
  EXPECT_FALSE(kept.on_device().facts(1).distinct) << "facts are the first rows' own";
}

TEST_F(SamplesTest, KnowWhatTheChecksAskFor) {
  const auto facts = [this](const Array<float>& rows) {
    return Samples::view(rows, device_).on_device().facts(rows.rows());
  };
  Array<float> rows({300, 2});
  std::ranges::fill(rows.values, -3.f);
  EXPECT_TRUE(facts(rows).finite);
  EXPECT_FALSE(facts(rows).distinct);
  EXPECT_EQ(facts(rows).largest, 3.f);
  rows.row(299)[1] = -7.f;
  EXPECT_TRUE(facts(rows).distinct);
  EXPECT_EQ(facts(rows).largest, 7.f);
  rows.row(280)[0] = std::nanf("");
  EXPECT_FALSE(facts(rows).finite);
}

// Codes that stay on the device are what encode() gives, and outlive the autoencoder they came
// from.
TEST_F(SamplesTest, CodesStayOnTheDevice) {
  const auto images = synthetic_digits(130, 3).train.images;
  Array<float> expected;
  const Samples codes = [&] {
    Autoencoder autoencoder(conv_model(), device_);
    expected = autoencoder.encode(images);
    return autoencoder.encode_on_device(images);
  }();
  EXPECT_EQ(codes.rows(), 130);
  EXPECT_EQ(codes.row_size(), 392);
  EXPECT_EQ(fit_transform_pca(codes, {.components = 2}).scores.values,
            fit_transform_pca({expected, device_}, {.components = 2}).scores.values);
  EXPECT_EQ(codes.host().copy().values, expected.values);
}

}  // namespace
}  // namespace hourglass
