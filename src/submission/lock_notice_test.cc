#include "submission/lock_notice.h"

#include <gmock/gmock.h>

namespace posthaste::submission {
namespace {

using ::testing::HasSubstr;

TEST(LockNotice, GoesToTheAccountWithTheNullSender) {
    const auto made = compose_lock_notice({.account = "anna@example.com",
                                           .hostname = "mail.example.com",
                                           .admin = "postmaster@example.com",
                                           .client = "198.51.100.9"});
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->envelope.sender);
    ASSERT_EQ(made->envelope.recipients.size(), 1u);
    EXPECT_EQ(made->envelope.recipients[0].address.to_string(), "anna@example.com");
    EXPECT_THAT(made->header, HasSubstr("Auto-Submitted: auto-generated\r\n"));
    EXPECT_THAT(made->header, HasSubstr("Message-ID: <"));
    EXPECT_THAT(made->header, HasSubstr("Date: "));
    EXPECT_THAT(*made->body.octets, HasSubstr("198.51.100.9"));
    EXPECT_THAT(*made->body.octets, HasSubstr("15 minutes"));
}

TEST(LockNotice, AnAccountThatIsNoAddressGetsNone) {
    EXPECT_FALSE(compose_lock_notice(
        {.account = "anna", .hostname = "mail.example.com", .admin = {}, .client = {}}));
}

}  // namespace
}  // namespace posthaste::submission
