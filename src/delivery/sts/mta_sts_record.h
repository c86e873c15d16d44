// The TXT records that announce a policy: _mta-sts.<domain> (RFC 8461 §3.1) and _smtp._tls.<domain>
// (RFC 8460 §3). Pure; whoever owns the domain wrote them, so nothing in them is believed.
#pragma once

#include "base/result.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

// The id of the domain's policy: 1 to 32 letters and digits. `texts`: all TXT records of the name.
// Errors: not_found (no such record), conflict (two of them), syntax.
Result<std::string> read_sts_record(std::span<const std::string> texts);

// Where a domain wants its TLS reports, in its order: "mailto:" and "https:" addresses, at most 10;
// others are left out. Errors as above; not_found too when no address is of use.
struct ReportAddress {
    enum class Kind { mail, https } kind = Kind::mail;

    std::string target;  // "tls@example.net", decoded; or the URL as it was given

    bool operator==(const ReportAddress&) const = default;
};

Result<std::vector<ReportAddress>> read_tls_report_record(std::span<const std::string> texts);

}  // namespace posthaste::delivery
