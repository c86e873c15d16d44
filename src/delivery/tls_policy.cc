#include "delivery/tls_policy.h"

#include "base/ascii.h"

namespace posthaste::delivery {

bool lists(const StsPolicy& policy, std::string_view mx_host) {
    if (mx_host.ends_with('.')) mx_host.remove_suffix(1);
    for (std::string_view pattern : policy.mx) {
        if (pattern.ends_with('.')) pattern.remove_suffix(1);
        if (!pattern.starts_with("*.")) {
            if (ascii::equals_ignore_case(pattern, mx_host)) return true;
            continue;
        }
        // The asterisk is one whole label, the left-most (RFC 8461 §4.1; RFC 6125 §6.4.3).
        const auto dot = mx_host.find('.');
        if (dot == std::string_view::npos || dot == 0) continue;
        if (ascii::equals_ignore_case(pattern.substr(1), mx_host.substr(dot))) return true;
    }
    return false;
}

std::string_view to_string(TlsResult result) {
    switch (result) {
        case TlsResult::success:
            return "success";
        case TlsResult::starttls_not_supported:
            return "starttls-not-supported";
        case TlsResult::certificate_host_mismatch:
            return "certificate-host-mismatch";
        case TlsResult::certificate_expired:
            return "certificate-expired";
        case TlsResult::certificate_not_trusted:
            return "certificate-not-trusted";
        case TlsResult::validation_failure:
            return "validation-failure";
        case TlsResult::tlsa_invalid:
            return "tlsa-invalid";
        case TlsResult::dnssec_invalid:
            return "dnssec-invalid";
        case TlsResult::dane_required:
            return "dane-required";
        case TlsResult::sts_policy_fetch_error:
            return "sts-policy-fetch-error";
        case TlsResult::sts_policy_invalid:
            return "sts-policy-invalid";
        case TlsResult::sts_webpki_invalid:
            return "sts-webpki-invalid";
    }
    std::unreachable();
}

}  // namespace posthaste::delivery
