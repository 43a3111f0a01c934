#include "manifold/require_memory.hpp"

#include <gtest/gtest.h>

#include <hourglass/error.hpp>
#include <string>

namespace hourglass {
namespace {

TEST(RequireMemory, WhatFitsOrCannotBeKnownGoesOn) {
  EXPECT_NO_THROW(require_memory(1000, 90, 12, 1080000));
  EXPECT_NO_THROW(require_memory(1000000000, 90, 12, std::nullopt));
}

TEST(RequireMemory, SaysWhatIsNeededAndWhatIsFree) {
  EXPECT_THROW(require_memory(1000, 90, 12, 1079999), Error);
  try {  // a product beyond 64 bits, too
    require_memory(std::size_t{1} << 40U, std::size_t{1} << 30U, 12, 21500000000);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("1099511627776 rows with 1073741824 neighbours each"), std::string::npos);
    EXPECT_NE(text.find("at least 14167099448608.9 GB"), std::string::npos) << text;
    EXPECT_NE(text.find("21.5 GB are free"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace hourglass
