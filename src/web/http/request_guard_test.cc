#include "web/http/request_guard.h"

#include <string>

#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

struct HostRow {
    std::string name;
    std::string host;
    bool allowed = true;
};

class HostTest : public testing::TestWithParam<HostRow> {};

TEST_P(HostTest, is_judged) {
    HttpRequest request;
    request.headers.emplace_back("Host", GetParam().host);
    const auto refusal = refuse_host(request, {"mail.example.com"});
    EXPECT_EQ(!refusal.has_value(), GetParam().allowed);
    if (refusal) EXPECT_FALSE(refusal->mend.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Hosts, HostTest,
    testing::Values(
        HostRow{"localhost", "localhost"}, HostRow{"with_port", "localhost:8025"},
        HostRow{"upper", "LocalHost:1"}, HostRow{"below_localhost", "inbox.localhost:8025"},
        HostRow{"v4", "127.0.0.1:8025"}, HostRow{"v6", "[::1]:8025"},
        HostRow{"lan_address", "192.0.2.7:8025"}, HostRow{"container_name", "posthaste:8025"},
        HostRow{"own_name", "Mail.Example.COM"}, HostRow{"final_dot", "localhost."},
        HostRow{"stranger", "evil.example.org:8025", false},
        HostRow{"stranger_with_our_end", "localhost.evil.example", false},
        HostRow{"almost_own", "xmail.example.com", false},
        HostRow{"address_in_a_name", "127.0.0.1.nip.example", false}, HostRow{"none", "", false},
        HostRow{"only_port", ":80", false}, HostRow{"bad_port", "localhost:80x", false},
        HostRow{"two_colons", "::1", false}, HostRow{"open_bracket", "[::1", false},
        HostRow{"name_in_brackets", "[evil.example]", false},
        HostRow{"user_part", "localhost@evil.example", false},
        HostRow{"path", "localhost/evil.example", false}),
    [](const auto& info) { return info.param.name; });

struct OriginRow {
    std::string name;
    std::string method;
    std::string origin;
    std::string site;
    bool allowed = true;
};

class OriginTest : public testing::TestWithParam<OriginRow> {};

TEST_P(OriginTest, is_judged) {
    HttpRequest request;
    request.method = GetParam().method;
    request.headers.emplace_back("Host", "localhost:8025");
    if (!GetParam().origin.empty()) request.headers.emplace_back("Origin", GetParam().origin);
    if (!GetParam().site.empty()) request.headers.emplace_back("Sec-Fetch-Site", GetParam().site);
    EXPECT_EQ(!refuse_origin(request).has_value(), GetParam().allowed);
}

INSTANTIATE_TEST_SUITE_P(
    Origins, OriginTest,
    testing::Values(OriginRow{"program", "POST", "", ""},
                    OriginRow{"own_form", "POST", "http://localhost:8025", "same-origin"},
                    OriginRow{"own_form_without_origin", "POST", "null", "same-origin"},
                    OriginRow{"own_form_in_old_browser", "POST", "http://localhost:8025", ""},
                    OriginRow{"typed_by_the_person", "DELETE", "", "none"},
                    OriginRow{"reading_is_free", "GET", "http://evil.example", "cross-site"},
                    OriginRow{"stranger", "POST", "http://evil.example", "cross-site", false},
                    OriginRow{"stranger_in_old_browser", "POST", "http://evil.example", "", false},
                    OriginRow{"other_port", "DELETE", "http://localhost:3000", "same-site", false},
                    OriginRow{"other_port_in_old_browser", "POST", "http://localhost:3000", "",
                              false},
                    OriginRow{"hidden_origin", "POST", "null", "", false},
                    OriginRow{"unknown_method", "PATCH", "http://evil.example", "", false}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace posthaste::web
