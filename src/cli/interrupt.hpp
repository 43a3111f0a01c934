// Ctrl-C: work in pieces notices and stops in order; what cannot notice is ended after a second.
#pragma once

namespace hourglass::cli {

/// From now on SIGINT, SIGTERM and, unless it is ignored, SIGHUP are noted. If nobody asks
/// interrupted() within a second, or a signal comes again, the program ends there, taking its
/// temporary files with it.
void watch_for_interrupts();

/// Whether a signal came: the StopRequest of all that the program does. Asking counts as noticing.
[[nodiscard]] bool interrupted();

/// Throws Stopped if a signal came.
void stop_if_interrupted();

}  // namespace hourglass::cli
