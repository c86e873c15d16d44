// Any octets of a server: bounds hold, and what we would write of a reply reads as the same reply
// (threats.md P10).
#include "base/ascii.h"
#include "base/assert.h"
#include "smtp/extensions.h"
#include "smtp/reply.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace posthaste;

void check(const smtp::Reply& reply) {
    PH_ASSERT(reply.code >= 200 && reply.code < 600);
    PH_ASSERT(!reply.lines.empty() && reply.lines.size() <= smtp::ReplyParser::kMaxLines);
    if (reply.status) PH_ASSERT(reply.status->cls == reply.code / 100);
    (void)reply.text();
    (void)smtp::parse_ehlo_reply(reply);

    // A text that begins like a status would be read as one, control octets become spaces, and a
    // line grows by the status: only without these the reading back is exact.
    for (const auto& line : reply.lines) {
        if (std::ranges::any_of(line, ascii::is_control) || line.size() > 2000) return;
        const auto word = std::string_view(line).substr(0, line.find(' '));
        if (mail::EnhancedStatus::parse(word)) return;
        if (reply.status && line.empty()) return;
    }
    const std::string wire = reply.to_wire();
    smtp::ReplyParser parser;
    std::size_t start = 0;
    bool done = false;
    while (start < wire.size()) {
        const std::size_t end = wire.find("\r\n", start);
        PH_ASSERT(!done && end != std::string::npos);
        const auto result = parser.add_line(std::string_view(wire).substr(start, end - start));
        PH_ASSERT(result);
        done = *result;
        start = end + 2;
    }
    PH_ASSERT(done);
    PH_ASSERT(parser.take() == reply);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    smtp::ReplyParser parser;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const auto done = parser.add_line(rest.substr(0, end));
        if (!done) return 0;
        if (*done) check(parser.take());
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return 0;
}
