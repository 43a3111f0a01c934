// Ctrl-C: work in steps notices and stops in order; what cannot notice is ended after a second.
#pragma once

#include <hourglass/error.hpp>

namespace hourglass::cli {

/// Thrown where work that was interrupted is given up.
class Interrupted : public Error {
 public:
  using Error::Error;
};

/// From now on SIGINT and SIGTERM are noted. If nobody asks interrupted() within a second, or the
/// signal comes again, the program ends there, taking its temporary files with it.
void watch_for_interrupts();

/// Whether a signal came. Asking counts as noticing.
[[nodiscard]] bool interrupted();

/// Throws Interrupted if a signal came.
void stop_if_interrupted();

}  // namespace hourglass::cli
