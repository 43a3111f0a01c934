// Neighbours, t-SNE, and what a map keeps.
#include <hourglass/map_quality.hpp>
#include <hourglass/metric.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/tsne.hpp>
#include <hourglass/tsne_transform.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "calls.hpp"

namespace hourglass::python {
namespace {

nb::tuple to_tuple(NeighborGraph graph) {
  return nb::make_tuple(to_numpy(std::move(graph.indices)), to_numpy(std::move(graph.distances)));
}

nb::dict to_dict(TsneResult result) {
  nb::list history;
  for (const DivergenceAt& at : result.history) {
    history.append(nb::make_tuple(at.iteration, at.kl_divergence));
  }
  nb::dict all;
  all["map"] = to_numpy(std::move(result.map));
  all["kl_divergence"] = result.kl_divergence;
  all["iterations"] = result.iterations;
  all["learning_rate"] = result.learning_rate;
  all["history"] = history;
  return all;
}

/// In the order of Python's names for them.
Metric metric_of(int number) {
  return static_cast<Metric>(number);
}

/// Options that Python has checked, by the names of TsneOptions.
TsneOptions options_of(const nb::dict& given) {
  TsneOptions options;
  const auto set = [&](const char* name, auto& member) {
    if (given.contains(name)) member = nb::cast<std::decay_t<decltype(member)>>(given[name]);
  };
  set("components", options.components);
  set("perplexity", options.perplexity);
  set("iterations", options.iterations);
  set("seed", options.seed);
  set("divergence_interval", options.divergence_interval);
  set("early_iterations", options.schedule.early_iterations);
  set("early_exaggeration", options.schedule.early_exaggeration);
  set("exaggeration", options.schedule.late_exaggeration);
  set("learning_rate", options.schedule.learning_rate);
  set("dof", options.dof);
  set("time_limit", options.time_limit);
  options.metric = metric_of(nb::cast<int>(given["metric"]));
  options.accuracy = static_cast<TsneAccuracy>(nb::cast<int>(given["accuracy"]));
  options.initialization = static_cast<TsneInitialization>(nb::cast<int>(given["initialization"]));
  if (given.contains("initial_map")) {
    options.initial_map = view(nb::cast<Given<float>>(given["initial_map"])).copy();
  }
  return options;
}

/// run(options) -> TsneResult. On its way `progress(iteration, iterations, last divergence or
/// None)`, and where the divergence is worked out `callback(iteration, divergence, map)`, which may
/// end it.
template <class Run>
nb::dict map_rows(const nb::dict& given, const nb::object& progress, const nb::object& callback,
                  Run run) {
  TsneOptions options = options_of(given);
  return to_dict(long_call([&](Interrupt& interrupt) {
    Seldom seldom;
    std::optional<double> divergence;
    options.stop = interrupt.request();
    // What Python raised is raised in any case; a callback that has enough wants the map.
    options.keep_interrupted = !callback.is_none();
    options.on_progress = [&](const TsneProgress& at) {
      if (at.kl_divergence) divergence = at.kl_divergence;
      if (!callback.is_none() && at.kl_divergence) {
        Array<float> map = at.map();
        interrupt.call([&] {
          return !is_true(callback(at.iteration, *at.kl_divergence, to_numpy(std::move(map))));
        });
      }
      if (progress.is_none() || !seldom.due(at.iteration == at.iterations)) return;
      interrupt.call([&] {
        progress(at.iteration, at.iterations, divergence);
        return true;
      });
    };
    return run(options);
  }));
}

nb::dict to_dict(MapQuality quality) {
  nb::dict all;
  all["trustworthiness"] = quality.trustworthiness;
  all["continuity"] = quality.continuity;
  all["neighbor_recall"] = quality.neighbor_recall;
  all["distance_correlation"] = quality.distance_correlation;
  if (quality.silhouette) all["silhouette"] = *quality.silhouette;
  nb::dict rows;
  const auto set = [&](const char* name, std::vector<double>& values) {
    if (!values.empty()) rows[name] = to_numpy(std::move(values));
  };
  set("trustworthiness", quality.of_rows.trustworthiness);
  set("continuity", quality.of_rows.continuity);
  set("neighbor_recall", quality.of_rows.neighbor_recall);
  set("silhouette", quality.of_rows.silhouette);
  if (nb::len(rows) > 0) all["per_row"] = rows;
  return all;
}

}  // namespace

void add_maps(nb::module_& module) {
  module.def(
      "nearest_neighbors",
      [](const GivenRows& x, const std::optional<GivenRows>& queries, std::size_t k, int metric,
         const std::string& device) {
        return to_tuple(long_call([&](Interrupt& interrupt) {
          const Samples rows = in_metric(samples(x, device), metric_of(metric));
          if (!queries) return nearest_neighbors(rows, k, interrupt.request());
          return nearest_neighbors(rows, in_metric(samples(*queries, device), metric_of(metric)), k,
                                   interrupt.request());
        }));
      },
      "x"_a, "queries"_a.none(), "k"_a, "metric"_a, "device"_a);
  module.def(
      "tsne",
      [](const GivenRows& x, const nb::dict& options, const nb::object& progress,
         const nb::object& callback, const std::string& device) {
        return map_rows(options, progress, callback, [&](const TsneOptions& chosen) {
          return tsne(samples(x, device), chosen);
        });
      },
      "x"_a, "options"_a, "progress"_a.none(), "callback"_a.none(), "device"_a);
  module.def(
      "tsne_of_distances",
      [](const Given<float>& distances, const nb::dict& options, const nb::object& progress,
         const nb::object& callback, const std::string& device) {
        return map_rows(options, progress, callback, [&](const TsneOptions& chosen) {
          return tsne_of_distances(view(distances), chosen, select_device(device));
        });
      },
      "distances"_a, "options"_a, "progress"_a.none(), "callback"_a.none(), "device"_a);
  module.def(
      "tsne_of_graph",
      [](const Given<std::uint32_t>& offsets, const Given<std::uint32_t>& columns,
         const Given<float>& distances, const nb::dict& options, const nb::object& progress,
         const nb::object& callback, const std::string& device) {
        const SparseDistances given{.offsets = view(offsets).copy(),
                                    .columns = view(columns).copy(),
                                    .distances = view(distances).copy()};
        return map_rows(options, progress, callback, [&](const TsneOptions& chosen) {
          return tsne(given, chosen, select_device(device));
        });
      },
      "offsets"_a, "columns"_a, "distances"_a, "options"_a, "progress"_a.none(),
      "callback"_a.none(), "device"_a);
  module.def(
      "tsne_transform",
      [](const GivenRows& training, const Given<float>& map, const GivenRows& fresh,
         double perplexity, int metric, const std::string& device) {
        return to_numpy(long_call([&](Interrupt& interrupt) {
          return tsne_transform(
              samples(training, device), view(map).copy(), samples(fresh, device),
              {.perplexity = perplexity, .metric = metric_of(metric), .stop = interrupt.request()});
        }));
      },
      "training"_a, "map"_a, "fresh"_a, "perplexity"_a, "metric"_a, "device"_a);
  module.def(
      "map_quality",
      [](const GivenRows& x, const GivenRows& map, const std::optional<Given<std::uint8_t>>& labels,
         std::size_t k, std::size_t rows, std::size_t pairs, std::uint64_t seed, bool per_row,
         int metric, const std::string& device) {
        return to_dict(long_call([&](Interrupt& interrupt) {
          MapQualityOptions options{.neighbors = k,
                                    .rows = rows,
                                    .pairs = pairs,
                                    .seed = seed,
                                    .per_row = per_row,
                                    .stop = interrupt.request()};
          if (labels) options.labels = view(*labels).values;
          return map_quality(in_metric(samples(x, device), metric_of(metric)), samples(map, device),
                             options);
        }));
      },
      "x"_a, "map"_a, "labels"_a.none(), "k"_a, "rows"_a, "pairs"_a, "seed"_a, "per_row"_a,
      "metric"_a, "device"_a);
  module.def(
      "label_accuracy",
      [](const GivenRows& x, const Given<std::uint8_t>& labels, std::size_t k,
         const std::string& device) {
        return long_call([&](Interrupt& interrupt) {
          return label_accuracy(samples(x, device), view(labels).values, k, interrupt.request());
        });
      },
      "x"_a, "labels"_a, "k"_a, "device"_a);
}

}  // namespace hourglass::python
