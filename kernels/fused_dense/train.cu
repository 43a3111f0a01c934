#include <algorithm>
#include <cmath>

#include "kernels/data/draws.hpp"
#include "kernels/fused_dense/phase.hpp"
#include "kernels/fused_dense/phases.cuh"
#include "kernels/fused_dense/train.hpp"
#include "kernels/simt/narrow.hpp"
#include "kernels/simt/order.hpp"
#include "kernels/simt/reduce.hpp"
#include "kernels/simt/sort.hpp"

namespace hourglass::HOURGLASS_TARGET::fused_dense {
namespace {

constexpr unsigned kThreads = 256;  // of a block on a GPU
constexpr unsigned kResident = 3;   // of them side by side, at least
constexpr int kTile = 4;            // images, or rows of a matrix, that one thread has in registers

struct alignas(128) Smem {
  simt::BlockSumScratch<double> sum;
  // Of the clock, of the block's first thread. Here, as registers are dear.
  std::uint64_t since;
  DensePhase phase;
  // The block's memory follows: network.hpp.
};
static_assert(sizeof(Smem) == 384);

constexpr Network kDense{
    .depth = 4, .layer = {{64, 16}, {16, 4}, {4, 16}, {16, 64}}, .code = 2, .parameters = 2304};
static_assert(sizeof(Smem) + sizeof(float) * floats_of(lay_out(kDense, 1), {}) <= 31 * 1024,
              "three replicas of the dense model in the 100 KB of a small multiprocessor");

// ---------------------------------------------------------------------------- device functions

/// Matrices from their tensors as they lie in files, and back.
template <class L>
__device__ void read_matrices(const Network& net, const float* flat, float* matrices) {
  for (int k = 0; k < net.depth; ++k) {
    const Layer& layer = net.layer[k];
    float* to = matrices + layer.matrix;
    each<L>(layer.outputs, layer.inputs, [&](int o, int i) {
      to[(i + 1) * layer.row + o] = flat[layer.weight + o * layer.inputs + i];
    });
    each<L>(1, layer.outputs, [&](int, int o) { to[o] = flat[layer.bias + o]; });
  }
}

template <class L>
__device__ void write_matrices(const Network& net, const float* matrices, float* flat) {
  for (int k = 0; k < net.depth; ++k) {
    const Layer& layer = net.layer[k];
    const float* from = matrices + layer.matrix;
    each<L>(layer.outputs, layer.inputs, [&](int o, int i) {
      flat[layer.weight + o * layer.inputs + i] = from[(i + 1) * layer.row + o];
    });
    each<L>(1, layer.outputs, [&](int, int o) { flat[layer.bias + o] = from[o]; });
  }
}

/// Fresh weights; biases and moments are zero already.
template <class L>
__device__ void draw_weights(const Block<L>& block, std::uint64_t seed) {
  for (int k = 0; k < block.net.depth; ++k) {
    const Layer& layer = block.net.layer[k];
    float* to = block.weights + layer.matrix;
    each<L>(layer.outputs, layer.inputs, [&](int o, int i) {
      to[(i + 1) * layer.row + o] = fresh_weight(seed, 2 * k, o * layer.inputs + i, layer.limit);
    });
  }
}

/// The order in which an epoch sees its images, as kernels/data/shuffle.cu draws it.
__device__ void draw_order(std::uint64_t seed, std::uint32_t epoch, std::uint32_t count,
                           std::uint64_t* order, std::uint32_t room) {
  for (const auto i : simt::block_elements(count)) order[i] = shuffle_key(seed, epoch, i);
  simt::block_sort(order, count, room);  // ends with the block in step
}

__device__ __forceinline__ std::uint32_t smaller(std::uint32_t a, std::uint32_t b) {
  return a < b ? a : b;
}

/// One replica's training.
template <class L>
class Trainer {
 public:
  __device__ Trainer(const Job& job, Smem& smem)
      : job_(job),
        smem_(smem),
        block_(job.net, job.part, reinterpret_cast<float*>(&smem + 1)),
        seed_(job.seed + blockIdx.x),
        state_(job.states +
               std::size_t{blockIdx.x} * 3 * static_cast<std::size_t>(job.net.parameters)),
        order_(job.orders == nullptr ? nullptr : job.orders + std::size_t{blockIdx.x} * job.room) {}

  __device__ void run() {
    begin();
    const std::uint32_t count = job_.training.count;
    std::uint32_t image = job_.first_image;
    std::uint32_t epoch = job_.first_epoch;
    Losses* losses = job_.losses + std::size_t{blockIdx.x} * job_.epochs;
    double training = 0.0;
    for (std::uint32_t step = 0; step < job_.steps; ++step) {
      // Of an epoch that an earlier launch has begun, the order is there.
      if (order_ != nullptr && image == 0) {
        enter(DensePhase::shuffle);
        draw_order(seed_, epoch, count, order_, job_.room);
      }
      const std::uint32_t batch = smaller(job_.batch, count - image);
      training += take_step(step, image, batch);
      image += batch;
      const bool last = step + 1 == job_.steps;
      const bool ends = image == count || (last && job_.ends_epoch);
      if (!ends && !last) continue;
      enter(DensePhase::validation);
      training = simt::block_sum(training, smem_.sum);
      const double validation = ends ? validate() : 0.0;
      if (simt::block_thread() == 0) *losses = {training, validation};
      ++losses;
      ++epoch;
      image = 0;
      training = 0.0;
    }
    enter(DensePhase::finish);
    if (job_.alive != nullptr) {
      look_for_life();
      if (!finite() && simt::block_thread() == 0) losses[-1].validation = NAN;
    }
    write_matrices<L>(job_.net, block_.weights, state_);
    write_matrices<L>(job_.net, block_.first_moment, state_ + job_.net.parameters);
    write_matrices<L>(job_.net, block_.second_moment, state_ + 2 * job_.net.parameters);
    enter(DensePhase::finish);
  }

 private:
  [[nodiscard]] __device__ bool is_timed() const {
    return job_.clocks != nullptr && simt::block_thread() == 0;
  }
  /// The time since the last call is that of the phase that was entered then.
  __device__ void enter(DensePhase phase) {
    if (!is_timed()) return;
    const std::uint64_t now = simt::ticks();
    job_.clocks[std::size_t{blockIdx.x} * kDensePhaseCount + static_cast<int>(smem_.phase)] +=
        now - smem_.since + 1;  // or a phase shorter than the clock's tick would not be there
    smem_.since = now;
    smem_.phase = phase;
  }

  __device__ void begin() {
    if (is_timed()) {
      smem_.since = simt::ticks();
      smem_.phase = DensePhase::setup;
    }
    const int floats = static_cast<int>(floats_of(job_.net, job_.part));
    for (const int i : simt::block_elements(floats)) block_.weights[i] = 0.f;
    simt::sync_block();
    each<L>(job_.part.images, job_.net.depth + 1,
            [&](int image, int k) { block_.map(image, k)[-1] = 1.f; });
    if (job_.fresh) {
      draw_weights(block_, seed_);
    } else {
      read_matrices<L>(job_.net, state_, block_.weights);
      read_matrices<L>(job_.net, state_ + job_.net.parameters, block_.first_moment);
      read_matrices<L>(job_.net, state_ + 2 * job_.net.parameters, block_.second_moment);
    }
    simt::sync_block();
  }

  /// f(first row of a part of `count` rows, rows in it, tile as a constant)
  template <class F>
  __device__ void in_parts(std::uint32_t count, F&& f) {
    const auto most = static_cast<std::uint32_t>(job_.part.images);
    for (std::uint32_t first = 0; first < count; first += most) {
      const auto rows = static_cast<int>(smaller(most, count - first));
      if (rows == 1) {
        f(first, rows, lanes::Constant<1>{});
      } else {
        f(first, rows, lanes::Constant<kTile>{});
      }
    }
  }

  [[nodiscard]] __device__ bool corrupts() const {
    return job_.corruption.noise > 0.f || job_.corruption.patch > 0;
  }

  __device__ double take_step(std::uint32_t step, std::uint32_t image, std::uint32_t batch) {
    const CorruptionStream random{
        seed_, stream_number(RandomStream::training_corruption, job_.first_step + step)};
    const float scale =
        1.f / (static_cast<float>(batch) * static_cast<float>(job_.net.last().outputs));
    double loss = 0.0;
    in_parts(batch, [&](std::uint32_t first, int rows, auto tile) {
      enter(DensePhase::load);
      const Targets targets = load(block_, job_.training, job_.corruption,
                                   {.order = order_,
                                    .first = image + first,
                                    .count = rows,
                                    .corrupted = corrupts(),
                                    .random = random,
                                    .number = first});
      enter(DensePhase::forward);
      forward<L, tile>(block_, job_.net.depth - 1, rows);
      enter(DensePhase::loss);
      loss += loss_of<L, tile, true>(block_, job_.loss, targets, rows, scale);
      enter(DensePhase::backward);
      backward<L, tile>(block_, rows);
      enter(DensePhase::update);
      const Turn turn{.first = first == 0,
                      .last = first + static_cast<std::uint32_t>(rows) == batch};
      update<L, tile>(block_, rows, turn, job_.rates[step], job_.adam);
    });
    return loss;
  }

  __device__ double validate() {
    const CorruptionStream random{seed_, stream_number(RandomStream::held_out_corruption)};
    double loss = 0.0;
    in_parts(job_.validation.count, [&](std::uint32_t first, int rows, auto tile) {
      const Targets targets = load(block_, job_.validation, job_.corruption,
                                   {.first = first,
                                    .count = rows,
                                    .corrupted = corrupts(),
                                    .random = random,
                                    .number = first});
      forward<L, tile>(block_, job_.net.depth - 1, rows);
      loss += loss_of<L, tile, false>(block_, job_.loss, targets, rows, 1.f);
    });
    return simt::block_sum(loss, smem_.sum);
  }

  /// Whether all weights are: a relu may hide from the loss what became of them.
  __device__ bool finite() {
    double lost = 0.0;
    for (const int i : simt::block_elements(job_.net.matrices)) {
      const float weight = block_.weights[i];
      if (!(weight - weight == 0.f)) lost += 1.0;
    }
    return simt::block_sum(lost, smem_.sum) == 0.0;
  }

  /// Which units of the code are not 0 for all validation images, as they are.
  __device__ void look_for_life() {
    const int code = job_.net.layer[job_.net.code - 1].outputs;
    std::uint32_t* alive = job_.alive + std::size_t{blockIdx.x} * static_cast<std::size_t>(code);
    in_parts(job_.validation.count, [&](std::uint32_t first, int rows, auto tile) {
      (void)load(block_, job_.validation, job_.corruption, {.first = first, .count = rows});
      forward<L, tile>(block_, job_.net.code, rows);
      for (const int unit : simt::block_elements(code)) {
        bool found = first > 0 && alive[unit] != 0;
        for (int row = 0; row < rows; ++row) found |= block_.map(row, job_.net.code)[unit] != 0.f;
        alive[unit] = found ? 1 : 0;
      }
      simt::sync_block();  // before the next images come
    });
  }

  const Job& job_;
  Smem& smem_;
  Block<L> block_;
  std::uint64_t seed_;
  float* state_;
  std::uint64_t* order_;
};

// ------------------------------------------------------------------------------------- kernel

// A block a replica.
template <class L>
__global__ void __launch_bounds__(kThreads, kResident)
    train_kernel(const __grid_constant__ Job job) {
  Trainer<L>(job, simt::shared<Smem>()).run();
}

// ------------------------------------------------------------------------------------ launchers

std::size_t memory_of(const Network& net, const Part& part) {
  return sizeof(Smem) + sizeof(float) * floats_of(net, part);
}

#ifdef __CUDACC__
using OneThread = Lanes<1>;
#else
using OneThread = Lanes<lanes::kWidestLanes>;
#endif

/// Whether a block is one thread: on the CPU, but not in emulation.
bool of_one_thread() {
  return simt::per_block(1, kThreads).block.count() == 1;
}

template <class L>
bool fits(std::size_t memory) {
  if constexpr (kAlone<L>) return memory <= std::size_t{1} << 20U;
  return simt::resident_blocks(train_kernel<L>, kThreads, memory) > 0;
}

template <class L>
Setting setting_with(const Network& sizes, const Task& task) {
  constexpr std::size_t kMostImages = 32;  // of a part: more save nothing
  const std::size_t most = std::min(std::max(task.batch, task.validation), kMostImages);
  const Network net = lay_out(sizes, L::kCount);
  for (auto tiles = static_cast<int>((most - 1) / kTile + 1);; tiles /= 2) {
    const int images = most == 1 ? 1 : tiles * kTile;
    const Part part{.images = images,
                    .gradients = task.batch > static_cast<std::size_t>(images),
                    .clean = task.corrupts};
    const std::size_t memory = memory_of(net, part);
    if (fits<L>(memory)) return {.net = net, .part = part, .memory = memory};
    if (tiles > 1) continue;
    const std::string kilobytes = std::to_string((memory + 1023) / 1024) + " KB";
    if (!kAlone<L> && memory <= simt::most_shared_bytes()) {
      return {.problem = "no block of " + std::to_string(kThreads) + " threads and " + kilobytes +
                         " of shared memory can be resident on this GPU"};
    }
    return {.problem = "its weights and moments take " + kilobytes + ", more than " +
                       (kAlone<L> ? "a core's own cache holds" : "this GPU gives a block")};
  }
}

template <class L>
void launch(simt::StreamHandle stream, const Setting& setting, unsigned threads,
            std::size_t replicas, const Job& job) {
  const simt::LaunchConfig config{
      .grid = {simt::narrow(replicas)}, .block = {threads}, .shared_bytes = setting.memory};
  simt::launch(stream, config, train_kernel<L>, job);
}

}  // namespace

Setting best_setting(const Network& sizes, const Task& task) {
  return of_one_thread() ? setting_with<OneThread>(sizes, task)
                         : setting_with<Lanes<1>>(sizes, task);
}

void run(simt::StreamHandle stream, const Setting& setting, std::size_t replicas, const Job& job) {
  if (of_one_thread()) {
    launch<OneThread>(stream, setting, 1, replicas, job);
  } else {
    launch<Lanes<1>>(stream, setting, kThreads, replicas, job);
  }
}

}  // namespace hourglass::HOURGLASS_TARGET::fused_dense
