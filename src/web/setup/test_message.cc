#include "web/setup/test_message.h"

#include "base/checksum.h"
#include "mail/dkim/dkim_body.h"
#include "mail/fixup.h"
#include "mail/trace.h"

namespace posthaste::web {

Result<queue::Submission> compose_test_message(TestMessage message, TestMessageFrame frame) {
    message.sent_by = frame.hostname;
    PH_TRY(auto composed, mail::compose(message));
    queue::Submission submission;
    submission.id = QueueId::make();
    submission.account = std::move(frame.account);
    submission.client = std::move(frame.client);
    submission.envelope.sender = message.from;
    submission.envelope.smtputf8 = composed.smtputf8;
    for (auto& address : message.to)
        submission.envelope.recipients.push_back({std::move(address), mail::Notify::unset, {}});
    PH_TRY(auto header,
           mail::HeaderBlock::parse(composed.header + "Auto-Submitted: auto-generated\r\n"));
    const auto at = now();
    mail::fix_up(header, {submission.id, frame.hostname, at});
    const mail::TraceInfo trace{frame.hostname, "HTTP", {}, submission.id, at};
    submission.header = mail::make_received(trace) + header.to_string();
    mail::DkimBodyHash hash;
    hash.update(composed.body);
    submission.body_hash = hash.finish();
    auto octets = std::make_shared<const std::string>(std::move(composed.body));
    submission.body = {octets, {}, octets->size(), crc32c(*octets)};
    return submission;
}

}  // namespace posthaste::web
