// Reply: code, enhanced status and text; formatter for what we send, bounded parser for what we
// receive (RFC 5321 §4.2, RFC 2034).
#pragma once

#include "base/result.h"
#include "mail/status.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::smtp {

struct Reply {
    int code = 0;
    std::optional<mail::EnhancedStatus> status;
    std::vector<std::string>
        lines;  // text without code, and without the status where it was parsed

    bool positive() const { return code >= 200 && code < 300; }

    bool intermediate() const { return code >= 300 && code < 400; }

    bool transient() const { return code >= 400 && code < 500; }

    bool permanent() const { return code >= 500 && code < 600; }

    std::string text() const;  // lines joined by a space

    // With CR LF, every line carrying code (and status). Control octets in the text become spaces,
    // so that no text can make a line of its own.
    std::string to_wire() const;

    bool operator==(const Reply&) const = default;
};

// Takes one line after another. Hostile servers are normal: at most 100 lines of 2,048 octets, LF
// line ends and a missing text tolerated, different codes in one reply refused (delivery.md 3.3).
// The texts are kept as they came: make them printable before they are stored or shown.
//
// The status is that of the first line, if its class fits the code; it is cut from each line that
// repeats it.
class ReplyParser {
  public:
    static constexpr std::size_t kMaxLines = 100;
    static constexpr std::size_t kMaxLine = 2048;

    // `line` without its line end. True when the reply is complete; then `take` gives it and starts
    // anew. Errors: syntax, too_large. After an error every further line fails: the connection is
    // of no use.
    Result<bool> add_line(std::string_view line);
    Reply take();

  private:
    enum class State { collecting, complete, failed } state_ = State::collecting;
    Reply reply_;
};

}  // namespace posthaste::smtp
