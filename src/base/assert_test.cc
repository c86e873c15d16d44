#include "base/assert.h"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(AssertDeathTest, says_what_and_where_and_ends_the_process) {
    const int two = 2;
    PH_ASSERT(two == 2);
    EXPECT_DEATH(PH_ASSERT(two == 3),
                 "posthaste: assertion failed: two == 3 at .*assert_test.cc:[1-9][0-9]*");
}

}  // namespace
}  // namespace posthaste
