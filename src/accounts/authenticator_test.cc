#include "accounts/authenticator.h"

#include "accounts/testing.h"
#include "runtime/run.h"
#include "runtime/timer.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

using Answer = std::expected<Identity, Rejection>;

runtime::Task<void> keep(runtime::Task<Answer> login, std::vector<Answer>& answers) {
    auto answer = co_await std::move(login);
    answers.push_back(std::move(answer));
}

runtime::Task<void> wait_for(std::vector<Answer>& answers, std::size_t count) {
    while (answers.size() < count) {
        auto slept = co_await runtime::sleep_for(Milliseconds(2));
        if (!slept) co_return;
    }
}

std::uint64_t read_counter(const MetricsRegistry& registry, const std::string& name) {
    const std::string text = registry.render();
    const std::size_t at = text.find("\n" + name + ' ');
    PH_ASSERT(at != std::string::npos);
    return std::stoull(text.substr(at + name.size() + 2));
}

class AuthenticatorTest : public ::testing::Test {
  protected:
    AuthenticatorTest() {
        temp_.add_domain("example.com");
        temp_.add_account("anna@example.com", "correct horse");
        authenticator_.register_metrics(metrics_);
    }

    Answer login(const std::string& name, const std::string& password) {
        auto task =
            authenticator_.authenticate(LoginAttempt{.login = name, .password = Secret(password)});
        auto answer = runtime::run_to_end(worker_, temp_.log(), std::move(task));
        PH_ASSERT(answer.has_value());
        return std::move(*answer);
    }

    std::uint64_t hashes() { return read_counter(metrics_, "posthaste_password_hashes_total"); }

    // What a login costs, whoever it is.
    std::uint64_t hashes_of(const std::string& name, const std::string& password) {
        const std::uint64_t before = hashes();
        static_cast<void>(login(name, password));
        return hashes() - before;
    }

    testing::TempStore temp_;
    runtime::Worker worker_{"test"};
    Authenticator authenticator_{{}, temp_.store()};
    MetricsRegistry metrics_;
};

#define EXPECT_REFUSED(answer, refusal)                                                \
    do {                                                                               \
        const auto ph_answer = (answer);                                               \
        ASSERT_FALSE(ph_answer.has_value());                                           \
        EXPECT_EQ(static_cast<int>(ph_answer.error().why), static_cast<int>(refusal)); \
    } while (false)

TEST_F(AuthenticatorTest, KnowsTheRightPassword) {
    const auto answer = login("anna@example.com", "correct horse");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->account, "anna@example.com");
    EXPECT_EQ(answer->credential, "password");
    EXPECT_TRUE(answer->may_send_as(store::testing::mailbox("Anna@example.com")));
    EXPECT_FALSE(answer->may_send_as(store::testing::mailbox("bob@example.com")));
}

TEST_F(AuthenticatorTest, TheNameAndTheSenderMayBeInEitherUnicodeForm) {
    const std::string composed = "\u00fcn\u00ef@example.com";
    const std::string decomposed = "u\u0308ni\u0308@example.com";
    for (const auto& [made, alias] : {std::pair(composed, "\u00e9@example.com"),
                                      std::pair(decomposed, "e\u0301@example.com")}) {
        temp_.add_account(made, "correct horse");
        ASSERT_TRUE(temp_.directory().allow_address(made, alias).has_value());
        for (const auto& name : {composed, decomposed}) {
            const auto answer = login(name, "correct horse");
            ASSERT_TRUE(answer.has_value()) << made << name;
            EXPECT_TRUE(answer->may_send_as(store::testing::mailbox(composed)));
            EXPECT_TRUE(answer->may_send_as(store::testing::mailbox(decomposed)));
            EXPECT_TRUE(answer->may_send_as(store::testing::mailbox("\u00e9@example.com")));
            EXPECT_TRUE(answer->may_send_as(store::testing::mailbox("e\u0301@example.com")));
            EXPECT_FALSE(answer->may_send_as(store::testing::mailbox("uni@example.com")));
        }
        ASSERT_TRUE(temp_.directory().remove_account(made).has_value());
    }
}

TEST_F(AuthenticatorTest, EveryFailureCostsTheSameHashes) {
    ASSERT_TRUE(temp_.directory().add_account("apps@example.com", "", Secret()).has_value());
    temp_.add_account("gone@example.com", "correct horse");
    ASSERT_TRUE(temp_.directory().set_disabled("gone@example.com", true).has_value());
    const auto app = temp_.directory().new_app_password("gone@example.com", "scanner").value();
    const std::string app_password(app.password.reveal());

    EXPECT_EQ(hashes_of("anna@example.com", "wrong password"), 2U);
    EXPECT_EQ(hashes_of("nobody@example.com", "wrong password"), 2U);
    EXPECT_EQ(hashes_of("nobody", "wrong password"), 2U);
    EXPECT_EQ(hashes_of("anna@example.net", "wrong password"), 2U);
    EXPECT_EQ(hashes_of("a@b@c", "wrong password"), 2U);
    EXPECT_EQ(hashes_of("apps@example.com", "wrong password"), 2U);
    EXPECT_EQ(hashes_of("gone@example.com", "wrong password"), 2U);
    EXPECT_EQ(hashes_of("gone@example.com", "correct horse"), 2U);
    EXPECT_EQ(hashes_of("gone@example.com", app_password), 2U);
    EXPECT_EQ(hashes_of("anna@example.com", app_password), 2U);
    EXPECT_EQ(hashes_of("nobody@example.com", app_password), 2U);
    // A password that can be read in two ways costs two, again for everybody.
    EXPECT_EQ(hashes_of("anna@example.com", "gr\xc3\xbcn"), 4U);
    EXPECT_EQ(hashes_of("nobody@example.com", "gr\xc3\xbcn"), 4U);
}

TEST_F(AuthenticatorTest, SaysTheSameForUnknownAndWrong) {
    EXPECT_REFUSED(login("anna@example.com", "wrong password"), Refusal::wrong_password);
    EXPECT_REFUSED(login("nobody@example.com", "wrong password"), Refusal::wrong_password);
    EXPECT_REFUSED(login("a@b@c", "wrong password"), Refusal::wrong_password);
    EXPECT_REFUSED(login("anna", "wrong password"), Refusal::wrong_password);
    EXPECT_REFUSED(login("nobody", "wrong password"), Refusal::wrong_password);
    EXPECT_REFUSED(login("Anna Muster", "correct horse"), Refusal::name_is_no_address);
    EXPECT_REFUSED(login("", "correct horse"), Refusal::name_needs_domain);
}

TEST_F(AuthenticatorTest, SaysDisabledOnlyToWhoKnowsThePassword) {
    ASSERT_TRUE(temp_.directory().set_disabled("anna@example.com", true).has_value());
    EXPECT_REFUSED(login("anna@example.com", "correct horse"), Refusal::disabled);
    EXPECT_REFUSED(login("anna@example.com", "wrong password"), Refusal::wrong_password);
}

TEST_F(AuthenticatorTest, FindsALocalPartInTheOnlyDomain) {
    const auto answer = login("Anna", "correct horse");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->account, "anna@example.com");
}

TEST_F(AuthenticatorTest, FindsAUniqueLocalPartAmongDomainsAndTellsNothingElse) {
    temp_.add_domain("example.net");
    temp_.add_account("bob@example.com", "password of bob");
    temp_.add_account("bob@example.net", "password of bob");
    EXPECT_TRUE(login("anna", "correct horse").has_value());
    EXPECT_REFUSED(login("bob", "password of bob"), Refusal::name_needs_domain);
    // Unique or not, there or not: one answer.
    EXPECT_REFUSED(login("anna", "wrong password"), Refusal::name_needs_domain);
    EXPECT_REFUSED(login("nobody", "wrong password"), Refusal::name_needs_domain);
}

TEST_F(AuthenticatorTest, TakesAnAliasWithItsOwnersPassword) {
    ASSERT_TRUE(
        temp_.directory().allow_address("anna@example.com", "sales@example.com").has_value());
    const auto answer = login("sales@example.com", "correct horse");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->account, "anna@example.com");
    EXPECT_TRUE(answer->may_send_as(store::testing::mailbox("sales@example.com")));

    temp_.add_account("bob@example.com", "password of bob");
    ASSERT_TRUE(
        temp_.directory().allow_address("bob@example.com", "sales@example.com").has_value());
    // Two owners: whose password it would be cannot be told, and both would cost two hashes.
    EXPECT_REFUSED(login("sales@example.com", "correct horse"), Refusal::wrong_password);
    EXPECT_REFUSED(login("sales@example.com", "password of bob"), Refusal::wrong_password);
}

TEST_F(AuthenticatorTest, ReadsPasswordsInTheirEncodings) {
    temp_.add_account("greta@example.com", "gr\xc3\xbcner Apfel");
    EXPECT_TRUE(login("greta@example.com", "gr\xc3\xbcner Apfel").has_value());
    EXPECT_TRUE(
        login("greta@example.com", "gru\xcc\x88ner Apfel").has_value());     // as macOS types it
    EXPECT_TRUE(login("greta@example.com", "gr\xfcner Apfel").has_value());  // Thunderbird's LOGIN
    EXPECT_REFUSED(login("greta@example.com", "gr\xfcner apfel"), Refusal::wrong_password);
}

TEST_F(AuthenticatorTest, TakesAppPasswordsWithoutAHash) {
    const auto made = temp_.directory().new_app_password("anna@example.com", "scanner").value();
    const std::string typed(made.password.reveal());
    std::string glued = typed;
    std::erase(glued, '-');
    std::ranges::transform(glued, glued.begin(), [](char c) { return static_cast<char>(c - 32); });
    EXPECT_EQ(hashes_of("anna@example.com", typed), 0U);
    const auto answer = login("anna@example.com", glued);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->credential, "scanner");

    temp_.add_account("bob@example.com", "password of bob");
    EXPECT_REFUSED(login("bob@example.com", typed), Refusal::wrong_password);
    ASSERT_TRUE(temp_.directory().revoke_app_password("anna@example.com", "scanner").has_value());
    EXPECT_REFUSED(login("anna@example.com", typed), Refusal::wrong_password);
}

TEST_F(AuthenticatorTest, RemembersSuccessUntilTheDirectoryChanges) {
    EXPECT_EQ(hashes_of("anna@example.com", "correct horse"), 1U);
    EXPECT_EQ(hashes_of("anna@example.com", "correct horse"), 0U);
    EXPECT_EQ(hashes_of("anna@example.com", "wrong password"), 2U);
    EXPECT_EQ(hashes_of("anna@example.com", "wrong password"), 2U);  // failures are not remembered
    ASSERT_TRUE(temp_.directory()
                    .set_password("anna@example.com", Secret(std::string("another one")))
                    .has_value());
    EXPECT_REFUSED(login("anna@example.com", "correct horse"), Refusal::former_password);
    EXPECT_TRUE(login("anna@example.com", "another one").has_value());
    ASSERT_TRUE(temp_.directory().remove_account("anna@example.com").has_value());
    EXPECT_REFUSED(login("anna@example.com", "another one"), Refusal::wrong_password);
}

TEST_F(AuthenticatorTest, SharesOneHashAmongTheSameLogins) {
    std::vector<Answer> answers;
    runtime::TaskGroup group(worker_, temp_.log());
    for (int i = 0; i < 50; ++i) {
        auto task = authenticator_.authenticate(LoginAttempt{
            .login = "anna@example.com", .password = Secret(std::string("correct horse"))});
        group.spawn(keep(std::move(task), answers));
    }
    runtime::run_to_end(worker_, temp_.log(), wait_for(answers, 50));
    EXPECT_TRUE(
        std::ranges::all_of(answers, [](const Answer& answer) { return answer.has_value(); }));
    EXPECT_EQ(answers.size(), 50U);
    EXPECT_EQ(hashes(), 1U);
}

TEST_F(AuthenticatorTest, ALocalPartIsOfTheDomainWhoseServerWasAskedFor) {
    temp_.add_domain("example.net");
    temp_.add_account("anna@example.net", "another horse");

    const struct {
        const char* server_name;
        const char* password;
        const char* account;  // empty: refused with R4
    } rows[] = {
        {"smtp.example.net", "another horse", "anna@example.net"},
        {"SMTP.Example.NET.", "another horse", "anna@example.net"},
        {"example.net", "another horse", "anna@example.net"},
        {"a.b.example.com", "correct horse", "anna@example.com"},
        {"smtp.example.net", "correct horse", ""},
        {"smtp.example.org", "another horse", ""},
        {"net", "another horse", ""},
        {"", "another horse", ""},
    };

    for (const auto& row : rows) {
        auto task = authenticator_.authenticate(LoginAttempt{
            .login = "anna", .password = Secret(row.password), .server_name = row.server_name});
        const auto ran = runtime::run_to_end(worker_, temp_.log(), std::move(task));
        ASSERT_TRUE(ran.has_value());
        const Answer& answer = *ran;
        if (*row.account != '\0') {
            ASSERT_TRUE(answer) << row.server_name;
            EXPECT_EQ(answer->account, row.account) << row.server_name;
        } else {
            EXPECT_REFUSED(answer, Refusal::name_needs_domain);
        }
    }
}

TEST_F(AuthenticatorTest, AFormerPasswordIsToldWithItsDate) {
    const auto before = now();
    ASSERT_TRUE(
        temp_.directory().set_password("anna@example.com", Secret(std::string("new horse"))));
    const auto answer = login("anna@example.com", "correct horse");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().why, Refusal::former_password);
    EXPECT_GE(answer.error().changed, before);
    EXPECT_LE(answer.error().changed, now());
    EXPECT_REFUSED(login("anna@example.com", "another one"), Refusal::wrong_password);
    EXPECT_TRUE(login("anna@example.com", "new horse"));
    EXPECT_EQ(hashes_of("anna@example.com", "correct horse"), 2U);
    EXPECT_EQ(hashes_of("anna@example.com", "another one"), 2U);
    EXPECT_EQ(hashes_of("nobody@example.com", "correct horse"), 2U);
    // Only the last one is kept.
    ASSERT_TRUE(
        temp_.directory().set_password("anna@example.com", Secret(std::string("third horse"))));
    EXPECT_REFUSED(login("anna@example.com", "correct horse"), Refusal::wrong_password);
    EXPECT_REFUSED(login("anna@example.com", "new horse"), Refusal::former_password);
    // Of a disabled account nothing is told.
    ASSERT_TRUE(temp_.directory().set_disabled("anna@example.com", true));
    EXPECT_EQ(hashes_of("anna@example.com", "new horse"), 2U);
}

TEST_F(AuthenticatorTest, TheSamePasswordSetAgainIsNoFormerOne) {
    ASSERT_TRUE(
        temp_.directory().set_password("anna@example.com", Secret(std::string("correct horse"))));
    EXPECT_TRUE(login("anna@example.com", "correct horse"));
    EXPECT_TRUE(temp_.store().engine().former_passwords()->empty());
}

class GuardedAuthenticatorTest : public AuthenticatorTest {
  protected:
    Answer login_from(const IpAddress& client, const std::string& name,
                      const std::string& password) {
        auto task = guarded_.authenticate(
            LoginAttempt{.login = name, .password = Secret(password), .client = client});
        auto answer = runtime::run_to_end(worker_, temp_.log(), std::move(task));
        PH_ASSERT(answer.has_value());
        return std::move(*answer);
    }

    LoginGuard guard_{{.user_points = 3}};
    Authenticator guarded_{{}, temp_.store(), &guard_};
    const IpAddress office_ = *IpAddress::parse("203.0.113.7");
    const IpAddress elsewhere_ = *IpAddress::parse("198.51.100.9");
};

TEST_F(GuardedAuthenticatorTest, ALockedUserSignsInFromKnownNetworksAndWithAppPasswords) {
    const auto app = temp_.directory().new_app_password("anna@example.com", "phone");
    ASSERT_TRUE(app);
    const std::string app_password(app->password.reveal());
    EXPECT_TRUE(login_from(office_, "anna@example.com", "correct horse"));
    EXPECT_REFUSED(login_from(elsewhere_, "anna@example.com", "guess one"),
                   Refusal::wrong_password);
    EXPECT_REFUSED(login_from(elsewhere_, "anna", "guess two"), Refusal::wrong_password);
    const auto last = login_from(office_, "anna@example.com", "guess three");
    ASSERT_FALSE(last);
    EXPECT_TRUE(last.error().counted.lock_began);
    EXPECT_TRUE(last.error().counted.notify);
    // Right and wrong get the same answer, also when the right one is remembered.
    EXPECT_REFUSED(login_from(elsewhere_, "anna@example.com", "correct horse"), Refusal::locked);
    EXPECT_REFUSED(login_from(elsewhere_, "anna", "correct horse"), Refusal::locked);
    EXPECT_REFUSED(login_from(elsewhere_, "anna@example.com", "guess four"), Refusal::locked);
    EXPECT_TRUE(login_from(office_, "anna@example.com", "correct horse"));
    EXPECT_TRUE(login_from(elsewhere_, "anna@example.com", app_password));
}

TEST_F(GuardedAuthenticatorTest, NobodyIsLockedLikeAnybody) {
    login_from(elsewhere_, "nobody@example.com", "guess one");
    login_from(office_, "nobody@example.com", "guess two");
    login_from(elsewhere_, "nobody@example.com", "guess three");
    EXPECT_REFUSED(login_from(elsewhere_, "nobody@example.com", "guess four"), Refusal::locked);
}

TEST_F(GuardedAuthenticatorTest, AFormerPasswordCountsNothing) {
    ASSERT_TRUE(
        temp_.directory().set_password("anna@example.com", Secret(std::string("new horse"))));
    for (int i = 0; i < 4; ++i) {
        const auto answer =
            login_from(i % 2 == 0 ? office_ : elsewhere_, "anna@example.com", "correct horse");
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().why, Refusal::former_password);
        EXPECT_FALSE(answer.error().counted.fresh);
    }
}

TEST_F(AuthenticatorTest, AFullPoolIsBusyNeverAWrongPassword) {
    Authenticator small({.hash_threads = 1, .hash_queue = 3}, temp_.store());
    std::vector<Answer> answers;
    runtime::TaskGroup group(worker_, temp_.log());
    for (int i = 0; i < 100; ++i) {
        auto task = small.authenticate(LoginAttempt{
            .login = "anna@example.com" + std::string(static_cast<std::size_t>(i), ' '),
            .password = Secret(std::string("correct horse"))});
        group.spawn(keep(std::move(task), answers));
    }
    runtime::run_to_end(worker_, temp_.log(), wait_for(answers, 100));
    const auto busy = std::ranges::count_if(
        answers, [](const Answer& answer) { return !answer && answer.error() == Refusal::busy; });
    const auto good = std::ranges::count_if(answers, [](const Answer& a) { return a.has_value(); });
    EXPECT_GE(busy, 90);
    EXPECT_GE(good, 1);
    EXPECT_EQ(busy + good, 100);
}

TEST_F(AuthenticatorTest, ALateAnswerIsBusyToo) {
    Authenticator hurried({.hash_deadline = Seconds(0)}, temp_.store());
    auto task = hurried.authenticate(LoginAttempt{
        .login = "anna@example.com", .password = Secret(std::string("correct horse"))});
    auto answer = runtime::run_to_end(worker_, temp_.log(), std::move(task));
    ASSERT_TRUE(answer.has_value());
    EXPECT_REFUSED(*answer, Refusal::busy);
}

}  // namespace
}  // namespace posthaste::accounts
