#include "net/stream.h"

#include "net/memory_stream.h"
#include "net/test_support.h"
#include "runtime/task_group.h"
#include "runtime/timer.h"

#include <gtest/gtest.h>

namespace posthaste::net {
namespace {

using namespace std::chrono_literals;
using runtime::Task;

enum class Kind { memory, socket };

// Everything that a Stream promises, for the one in memory and the one on a socket.
class StreamTest : public ::testing::TestWithParam<Kind> {
  protected:
    StreamTest() {
        testing::ignore_sigpipe();
        auto pair =
            GetParam() == Kind::memory ? make_memory_streams() : testing::stream_pair(worker_);
        near_ = std::move(pair.first);
        far_ = std::move(pair.second);
        near_->expires_after(30s);
        far_->expires_after(30s);
    }

    template <class T>
    T run(Task<T> task) {
        return *runtime::run_to_end(worker_, log_, std::move(task));
    }

    Log log_{{}};
    runtime::Worker worker_{"test"};
    std::unique_ptr<Stream> near_;
    std::unique_ptr<Stream> far_;
};

INSTANTIATE_TEST_SUITE_P(Streams, StreamTest, ::testing::Values(Kind::memory, Kind::socket),
                         [](const auto& row) {
                             return row.param == Kind::memory ? "memory" : "socket";
                         });

std::string said(const Result<Line>& line) {
    if (!line) return "<" + std::string(to_string(line.error().kind)) + ">";
    return line->text + (line->bare_lf ? "|lf" : "|");
}

Task<std::vector<std::string>> lines_of(std::unique_ptr<Stream> from, Stream& to,
                                        std::string octets, std::size_t piece, std::size_t max) {
    std::vector<std::string> lines;
    std::string_view rest = octets;
    while (!rest.empty()) {
        auto put = co_await from->write(rest.substr(0, piece));
        EXPECT_TRUE(put);
        rest.remove_prefix(std::min(piece, rest.size()));
        if (piece >= octets.size()) break;
        // In pieces, the reader meets each of them alone.
        auto filled = co_await to.fill();
        EXPECT_TRUE(filled);
    }
    from.reset();
    for (;;) {
        auto line = co_await read_line(to, max);
        lines.push_back(said(line));
        if (!line && line.error().kind != ErrorKind::too_large) break;
    }
    co_return lines;
}

Task<std::string> endless_line(std::unique_ptr<Stream> from, Stream& to, std::size_t dropped) {
    const std::string octets(3000, 'x');  // fits into the pipe, and the connection stays open
    auto put = co_await from->write(octets);
    EXPECT_TRUE(put);
    to.expires_after(30s);
    auto line = co_await read_line(to, 1000, dropped);
    co_return said(line);
}

TEST_P(StreamTest, ALineWithoutEndIsNotAwaited) {
    for (const std::size_t dropped : {0U, 1U, 1999U, 2000U}) {
        auto pair =
            GetParam() == Kind::memory ? make_memory_streams() : testing::stream_pair(worker_);
        EXPECT_EQ(run(endless_line(std::move(pair.first), *pair.second, dropped)), "<syntax>")
            << dropped;
    }
}

Task<std::string> long_line(Stream& from, Stream& to) {
    auto put = co_await from.write(std::string(1500, 'x') + "\nok\n");
    EXPECT_TRUE(put);
    auto line = co_await read_line(to, 1000, 501);
    auto next = co_await read_line(to, 1000, 501);
    co_return said(line) + said(next);
}

TEST_P(StreamTest, ALineThatEndsWithinTheBoundIsDropped) {
    EXPECT_EQ(run(long_line(*near_, *far_)), "<too_large>ok|lf");
}

struct LineRow {
    const char* name;
    std::string octets;
    std::vector<std::string> lines;
};

TEST_P(StreamTest, ReadLine) {
    const std::vector<LineRow> rows{
        {"two lines", "EHLO a\r\nQUIT\r\n", {"EHLO a|", "QUIT|", "<closed>"}},
        {"empty lines", "\r\n\n", {"|", "|lf", "<closed>"}},
        {"bare LF", "a\nb\r\n", {"a|lf", "b|", "<closed>"}},
        {"CR in the middle stays", "a\rb\r\n", {"a\rb|", "<closed>"}},
        {"CR CR LF", "a\r\r\n", {"a\r|", "<closed>"}},
        {"NUL stays", std::string("a\0b\r\n", 5), {std::string("a\0b|", 4), "<closed>"}},
        {"cut off", "abc", {"<closed>"}},
        {"just fits", "12345678\r\n", {"12345678|", "<closed>"}},
        {"one too long", "123456789\r\nok\r\n", {"<too_large>", "ok|", "<closed>"}},
        {"much too long", std::string(300, 'x') + "\nok\r\n", {"<too_large>", "ok|", "<closed>"}},
        {"too long and cut off", std::string(300, 'x'), {"<closed>"}},
    };
    for (const auto& row : rows) {
        for (std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
            SCOPED_TRACE(row.name + std::string(" in pieces of ") + std::to_string(piece));
            auto pair =
                GetParam() == Kind::memory ? make_memory_streams() : testing::stream_pair(worker_);
            EXPECT_EQ(run(lines_of(std::move(pair.first), *pair.second, row.octets, piece, 10)),
                      row.lines);
        }
    }
}

Task<std::vector<std::string>> bounded(Stream& from, Stream& to) {
    std::vector<std::string> steps;
    auto note = [&](const Result<void>& result) {
        steps.push_back(result ? std::string(to.buffered())
                               : std::string(to_string(result.error().kind)));
    };
    static_cast<void>(co_await from.write("0123456789"));
    auto first = co_await to.fill(4);
    note(first);
    auto full = co_await to.fill(4);
    note(full);
    to.consume(3);
    auto more = co_await to.fill(4);
    note(more);
    auto rest = co_await to.fill();
    note(rest);
    co_return steps;
}

TEST_P(StreamTest, FillStaysWithinItsBound) {
    EXPECT_EQ(run(bounded(*near_, *far_)),
              (std::vector<std::string>{"0123", "too_large", "3456", "3456789"}));
}

Task<std::vector<std::string>> waits(Stream& near, Stream& far) {
    std::vector<std::string> steps;
    near.expires_after(1ms);
    auto late = co_await near.fill();
    steps.emplace_back(late ? "ok" : to_string(late.error().kind));
    // A timeout while reading leaves the stream alive, for a last reply.
    near.expires_after(30s);
    auto put = co_await near.write("421 too slow\r\n");
    steps.emplace_back(put ? "ok" : to_string(put.error().kind));
    auto got = co_await read_line(far, 100);
    steps.push_back(said(got));
    // Also when octets are there: the moment is over.
    static_cast<void>(co_await far.write("x"));
    near.expires_at(Deadline{SteadyTime::min()});
    auto over = co_await near.fill();
    steps.emplace_back(over ? "ok" : to_string(over.error().kind));
    co_return steps;
}

TEST_P(StreamTest, TheDeadlineEndsAReadAndLeavesAReply) {
    EXPECT_EQ(run(waits(*near_, *far_)),
              (std::vector<std::string>{"timeout", "ok", "421 too slow|", "timeout"}));
}

Task<std::vector<std::string>> flood(Stream& near) {
    std::vector<std::string> steps;
    std::string octets(8 << 20, 'x');
    near.expires_after(20ms);
    auto put = co_await near.write(octets);
    steps.emplace_back(put ? "ok" : to_string(put.error().kind));
    near.expires_after(30s);
    auto again = co_await near.write("more");
    steps.emplace_back(again ? "ok" : to_string(again.error().kind));
    co_return steps;
}

TEST_P(StreamTest, APeerThatDoesNotReadRunsIntoTheDeadline) {
    EXPECT_EQ(run(flood(*near_)), (std::vector<std::string>{"timeout", "closed"}));
}

Task<void> send_all(Stream& stream, std::size_t octets, bool& sent) {
    std::string piece(64 << 10, 'x');
    for (std::size_t i = 0; i < octets; i += piece.size()) {
        auto put = co_await stream.write(piece);
        EXPECT_TRUE(put);
    }
    co_await stream.close();
    sent = true;
}

Task<std::size_t> receive_all(runtime::Worker& worker, Log& log, Stream& from, Stream& to,
                              std::size_t octets) {
    bool sent = false;
    runtime::TaskGroup group(worker, log);
    group.spawn(send_all(from, octets, sent));
    std::size_t received = 0;
    for (;;) {
        auto filled = co_await to.fill();
        if (!filled) break;
        received += to.buffered().size();
        to.consume(to.buffered().size());
    }
    co_await to.close();
    co_await group.wait_empty(Deadline::after(10s));
    EXPECT_TRUE(sent);
    co_await group.close();
    co_return received;
}

TEST_P(StreamTest, MuchDataArrivesWhole) {
    EXPECT_EQ(run(receive_all(worker_, log_, *near_, *far_, 16 << 20)), 16U << 20);
}

Task<std::vector<std::string>> peeks(Stream& near, Stream& far) {
    std::vector<std::string> steps;
    auto note = [&](const Result<std::string>& result) {
        steps.push_back(result ? *result : "<" + std::string(to_string(result.error().kind)) + ">");
    };
    auto silence = co_await far.peek(4, Deadline::after(1ms));
    note(silence);
    static_cast<void>(co_await near.write("abcdef"));
    auto first = co_await far.peek(4, Deadline::after(10s));
    note(first);
    auto again = co_await far.peek(2, Deadline{SteadyTime::min()});
    note(again);
    static_cast<void>(co_await far.fill());
    steps.emplace_back(far.buffered());
    far.consume(6);
    far.expires_after(1ms);
    auto late = co_await far.peek(1, Deadline::after(10s));
    note(late);
    co_await near.close();
    far.expires_after(10s);
    auto ended = co_await far.peek(1, Deadline::after(10s));
    note(ended);
    co_return steps;
}

TEST_P(StreamTest, PeekTakesNothing) {
    EXPECT_EQ(run(peeks(*near_, *far_)),
              (std::vector<std::string>{"", "abcd", "ab", "abcdef", "<timeout>", "<closed>"}));
}

Task<std::vector<std::string>> after_end(Stream& near, Stream& far) {
    std::vector<std::string> steps;
    static_cast<void>(co_await near.write("last"));
    co_await near.close();
    auto put = co_await near.write("x");
    steps.emplace_back(put ? "ok" : to_string(put.error().kind));
    auto got = co_await far.fill();
    steps.emplace_back(got ? far.buffered() : to_string(got.error().kind));
    for (int i = 0; i < 2; ++i) {
        auto ended = co_await far.fill();
        steps.emplace_back(ended ? "ok" : to_string(ended.error().kind));
    }
    co_await far.close();
    co_await far.close();
    co_return steps;
}

TEST_P(StreamTest, TheEndStaysTheEnd) {
    far_->expires_after(10s);
    EXPECT_EQ(run(after_end(*near_, *far_)),
              (std::vector<std::string>{"closed", "last", "closed", "closed"}));
}

Task<void> reader(Stream& stream, std::vector<std::string>& steps) {
    auto got = co_await stream.fill();
    steps.emplace_back(got ? "ok" : to_string(got.error().kind));
    auto put = co_await stream.write("421 4.3.2 going down\r\n");
    steps.emplace_back(put ? "ok" : to_string(put.error().kind));
    co_await stream.close();
    steps.emplace_back("closed");
}

Task<std::vector<std::string>> cancelled(runtime::Worker& worker, Log& log, Stream& near,
                                         Stream& far) {
    std::vector<std::string> steps;
    runtime::TaskGroup group(worker, log);
    group.spawn(reader(near, steps));
    auto before = std::chrono::steady_clock::now();
    co_await group.close();
    EXPECT_LT(std::chrono::steady_clock::now() - before,
              900ms);  // close() does not wait for the peer
    auto line = co_await read_line(far, 100);
    steps.push_back(said(line));
    co_return steps;
}

TEST_P(StreamTest, ACancelledChainSaysItsLastWordsAndCloses) {
    EXPECT_EQ(run(cancelled(worker_, log_, *near_, *far_)),
              (std::vector<std::string>{"cancelled", "ok", "closed", "421 4.3.2 going down|"}));
}

Task<std::string> aborted(Stream& near, Stream& far) {
    static_cast<void>(co_await near.write("x"));
    near.abort();
    near.abort();
    auto first = co_await far.fill();
    auto second = co_await far.fill();
    co_return first&& second ? "alive" : "dead";
}

TEST_P(StreamTest, AbortEndsBothSides) {
    EXPECT_EQ(run(aborted(*near_, *far_)), "dead");
}

TEST(Endpoint, IsWrittenWithItsPort) {
    EXPECT_EQ((Endpoint{IpAddress::v4({192, 0, 2, 1}), 25}.to_string()), "192.0.2.1:25");
    EXPECT_EQ((Endpoint{*IpAddress::parse("2001:db8::1"), 25}.to_string()), "[2001:db8::1]:25");
}

}  // namespace
}  // namespace posthaste::net
