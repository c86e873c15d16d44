// The server on real sockets, with TLS, accounts, store and queue behind it.
#include "submission/server.h"

#include "accounts/testing.h"
#include "base/base64.h"
#include "net/dialer.h"
#include "runtime/run.h"

#include <condition_variable>
#include <csignal>

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

// Nothing is delivered: these tests look at what was taken.
class NoCourier final : public queue::Courier {
  public:
    runtime::Task<queue::Location> locate(mail::Domain, std::string) override {
        co_return queue::Location{.site = queue::Site{.key = "nowhere"}, .otherwise = {}};
    }

    runtime::Task<queue::ParcelReport> deliver(queue::Parcel parcel) override {
        queue::ParcelReport report;
        for (const auto& recipient : parcel.recipients) {
            report.outcomes.emplace_back(recipient.index, mail::Outcome{});
        }
        co_return report;
    }
};

class Finished {
  public:
    void set() {
        MutexLock lock(mutex_);
        set_ = true;
        changed_.notify_all();
    }

    bool wait() {
        MutexLock lock(mutex_);
        const auto until = std::chrono::steady_clock::now() + Seconds(30);
        while (!set_) {
            if (changed_.wait_until(lock.native(), until) == std::cv_status::timeout) return false;
        }
        return true;
    }

  private:
    Mutex mutex_;
    bool set_ PH_GUARDED_BY(mutex_) = false;
    std::condition_variable changed_;
};

struct Running {
    explicit Running(net::ConnectionCounter::Limits limits = {}, PortProfile profile = {})
        : connections(limits) {
        signal(SIGPIPE, SIG_IGN);  // as the daemon does
        temp.add_domain("example.com");
        temp.add_account("anna@example.com", "correct horse");
        auto files = net::ensure_own_certificates(certificates.path(), {"localhost"});
        PH_ASSERT(files.has_value());
        auto made = net::TlsServerContext::make({.certificates = *files});
        PH_ASSERT(made.has_value());
        auto client_made = net::TlsClientContext::make(certificates.path() + "/ca.pem");
        PH_ASSERT(client_made.has_value());
        trust = *client_made;
        PH_ASSERT(queue.start().has_value());
        Options options;
        options.hostname = "mail.example.com";
        options.admin = "postmaster@example.com";
        server.emplace(options,
                       Services{.queue = queue,
                                .store = temp.store(),
                                .authenticator = authenticator,
                                .tls = *made,
                                .connections = connections,
                                .demux = demux,
                                .blocking = blocking,
                                .log = temp.log(),
                                .events = {}},
                       workers);
        workers.start();
        auto socket = net::BoundSocket::bind({"127.0.0.1", 0});
        PH_ASSERT(socket.has_value());
        listener.emplace(std::move(*socket), workers, server->handler(profile), temp.log());
        listener->start();
    }

    ~Running() {
        listener->stop();
        stop(Deadline::after(Seconds(0)));
        Finished queue_stopped;
        queue.stop(Deadline::after(Seconds(0)), [&] { queue_stopped.set(); });
        PH_ASSERT(queue_stopped.wait());
        workers.stop_and_join();
    }

    void stop(Deadline grace) {
        Finished finished;
        server->stop(grace, [&] { finished.set(); });
        PH_ASSERT(finished.wait());
    }

    static queue::Queue::Options queue_options() {
        queue::Queue::Options options;
        options.hostname = "mail.example.com";
        options.admin = "postmaster@example.com";
        return options;
    }

    accounts::testing::TempStore temp;
    store::testing::TempFolder certificates;
    runtime::WorkerPool workers{2};
    runtime::BlockingPool blocking{"blocking", 2, 100};
    NoCourier courier;
    queue::Queue queue{queue_options(), temp.store(),       courier, workers, blocking,
                       temp.log(),      [](const Event&) {}};
    accounts::Authenticator authenticator{{}, temp.store()};
    net::ConnectionCounter connections;
    net::DemuxMemory demux;
    std::shared_ptr<net::TlsClientContext> trust;
    std::optional<Server> server;
    std::optional<net::Listener> listener;
};

// A client on a worker of its own, on the test's thread.
class Client {
    template <class T>
    auto run(runtime::Task<T> task) {
        return runtime::run_to_end(worker_, running_.temp.log(), std::move(task));
    }

  public:
    explicit Client(Running& running) : running_(running) {
        stream_ = std::move(
            *run(net::dial(running.listener->local(), Deadline::after(Seconds(10)))).value());
    }

    bool start_tls() {
        stream_->expires_after(Seconds(10));
        return run(stream_->start_tls(*running_.trust,
                                      {.server_name = "localhost", .verify = true, .alpn = {}}))
            .value()
            .has_value();
    }

    std::string reply() {
        std::string all;
        for (;;) {
            stream_->expires_after(Seconds(10));
            auto line = run(net::read_line(*stream_, 1000)).value();
            if (!line) return all;
            all += line->text + '\n';
            if (line->text.size() < 4 || line->text[3] != '-') return all;
        }
    }

    std::string say(const std::string& line) {
        const std::string wire = line + "\r\n";
        stream_->expires_after(Seconds(10));
        if (!run(stream_->write(wire)).value()) return "";
        return reply();
    }

    void log_in() {
        say("EHLO test");
        ASSERT_TRUE(say("AUTH PLAIN " +
                        base64::encode(std::string("\0anna@example.com\0correct horse", 31)))
                        .starts_with("235 "));
    }

    void upgrade() {
        say("EHLO test");
        ASSERT_TRUE(say("STARTTLS").starts_with("220 "));
        ASSERT_TRUE(start_tls());
    }

    void begin_with_starttls() {
        ASSERT_TRUE(reply().starts_with("220 mail.example.com "));
        upgrade();
        log_in();
    }

    // The reply to the end of a message to one recipient.
    std::string send_message() {
        say("MAIL FROM:<anna@example.com>");
        say("RCPT TO:<bob@example.org>");
        say("DATA");
        return say("From: anna@example.com\r\nSubject: x\r\n\r\nHello\r\n.");
    }

  private:
    Running& running_;
    runtime::Worker worker_{"client"};
    std::unique_ptr<net::Stream> stream_;
};

TEST(Server, TakesAMessageBehindStarttls) {
    Running running;
    Client client(running);
    client.begin_with_starttls();
    const std::string reply = client.send_message();
    ASSERT_TRUE(reply.starts_with("250 2.0.0 Accepted as ")) << reply;
    // 250 means on disk.
    const auto id = QueueId::parse(std::string_view(reply).substr(22, 26));
    ASSERT_TRUE(id.has_value());
    const auto stored = running.temp.store().engine().message(*id);
    ASSERT_TRUE(stored.has_value() && stored->has_value());
    EXPECT_EQ((*stored)->row.account, "anna@example.com");
    EXPECT_NE((*stored)->row.header->find("with ESMTPSA (TLSv1.3)"), std::string::npos);
    EXPECT_EQ(running.server->sessions(), 1U);
}

TEST(Server, TakesTlsAtOnceOnTheSamePort) {
    Running running;
    Client client(running);
    ASSERT_TRUE(client.start_tls());
    ASSERT_TRUE(client.reply().starts_with("220 mail.example.com "));
    client.log_in();
    EXPECT_TRUE(client.send_message().starts_with("250 2.0.0 Accepted as "));
    EXPECT_TRUE(client.send_message().starts_with("250 2.0.0 Accepted as "));
    EXPECT_TRUE(client.say("QUIT").starts_with("221 "));
}

TEST(Server, TurnsAwayWhatIsTooMuch) {
    Running running({.total = 3, .per_address = 2});
    Client one(running);
    Client two(running);
    ASSERT_TRUE(one.reply().starts_with("220 "));
    ASSERT_TRUE(two.reply().starts_with("220 "));
    Client three(running);
    EXPECT_TRUE(three.reply().starts_with("421 4.7.0 Too many connections from your network"));
    // Who is logged in does not count for the address, only for the server.
    one.upgrade();
    one.log_in();
    Client four(running);
    ASSERT_TRUE(four.reply().starts_with("220 "));
    Client five(running);
    EXPECT_TRUE(five.reply().starts_with("421 4.3.2 The mail server has too many connections"));
}

// A line in clear would be garbage to it.
TEST(Server, ClosesOnWhoBeginsWithTlsAndIsTooMuch) {
    Running running({.total = 1, .per_address = 1});
    Client one(running);
    ASSERT_TRUE(one.reply().starts_with("220 "));
    Client two(running);
    EXPECT_FALSE(two.start_tls());
    Client three(running);
    EXPECT_TRUE(three.reply().starts_with("421 4.3.2 "));
}

TEST(Server, SaysNothingInClearWhereClientsBeginWithTls) {
    PortProfile profile;
    profile.habit = net::PortHabit::implicit_tls;
    Running running({.total = 1, .per_address = 1}, profile);
    Client one(running);
    ASSERT_TRUE(one.start_tls());
    ASSERT_TRUE(one.reply().starts_with("220 "));
    Client two(running);
    EXPECT_EQ(two.reply(), "");
}

PortProfile for_old_devices(std::string_view allow) {
    PortProfile profile;
    profile.legacy = true;
    profile.allow.push_back(*IpNetwork::parse(allow));
    return profile;
}

TEST(Server, ThePortForOldDevicesServesItsRangeAlone) {
    Running outside({}, for_old_devices("10.0.0.0/8"));
    Client stranger(outside);
    EXPECT_TRUE(stranger.reply().starts_with("421 4.7.0 This port is for old devices"));
    Client with_tls(outside);
    EXPECT_FALSE(with_tls.start_tls());
    EXPECT_EQ(outside.server->sessions(), 0U);
    Running inside({}, for_old_devices("127.0.0.0/8"));
    Client device(inside);
    device.begin_with_starttls();
    EXPECT_TRUE(device.send_message().starts_with("250 2.0.0 Accepted as "));
    EXPECT_NE(device.say("EHLO again").find("250-AUTH=PLAIN LOGIN"), std::string::npos);
}

TEST(Server, ThePortForOldDevicesWithoutARangeServesNobody) {
    PortProfile profile;
    profile.legacy = true;
    Running running({}, profile);
    Client stranger(running);
    EXPECT_TRUE(stranger.reply().starts_with("421 4.7.0 This port is for old devices"));
}

TEST(Server, StopsInPhases) {
    Running running;
    Client idle(running);
    ASSERT_TRUE(idle.reply().starts_with("220 "));
    Client busy(running);
    busy.begin_with_starttls();
    busy.say("MAIL FROM:<anna@example.com>");
    busy.say("RCPT TO:<bob@example.org>");
    busy.say("DATA");
    Finished finished;
    running.server->stop(Deadline::after(Seconds(20)), [&] { finished.set(); });
    EXPECT_TRUE(idle.reply().starts_with("421 4.3.2 "));
    EXPECT_TRUE(busy.say("From: anna@example.com\r\n\r\n.").starts_with("250 2.0.0 "));
    EXPECT_TRUE(busy.reply().starts_with("421 4.3.2 "));
    EXPECT_TRUE(finished.wait());
    EXPECT_EQ(running.server->sessions(), 0U);
    Client late(running);
    EXPECT_TRUE(late.reply().empty());
}

TEST(Server, CancelsWhoDoesNotEndInTime) {
    Running running;
    Client busy(running);
    busy.begin_with_starttls();
    busy.say("MAIL FROM:<anna@example.com>");
    busy.say("RCPT TO:<bob@example.org>");
    busy.say("DATA");
    running.stop(Deadline::after(Milliseconds(50)));
    EXPECT_EQ(running.server->sessions(), 0U);
}

}  // namespace
}  // namespace posthaste::submission
