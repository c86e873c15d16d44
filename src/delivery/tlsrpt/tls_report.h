// A TLS report (RFC 8460): the JSON of one day and domain, and the message that carries it. Pure.
#pragma once

#include "delivery/tlsrpt/tls_report_ledger.h"

#include <string>
#include <string_view>

namespace posthaste::delivery {

struct TlsReportInput {
    std::string domain;  // whose sessions they were
    UtcDay day;
    TlsDay sessions;
    std::string organization;  // who reports
    std::string contact;       // an address
    std::string submitter;     // the domain of that address, which signs the message
    std::string hostname;      // of the server: tells reports of several servers apart
    Timestamp now;
};

// The same for the same day, domain and server: who gets it twice sees that it is one.
std::string tls_report_id(const TlsReportInput& input);

std::string tls_report_json(const TlsReportInput& input);

// "us.example!example.net!1795305600!1795391999!….json.gz" (§5.1)
std::string tls_report_file_name(const TlsReportInput& input);

struct TlsReportMessage {
    std::string header;
    std::string body;  // 7-bit
};

// `packed`: the JSON in gzip. `to`: the address it goes to.
TlsReportMessage make_tls_report_message(const TlsReportInput& input, std::string_view packed,
                                         const std::string& to);

}  // namespace posthaste::delivery
