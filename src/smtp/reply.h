// Reply: code, enhanced status and text; formatter for what we send, bounded parser for what we receive
// (RFC 5321 §4.2, RFC 2034).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/status.h"

namespace posthaste::smtp {

struct Reply {
    int code = 0;
    std::optional<mail::EnhancedStatus> status;
    std::vector<std::string> lines;  // text without code; the first without the status too

    bool positive() const { return code >= 200 && code < 300; }

    bool intermediate() const { return code >= 300 && code < 400; }

    bool transient() const { return code >= 400 && code < 500; }

    bool permanent() const { return code >= 500 && code < 600; }

    std::string text() const;       // lines joined by a space
    std::string to_wire() const;    // with CR LF, every line carrying code (and status)
};

// Takes one line after another. Hostile servers are normal: at most 100 lines of 2,048 octets, LF line
// ends and a missing text tolerated, different codes in one reply refused (delivery.md 3.3).
class ReplyParser {
  public:
    static constexpr std::size_t kMaxLines = 100;
    static constexpr std::size_t kMaxLine = 2048;

    // `line` without its line end. True when the reply is complete; then `take` gives it and starts anew.
    Result<bool> add_line(std::string_view line);
    Reply take();

  private:
    Reply reply_;
};

}  // namespace posthaste::smtp
