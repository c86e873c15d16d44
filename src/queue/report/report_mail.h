// A report of ours as a message of the queue: null sender, signed, durable like any other.
#pragma once

#include "mail/dsn/dsn.h"
#include "queue/bounce.h"

#include <string>

namespace posthaste::queue {

struct ReportMail {
    QueueId id;
    mail::Mailbox to;
    mail::DsnMessage message;
    bool tls_optional = false;  // as the message it is about (RFC 8689 §5)
    store::QueueTime now;
    Timestamp wall;
    std::string about{};  // the id of the message it is about; empty: of several
    std::string what{};   // "report about …", for the event
};

// Adds it, and what is told of it, to what is to be written. Blocks: the body may go to a file.
Result<void> add_report_mail(store::Store& store, const ReportOptions& options, ReportMail report,
                             Reports& reports);

}  // namespace posthaste::queue
