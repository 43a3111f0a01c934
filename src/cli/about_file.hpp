// Errors about an array say which file it came from.
#pragma once

#include <filesystem>
#include <hourglass/error.hpp>
#include <hourglass/stop.hpp>

namespace hourglass::cli {

/// work(), with the file's name before what is wrong with the array that was read from it.
template <class Work>
decltype(auto) about_file(const std::filesystem::path& file, Work work) {
  try {
    return work();
  } catch (const Stopped&) {
    throw;
  } catch (const UsageError& error) {
    throw UsageError(file.string() + ": " + error.what());
  } catch (const Error& error) {
    throw Error(file.string() + ": " + error.what());
  }
}

}  // namespace hourglass::cli
