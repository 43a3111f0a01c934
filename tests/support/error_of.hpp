// What a call says that must fail.
#pragma once

#include <hourglass/error.hpp>
#include <string>

namespace hourglass::test {

/// Empty if it does not.
template <class Work>
std::string error_of(Work&& work) {
  try {
    work();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace hourglass::test
