// Any call of a library may fail, an allocation for want of memory. Each is made to, one after the
// other: a training, a PCA and a map then end in one Error that says what failed, give back all
// they had, and the same objects go on as if nothing had been.
#include <gtest/gtest.h>

#include <cstdio>
#include <hourglass/autoencoder.hpp>
#include <hourglass/dataset.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/tsne.hpp>
#include <memory>
#include <string>
#include <vector>

#include "manifold/map_solver.hpp"
#include "manifold/require_memory.hpp"
#include "rehearsal/core/call.hpp"
#include "rehearsal/core/library.hpp"
#include "rehearsal/runtime/gpu.hpp"
#include "support/random_values.hpp"
#include "target/factories.hpp"

namespace hourglass {
namespace {

using rehearsal::Fault;
using Numbers = std::vector<float>;

/// Whether an error tells of this call: runtime calls by name, the others by their library.
bool tells(const std::string& error, const std::string& call) {
  const auto has = [&](const std::string& text) { return error.find(text) != std::string::npos; };
  if (error.find('\n') != std::string::npos) return false;
  if (call == "cudaMalloc" && has("out of GPU memory")) return true;
  if (call.starts_with("cudaLaunch")) {
    return has("cannot launch") && has("unspecified launch failure");
  }
  if (call.starts_with("cuda")) return has(call);
  if (call.starts_with("cudnnConv") || call.starts_with("cudnnGetConv")) {
    return has("cuDNN: convolution ") && has(" x 4 x 4 to ") && has("(as it was told to)");
  }
  if (call.starts_with("cudnn")) return has("cuDNN");
  if (call.starts_with("cublas")) return has("cuBLAS");
  if (call.starts_with("cusolver")) return has("cuSOLVER");
  return has("Thrust");
}

/// Where a failure may be passed over: when things are given back, for they are gone all the same.
bool may_be_passed_over(const std::string& call) {
  return call.find("Destroy") != std::string::npos || call == "cudaFree" || call == "cudaSetDevice";
}

/// In `work(*make())` each call fails once, or from one of them on all do.
template <class Make, class Work>
void fail_each(const char* what, Fault fault, Make make, Work work) {
  auto first = make();
  const Numbers expected = work(*first);
  first.reset();
  std::size_t failed = 0;
  for (std::size_t k = 1;; ++k) {
    rehearsal::inject(fault, k);
    decltype(first) object;
    std::string error;
    try {
      object = make();
      const Numbers numbers = work(*object);
      if (fault != Fault::device_lost) {
        EXPECT_EQ(numbers, expected);
      }
    } catch (const Error& thrown) {
      error = thrown.what();
    }
    const std::string call = rehearsal::failed_call();
    if (fault == Fault::device_lost) object.reset();  // nothing else can be done with it
    rehearsal::inject(Fault::call, 0);
    if (call.empty()) break;
    ++failed;
    SCOPED_TRACE("call " + std::to_string(k) + ", " + call + ": " + error);
    const bool passed_over = may_be_passed_over(call) && (error.empty() || fault != Fault::call);
    EXPECT_TRUE(passed_over || tells(error, call));
    if (object) {
      EXPECT_EQ(work(*object), expected);
    }
    object.reset();
    EXPECT_EQ(rehearsal::what_is_left(), "");
  }
  std::printf("%s: %zu calls failed, each told and mended\n", what, failed);
}

class Faults : public testing::Test {
 protected:
  Faults() { rehearsal::thread_by_thread = 0; }  // quick, as they are many

  static Model small_model() {
    return {.name = "small",
            .input = {1, 4, 4},
            .encoder = {{.kind = LayerKind::convolution, .outputs = 2, .relu = true},
                        {.kind = LayerKind::max_pool},
                        {.kind = LayerKind::dense, .outputs = 3}},
            .decoder = {{.kind = LayerKind::dense, .outputs = 8, .relu = true},
                        {.kind = LayerKind::reshape, .shape = {2, 2, 2}},
                        {.kind = LayerKind::upsample},
                        {.kind = LayerKind::convolution, .outputs = 1}}};
  }
  static Array<float> values(std::size_t rows, std::size_t columns) {
    Array<float> array({rows, columns});
    array.values = test::random_values(rows * columns, 0.f, 1.f, 1);
    return array;
  }

  /// The least that the fused engine trains.
  static Model smallest_fused_model() {
    return {.name = "smallest",
            .input = {1, 4, 4},
            .encoder = {{.kind = LayerKind::convolution, .outputs = 1, .relu = true},
                        {.kind = LayerKind::max_pool}},
            .decoder = {{.kind = LayerKind::convolution, .outputs = 1, .relu = true},
                        {.kind = LayerKind::upsample},
                        {.kind = LayerKind::convolution, .outputs = 1}}};
  }

  /// By the engine that `auto` takes, which must be this one.
  void fail_each_training(const char* what, Fault fault, const Model& model, EngineKind engine,
                          const Images& images, const TrainingOptions& options) {
    const auto make = [&] { return std::make_unique<Autoencoder>(model, device_); };
    fail_each(what, fault, make, [&](Autoencoder& autoencoder) {
      EXPECT_EQ(autoencoder.engine(), engine);
      autoencoder.initialize(3);
      autoencoder.train(images, images, options);
      return autoencoder.reconstruct(images).values;
    });
  }
  void fail_each_layered_training(const char* what, Fault fault) {
    fail_each_training(what, fault, small_model(), EngineKind::layered, images_,
                       {.epochs = 2, .batch_size = 2});
  }
  void fail_each_dense_training(const char* what, Fault fault) {
    fail_each_training(what, fault, dense_model(), EngineKind::fused, digit_four(),
                       {.epochs = 3, .batch_size = 1, .loss = Loss::mse});
  }
  /// On a grid, which it outgrows.
  void fail_each_grid_map(const char* what, Fault fault) {
    const Array<float> x = values(60, 5);
    const auto make = [&] { return cuda::make_map_solver(device_.index); };
    fail_each(what, fault, make, [&](MapSolver& solver) {
      constexpr double kPerplexity[] = {3.0};
      solver.find_neighbors(Samples::view(x, device_), 9, kBytesOfAffinity, {});
      solver.compute_affinities(kPerplexity);
      solver.begin(wide_map(x.rows()), {.early_exaggeration = 0.0, .learning_rate = 200.0},
                   {.spacing = 0.5, .exact_points = 0});
      solver.advance(1);
      solver.advance(3);
      EXPECT_GT(solver.overflows(), 0U) << "a test of growth without growth";
      return solver.map().values;
    });
  }
  /// Hardly on the smallest grid of spacing 1/2, which holds 13.5.
  static Array<float> wide_map(std::size_t rows) {
    Array<float> map({rows, 2});
    map.values = test::random_values(2 * rows, -6.7f, 6.7f, 2);
    map.row(0)[0] = -6.7f;
    map.row(1)[0] = 6.7f;
    return map;
  }

  auto samples(std::size_t rows) {
    return [this, rows] { return std::make_unique<Samples>(values(rows, 5), device_); };
  }
  static Numbers reduce(const Samples& x) {
    return fit_transform_pca(x, {.components = 2}).scores.values;
  }
  static Numbers map(const Samples& x) {
    return tsne(x, {.perplexity = 3.0, .iterations = 30}).map.values;
  }

  const Device device_ = select_device("cuda");
  const Array<float> images_ = values(8, 16);
};

TEST_F(Faults, EachCallOfATraining) {
  fail_each_layered_training("training", Fault::call);
}

TEST_F(Faults, EachCallOfATrainingByTheFusedEngine) {
  fail_each_training("training, fused", Fault::call, smallest_fused_model(), EngineKind::fused,
                     images_, {.epochs = 2, .batch_size = 4});
}

TEST_F(Faults, EachCallOfADenseTrainingByTheFusedEngine) {
  fail_each_dense_training("dense training, fused", Fault::call);
}

TEST_F(Faults, EachCallOfAPca) {
  fail_each("PCA", Fault::call, samples(12), reduce);
}

TEST_F(Faults, EachCallOfAMap) {
  fail_each("map", Fault::call, samples(20), map);
}

TEST_F(Faults, EachCallOfAMapOnAGrid) {
  fail_each_grid_map("map on a grid", Fault::call);
}

TEST_F(Faults, ADeviceIsLostAndNothingWithIt) {
  fail_each_layered_training("training, the device lost", Fault::device_lost);
  fail_each_dense_training("dense training, fused, the device lost", Fault::device_lost);
  fail_each("PCA, the device lost", Fault::device_lost, samples(12), reduce);
  fail_each("map, the device lost", Fault::device_lost, samples(20), map);
  fail_each_grid_map("map on a grid, the device lost", Fault::device_lost);
}

}  // namespace
}  // namespace hourglass
