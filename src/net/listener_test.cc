#include "net/listener.h"

#include "base/mutex.h"
#include "net/detail/port_holder.h"
#include "net/detail/socket_address.h"
#include "net/dialer.h"
#include "net/test_support.h"
#include "runtime/task_group.h"

#include <atomic>
#include <csignal>
#include <future>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

namespace posthaste::net {
namespace {

using namespace std::chrono_literals;
using runtime::Task;

TEST(ListenAddress, Parse) {
    struct Row {
        const char* text;
        const char* written;  // "" when refused
    };

    for (const Row& row : {Row{":587", ":587"},
                           {"127.0.0.1:2587", "127.0.0.1:2587"},
                           {"[::1]:2587", "[::1]:2587"},
                           {"localhost:0", "127.0.0.1:0"},
                           {"0.0.0.0:25", "0.0.0.0:25"},
                           {"", ""},
                           {"587", ""},
                           {":", ""},
                           {":65536", ""},
                           {":-1", ""},
                           {":587x", ""},
                           {"::1:587", ""},
                           {"[127.0.0.1]:5", ""},
                           {"mail.test:587", ""},
                           {"[]:587", ""},
                           {"127.0.0.1:", ""}}) {
        auto parsed = ListenAddress::parse(row.text);
        EXPECT_EQ(parsed ? parsed->to_string() : "", row.written) << row.text;
        if (!parsed) EXPECT_FALSE(parsed.error().mend.empty());
    }
}

ListenAddress loopback(std::uint16_t port = 0) {
    return {"127.0.0.1", port};
}

TEST(BoundSocket, APortInUseNamesItsHolder) {
    auto first = BoundSocket::bind(loopback());
    ASSERT_TRUE(first);
    auto second = BoundSocket::bind(loopback(first->local().port));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
    EXPECT_NE(second.error().text.find("pid " + std::to_string(::getpid())), std::string::npos)
        << second.error().text;
    EXPECT_FALSE(second.error().mend.empty());
    auto moved = std::move(*first);
    auto port = moved.local().port;
    moved = *BoundSocket::bind(loopback());
    EXPECT_TRUE(BoundSocket::bind(loopback(port)));  // the moved-over one was closed
}

TEST(BoundSocket, AnAddressOfAnotherMachine) {
    auto foreign = BoundSocket::bind({"192.0.2.1", 0});
    ASSERT_FALSE(foreign);
    EXPECT_NE(foreign.error().text.find("192.0.2.1"), std::string::npos);
}

TEST(BoundSocket, UnixSocketsReplaceOnlyWhatIsDead) {
    testing::TemporaryFolder folder;
    auto path = folder.file("admin.sock");
    mode_t before = ::umask(0777);
    auto first = BoundSocket::bind_unix(path, 0660);
    ::umask(before);
    ASSERT_TRUE(first) << first.error().text;
    struct stat found{};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0660U);
    auto second = BoundSocket::bind_unix(path, 0660);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
    ::close(first->release());  // as kill -9 would leave it
    EXPECT_TRUE(BoundSocket::bind_unix(path, 0600));
    auto file = folder.file("file");
    ASSERT_TRUE(write_file_durably(file, "x", 0600));
    auto refused = BoundSocket::bind_unix(file, 0600);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_EQ(*read_file(file, 10), "x");
    EXPECT_EQ(BoundSocket::bind_unix(folder.file(std::string(200, 'x')), 0600).error().kind,
              ErrorKind::syntax);
    EXPECT_FALSE(BoundSocket::bind_unix(folder.file("none/admin.sock"), 0600));
}

TEST(PortHolder, ReadsTheKernelsTable) {
    constexpr std::string_view table =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
        "timeout inode\n"
        "   0: 0100007F:024B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        "
        "0 4711 1 0 100\n"
        "   1: 0100007F:024B 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        "
        "0 4712 1 0 100\n"
        "   2: 00000000:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        "
        "0 4713 1 0 100\n"
        "short line\n";
    EXPECT_EQ(detail::listening_inodes(table, 587), (std::set<std::uint64_t>{4711}));
    EXPECT_EQ(detail::listening_inodes(table, 25), (std::set<std::uint64_t>{4713}));
    EXPECT_TRUE(detail::listening_inodes("", 25).empty());
}

TEST(ConnectionCounter, CountsAddressesUntilLogin) {
    ConnectionCounter counter({.total = 4, .per_address = 2});
    auto address = *IpAddress::parse("2001:db8::1");
    auto same_network = *IpAddress::parse("2001:db8::2");
    auto first = counter.admit(address);
    auto second = counter.admit(same_network);
    ASSERT_TRUE(first && second);
    auto third = counter.admit(address);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error(), ConnectionCounter::Full::address);
    first->logged_in();
    first->logged_in();
    auto fourth = counter.admit(address);
    ASSERT_TRUE(fourth);
    auto moved = std::make_optional(std::move(*second));
    EXPECT_EQ(counter.total(), 3U);
    auto other = counter.admit(IpAddress::v4({192, 0, 2, 1}));
    ASSERT_TRUE(other);
    auto one_more = counter.admit(IpAddress::v4({192, 0, 2, 2}));
    ASSERT_FALSE(one_more);
    EXPECT_EQ(one_more.error(), ConnectionCounter::Full::server);
    moved.reset();
    EXPECT_EQ(counter.total(), 3U);
    EXPECT_TRUE(counter.admit(address));
}

// ---- accepting

Task<void> greet(std::unique_ptr<Stream> stream, std::atomic<int>& served) {
    stream->expires_after(10s);
    static_cast<void>(co_await stream->write("220 hello\r\n"));
    static_cast<void>(co_await stream->fill());
    ++served;
    co_await stream->close();
}

class ListenerTest : public ::testing::Test {
  protected:
    ListenerTest() {
        for (std::size_t i = 0; i < workers_.size(); ++i) {
            groups_.push_back(std::make_unique<runtime::TaskGroup>(workers_[i], log_));
        }
    }

    ~ListenerTest() override {
        listener_.reset();
        // Each group is closed on its own worker.
        for (auto& group : groups_) {
            group->worker().post([&] { group->cancel(); });
            while (sizes_of(*group) > 0) std::this_thread::sleep_for(1ms);
        }
        workers_.stop_and_join();
    }

    static std::size_t sizes_of(runtime::TaskGroup& group) {
        std::promise<std::size_t> size;
        group.worker().post([&] { size.set_value(group.size()); });
        return size.get_future().get();
    }

    void listen(BoundSocket socket) {
        listener_ = std::make_unique<Listener>(
            std::move(socket), workers_,
            [this](runtime::Worker& worker, std::unique_ptr<Stream> stream) {
                EXPECT_TRUE(worker.is_current());
                {
                    MutexLock lock(mutex_);
                    seen_.insert(worker.index());
                    last_peer_ = stream->peer();
                }
                groups_[worker.index()]->spawn(greet(std::move(stream), served_));
            },
            log_);
        listener_->start();
        workers_.start();
    }

    // A connection that reads the greeting, then hangs up.
    bool visit(const Endpoint& to) {
        auto reached = runtime::run_to_end(client_, log_, visit_task(to));
        return reached && *reached;
    }

    static Task<bool> visit_task(Endpoint to) {
        auto stream = co_await dial(to, Deadline::after(10s));
        if (!stream) co_return false;
        (*stream)->expires_after(10s);
        auto line = co_await read_line(**stream, 100);
        co_await (*stream)->close();
        co_return line && line->text == "220 hello";
    }

    Log log_{{.format = LogFormat::logfmt, .level = LogLevel::error, .fd = 2}};
    runtime::WorkerPool workers_{2};
    runtime::Worker client_{"client"};
    std::vector<std::unique_ptr<runtime::TaskGroup>> groups_;
    std::unique_ptr<Listener> listener_;
    std::atomic<int> served_{0};
    Mutex mutex_;
    std::set<std::size_t> seen_ PH_GUARDED_BY(mutex_);
    Endpoint last_peer_ PH_GUARDED_BY(mutex_);
};

TEST_F(ListenerTest, GivesConnectionsToAllWorkersAndShowsIpv4AsIpv4) {
    auto socket = BoundSocket::bind({"", 0});
    ASSERT_TRUE(socket);
    listen(std::move(*socket));
    Endpoint to{IpAddress::v4({127, 0, 0, 1}), listener_->local().port};
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(visit(to));
    MutexLock lock(mutex_);
    EXPECT_EQ(seen_, (std::set<std::size_t>{0, 1}));
    EXPECT_EQ(last_peer_.address.to_string(), "127.0.0.1");
}

TEST_F(ListenerTest, Ipv6) {
    auto socket = BoundSocket::bind({"::1", 0});
    if (!socket) GTEST_SKIP() << "no IPv6 here";
    listen(std::move(*socket));
    EXPECT_TRUE(visit(listener_->local()));
}

TEST_F(ListenerTest, StopsListening) {
    listen(*BoundSocket::bind(loopback()));
    auto to = listener_->local();
    EXPECT_TRUE(visit(to));
    listener_->stop();
    listener_->stop();
    // The accepting worker closes the socket at its next turn.
    std::promise<void> turned;
    workers_[0].post([&] { turned.set_value(); });
    turned.get_future().wait();
    EXPECT_FALSE(visit(to));
}

TEST(Listener, EndsAfterItsWorkersHaveStopped) {
    Log log{{}};
    std::promise<void> handled;
    runtime::WorkerPool workers(2);
    std::unique_ptr<Stream> kept;  // goes before its worker, as a session would
    Listener listener(
        *BoundSocket::bind(loopback()), workers,
        [&](runtime::Worker&, std::unique_ptr<Stream> stream) {
            kept = std::move(stream);
            handled.set_value();
        },
        log);
    listener.start();
    workers.start();
    FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    detail::SocketAddress to(listener.local());
    ASSERT_EQ(::connect(client.get(), to.data(), to.size()), 0);
    handled.get_future().wait();
    workers.stop_and_join();
}

Task<bool> visit_unix(std::string path) {
    auto stream = co_await dial_unix(path, Deadline::after(10s));
    if (!stream) co_return false;
    (*stream)->expires_after(10s);
    auto line = co_await read_line(**stream, 100);
    co_await (*stream)->close();
    co_return line.has_value();
}

TEST_F(ListenerTest, UnixSockets) {
    testing::TemporaryFolder folder;
    auto path = folder.file("admin.sock");
    listen(*BoundSocket::bind_unix(path, 0600));
    EXPECT_EQ(runtime::run_to_end(client_, log_, visit_unix(path)), true);
    EXPECT_EQ(runtime::run_to_end(client_, log_, visit_unix(folder.file("none"))), false);
}

// In a process of its own, which has few descriptors: it must neither spin nor stop serving for
// good.
int run_out_of_descriptors() {
    Log log{{.format = LogFormat::logfmt, .level = LogLevel::error, .fd = 2}};
    runtime::WorkerPool workers(1);
    runtime::TaskGroup group(workers[0], log);
    std::atomic<int> served{0};
    auto socket = BoundSocket::bind(loopback());
    Listener listener(
        std::move(*socket), workers,
        [&](runtime::Worker&, std::unique_ptr<Stream> stream) {
            group.spawn(greet(std::move(stream), served));
        },
        log);
    rlimit few{};
    ::getrlimit(RLIMIT_NOFILE, &few);
    std::vector<FileDescriptor> clients;
    detail::SocketAddress to(listener.local());
    for (int i = 0; i < 40; ++i) {
        clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(clients.back().get(), to.data(), to.size()) != 0) return 1;
    }
    // Room for some of the forty.
    few.rlim_cur = static_cast<rlim_t>(clients.back().get()) + 16;
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 2;
    listener.start();
    workers.start();
    std::this_thread::sleep_for(300ms);
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    if (used.ru_utime.tv_sec + used.ru_stime.tv_sec > 0 ||
        used.ru_utime.tv_usec + used.ru_stime.tv_usec > 200'000) {
        return 3;  // it spins
    }
    // As clients leave, their descriptors serve those who wait in the backlog.
    std::size_t answered = 0;
    while (!clients.empty()) {
        char octets[64];
        timeval wait{2, 0};
        ::setsockopt(clients.front().get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        if (::recv(clients.front().get(), octets, sizeof octets, 0) > 0) ++answered;
        clients.erase(clients.begin());
    }
    listener.stop();
    std::atomic<bool> empty{false};
    auto until = std::chrono::steady_clock::now() + 5s;
    while (!empty && std::chrono::steady_clock::now() < until) {
        std::promise<void> turned;
        workers[0].post([&] {
            empty = group.size() == 0;
            turned.set_value();
        });
        turned.get_future().wait();
        std::this_thread::sleep_for(1ms);
    }
    workers.stop_and_join();
    if (!empty) return 4;
    return answered >= 20 ? 0 : 5;
}

TEST(ListenerDeathTest, WithoutDescriptorsItPausesAndGoesOn) {
#if __has_feature(address_sanitizer)
    GTEST_SKIP() << "the sanitizer itself needs descriptors to judge a pointer";
#endif
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(::_exit(run_out_of_descriptors()), ::testing::ExitedWithCode(0),
                "cannot accept a connection");
}

// ---- dialing

Task<Error> dial_error(Endpoint to, Deadline deadline) {
    auto stream = co_await dial(to, deadline);
    co_return stream ? Error{ErrorKind::io, "connected", {}} : stream.error();
}

TEST(Dialer, SaysWhyItCouldNot) {
    Log log{{}};
    runtime::Worker worker("test");
    auto socket = BoundSocket::bind(loopback());
    Endpoint gone = socket->local();
    ::close(socket->release());
    auto refused = *runtime::run_to_end(worker, log, dial_error(gone, Deadline::after(10s)));
    EXPECT_EQ(refused.kind, ErrorKind::refused);
    EXPECT_EQ(refused.text, "connection refused");
    // A listener whose backlog is full does not answer: the deadline ends the wait.
    FileDescriptor full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    detail::SocketAddress address(Endpoint{IpAddress::v4({127, 0, 0, 1}), 0});
    ASSERT_EQ(::bind(full.get(), address.data(), address.size()), 0);
    ASSERT_EQ(::listen(full.get(), 0), 0);
    ASSERT_EQ(::getsockname(full.get(), address.get(), address.length()), 0);
    std::vector<FileDescriptor> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        ::connect(waiting.back().get(), address.data(), address.size());
    }
    auto late =
        *runtime::run_to_end(worker, log, dial_error(address.endpoint(), Deadline::after(20ms)));
    EXPECT_EQ(late.kind, ErrorKind::timeout);
}

}  // namespace
}  // namespace posthaste::net
