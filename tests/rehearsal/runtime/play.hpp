// Runs a grid on the host. (Apart, as CUDA's headers and the host's words share their names.)
#pragma once

#include <cstddef>
#include <functional>

#include "kernels/simt/launch_config.hpp"

namespace rehearsal {

/// Launches of more threads run in blocks of one thread.
inline std::size_t thread_by_thread = std::size_t{1} << 13;

/// Thread by thread where there are few, else in blocks of one thread, which no kernel may mind.
void play(hourglass::HOURGLASS_TARGET::simt::LaunchConfig config,
          const std::function<void()>& body);

}  // namespace rehearsal
