#include "submission/lock_notice.h"

#include "base/ascii.h"
#include "base/checksum.h"
#include "mail/fixup.h"
#include "mail/trace.h"

#include <fmt/format.h>

namespace posthaste::submission {

Result<queue::Submission> compose_lock_notice(const LockNotice& notice) {
    PH_TRY(auto mailbox, mail::Mailbox::parse(notice.account));
    const Timestamp at = now();
    queue::Submission submission;
    submission.id = QueueId::make();
    submission.account = notice.account;
    submission.client = notice.client;
    submission.envelope.smtputf8 = !mailbox.is_ascii();
    const std::string from = notice.admin.empty() ? "postmaster@" + notice.hostname : notice.admin;
    const std::string raw = fmt::format(
        "From: Mail server <{}>\r\nTo: {}\r\nSubject: Somebody is guessing your mail password\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        "Auto-Submitted: auto-generated\r\n",
        from, notice.account);
    PH_TRY(auto header, mail::HeaderBlock::parse(raw));
    mail::fix_up(header, {submission.id, notice.hostname, at});
    const mail::TraceInfo trace{
        .by = notice.hostname, .protocol = "local", .tls = {}, .id = submission.id, .at = at};
    submission.header = mail::make_received(trace) + header.to_string();
    const std::string text = fmt::format(
        "Somebody tried many different passwords for {} within an hour, from several\r\n"
        "networks, the last of them {}. None of them was right.\r\n"
        "\r\n"
        "For 15 minutes the password is only taken from networks where you have signed\r\n"
        "in before. Your programs there go on working, and so do app passwords.\r\n"
        "\r\n"
        "If this was you, for example a new phone with a mistyped password: wait 15\r\n"
        "minutes and type it again. If it was not: nothing has happened, but see to it\r\n"
        "that your password is long and used nowhere else. {} can help.\r\n"
        "\r\n"
        "This message comes once a day at most.\r\n",
        notice.account, notice.client, from);
    auto octets = std::make_shared<const std::string>(text);
    if (!ascii::is_ascii(text)) submission.envelope.body = mail::BodyType::eight_bit;
    submission.body = {octets, {}, octets->size(), crc32c(*octets)};
    submission.envelope.recipients.push_back({std::move(mailbox), mail::Notify::never, {}});
    return submission;
}

}  // namespace posthaste::submission
