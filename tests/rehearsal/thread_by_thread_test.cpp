// Suites that count threads want every one of them, however many there are.
#include <gtest/gtest.h>

#include <string_view>

#include "rehearsal/runtime/gpu.hpp"

namespace {

class ThreadByThread : public testing::EmptyTestEventListener {
  void OnTestSuiteStart(const testing::TestSuite& suite) override {
    if (std::string_view(suite.name()).find("Shares") == std::string_view::npos) return;
    usual_ = rehearsal::thread_by_thread;
    rehearsal::thread_by_thread = std::size_t{1} << 20;
  }
  void OnTestSuiteEnd(const testing::TestSuite& /*suite*/) override {
    rehearsal::thread_by_thread = usual_;
  }

  std::size_t usual_ = rehearsal::thread_by_thread;
};

[[maybe_unused]] const bool listens = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new ThreadByThread);
  return true;
}();

}  // namespace
