// A sequence of device work that is done many times.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "device/stream.hpp"

struct CUgraphExec_st;  // what cudaGraphExec_t points to

namespace hourglass::HOURGLASS_TARGET::device {

/// Runs work first as it is, then records it, and from then on replays it with one call.
class Graph {
 public:
  Graph() = default;

  /// Does the work, which must be the same each time and must not read results back. CUDA: the
  /// first time call by call, for libraries allocate in their first calls, which a recording cannot
  /// hold; the second time recorded; from the third on `work` is not called any more. CPU: `work`
  /// itself.
  void run(Stream& stream, const std::function<void()>& work);

  // The two halves, for who knows that all libraries have been called.

  /// CUDA: a captured and instantiated graph. CPU: the work itself. Runs nothing on either target.
  static Graph record(Stream& stream, std::function<void()> work);
  /// The same of work that launches kernels and does nothing else. CPU: the launches; one team of
  /// threads runs them all.
  static Graph record_kernels(Stream& stream, const std::function<void()>& work);
  void launch(Stream& stream) const;

  ~Graph();
  Graph(Graph&& other) noexcept { swap(other); }
  Graph& operator=(Graph&& other) noexcept {
    swap(other);
    return *this;
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// CUDA: kernels, copies and fills in one launch. CPU: 0.
  [[nodiscard]] std::size_t node_count() const { return nodes_; }

 private:
  void swap(Graph& other) noexcept {
    std::swap(executable_, other.executable_);
    std::swap(work_, other.work_);
    std::swap(nodes_, other.nodes_);
    std::swap(ran_, other.ran_);
  }

  ::CUgraphExec_st* executable_ = nullptr;
  std::function<void()> work_;
  std::size_t nodes_ = 0;
  bool ran_ = false;  // once, unrecorded
};

}  // namespace hourglass::HOURGLASS_TARGET::device
