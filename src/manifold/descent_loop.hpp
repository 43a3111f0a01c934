// What the optimizers of maps of two and of three dimensions do alike on the host.
#pragma once

#include <cstddef>
#include <map>
#include <numeric>
#include <span>
#include <vector>

#include "device/buffer.hpp"
#include "device/graph.hpp"
#include "device/stream.hpp"

namespace hourglass::HOURGLASS_TARGET {

/// Iterations, each number of them recorded when it is first asked for.
class RecordedIterations {
 public:
  /// So many times iterate(), which launches kernels and nothing else.
  template <class F>
  void launch(device::Stream& stream, std::size_t count, F iterate) {
    auto graph = graphs_.find(count);
    if (graph == graphs_.end()) {
      const auto record = [&] {
        for (std::size_t i = 0; i < count; ++i) iterate();
      };
      graph = graphs_.emplace(count, device::Graph::record_kernels(stream, record)).first;
    }
    graph->second.launch(stream);
  }

  /// What iterate() launches is another from now on.
  void forget() { graphs_.clear(); }

 private:
  std::map<std::size_t, device::Graph> graphs_;
};

/// The sum of what the blocks of a kernel have summed, in their order.
[[nodiscard]] inline double total(const device::Stream& stream,
                                  std::span<const double> partial_sums) {
  std::vector<double> sums(partial_sums.size());
  device::copy_to_host<double>(stream, partial_sums, sums);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace hourglass::HOURGLASS_TARGET
