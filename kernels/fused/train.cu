#include "kernels/fused/derive.cuh"
#include "kernels/fused/meeting.cuh"
#include "kernels/fused/pass.cuh"
#include "kernels/fused/train.hpp"
#include "kernels/optimizer/adam_step.cuh"
#include "kernels/simt/reduce.hpp"

namespace hourglass::HOURGLASS_TARGET::fused {
namespace {

constexpr unsigned kThreads = 256;          // of a block on a GPU
constexpr unsigned kBlocksOfProcessor = 2;  // what registers allow; memory may allow one

struct alignas(128) Smem {
  simt::BlockSumScratch<double> sum;
  std::uint32_t word;
  // The block's memory follows: network.hpp.
};
static_assert(sizeof(Smem) == 384);

constexpr Description kConv{
    .channels = 1, .height = 28, .width = 28, .depth = 2, .encoder = {16, 8}, .decoder = {8, 16}};
constexpr std::size_t memory_on_gpu(const MemoryPlan& plan, bool corrupts) {
  return sizeof(Smem) + memory_of(lay_out(kConv, plan, corrupts), 1, sizeof(Lanes<1>::Winner));
}
/// Whether so many blocks fit a multiprocessor; each takes a kilobyte for CUDA's own use.
constexpr bool fit(unsigned blocks, std::size_t kilobytes, const MemoryPlan& plan, bool corrupts) {
  return blocks * (memory_on_gpu(plan, corrupts) + 1024) <= kilobytes * 1024;
}
static_assert(fit(1, 100, kTightPlan, true), "compute capabilities 8.6, 8.9, 12.0");
static_assert(fit(1, 164, kRoomyPlan, true), "8.0");
static_assert(fit(2, 228, kRoomyPlan, false) && fit(1, 228, kRoomyPlan, true), "9.0, 10.0");

// ---------------------------------------------------------------------------- device functions

template <class L>
__device__ Block<L> block_in(const Network& net, Smem& smem) {
  auto* derived = reinterpret_cast<float*>(&smem + 1);
  auto* values = reinterpret_cast<typename L::Value*>(derived + net.derived);
  return {net, derived, values, reinterpret_cast<typename L::Winner*>(values + net.values)};
}

/// A group's gradients, as they are summed up.
struct GroupSink {
  float* gradients;
  bool atomic;

  __device__ void operator()(int parameter, float gradient) const {
    if (atomic) {
      (void)simt::atomic_add(gradients + parameter, gradient);
    } else {
      gradients[parameter] = gradient;
    }
  }
};

/// Adam on this block's copy, with gradients that are sums over
/// `groups`. Threads of a GPU ask for several parameters' values before they need the first.
template <class L>
__device__ __forceinline__ void update_copy(const Job& job, float rate, const float* gradients,
                                            std::uint32_t groups, float* copy) {
  using F = typename L::Value;
  constexpr int kTogether = kAlone<L> ? 1 : 4;
  const int values = job.net.parameters / L::kCount;  // a multiple, by the layout of parameters
  const int threads = static_cast<int>(simt::block_thread_count());
  F* weight = reinterpret_cast<F*>(copy);
  F* first = weight + values;
  F* second = first + values;
  const F* gradient = reinterpret_cast<const F*>(gradients);
  for (int base = static_cast<int>(simt::block_thread()); base < values;
       base += kTogether * threads) {
    const auto place = [&](int j) { return base + j * threads; };
    F g[kTogether];
    F w[kTogether];
    F m[kTogether];
    F v[kTogether];
    unrolled<kTogether>([&](auto j) {
      const int i = place(j) < values ? place(j) : base;
      g[j] = gradient[i];
      w[j] = weight[i];
      m[j] = first[i];
      v[j] = second[i];
      for (std::uint32_t k = 1; k < groups; ++k) {
        g[j] += gradient[k * static_cast<std::size_t>(values) + static_cast<std::size_t>(i)];
      }
    });
    unrolled<kTogether>([&](auto j) {
      const int i = place(j);
      if (i >= values) return;
      kernels::adam_step(job.adam, rate, g[j], w[j], m[j], v[j]);
      weight[i] = w[j];
      first[i] = m[j];
      second[i] = v[j];
    });
  }
  simt::sync_block();  // all weights are new before anyone derives from them
}

/// A group of a batch, or of the validation images.
struct Group {
  std::uint32_t row = 0;   ///< its first image, from the batch's first
  std::uint32_t rows = 0;  ///< as many images as there are lanes, but for the last
};
template <class L>
__device__ Group group_of(std::uint32_t group, std::uint32_t images) {
  const std::uint32_t row = group * L::kCount;
  const std::uint32_t left = images - row;
  return {row, left < L::kCount ? left : L::kCount};
}

/// The sum of `groups` vectors of gradients, always in their order; sixteen loads are under way at
/// a time.
__device__ __forceinline__ float sum_of_groups(const float* gradients, std::uint32_t groups,
                                               std::size_t count) {
  constexpr std::uint32_t kTogether = 16;
  float sum = 0.f;
  std::uint32_t k = 0;
  for (; k + kTogether <= groups; k += kTogether) {
    float some[kTogether];
    unrolled<kTogether>([&](auto j) { some[j] = gradients[(k + j) * count]; });
    unrolled<kTogether>([&](auto j) { sum += some[j]; });
  }
  for (; k < groups; ++k) sum += gradients[k * count];
  return sum;
}

// ------------------------------------------------------------------------------------- kernel

template <class L>
__global__ void __launch_bounds__(kThreads, kBlocksOfProcessor)
    train_kernel(const __grid_constant__ Job job) {
  Smem& smem = simt::shared<Smem>();
  const Network& net = job.net;
  const Block<L> block = block_in<L>(net, smem);
  const auto count = static_cast<std::size_t>(net.parameters);
  const std::uint32_t groups_of_batch = (job.batch - 1) / L::kCount + 1;

  Stage stage(job.places + blockIdx.x,
              job.clocks == nullptr ? nullptr : job.clocks + std::size_t{blockIdx.x} * kPhaseCount);
  Meeting meeting(*job.exchange, smem.word, job.patience);

  for (const int i : simt::block_elements(net.values)) block.values[i] = 0.f;  // frames stay so
  float* const copy = job.copies + blockIdx.x * 3 * count;
  for (const auto i : simt::block_elements(count)) {
    copy[i] = job.parameters[i];
    copy[count + i] = job.first_moment[i];
    copy[2 * count + i] = job.second_moment[i];
  }
  simt::sync_block();

  // After the steps comes the validation: a step without a backward pass, and without an end.
  const std::uint32_t passes = job.steps + (job.validation.count > 0 ? 1 : 0);
  std::uint32_t first_image = job.first_image;
  for (std::uint32_t step = 0; step < passes; ++step) {
    stage.begin_step(step);
    stage.enter(Phase::derive);
    derive_weights(block, copy);

    const bool training = step < job.steps;
    const kernels::Pixels& images = training ? job.training : job.validation;
    const std::uint32_t left = images.count - first_image;
    const std::uint32_t batch = training && job.batch < left ? job.batch : left;
    const std::uint32_t groups = (batch - 1) / L::kCount + 1;
    const float scale = 1.f / (static_cast<float>(batch) * static_cast<float>(net.image_size));
    float* const gradients = job.summing == Summing::by_shares
                                 ? job.gradients
                                 : job.gradients + std::size_t{step % 2} * groups_of_batch * count;
    float* const sums = job.sums + std::size_t{step % 3} * count;
    std::uint32_t& claimed = job.exchange->claimed[step % 2];

    for (std::uint32_t number = meeting.first_group(groups, claimed); number < groups;
         number = meeting.next_group(groups, claimed)) {
      const Group group = group_of<L>(number, batch);
      stage.enter(Phase::load);
      const std::uint64_t random =
          training ? stream_number(RandomStream::training_corruption, job.first_step + step)
                   : stream_number(RandomStream::held_out_corruption);
      load_images(block, images,
                  {.order = training ? job.order : nullptr,
                   .first = first_image + group.row,
                   .count = group.rows,
                   .corruption_row = training ? group.row : first_image + group.row,
                   .random = {job.seed, random}},
                  job.noise);
      encode(block, stage);
      decode(block, stage);
      stage.enter(Phase::last_forward);
      double loss = loss_of(block, job.loss, scale, static_cast<int>(group.rows));
      loss = simt::block_sum(loss, smem.sum);
      if (simt::block_thread() == 0) {
        double* const losses = training ? job.training_losses + std::size_t{step} * groups_of_batch
                                        : job.validation_losses;
        losses[number] = loss;
      }
      simt::sync_block();
      if (!training) continue;
      const bool atomic = job.summing == Summing::atomic;
      backward(block, stage, GroupSink{atomic ? sums : gradients + number * count, atomic});
    }
    if (!training) break;
    first_image = step + 1 < job.steps ? first_image + batch : 0;  // of the validation images

    stage.enter(Phase::wait);
    if (!meeting.meet()) return;
    if (blockIdx.x == 0 && simt::block_thread() == 0) {
      // Nobody claims of these before the next meeting, nor has since the one before.
      simt::store_relaxed(&claimed, 0);
    }
    if (job.summing == Summing::by_shares) {
      stage.enter(Phase::sum);
      for (const auto i : simt::elements(count)) {
        sums[i] = sum_of_groups(gradients + i, groups, count);
      }
      stage.enter(Phase::wait);
      if (!meeting.meet()) return;
    } else if (job.summing == Summing::atomic) {
      // That of the last step, which all have read, and to which the next but one adds.
      float* const old = job.sums + std::size_t{(step + 2) % 3} * count;
      for (const auto i : simt::elements(count)) old[i] = 0.f;
    }
    stage.enter(Phase::update);
    const bool by_each = job.summing == Summing::by_each;
    update_copy<L>(job, job.rates[step], by_each ? gradients : sums, by_each ? groups : 1, copy);
  }
  stage.enter(Phase::setup);

  if (blockIdx.x != 0 || job.steps == 0) return;
  for (const auto i : simt::block_elements(count)) {
    job.parameters[i] = copy[i];
    job.first_moment[i] = copy[count + i];
    job.second_moment[i] = copy[2 * count + i];
  }
}

}  // namespace

// ------------------------------------------------------------------------------------ launchers

namespace {

template <class L>
Setting setting_with(const Description& model, const MemoryPlan& plan, bool corrupts) {
  Setting setting{.plan = plan, .lanes = L::kCount};
  setting.memory = sizeof(Smem) +
                   memory_of(lay_out(model, plan, corrupts), L::kCount, sizeof(typename L::Winner));
  setting.blocks = simt::resident_blocks(train_kernel<L>, kThreads, setting.memory);
  return setting;
}

template <class L>
void launch(simt::StreamHandle stream, const Setting& setting, unsigned threads, std::size_t blocks,
            const Job& job) {
  const simt::LaunchConfig config{.grid = {static_cast<unsigned>(blocks)},
                                  .block = {threads},
                                  .shared_bytes = setting.memory,
                                  .cooperative = true};
  simt::launch(stream, config, train_kernel<L>, job);
}

std::string kilobytes(std::size_t bytes) {
  return std::to_string((bytes + 1023) / 1024) + " KB";
}

/// A GPU's: the plan with the fewest barriers that fits.
template <class L>
Setting setting_of_gpu(const Description& model, bool corrupts) {
  Setting setting;
  if (!simt::blocks_may_wait()) {
    setting.problem = "this GPU has no cooperative launches, whose blocks may wait for each other";
    return setting;
  }
  for (const MemoryPlan& plan : {kRoomyPlan, kTightPlan}) {
    setting = setting_with<L>(model, plan, corrupts);
    if (setting.blocks > 0) return setting;
  }
  if (setting.memory > simt::most_shared_bytes()) {
    setting.problem = "an image takes " + kilobytes(setting.memory) +
                      " of shared memory, more than the " + kilobytes(simt::most_shared_bytes()) +
                      " that this GPU gives a block";
  } else {
    setting.problem = "no block of " + std::to_string(kThreads) + " threads and " +
                      kilobytes(setting.memory) + " of shared memory can be resident on this GPU";
  }
  return setting;
}

}  // namespace

#ifdef __CUDACC__

Setting best_setting(const Description& model, bool corrupts) {
  return setting_of_gpu<Lanes<1>>(model, corrupts);
}

void run(simt::StreamHandle stream, const Setting& setting, std::size_t blocks, const Job& job) {
  launch<Lanes<1>>(stream, setting, kThreads, blocks, job);
}

#else

Setting best_setting(const Description& model, bool corrupts) {
  if constexpr (simt::kGpuShapes) {
    const bool emulated = simt::per_block(1, kThreads).block.count() > 1;
    if (emulated) return setting_of_gpu<Lanes<1>>(model, corrupts);
  }
  Setting setting = setting_with<Lanes<kWidestLanes>>(model, kCachePlan, corrupts);
  constexpr std::size_t kMost = std::size_t{8} << 20;  // beyond any core's own cache
  if (setting.memory > kMost) {
    setting.problem = std::to_string(setting.lanes) + " images take " + kilobytes(setting.memory) +
                      " of memory, more than the " + kilobytes(kMost) +
                      " that a core's cache might hold";
    setting.blocks = 0;
  }
  return setting;
}

void run(simt::StreamHandle stream, const Setting& setting, std::size_t blocks, const Job& job) {
  if constexpr (simt::kGpuShapes) {
    if (setting.lanes == 1) return launch<Lanes<1>>(stream, setting, kThreads, blocks, job);
  }
  launch<Lanes<kWidestLanes>>(stream, setting, 1, blocks, job);
}

#endif

}  // namespace hourglass::HOURGLASS_TARGET::fused
