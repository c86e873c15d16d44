// The walk, the repair of headers and the encoders: whatever comes in, what goes out is fit, the
// same however it was cut, and needs no second repair.
#include "base/ascii.h"
#include "mail/mime/mime.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace posthaste::mail;

namespace {

struct Mended {
    BodyPlan plan;
    std::string body;
};

Mended mend(const HeaderBlock& top, std::string_view body, BodyAim aim, std::size_t piece) {
    MimeScanner scanner(top, {.aim = aim});
    for (std::size_t at = 0; at < body.size(); at += piece) scanner.update(body.substr(at, piece));
    Mended mended{scanner.finish(), {}};
    BodyRewriter rewriter(mended.plan.edits);
    for (std::size_t at = 0; at < body.size(); at += piece)
        rewriter.update(body.substr(at, piece), mended.body);
    rewriter.finish(mended.body);
    return mended;
}

// As the session hands it on: CR LF and no other line end.
std::string with_line_ends(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r' || c == '\0') continue;
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const BodyAim aim = data[0] % 2 == 0 ? BodyAim::lines : BodyAim::seven_bit;
    const std::size_t piece = 1 + data[1];
    const std::string text = with_line_ends({reinterpret_cast<const char*>(data) + 2, size - 2});
    const std::size_t empty_line = text.find("\r\n\r\n");
    if (empty_line == std::string::npos) return 0;
    auto top = HeaderBlock::parse(std::string_view(text).substr(0, empty_line + 2));
    if (!top) return 0;
    const std::string_view body = std::string_view(text).substr(empty_line + 4);
    if (!repair_header(*top, {})) return 0;
    if (!HeaderBlock::parse(top->to_string())) std::abort();
    const Mended whole = mend(*top, body, aim, text.size());
    const Mended cut = mend(*top, body, aim, piece);
    if (whole.body != cut.body || whole.plan.trouble != cut.plan.trouble) std::abort();
    if (whole.plan.trouble != BodyTrouble::none) return 0;
    if (aim == BodyAim::seven_bit && !posthaste::ascii::is_ascii(whole.body)) std::abort();
    if (!whole.plan.top_encoding.empty()) set_transfer_encoding(*top, whole.plan.top_encoding);
    const Mended again = mend(*top, whole.body, aim, text.size());
    if (again.plan.longest_line > 998 && again.plan.trouble == BodyTrouble::none) std::abort();
    return 0;
}
