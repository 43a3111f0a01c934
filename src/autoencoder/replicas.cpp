#include <algorithm>
#include <atomic>
#include <exception>
#include <hourglass/error.hpp>
#include <hourglass/replicas.hpp>
#include <limits>
#include <mutex>
#include <thread>

#include "autoencoder/check_training.hpp"
#include "autoencoder/engine.hpp"
#include "device/range.hpp"

#if HOURGLASS_HAS_CPU
#include <omp.h>
#endif

namespace hourglass {
namespace {

/// Each worker has a core to itself; more threads inside would only get in each other's way.
void work_alone() {
#if HOURGLASS_HAS_CPU
  omp_set_num_threads(1);  // of the calling thread's parallel regions
#endif
}

std::size_t dead_units(const Array<float>& latent) {
  std::size_t dead = 0;
  for (std::size_t unit = 0; unit < latent.row_size(); ++unit) {
    bool silent = true;
    for (std::size_t row = 0; row < latent.rows(); ++row) silent &= latent.row(row)[unit] == 0.f;
    dead += silent ? 1 : 0;
  }
  return dead;
}

}  // namespace

std::vector<Replica> train_replicas(const Model& model, const Images& images,
                                    const Images& validation, const ReplicaOptions& options,
                                    const Device& device, EngineKind engine, Precision precision) {
  const Range range("replicas");
  if (options.count == 0) throw UsageError("the number of replicas is 0; it must be at least 1");

  {
    const auto side_by_side = choose_engine(model, device, engine, precision).engine;
    check_training(model, device, images, validation, options.training);
    if (auto replicas = side_by_side->train_replicas(images, validation, options)) {
      return *std::move(replicas);
    }
  }

  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stopped = false;
  std::mutex mutex;  // guards what follows
  std::vector<Replica> finished;
  std::exception_ptr failure;

  const auto train_one = [&](Autoencoder& autoencoder, std::uint64_t seed) {
    TrainingOptions training = options.training;
    training.seed = seed;
    training.on_step = nullptr;
    training.on_epoch = nullptr;
    training.phase_times = false;
    training.stop = [&] { return stopped || (options.training.stop && options.training.stop()); };
    Replica replica{seed, std::numeric_limits<double>::quiet_NaN(), 0};
    autoencoder.initialize(seed);
    try {
      const TrainingResult result = autoencoder.train(images, validation, training);
      replica.final_loss = result.epochs.back().validation_loss;
      replica.dead_units = dead_units(autoencoder.encode(validation));
    } catch (const NotFinite&) {
    }
    const std::lock_guard lock(mutex);
    if (stopped) return;  // while this one was training
    finished.push_back(replica);
    if (options.on_replica) options.on_replica(replica);
  };
  const auto work = [&] {
    try {
      Autoencoder autoencoder(model, device, engine, precision);
      while (!stopped) {
        const std::size_t r = next++;
        if (r >= options.count) break;
        train_one(autoencoder, options.training.seed + r);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();  // the first: the others stop because of it
      stopped = true;
    }
  };

  const auto cores = static_cast<std::size_t>(device.kind == DeviceKind::cpu ? cpu_threads() : 1);
  {
    std::vector<std::jthread> workers;
    for (std::size_t w = 0; w < std::min(cores, options.count); ++w) {
      workers.emplace_back([&] {
        work_alone();
        work();
      });
    }
  }
  if (failure) std::rethrow_exception(failure);
  std::ranges::sort(finished, {}, &Replica::seed);
  return finished;
}

}  // namespace hourglass
