// Principal components.
#include <hourglass/pca.hpp>

#include "arrays.hpp"
#include "bindings.hpp"
#include "calls.hpp"

namespace hourglass::python {
namespace {

nb::dict to_dict(PcaModel model) {
  nb::dict result;
  result["mean"] = to_numpy(std::move(model.mean));
  result["components"] = to_numpy(std::move(model.components));
  result["explained_variance"] = to_numpy(std::move(model.explained_variance));
  result["explained_variance_ratio"] = to_numpy(std::move(model.explained_variance_ratio));
  result["singular_values"] = to_numpy(std::move(model.singular_values));
  result["noise_variance"] = model.noise_variance;
  return result;
}

std::vector<double> values(const Given<double>& given) {
  return {given.data(), given.data() + given.size()};
}

PcaModel model_of(const Given<double>& mean, const Given<float>& components,
                  const Given<double>& variances, bool whiten) {
  return {.mean = values(mean),
          .components = view(components).copy(),
          .explained_variance = values(variances),
          .whiten = whiten};
}

nb::tuple fit(const GivenRows& x, std::size_t components, std::optional<double> fraction,
              bool whiten, bool scores, const std::string& device) {
  PcaMap map = long_call([&](Interrupt& interrupt) {
    const Samples rows = samples(x, device);
    const PcaOptions options{.components = components,
                             .variance_fraction = fraction,
                             .whiten = whiten,
                             .stop = interrupt.request()};
    return scores ? fit_transform_pca(rows, options)
                  : PcaMap{.model = fit_pca(rows, options), .scores = {}};
  });
  return nb::make_tuple(to_dict(std::move(map.model)),
                        scores ? nb::cast(to_numpy(std::move(map.scores))) : nb::none());
}

}  // namespace

void add_pca(nb::module_& module) {
  module.def("pca_fit", fit, "x"_a, "components"_a, "fraction"_a.none(), "whiten"_a, "scores"_a,
             "device"_a);
  module.def(
      "pca_transform",
      [](const Given<double>& mean, const Given<float>& components, const Given<double>& variances,
         bool whiten, const GivenRows& x, const std::string& device) {
        return to_numpy(long_call([&](Interrupt& interrupt) {
          return transform(model_of(mean, components, variances, whiten), samples(x, device),
                           interrupt.request());
        }));
      },
      "mean"_a, "components"_a, "variances"_a, "whiten"_a, "x"_a, "device"_a);
  module.def(
      "pca_inverse_transform",
      [](const Given<double>& mean, const Given<float>& components, const Given<double>& variances,
         bool whiten, const Given<float>& scores, const std::string& device) {
        return to_numpy(long_call([&](Interrupt& interrupt) {
          return inverse_transform(model_of(mean, components, variances, whiten),
                                   Samples::view(view(scores), select_device(device)),
                                   interrupt.request());
        }));
      },
      "mean"_a, "components"_a, "variances"_a, "whiten"_a, "scores"_a, "device"_a);
}

}  // namespace hourglass::python
