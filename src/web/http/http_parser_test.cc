#include "web/http/http_parser.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using namespace std::string_literals;

// What became of octets that come `step` at a time: 0 and the request, or the status of the
// refusal, or -1 when more is waited for.
struct Outcome {
    int status = -1;
    HttpRequest request;
    bool keep_alive = false;
    std::string left;
};

Outcome parse(std::string_view octets, std::size_t step, HttpLimits limits = {}) {
    RequestParser parser(limits);
    Outcome outcome;
    std::string window;
    while (true) {
        auto taken = parser.feed(window);
        if (!taken) {
            outcome.status = parser.fault_status();
            return outcome;
        }
        window.erase(0, *taken);
        if (parser.done()) {
            outcome = {0, {}, parser.keep_alive(), window + std::string(octets)};
            outcome.request = parser.take();
            return outcome;
        }
        if (*taken > 0) continue;
        if (octets.empty()) return outcome;
        window += octets.substr(0, step);
        octets.remove_prefix(std::min(step, octets.size()));
    }
}

struct Row {
    std::string name;
    std::string octets;
    int status = 0;
    std::string body{};
    std::string left{};
};

class RequestTest : public testing::TestWithParam<Row> {};

TEST_P(RequestTest, is_read_the_same_however_it_comes) {
    const Row& row = GetParam();
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1} << 20}) {
        const auto outcome = parse(row.octets, step);
        ASSERT_EQ(outcome.status, row.status) << step;
        if (row.status != 0) continue;
        EXPECT_EQ(outcome.request.body, row.body) << step;
        EXPECT_EQ(outcome.left, row.left) << step;
    }
}

const std::string kGet = "GET / HTTP/1.1\r\nHost: x\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: x\r\n";

INSTANTIATE_TEST_SUITE_P(
    Good, RequestTest,
    testing::Values(
        Row{"plain", kGet + "\r\n"}, Row{"old", "GET / HTTP/1.0\r\n\r\n"},
        Row{"blank_line_before", "\r\n" + kGet + "\r\n"},
        Row{"sized", kPost + "Content-Length: 5\r\n\r\nhello", 0, "hello"},
        Row{"empty_body", kPost + "Content-Length: 0\r\n\r\n"},
        Row{"chunked",
            kPost + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", 0,
            "hello"},
        Row{"trailer", kPost + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Late: 1\r\n\r\n",
            0, "x"},
        Row{"pipelined", kPost + "Content-Length: 1\r\n\r\nxGET /next", 0, "x", "GET /next"},
        Row{"pipelined_after_chunks", kPost + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /n",
            0, "", "GET /n"},
        Row{"binary_body", kPost + "Content-Length: 4\r\n\r\n\0\r\n\xff"s, 0, "\0\r\n\xff"s}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Hostile, RequestTest,
    testing::Values(
        Row{"length_and_chunked",
            kPost + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Row{"chunked_and_length",
            kPost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
        Row{"two_lengths", kPost + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400},
        Row{"same_length_twice", kPost + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            400},
        Row{"list_of_lengths", kPost + "Content-Length: 5, 5\r\n\r\nhello", 400},
        Row{"signed_length", kPost + "Content-Length: +5\r\n\r\nhello", 400},
        Row{"negative_length", kPost + "Content-Length: -1\r\n\r\n", 400},
        Row{"hex_length", kPost + "Content-Length: 0x5\r\n\r\nhello", 400},
        Row{"huge_length", kPost + "Content-Length: 99999999999999999999\r\n\r\n", 400},
        Row{"large_length", kPost + "Content-Length: 9999999\r\n\r\n", 413},
        Row{"gzip_chunked", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        Row{"chunked_identity", kPost + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            501},
        Row{"other_coding", kPost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
        Row{"coding_twice",
            kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400},
        Row{"coding_in_old_version",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        Row{"vertical_tab_coding",
            kPost + "Transfer-Encoding: \x0b"
                    "chunked\r\n\r\n0\r\n\r\n",
            400},
        Row{"space_before_colon", kPost + "Content-Length : 5\r\n\r\nhello", 400},
        Row{"folded_field", kGet + "X: a\r\n b\r\n\r\n", 400},
        Row{"folded_first_line", "GET / HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n", 400},
        Row{"bare_lf_field", kGet + "X: a\nContent-Length: 5\r\n\r\n", 400},
        Row{"bare_cr_field", kGet + "X: a\rY: b\r\n\r\n", 400},
        Row{"nul_in_field", kGet + "X: a\0b\r\n\r\n"s, 400},
        Row{"escape_in_field",
            kGet + "X: a\x1b"
                   "b\r\n\r\n",
            400},
        Row{"no_host", "GET / HTTP/1.1\r\n\r\n", 400},
        Row{"two_hosts", kGet + "Host: y\r\n\r\n", 400},
        Row{"two_hosts_in_old_version", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400},
        Row{"no_colon", kGet + "nonsense\r\n\r\n", 400},
        Row{"empty_name", kGet + ": x\r\n\r\n", 400},
        Row{"version_two", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        Row{"version_nine", "GET /\r\n\r\n", 400},
        Row{"lower_case_method", "get / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
        Row{"long_method", std::string(40, 'A') + " / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
        Row{"target_without_host", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"target_with_port_alone", "GET http://:80/a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"target_with_user", "GET http://a@x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"target_with_half_address", "GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"target_of_another_scheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"target_of_a_tunnel", "CONNECT x:25 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"absolute_target_without_host_field", "GET http://x/ HTTP/1.1\r\n\r\n", 400},
        Row{"dots_in_absolute_target", "GET http://x/../b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"host_with_user", "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n", 400},
        Row{"host_with_path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
        Row{"host_with_word_port", "GET / HTTP/1.1\r\nHost: x:y\r\n\r\n", 400},
        Row{"star_target", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"dots", "GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"encoded_dots", "GET /%2e%2E/b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"encoded_nul", "GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"encoded_line_end", "GET /a%0d%0ab HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"broken_escape", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"not_utf8", "GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Row{"space_in_target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 505},
        Row{"many_fields",
            kGet +
                [] {
                    std::string fields;
                    for (int i = 0; i < 200; ++i) fields += "X: y\r\n";
                    return fields;
                }() +
                "\r\n",
            431},
        Row{"endless_field", kGet + "X: " + std::string(20'000, 'y'), 431},
        Row{"endless_target", "GET /" + std::string(20'000, 'y'), 414},
        Row{"long_target", "GET /" + std::string(9'000, 'y') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
        Row{"bad_chunk_size", kPost + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400},
        Row{"chunk_without_end", kPost + "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
            400},
        Row{"huge_chunk", kPost + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413},
        Row{"overflowing_chunk", kPost + "Transfer-Encoding: chunked\r\n\r\n1ffffffffffffffff\r\n",
            400},
        Row{"endless_chunk_extension",
            kPost + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(20'000, 'x'), 400},
        Row{"length_in_trailer",
            kPost + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\nhello", 400},
        Row{"other_expectation", kPost + "Expect: 200-maybe\r\nContent-Length: 1\r\n\r\nx", 417},
        Row{"tls_hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s, 400}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Unfinished, RequestTest,
    testing::Values(Row{"nothing", "", -1}, Row{"half_header", kGet, -1},
                    Row{"half_body", kPost + "Content-Length: 5\r\n\r\nhell", -1},
                    Row{"half_chunk", kPost + "Transfer-Encoding: chunked\r\n\r\n5\r\nhe", -1}),
    [](const auto& info) { return info.param.name; });

TEST(RequestParserTest, takes_the_target_apart) {
    auto outcome = parse(
        "DELETE /v1/accounts/a%2Fb%40x.org/x?a=1&b=two+words&c HTTP/1.1\r\nHost: x\r\nX-Y:  z "
        "\r\n\r\n",
        1 << 20);
    ASSERT_EQ(outcome.status, 0);
    const auto& request = outcome.request;
    EXPECT_EQ(request.method, "DELETE");
    EXPECT_EQ(request.path, "/v1/accounts/a/b@x.org/x");
    ASSERT_EQ(request.segments.size(), 4u);
    EXPECT_EQ(request.segments[2], "a/b@x.org");
    EXPECT_EQ(request.param("b"), "two words");
    EXPECT_TRUE(request.has_param("c"));
    EXPECT_EQ(request.header("x-y"), "z");
}

// RFC 9112 §3.2.2: taken, and its host goes before the field.
TEST(RequestParserTest, takes_the_absolute_form) {
    const struct {
        std::string_view target, host, path, query;
    } cases[] = {
        {"http://mail.test/setup?a=1", "mail.test", "/setup", "1"},
        {"HTTPS://Mail.Test:8443/setup?a=1", "Mail.Test:8443", "/setup", "1"},
        {"https://[2001:db8::1]:443/", "[2001:db8::1]:443", "/", ""},
        {"http://mail.test", "mail.test", "/", ""},
        {"http://mail.test?a=2", "mail.test", "/", "2"},
        {"/setup?a=http://mail.test/", "field.test", "/setup", "http://mail.test/"},
    };

    for (const auto& [target, host, path, query] : cases) {
        for (const std::string version : {"1.1", "1.0"}) {
            const auto outcome = parse(
                fmt::format("GET {} HTTP/{}\r\nhost: field.test\r\n\r\n", target, version), 7);
            ASSERT_EQ(outcome.status, 0) << target;
            EXPECT_EQ(outcome.request.header("Host"), host) << target;
            EXPECT_EQ(outcome.request.path, path) << target;
            EXPECT_EQ(outcome.request.param("a"), query) << target;
            EXPECT_EQ(outcome.request.headers.size(), 1u) << target;
        }
    }
}

// As programs send it that escape nothing (Autodiscover JSON: InvalidProtocol, not a bare 400).
TEST(RequestParserTest, escapes_what_a_browser_would) {
    const auto outcome =
        parse("GET /a/b.json?Protocol=<script>\"`{|}^\\ HTTP/1.1\r\nHost: x\r\nX: <y>\r\n\r\nGET",
              1 << 20);
    ASSERT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.request.path, "/a/b.json");
    EXPECT_EQ(outcome.request.param("Protocol"), "<script>\"`{|}^\\");
    EXPECT_EQ(outcome.request.header("X"), "<y>");
    EXPECT_EQ(outcome.left, "GET");
}

TEST(RequestParserTest, knows_who_stays) {
    EXPECT_TRUE(parse(kGet + "\r\n", 99).keep_alive);
    EXPECT_FALSE(parse(kGet + "Connection: close\r\n\r\n", 99).keep_alive);
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n", 99).keep_alive);
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 99).keep_alive);
}

TEST(RequestParserTest, bounds_a_chunked_body_as_a_whole) {
    std::string octets = kPost + "Transfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 20; ++i) octets += "64\r\n" + std::string(100, 'x') + "\r\n";
    EXPECT_EQ(parse(octets, 1 << 20, {.max_body = 1000}).status, 413);
    EXPECT_EQ(parse(octets, 1, {.max_body = 1000}).status, 413);
}

TEST(ResponseTest, goes_there_and_back) {
    HttpResponse response = HttpResponse::json("{\"a\":1}", 201);
    response.headers.emplace_back("X-Good", "yes");
    response.headers.emplace_back("X-Split", "a\r\nSet-Cookie: b");
    response.headers.emplace_back("X Bad", "c");
    const auto octets = response_header(response, true) + response.body;
    EXPECT_EQ(octets.find("Set-Cookie"), std::string::npos);
    EXPECT_EQ(octets.find("X Bad"), std::string::npos);
    ResponseParser parser({}, false);
    std::string window;
    for (const char c : octets) {
        window += c;
        auto taken = parser.feed(window);
        ASSERT_TRUE(taken.has_value()) << taken.error().text;
        window.erase(0, *taken);
    }
    ASSERT_TRUE(parser.done());
    EXPECT_TRUE(parser.keep_alive());
    const auto got = parser.take();
    EXPECT_EQ(got.status, 201);
    EXPECT_EQ(got.content_type, "application/json");
    EXPECT_EQ(got.body, "{\"a\":1}");
}

struct AnswerRow {
    std::string name;
    std::string octets;
    bool head = false;
    bool good = true;  // after the end of the stream
    std::string body{};
};

class AnswerTest : public testing::TestWithParam<AnswerRow> {};

TEST_P(AnswerTest, is_read) {
    const auto& row = GetParam();
    ResponseParser parser({}, row.head);
    auto taken = parser.feed(row.octets);
    const bool good = taken.has_value() && parser.end_of_stream().has_value();
    ASSERT_EQ(good, row.good);
    if (good) EXPECT_EQ(parser.take().body, row.body);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, AnswerTest,
    testing::Values(
        AnswerRow{"sized", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, true, "hi"},
        AnswerRow{"until_the_end", "HTTP/1.1 200 OK\r\n\r\nhi", false, true, "hi"},
        AnswerRow{"after_interim",
                  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                  false, true, "hi"},
        AnswerRow{"to_head", "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n", true, true, ""},
        AnswerRow{"cut", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", false, false},
        AnswerRow{"cut_header", "HTTP/1.1 200 OK\r\nConte", false, false},
        AnswerRow{"nothing", "", false, false},
        AnswerRow{"both_framings",
                  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nhi",
                  false, false},
        AnswerRow{"smtp", "220 mail.example.org ESMTP\r\n\r\n", false, false}),
    [](const auto& info) { return info.param.name; });

TEST(RequestOctetsTest, are_a_request) {
    const auto octets = request_octets("POST", "/v1/domains", "{}");
    const auto outcome = parse(octets, 1 << 20);
    ASSERT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.request.body, "{}");
    EXPECT_EQ(outcome.request.header("content-type"), "application/json");
    EXPECT_EQ(parse(request_octets("GET", "/", ""), 1 << 20).status, 0);
}

}  // namespace
}  // namespace posthaste::web
