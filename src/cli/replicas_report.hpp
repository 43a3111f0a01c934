// What many trainings of one model came to, for metrics.json and for people.
#pragma once

#include <hourglass/replicas.hpp>
#include <string>
#include <vector>

#include "cli/options.hpp"

namespace hourglass::cli {

struct ReplicasReport {
  Json json;
  std::string words;
};

/// `latent`: units of the code. At least one replica.
[[nodiscard]] ReplicasReport report(const std::vector<Replica>& replicas, std::size_t latent,
                                    Loss loss, double seconds);

}  // namespace hourglass::cli
