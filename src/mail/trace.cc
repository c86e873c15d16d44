#include "mail/trace.h"

#include "base/ascii.h"

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

// A comment must not be closed from within (RFC 5322 §3.2.2).
std::string make_comment(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (ascii::is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ' ') out += c;
    }
    return out.empty() ? out : fmt::format(" ({})", out);
}

}  // namespace

std::string make_received(const TraceInfo& info) {
    const std::string priority =
        info.priority == 0 ? std::string() : fmt::format(" PRIORITY {}", info.priority);
    return fmt::format("Received: from [authenticated] by {}\r\n\twith {}{} id {}{};\r\n\t{}\r\n",
                       info.by, info.protocol, make_comment(info.tls), info.id.to_string(),
                       priority, format_rfc5322(info.at));
}

std::size_t count_hops(const HeaderBlock& header) {
    return header.count("Received");
}

}  // namespace posthaste::mail
