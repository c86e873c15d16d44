#include "smtp/dot.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using namespace std::string_view_literals;

struct Decoded {
    std::string content;
    std::size_t consumed = 0;
    bool finished = false;
    ContentFault fault = ContentFault::none;
    bool ended_by_lf = false;

    bool operator==(const Decoded&) const = default;
};

Decoded decode(const std::vector<std::string_view>& pieces) {
    DotDecoder decoder;
    Decoded result;
    for (const std::string_view piece : pieces) {
        const auto step = decoder.feed(piece, result.content);
        result.consumed += step.consumed;
        result.finished = step.finished;
        if (step.finished) break;
        EXPECT_EQ(step.consumed, piece.size());
    }
    result.fault = decoder.fault();
    result.ended_by_lf = decoder.looks_ended_by_lf();
    return result;
}

std::vector<std::string_view> octets_of(std::string_view text) {
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(text.substr(i, 1));
    return pieces;
}

struct DecodeRow {
    const char* name;
    std::string_view input;
    std::string_view content;
    bool finished = true;
    ContentFault fault = ContentFault::none;
    bool ended_by_lf = false;
    std::size_t left = 0;  // octets behind the end, not consumed
};

constexpr auto kNone = ContentFault::none;
constexpr auto kCr = ContentFault::bare_cr;
constexpr auto kNul = ContentFault::nul;

const DecodeRow kDecodeRows[] = {
    {"nothing yet", "", "", false},
    {"empty content", ".\r\n", ""},
    {"one line", "a\r\n.\r\n", "a\r\n"},
    {"empty line", "\r\n.\r\n", "\r\n"},
    {"the next command is left alone", "a\r\n.\r\nQUIT\r\n", "a\r\n", true, kNone, false, 6},
    {"stuffed dot", "..\r\n.\r\n", ".\r\n"},
    {"stuffed text", "..a\r\n...b\r\n.\r\n", ".a\r\n..b\r\n"},
    {"a dot nobody stuffed is dropped (RFC 5321 4.5.2)", ".a\r\n.\r\n", "a\r\n"},
    {"dots inside a line stay", "a.\r\nb..c\r\n.\r\n", "a.\r\nb..c\r\n"},
    {"eight bit passes", "\xc3\xbc\xff\r\n.\r\n", "\xc3\xbc\xff\r\n"},
    {"other controls pass", "\x01\x0b\x0c\x1a\x7f\r\n.\r\n", "\x01\x0b\x0c\x1a\x7f\r\n"},

    {"bare LF becomes CR LF", "a\nb\r\n.\r\n", "a\r\nb\r\n"},
    {"bare LFs become empty lines", "\n\n\na\r\n.\r\n", "\r\n\r\n\r\na\r\n"},
    {"LF then CR LF", "a\n\r\n.\r\n", "a\r\n\r\n"},
    {"LF . LF is content", "a\n.\n", "a\r\n.\r\n", false, kNone, true},
    {"LF . CR LF is content", "a\n.\r\n", "a\r\n.\r\n", false, kNone, true},
    {"CR LF . LF is content, the dot stays", "a\r\n.\n", "a\r\n.\r\n", false, kNone, true},
    {"first line . LF is content", ".\n", ".\r\n", false, kNone, true},
    {"the true end behind LF . LF", "a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n"},
    {"the true end behind LF . CR LF", "a\n.\r\n.\r\n", "a\r\n.\r\n"},
    {"the true end at once behind CR LF . LF", "a\r\n.\n.\r\n", "a\r\n.\r\n.\r\n", false, kNone,
     true},
    {"dots behind a bare LF are not stuffing", "a\n..b\r\n.\r\n", "a\r\n..b\r\n"},
    {"more text behind the tail clears it", "a\n.\nb", "a\r\n.\r\nb", false},
    {"LF . alone is no tail yet", "a\n.", "a\r\n.", false},
    {"LF . text", "a\n.b\n", "a\r\n.b\r\n", false},

    // threats.md S1: nothing but CR LF . CR LF ends it.
    {"CR . CR", "a\r.\r", "a", false, kCr},
    {"CR . CR LF", "a\r.\r\n", "a", false, kCr},
    {"CR LF . CR", "a\r\n.\r", "a\r\n", false},
    {"CR LF . CR text", "a\r\n.\rb\r\n.\r\n", "a\r\n", true, kCr},
    {"CR . LF", "a\r.\n", "a", false, kCr},
    {"LF . CR", "a\n.\r", "a\r\n.", false},
    {"CR LF . CR CR LF", "a\r\n.\r\r\n", "a\r\n", false, kCr},
    {"CR CR LF . CR CR LF", "a\r\r\n.\r\r\n", "a", false, kCr},
    {"CR CR LF . CR LF holds the true end", "a\r\r\n.\r\n", "a", true, kCr},
    {"CR LF NUL . CR LF", "a\r\n\0.\r\n"sv, "a\r\n", false, kNul},
    {"CR LF . NUL CR LF", "a\r\n.\0\r\n"sv, "a\r\n", false, kNul},
    {"CR LF . SP CR LF", "a\r\n. \r\n", "a\r\n \r\n", false},
    {"CR LF SP . CR LF", "a\r\n .\r\n", "a\r\n .\r\n", false},
    {"LF CR . LF CR", "a\n\r.\n\r", "a\r\n", false, kCr},
    {"NEL . NEL", "a\x85.\x85", "a\x85.\x85", false},
    {"U+2028 . U+2028", "a\xe2\x80\xa8.\xe2\x80\xa8", "a\xe2\x80\xa8.\xe2\x80\xa8", false},
    {"VT . VT", "a\x0b.\x0b", "a\x0b.\x0b", false},
    {"FF . FF", "a\x0c.\x0c", "a\x0c.\x0c", false},
    {"^Z", "a\r\n\x1a\r\n", "a\r\n\x1a\r\n", false},
    {"CR LF . . CR LF", "a\r\n..\r\n", "a\r\n.\r\n", false},

    {"bare CR poisons, the end is found", "a\rb\r\n.\r\n", "a", true, kCr},
    {"CR CR LF", "a\r\r\nb\r\n.\r\n", "a", true, kCr},
    {"CR at the end of a piece is not yet bare", "a\r", "a", false},
    {"NUL poisons, the end is found", "a\0b\r\n.\r\n"sv, "a", true, kNul},
    {"the first fault counts", "a\r\0\r\n.\r\n"sv, "a", true, kCr},
    {"the first fault counts (NUL)", "a\0\rb\r\n.\r\n"sv, "a", true, kNul},
    {"a smuggled end within poisoned content", "a\rb\n.\nMAIL\r\n.\r\n", "a", true, kCr},
};

TEST(DotDecoder, Rows) {
    for (const auto& row : kDecodeRows) {
        const Decoded expected{std::string(row.content), row.input.size() - row.left, row.finished,
                               row.fault, row.ended_by_lf};
        for (const auto& pieces : {std::vector{row.input}, octets_of(row.input)}) {
            const auto got = decode(pieces);
            EXPECT_EQ(got.content, expected.content) << row.name;
            EXPECT_EQ(got.consumed, expected.consumed) << row.name;
            EXPECT_EQ(got.finished, expected.finished) << row.name;
            EXPECT_EQ(got.fault, expected.fault) << row.name;
            EXPECT_EQ(got.ended_by_lf, expected.ended_by_lf) << row.name;
        }
    }
}

TEST(DotDecoder, AnyCutGivesTheSame) {
    for (const auto& row : kDecodeRows) {
        const auto whole = decode({row.input});
        for (std::size_t cut = 0; cut <= row.input.size(); ++cut) {
            EXPECT_EQ(decode({row.input.substr(0, cut), row.input.substr(cut)}), whole)
                << row.name << " cut at " << cut;
        }
    }
}

// Every string over the octets that matter, up to eight of them: the end is found exactly where the
// five octets stand (the beginning counts as behind CR LF), and clean content never holds a bare CR
// or LF.
TEST(DotDecoder, EveryShortInputEndsOnlyAtTheFiveOctets) {
    constexpr std::string_view alphabet = "\r\n.a\0"sv;
    std::string input;
    std::string content;
    const auto check = [&] {
        const std::string framed = "\r\n" + input;
        const std::size_t end = framed.find("\r\n.\r\n");
        const std::size_t expected = end == std::string::npos ? input.size() : end + 3;
        DotDecoder decoder;
        content.clear();
        const auto step = decoder.feed(input, content);
        ASSERT_EQ(step.finished, end != std::string::npos);
        ASSERT_EQ(step.consumed, expected);
        if (decoder.fault() != ContentFault::none) return;
        for (std::size_t i = 0; i < content.size(); ++i) {
            ASSERT_NE(content[i], '\0');
            if (content[i] == '\n') {
                ASSERT_TRUE(i > 0 && content[i - 1] == '\r');
            }
            if (content[i] == '\r') {
                ASSERT_TRUE(i + 1 < content.size() && content[i + 1] == '\n');
            }
        }
        if (step.finished && !content.empty()) {
            ASSERT_TRUE(content.ends_with("\r\n"));
        }
    };
    for (std::size_t length = 0; length <= 8; ++length) {
        std::size_t count = 1;
        for (std::size_t i = 0; i < length; ++i) count *= alphabet.size();
        for (std::size_t number = 0; number < count; ++number) {
            input.clear();
            for (std::size_t rest = number, i = 0; i < length; ++i, rest /= alphabet.size()) {
                input += alphabet[rest % alphabet.size()];
            }
            check();
            if (HasFatalFailure()) FAIL() << testing::PrintToString(input);
        }
    }
}

TEST(DotDecoder, NothingIsReadBehindTheEnd) {
    DotDecoder decoder;
    std::string content;
    EXPECT_TRUE(decoder.feed("a\r\n.\r\n", content).finished);
    const auto again = decoder.feed("b\r\n", content);
    EXPECT_TRUE(again.finished);
    EXPECT_EQ(again.consumed, 0u);
    EXPECT_EQ(content, "a\r\n");
}

// Many line ends far from the next CR: each piece is scanned once, not once a line.
TEST(DotDecoder, LargeInputsOfOneKindAreLinear) {
    for (const std::string_view unit :
         {"\n"sv, "\r"sv, "\0"sv, "."sv, "\r\n"sv, "\r\n."sv, "\n."sv, "a\n"sv}) {
        std::string input;
        while (input.size() < (1u << 20)) input += unit;
        input += "\r\n.\r\n";
        DotDecoder decoder;
        std::string content;
        EXPECT_TRUE(decoder.feed(input, content).finished);
        DotEncoder encoder;
        std::string wire;
        encoder.feed(input, wire);
        ChunkNormaliser chunks;
        chunks.feed(input, content);
    }
}

struct ChunkRow {
    const char* name;
    std::string_view input;
    std::string_view content;
    ContentFault fault = ContentFault::none;
};

const ChunkRow kChunkRows[] = {
    {"empty", "", ""},
    {"lines", "a\r\nb\r\n", "a\r\nb\r\n"},
    {"dots mean nothing", ".\r\n..a\r\n.\r\n", ".\r\n..a\r\n.\r\n"},
    {"bare LF", "a\nb\n", "a\r\nb\r\n"},
    {"no line end at the end", "a\r\nb", "a\r\nb\r\n"},
    {"bare CR", "a\rb\r\n", "a", kCr},
    {"CR CR LF", "a\r\r\n", "a", kCr},
    {"CR left over", "a\r", "a", kCr},
    {"NUL", "a\0b\r\n"sv, "a", kNul},
    {"only LF", "\n", "\r\n"},
    {"the first fault counts", "\r\0"sv, "", kCr},
};

TEST(ChunkNormaliser, RowsWithAnyCut) {
    for (const auto& row : kChunkRows) {
        for (std::size_t cut = 0; cut <= row.input.size(); ++cut) {
            ChunkNormaliser chunks;
            std::string content;
            chunks.feed(row.input.substr(0, cut), content);
            chunks.feed(row.input.substr(cut), content);
            chunks.finish(content);
            EXPECT_EQ(content, row.content) << row.name << " cut at " << cut;
            EXPECT_EQ(chunks.fault(), row.fault) << row.name << " cut at " << cut;
        }
    }
}

struct EncodeRow {
    const char* name;
    std::string_view content;
    std::string_view wire;
};

const EncodeRow kEncodeRows[] = {
    {"empty", "", ".\r\n"},
    {"lines", "a\r\nb\r\n", "a\r\nb\r\n.\r\n"},
    {"no line end at the end", "a", "a\r\n.\r\n"},
    {"a dot first", ".a\r\n", "..a\r\n.\r\n"},
    {"a dot alone", ".\r\n", "..\r\n.\r\n"},
    {"only a dot", ".", "..\r\n.\r\n"},
    {"many dots", "...\r\n.\r\n..\r\n", "....\r\n..\r\n...\r\n.\r\n"},
    {"dots inside", "a.\r\nb.c\r\n", "a.\r\nb.c\r\n.\r\n"},
    // A damaged store: nothing bare leaves, and each new line start is stuffed.
    {"bare LF", "a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"},
    {"bare CR", "a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"},
    {"CR CR LF", "a\r\r\n.\r\n", "a\r\n\r\n..\r\n.\r\n"},
    {"CR at the end", "a\r", "a\r\n.\r\n"},
    {"LF CR", "a\n\r.", "a\r\n\r\n..\r\n.\r\n"},
    {"the true end within", "a\r\n.\r\nMAIL FROM:<>\r\n", "a\r\n..\r\nMAIL FROM:<>\r\n.\r\n"},
};

TEST(DotEncoder, RowsWithAnyCut) {
    for (const auto& row : kEncodeRows) {
        for (std::size_t cut = 0; cut <= row.content.size(); ++cut) {
            DotEncoder encoder;
            std::string wire;
            encoder.feed(row.content.substr(0, cut), wire);
            encoder.feed(row.content.substr(cut), wire);
            encoder.finish(wire);
            EXPECT_EQ(wire, row.wire) << row.name << " cut at " << cut;
        }
    }
}

// Whatever came in leaves in a form that even the most lenient next hop reads in one way.
TEST(DotEncoder, WhatWasDecodedNeverSmuggles) {
    for (const auto& row : kDecodeRows) {
        const auto decoded = decode({row.input});
        if (decoded.fault != ContentFault::none) continue;
        DotEncoder encoder;
        std::string wire;
        encoder.feed(decoded.content, wire);
        encoder.finish(wire);
        EXPECT_EQ(wire.find("\r\n.\r\n"), wire.size() == 3 ? std::string::npos : wire.size() - 5)
            << row.name;
        for (std::size_t i = 0; i < wire.size(); ++i) {
            if (wire[i] == '\n') {
                EXPECT_TRUE(i > 0 && wire[i - 1] == '\r') << row.name;
            }
            if (wire[i] == '\r') {
                EXPECT_EQ(wire[i + 1], '\n') << row.name;
            }
        }
        const auto again = decode({wire});
        EXPECT_TRUE(again.finished) << row.name;
        const bool whole = decoded.content.empty() || decoded.content.ends_with("\r\n");
        if (whole) {
            EXPECT_EQ(again.content, decoded.content) << row.name;
        }
    }
}

}  // namespace
}  // namespace posthaste::smtp
