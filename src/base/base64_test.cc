#include "base/base64.h"

#include <gtest/gtest.h>

namespace posthaste::base64 {
namespace {

struct Pair {
    std::string_view octets, text;
};

// RFC 4648 §10, and octets beyond ASCII.
constexpr Pair kPairs[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xfe\xfd", "//79"},
    {{"\0user\0pass", 10}, "AHVzZXIAcGFzcw=="},
};

TEST(Base64, has_a_form_for_urls) {
    EXPECT_EQ(encode_url(""), "");
    EXPECT_EQ(encode_url("f"), "Zg");
    EXPECT_EQ(encode_url("fo"), "Zm8");
    EXPECT_EQ(encode_url("foo"), "Zm9v");
    EXPECT_EQ(encode_url("\xff\xfe\xfd"), "__79");
    EXPECT_EQ(encode_url("\xfb\xef\xbe"), "----");
}

TEST(Base64, encodes_and_decodes_the_vectors) {
    for (const Pair& pair : kPairs) {
        EXPECT_EQ(encode(pair.octets), pair.text);
        EXPECT_EQ(decode(pair.text), pair.octets) << pair.text;
    }
}

TEST(Base64, every_octet_comes_back) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    for (std::size_t size = 0; size < all.size(); ++size)
        EXPECT_EQ(decode(encode(all.substr(size))), all.substr(size));
}

struct Bad {
    const char* name;
    std::string_view text;
};

constexpr Bad kBad[] = {
    {"no padding", "Zg"},
    {"half the padding", "Zg="},
    {"too much padding", "Z==="},
    {"padding alone", "===="},
    {"padding in the middle", "Zg==Zm9v"},
    {"a letter behind padding", "Zm=v"},
    {"stray bits with one octet", "Zh=="},
    {"stray bits with two octets", "Zm9="},
    {"a line end", "Zm9v\r\n"},
    {"a space", "Zm 9v"},
    {"the alphabet for addresses", "-_79"},
    {"an 8-bit octet", "Zm9\xe4"},
    {"a NUL", {"Zm9\0", 4}},
};

TEST(Base64, refuses_what_is_not_canonical) {
    for (const Bad& bad : kBad) EXPECT_FALSE(decode(bad.text)) << bad.name;
}

}  // namespace
}  // namespace posthaste::base64
