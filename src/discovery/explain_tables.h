// What numbers and words lead to which topic. Private to explain.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace posthaste::discovery::tables {

struct OutlookRow {
    std::uint32_t first;
    std::uint32_t last;
    std::string_view topic;
    bool is_vague = false;  // stands for many things: a server's own code says more
};

struct CodeRow {
    int code;
    std::string_view topic;
};

struct StatusRow {
    std::string_view status;
    std::string_view topic;
};

// All that is given must be in the text; phrases are in lower case.
struct PhraseRow {
    int code;                 // 0: any
    std::string_view status;  // empty: any
    std::string_view phrase;
    std::string_view topic;
};

// Words of our own replies, for those whose help address or number was cut off.
struct OwnRow {
    std::string_view phrase;
    int number;
    std::string_view also = {};  // a second phrase that must be there
};

inline constexpr int kLastReply = 67;  // of submission/replies.h

std::span<const OutlookRow> outlook_numbers();
std::span<const CodeRow> smtp_codes();
std::span<const StatusRow> telling_statuses();  // say more than the code before them
std::span<const StatusRow> other_statuses();
std::span<const PhraseRow> microsoft_phrases();
std::span<const PhraseRow> server_phrases();
std::span<const PhraseRow> window_phrases();  // of error windows
std::span<const OwnRow> own_phrases();

}  // namespace posthaste::discovery::tables
