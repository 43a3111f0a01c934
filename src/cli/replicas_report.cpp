#include "cli/replicas_report.hpp"

#include <algorithm>
#include <cmath>

#include "cli/numbers.hpp"

namespace hourglass::cli {
namespace {

constexpr double kLearnt = 1e-3;

/// "17, 33, 48" or "17, 33, 48, ..."
std::string first_few(const std::vector<std::uint64_t>& seeds) {
  constexpr std::size_t kFew = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(seeds.size(), kFew); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(seeds[i]);
  }
  return seeds.size() > kFew ? text + ", ..." : text;
}

}  // namespace

ReplicasReport report(const std::vector<Replica>& replicas, std::size_t latent, Loss loss,
                      double seconds) {
  const auto counted = [](std::size_t n) { return with_thousands(static_cast<double>(n)); };
  std::vector<double> losses;
  std::vector<std::uint64_t> dead;
  Json json{{"count", replicas.size()}, {"latent", latent}, {"seconds", seconds}};
  for (const Replica& replica : replicas) {
    const bool finite = std::isfinite(replica.final_loss);
    json["seeds"].push_back(replica.seed);
    json["final_losses"].push_back(finite ? Json(replica.final_loss) : Json());
    json["dead_units"].push_back(replica.dead_units);
    if (finite) losses.push_back(replica.final_loss);
    if (replica.dead_units == latent) dead.push_back(replica.seed);
  }
  json["all_units_dead"] = dead;

  std::string words = counted(replicas.size()) + (replicas.size() == 1 ? " replica" : " replicas") +
                      " in " + duration(seconds);
  if (!losses.empty()) {
    std::ranges::sort(losses);
    const auto quantile = [&](double share) {
      const double place = share * static_cast<double>(losses.size() - 1);
      return losses[static_cast<std::size_t>(std::lround(place))];
    };
    const auto learnt =
        static_cast<std::size_t>(std::ranges::lower_bound(losses, kLearnt) - losses.begin());
    json["quantiles"] = {{"smallest", losses.front()},
                         {"quarter", quantile(0.25)},
                         {"median", quantile(0.5)},
                         {"three_quarters", quantile(0.75)},
                         {"largest", losses.back()}};
    words += ": final loss " + loss_text(losses.front()) + " to " + loss_text(losses.back()) +
             ", median " + loss_text(quantile(0.5));
    if (loss == Loss::mse) {  // a cross-entropy's least is not 0
      json["below_0.001"] = learnt;
      words += "; " + counted(learnt) + " below 0.001";
    }
  }
  if (losses.size() < replicas.size()) {
    words += "; " + counted(replicas.size() - losses.size()) + " left the finite numbers";
  }
  if (!dead.empty()) {
    words += "; " + counted(dead.size()) + (dead.size() == 1 ? " leaves" : " leave") + " all " +
             counted(latent) + " latent units dead: " + (dead.size() == 1 ? "seed " : "seeds ") +
             first_few(dead);
  }
  return {json, words};
}

}  // namespace hourglass::cli
