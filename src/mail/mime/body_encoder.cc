#include "mail/mime/body_encoder.h"

#include "base/ascii.h"
#include "base/base64.h"

#include <algorithm>

namespace posthaste::mail {
namespace {

constexpr std::size_t kWidth = 76;       // of a line (RFC 2045 §6.7 rule 5, §6.8)
constexpr std::size_t kPackedLine = 57;  // octets that make a line of 76 in base64
constexpr std::string_view kLineEnd = "\r\n";

void append_quoted(std::string& out, char c) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto octet = static_cast<unsigned char>(c);
    out += '=';
    out += kDigits[octet >> 4];
    out += kDigits[octet & 0xfU];
}

bool is_hex(char c) {
    return ascii::is_digit(c) || (ascii::lower(c) >= 'a' && ascii::lower(c) <= 'f');
}

}  // namespace

void BodyEncoder::note_end(std::string_view octets) {
    for (const char c : octets.substr(octets.size() - std::min<std::size_t>(octets.size(), 2))) {
        before_ = last_;
        last_ = c;
    }
}

void BodyEncoder::update(std::string_view octets, std::string& out) {
    note_end(octets);
    switch (encoding_) {
        case Encoding::quoted_printable:
            return quote(octets, false, out);
        case Encoding::quoted_printable_again:
            return mend_quoted(octets, false, out);
        case Encoding::base64:
            return pack(octets, out);
        case Encoding::base64_again:
            return rewrap(octets, out);
    }
}

void BodyEncoder::finish(std::string& out) {
    const bool ended = before_ == '\r' && last_ == '\n';
    switch (encoding_) {
        case Encoding::quoted_printable:
            return quote({}, true, out);
        case Encoding::quoted_printable_again:
            return mend_quoted({}, true, out);
        case Encoding::base64:
            if (!held_.empty()) {
                if (any_) out += kLineEnd;
                out += base64::encode(held_);
                any_ = true;
            }
            break;
        case Encoding::base64_again:
            any_ = any_ || column_ > 0;
            break;
    }
    if (ended && any_) out += kLineEnd;
}

// A character or an escape, on a line of its own where the present one is full.
void BodyEncoder::put_unit(std::string_view unit, bool line_ends, std::string& out) {
    if (column_ + unit.size() > (line_ends ? kWidth : kWidth - 1)) {
        out += "=\r\n";
        column_ = 0;
    }
    out += unit;
    column_ += unit.size();
}

// Looks two octets ahead: white space before a line's end must be quoted (rule 3).
void BodyEncoder::quote(std::string_view octets, bool all, std::string& out) {
    const std::string joined = held_.empty() ? std::string() : held_ + std::string(octets);
    const std::string_view text = held_.empty() ? octets : std::string_view(joined);
    std::size_t i = 0;
    std::string unit;
    while (i < text.size() && (all || text.size() - i > 2)) {
        const std::string_view rest = text.substr(i);
        if (rest.starts_with(kLineEnd)) {
            out += kLineEnd;
            column_ = 0;
            i += 2;
            continue;
        }
        const char c = rest.front();
        const bool line_ends = rest.size() == 1 || rest.substr(1).starts_with(kLineEnd);
        const bool blank = c == ' ' || c == '\t';
        const bool literal = blank ? !line_ends : c > ' ' && c < 0x7f && c != '=';
        unit.clear();
        if (literal) {
            unit += c;
        } else {
            append_quoted(unit, c);
        }
        put_unit(unit, line_ends, out);
        ++i;
    }
    held_ = text.substr(i);
}

// The text is quoted-printable: an escape stays whole, a soft line break stays one.
void BodyEncoder::mend_quoted(std::string_view octets, bool all, std::string& out) {
    constexpr std::size_t kAhead = 5;  // an escape and a line end
    const std::string joined = held_.empty() ? std::string() : held_ + std::string(octets);
    const std::string_view text = held_.empty() ? octets : std::string_view(joined);
    std::size_t i = 0;
    std::string quoted;
    while (i < text.size() && (all || text.size() - i > kAhead)) {
        const std::string_view rest = text.substr(i);
        if (rest.starts_with(kLineEnd)) {
            out += kLineEnd;
            column_ = 0;
            i += 2;
            continue;
        }
        if (rest.starts_with("=\r\n")) {
            out += "=\r\n";
            column_ = 0;
            i += 3;
            continue;
        }
        const bool escape =
            rest.front() == '=' && rest.size() > 2 && is_hex(rest[1]) && is_hex(rest[2]);
        const std::size_t length = escape ? 3 : 1;
        std::string_view unit = rest.substr(0, length);
        const char c = rest.front();
        if (!escape && (c != '\t' && (c < ' ' || c >= 0x7f))) {
            quoted.clear();
            append_quoted(quoted, c);
            unit = quoted;
        }
        const std::string_view behind = rest.substr(length);
        put_unit(unit, behind.starts_with(kLineEnd) || (all && behind.empty()), out);
        i += length;
    }
    held_ = text.substr(i);
}

void BodyEncoder::pack(std::string_view octets, std::string& out) {
    const auto put_line = [&](std::string_view line) {
        if (any_) out += kLineEnd;
        out += base64::encode(line);
        any_ = true;
    };
    if (!held_.empty()) {
        const std::size_t more = std::min(octets.size(), kPackedLine - held_.size());
        held_ += octets.substr(0, more);
        octets.remove_prefix(more);
        if (held_.size() < kPackedLine) return;
        put_line(held_);
        held_.clear();
    }
    while (octets.size() >= kPackedLine) {
        put_line(octets.substr(0, kPackedLine));
        octets.remove_prefix(kPackedLine);
    }
    held_ = octets;
}

// Line ends and white space mean nothing in base64, nor does anything beyond its alphabet (RFC 2045
// §6.8); what is ASCII stays all the same, for the reader to judge.
void BodyEncoder::rewrap(std::string_view octets, std::string& out) {
    for (const char c : octets) {
        if (c <= ' ' || c >= 0x7f) continue;  // <= ' ': 8-bit too
        if (column_ == kWidth) {
            out += kLineEnd;
            column_ = 0;
            any_ = true;
        }
        out += c;
        ++column_;
    }
}

}  // namespace posthaste::mail
