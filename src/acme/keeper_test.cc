#include "acme/keeper.h"

#include "acme/authority_fake.h"
#include "base/file.h"

#include <fcntl.h>
#include <filesystem>
#include <future>

#include <gtest/gtest.h>
#include <unistd.h>

namespace posthaste::acme {
namespace {

using testing::FakeAuthority;

const NameSet kMail{"mail.a.test"};
const NameSet kSetUp{"autoconfig.a.test", "autodiscover.a.test"};

Log& quiet() {
    static Log log({.level = LogLevel::error, .fd = open("/dev/null", O_WRONLY | O_CLOEXEC)});
    return log;
}

class AcmeKeeper : public ::testing::Test {
  protected:
    AcmeKeeper() {
        std::string pattern = ::testing::TempDir() + "acme-keeper-XXXXXX";
        folder = mkdtemp(pattern.data());
    }

    ~AcmeKeeper() override {
        keeper.reset();
        std::filesystem::remove_all(folder);
    }

    void start(Seconds first_wait = Seconds(3600)) {
        keeper.reset();
        Keeper::Options options;
        options.folder = folder + "/acme";
        options.directory_url = FakeAuthority::kDirectory;
        options.challenges = {ChallengeKind::http_01, ChallengeKind::tls_alpn_01};
        options.pace.first = first_wait;
        options.look = Seconds(1);
        Keeper::Hooks hooks;
        hooks.wanted = [this]() -> Result<std::vector<NameSet>> {
            MutexLock lock(mutex);
            ++rounds;
            changed.notify_all();
            return wanted;
        };
        hooks.look_up = [this](const std::string& name) -> Result<void> {
            MutexLock lock(mutex);
            if (!absent.contains(name)) return {};
            return fail(ErrorKind::dns, name + " has no address in DNS", "add it");
        };
        hooks.changed = [] {};
        hooks.fetch = [this](const net::HttpCall& call) {
            MutexLock lock(mutex);
            return authority.fetch(call);
        };
        keeper = std::make_unique<Keeper>(options, hooks, challenges, quiet());
        auto opened = keeper->open();
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        keeper->start();
    }

    // Two more rounds: the first may have begun already.
    void let_it_work() {
        MutexLock lock(mutex);
        const auto until = rounds + 2;
        while (rounds < until) changed.wait(lock.native());
    }

    Keeper::Report report(std::size_t index) { return keeper->report().at(index); }

    std::string folder;
    Mutex mutex;
    std::condition_variable changed;
    int rounds = 0;
    std::vector<NameSet> wanted{kMail, kSetUp};
    std::set<std::string> absent;
    Challenges challenges;
    FakeAuthority authority{challenges};
    std::unique_ptr<Keeper> keeper;
};

TEST_F(AcmeKeeper, has_a_certificate_for_each_set_and_orders_once) {
    start();
    let_it_work();
    EXPECT_EQ(keeper->certificates().size(), 2U);
    EXPECT_EQ(report(0).certified, kMail);
    EXPECT_EQ(report(1).certified, kSetUp);
    EXPECT_GT(report(0).until, report(0).renewal);
    EXPECT_EQ(keeper->terms(), "https://ca.test/terms");
    start();  // as after a restart
    EXPECT_EQ(keeper->certificates().size(), 2U) << "at once";
    let_it_work();
    EXPECT_EQ(authority.orders.size(), 2U);
    EXPECT_EQ(authority.accounts, 1);
    auto offline = read_reports(folder + "/acme", {kMail, kSetUp});
    EXPECT_EQ(offline.at(1).certified, kSetUp);
}

TEST_F(AcmeKeeper, a_bad_name_costs_itself_and_is_not_asked_for_again_at_once) {
    authority.unproven = {kSetUp[0]};
    start();
    let_it_work();
    let_it_work();
    EXPECT_EQ(report(0).certified, kMail);
    EXPECT_EQ(report(1).certified, NameSet{kSetUp[1]});
    ASSERT_EQ(report(1).left_out.size(), 1U);
    EXPECT_EQ(report(1).left_out[0].first, kSetUp[0]);
    EXPECT_EQ(report(1).left_out[0].second.failures, 1U);
    EXPECT_EQ(authority.orders.size(), 3U) << "mail, both, the good one";
    start();  // the wait outlives a restart
    let_it_work();
    EXPECT_EQ(authority.orders.size(), 3U);
    authority.unproven.clear();
    keeper->hurry();
    let_it_work();
    EXPECT_EQ(report(1).certified, kSetUp);
    EXPECT_TRUE(report(1).left_out.empty());
}

TEST_F(AcmeKeeper, a_name_without_an_address_is_not_brought_before_the_authority) {
    absent = {kSetUp[0], kSetUp[1]};
    start();
    let_it_work();
    EXPECT_EQ(authority.orders, std::vector<std::vector<std::string>>{kMail});
    EXPECT_FALSE(report(1).files);
    EXPECT_EQ(report(1).left_out.size(), 2U);
}

TEST_F(AcmeKeeper, the_other_way_of_proof_is_tried_after_a_failure) {
    authority.unproven = {kMail[0]};
    wanted = {kMail};
    start();
    let_it_work();
    keeper->hurry();
    let_it_work();
    EXPECT_EQ(authority.proofs, (std::vector<std::string>{"http-01", "tls-alpn-01"}));
}

TEST_F(AcmeKeeper, an_authority_that_is_down_is_asked_once_for_all_sets) {
    authority.down = true;
    start();
    let_it_work();
    let_it_work();
    EXPECT_EQ(authority.paths.size(), 1U);
    EXPECT_EQ(report(0).trouble.failures, 1U);
    EXPECT_NE(report(1).trouble.text.find("refused"), std::string::npos);
    start();
    let_it_work();
    EXPECT_EQ(authority.paths.size(), 1U) << "the wait outlives a restart";
    authority.down = false;
    keeper->hurry();
    let_it_work();
    EXPECT_EQ(keeper->certificates().size(), 2U);
    EXPECT_TRUE(report(0).trouble.none());
}

TEST_F(AcmeKeeper, a_rate_limit_is_waited_out) {
    auto limit = FakeAuthority::problem(429, "rateLimited", "too many");
    limit.headers.emplace_back("retry-after", "7200");
    authority.instead["/order"] = limit;
    wanted = {kMail};
    start(Seconds(1));
    let_it_work();
    let_it_work();
    EXPECT_EQ(authority.count("/order"), 1U);
    EXPECT_GE(report(0).trouble.next - report(0).trouble.at, Seconds(7200));
}

TEST_F(AcmeKeeper, takes_up_new_domains_and_lets_old_ones_go) {
    wanted = {kMail};
    start();
    let_it_work();
    {
        MutexLock lock(mutex);
        wanted = {kMail, kSetUp};
    }
    let_it_work();
    EXPECT_EQ(keeper->certificates().size(), 2U);
    {
        MutexLock lock(mutex);
        wanted = {kMail};
    }
    let_it_work();
    EXPECT_EQ(keeper->certificates().size(), 1U);
    EXPECT_EQ(authority.orders.size(), 2U);
}

TEST_F(AcmeKeeper, a_renewal_that_fails_for_one_name_keeps_the_certificate_of_both) {
    authority.lifetime = Seconds(6);
    wanted = {kSetUp};
    start();
    let_it_work();
    ASSERT_EQ(report(0).certified, kSetUp);
    {
        MutexLock lock(mutex);
        authority.unproven = {kSetUp[0]};
        authority.lifetime = Seconds(90 * 86'400);
    }
    while (report(0).trouble.none() && report(0).left_out.empty()) let_it_work();
    EXPECT_EQ(report(0).certified, kSetUp) << "the old one, still";
    EXPECT_FALSE(report(0).trouble.none());
}

TEST_F(AcmeKeeper, files_that_were_damaged_are_ordered_anew) {
    wanted = {kMail};
    start();
    let_it_work();
    keeper.reset();
    ASSERT_TRUE(write_file_durably(folder + "/acme/mail.a.test/fullchain.pem", "x", 0600));
    ASSERT_TRUE(write_file_durably(folder + "/acme/mail.a.test/state.json", "{", 0600));
    start();
    EXPECT_TRUE(keeper->certificates().empty());
    let_it_work();
    EXPECT_EQ(keeper->certificates().size(), 1U);
}

TEST_F(AcmeKeeper, an_account_key_that_is_not_usable_stops_the_start) {
    std::filesystem::create_directories(folder + "/acme");
    ASSERT_TRUE(write_file_durably(folder + "/acme/account.pem", "x", 0600));
    Keeper::Options options;
    options.folder = folder + "/acme";
    Keeper broken(options, {}, challenges, quiet());
    auto opened = broken.open();
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().text.find("account.pem"), std::string::npos);
}

TEST(AcmeNameSets, further_names_of_the_mail_host_each_by_itself) {
    EXPECT_EQ(name_sets("m.test", {"a.test"}, {"SMTP.a.test", "m.test", "autodiscover.a.test"}),
              (std::vector<NameSet>{{"m.test"},
                                    {"smtp.a.test"},
                                    {"autodiscover.a.test"},
                                    {"autoconfig.a.test", "ua-auto-config.a.test"}}));
}

TEST(AcmeNameSets, mail_host_first_then_three_names_a_domain) {
    EXPECT_EQ(name_sets("Mail.A.test", {"a.test", "b.test"}),
              (std::vector<NameSet>{
                  {"mail.a.test"},
                  {"autoconfig.a.test", "autodiscover.a.test", "ua-auto-config.a.test"},
                  {"autoconfig.b.test", "autodiscover.b.test", "ua-auto-config.b.test"}}));
    EXPECT_EQ(name_sets("autoconfig.a.test", {"a.test", "[192.0.2.1]"}),
              (std::vector<NameSet>{{"autoconfig.a.test"},
                                    {"autodiscover.a.test", "ua-auto-config.a.test"}}));
    EXPECT_EQ(name_sets("m.test", {std::string(250, 'a')}), (std::vector<NameSet>{{"m.test"}}));
}

}  // namespace
}  // namespace posthaste::acme
