// What a session does with a message that holds a winmail.dat.
#include "base/ascii.h"
#include "mail/fixup.h"
#include "submission/session.h"
#include "submission/winmail/winmail.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

namespace posthaste::submission {
namespace {

// Of the client's patience, which is a minute at most (clients.md 3.7); the commit comes behind it.
constexpr Seconds kConversionTimeout{25};

}  // namespace

// By the domain that recipients see in From: one message has one content, whoever gets it.
WinmailPolicy Session::winmail_policy(const ContentIntake& intake,
                                      const std::string& header) const {
    if (context_.winmail == nullptr || !intake.has_winmail()) return WinmailPolicy::keep;
    const auto block = mail::HeaderBlock::parse(header);
    if (!block) return WinmailPolicy::keep;
    const auto authors = mail::authors(*block);
    if (!authors || authors->empty()) return WinmailPolicy::keep;
    return context_.winmail->rules.of(authors->front().domain());
}

// The message's header and body, converted where that goes well; else they stay, and `changes` says
// why. What it is given outlives the wait.
runtime::Task<void> Session::unpack_winmail(ContentIntake& intake, queue::Submission& submission,
                                            RewrittenBody& body) {
    const auto job = std::make_shared<WinmailJob>(context_.backend, *context_.winmail, intake.id(),
                                                  submission.header, body.body, intake.is_signed());
    auto work = [job] { return convert_winmail(*job); };
    const Deadline deadline = Deadline::after(kConversionTimeout);
    auto converting = runtime::offload(context_.winmail->pool, std::move(work), deadline);
    auto outcome = co_await std::move(converting);
    if (!outcome) {
        // What the thread may still make is thrown away by it, or swept at the next start.
        job->abandoned = true;
        const std::string& why = outcome.error().text;
        context_.log.warning("winmail.kept", {{"id", intake.id().to_string()},
                                              {"account", account()},
                                              {"what", "winmail.dat leaves as it came"},
                                              {"why", why}});
        submission.changes.push_back(fmt::format("winmail.dat was kept: {}", why));
        co_return;
    }
    auto discard = [&backend = context_.backend, before = body.body]() -> Result<void> {
        backend.discard_content(before);
        return {};
    };
    auto discarding = runtime::offload(context_.blocking, std::move(discard), deadline);
    const auto discarded = co_await std::move(discarding);
    static_cast<void>(discarded);  // what stays is swept at the next start
    submission.header = std::move(outcome->header);
    body = std::move(outcome->body);
    body.eight_bit = body.eight_bit || !ascii::is_ascii(submission.header);
    submission.changes.push_back(outcome->what);
    context_.log.debug(
        "message.changed",
        {{"id", intake.id().to_string()}, {"account", account()}, {"what", outcome->what}});
}

}  // namespace posthaste::submission
