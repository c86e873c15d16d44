#include "smtp/reply.h"

#include "base/ascii.h"
#include "base/assert.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace posthaste::smtp {

namespace {

struct Line {
    int code = 0;
    bool last = false;
    std::string_view text;
};

std::optional<Line> parse_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() < 3 || line[0] < '2' || line[0] > '5') return std::nullopt;
    if (!ascii::is_digit(line[1]) || !ascii::is_digit(line[2])) return std::nullopt;
    Line result;
    result.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return std::nullopt;
    result.last = line.size() == 3 || line[3] == ' ';
    result.text = line.substr(std::min<std::size_t>(line.size(), 4));
    return result;
}

// The word that may be a status, and the text behind it.
std::pair<std::string_view, std::string_view> split_status(std::string_view text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    return {text.substr(0, end), text.substr(std::min(end + 1, text.size()))};
}

}  // namespace

std::string Reply::text() const {
    std::string joined;
    for (const auto& line : lines) {
        if (!joined.empty() && !line.empty()) joined += ' ';
        joined += line;
    }
    return joined;
}

std::string Reply::to_wire() const {
    PH_ASSERT(code >= 200 && code < 600);
    const std::string digits = std::to_string(code);
    const std::string prefix = status ? status->to_string() : std::string();
    const std::size_t count = std::max<std::size_t>(lines.size(), 1);
    std::string wire;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view text =
            i < lines.size() ? std::string_view(lines[i]) : std::string_view();
        wire += digits;
        wire += i + 1 == count ? ' ' : '-';
        wire += prefix;
        if (!prefix.empty() && !text.empty()) wire += ' ';
        std::ranges::transform(text, std::back_inserter(wire),
                               [](char c) { return ascii::is_control(c) ? ' ' : c; });
        wire += "\r\n";
    }
    return wire;
}

Result<bool> ReplyParser::add_line(std::string_view line) {
    PH_ASSERT(state_ != State::complete);
    const auto refuse = [this](ErrorKind kind, std::string text) {
        state_ = State::failed;
        reply_ = {};
        return fail(kind, std::move(text), "Ask who runs that server");
    };
    if (state_ == State::failed)
        return refuse(ErrorKind::syntax, "The server's reply was malformed");
    if (line.size() > kMaxLine)
        return refuse(ErrorKind::too_large, "The server's reply has too long a line");
    if (reply_.lines.size() == kMaxLines) {
        return refuse(ErrorKind::too_large, "The server's reply has too many lines");
    }
    const auto parsed = parse_line(line);
    if (!parsed)
        return refuse(ErrorKind::syntax, "The server's reply does not start with a reply code");
    const bool first = reply_.lines.empty();
    if (!first && parsed->code != reply_.code) {
        return refuse(ErrorKind::syntax, "The server's reply has different codes in its lines");
    }
    reply_.code = parsed->code;

    const auto [word, rest] = split_status(parsed->text);
    const auto status = mail::EnhancedStatus::parse(word);
    if (first && status && status->cls == parsed->code / 100) reply_.status = status;
    const bool repeats = status && status == reply_.status;
    reply_.lines.emplace_back(repeats ? rest : parsed->text);
    if (parsed->last) state_ = State::complete;
    return parsed->last;
}

Reply ReplyParser::take() {
    PH_ASSERT(state_ == State::complete);
    state_ = State::collecting;
    return std::exchange(reply_, {});
}

}  // namespace posthaste::smtp
