// For tests that run in every order of threads:
// INSTANTIATE_TEST_SUITE_P(InEveryOrder, Suite, kEveryOrder, order_name);
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "kernels/simt/emulation.hpp"

namespace hourglass::HOURGLASS_TARGET {

inline const auto kEveryOrder =
    testing::Values(simt::ThreadOrder::plain, simt::ThreadOrder::forward,
                    simt::ThreadOrder::reverse, simt::ThreadOrder::shuffled);

inline std::string order_name(const testing::TestParamInfo<simt::ThreadOrder>& info) {
  switch (info.param) {
    case simt::ThreadOrder::plain:
      return "plain";
    case simt::ThreadOrder::forward:
      return "forward";
    case simt::ThreadOrder::reverse:
      return "reverse";
    case simt::ThreadOrder::shuffled:
      return "shuffled";
  }
  return "unknown";
}

}  // namespace hourglass::HOURGLASS_TARGET
