// The exceptions the library throws.
//
// what() is one line: it names the file, option or argument, what was found and what was expected,
// and where possible what to do. The program prints it behind "hourglass: error: ".
#pragma once

#include <stdexcept>
#include <string>

namespace hourglass {

/// Something went wrong: bad input, a full disk, a device that fails. Exit status 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller asked for something that makes no sense: an unknown name, a value out of range.
/// Exit status 2 when it comes from the command line.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// The fault is not the caller's data: a device that is not there, fails or runs out of memory, or
/// a library that gives up.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// A training that diverged: its loss or its weights are not finite.
class NotFinite : public Error {
 public:
  using Error::Error;
};

}  // namespace hourglass
