// How OpenMP's threads wait for each other.
#pragma once

namespace hourglass::cli {

/// Lets them spin briefly and then sleep: by default they spin for as long as their partners take,
/// which on a busy machine may not even have a core. OpenMP reads its environment before main, so
/// the program starts itself anew, once; not if the user has chosen.
void sleep_when_waiting(char** argv);

}  // namespace hourglass::cli
