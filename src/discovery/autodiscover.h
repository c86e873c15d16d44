// Autodiscover as Outlook asks for it: POX (the XML of [MS-OXDSCLI]) and the JSON look-up called
// v2. No password is asked for or looked at, and every address of a domain gets the same answer,
// whether it exists or not (threats.md W2).
#pragma once

#include "discovery/settings.h"
#include "mail/mailbox.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::discovery {

inline constexpr std::size_t kMaxPoxRequest = 65'536;
// For every answer, errors too; the HTTP status of a POX answer is always 200 (clients.md 1.6).
inline constexpr std::string_view kPoxContentType = "application/xml; charset=utf-8";
inline constexpr std::string_view kJsonContentType = "application/json; charset=utf-8";

// The codes of [MS-OXDSCLI] 2.2.4.1.2.
enum class PoxError : std::uint16_t {
    no_such_address = 500,
    bad_address = 501,
    invalid_request = 600,  // also what a GET and an empty POST are answered
    no_such_schema = 601,
    misconfigured = 602,
    server_failed = 603,
};

struct PoxRequest {
    mail::Mailbox address;
};

// The body of a POST. Namespaces and letter case do not count, the content type is none of our
// business. A LegacyDN is answered no_such_address, another schema than Outlook's (mobilesync)
// no_such_schema, everything that cannot be read invalid_request.
std::expected<PoxRequest, PoxError> parse_pox_request(std::string_view body);

// Without an incoming server the answer has the SMTP part alone.
std::string make_pox_response(const MailSettings& settings, const mail::Mailbox& address);

// What identifies an error in somebody's log. Nothing depends on it.
struct PoxStamp {
    std::chrono::sys_time<std::chrono::microseconds> time;
    std::uint32_t id = 0;
};

std::string make_pox_error(PoxError code, PoxStamp stamp);

// The settings of a domain served here; nothing for any other.
using FindSettings = std::function<std::optional<MailSettings>(const mail::Domain&)>;

// Request to answer in one step. A GET is answered as an empty body is.
std::string answer_pox(std::string_view body, const FindSettings& find, PoxStamp stamp);

struct JsonAnswer {
    int status = 200;
    std::string body;
};

// /autodiscover/autodiscover.json with this value of Protocol (nothing when it was not given). The
// address asked about changes nothing: the document it leads to says who is served.
JsonAnswer answer_autodiscover_json(std::optional<std::string_view> protocol,
                                    std::string_view https_base);

}  // namespace posthaste::discovery
