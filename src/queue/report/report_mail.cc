#include "queue/report/report_mail.h"

#include "mail/dkim/dkim_body.h"
#include "queue/story.h"

#include <utility>

namespace posthaste::queue {
namespace {

Result<store::Body> store_body(store::Store& store, const QueueId& id, std::string_view octets) {
    auto writer = store.write_content(id);
    while (!octets.empty()) {
        const auto piece = octets.substr(0, store::kContentPiece);
        octets.remove_prefix(piece.size());
        writer.append(piece);
        if (writer.wants_flush()) PH_CHECK(writer.flush());
    }
    return writer.finish();
}

Event accepted_event(const store::AddMessage& report, std::string what) {
    Event event;
    event.type = EventType::accepted;
    event.time = report.row.accepted_wall;
    event.id = report.row.id;
    event.recipient = report.recipients.front().address.to_string();
    event.size = report.row.header->size() + 2 + report.row.body.size;
    event.text = std::move(what);
    return event;
}

}  // namespace

Result<void> add_report_mail(store::Store& store, const ReportOptions& options, ReportMail mail,
                             Reports& reports) {
    store::AddMessage report;
    store::MessageRow& row = report.row;
    row.id = mail.id;
    row.kind = store::MessageKind::dsn;
    row.body_type = mail.message.needs_8bit ? mail::BodyType::eight_bit : mail::BodyType::seven_bit;
    row.smtputf8 = mail.message.needs_utf8;
    if (mail.tls_optional) {
        row.tls_wish = store::TlsWish::optional;
        mail.message.header.insert(0, "TLS-Required: No\r\n");
    }
    if (options.signing) {
        mail::DkimBodyHash hash;
        hash.update(mail.message.body);
        mail.message.header.insert(0,
                                   options.signing->sign_now(mail.message.header, hash.finish()));
    }
    row.header = std::make_shared<const std::string>(std::move(mail.message.header));
    PH_TRY(row.body, store_body(store, row.id, mail.message.body));
    row.accepted_wall = mail.wall;
    row.accepted = mail.now;
    row.expires = mail.now + options.retry.report.expire;
    store::RecipientRow recipient;
    recipient.address = std::move(mail.to);
    recipient.notify = mail::Notify::never;  // B-7
    recipient.next_at = mail.now;
    report.recipients.push_back(std::move(recipient));
    reports.events.push_back(accepted_event(report, std::move(mail.what)));
    reports.added.push_back(report);
    reports.changes.push_back(tell_accepted(report, {{}, {}, {}, std::move(mail.about)}));
    reports.changes.push_back(std::move(report));
    return {};
}

}  // namespace posthaste::queue
