#include "mail/dkim/dkim_body.h"

#include "base/base64.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

namespace posthaste::mail {
namespace {

std::string hash_of(std::string_view canonical) {
    std::string hash(32, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(),
           reinterpret_cast<unsigned char*>(hash.data()));
    return base64::encode(hash);
}

struct Row {
    const char* name;
    std::string body;
    std::string canonical;
};

class RelaxedBody : public testing::TestWithParam<Row> {};

TEST_P(RelaxedBody, Whole) {
    DkimBodyHash hash;
    hash.update(GetParam().body);
    EXPECT_EQ(hash.finish(), hash_of(GetParam().canonical));
}

TEST_P(RelaxedBody, CutAnywhere) {
    const std::string& body = GetParam().body;
    for (std::size_t cut = 0; cut <= std::min<std::size_t>(body.size(), 300); ++cut) {
        DkimBodyHash hash;
        hash.update(std::string_view(body).substr(0, cut));
        hash.update(std::string_view(body).substr(cut));
        ASSERT_EQ(hash.finish(), hash_of(GetParam().canonical)) << "cut at " << cut;
    }
    DkimBodyHash hash;
    for (const char c : body) hash.update({&c, 1});
    EXPECT_EQ(hash.finish(), hash_of(GetParam().canonical));
}

INSTANTIATE_TEST_SUITE_P(
    All, RelaxedBody,
    testing::Values(
        Row{"nothing", "", ""},  // RFC 6376 §3.4.4: a null body stays one
        Row{"one_line_end", "\r\n", ""}, Row{"empty_lines_only", "\r\n\r\n\r\n", ""},
        Row{"blanks_only", " \t\r\n  \r\n", ""}, Row{"no_line_end", "Hi", "Hi\r\n"},
        // RFC 6376 §3.4.5
        Row{"of_the_rfc", " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"},
        Row{"blanks_at_the_end_of_lines", "a  \r\nb\t\r\n", "a\r\nb\r\n"},
        Row{"blanks_before_nothing", "a\r\n  \t", "a\r\n"},
        Row{"tab_becomes_space", "a\tb\r\n", "a b\r\n"},
        Row{"many_blanks", "We lost the game.  Are  \t you\r\n", "We lost the game. Are you\r\n"},
        Row{"empty_lines_within", "a\r\n\r\n\r\nb\r\n\r\n", "a\r\n\r\n\r\nb\r\n"},
        Row{"a_line_of_blanks_within", "a\r\n \t \r\nb\r\n", "a\r\n\r\nb\r\n"},
        Row{"bare_cr_is_an_octet", "a\rb\r\r\n", "a\rb\r\r\n"},
        Row{"cr_at_the_end", "a\r", "a\r\r\n"}, Row{"bare_lf_is_an_octet", "a\nb", "a\nb\r\n"},
        Row{"nul_and_eight_bit", std::string("\0\xc3\xa4 \xff", 5),
            std::string("\0\xc3\xa4 \xff\r\n", 7)},
        Row{"longer_than_the_buffer", std::string(10'000, 'x') + "  " + std::string(5000, 'y'),
            std::string(10'000, 'x') + " " + std::string(5000, 'y') + "\r\n"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace posthaste::mail
