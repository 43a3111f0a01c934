// What OpenMP and OpenBLAS read from the environment before main.
#pragma once

namespace hourglass::cli {

/// Where the user has not chosen:
/// - OpenMP's threads that wait for each other spin briefly and then sleep. By default they spin
///   for as long as their partners take, which on a busy machine may not even have a core.
/// - OpenBLAS takes the kernels for the vectors that there are. For a processor that came after it
///   some versions take those of 2004, at a sixth of the speed.
/// If that changes anything the program starts itself anew, once.
void suit_libraries(char** argv);

}  // namespace hourglass::cli
