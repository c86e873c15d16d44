#include "net/detail/client_hello.h"

#include <gtest/gtest.h>

namespace posthaste::net::detail {
namespace {

using namespace std::literals;

TEST(ClientHello, one_protocol_is_told_from_many) {
    EXPECT_EQ(only_protocol("\0\x0b\x0a"
                            "acme-tls/1"sv),
              "acme-tls/1");
    EXPECT_EQ(only_protocol("\0\x0f\x0a"
                            "acme-tls/1\x03"
                            "foo"sv),
              "");
    for (auto broken : {""sv, "\0"sv, "\0\0"sv, "\0\1\0"sv, "\0\2\1"sv, "\0\3\1ab"sv, "\0\2\5a"sv,
                        "\xff\xff\1a"sv})
        EXPECT_EQ(only_protocol(broken), "");
}

TEST(ClientHello, the_name_is_found_and_made_plain) {
    EXPECT_EQ(hello_server_name("\0\x07\0\0\x04Mail"sv), "mail");
    EXPECT_EQ(hello_server_name("\0\x06\0\0\x03"
                                "ab."sv),
              "ab");
    // An entry of another type before it.
    EXPECT_EQ(hello_server_name("\0\x09\1\0\x01x\0\0\x02hi"sv), "hi");
    for (auto broken : {""sv, "\0"sv, "\0\0"sv, "\0\3\0\0\5"sv, "\0\4\0\0\5a"sv, "\0\5\0\0\2a\0"sv,
                        "\0\5\1\0\2ab"sv})
        EXPECT_EQ(hello_server_name(broken), "");
}

TEST(ClientHello, the_newest_version_is_told) {
    EXPECT_EQ(offered_version(0x0300, ""), "SSLv3");
    EXPECT_EQ(offered_version(0x0301, ""), "TLSv1.0");
    EXPECT_EQ(offered_version(0x0302, ""), "TLSv1.1");
    EXPECT_EQ(offered_version(0x0303, ""), "TLSv1.2");
    EXPECT_EQ(offered_version(0x0303, "\4\3\4\3\3"sv), "TLSv1.3");
    EXPECT_EQ(offered_version(0x0303, "\2\3\3"sv), "TLSv1.2");
    EXPECT_EQ(offered_version(0x0303, "\6\x7a\x7a\3\4\3\3"sv), "TLSv1.3") << "GREASE";
    EXPECT_EQ(offered_version(0x0301, "\4\3"sv), "TLSv1.0") << "cut off";
    EXPECT_EQ(offered_version(0xffff, ""), "0xffff");
}

}  // namespace
}  // namespace posthaste::net::detail
