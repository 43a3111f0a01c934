// A sequence of device work, recorded once and replayed many times with one call.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "device/stream.hpp"

struct CUgraphExec_st;  // what cudaGraphExec_t points to

namespace hourglass::HOURGLASS_TARGET::device {

/// CUDA: a captured and instantiated graph. CPU: the work itself, called at every launch. Recording
/// runs nothing on either target, so `work` must not read results back, and every library it calls
/// must have been called once before (first calls allocate).
class Graph {
 public:
  Graph() = default;
  static Graph record(Stream& stream, std::function<void()> work);
  ~Graph();
  Graph(Graph&& other) noexcept { swap(other); }
  Graph& operator=(Graph&& other) noexcept {
    swap(other);
    return *this;
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void launch(Stream& stream) const;
  /// CUDA: kernels, copies and fills in one launch. CPU: 0.
  [[nodiscard]] std::size_t node_count() const { return nodes_; }
  [[nodiscard]] bool recorded() const { return executable_ != nullptr || work_ != nullptr; }

 private:
  void swap(Graph& other) noexcept {
    std::swap(executable_, other.executable_);
    std::swap(work_, other.work_);
    std::swap(nodes_, other.nodes_);
  }

  ::CUgraphExec_st* executable_ = nullptr;
  std::function<void()> work_;
  std::size_t nodes_ = 0;
};

}  // namespace hourglass::HOURGLASS_TARGET::device
