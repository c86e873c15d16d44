#include "net/resolver.h"

#include "net/detail/unbound.h"
#include "net/test_support.h"
#include "runtime/run.h"
#include "runtime/task_group.h"

#include <arpa/inet.h>
#include <atomic>
#include <map>
#include <netinet/in.h>
#include <poll.h>
#include <thread>

#include <gtest/gtest.h>

namespace posthaste::net {
namespace {

using namespace std::chrono_literals;
using runtime::Task;

// A DNS server of a few fixed names on UDP, as far as libunbound needs one.
class SmallDnsServer {
  public:
    struct Record {
        std::uint16_t type;
        std::string data;
    };

    SmallDnsServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        PH_ASSERT(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) ==
                  0);
        socklen_t length = sizeof address;
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port = ntohs(address.sin_port);
    }

    ~SmallDnsServer() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }

    void start() {
        thread_ = std::thread([this] { serve(); });
    }

    std::string address() const { return "127.0.0.1:" + std::to_string(port); }

    std::uint16_t port = 0;
    std::multimap<std::string, Record> records;  // before start
    std::string silent = "silent.test";          // no answer at all
    std::string broken = "broken.test";          // SERVFAIL
    std::atomic<int> mx_questions{0};
    std::atomic<int> txt_questions{0};

  private:
    void serve() {
        while (!stopping_) {
            pollfd fd{socket_.get(), POLLIN, 0};
            if (::poll(&fd, 1, 10) <= 0) continue;
            char octets[1500];
            sockaddr_in from{};
            socklen_t length = sizeof from;
            auto got = ::recvfrom(socket_.get(), octets, sizeof octets, 0,
                                  reinterpret_cast<sockaddr*>(&from), &length);
            if (got < 12) continue;
            auto reply = answer({octets, static_cast<std::size_t>(got)});
            if (reply.empty()) continue;
            ::sendto(socket_.get(), reply.data(), reply.size(), 0,
                     reinterpret_cast<sockaddr*>(&from), length);
        }
    }

    std::string answer(std::string question) {
        std::string name;
        std::size_t at = 12;
        while (at < question.size() && question[at] != 0) {
            auto length = static_cast<std::size_t>(question[at]);
            name += (name.empty() ? "" : ".") + question.substr(at + 1, length);
            at += 1 + length;
        }
        for (char& c : name) c = static_cast<char>(std::tolower(c));
        auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(question[at + 2]));
        std::string asked = question.substr(12, at + 5 - 12);
        if (name == silent) return {};
        if (type == 15) ++mx_questions;
        if (type == 16) ++txt_questions;
        std::string answers;
        char count = 0;
        for (auto [it, end] = records.equal_range(name); it != end; ++it) {
            if (it->second.type != type) continue;
            ++count;
            const auto size = it->second.data.size();
            answers += std::string("\xc0\x0c\0", 3) + static_cast<char>(type) +
                       std::string("\0\1\0\0\0\x3c", 6) + static_cast<char>(size >> 8) +
                       static_cast<char>(size & 0xff) + it->second.data;
        }
        char rcode = name == broken ? 2 : records.contains(name) ? 0 : 3;
        // A "no" comes with the zone's SOA, which says for how long: a minute (RFC 2308 §3).
        const bool negative = count == 0 && rcode != 2;
        if (negative)
            answers +=
                std::string("\0\0\6\0\1\0\0\0\x3c\0\x16\0\0", 13) + std::string(19, '\0') + '\x3c';
        std::string header = question.substr(0, 2) + std::string("\x84", 1) +
                             static_cast<char>(0x80 | rcode) + std::string("\0\1\0", 3) + count +
                             std::string("\0", 1) + (negative ? '\1' : '\0') + std::string(2, '\0');
        return header + asked + answers;
    }

    FileDescriptor socket_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

std::string name_data(std::initializer_list<std::string_view> labels) {
    std::string octets;
    for (auto label : labels) octets += static_cast<char>(label.size()) + std::string(label);
    return octets + '\0';
}

class ResolverTest : public ::testing::Test {
  protected:
    ResolverTest() {
        server_.records = {
            {"example.test", {15, std::string("\0\x14", 2) + name_data({"b", "test"})}},
            {"example.test", {15, std::string("\0\x0a", 2) + name_data({"A", "test"})}},
            {"a.test", {1, std::string("\x7f\0\0\2", 4)}},
            {"a.test", {28, std::string(15, '\0') + "\1"}},
            {"b.test", {1, std::string("\x7f\0\0\3", 4)}},
            {"s1._domainkey.example.test",
             {16, "\xff" + std::string(255, 'x') + "\x03" + "end" + std::string(1, '\0')}},
        };
        server_.start();
        auto made = Resolver::make({.servers = {server_.address()}, .trust_anchor_file = {}}, log_);
        EXPECT_TRUE(made) << made.error().text;
        resolver_ = std::move(*made);
    }

    template <class T>
    T run(Task<T> task) {
        return *runtime::run_to_end(worker_, log_, std::move(task));
    }

    Log log_{{.format = LogFormat::logfmt, .level = LogLevel::error, .fd = 2}};
    SmallDnsServer server_;
    runtime::Worker worker_{"test"};
    std::unique_ptr<Resolver> resolver_;
};

TEST_F(ResolverTest, MxAndItsCache) {
    for (int i = 0; i < 3; ++i) {
        auto answer = run(resolver_->mx("Example.TEST.", Deadline::after(10s)));
        ASSERT_EQ(answer.status, DnsStatus::ok) << answer.why;
        ASSERT_EQ(answer.records.size(), 2U);
        EXPECT_EQ(answer.records[0].host, "a.test");
        EXPECT_EQ(answer.records[1].preference, 20);
        EXPECT_FALSE(answer.secure);
    }
    EXPECT_EQ(server_.mx_questions, 1);
}

TEST_F(ResolverTest, AddressesOfBothFamilies) {
    auto both = run(resolver_->addresses("a.test", Deadline::after(10s)));
    ASSERT_EQ(both.status, DnsStatus::ok) << both.why;
    ASSERT_EQ(both.addresses.size(), 2U);
    EXPECT_EQ(both.addresses[0].to_string(), "::1");
    EXPECT_EQ(both.addresses[1].to_string(), "127.0.0.2");
    auto one = run(resolver_->addresses("b.test", Deadline::after(10s)));
    ASSERT_EQ(one.status, DnsStatus::ok) << one.why;
    EXPECT_EQ(one.addresses.size(), 1U);
    auto literal = run(resolver_->addresses("192.0.2.7", Deadline::after(10s)));
    ASSERT_EQ(literal.status, DnsStatus::ok);
}

TEST_F(ResolverTest, WhatIsNotThere) {
    EXPECT_EQ(run(resolver_->mx("nowhere.test", Deadline::after(10s))).status, DnsStatus::no_name);
    EXPECT_EQ(run(resolver_->mx("a.test", Deadline::after(10s))).status, DnsStatus::no_data);
    EXPECT_EQ(run(resolver_->addresses("nowhere.test", Deadline::after(10s))).status,
              DnsStatus::no_name);
    EXPECT_EQ(run(resolver_->addresses("example.test", Deadline::after(10s))).status,
              DnsStatus::no_data);
    EXPECT_EQ(run(resolver_->mx("no host name", Deadline::after(10s))).status, DnsStatus::no_name);
}

TEST_F(ResolverTest, TextsAreAskedForEachTime) {
    for (int i = 1; i <= 3; ++i) {
        auto answer = run(resolver_->txt("S1._domainkey.Example.test.", Deadline::after(10s)));
        ASSERT_EQ(answer.status, DnsStatus::ok) << answer.why;
        EXPECT_EQ(answer.texts, std::vector<std::string>{std::string(255, 'x') + "end"});
        EXPECT_EQ(server_.txt_questions, i);
    }
    for (int i = 4; i <= 5; ++i) {
        EXPECT_EQ(run(resolver_->txt("s2._domainkey.test", Deadline::after(10s))).status,
                  DnsStatus::no_name);
        EXPECT_EQ(server_.txt_questions, i);
    }
    EXPECT_EQ(run(resolver_->txt("a.test", Deadline::after(10s))).status, DnsStatus::no_data);
    EXPECT_EQ(run(resolver_->txt("no name", Deadline::after(10s))).status, DnsStatus::no_name);
    EXPECT_EQ(run(resolver_->txt("silent.test", Deadline::after(50ms))).why,
              "DNS did not answer in time");
}

TEST_F(ResolverTest, TextsForMailAreKept) {
    for (int i = 0; i < 3; ++i) {
        auto answer = run(resolver_->kept_txt("S1._domainkey.Example.test.", Deadline::after(10s)));
        ASSERT_EQ(answer.status, DnsStatus::ok) << answer.why;
        EXPECT_EQ(answer.texts, std::vector<std::string>{std::string(255, 'x') + "end"});
        EXPECT_EQ(server_.txt_questions, 1);
    }
    EXPECT_EQ(run(resolver_->kept_txt("a.test", Deadline::after(10s))).status, DnsStatus::no_data);
    EXPECT_EQ(run(resolver_->kept_txt("silent.test", Deadline::after(50ms))).why,
              "DNS did not answer in time");
}

TEST_F(ResolverTest, FailuresAreTemporary) {
    auto broken = run(resolver_->mx("broken.test", Deadline::after(20s)));
    EXPECT_EQ(broken.status, DnsStatus::failed);
    EXPECT_NE(broken.why.find("SERVFAIL"), std::string::npos) << broken.why;
    auto silent = run(resolver_->mx("silent.test", Deadline::after(50ms)));
    EXPECT_EQ(silent.status, DnsStatus::failed);
    EXPECT_EQ(silent.why, "DNS did not answer in time");
}

TEST_F(ResolverTest, ARelayByNameAddressOrHostsFile) {
    auto by_dns = run(resolver_->system_addresses("b.test", Deadline::after(10s)));
    ASSERT_EQ(by_dns.status, DnsStatus::ok) << by_dns.why;
    auto single_label = run(resolver_->system_addresses("localhost", Deadline::after(10s)));
    ASSERT_EQ(single_label.status, DnsStatus::ok) << single_label.why;
    auto literal = run(resolver_->system_addresses("::1", Deadline::after(10s)));
    ASSERT_EQ(literal.addresses.size(), 1U);
}

Task<void> ask(Resolver& resolver, std::string name, int& answered) {
    auto answer = co_await resolver.mx(std::move(name), Deadline::after(20s));
    if (answer.status == DnsStatus::no_name) ++answered;
}

Task<int> ask_many(runtime::Worker& worker, Log& log, Resolver& resolver) {
    int answered = 0;
    runtime::TaskGroup group(worker, log);
    for (int i = 0; i < 300; ++i) {
        std::string name = "n" + std::to_string(i % 100) + ".test";
        group.spawn(ask(resolver, std::move(name), answered));
    }
    co_await group.wait_empty(Deadline::after(30s));
    co_await group.close();
    co_return answered;
}

TEST_F(ResolverTest, ManyNamesAtOnceAskOnceEach) {
    EXPECT_EQ(run(ask_many(worker_, log_, *resolver_)), 300);
    EXPECT_EQ(server_.mx_questions, 100);
}

Task<int> leave_under_way(runtime::Worker& worker, Log& log, Resolver& resolver) {
    int answered = 0;
    runtime::TaskGroup group(worker, log);
    for (int i = 0; i < 20; ++i) group.spawn(ask(resolver, "silent.test", answered));
    co_await group.close();
    co_return answered;
}

TEST_F(ResolverTest, EndsWithQueriesUnderWay) {
    EXPECT_EQ(run(leave_under_way(worker_, log_, *resolver_)), 0);
    resolver_.reset();
}

TEST(Resolver, ServersAndAnchors) {
    EXPECT_EQ(*detail::unbound_server("192.0.2.1"), "192.0.2.1@53");
    EXPECT_EQ(*detail::unbound_server("127.0.0.1:5353"), "127.0.0.1@5353");
    EXPECT_EQ(*detail::unbound_server("[::1]:5353"), "::1@5353");
    EXPECT_EQ(*detail::unbound_server("::1"), "::1@53");
    for (const char* bad : {"", "localhost", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000",
                            "::1:x", "[127.0.0.1]:53"}) {
        EXPECT_FALSE(detail::unbound_server(bad)) << bad;
    }
    Log log{{}};
    auto no_anchor =
        Resolver::make({.servers = {}, .trust_anchor_file = "/nonexistent/root.key"}, log);
    ASSERT_FALSE(no_anchor);
    EXPECT_EQ(no_anchor.error().kind, ErrorKind::not_found);
    EXPECT_FALSE(Resolver::make({.servers = {"dns"}, .trust_anchor_file = {}}, log));
}

}  // namespace
}  // namespace posthaste::net
