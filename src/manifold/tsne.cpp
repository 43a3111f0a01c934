#include <algorithm>
#include <cmath>
#include <hourglass/error.hpp>
#include <hourglass/pca.hpp>
#include <hourglass/tsne.hpp>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "data/check.hpp"
#include "device/clock.hpp"
#include "device/range.hpp"
#include "files/messages.hpp"
#include "kernels/data/philox.hpp"
#include "kernels/data/random_stream.hpp"
#include "kernels/neighbors/limits.hpp"
#include "manifold/check_graph.hpp"
#include "manifold/flatness.hpp"
#include "manifold/map_solver.hpp"
#include "manifold/require_memory.hpp"
#include "target/table.hpp"

namespace hourglass {

namespace {

constexpr double kInitialSpread = 1e-4;  // standard deviation along the first axis
constexpr double kLeastDof = 0.1;
constexpr double kMostDof = 1000.0;

std::unique_ptr<MapSolver> make_solver(const Device& device) {
  return target_of(device).make_map_solver(device.index);
}

/// Adds the time from here to the end of the scope.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() { seconds_ += elapsed(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  [[nodiscard]] double elapsed() const { return seconds_since(start_); }

 private:
  double& seconds_;
  Clock::time_point start_ = Clock::now();
};

// ---- what cannot be mapped ---------------------------------------------------------------------

void check_data(const Samples& x, const std::string& what) {
  require_rows(x.rows(), x.row_size(), what);
  require_finite(x, what);
  require_distinct_rows(x, what, "none is nearer than another");
}

/// The scales asked for, one or several.
std::vector<double> scales_of(const TsneOptions& options) {
  return options.perplexities.empty() ? std::vector{options.perplexity} : options.perplexities;
}
double largest_scale(const TsneOptions& options) {
  return std::ranges::max(scales_of(options));
}

void check_momentum(const char* which, double momentum) {
  if (momentum >= 0.0 && momentum < 1.0) return;
  throw UsageError(std::string(which) + " momentum is " + files::number_text(momentum) +
                   "; it must be at least 0 and less than 1");
}

void check_schedule(const TsneSchedule& schedule) {
  if (!(schedule.learning_rate >= 0.0) || !std::isfinite(schedule.learning_rate)) {
    throw UsageError("the learning rate must be a positive number");
  }
  if (!(schedule.early_exaggeration >= 1.0) || !std::isfinite(schedule.early_exaggeration)) {
    throw UsageError("the early exaggeration is " +
                     files::number_text(schedule.early_exaggeration) +
                     "; it must be a number of at least 1");
  }
  if (!(schedule.late_exaggeration > 0.0) || !std::isfinite(schedule.late_exaggeration)) {
    throw UsageError("the exaggeration is " + files::number_text(schedule.late_exaggeration) +
                     "; it must be a positive number");
  }
  if (!(schedule.max_step > 0.0) || !std::isfinite(schedule.max_step)) {
    throw UsageError("the longest step must be a positive number");
  }
  check_momentum("the early", schedule.early_momentum);
  check_momentum("the", schedule.late_momentum);
}

void check_stops(const TsneOptions& options) {
  if (!(options.time_limit >= 0.0) || !std::isfinite(options.time_limit)) {
    throw UsageError("the time limit must be a positive number of seconds");
  }
  if (!(options.flat_tolerance >= 0.0) || !std::isfinite(options.flat_tolerance)) {
    throw UsageError("the tolerance of a flat divergence must be a positive number");
  }
  const std::uint64_t early = options.schedule.early_iterations;
  if (options.flat_tolerance > 0.0 &&
      (early >= options.iterations || options.iterations - early <= Flatness::kFirstVerdict)) {
    throw UsageError("whether the map is flat shows " + std::to_string(Flatness::kFirstVerdict) +
                     " iterations after the " + std::to_string(early) +
                     " early ones, and there are only " + std::to_string(options.iterations) +
                     " in all; ask for more, or do not stop when flat");
  }
}

void check_options(const TsneOptions& options, std::size_t rows, std::size_t largest_perplexity) {
  for (const double perplexity : scales_of(options)) {
    require_perplexity(perplexity, rows, largest_perplexity);
  }
  if (options.iterations == 0)
    throw UsageError("the number of iterations is 0; it must be at least 1");
  if (options.components < 1 || options.components > 3) {
    throw UsageError("a map of " + std::to_string(options.components) +
                     " dimensions is asked for; there are maps of 1, 2 and 3");
  }
  check_schedule(options.schedule);
  check_stops(options);
  if (!(options.dof >= kLeastDof && options.dof <= kMostDof)) {
    throw UsageError("the degrees of freedom are " + files::number_text(options.dof) +
                     "; they must be from 0.1 to 1000");
  }
  if (options.snapshot_interval > options.iterations) {
    throw UsageError("snapshots every " + std::to_string(options.snapshot_interval) + " of " +
                     std::to_string(options.iterations) + " iterations: that is none");
  }
  if (!options.initial_map) return;
  if (options.initial_map->shape != Shape{rows, options.components}) {
    throw Error("the initial map must have shape (" + std::to_string(rows) + ", " +
                std::to_string(options.components) + ")");
  }
  require_finite(*options.initial_map, "the initial map");
  require_distinct_rows(*options.initial_map, "the initial map", "points in one place never part");
}

// ---- where a map starts ------------------------------------------------------------------------

Array<float> random_map(std::size_t rows, std::size_t components, std::uint64_t seed) {
  constexpr std::uint64_t kStream = stream_number(RandomStream::initial_map);
  const Philox random{seed};
  Array<float> map({rows, components});
  for (std::size_t i = 0; i < rows; ++i) {
    const PhiloxBlock bits = random(i, kStream);
    const double radius = std::sqrt(-2.0 * std::log(1.0 - double{uniform(bits[0])}));
    const double angle = 2.0 * std::numbers::pi * double{uniform(bits[1])};
    map.row(i)[0] = static_cast<float>(kInitialSpread * radius * std::cos(angle));
    if (components == 1) continue;
    map.row(i)[1] = static_cast<float>(kInitialSpread * radius * std::sin(angle));
    if (components == 2) continue;
    const double length = std::sqrt(-2.0 * std::log(1.0 - double{uniform(bits[2])}));
    const double turn = 2.0 * std::numbers::pi * double{uniform(bits[3])};
    map.row(i)[2] = static_cast<float>(kInitialSpread * length * std::cos(turn));
  }
  return map;
}

Array<float> pca_map(const Samples& x, std::size_t components, const StopRequest& stop) {
  const std::size_t there = std::min({components, x.row_size(), x.rows()});
  return initial_map(fit_transform_pca(x, {.components = there, .stop = stop}), components);
}

// ---- the stages --------------------------------------------------------------------------------

double spacing_of(TsneAccuracy accuracy) {
  switch (accuracy) {
    case TsneAccuracy::fast:
      return 0.5;
    case TsneAccuracy::standard:
      return 1.0 / 3.0;
    case TsneAccuracy::high:
      return 0.25;
  }
  return 1.0 / 3.0;
}

void begin_stage(const TsneOptions& options, const char* name) {
  stop_if_requested(options.stop);
  if (options.on_stage) options.on_stage(name);
}

/// The iterations, and what is wanted on the way.
class Descent {
 public:
  Descent(MapSolver& solver, const TsneOptions& options, Clock::time_point call, TsneResult& result)
      : solver_(solver),
        options_(options),
        call_(call),
        result_(result),
        flatness_(options.schedule.early_iterations, options.iterations, options.flat_tolerance) {}

  void run() {
    const Stopwatch watch(result_.seconds.optimization);
    if (options_.snapshot_interval > 0) take_snapshot();
    while (goes_on()) {
      const std::size_t count = next_stride();
      solver_.advance(count);
      result_.iterations += count;
      if (is_due(options_.divergence_interval)) {
        result_.history.push_back({result_.iterations, divergence()});
      }
      if (is_due(options_.snapshot_interval)) take_snapshot();
      if (options_.on_progress) {
        options_.on_progress({result_.iterations, options_.iterations, watch.elapsed(),
                              [this] { return solver_.map(); },
                              is_due(options_.divergence_interval)
                                  ? std::optional(result_.history.back().kl_divergence)
                                  : std::nullopt});
      }
    }
    if (options_.snapshot_interval > 0 &&
        result_.snapshot_iterations.back() != result_.iterations) {
      take_snapshot();
    }
  }

 private:
  /// If not, says why in the result.
  bool goes_on() {
    if (result_.iterations == options_.iterations) return false;
    const bool some = result_.iterations > 0;
    if (options_.keep_interrupted && some) {
      if (options_.stop && options_.stop()) return ended_by(TsneStop::interrupted);
    } else {
      stop_if_requested(options_.stop);
    }
    if (looks() && flatness_.looks_at(result_.iterations) &&
        flatness_.reached(result_.iterations, divergence())) {
      return ended_by(TsneStop::flat);
    }
    if (options_.time_limit > 0.0 && some && seconds_since(call_) >= options_.time_limit) {
      return ended_by(TsneStop::time_limit);
    }
    return true;
  }

  bool ended_by(TsneStop reason) {
    result_.stopped = reason;
    return false;
  }

  [[nodiscard]] bool looks() const { return options_.flat_tolerance > 0.0; }

  [[nodiscard]] bool is_due(std::size_t interval) const {
    return interval > 0 && result_.iterations % interval == 0;
  }

  /// As many iterations as the device likes at once, but none beyond the next one that is wanted.
  [[nodiscard]] std::size_t next_stride() const {
    const std::size_t done = result_.iterations;
    std::size_t count = std::min(solver_.stride(), options_.iterations - done);
    for (const std::size_t interval : {options_.divergence_interval, options_.snapshot_interval}) {
      if (interval > 0) count = std::min(count, interval - done % interval);
    }
    return looks() ? std::min(count, flatness_.until_look(done)) : count;
  }

  /// Of the map as it stands, worked out once.
  double divergence() {
    if (!known_ || known_->iteration != result_.iterations) {
      known_ = {result_.iterations, solver_.divergence(false)};
    }
    return known_->kl_divergence;
  }

  void take_snapshot() {
    const Array<float> map = solver_.map();
    Array<float>& frames = result_.snapshots;
    frames.values.insert(frames.values.end(), map.values.begin(), map.values.end());
    result_.snapshot_iterations.push_back(result_.iterations);
    frames.shape = {result_.snapshot_iterations.size(), map.shape[0], map.shape[1]};
  }

  MapSolver& solver_;
  const TsneOptions& options_;
  Clock::time_point call_;
  TsneResult& result_;
  Flatness flatness_;
  std::optional<DivergenceAt> known_;
};

/// From neighbours to the map; `initial` makes the map to start from.
TsneResult optimize(MapSolver& solver, std::size_t rows, const TsneOptions& options,
                    Clock::time_point call, const std::function<Array<float>()>& initial,
                    TsneResult result) {
  const auto stage = [&](const char* name) { begin_stage(options, name); };
  stage("affinities");
  {
    const Stopwatch watch(result.seconds.affinities);
    solver.compute_affinities(scales_of(options));
  }
  stage("initialization");
  TsneSchedule schedule = options.schedule;
  if (schedule.learning_rate == 0.0) {
    schedule.learning_rate =
        std::max(static_cast<double>(rows) / schedule.early_exaggeration / 4.0, 50.0);
  }
  result.learning_rate = schedule.learning_rate;
  {
    const Stopwatch watch(result.seconds.initialization);
    solver.begin(initial(), schedule,
                 {.spacing = spacing_of(options.accuracy), .dof = options.dof});
  }
  stage("optimization");
  Descent(solver, options, call, result).run();
  // The map is what was asked to be kept: nothing throws any more.
  if (options.keep_interrupted && options.stop && options.stop()) {
    result.stopped = TsneStop::interrupted;
  }
  const bool interrupted = result.stopped == TsneStop::interrupted;
  if (!interrupted) stage("divergence");
  {
    const Stopwatch watch(result.seconds.divergence);
    result.kl_divergence = solver.divergence(!interrupted);
  }
  result.overflows = solver.overflows();
  result.grid_iterations = solver.grid_iterations();
  result.map = solver.map();
  return result;
}

}  // namespace

std::size_t neighbor_count(double perplexity, std::size_t rows) {
  return std::min(static_cast<std::size_t>(3.0 * perplexity), rows - 1);
}

Array<float> initial_map(const PcaMap& pca, std::size_t components) {
  const std::size_t there = std::min(components, pca.scores.row_size());
  const double scale = kInitialSpread / std::sqrt(pca.model.explained_variance[0]);
  Array<float> map({pca.scores.rows(), components});
  for (std::size_t i = 0; i < map.rows(); ++i) {
    for (std::size_t c = 0; c < there; ++c) {
      map.row(i)[c] = static_cast<float>(scale * pca.scores.row(i)[c]);
    }
  }
  return map;
}

NeighborGraph nearest_neighbors(const Samples& x, std::size_t k, const StopRequest& stop) {
  check_data(x, "nearest neighbours");
  const std::size_t most = std::min(x.rows() - 1, kMaxNeighbors);
  if (k == 0 || k > most) {
    throw Error("cannot find " + std::to_string(k) + " neighbours of each of " +
                std::to_string(x.rows()) + " rows; 1 to " + std::to_string(most) + " are possible");
  }
  const auto solver = make_solver(x.device());
  solver->find_neighbors(x, k, kBytesOfNeighbor, stop);
  return solver->neighbors();
}

TsneResult tsne(const Samples& given, const TsneOptions& options) {
  const Range range("t-SNE");
  const auto call = Clock::now();
  require_rows(given.rows(), given.row_size(), "t-SNE");
  const Samples x = in_metric(given, options.metric);
  check_data(x, "t-SNE");
  const std::size_t rows = x.rows();
  check_options(options, rows, std::min(rows - 1, kMaxNeighbors / 3));
  const auto solver = make_solver(x.device());
  TsneResult result;
  result.neighbors = neighbor_count(largest_scale(options), rows);
  begin_stage(options, "neighbours");
  {
    const Stopwatch watch(result.seconds.neighbors);
    solver->find_neighbors(x, result.neighbors, kBytesOfAffinity, options.stop);
  }
  const auto initial = [&] {
    if (options.initial_map) return *options.initial_map;
    return options.initialization == TsneInitialization::random
               ? random_map(rows, options.components, options.seed)
               : pca_map(x, options.components, options.stop);
  };
  return optimize(*solver, rows, options, call, initial, std::move(result));
}

namespace {

/// From neighbours that are known.
TsneResult map_graph(const NeighborGraph& graph, const TsneOptions& options, const Device& device,
                     Clock::time_point call, TsneResult result) {
  const std::size_t rows = graph.indices.rows();
  check_options(options, rows, graph.indices.row_size());
  const auto solver = make_solver(device);
  result.neighbors = graph.indices.row_size();
  solver->use_neighbors(graph);
  const auto initial = [&] {
    return options.initial_map ? *options.initial_map
                               : random_map(rows, options.components, options.seed);
  };
  return optimize(*solver, rows, options, call, initial, std::move(result));
}

/// nearest(k) picks them from given distances of so many rows.
template <class Nearest>
TsneResult map_distances(std::size_t rows, const TsneOptions& options, const Device& device,
                         Nearest nearest) {
  const Range range("t-SNE");
  const auto call = Clock::now();
  TsneResult result;
  begin_stage(options, "neighbours");
  const auto graph = [&] {
    const Stopwatch watch(result.seconds.neighbors);
    // A perplexity too large for the rows is found out once they are known to be distances.
    const double most = static_cast<double>(std::max<std::size_t>(rows, 2) - 1);
    const double wanted = std::max(1.0, std::min(most, 3.0 * largest_scale(options)));
    return nearest(static_cast<std::size_t>(wanted));
  }();
  return map_graph(graph, options, device, call, std::move(result));
}

}  // namespace

TsneResult tsne(const NeighborGraph& graph, const TsneOptions& options, const Device& device) {
  const Range range("t-SNE");
  const auto call = Clock::now();
  check_graph(graph);
  return map_graph(graph, options, device, call, {});
}

TsneResult tsne(const SparseDistances& distances, const TsneOptions& options,
                const Device& device) {
  const std::size_t rows = std::max<std::size_t>(distances.offsets.size(), 1) - 1;
  return map_distances(rows, options, device, [&](std::size_t k) {
    return nearest_neighbors(distances, k, options.stop);
  });
}

TsneResult tsne_of_distances(const ArrayView<float>& distances, const TsneOptions& options,
                             const Device& device) {
  return map_distances(distances.rows(), options, device, [&](std::size_t k) {
    return nearest_of_distances(distances, k, options.stop);
  });
}

}  // namespace hourglass
