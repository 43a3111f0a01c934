// Launching on the CPU: blocks of one thread, unless in emulation.
#pragma once

#include <cstddef>
#include <tuple>
#include <utility>

#include "kernels/simt/host.hpp"

namespace hourglass::HOURGLASS_TARGET::simt {

/// Plain order: blocks of one thread, their number a function of n alone, so that results do not
/// depend on how many cores there are. In emulation the shape is the GPU's.
[[nodiscard]] LaunchConfig per_element(std::size_t n, unsigned block = 256,
                                       std::size_t shared_bytes = 0);
[[nodiscard]] LaunchConfig per_block(std::size_t count, unsigned block,
                                     std::size_t shared_bytes = 0);

/// For kernels that loop over warp_elements(n): a warp an item, or a CPU thread many.
[[nodiscard]] LaunchConfig per_warp(std::size_t n, unsigned block = 256,
                                    std::size_t shared_bytes = 0);

/// Shared memory that a block may have: of the emulated GPU; on the CPU all there is.
[[nodiscard]] std::size_t most_shared_bytes();

[[nodiscard]] inline bool blocks_may_wait() {
  return true;
}

/// How many blocks can run at once, each on a thread of its own. (In emulation any number can; a
/// few have more than one image each.)
[[nodiscard]] std::size_t resident_threads();
template <class... P>
[[nodiscard]] std::size_t resident_blocks(void (* /*kernel*/)(P...), unsigned /*block*/,
                                          std::size_t shared_bytes) {
  return shared_bytes <= most_shared_bytes() ? resident_threads() : 0;
}

template <class... P, class... A>
void launch(StreamHandle /*stream*/, const LaunchConfig& config, void (*kernel)(P...),
            A&&... args) {
  static_assert(sizeof...(P) == sizeof...(A), "as many arguments as the kernel has parameters");
  detail::run(config, [kernel, values = std::tuple<P...>{std::forward<A>(args)...}] {
    std::apply(kernel, values);
  });
}

}  // namespace hourglass::HOURGLASS_TARGET::simt
