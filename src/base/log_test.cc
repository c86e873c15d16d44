#include "base/log.h"

#include "base/event.h"
#include "base/file.h"
#include "base/log_line.h"

#include <chrono>
#include <fcntl.h>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace posthaste {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

struct Pipe {
    Pipe() {
        int ends[2];
        EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
        out = FileDescriptor(ends[0]);
        in = FileDescriptor(ends[1]);
    }

    // Until nobody can write any more.
    std::string rest() {
        in.reset();
        std::string all;
        while (read_some(all)) {
        }
        return all;
    }

    bool read_some(std::string& all) {
        char piece[4096];
        const ssize_t got = read(out.get(), piece, sizeof piece);
        if (got > 0) all.append(piece, static_cast<std::size_t>(got));
        return got > 0;
    }

    FileDescriptor out, in;
};

std::string one_line(LogFormat format, std::string_view event, LogFields fields) {
    std::string out;
    const LogLine line{Timestamp(Milliseconds(1795442834211)),
                       LogLevel::info,
                       event,
                       {fields.begin(), fields.size()}};
    if (format == LogFormat::json) {
        append_json(out, line);
    } else {
        append_logfmt(out, line);
    }
    return out;
}

TEST(LogLine, logfmt) {
    EXPECT_EQ(
        one_line(
            LogFormat::logfmt, "accepted",
            {{"id", "01JD"}, {"size", 42}, {"tls", true}, {"from", ""}, {"text", "two words"}}),
        "ts=2026-11-23T14:07:14.211Z level=info event=accepted id=01JD size=42 tls=true from=\"\" "
        "text=\"two words\"\n");
}

TEST(LogLine, json) {
    EXPECT_EQ(one_line(LogFormat::json, "accepted",
                       {{"id", "01JD"}, {"size", -42}, {"ok", false}, {"text", "a \"b\""}}),
              "{\"ts\":\"2026-11-23T14:07:14.211Z\",\"level\":\"info\",\"event\":\"accepted\","
              "\"id\":\"01JD\","
              "\"size\":-42,\"ok\":false,\"text\":\"a \\\"b\\\"\"}\n");
}

TEST(LogLine, hostile_values_stay_values) {
    struct Row {
        const char* name;
        std::string_view value, logfmt, json;
    };

    constexpr Row kRows[] = {
        {"a forged line", "x\nlevel=error", R"("x\\x0alevel=error")", R"("x\\x0alevel=error")"},
        {"a forged field", "x level=error", R"("x level=error")", R"("x level=error")"},
        {"an equals sign", "a=b", R"("a=b")", R"("a=b")"},
        {"quotes", R"(a"b)", R"("a\"b")", R"("a\"b")"},
        {"a backslash at the end", R"(a\)", R"("a\\")", R"("a\\")"},
        {"Latin-1", "M\xfcller", R"("M\\xfcller")", R"("M\\xfcller")"},
        {"UTF-8", "M\xc3\xbcller", "\"M\xc3\xbcller\"", "\"M\xc3\xbcller\""},
        {"a NUL", {"\0", 1}, R"("\\x00")", R"("\\x00")"},
    };
    for (const Row& row : kRows) {
        EXPECT_THAT(one_line(LogFormat::logfmt, "e", {{"k", row.value}}),
                    HasSubstr(" k=" + std::string(row.logfmt) + "\n"))
            << row.name;
        EXPECT_THAT(one_line(LogFormat::json, "e", {{"k", row.value}}),
                    HasSubstr(",\"k\":" + std::string(row.json) + "}\n"))
            << row.name;
    }
    EXPECT_THAT(one_line(LogFormat::logfmt, "e", {{"a b\n=", "v"}}), HasSubstr(" a_b__=v\n"));
    EXPECT_LT(one_line(LogFormat::json, "e", {{"k", std::string(1'000'000, '"')}}).size(),
              2 * kMaxLogValue + 100);
    EXPECT_LT(one_line(LogFormat::logfmt, "e", {{"k", std::string(1'000'000, 'x')}}).size(),
              kMaxLogValue + 100);
}

TEST(Log, writes_lines_in_order_and_the_rest_at_the_end) {
    Pipe pipe;
    {
        Log log({.fd = pipe.in.get()});
        for (int i = 0; i < 100; ++i) log.info("step", {{"n", i}});
        log.debug("not.shown", {});
    }
    const std::string all = pipe.rest();
    std::size_t at = 0;
    for (int i = 0; i < 100; ++i) {
        at = all.find(" n=" + std::to_string(i) + "\n", at);
        ASSERT_NE(at, std::string::npos) << i;
    }
    EXPECT_THAT(all, Not(HasSubstr("not.shown")));
    EXPECT_THAT(all.substr(0, all.find('\n')),
                MatchesRegex("ts=20[-0-9]+T[:.0-9]+Z level=info event=step n=0"));
}

TEST(Log, lines_of_many_threads_are_whole) {
    Pipe pipe;
    std::string all;
    std::jthread reader([&] {
        while (pipe.read_some(all)) {
        }
    });
    {
        Log log({.fd = pipe.in.get(), .ring_lines = 1 << 20});
        std::vector<std::jthread> writers;
        writers.reserve(4);
        for (int writer = 0; writer < 4; ++writer)
            writers.emplace_back([&log] {
                for (int i = 0; i < 2000; ++i) log.info("line", {{"text", "abc"}});
            });
        writers.clear();
    }
    pipe.in.reset();
    reader.join();
    std::size_t lines = 0;
    for (std::size_t at = 0; at < all.size(); ++lines) {
        const std::size_t end = all.find('\n', at);
        ASSERT_NE(end, std::string::npos);
        ASSERT_TRUE(all.substr(at, end - at).ends_with(" level=info event=line text=abc"));
        at = end + 1;
    }
    EXPECT_EQ(lines, 8000U);
}

std::uint64_t told_drops(std::string_view text) {
    constexpr std::string_view kBegin = "level=warning event=log.dropped count=";
    std::uint64_t sum = 0;
    for (std::size_t at = text.find(kBegin); at != std::string_view::npos;
         at = text.find(kBegin, at)) {
        at += kBegin.size();
        const std::size_t end = text.find('\n', at);
        if (end == std::string_view::npos) break;  // the rest is not read yet
        sum += std::stoull(std::string(text.substr(at, end - at)));
    }
    return sum;
}

TEST(Log, a_blocked_reader_blocks_nobody_and_is_told_what_it_missed) {
    Pipe pipe;
    ASSERT_GT(fcntl(pipe.in.get(), F_SETPIPE_SZ, 4096), 0);
    Log log({.fd = pipe.in.get(), .ring_lines = 10});
    for (int i = 0; i < 5000; ++i) log.info("flood", {{"n", i}});
    EXPECT_GT(log.dropped(), 4000U);
    // Whenever there was room again, what was missed until then is told: all of it in the end.
    std::string all;
    while (told_drops(all) < log.dropped()) ASSERT_TRUE(pipe.read_some(all));
    EXPECT_EQ(told_drops(all), log.dropped());
    log.info("again", {});
    while (all.find("event=again") == std::string::npos) ASSERT_TRUE(pipe.read_some(all));
}

TEST(Log, the_end_does_not_wait_for_a_blocked_reader) {
    Pipe pipe;
    ASSERT_GT(fcntl(pipe.in.get(), F_SETPIPE_SZ, 4096), 0);
    const auto start = std::chrono::steady_clock::now();
    {
        Log log({.fd = pipe.in.get()});
        for (int i = 0; i < 1000; ++i) log.info("flood", {{"n", i}});
    }
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, std::chrono::milliseconds(900)) << "a slow reader has its second";
    EXPECT_LT(took, std::chrono::seconds(10));
}

TEST(Log, a_reader_that_is_gone_ends_nothing) {
    Pipe pipe;
    pipe.out.reset();
    Log log({.fd = pipe.in.get()});
    for (int i = 0; i < 100; ++i) log.error("lost", {});
    while (log.dropped() < 100) std::this_thread::yield();
    Log closed({.fd = 1'000'000});
    closed.info("lost", {});
}

TEST(Log, events_leave_out_what_is_empty) {
    Pipe pipe;
    QueueId id;
    id.octets[15] = 1;
    {
        Log log({.fd = pipe.in.get()});
        log_event(
            log,
            {.type = EventType::accepted, .id = id, .account = "anna@corp.example", .size = 512});
        log_event(log, {.type = EventType::deferred,
                        .id = id,
                        .sender = "anna@corp.example",
                        .recipient = "bob@other.example",
                        .remote = "mx.other.example[192.0.2.9]:25",
                        .tls = "TLSv1.3",
                        .code = 451,
                        .status = "4.3.0",
                        .text = "try later",
                        .attempt = 2,
                        .delay = Seconds(303),
                        .next = Seconds(900)});
        log_event(log, {.type = EventType::delivered,
                        .recipient = "carol@other.example",
                        .remote = "mx.other.example[192.0.2.9]:25",
                        .delays = AttemptDelays{Milliseconds(61'007), Milliseconds(0),
                                                Milliseconds(140), Milliseconds(52)},
                        .delay = Seconds(61)});
        log_event(log, {.type = EventType::rejected, .remote = "192.0.2.7", .code = 535});
    }
    const std::string all = pipe.rest();
    EXPECT_THAT(all, HasSubstr("event=accepted id=00000000000000000000000001 "
                               "account=anna@corp.example from=<> size=512\n"));
    EXPECT_THAT(
        all,
        HasSubstr("event=deferred id=00000000000000000000000001 from=anna@corp.example "
                  "to=bob@other.example remote=mx.other.example[192.0.2.9]:25 tls=TLSv1.3 code=451 "
                  "status=4.3.0 attempt=2 delay_s=303 next_s=900 text=\"try later\"\n"));
    EXPECT_THAT(all, HasSubstr("event=delivered to=carol@other.example "
                               "remote=mx.other.example[192.0.2.9]:25 delay_s=61 "
                               "delays=61.007/0.000/0.140/0.052\n"));
    EXPECT_THAT(all, HasSubstr("event=rejected remote=192.0.2.7 code=535\n"));
}

}  // namespace
}  // namespace posthaste
