#include "net/demux.h"

#include "net/detail/first_octets.h"
#include "net/memory_stream.h"
#include "net/test_support.h"
#include "runtime/task_group.h"

#include <gtest/gtest.h>

namespace posthaste::net {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using runtime::Task;

TEST(FirstOctets, Judgement) {
    const std::pair<std::string, FirstOctets> rows[] = {
        {"\x16\x03\x01\x02\x00\x01\x00\x01"s, FirstOctets::tls},
        {"\x16\x03"s, FirstOctets::tls},
        {"\x16"s, FirstOctets::tls},
        {""s, FirstOctets::plain},
        {"E"s, FirstOctets::plain},
        {"EHLO a\r\n"s, FirstOctets::plain},
        {"\x80\x2e\x01\x00\x02\x00\x15\x00"s, FirstOctets::old_ssl},
        {"\x80\x2e\x01"s, FirstOctets::old_ssl},
        {"\x80\x2e\x02"s, FirstOctets::plain},
        {"\x80"s, FirstOctets::plain},
        {"GET / HT"s, FirstOctets::http},
        {"POST /a "s, FirstOctets::http},
        {"OPTIONS "s, FirstOctets::http},
        {"CONNECT "s, FirstOctets::http},
        {"PRI * HT"s, FirstOctets::http},
        {"HEAD / H"s, FirstOctets::http},
        {"HELP\r\n"s, FirstOctets::plain},
        {"get / ht"s, FirstOctets::plain},
        {"GETX"s, FirstOctets::plain},
        {"\0\0\0\0"s, FirstOctets::plain},
    };
    for (const auto& [octets, expected] : rows) {
        EXPECT_EQ(detail::judge_first_octets(octets), expected) << ::testing::PrintToString(octets);
    }
}

TEST(DemuxMemory, Holds) {
    DemuxMemory memory;
    auto address = [](int last) {
        return IpAddress::v4({192, 0, 2, static_cast<std::uint8_t>(last)});
    };
    EXPECT_EQ(memory.hold(address(1), PortHabit::starttls, 0ms), 100ms);
    EXPECT_EQ(memory.hold(address(1), PortHabit::starttls, 100ms), 300ms);
    EXPECT_EQ(memory.hold(address(1), PortHabit::starttls, 5s), 1500ms);
    EXPECT_EQ(memory.hold(address(1), PortHabit::implicit_tls, 0ms), 4s);
    memory.saw_plain(address(1));
    EXPECT_EQ(memory.hold(address(1), PortHabit::starttls, 100ms), 260ms);
    EXPECT_EQ(memory.hold(address(1), PortHabit::implicit_tls, 100ms), 4s);
    memory.saw_tls(address(1));  // two programs behind one address
    EXPECT_EQ(memory.hold(address(1), PortHabit::starttls, 100ms), 300ms);
    EXPECT_EQ(memory.hold(address(1), PortHabit::implicit_tls, 0ms), 4s);
    memory.saw_late_hello(address(2));
    memory.saw_plain(address(2));
    EXPECT_EQ(memory.hold(address(2), PortHabit::starttls, 0ms), 3s);
    EXPECT_EQ(memory.hold(address(2), PortHabit::implicit_tls, 0ms), 10s);
    EXPECT_EQ(memory.hold(address(3), PortHabit::starttls, 0ms), 100ms);
}

TEST(DemuxMemory, AProgramThatConnectsAgainAndAgainHardlyWaits) {
    DemuxMemory memory;
    auto address = *IpAddress::parse("192.0.2.7");
    for (int i = 0; i < 30; ++i) memory.saw_plain(address);
    EXPECT_EQ(memory.hold(address, PortHabit::starttls, 0ms), 60ms);
    for (int i = 0; i < 20; ++i) memory.saw_plain(address);
    EXPECT_EQ(memory.hold(address, PortHabit::starttls, 1ms), 7ms);
    EXPECT_EQ(memory.hold(address, PortHabit::implicit_tls, 0ms), 4s);
    // Somebody behind it who chose SSL/TLS: from now on both are waited for, as anywhere.
    memory.saw_late_hello(address);
    EXPECT_EQ(memory.hold(address, PortHabit::starttls, 0ms), 100ms);
    memory.saw_late_hello(address);
    EXPECT_EQ(memory.hold(address, PortHabit::starttls, 0ms), 3s);
}

TEST(DemuxMemory, AnIpv6NetworkIsOneAndMemoryIsBounded) {
    DemuxMemory memory;
    memory.saw_plain(*IpAddress::parse("2001:db8::1"));
    EXPECT_EQ(memory.hold(*IpAddress::parse("2001:db8::2"), PortHabit::starttls, 0ms), 60ms);
    for (int i = 0; i < 10'000; ++i) {
        memory.saw_plain(IpAddress::v4(
            {10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}));
    }
    EXPECT_EQ(memory.hold(*IpAddress::parse("2001:db8::2"), PortHabit::starttls, 0ms),
              100ms);  // forgotten
    EXPECT_EQ(memory.hold(IpAddress::v4({10, 0, 39, 15}), PortHabit::starttls, 0ms), 60ms);
}

class DemuxTest : public ::testing::Test {
  protected:
    DemuxTest() { testing::ignore_sigpipe(); }

    template <class T>
    T run(Task<T> task) {
        return *runtime::run_to_end(worker_, log_, std::move(task));
    }

    Log log_{{}};
    runtime::Worker worker_{"test"};
    DemuxMemory memory_;
};

std::string word(const Result<FirstOctets>& first) {
    if (!first) return std::string(to_string(first.error().kind));
    switch (*first) {
        case FirstOctets::tls:
            return "tls";
        case FirstOctets::plain:
            return "plain";
        case FirstOctets::old_ssl:
            return "old_ssl";
        case FirstOctets::http:
            return "http";
    }
    return "?";
}

Task<std::string> judge(Stream& client, Stream& server, DemuxMemory& memory, std::string octets) {
    server.expires_after(10s);
    if (!octets.empty()) static_cast<void>(co_await client.write(octets));
    auto first = co_await demultiplex(server, PortHabit::starttls, memory);
    // Nothing was taken: the session reads it all.
    if (!octets.empty()) static_cast<void>(co_await server.fill());
    EXPECT_EQ(server.buffered(), octets);
    co_return word(first);
}

TEST_F(DemuxTest, OverASocket) {
    for (const auto& [octets, expected] : {std::pair{"\x16\x03\x01"s, "tls"},
                                           {"\x16"s, "tls"},
                                           {"EHLO a\r\n"s, "plain"},
                                           {""s, "plain"},
                                           {"GET / HTTP/1.1\r\n"s, "http"}}) {
        auto [client, server] = testing::stream_pair(worker_);
        EXPECT_EQ(run(judge(*client, *server, memory_, octets)), expected);
        auto [client2, server2] = make_memory_streams();
        EXPECT_EQ(run(judge(*client2, *server2, memory_, octets)), expected);
    }
}

Task<void> client_says_hello(std::unique_ptr<Stream> stream, bool& inside) {
    stream->expires_after(10s);
    TlsClientPolicy policy{.server_name = "mail.test", .verify = true, .alpn = {}};
    auto done = co_await stream->start_tls(*testing::Certificates::get().client, policy);
    inside = done.has_value();
    co_await stream->close();
}

Task<std::string> tls_at_once(runtime::Worker& worker, Log& log, DemuxMemory& memory) {
    auto pair = testing::stream_pair(worker);
    bool inside = false;
    runtime::TaskGroup group(worker, log);
    group.spawn(client_says_hello(std::move(pair.first), inside));
    auto& server = *pair.second;
    server.expires_after(10s);
    auto first = co_await demultiplex(server, PortHabit::implicit_tls, memory);
    auto done = co_await server.start_tls(*testing::Certificates::get().server);
    co_await server.close();
    co_await group.wait_empty(Deadline::after(10s));
    co_await group.close();
    co_return word(first) + (done && inside ? ", inside" : ", failed");
}

TEST_F(DemuxTest, APeekedHelloGoesIntoTheHandshake) {
    EXPECT_EQ(run(tls_at_once(worker_, log_, memory_)), "tls, inside");
}

Task<std::string> gone(DemuxMemory& memory, Stream& client, Stream& server) {
    client.abort();
    server.expires_after(10s);
    auto first = co_await demultiplex(server, PortHabit::implicit_tls, memory);
    co_return word(first);
}

Task<std::string> deadline_first(DemuxMemory& memory, Stream& server) {
    server.expires_after(5ms);
    auto first = co_await demultiplex(server, PortHabit::implicit_tls, memory);
    co_return word(first);
}

TEST_F(DemuxTest, EndAndDeadline) {
    auto [client, server] = testing::stream_pair(worker_);
    EXPECT_EQ(run(deadline_first(memory_, *server)), "timeout");
    EXPECT_EQ(run(gone(memory_, *client, *server)), "closed");
}

}  // namespace
}  // namespace posthaste::net
