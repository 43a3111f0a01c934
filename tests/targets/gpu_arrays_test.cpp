// Arrays that a program has in a GPU's memory go in and come out where they are.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <hourglass/map_quality.hpp>
#include <hourglass/metric.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/replicas.hpp>
#include <hourglass/tsne.hpp>
#include <hourglass/tsne_transform.hpp>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/device_rows.hpp"
#include "support/error_of.hpp"
#include "support/every_device.hpp"
#include "support/random_values.hpp"
#ifdef HOURGLASS_REHEARSAL
#include "rehearsal/core/memory.hpp"
#endif

namespace hourglass {
namespace {

/// Bytes that go from the host to the device and back. Known in the rehearsal alone.
struct Traffic {
  std::size_t up = 0;
  std::size_t down = 0;
};

Traffic traffic_of(const std::function<void()>& work) {
#ifdef HOURGLASS_REHEARSAL
  const Traffic before{rehearsal::uploaded(), rehearsal::downloaded()};
  work();
  return {rehearsal::uploaded() - before.up, rehearsal::downloaded() - before.down};
#else
  work();
  return {};
#endif
}

void expect_uploads_below(std::size_t most, const std::function<void()>& work) {
  EXPECT_LT(traffic_of(work).up, most);
}

void require(cudaError_t status) {
  if (status != cudaSuccess) throw Error(cudaGetErrorString(status));
}

class GpuArrays : public test::OnDevice {
 protected:
  void SetUp() override { select(DeviceKind::cuda); }
};

/// Memory and a stream of somebody else's; what is written there is written late.
template <class T>
class Foreign {
 public:
  explicit Foreign(const Array<T>& array, int device = 0) : shape_(array.shape), device_(device) {
    require(cudaSetDevice(device));
    require(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    const std::size_t bytes = array.size() * sizeof(T);
    void* first = nullptr;
    void* second = nullptr;
    require(cudaMalloc(&first, bytes));
    require(cudaMalloc(&second, bytes));
    require(cudaMemcpyAsync(first, array.values.data(), bytes, cudaMemcpyHostToDevice, stream_));
    require(cudaStreamSynchronize(stream_));
    require(cudaMemcpyAsync(second, first, bytes, cudaMemcpyDeviceToDevice, stream_));
    memory_ = {second, [first](void* kept) { cudaFree(first), cudaFree(kept); }};
  }
  ~Foreign() {
    require(cudaSetDevice(device_));
    memory_.reset();
    cudaStreamDestroy(stream_);
    require(cudaSetDevice(0));
  }
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;

  [[nodiscard]] GpuView<T> view() const {
    return {shape_, static_cast<const T*>(memory_.get()), device_, stream_, memory_};
  }

 private:
  Shape shape_;
  int device_;
  cudaStream_t stream_ = nullptr;
  std::shared_ptr<void> memory_;
};

Array<float> rows(std::uint32_t seed, float low = 0.f) {
  Array<float> x({300, 20});
  x.values = test::random_values(x.size(), low, 1.f, seed);
  return x;
}

using test::error_of;

TEST_F(GpuArrays, RowsGiveWhatTheHostsGive) {
  const Array<float> x = rows(1);
  for (const DeviceStatus& gpu : list_devices()) {
    if (gpu.kind != DeviceKind::cuda || !gpu.usable) continue;
    const int device = gpu.index;
    const Foreign<float> there(x, device);
    const Samples from_gpu(there.view());
    const Samples from_host(x, select_device("cuda:" + std::to_string(device)));
    EXPECT_EQ(from_gpu.device().index, device);
    EXPECT_EQ(fit_transform_pca(from_gpu, {.components = 2}).scores.values,
              fit_transform_pca(from_host, {.components = 2}).scores.values);
    EXPECT_EQ(nearest_neighbors(from_gpu, 15).indices.values,
              nearest_neighbors(from_host, 15).indices.values);
    const TsneOptions options{.perplexity = 5.0, .iterations = 5};
    EXPECT_EQ(tsne(from_gpu, options).map.values, tsne(from_host, options).map.values);
    EXPECT_EQ(from_gpu.host().copy().values, x.values);
  }
}

TEST_F(GpuArrays, RowsAreNotCopiedThroughTheHost) {
  const Array<float> x = rows(2);
  const Foreign<float> there(x);
  const Samples samples(there.view());
  EXPECT_TRUE(samples.on_device().facts(samples.rows()).finite) << "read before it was written";
  EXPECT_EQ(samples.device_values(), there.view().data);
  expect_uploads_below(x.size() * sizeof(float) / 4, [&] { (void)nearest_neighbors(samples, 15); });
}

class MetricsOfGpuArrays : public GpuArrays, public testing::WithParamInterface<Metric> {
 protected:
  [[nodiscard]] Samples on_host() const { return {x_, device()}; }

  /// An angle has no rows go to the host and back that distances have not.
  void expect_traffic_of_distances(const std::function<void(Metric)>& work) {
    const Traffic of_distances = traffic_of([&] { work(Metric::euclidean); });
    const Traffic of_angles = traffic_of([&] { work(GetParam()); });
    const std::size_t some = x_.size() * sizeof(float) / 4;
    EXPECT_LT(of_angles.up, of_distances.up + some);
    EXPECT_LT(of_angles.down, of_distances.down + some);
  }

  const Array<float> x_{{300, 200}, test::random_values(300 * 200, -0.3f, 1.f, 7)};
};
INSTANTIATE_TEST_SUITE_P(Angles, MetricsOfGpuArrays,
                         testing::Values(Metric::cosine, Metric::correlation));

TEST_P(MetricsOfGpuArrays, AreTakenWhereTheyAre) {
  const Foreign<float> there(x_);
  const Samples samples(there.view());
  const Traffic traffic = traffic_of([&] { (void)in_metric(samples, GetParam()); });
  EXPECT_EQ(traffic.up, 0U);
  EXPECT_LT(traffic.down, 100U) << "more than what is known of all rows";
  EXPECT_EQ(samples.host().copy().values, x_.values) << "the rows themselves are as they were";
}

TEST_P(MetricsOfGpuArrays, NeighborsAreTheHosts) {
  const Foreign<float> there(x_);
  NeighborGraph graph;
  expect_traffic_of_distances([&](Metric metric) {
    graph = nearest_neighbors(in_metric(Samples(there.view()), metric), 15);
  });
  const NeighborGraph expected = nearest_neighbors(in_metric(on_host(), GetParam()), 15);
  EXPECT_EQ(graph.indices.values, expected.indices.values);
  EXPECT_EQ(graph.distances.values, expected.distances.values);
}

TEST_P(MetricsOfGpuArrays, MapsAreTheHosts) {
  const Foreign<float> there(x_);
  TsneOptions options{.perplexity = 5.0, .iterations = 5};
  TsneResult result;
  expect_traffic_of_distances([&](Metric metric) {
    options.metric = metric;
    result = tsne(Samples(there.view()), options);
  });
  EXPECT_EQ(result.map.values, tsne(on_host(), options).map.values);
}

TEST_P(MetricsOfGpuArrays, RowsThatWereThereBeforeStayWhereTheyWere) {
  const Foreign<float> training(x_);
  Array<float> fresh({20, x_.row_size()});
  for (std::size_t i = 0; i < 20; ++i) {
    std::ranges::copy(x_.row(250 - i), fresh.row(i).begin());
    if (i != 9) fresh.row(i)[0] += 1.f;
  }
  const Foreign<float> there(fresh);
  const Array<float> map({300, 2}, test::random_values(600, -20.f, 20.f, 8));
  Array<float> placed;
  const Traffic traffic = traffic_of([&] {
    placed = tsne_transform(Samples(training.view()), map, Samples(there.view()),
                            {.metric = GetParam()});
  });
  EXPECT_LT(traffic.up + traffic.down, x_.size() * sizeof(float) / 4);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(std::ranges::equal(placed.row(i), map.row(250 - i)), i == 9) << i;
  }
  // Another device's rows are brought to the training rows' first, for equal rows to be equal.
  for (const char* where : {"cuda", "cpu"}) {
    if (!HOURGLASS_HAS_CPU && std::string(where) == "cpu") continue;
    const Samples asked(fresh, select_device(where));
    EXPECT_EQ(tsne_transform(on_host(), map, asked, {.metric = GetParam()}).values, placed.values);
  }
}

TEST_P(MetricsOfGpuArrays, FiguresOfAMapAreTheHosts) {
  const Foreign<float> there(x_);
  const Array<float> map({300, 2}, test::random_values(600, -20.f, 20.f, 8));
  const MapQualityOptions options{.neighbors = 5, .rows = 60};
  MapQuality quality{};
  expect_traffic_of_distances([&](Metric metric) {
    quality = map_quality(in_metric(Samples(there.view()), metric), {map, device()}, options);
  });
  const MapQuality expected =
      map_quality(in_metric(on_host(), GetParam()), {map, device()}, options);
  EXPECT_EQ(quality.trustworthiness, expected.trustworthiness);
  EXPECT_EQ(quality.distance_correlation, expected.distance_correlation);
}

TEST_P(MetricsOfGpuArrays, ARowWithoutADirectionIsNamed) {
  Array<float> x = x_;
  std::ranges::fill(x.row(123), 0.f);
  const Foreign<float> there(x);
  EXPECT_NE(error_of([&] { (void)in_metric(Samples(there.view()), GetParam()); })
                .find(GetParam() == Metric::cosine ? "cosine: row 123 has zeros alone"
                                                   : "correlation: row 123 has one value"),
            std::string::npos);
  x.row(7)[5] = std::numeric_limits<float>::quiet_NaN();
  const Foreign<float> worse(x);
  EXPECT_NE(error_of([&] {
              (void)in_metric(Samples(worse.view()), GetParam());
            }).find("row 7, column 5 is not finite"),
            std::string::npos);
}

TEST_F(GpuArrays, TheirOwnerIsKeptAsLongAsTheyAre) {
  std::weak_ptr<const void> memory;
  {
    auto there = std::make_unique<Foreign<float>>(rows(3));
    memory = there->view().owner;
    const Samples samples(there->view());
    (void)samples.device_values();
    there.reset();
    EXPECT_FALSE(memory.expired());
    EXPECT_EQ(samples.host().copy().values, rows(3).values);
  }
  EXPECT_TRUE(memory.expired());
}

template <class T>
void expect_the_host_s(EngineKind engine, const Array<T>& images) {
  const Device gpu = select_device("cuda");
  const Foreign<T> there(images);
  const Images from_gpu = there.view();
  Autoencoder one(conv_model(), gpu, engine);
  Autoencoder other(conv_model(), gpu, engine);
  const TrainingOptions options{.epochs = 1, .batch_size = 16};
  TrainingResult trained;
  expect_uploads_below(images.size() * sizeof(T),
                       [&] { trained = one.train(from_gpu, from_gpu, options); });
  EXPECT_EQ(trained.epochs.back().train_loss,
            other.train(images, images, options).epochs.back().train_loss);
  const Samples codes = one.encode_on_device(from_gpu);
  const Array<float> expected = other.encode(images);
  EXPECT_EQ(codes.host().copy().values, expected.values);
  EXPECT_EQ(one.reconstruct_on_device(from_gpu).host().copy().values,
            other.reconstruct(images).values);
  EXPECT_EQ(one.decode_on_device(codes).host().copy().values, other.decode(expected).values);
}

TEST_F(GpuArrays, ImagesGiveWhatTheHostsGive) {
  const auto bytes = synthetic_digits(48, 3).train.images;
  for (const EngineKind engine : {EngineKind::fused, EngineKind::layered}) {
    expect_the_host_s(engine, bytes);
    expect_the_host_s(engine, to_unit_range(bytes));
  }
}

// As arrays of other libraries come by DLPack.
TEST_F(GpuArrays, MayBeWrittenOnTheDefaultStream) {
  const Array<float> x = rows(4);
  const Foreign<float> there(x);
  GpuView<float> view = there.view();
  require(cudaStreamSynchronize(*view.written_on));
  view.written_on = nullptr;
  const Samples samples(view);
  EXPECT_TRUE(samples.on_device().facts(samples.rows()).finite);
  EXPECT_EQ(samples.host().copy().values, x.values);
}

Model dense_model_of(std::size_t values) {
  Model model = dense_model();
  model.input = {1, 1, values};
  model.decoder.back().outputs = values;
  return model;
}

TEST_F(GpuArrays, AreLetGoAfterATraining) {
  const auto bytes = synthetic_digits(48, 3).train.images;
  const Array<float> small = rows(5);
  for (const bool dense : {false, true}) {
    std::weak_ptr<const void> memory;
    Autoencoder autoencoder(dense ? dense_model_of(small.row_size()) : conv_model(),
                            select_device("cuda"));
    {
      const Foreign<float> there(dense ? small : to_unit_range(bytes));
      memory = there.view().owner;
      TrainingOptions options{.epochs = 4, .batch_size = 16};
      autoencoder.train(there.view(), there.view(), options);
      bool second = false;  // stopped in the middle of what was trained ahead
      options.on_epoch = [&](const EpochResult& at) { second = at.epoch == 2; };
      options.stop = [&] { return second; };
      EXPECT_THROW(autoencoder.train(there.view(), there.view(), options), Stopped);
    }
    EXPECT_TRUE(memory.expired());
    (void)autoencoder.parameters();
  }
}

TEST_F(GpuArrays, WhatTheyHoldIsLookedAtWhereTheyAre) {
  Array<float> images = to_unit_range(synthetic_digits(40, 3).train.images);
  Autoencoder autoencoder(conv_model(), select_device("cuda"));
  const auto error_with = [&](float value) {
    images.row(29)[700] = value;
    const Foreign<float> there(images);
    return error_of([&] {
      (void)autoencoder.train(there.view(), there.view(), {.epochs = 1, .batch_size = 8});
    });
  };
  for (const float value : {-0.25f, 1.5f}) {
    EXPECT_NE(error_with(value).find("training images: row 29 holds"), std::string::npos);
  }
  images.row(29)[700] = std::numeric_limits<float>::quiet_NaN();
  const Foreign<float> there(images);
  EXPECT_NE(error_of([&] {
              (void)autoencoder.encode(there.view());
            }).find("images: row 29, column 700 is not finite"),
            std::string::npos);
}

TEST_F(GpuArrays, OfAnotherDeviceAreRefused) {
  const auto bytes = synthetic_digits(20, 3).train.images;
  const Foreign<std::uint8_t> there(bytes);
  EXPECT_EQ(
      error_of([&] { (void)Autoencoder(conv_model(), select_device("cpu")).encode(there.view()); }),
      "images: they are in the memory of cuda:0, and the autoencoder is on cpu");
  const Foreign<float> floats(rows(6));
  const Model model = dense_model_of(20);
  const Device cpu = select_device("cpu");
  const std::string of_training =
      "training images: they are in the memory of cuda:0, and the autoencoder is on cpu";
  EXPECT_EQ(error_of([&] { Autoencoder(model, cpu).train(floats.view(), floats.view(), {}); }),
            of_training);
  EXPECT_EQ(error_of([&] {
              (void)train_replicas(model, floats.view(), floats.view(), {.count = 2}, cpu);
            }),
            of_training);
  EXPECT_NE(error_of([&] { (void)to_unit_range(there.view()); }).find("bring them to the host"),
            std::string::npos);
  EXPECT_THROW(Samples(GpuView<float>{.shape = {2, 2}, .index = 77}), DeviceError);
}

}  // namespace
}  // namespace hourglass
