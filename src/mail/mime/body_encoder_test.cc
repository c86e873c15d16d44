#include "mail/mime/body_encoder.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "mail/text.h"

#include <random>

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

std::string encoded(Encoding how, std::string_view octets, std::size_t piece) {
    BodyEncoder encoder(how);
    std::string out;
    for (; !octets.empty(); octets.remove_prefix(std::min(piece, octets.size())))
        encoder.update(octets.substr(0, piece), out);
    encoder.finish(out);
    return out;
}

std::size_t longest_line(std::string_view text) {
    std::size_t longest = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\r\n"), text.size());
        longest = std::max(longest, end);
        text.remove_prefix(std::min(text.size(), end + 2));
    }
    return longest;
}

// RFC 2045 §6.7 read by itself, so that the encoder is not its own judge.
std::string read_quoted(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            out += text[i];
        } else if (text.substr(i + 1).starts_with("\r\n")) {
            i += 2;
        } else {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        }
    }
    return out;
}

std::string read_base64(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return base64::decode(text).value_or("no base64");
}

std::vector<std::string> samples() {
    std::vector<std::string> all = {"",
                                    "a",
                                    "\r\n",
                                    "a\r\n",
                                    " \r\n",
                                    "\t",
                                    "a \r\nb\t\r\n",
                                    "=",
                                    "=3D\r\n",
                                    "\xc3\xbc",
                                    ".\r\n..\r\n",
                                    std::string(76, 'x'),
                                    std::string(77, 'x') + "\r\n",
                                    std::string(5000, 'y'),
                                    std::string(75, 'z') + " \r\n"};
    std::mt19937 random(7);
    for (int i = 0; i < 300; ++i) {
        std::string text;
        const auto size = random() % 400;
        while (text.size() < size) {
            switch (random() % 6) {
                case 0:
                    text += "\r\n";
                    break;
                case 1:
                    text += ' ';
                    break;
                case 2:
                    text += static_cast<char>(128 + random() % 128);
                    break;
                case 3:
                    text += '=';
                    break;
                default:
                    text.append(1 + random() % 40, static_cast<char>('a' + random() % 26));
            }
        }
        all.push_back(std::move(text));
    }
    return all;
}

TEST(BodyEncoder, WhatIsEncodedReadsAsBeforeHoweverItIsCut) {
    for (const std::string& text : samples()) {
        for (const Encoding how : {Encoding::quoted_printable, Encoding::base64}) {
            const std::string whole = encoded(how, text, text.size() + 1);
            EXPECT_LE(longest_line(whole), 76U) << text;
            EXPECT_TRUE(ascii::is_ascii(whole));
            const std::string read =
                how == Encoding::base64 ? read_base64(whole) : read_quoted(whole);
            EXPECT_EQ(read, text);
            EXPECT_EQ(text.ends_with("\r\n"), whole.ends_with("\r\n")) << text;
            for (const std::size_t piece : {1U, 2U, 3U, 7U, 58U})
                EXPECT_EQ(encoded(how, text, piece), whole);
        }
        EXPECT_EQ(encoded(Encoding::quoted_printable, text, 5), quoted_printable(text));
    }
}

TEST(BodyEncoder, QuotedPrintableOfOthersGetsShorterLinesAndReadsTheSame) {
    for (const std::string& text : samples()) {
        std::string quoted = quoted_printable(text);
        EXPECT_EQ(encoded(Encoding::quoted_printable_again, quoted, 3), quoted);
        // Without its soft line breaks, as a careless program writes it.
        std::string careless;
        for (std::size_t i = 0; i < quoted.size(); ++i) {
            if (quoted.substr(i).starts_with("=\r\n")) {
                i += 2;
            } else {
                careless += quoted[i];
            }
        }
        for (const std::size_t piece : {1U, 2U, 6U, 1000U}) {
            const std::string mended = encoded(Encoding::quoted_printable_again, careless, piece);
            EXPECT_LE(longest_line(mended), 76U);
            EXPECT_EQ(read_quoted(mended), text);
        }
    }
    EXPECT_EQ(encoded(Encoding::quoted_printable_again, "caf\xe9 =E9 =zz\r\n", 2),
              "caf=E9 =E9 =zz\r\n");
}

TEST(BodyEncoder, Base64OfOthersGetsShorterLines) {
    const std::string octets(5000, '\x81');
    const std::string one_line = base64::encode(octets) + "\r\n";
    for (const std::size_t piece : {1U, 76U, 9000U}) {
        const std::string mended = encoded(Encoding::base64_again, one_line, piece);
        EXPECT_EQ(longest_line(mended), 76U);
        EXPECT_EQ(read_base64(mended), octets);
        EXPECT_TRUE(mended.ends_with("\r\n"));
    }
    EXPECT_EQ(encoded(Encoding::base64_again, "", 1), "");
    EXPECT_EQ(encoded(Encoding::base64_again, "QQ==\r\n \xff\r\nQg==", 3), "QQ==Qg==");
}

}  // namespace
}  // namespace posthaste::mail
