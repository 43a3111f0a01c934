// Arrays that a program has in a GPU's memory go in and come out where they are.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/error.hpp>
#include <hourglass/map_quality.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/replicas.hpp>
#include <hourglass/tsne.hpp>
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

/// Fewer bytes than so many go from the host to the device. Known in the rehearsal alone.
void expect_uploads_below(std::size_t most, const std::function<void()>& work) {
#ifdef HOURGLASS_REHEARSAL
  const std::size_t before = rehearsal::uploaded();
  work();
  EXPECT_LT(rehearsal::uploaded() - before, most);
#else
  (void)most;
  work();
#endif
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
