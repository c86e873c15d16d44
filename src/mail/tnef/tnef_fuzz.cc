// The answer of the process that reads winmail.dat, and the message made of it: whatever comes, the
// message that leaves is fit and holds no such file any more.
#include "mail/tnef/tnef.h"
#include "mail/tnef/winmail.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace posthaste::mail;

namespace {

BodyPlan plan_of(const HeaderBlock& header, std::string_view body) {
    MimeScanner scanner(header, {});
    scanner.update(body);
    return scanner.finish();
}

constexpr std::string_view kShapes[] = {
    "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: "
    "application/ms-tnef\r\n\r\n"
    "x\r\n--b--\r\n",
    "--b\r\n\r\n\r\n--b\r\nContent-Type: application/ms-tnef\r\n\r\nx\r\n--b--\r\n",
    "--b\r\nContent-Type: application/ms-tnef\r\n\r\nx\r\n--b--\r\n",
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto content = read_tnef({reinterpret_cast<const char*>(data), size});
    if (!content) return 0;
    const auto again = read_tnef(write_tnef(*content));
    if (!again || again->attachments.size() != content->attachments.size()) std::abort();
    for (const std::string_view body : kShapes) {
        auto header = HeaderBlock::parse("Content-Type: multipart/mixed; boundary=b\r\n");
        const BodyPlan plan = plan_of(*header, body);
        const auto change = replace_winmail(plan.tnef, {&*content, 1}, *header, "mark");
        if (!change) continue;
        std::string made;
        BodyRewriter rewriter(change->edits);
        rewriter.update(body, made);
        rewriter.finish(made);
        const BodyPlan after = plan_of(*header, made);
        if (!after.tnef.empty() || after.has_work() || after.eight_bit ||
            after.trouble != BodyTrouble::none)
            std::abort();
    }
    return 0;
}
