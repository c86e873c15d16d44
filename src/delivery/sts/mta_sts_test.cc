#include "delivery/sts/mta_sts.h"

#include "delivery/sts/mta_sts_policy.h"
#include "delivery/testing.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_tools::FakeResolver;
using testing_tools::Loop;

std::string body(const std::string& mode, const std::string& mx, int max_age = 86'400) {
    return "version: STSv1\nmode: " + mode + "\nmx: " + mx +
           "\nmax_age: " + std::to_string(max_age) + "\n";
}

net::HttpAnswer answer(int status, std::string text, const std::string& type = "text/plain") {
    return {status, {{"content-type", type}}, std::move(text)};
}

// What the policy hosts say; asked on threads of their own.
class Hosts {
  public:
    void say(Result<net::HttpAnswer> what) {
        const MutexLock lock(mutex_);
        says_ = std::move(what);
    }

    StrangersHttps::Get get() {
        return [this](const net::HttpCall& call, Deadline) {
            const MutexLock lock(mutex_);
            ++asked;
            url_ = call.url;
            return says_;
        };
    }

    std::string url() {
        const MutexLock lock(mutex_);
        return url_;
    }

    std::atomic<int> asked{0};

  private:
    Mutex mutex_;
    Result<net::HttpAnswer> says_ PH_GUARDED_BY(mutex_) = fail(ErrorKind::refused, "nobody there");
    std::string url_ PH_GUARDED_BY(mutex_);
};

class Sessions final : public TlsSessionSink {
  public:
    void note(const TlsSession& session) override { all.push_back(session); }

    std::vector<TlsSession> all;
};

class MtaStsTest : public ::testing::Test {
  protected:
    MtaStsTest() {
        resolver_.set_addresses("mta-sts.example.net", {"192.0.2.1"});
        restart();
    }

    ~MtaStsTest() override { end(); }

    void end() {
        if (!sts_) return;
        bool ended = false;
        sts_->stop([&] { ended = true; });
        while (!ended) loop_.run(tick());
        sts_.reset();
        https_.reset();
    }

    static runtime::Task<void> tick() {
        auto going = runtime::yield();
        const auto gone = co_await std::move(going);
    }

    // As a new process would begin: with what is in the store.
    void restart() {
        if (sts_) keep();
        end();
        StrangersHttps::Options https;
        https.threads = 2;
        https_ = std::make_unique<StrangersHttps>(https, resolver_, hosts_.get());
        MtaSts::Options options;
        options.clock = [this] { return now_; };
        sts_ = std::make_unique<MtaSts>(
            std::move(options), MtaSts::Parts{store_->engine(), resolver_, *https_, loop_.workers,
                                              blocking_, &sessions_, loop_.log});
    }

    void keep() {
        store::Changes changes;
        sts_->cache().take_changes(changes, 1000);
        if (changes.empty()) return;
        ASSERT_TRUE(store_->committer().submit_and_wait(std::move(changes)).has_value());
    }

    std::unique_ptr<store::Store> open_store() {
        store::Store::Options options;
        options.path = folder_ / "store";
        auto opened = store::Store::open(options, loop_.log);
        PH_ASSERT(opened.has_value());
        return std::move(*opened);
    }

    void record(const std::string& id) {
        resolver_.set_txt("_mta-sts.example.net", {"v=STSv1; id=" + id + ";"});
    }

    std::optional<StsPolicy> policy(std::chrono::milliseconds wait = 10s) {
        return *loop_.run(sts_->policy_of(domain_, Deadline::after(wait)));
    }

    std::string mx() {
        const auto found = policy();
        return found ? found->mx.front() : "";
    }

    Loop loop_;
    FakeResolver resolver_;
    Hosts hosts_;
    Sessions sessions_;
    store::testing::TempFolder folder_;
    std::unique_ptr<store::Store> store_ = open_store();
    runtime::BlockingPool blocking_{"blocking", 1, 100};
    Timestamp now_{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
    mail::Domain domain_ = *mail::Domain::parse("example.net");
    std::unique_ptr<StrangersHttps> https_;
    std::unique_ptr<MtaSts> sts_;
};

TEST_F(MtaStsTest, no_record_no_question) {
    EXPECT_EQ(policy(), std::nullopt);
    resolver_.set_txt("_mta-sts.example.net", net::DnsStatus::failed, "SERVFAIL");
    EXPECT_EQ(policy(), std::nullopt);
    resolver_.set_txt("_mta-sts.example.net", {"v=STSv1; id=1", "v=STSv1; id=2"});
    EXPECT_EQ(policy(), std::nullopt);
    EXPECT_EQ(hosts_.asked, 0);
    for (const char* name : {"[192.0.2.1]", "localhost"}) {
        domain_ = *mail::Domain::parse(name);
        EXPECT_EQ(policy(), std::nullopt);
    }
}

TEST_F(MtaStsTest, a_policy_is_fetched_once_and_kept_over_a_restart) {
    record("1");
    hosts_.say(answer(200, body("enforce", "mx.example.net")));
    const auto found = policy();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->mode, StsMode::enforce);
    EXPECT_EQ(found->id, "1");
    EXPECT_EQ(hosts_.url(), "https://mta-sts.example.net/.well-known/mta-sts.txt");
    EXPECT_EQ(mx(), "mx.example.net");
    restart();
    EXPECT_EQ(mx(), "mx.example.net");
    EXPECT_EQ(hosts_.asked, 1);
}

TEST_F(MtaStsTest, a_record_that_is_gone_or_a_host_that_fails_leaves_the_cached_policy) {
    record("1");
    hosts_.say(answer(200, body("enforce", "a.example.net")));
    EXPECT_EQ(mx(), "a.example.net");
    resolver_.set_txt("_mta-sts.example.net", net::DnsStatus::no_name, "");
    EXPECT_EQ(mx(), "a.example.net") << "S-4";
    resolver_.set_txt("_mta-sts.example.net", net::DnsStatus::failed, "SERVFAIL");
    EXPECT_EQ(mx(), "a.example.net") << "S-4";
    record("2");
    for (const auto& bad : {Result<net::HttpAnswer>(answer(301, "")),
                            {answer(404, "")},
                            {answer(200, std::string(65 << 10, 'x'))},
                            {answer(200, "<html>")},
                            {answer(200, body("enforce", "x.y"), "text/html")},
                            {fail(ErrorKind::tls, "certificate")},
                            {fail(ErrorKind::timeout, "late")}}) {
        now_ += 5min;
        const int before = hosts_.asked;
        hosts_.say(bad);
        EXPECT_EQ(mx(), "a.example.net") << "S-3";
        EXPECT_EQ(mx(), "a.example.net");
        EXPECT_EQ(hosts_.asked, before + 1) << "not again within 5 minutes (S-5)";
    }
    restart();
    EXPECT_EQ(mx(), "a.example.net");
    now_ += 24h;
    EXPECT_EQ(mx(), "") << "it has expired";
}

TEST_F(MtaStsTest, a_new_id_is_picked_up_at_the_next_attempt) {
    record("1");
    hosts_.say(answer(200, body("enforce", "a.example.net")));
    EXPECT_EQ(mx(), "a.example.net");
    hosts_.say(answer(200, body("testing", "b.example.net")));
    EXPECT_EQ(mx(), "a.example.net") << "S-2: the same id is the same policy";
    record("2");
    EXPECT_EQ(mx(), "b.example.net");
    EXPECT_EQ(hosts_.asked, 2);
}

TEST_F(MtaStsTest, mode_none_is_how_a_domain_opts_out) {
    record("1");
    hosts_.say(answer(200, body("enforce", "a.example.net")));
    EXPECT_NE(policy(), std::nullopt);
    record("2");
    hosts_.say(answer(200, "version: STSv1\nmode: none\nmax_age: 86400\n"));
    EXPECT_EQ(policy(), std::nullopt);
    hosts_.say(fail(ErrorKind::refused, "gone"));
    EXPECT_EQ(policy(), std::nullopt) << "S-9: the former policy does not come back";
    EXPECT_EQ(hosts_.asked, 2);
}

TEST_F(MtaStsTest, what_went_wrong_is_reported_with_its_type) {
    const std::pair<Result<net::HttpAnswer>, TlsResult> table[] = {
        {answer(404, ""), TlsResult::sts_policy_fetch_error},
        {fail(ErrorKind::tls, "x"), TlsResult::sts_webpki_invalid},
        {fail(ErrorKind::too_large, "x"), TlsResult::sts_policy_fetch_error},
        {answer(200, "mode: enforce\n"), TlsResult::sts_policy_invalid},
    };
    int id = 0;
    record("0");
    hosts_.say(fail(ErrorKind::busy, "too much is waiting for a thread"));
    EXPECT_EQ(policy(), std::nullopt);
    EXPECT_EQ(policy(), std::nullopt);
    EXPECT_EQ(hosts_.asked, 2) << "our own trouble does not make the domain wait";
    EXPECT_TRUE(sessions_.all.empty()) << "nor is it the domain's";
    for (const auto& [said, result] : table) {
        record(std::to_string(++id));
        hosts_.say(said);
        EXPECT_EQ(policy(), std::nullopt) << "S-5";
        ASSERT_EQ(sessions_.all.size(), static_cast<std::size_t>(id));
        EXPECT_EQ(sessions_.all.back().result, result);
        EXPECT_EQ(sessions_.all.back().domain, "example.net");
    }
}

TEST_F(MtaStsTest, nobody_waits_longer_than_asked_and_the_fetch_ends_in_the_background) {
    record("1");
    Mutex gate;
    gate.lock();
    https_.reset();
    end();
    std::atomic<int> asked = 0;
    https_ = std::make_unique<StrangersHttps>(
        StrangersHttps::Options{.ca_file = {}, .user_agent = "x", .threads = 2}, resolver_,
        [&](const net::HttpCall&, Deadline) -> Result<net::HttpAnswer> {
            ++asked;
            const MutexLock lock(gate);
            return answer(200, body("enforce", "slow.example.net"));
        });
    MtaSts::Options options;
    options.clock = [this] { return now_; };
    sts_ = std::make_unique<MtaSts>(
        std::move(options), MtaSts::Parts{store_->engine(), resolver_, *https_, loop_.workers,
                                          blocking_, nullptr, loop_.log});
    EXPECT_EQ(policy(20ms), std::nullopt);
    EXPECT_EQ(policy(20ms), std::nullopt);
    EXPECT_EQ(asked, 1) << "single flight";
    gate.unlock();
    EXPECT_EQ(mx(), "slow.example.net");
    EXPECT_EQ(asked, 1);
}

TEST_F(MtaStsTest, a_policy_host_in_our_own_network_is_never_asked) {
    record("1");
    hosts_.say(answer(200, body("enforce", "a.example.net")));
    for (const char* address : {"127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"}) {
        resolver_.set_addresses("mta-sts.example.net", {address});
        EXPECT_EQ(policy(), std::nullopt) << address;
        now_ += 5min;
    }
    EXPECT_EQ(hosts_.asked, 0);
    EXPECT_THAT(sessions_.all.back().reason, HasSubstr("inside a private network"));
    resolver_.set_addresses("mta-sts.example.net", {"127.0.0.1", "192.0.2.1"});
    EXPECT_NE(policy(), std::nullopt) << "by its public address";
}

TEST_F(MtaStsTest, before_mail_fails_for_good_the_record_is_asked_again) {
    record("1");
    hosts_.say(answer(200, body("enforce", "a.example.net")));
    const auto found = policy();
    ASSERT_TRUE(found.has_value());
    const auto current = [&] {
        return *loop_.run(sts_->is_current(domain_, *found, Deadline::after(10s)));
    };
    EXPECT_TRUE(current());
    resolver_.set_txt("_mta-sts.example.net", net::DnsStatus::no_data, "");
    EXPECT_TRUE(current()) << "without a record the cached policy holds";
    resolver_.set_txt("_mta-sts.example.net", net::DnsStatus::failed, "SERVFAIL");
    EXPECT_FALSE(current());
    record("2");
    hosts_.say(answer(200, body("enforce", "b.example.net")));
    EXPECT_FALSE(current());
    EXPECT_EQ(mx(), "b.example.net");
    EXPECT_FALSE(current()) << "another policy holds now";
}

TEST_F(MtaStsTest, what_mail_uses_is_fetched_anew_once_a_day) {
    record("1");
    hosts_.say(answer(200, body("enforce", "a.example.net", 10 * 86'400)));
    EXPECT_EQ(mx(), "a.example.net");
    const auto refresh = [&] {
        keep();
        loop_.run(sts_->refresh_used());
        keep();
    };
    refresh();
    now_ += 19h;
    refresh();
    EXPECT_EQ(hosts_.asked, 1);
    now_ += 10h;
    refresh();
    EXPECT_EQ(hosts_.asked, 2) << "the same id, and fetched all the same";
    now_ += 29h;
    hosts_.say(fail(ErrorKind::refused, "down"));
    refresh();
    refresh();
    EXPECT_EQ(hosts_.asked, 3) << "what failed is not asked again at once";
    EXPECT_EQ(mx(), "a.example.net");
    now_ += 2h;
    hosts_.say(answer(200, body("enforce", "b.example.net", 10 * 86'400)));
    restart();
    refresh();
    EXPECT_EQ(hosts_.asked, 4);
    EXPECT_EQ(mx(), "b.example.net");
    for (int day = 0; day < 20; ++day) {
        now_ += 29h;
        refresh();
    }
    const int asked = hosts_.asked;
    EXPECT_LT(asked, 4 + 15) << "a policy that mail uses no more is let go";
    now_ += 24h * 11;
    refresh();
    EXPECT_EQ(hosts_.asked, asked);
    EXPECT_TRUE(store_->engine().kept(kStsKind)->empty()) << "expired rows go";
}

TEST_F(MtaStsTest, what_people_see) {
    record("1");
    hosts_.say(answer(200, body("enforce", "a.example.net")));
    auto view = *loop_.run(sts_->look(domain_, false));
    EXPECT_EQ(view.record.value_or(""), "1");
    EXPECT_FALSE(view.valid);
    view = *loop_.run(sts_->look(domain_, true));
    ASSERT_TRUE(view.valid);
    EXPECT_THAT(view.entry.known->policy.mx, ElementsAre("a.example.net"));
    hosts_.say(answer(500, ""));
    view = *loop_.run(sts_->look(domain_, true));
    ASSERT_TRUE(view.valid);
    ASSERT_TRUE(view.entry.failed.has_value());
    EXPECT_THAT(view.entry.failed->why, HasSubstr("answered 500"));
}

TEST(StsCache, is_bounded_and_loses_nothing_that_is_not_written) {
    StsCache cache({.domains = 3, .octets = 1 << 20, .unwritten = 5});
    const Timestamp now{Milliseconds(1'000'000)};
    for (int i = 0; i < 10; ++i) {
        const auto document = parse_sts_policy(body("enforce", "mx" + std::to_string(i) + ".x"));
        cache.fetched(std::to_string(i),
                      {make_policy(*document, "1"), document->max_age, now, now + 1h, now});
    }
    EXPECT_EQ(cache.size(), 3U);
    EXPECT_TRUE(cache.find("0").has_value()) << "it waits to be written";
    EXPECT_FALSE(cache.find("6").has_value());
    EXPECT_TRUE(cache.find("9").has_value());
    store::Changes changes;
    cache.take_changes(changes, 3);
    EXPECT_EQ(changes.size(), 3U);
    cache.take_changes(changes, 100);
    EXPECT_EQ(changes.size(), 5U);
    EXPECT_FALSE(cache.find("0").has_value());
    const auto row = std::get<store::PutKept>(changes[0]).row;
    const auto again = from_row(row);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->known->policy.fingerprint, "enforce:mx0.x");
    EXPECT_EQ(again->known->expires, now + 1h);
    for (const char* bad : {"", "{}", "[]", R"({"lines":["x"],"fetched":1})"})
        EXPECT_FALSE(from_row({std::string(kStsKind), "a", bad, now}).has_value()) << bad;
}

}  // namespace
}  // namespace posthaste::delivery
