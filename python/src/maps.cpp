// Neighbours, t-SNE, and what a map keeps.
#include <hourglass/map_quality.hpp>
#include <hourglass/neighbors.hpp>
#include <hourglass/tsne.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "calls.hpp"

namespace hourglass::python {
namespace {

Samples samples(const Given<float>& x, const std::string& device) {
  return Samples::view(view(x), select_device(device));
}

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
  options.metric = static_cast<Metric>(nb::cast<int>(given["metric"]));
  options.accuracy = static_cast<TsneAccuracy>(nb::cast<int>(given["accuracy"]));
  options.initialization = static_cast<TsneInitialization>(nb::cast<int>(given["initialization"]));
  if (given.contains("initial_map")) {
    options.initial_map = view(nb::cast<Given<float>>(given["initial_map"])).copy();
  }
  return options;
}

/// run(options) -> TsneResult, with `progress(iteration, iterations)` on its way.
template <class Run>
nb::dict map_rows(const nb::dict& given, const nb::object& progress, Run run) {
  TsneOptions options = options_of(given);
  return to_dict(long_call([&](Interrupt& interrupt) {
    Seldom seldom;
    options.stop = interrupt.request();
    if (!progress.is_none()) {
      options.on_progress = [&](const TsneProgress& at) {
        if (!seldom.due(at.iteration == at.iterations)) return;
        interrupt.call([&] {
          progress(at.iteration, at.iterations);
          return true;
        });
      };
    }
    return run(options);
  }));
}

}  // namespace

void add_maps(nb::module_& module) {
  module.def(
      "nearest_neighbors",
      [](const Given<float>& x, std::size_t k, const std::string& device) {
        return to_tuple(long_call([&](Interrupt& interrupt) {
          return nearest_neighbors(samples(x, device), k, interrupt.request());
        }));
      },
      "x"_a, "k"_a, "device"_a);
  module.def(
      "tsne",
      [](const Given<float>& x, const nb::dict& options, const nb::object& progress,
         const std::string& device) {
        return map_rows(options, progress, [&](const TsneOptions& chosen) {
          return tsne(samples(x, device), chosen);
        });
      },
      "x"_a, "options"_a, "progress"_a.none(), "device"_a);
  module.def(
      "tsne_of_graph",
      [](const Given<std::uint32_t>& indices, const Given<float>& distances,
         const nb::dict& options, const nb::object& progress, const std::string& device) {
        const NeighborGraph graph{.indices = view(indices).copy(),
                                  .distances = view(distances).copy()};
        return map_rows(options, progress, [&](const TsneOptions& chosen) {
          return tsne(graph, chosen, select_device(device));
        });
      },
      "indices"_a, "distances"_a, "options"_a, "progress"_a.none(), "device"_a);
  module.def(
      "trustworthiness",
      [](const Given<float>& x, const Given<float>& map, std::size_t k, const std::string& device) {
        return long_call([&](Interrupt& interrupt) {
          return trustworthiness(samples(x, device), samples(map, device), k, interrupt.request());
        });
      },
      "x"_a, "map"_a, "k"_a, "device"_a);
  module.def(
      "label_accuracy",
      [](const Given<float>& x, const Given<std::uint8_t>& labels, std::size_t k,
         const std::string& device) {
        return long_call([&](Interrupt& interrupt) {
          return label_accuracy(samples(x, device), view(labels).values, k, interrupt.request());
        });
      },
      "x"_a, "labels"_a, "k"_a, "device"_a);
}

}  // namespace hourglass::python
