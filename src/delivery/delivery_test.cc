// Whole attempts against scripted hops on the loopback.
#include "delivery/delivery.h"

#include "base/base64.h"
#include "base/checksum.h"
#include "delivery/shaping/shaping.h"
#include "delivery/testing.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using mail::Cause;
using mail::Verdict;
using queue::SiteSignal;
using testing_tools::FakeHop;
using testing_tools::FakeResolver;
using testing_tools::Loop;

class DeliveryTest : public testing::Test {
  protected:
    DeliveryTest() {
        auto opened = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            loop_.log);
        PH_ASSERT(opened.has_value());
        store_ = std::move(*opened);
        options_.hostname = "mail.example.com";
        options_.command_timeout = Seconds(3);
        options_.final_dot_timeout = Seconds(1);
        options_.connect_timeout = Seconds(3);
        options_.allow_private_addresses = true;
    }

    ~DeliveryTest() override {
        if (!courier_) return;
        loop_.run(stop());
        courier_.reset();
    }

    runtime::Task<void> stop() {
        runtime::Callback<void> stopped;
        courier_->stop([stopped] { stopped({}); });
        auto waiting = stopped.wait(Deadline::after(Seconds(10)));
        auto done = co_await std::move(waiting);
        EXPECT_TRUE(done);
    }

    void use_relay(const FakeHop& hop, TlsLevel tls = TlsLevel::none) {
        RouteRule rule;
        rule.to = {"*"};
        rule.kind = RouteRule::Kind::smarthost;
        rule.smarthost.emplace();
        rule.smarthost->host = "127.0.0.1";
        rule.smarthost->port = hop.port();
        rule.smarthost->tls = tls;
        if (certificates_) rule.smarthost->ca_file = certificates_->folder.path() + "/ca.pem";
        options_.routes = {rule};
    }

    // example.net's mail goes to these hosts, all on the loopback, by the hop's port.
    void use_mx(const FakeHop& hop, const std::vector<net::MxRecord>& hosts) {
        options_.routes.clear();
        options_.mx_port = hop.port();
        resolver_.set_mx("example.net", hosts);
    }

    void use_certificates() {
        certificates_.emplace();
        auto made = net::ensure_own_certificates(certificates_->folder.path(),
                                                 {"127.0.0.1", "hop.example"});
        PH_ASSERT(made.has_value());
        auto context = net::TlsServerContext::make({.certificates = *made});
        PH_ASSERT(context.has_value());
        certificates_->server = *context;
    }

    queue::Courier& courier() {
        if (!courier_) {
            courier_ = make_courier(options_, *store_, resolver_, nullptr, loop_.workers, blocking_,
                                    loop_.log);
        }
        return *courier_;
    }

    queue::Parcel parcel(const std::vector<std::string>& to, std::uint32_t attempts = 0,
                         std::string body = "Hello\r\n") {
        store::AddMessage message = store::testing::make_message(1, std::move(body));
        message.row.accepted = store_->clock().now_queue() - age_;
        message.row.release = message.row.accepted;  // the clock of a new store begins at 0
        queue::Parcel made;
        if (change_) change_(message.row);
        made.message = std::make_shared<const store::MessageRow>(message.row);
        for (std::uint32_t i = 0; i < to.size(); ++i) {
            store::RecipientRow row = message.recipients[0];
            row.index = i;
            row.address = store::testing::mailbox(to[i]);
            row.attempts = attempts;
            made.recipients.push_back(std::move(row));
        }
        made.site = "site";
        return made;
    }

    queue::ParcelReport deliver(queue::Parcel p) {
        auto report = loop_.run(courier().deliver(std::move(p)));
        PH_ASSERT(report.has_value());
        return *report;
    }

    queue::ParcelReport deliver(const std::vector<std::string>& to, std::uint32_t attempts = 0) {
        return deliver(parcel(to, attempts));
    }

    mail::Outcome deliver_one(const std::string& to = "a@example.net", std::uint32_t attempts = 0) {
        auto report = deliver(std::vector<std::string>{to}, attempts);
        PH_ASSERT(report.outcomes.size() == 1);
        last_ = report;
        return report.outcomes[0].second;
    }

    struct Certificates {
        store::testing::TempFolder folder;
        std::shared_ptr<net::TlsServerContext> server;
    };

    store::testing::TempFolder folder_;
    Loop loop_;
    runtime::BlockingPool blocking_{"blocking", 1, 10};
    FakeResolver resolver_;
    Options options_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<queue::Courier> courier_;
    std::optional<Certificates> certificates_;
    std::function<void(store::MessageRow&)> change_;
    Milliseconds age_{0};
    queue::ParcelReport last_;
};

std::string verdicts(const queue::ParcelReport& report) {
    std::string text;
    for (const auto& [index, outcome] : report.outcomes) {
        text += outcome.verdict == Verdict::delivered ? 'd'
                : outcome.verdict == Verdict::failed  ? 'f'
                                                      : 't';
    }
    return text;
}

TEST_F(DeliveryTest, DeliversOctetForOctet) {
    FakeHop hop(loop_);
    use_relay(hop);
    const auto report = deliver(
        parcel({"a@example.net", "b@example.org"}, 0, ".\r\n..x\r\nend without a line end"));
    EXPECT_EQ(verdicts(report), "dd");
    EXPECT_EQ(report.signal, SiteSignal::good);
    ASSERT_EQ(hop.transactions.size(), 1U);
    EXPECT_EQ(hop.transactions[0].content,
              "Subject: test\r\n\r\n.\r\n..x\r\nend without a line end\r\n");
    EXPECT_EQ(hop.transactions[0].recipients.size(), 2U);
    const auto& outcome = report.outcomes[0].second;
    EXPECT_EQ(outcome.code, 250);
    EXPECT_EQ(outcome.reply, "2.0.0 taken");
    EXPECT_EQ(outcome.remote_ip, "127.0.0.1");
    EXPECT_FALSE(outcome.remote_takes_dsn);
}

TEST_F(DeliveryTest, AConnectionIsUsedAgainUpToItsLimit) {
    FakeHop hop(loop_);
    use_relay(hop);
    options_.shaping = std::make_shared<const Shaping>(
        Shaping::parse({{"shaping.toml", "[default]\nmax_deliveries_per_connection = 3\n"}})
            .value());
    for (int i = 0; i < 7; ++i) EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    EXPECT_EQ(hop.connections, 3);
    EXPECT_EQ(hop.transactions.size(), 7U);
}

TEST_F(DeliveryTest, AHopsOwnLimitsHold) {
    FakeHop hop(loop_);
    hop.extensions.push_back("LIMITS MAILMAX=1 RCPTMAX=2");
    use_relay(hop);
    const auto report = deliver({"a@example.net", "b@example.net", "c@example.net"});
    EXPECT_EQ(verdicts(report), "ddd");
    EXPECT_EQ(report.learned_max_recipients, 2U);
    EXPECT_EQ(hop.transactions.size(), 2U);
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    EXPECT_EQ(hop.connections, 2);
}

// delivery.md, criterion 28.
TEST_F(DeliveryTest, AStaleConnectionIsReplacedWithoutDelay) {
    for (const char* how : {"421 4.3.2 idle too long", "close", "nonsense"}) {
        FakeHop hop(loop_);
        use_relay(hop);
        courier_ = nullptr;
        EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
        hop.on_line = [how](const std::string& line, int connection) -> std::optional<std::string> {
            if (connection == 1 && line.starts_with("MAIL")) return how;
            return std::nullopt;
        };
        const auto outcome = deliver_one();
        EXPECT_EQ(outcome.verdict, Verdict::delivered) << how;
        EXPECT_EQ(hop.connections, 2);
        EXPECT_EQ(last_.signal, SiteSignal::good);
        loop_.run(stop());
    }
}

// delivery.md, criterion 24.
TEST_F(DeliveryTest, RecipientsAreJudgedOneByOne) {
    FakeHop hop(loop_);
    hop.replies = {{"later", "450 4.2.0 later"}, {"bad", "550 5.1.1 no such user"}};
    use_relay(hop);
    const auto report =
        deliver({"ok@example.net", "later@example.net", "bad@example.net", "fine@example.net"});
    EXPECT_EQ(verdicts(report), "dtfd");
    EXPECT_EQ(report.outcomes[2].second.cause, Cause::invalid_recipient);
    EXPECT_EQ(report.outcomes[2].second.code, 550);
    EXPECT_EQ(hop.transactions.at(0).recipients.size(), 2U);
}

// delivery.md, criterion 25.
TEST_F(DeliveryTest, TooManyRecipientsGoOnOverTheSameConnection) {
    FakeHop hop(loop_);
    hop.most_recipients = 50;
    use_relay(hop);
    std::vector<std::string> to;
    for (int i = 0; i < 100; ++i) to.push_back("r" + std::to_string(i) + "@example.net");
    const auto report = deliver(to);
    EXPECT_EQ(verdicts(report), std::string(100, 'd'));
    EXPECT_EQ(report.learned_max_recipients, 50U);
    EXPECT_EQ(hop.connections, 1);
    ASSERT_EQ(hop.transactions.size(), 2U);
    EXPECT_EQ(hop.transactions[0].recipients.size(), 50U);
}

// delivery.md, criterion 26.
TEST_F(DeliveryTest, WhenAllAreRefusedNobodyIsDelivered) {
    FakeHop hop(loop_);
    hop.replies = {{"bad", "550 5.1.1 no"}, {"DATA", "354 go"}, {"DOT", "250 2.0.0 whatever"}};
    use_relay(hop);
    EXPECT_EQ(deliver_one("bad@example.net").verdict, Verdict::failed);
    hop.replies.clear();
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    EXPECT_EQ(hop.connections, 1);
}

TEST_F(DeliveryTest, ARefusedTransactionIsResetBeforeTheNext) {
    FakeHop hop(loop_);
    hop.extensions.clear();  // no pipelining: DATA is not sent for nobody
    hop.replies = {{"bad", "550 5.1.1 no"}};
    use_relay(hop);
    EXPECT_EQ(deliver_one("bad@example.net").verdict, Verdict::failed);
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    EXPECT_EQ(std::ranges::count(hop.lines, "RSET"), 1);
}

// delivery.md, criteria 1 and 27.
TEST_F(DeliveryTest, TheNextHostIsAskedWhenAHostSaysNothingAboutTheMail) {
    for (const char* where : {"BANNER", "EHLO", "MAIL", "DATA", "CONTENT"}) {
        FakeHop first(loop_, "127.0.0.2");
        FakeHop second(loop_, "127.0.0.3", first.port());
        const std::string key = where;
        first.replies[key] = key == "BANNER" ? "554 5.3.2 no"
                             : key == "EHLO" ? "421 4.3.2 no"
                                             : "close";
        courier_ = nullptr;
        use_mx(first, {{10, "one.example"}, {20, "two.example"}});
        resolver_.set_addresses("one.example", {"127.0.0.2"});
        resolver_.set_addresses("two.example", {"127.0.0.3"});
        const auto report = deliver({"a@example.net"});
        EXPECT_EQ(verdicts(report), "d") << where;
        EXPECT_EQ(report.outcomes[0].second.remote_host, "two.example");
        loop_.run(stop());
    }
}

TEST_F(DeliveryTest, WhatAHostSaysAboutTheMailIsFinal) {
    FakeHop first(loop_, "127.0.0.2");
    FakeHop second(loop_, "127.0.0.3", first.port());
    first.replies["a"] = "450 4.2.0 greylisted, try again in 300 seconds";
    use_mx(first, {{10, "one.example"}, {20, "two.example"}});
    resolver_.set_addresses("one.example", {"127.0.0.2"});
    resolver_.set_addresses("two.example", {"127.0.0.3"});
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::deferred);
    EXPECT_EQ(outcome.retry_after, Seconds(300));
    EXPECT_EQ(outcome.cause, Cause::greylisted);
    EXPECT_EQ(second.connections, 0);
}

TEST_F(DeliveryTest, AfterTheDotSilenceIsAmbiguousAndNobodyElseIsAsked) {
    for (const char* how : {"silence", "close"}) {
        FakeHop first(loop_, "127.0.0.2");
        FakeHop second(loop_, "127.0.0.3", first.port());
        first.replies["DOT"] = how;
        courier_ = nullptr;
        use_mx(first, {{10, "one.example"}, {20, "two.example"}});
        resolver_.set_addresses("one.example", {"127.0.0.2"});
        resolver_.set_addresses("two.example", {"127.0.0.3"});
        const auto outcome = deliver_one();
        EXPECT_EQ(outcome.verdict, Verdict::deferred);
        EXPECT_TRUE(outcome.ambiguous);
        EXPECT_GE(outcome.retry_after, Seconds(1800));
        EXPECT_EQ(second.connections, 0);
        loop_.run(stop());
    }
}

TEST_F(DeliveryTest, NobodyListens) {
    std::uint16_t port = 0;
    {
        FakeHop hop(loop_);
        port = hop.port();
        use_relay(hop);
    }
    static_cast<void>(port);
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::deferred);
    EXPECT_EQ(outcome.status.to_string(), "4.4.1");
    EXPECT_EQ(outcome.cause, Cause::no_answer);
    EXPECT_EQ(last_.signal, SiteSignal::trouble);
}

// delivery.md, criteria 3 and 8, R-10 to R-12.
TEST_F(DeliveryTest, HostsWithoutAUsableAddress) {
    FakeHop hop(loop_);
    use_mx(hop, {{10, "one.example"}});
    resolver_.set_addresses("one.example", std::vector<std::string>{});
    EXPECT_EQ(deliver_one().status.to_string(), "4.4.4");
    age_ = std::chrono::hours(25);
    EXPECT_EQ(deliver_one().status.to_string(), "5.4.4");
    age_ = {};
    resolver_.set_addresses("one.example", net::DnsStatus::failed);
    EXPECT_EQ(deliver_one().status.to_string(), "4.4.3");
    resolver_.set_mx("example.net", {net::DnsStatus::no_data, {}, false, ""});
    EXPECT_EQ(deliver_one().status.to_string(), "5.4.4") << "neither MX nor address";
    EXPECT_EQ(std::ranges::count(resolver_.asked, "example.net"), 1);
    resolver_.set_addresses("example.net", {"127.0.0.1"});
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered) << "no MX but an address";
}

TEST_F(DeliveryTest, PrivateAddressesAreNotConnectedTo) {
    FakeHop hop(loop_);
    options_.allow_private_addresses = false;
    use_mx(hop, {{10, "one.example"}});
    resolver_.set_addresses("one.example", {"127.0.0.1", "10.0.0.1", "::1"});
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::failed);
    EXPECT_EQ(outcome.status.to_string(), "5.4.4");
    EXPECT_EQ(hop.connections, 0);
}

// delivery.md, criterion 5.
TEST_F(DeliveryTest, AHostThatAnswersByOurNameIsALoop) {
    FakeHop hop(loop_);
    hop.name = "mail.example.com";
    use_mx(hop, {{10, "one.example"}});
    resolver_.set_addresses("one.example", {"127.0.0.1"});
    EXPECT_EQ(deliver_one().status.to_string(), "5.4.6");
}

void make_eight_bit(store::MessageRow& row, const std::string& header, const std::string& body) {
    row.body_type = mail::BodyType::eight_bit;
    row.header = std::make_shared<const std::string>(header);
    auto octets = std::make_shared<const std::string>(body);
    row.body = {octets, {}, octets->size(), crc32c(*octets)};
}

TEST_F(DeliveryTest, LettersAreEncodedAndSignedAnewForAHostThatCannotTakeThem) {
    FakeHop hop(loop_, "127.0.0.2");
    hop.extensions = {"PIPELINING"};
    use_mx(hop, {{10, "one.example"}});
    resolver_.set_addresses("one.example", {"127.0.0.2"});
    std::string signed_header;
    options_.sign = [&](const std::string& header, const std::string& hash) {
        signed_header = header;
        EXPECT_EQ(hash.size(), 44U);
        return std::string("DKIM-Signature: new\r\n");
    };
    change_ = [](store::MessageRow& row) {
        make_eight_bit(row,
                       "DKIM-Signature: old\r\nReceived: x\r\nDKIM-Signature: other\r\n"
                       "Content-Type: text/plain; charset=utf-8\r\n",
                       "gr\xc3\xbcn\r\n");
    };
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::delivered) << outcome.reply;
    ASSERT_EQ(hop.transactions.size(), 1U);
    const std::string rest =
        "Received: x\r\nDKIM-Signature: other\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n";
    EXPECT_EQ(signed_header, rest);
    EXPECT_EQ(hop.transactions[0].content, "DKIM-Signature: new\r\n" + rest + "\r\ngr=C3=BCn\r\n");
    EXPECT_EQ(hop.transactions[0].mail.find("8BITMIME"), std::string::npos);

    // Where 8BITMIME is offered it goes as it is.
    hop.extensions.push_back("8BITMIME");
    courier_ = nullptr;
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    EXPECT_TRUE(hop.transactions[1].content.ends_with("gr\xc3\xbcn\r\n"));
}

TEST_F(DeliveryTest, MailThatNoHostCanTakeFailsAfterAllWereAsked) {
    FakeHop first(loop_, "127.0.0.2");
    FakeHop second(loop_, "127.0.0.3", first.port());
    first.extensions = second.extensions = {"PIPELINING"};
    use_mx(first, {{10, "one.example"}, {20, "two.example"}});
    resolver_.set_addresses("one.example", {"127.0.0.2"});
    resolver_.set_addresses("two.example", {"127.0.0.3"});
    // Within a signature nothing may be encoded.
    change_ = [](store::MessageRow& row) {
        make_eight_bit(row, "Content-Type: multipart/signed; boundary=s\r\n",
                       "--s\r\n\r\n\xfc\r\n--s--\r\n");
    };
    auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::failed);
    EXPECT_EQ(outcome.status.to_string(), "5.6.3");
    EXPECT_EQ(outcome.cause, Cause::no_8bit);
    EXPECT_EQ(second.connections, 1);
    change_ = nullptr;
    outcome = deliver_one("j\xc3\xbcrgen@example.net");
    EXPECT_EQ(outcome.status.to_string(), "5.6.7");
    EXPECT_TRUE(first.transactions.empty());
    second.extensions.push_back("SMTPUTF8");
    courier_ = nullptr;
    outcome = deliver_one("j\xc3\xbcrgen@example.net");
    EXPECT_EQ(outcome.verdict, Verdict::delivered) << outcome.reply;
    EXPECT_NE(second.transactions.at(0).mail.find(" SMTPUTF8"), std::string::npos);
}

TEST_F(DeliveryTest, OnlyTheRecipientsBeyondAsciiSufferFromAHopWithoutSmtputf8) {
    FakeHop hop(loop_);
    hop.extensions = {"PIPELINING"};
    use_relay(hop);
    const auto report = deliver({"a@example.net", "\xc3\xbc@example.net", "b@example.net"});
    EXPECT_EQ(verdicts(report), "dfd");
    EXPECT_EQ(report.outcomes[1].second.status.to_string(), "5.6.7");
}

TEST_F(DeliveryTest, AMessageLargerThanTheHopTakes) {
    FakeHop hop(loop_);
    hop.extensions = {"SIZE 10"};
    use_relay(hop);
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.status.to_string(), "5.3.4");
    EXPECT_EQ(outcome.cause, Cause::too_large);
    EXPECT_TRUE(
        std::ranges::none_of(hop.lines, [](const auto& l) { return l.starts_with("MAIL"); }));
}

TEST_F(DeliveryTest, WishesForReportsTravelOn) {
    FakeHop hop(loop_);
    hop.extensions.push_back("DSN");
    use_relay(hop);
    auto p = parcel({"a@example.net"});
    p.recipients[0].notify = mail::Notify::success;
    const auto report = deliver(std::move(p));
    EXPECT_TRUE(report.outcomes[0].second.remote_takes_dsn);
    EXPECT_TRUE(
        std::ranges::any_of(hop.lines, [](const auto& l) { return l.contains("NOTIFY=SUCCESS"); }));
}

TEST_F(DeliveryTest, StartTlsVerifiesAndLogsIn) {
    use_certificates();
    FakeHop hop(loop_);
    hop.tls = certificates_->server;
    hop.credentials = base64::encode(std::string("\0anna\0secret", 12));
    use_relay(hop, TlsLevel::verify);
    options_.routes[0].smarthost->username = "anna";
    options_.routes[0].smarthost->password = Secret("secret");
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::delivered) << outcome.reply;
    EXPECT_EQ(outcome.tls, "TLSv1.3");
    EXPECT_TRUE(hop.transactions.at(0).tls);
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    EXPECT_EQ(hop.connections, 1);
}

TEST_F(DeliveryTest, ImplicitTls) {
    use_certificates();
    FakeHop hop(loop_);
    hop.tls = certificates_->server;
    hop.implicit_tls = true;
    use_relay(hop, TlsLevel::verify);
    options_.routes[0].smarthost->implicit_tls = true;
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::delivered) << outcome.reply;
}

TEST_F(DeliveryTest, ACertificateForAnotherNameIsNotTrusted) {
    use_certificates();
    FakeHop hop(loop_);
    hop.tls = certificates_->server;
    use_relay(hop, TlsLevel::verify);
    options_.routes[0].smarthost->host = "relay.example";
    resolver_.set_addresses("relay.example", {"127.0.0.1"});
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::deferred);
    EXPECT_EQ(outcome.status.to_string(), "4.7.5");
    EXPECT_EQ(outcome.cause, Cause::tls);
    EXPECT_TRUE(
        std::ranges::none_of(hop.lines, [](const auto& l) { return l.starts_with("MAIL"); }));
}

TEST_F(DeliveryTest, ARouteThatMustEncryptNeverGoesOnInClear) {
    FakeHop hop(loop_);
    hop.credentials = "x";
    for (const TlsLevel level : {TlsLevel::encrypt, TlsLevel::verify}) {
        courier_ = nullptr;
        use_relay(hop, level);
        const auto outcome = deliver_one("a@example.net", 7);
        EXPECT_EQ(outcome.status.to_string(), "4.7.4");
        loop_.run(stop());
    }
    // A login asks for it, whatever the level says.
    courier_ = nullptr;
    use_relay(hop, TlsLevel::none);
    options_.routes[0].smarthost->username = "anna";
    options_.routes[0].smarthost->password = Secret("secret");
    EXPECT_EQ(deliver_one("a@example.net", 7).verdict, Verdict::deferred);
    for (const auto& line : hop.lines) {
        EXPECT_FALSE(line.starts_with("AUTH") || line.starts_with("MAIL")) << line;
    }
}

// delivery.md 2.6, criterion 19.
TEST_F(DeliveryTest, ClearTextOnlyAtTheSecondAttempt) {
    use_certificates();
    for (const char* broken : {"HANDSHAKE", "STARTTLS"}) {
        FakeHop hop(loop_);
        hop.tls = certificates_->server;
        hop.replies[broken] = std::string(broken) == "STARTTLS" ? "454 4.7.0 no TLS now" : "close";
        courier_ = nullptr;
        use_relay(hop, TlsLevel::may);
        EXPECT_EQ(deliver_one("a@example.net", 0).verdict, Verdict::deferred);
        EXPECT_TRUE(hop.transactions.empty());
        const auto outcome = deliver_one("a@example.net", 1);
        EXPECT_EQ(outcome.verdict, Verdict::delivered) << outcome.reply;
        EXPECT_FALSE(hop.transactions.at(0).tls);
        EXPECT_EQ(outcome.tls, "");
        loop_.run(stop());
    }
}

struct BrokenRow {
    const char* name;
    const char* stage;
    const char* reply;
};

class BrokenOff : public DeliveryTest, public testing::WithParamInterface<BrokenRow> {};

// So that the queue brings them in smaller groups: one of them may be why.
TEST_P(BrokenOff, TellsHowLargeTheGroupWas) {
    FakeHop hop(loop_);
    hop.replies[GetParam().stage] = GetParam().reply;
    use_relay(hop);
    const auto report = deliver({"a@example.net", "b@example.net", "c@example.net"});
    EXPECT_EQ(verdicts(report), "ttt");
    EXPECT_EQ(report.broken_group, 3U);
    hop.replies.clear();
    EXPECT_EQ(deliver({"a@example.net", "b@example.net"}).broken_group, 0U);
}

INSTANTIATE_TEST_SUITE_P(All, BrokenOff,
                         testing::Values(BrokenRow{"goodbye_to_one", "b", "421 4.3.2 bye"},
                                         BrokenRow{"lost_at_one", "b", "close"},
                                         BrokenRow{"goodbye_at_data", "DATA", "421 4.3.2 bye"},
                                         BrokenRow{"lost_in_the_content", "CONTENT", "close"},
                                         BrokenRow{"lost_behind_the_dot", "DOT", "close"}),
                         [](const auto& row) { return std::string(row.param.name); });

// threats.md S6.
TEST_F(DeliveryTest, OctetsBehindStartTlsEndTheConnection) {
    use_certificates();
    FakeHop hop(loop_);
    hop.tls = certificates_->server;
    hop.behind_starttls = "250 injected";
    use_relay(hop, TlsLevel::verify);
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::deferred);
    EXPECT_EQ(outcome.cause, Cause::tls);
    EXPECT_EQ(hop.lines.back(), "STARTTLS");
}

// delivery.md O-9; clients.md 4.4.
TEST_F(DeliveryTest, ARefusedLoginStopsTheRouteAndKeepsTheMail) {
    use_certificates();
    FakeHop hop(loop_);
    hop.tls = certificates_->server;
    hop.credentials = "another";
    use_relay(hop, TlsLevel::verify);
    options_.routes[0].smarthost->username = "anna";
    options_.routes[0].smarthost->password = Secret("secret");
    const auto report = deliver({"a@example.net", "b@example.net"});
    EXPECT_EQ(verdicts(report), "tt");
    EXPECT_EQ(report.outcomes[1].second.status.to_string(), "4.7.8");
    EXPECT_EQ(report.outcomes[1].second.cause, Cause::smarthost_auth);
    ASSERT_TRUE(report.suspend);
    EXPECT_GE(*report.suspend, std::chrono::minutes(5));
    EXPECT_LE(*report.suspend, std::chrono::minutes(30));
    EXPECT_EQ(report.outcomes[0].second.reply.find("secret"), std::string::npos);
}

TEST_F(DeliveryTest, LocatesByRoute) {
    RouteRule hold{.kind = RouteRule::Kind::hold, .to = {"held.example"}, .smarthost = {}};
    RouteRule relay{
        .kind = RouteRule::Kind::smarthost, .to = {".relayed.example"}, .smarthost = Smarthost{}};
    relay.smarthost->host = "Relay.example";
    options_.routes = {hold, relay};
    resolver_.set_mx("example.net",
                     std::vector<net::MxRecord>{{10, "b.example"}, {10, "a.example"}});
    const auto locate = [&](const char* domain) {
        return *loop_.run(courier().locate(*mail::Domain::parse(domain), ""));
    };
    EXPECT_TRUE(locate("held.example").hold);
    const auto relayed = locate("x.relayed.example");
    ASSERT_TRUE(relayed.site);
    EXPECT_EQ(relayed.site->key, "relay:relay.example:587");
    EXPECT_TRUE(relayed.site->mixes_domains);
    const auto direct = locate("example.net");
    ASSERT_TRUE(direct.site);
    EXPECT_EQ(direct.site->key, "mx:a.example,b.example");
    EXPECT_FALSE(direct.site->mixes_domains);
    const auto nowhere = locate("nowhere.example");
    EXPECT_FALSE(nowhere.site);
    EXPECT_EQ(nowhere.otherwise.status.to_string(), "5.1.2");
}

TEST_F(DeliveryTest, ContentInAFileIsStreamed) {
    FakeHop hop(loop_);
    hop.extensions = {"PIPELINING"};
    use_relay(hop);
    std::string body;
    while (body.size() < (1 << 20)) body += "A line of the content.\r\n.with dots\r\n";
    const QueueId id = QueueId::make();
    auto writer = store_->write_content(id);
    for (std::size_t at = 0; at < body.size(); at += store::kContentPiece) {
        writer.append(std::string_view(body).substr(at, store::kContentPiece));
        if (writer.wants_flush()) ASSERT_TRUE(writer.flush());
    }
    auto finished = writer.finish();
    ASSERT_TRUE(finished);
    ASSERT_FALSE(finished->file.empty());
    change_ = [&](store::MessageRow& row) { row.body = *finished; };
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    EXPECT_EQ(hop.transactions.at(0).content, "Subject: test\r\n\r\n" + body);
    // Damaged on disk: never passed on as a whole message.
    change_ = [&](store::MessageRow& row) {
        row.body = *finished;
        row.body.crc ^= 1;
    };
    EXPECT_EQ(deliver_one().verdict, Verdict::deferred);
    EXPECT_EQ(hop.transactions.size(), 1U);
}

// delivery.md R-11: the domain's own address is never contacted.
TEST_F(DeliveryTest, RecordsThatNameNoHostAreGivenUpAfterADay) {
    FakeHop hop(loop_);
    use_mx(hop, {{10, "127.0.0.1"}});
    resolver_.set_addresses("example.net", {"127.0.0.1"});
    EXPECT_EQ(deliver_one().status.to_string(), "4.4.4");
    age_ = std::chrono::hours(25);
    EXPECT_EQ(deliver_one().status.to_string(), "5.4.4");
    EXPECT_EQ(hop.connections, 0);
}

// delivery.md, criterion 5, by address: 10 other, 20 us, 20 and 30 others.
TEST_F(DeliveryTest, AnAddressOfOursEndsTheListOfHosts) {
    FakeHop other(loop_, "127.0.0.2");
    FakeHop beside(loop_, "127.0.0.3", other.port());
    other.replies["BANNER"] = "421 4.3.2 not now";
    options_.own_addresses = {*IpAddress::parse("127.0.0.9")};
    use_mx(other, {{10, "other.example"}, {20, "us.example"}, {20, "beside.example"}});
    resolver_.set_addresses("other.example", {"127.0.0.2"});
    resolver_.set_addresses("us.example", {"127.0.0.9"});
    resolver_.set_addresses("beside.example", {"127.0.0.3"});
    EXPECT_EQ(deliver_one().verdict, Verdict::deferred);
    EXPECT_EQ(other.connections, 1);
    EXPECT_EQ(beside.connections, 0);
    resolver_.set_mx("example.net",
                     std::vector<net::MxRecord>{{10, "us.example"}, {20, "beside.example"}});
    const auto looped = deliver_one();
    EXPECT_EQ(looped.verdict, Verdict::failed);
    EXPECT_EQ(looped.status.to_string(), "5.4.6");
    EXPECT_EQ(looped.cause, Cause::loop);
    EXPECT_EQ(beside.connections, 0);
}

// Another domain's connection to it may still be open.
TEST_F(DeliveryTest, AnOpenConnectionToAHostBehindUsIsNotUsed) {
    FakeHop other(loop_, "127.0.0.2");
    FakeHop behind(loop_, "127.0.0.3", other.port());
    other.replies["BANNER"] = "421 4.3.2 not now";
    options_.own_addresses = {*IpAddress::parse("127.0.0.9")};
    resolver_.set_addresses("other.example", {"127.0.0.2"});
    resolver_.set_addresses("us.example", {"127.0.0.9"});
    resolver_.set_addresses("behind.example", {"127.0.0.3"});
    use_mx(other, {{10, "other.example"}, {20, "us.example"}, {30, "behind.example"}});
    resolver_.set_mx("example.org", std::vector<net::MxRecord>{{10, "behind.example"}});
    EXPECT_EQ(deliver_one("a@example.org").verdict, Verdict::delivered);
    EXPECT_EQ(deliver_one("b@example.net").verdict, Verdict::deferred);
    EXPECT_EQ(behind.transactions.size(), 1U);
    EXPECT_EQ(deliver_one("c@example.org").verdict, Verdict::delivered);
    EXPECT_EQ(behind.connections, 1) << "which was open all the time";
}

// delivery.md 1.4: one of the two addresses may be on a list.
TEST_F(DeliveryTest, RefusedByPolicyOverOneFamilyTheOtherIsTriedOnce) {
    FakeHop v4(loop_, "127.0.0.1");
    FakeHop v6(loop_, "::1", v4.port());
    v4.replies["MAIL"] = "550 5.7.1 refused by local policy";
    use_mx(v4, {{10, "both.example"}});
    resolver_.set_addresses("both.example", {"127.0.0.1", "::1"});
    auto first = parcel({"a@example.net"});
    const auto refused = deliver(first).outcomes[0].second;
    EXPECT_EQ(refused.verdict, Verdict::deferred) << refused.reply;
    EXPECT_EQ(refused.code, 550);
    EXPECT_EQ(refused.status.cls, 4);
    EXPECT_EQ(v6.connections, 0);
    first.recipients[0].attempts = 1;
    first.recipients[0].last = refused;
    v6.replies["MAIL"] = v4.replies["MAIL"];
    const auto without_kept_connections = [&] {
        loop_.run(stop());
        courier_.reset();
    };
    without_kept_connections();
    EXPECT_EQ(deliver(first).outcomes[0].second.verdict, Verdict::failed) << "once, not for ever";
    without_kept_connections();
    EXPECT_EQ(v6.connections, 1);
    v6.replies.clear();
    EXPECT_EQ(deliver(first).outcomes[0].second.verdict, Verdict::delivered);
}

TEST_F(DeliveryTest, AFallbackTakesWhatNoHostWasReachedFor) {
    FakeHop spare(loop_);
    RouteRule dead{.kind = RouteRule::Kind::smarthost, .to = {"*"}, .smarthost = Smarthost{}};
    dead.name = "dead";
    dead.smarthost->host = "127.0.0.66";
    dead.smarthost->port = spare.port();
    dead.smarthost->tls = TlsLevel::none;
    dead.fallback = "spare";
    dead.fallback_after = 2;
    RouteRule second = dead;
    second.to.clear();
    second.name = "spare";
    second.fallback.clear();
    second.smarthost->host = "127.0.0.1";
    options_.routes = {second, dead};
    const auto of_dead = [&](const std::vector<std::string>& to, std::uint32_t attempts) {
        auto made = parcel(to, attempts);
        made.site = "relay:127.0.0.66:" + std::to_string(spare.port()) + " tls=none";
        return made;
    };
    EXPECT_EQ(verdicts(deliver(of_dead({"a@example.net"}, 0))), "t") << "it is the first attempt";
    EXPECT_EQ(verdicts(deliver(of_dead({"a@example.net", "b@example.org"}, 1))), "dd");
    EXPECT_EQ(spare.transactions.size(), 1U);
    // Its site is down now: mail turns to the fallback before any attempt.
    deliver(of_dead({"a@example.net"}, 0));
    const auto location = *loop_.run(courier().locate(*mail::Domain::parse("example.net"), ""));
    ASSERT_TRUE(location.site);
    EXPECT_EQ(location.site->route, "spare");
    // What a host has said about the mail is no reason.
    spare.replies["a"] = "550 5.1.1 nobody";
    auto by_spare = parcel({"a@example.net"}, 5);
    by_spare.route = "spare";
    EXPECT_EQ(verdicts(deliver(by_spare)), "f");
}

TEST_F(DeliveryTest, MailLeavesFromItsSourceAndByItsName) {
    FakeHop hop(loop_);
    use_relay(hop);
    const auto add = [&](const char* name, const char* address, const char* ehlo) {
        options_.sources.push_back({name, IpAddress::parse(address), {}, ehlo, 1});
        options_.source_pool.push_back(name);
    };
    add("gone", "192.0.2.77", "gone.example.com");
    add("here", "127.0.0.44", "here.example.com");
    for (int i = 0; i < 20; ++i) {
        const auto report = deliver(parcel({"a@example.net"}));
        EXPECT_EQ(verdicts(report), "d");
        EXPECT_EQ(report.outcomes[0].second.source_ip, "127.0.0.44");
    }
    EXPECT_EQ(hop.lines.front(), "EHLO here.example.com");
    EXPECT_LT(hop.connections, 5) << "connections of one source are kept for it";
}

TEST_F(DeliveryTest, WithoutAnySourceThatIsHereTheSiteIsNotBlamed) {
    FakeHop hop(loop_);
    use_relay(hop);
    options_.sources.push_back({"gone", IpAddress::parse("192.0.2.77"), {}, "", 1});
    options_.source_pool = {"gone"};
    const auto report = deliver(parcel({"a@example.net"}));
    EXPECT_EQ(verdicts(report), "t");
    EXPECT_EQ(report.outcomes[0].second.status.to_string(), "4.3.0");
    EXPECT_EQ(report.signal, SiteSignal::neutral);
    EXPECT_EQ(hop.connections, 0);
}

TEST_F(DeliveryTest, HostsOfARelayStandInForEachOther) {
    FakeHop second(loop_, "127.0.0.5");
    use_relay(second);
    RouteRule& relay = options_.routes[0];
    relay.hosts = {{"127.0.0.66", second.port(), false, 0},
                   {"pool.example", second.port(), true, 1}};
    resolver_.set_mx("pool.example", std::vector<net::MxRecord>{{10, "five.example"}});
    resolver_.set_addresses("five.example", {"127.0.0.5"});
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::delivered) << outcome.reply;
    EXPECT_EQ(outcome.remote_host, "five.example");
}

// Each host says too little in its time; both times together are more than an attempt has.
TEST_F(DeliveryTest, AnAttemptHasATimeOfItsOwn) {
    FakeHop first(loop_, "127.0.0.2");
    FakeHop second(loop_, "127.0.0.3", first.port());
    first.extensions = {"8BITMIME"};  // no pipelining: nothing behind MAIL is answered
    first.replies["MAIL"] = "silence";
    use_mx(first, {{10, "one.example"}, {20, "two.example"}});
    resolver_.set_addresses("one.example", {"127.0.0.2"});
    resolver_.set_addresses("two.example", {"127.0.0.3"});
    options_.command_timeout = Seconds(30);
    options_.attempt_timeout = Seconds(1);
    const SteadyTime began = std::chrono::steady_clock::now();
    const auto outcome = deliver_one();
    EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds(10));
    EXPECT_EQ(outcome.verdict, Verdict::deferred);
    EXPECT_EQ(outcome.status.cls, 4);
    EXPECT_TRUE(outcome.charge_attempt);
    EXPECT_EQ(outcome.remote_host, "one.example");
    EXPECT_EQ(outcome.reply,
              "one attempt takes 1 s at most, and this one had taken that long (MAIL FROM)");
    EXPECT_EQ(last_.signal, SiteSignal::trouble);
    EXPECT_EQ(second.connections, 0);
    // The next one has its time anew, over a connection of the last one too.
    first.replies.clear();
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    runtime::Callback<void> never;
    loop_.run([](runtime::Callback<void> nobody) -> runtime::Task<void> {
        auto waiting = nobody.wait(Deadline::after(Milliseconds(1100)));
        static_cast<void>(co_await std::move(waiting));
    }(never));
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
    EXPECT_EQ(first.connections, 2);
}

TEST_F(DeliveryTest, BeforeTheDotIsWrittenTheNextHostIsAskedAtOnce) {
    FakeHop first(loop_, "127.0.0.2");
    FakeHop second(loop_, "127.0.0.3", first.port());
    first.extensions = second.extensions = {"PIPELINING", "8BITMIME"};
    first.replies["CONTENT"] = "close";
    use_mx(first, {{10, "one.example"}, {20, "two.example"}});
    resolver_.set_addresses("one.example", {"127.0.0.2"});
    resolver_.set_addresses("two.example", {"127.0.0.3"});
    std::string body;
    for (int i = 0; i < 300'000; ++i) body += "more than any socket takes at once\r\n";
    const auto report = deliver(parcel({"a@example.net"}, 0, std::move(body)));
    EXPECT_EQ(verdicts(report), "d");
    EXPECT_EQ(first.connections, 1);
    EXPECT_EQ(second.transactions.size(), 1U);
}

// O-21, and RFC 5321 §5.1 all the same.
TEST_F(DeliveryTest, AHostThatMayHaveItIsAskedFirstAmongItsEqualsOnly) {
    FakeHop one(loop_, "127.0.0.2");
    FakeHop two(loop_, "127.0.0.3", one.port());
    FakeHop spare(loop_, "127.0.0.4", one.port());
    resolver_.set_addresses("one.example", {"127.0.0.2"});
    resolver_.set_addresses("two.example", {"127.0.0.3"});
    resolver_.set_addresses("spare.example", {"127.0.0.4"});
    use_mx(one, {{10, "one.example"}, {10, "two.example"}, {20, "spare.example"}});
    const auto after = [&](const std::string& host) {
        auto again = parcel({"a@example.net"}, 1);
        again.recipients[0].last.ambiguous = true;
        again.recipients[0].last.remote_host = host;
        loop_.run(stop());
        courier_.reset();
        return deliver(std::move(again)).outcomes.at(0).second.remote_host;
    };
    courier();
    for (int i = 0; i < 8; ++i) EXPECT_EQ(after("two.example"), "two.example");
    EXPECT_NE(after("spare.example"), "spare.example") << "a better one is there";
}

// It was a host of the list yesterday; today we are in it.
TEST_F(DeliveryTest, AHostThatMayHaveItStaysBehindAnAddressOfOurs) {
    FakeHop other(loop_, "127.0.0.2");
    FakeHop beside(loop_, "127.0.0.3", other.port());
    other.replies["BANNER"] = "421 4.3.2 not now";
    options_.own_addresses = {*IpAddress::parse("127.0.0.9")};
    use_mx(other, {{10, "other.example"}, {20, "us.example"}, {20, "beside.example"}});
    resolver_.set_addresses("other.example", {"127.0.0.2"});
    resolver_.set_addresses("us.example", {"127.0.0.9"});
    resolver_.set_addresses("beside.example", {"127.0.0.3"});
    for (const std::uint16_t level : {std::uint16_t{20}, std::uint16_t{30}}) {
        resolver_.set_mx("example.net",
                         std::vector<net::MxRecord>{
                             {10, "other.example"}, {20, "us.example"}, {level, "beside.example"}});
        auto again = parcel({"a@example.net"}, 1);
        again.recipients[0].last.ambiguous = true;
        again.recipients[0].last.remote_host = "beside.example";
        EXPECT_EQ(verdicts(deliver(again)), "t");
        EXPECT_EQ(beside.connections, 0);
    }
    EXPECT_EQ(other.connections, 2);
}

// delivery.md 1.3: five addresses of the whole list, both families among them.
TEST_F(DeliveryTest, BothFamiliesOfTheWholeListAreTried) {
    FakeHop v6(loop_, "::1");
    use_mx(v6, {{10, "four.example"}, {20, "six.example"}});
    // Nobody listens there.
    resolver_.set_addresses("four.example", {"127.0.0.61", "127.0.0.62", "127.0.0.63", "127.0.0.64",
                                             "127.0.0.65", "127.0.0.66"});
    resolver_.set_addresses("six.example", {"::1"});
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::delivered) << outcome.reply;
    EXPECT_EQ(outcome.remote_host, "six.example");
}

TEST_F(DeliveryTest, AnAttemptLooksUpFiveHostsAndBouncesNothingForTheRest) {
    FakeHop hop(loop_);
    std::vector<net::MxRecord> hosts;
    for (std::uint16_t i = 1; i <= 9; ++i) {
        const std::string name = "mx" + std::to_string(i) + ".example";
        hosts.push_back({i, name});
        resolver_.set_addresses(name, net::DnsStatus::failed);
    }
    use_mx(hop, hosts);
    age_ = std::chrono::hours(48);
    auto outcome = deliver_one();
    EXPECT_EQ(resolver_.asked.size(), 5U);
    EXPECT_EQ(outcome.verdict, Verdict::deferred);
    EXPECT_EQ(outcome.status.to_string(), "4.4.3");
    // Private addresses would be for good, were nothing left to look at.
    options_.allow_private_addresses = false;
    loop_.run(stop());
    courier_.reset();
    for (const auto& host : hosts) resolver_.set_addresses(host.host, {"10.0.0.1"});
    resolver_.asked.clear();
    outcome = deliver_one();
    EXPECT_EQ(resolver_.asked.size(), 5U);
    EXPECT_EQ(outcome.verdict, Verdict::deferred) << outcome.reply;
    EXPECT_NE(outcome.reply.find("was not looked up"), std::string::npos) << outcome.reply;
    EXPECT_FALSE(outcome.retry_after) << "our own limit will be the same in a minute";
}

TEST_F(DeliveryTest, TheTimeForLookUpsIsThatOfTheWholeAttempt) {
    FakeHop hop(loop_);
    use_mx(hop, {{10, "one.example"}, {20, "two.example"}});
    resolver_.set_addresses("one.example", {"127.0.0.1"});
    options_.look_ups_timeout = Seconds(0);
    const auto outcome = deliver_one();
    EXPECT_TRUE(resolver_.asked.empty());
    EXPECT_EQ(outcome.status.to_string(), "4.4.3");
    EXPECT_EQ(hop.connections, 0);
}

TEST_F(DeliveryTest, HostsThatAreGoneDoNotHideTheOneThatIsThere) {
    FakeHop hop(loop_);
    std::vector<net::MxRecord> hosts;
    for (std::uint16_t i = 1; i <= 9; ++i)
        hosts.push_back({i, "mx" + std::to_string(i) + ".example"});
    use_mx(hop, hosts);
    resolver_.set_addresses("mx9.example", {"127.0.0.1"});
    EXPECT_EQ(deliver_one().verdict, Verdict::delivered);
}

// Half an answer: one family has nothing usable, and about the other nothing is known.
TEST_F(DeliveryTest, HalfAnAnswerOfDnsGivesNoMailBack) {
    FakeHop hop(loop_);
    options_.allow_private_addresses = false;
    use_mx(hop, {{10, "one.example"}});
    net::AddressAnswer half;
    half.status = net::DnsStatus::ok;
    half.addresses = {*IpAddress::parse("10.0.0.1")};
    resolver_.set_addresses("one.example", half);
    EXPECT_EQ(deliver_one().status.to_string(), "5.4.4");
    half.incomplete = true;
    resolver_.set_addresses("one.example", half);
    const auto outcome = deliver_one();
    EXPECT_EQ(outcome.verdict, Verdict::deferred);
    EXPECT_EQ(outcome.status.to_string(), "4.4.3");
    EXPECT_EQ(outcome.cause, Cause::dns_failure);
    EXPECT_EQ(outcome.retry_after, Seconds(60));
}

}  // namespace
}  // namespace posthaste::delivery
