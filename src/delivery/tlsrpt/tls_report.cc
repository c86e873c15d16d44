#include "delivery/tlsrpt/tls_report.h"

#include "base/base64.h"
#include "base/checksum.h"
#include "formats/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr std::size_t kLine = 76;  // RFC 2045 §6.8

std::string date_of(UtcDay day) {
    const std::chrono::year_month_day date(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::int64_t seconds_of(UtcDay day) {
    return std::chrono::duration_cast<Seconds>(day.time_since_epoch()).count();
}

constexpr std::int64_t kDaySeconds = 86'400;

std::string_view to_string(TlsSession::PolicyType type) {
    switch (type) {
        case TlsSession::PolicyType::no_policy_found:
            return "no-policy-found";
        case TlsSession::PolicyType::sts:
            return "sts";
        case TlsSession::PolicyType::tlsa:
            return "tlsa";
    }
    std::unreachable();
}

// The part before the "@" of the report's id.
std::string local_id(const TlsReportInput& input) {
    return fmt::format("{}.{}.{:08x}", date_of(input.day), input.domain,
                       crc32c(input.hostname + '\n' + input.domain));
}

void write_list(formats::JsonWriter& json, std::string_view name,
                const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    json.key(name).begin_array();
    for (const auto& text : texts) json.value(text);
    json.end_array();
}

void write_if_any(formats::JsonWriter& json, std::string_view name, const std::string& text) {
    if (!text.empty()) json.member(name, text);
}

void write_policy(formats::JsonWriter& json, const TlsPolicyCount& count) {
    json.begin_object().key("policy").begin_object();
    json.member("policy-type", to_string(count.type));
    write_list(json, "policy-string", count.strings);
    json.member("policy-domain", count.policy_domain);
    write_list(json, "mx-host", count.mx_patterns);
    json.end_object();
    json.key("summary")
        .begin_object()
        .member("total-successful-session-count", count.successes)
        .member("total-failure-session-count", count.failed())
        .end_object();
    if (!count.failures.empty()) {
        json.key("failure-details").begin_array();
        for (const auto& [failure, times] : count.failures) {
            json.begin_object().member("result-type", to_string(failure.result));
            write_if_any(json, "sending-mta-ip", failure.sending_ip);
            write_if_any(json, "receiving-mx-hostname", failure.mx_host);
            write_if_any(json, "receiving-mx-helo", failure.helo);
            write_if_any(json, "receiving-ip", failure.receiving_ip);
            json.member("failed-session-count", times);
            write_if_any(json, "failure-reason-code", failure.reason);
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
}

std::string wrap_base64(std::string_view octets) {
    const std::string text = base64::encode(octets);
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += kLine)
        out.append(text, at, kLine).append("\r\n");
    return out;
}

std::string words(const TlsReportInput& input) {
    std::uint64_t good = 0, failed = 0;
    for (const auto& count : input.sessions) {
        good += count.successes;
        failed += count.failed();
    }
    return fmt::format(
        "This is a report about TLS between our mail server {} and the mail servers of\r\n"
        "{} on {} (UTC), which the TXT record _smtp._tls.{} asks for (RFC 8460).\r\n\r\n"
        "Sessions that went well: {}\r\nSessions that failed: {}\r\n\r\n"
        "The file beside this text has the details, for a program to read.\r\n"
        "Questions: {}\r\n",
        input.hostname, input.domain, date_of(input.day), input.domain, good, failed,
        input.contact);
}

}  // namespace

std::string tls_report_id(const TlsReportInput& input) {
    return fmt::format("{}@{}", local_id(input), input.submitter);
}

std::string tls_report_json(const TlsReportInput& input) {
    const std::string date = date_of(input.day);
    formats::JsonWriter json;
    json.begin_object()
        .member("organization-name", input.organization)
        .key("date-range")
        .begin_object()
        .member("start-datetime", date + "T00:00:00Z")
        .member("end-datetime", date + "T23:59:59Z")
        .end_object()
        .member("contact-info", input.contact)
        .member("report-id", tls_report_id(input))
        .key("policies")
        .begin_array();
    for (const auto& count : input.sessions) write_policy(json, count);
    json.end_array().end_object();
    return std::move(json).take();
}

std::string tls_report_file_name(const TlsReportInput& input) {
    const std::int64_t begin = seconds_of(input.day);
    return fmt::format("{}!{}!{}!{}!{}.json.gz", input.submitter, input.domain, begin,
                       begin + kDaySeconds - 1, local_id(input));
}

TlsReportMessage make_tls_report_message(const TlsReportInput& input, std::string_view packed,
                                         const std::string& to) {
    // Neither text nor base64 has "=_".
    const std::string boundary = fmt::format("=_tls_{:08x}", crc32c(tls_report_id(input)));
    TlsReportMessage message;
    message.header = fmt::format(
        "From: TLS reports <{}>\r\nTo: {}\r\n"
        "Subject: Report Domain: {}\r\n Submitter: {}\r\n Report-ID: <{}>\r\n"
        "Date: {}\r\nMessage-ID: <{}>\r\n"
        "TLS-Report-Domain: {}\r\nTLS-Report-Submitter: {}\r\nTLS-Required: No\r\n"
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"{}\"\r\n",
        input.contact, to, input.domain, input.submitter, tls_report_id(input),
        format_rfc5322(input.now), tls_report_id(input), input.domain, input.submitter, boundary);
    message.body = fmt::format(
        "--{0}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{1}\r\n"
        "--{0}\r\nContent-Type: application/tlsrpt+gzip\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment;\r\n filename=\"{2}\"\r\n\r\n{3}\r\n--{0}--\r\n",
        boundary, words(input), tls_report_file_name(input), wrap_base64(packed));
    return message;
}

}  // namespace posthaste::delivery
