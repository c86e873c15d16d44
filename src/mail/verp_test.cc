#include "mail/verp.h"

#include "base/ascii.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

Domain bounce_domain() {
    return *Domain::parse("bounce.example.com");
}

class VerpTest : public ::testing::Test {
  protected:
    const Verp verp{"a secret of the store", bounce_domain()};
    const QueueId id = QueueId::make();
};

TEST_F(VerpTest, token_comes_back_in_any_letter_case) {
    for (const auto& recipient :
         {std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{0},
          std::optional<std::uint32_t>{1}, std::optional<std::uint32_t>{65'535}}) {
        const Verp::Token token{id, recipient};
        const std::string letters = verp.make(token);
        EXPECT_EQ(letters, verp.make(token));
        EXPECT_LE(letters.size(), Verp::kLongest);
        EXPECT_EQ(letters, ascii::to_lower(letters));
        EXPECT_EQ(verp.read(letters, now()), token);
        EXPECT_EQ(verp.read(ascii::to_upper(letters), now()), token);
    }
}

TEST_F(VerpTest, address_is_one_that_servers_take) {
    const Mailbox address = verp.address({id, 3});
    EXPECT_EQ(address.to_string(), "b+" + verp.make({id, 3}) + "@bounce.example.com");
    const auto parsed = Mailbox::parse(address.to_string());
    ASSERT_TRUE(parsed);
    const auto token = Verp::token_in(parsed->local());
    ASSERT_TRUE(token);
    EXPECT_EQ(verp.read(*token, now()), (Verp::Token{id, 3}));
    EXPECT_EQ(Verp::token_in("B+abc"), "abc");
    EXPECT_FALSE(Verp::token_in("bounce+abc"));
    EXPECT_FALSE(Verp::token_in("b"));
}

TEST_F(VerpTest, number_beyond_the_token_makes_it_the_messages) {
    EXPECT_EQ(verp.make({id, 65'536}), verp.make({id, {}}));
}

TEST_F(VerpTest, changed_letters_are_no_token) {
    const std::string letters = verp.make({id, 7});
    std::size_t refused = 0;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        std::string other = letters;
        other[i] = other[i] == 'a' ? 'b' : 'a';
        refused += verp.read(other, now()) ? 0 : 1;
    }
    EXPECT_EQ(refused, letters.size());
    const auto read = [&](std::string_view token) { return verp.read(token, now()).error(); };
    EXPECT_EQ(read(""), Verp::Fault::unreadable);
    EXPECT_EQ(read(letters.substr(1)), Verp::Fault::unreadable);
    EXPECT_EQ(read(letters + "a"), Verp::Fault::unreadable);
    EXPECT_EQ(read(std::string(40, '1')), Verp::Fault::unreadable);
    // The message's token has a bit to spare: it must be nothing.
    std::string of_message = verp.make({id, {}});
    of_message.back() = of_message.back() == 'a' ? 'b' : static_cast<char>(of_message.back() + 1);
    EXPECT_FALSE(verp.read(of_message, now()));
    // Of the right form, by somebody without the key.
    const Verp other("another secret", bounce_domain());
    EXPECT_EQ(read(other.make({id, 7})), Verp::Fault::forged);
}

TEST_F(VerpTest, token_is_good_for_thirty_days) {
    const std::string letters = verp.make({id, {}});
    EXPECT_TRUE(verp.read(letters, now() + std::chrono::days(29)));
    EXPECT_EQ(verp.read(letters, now() + std::chrono::days(31)).error(), Verp::Fault::too_old);
    EXPECT_TRUE(verp.read(letters, now() - std::chrono::days(2)));  // our clock went back
}

}  // namespace
}  // namespace posthaste::mail
