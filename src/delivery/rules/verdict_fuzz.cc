// Hostile reply texts through the rules and the failure table.
#include "base/utf8.h"
#include "delivery/attempt/failure.h"
#include "delivery/rules/verdict.h"

#include <cstdlib>

namespace {

using namespace posthaste;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    delivery::Incident incident;
    incident.stage = static_cast<delivery::Stage>(data[0] % 10);
    incident.what = static_cast<delivery::What>(data[1] % 19);
    delivery::Circumstances here;
    here.smarthost = (data[2] & 1) != 0;
    here.accepted = (data[2] & 2) != 0 ? 5 : 0;
    here.attempts = data[2] >> 4;
    here.age = std::chrono::hours((data[2] & 4) != 0 ? 48 : 0);
    const std::string_view text(reinterpret_cast<const char*>(data + 3), size - 3);

    const auto wait = delivery::find_wait(text);
    require(!wait || (*wait >= Seconds(1) && *wait <= std::chrono::hours(24)));

    smtp::ReplyParser parser;
    std::size_t at = 0;
    bool complete = false;
    while (!complete && at <= text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const auto done = parser.add_line(text.substr(at, end - at));
        if (!done) return 0;
        complete = *done;
        at = end + 1;
    }
    if (!complete) return 0;
    incident.reply = parser.take();
    const auto judgement = delivery::judge(incident, here);
    require(judgement.outcome.reply.size() <= 1024);
    require(utf8::is_valid(judgement.outcome.reply));
    require(judgement.outcome.verdict != mail::Verdict::delivered);
    const auto cls = judgement.outcome.status.cls;
    require(cls == 4 || cls == 5);
    // Final and temporary are never mixed up between the verdict and the status.
    require((judgement.outcome.verdict == mail::Verdict::failed) == (cls == 5));
    require(!judgement.outcome.ambiguous || judgement.outcome.verdict == mail::Verdict::deferred);
    return 0;
}
