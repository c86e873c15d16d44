// TLSA records: what a mail server's certificate must be, as its signed zone says (RFC 6698; for
// SMTP RFC 7672).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::net {

struct TlsaRecord {
    std::uint8_t usage = 3;
    std::uint8_t selector = 1;
    std::uint8_t matching = 1;
    std::string data;  // octets

    bool operator==(const TlsaRecord&) const = default;
    auto operator<=>(const TlsaRecord&) const = default;
};

// A record's data as it is in DNS (RFC 6698 §2.1). Nothing when malformed.
std::optional<TlsaRecord> parse_tlsa_data(std::string_view octets);

// "3 1 1 ab12…", the data in lower-case hexadecimal.
std::string to_string(const TlsaRecord& record);

// Whether SMTP can use it (RFC 7672 §3.1): usage 2 or 3, a digest of the right length, or data that
// is a certificate, or a public key.
bool is_usable(const TlsaRecord& record);

// The usable ones; of several digests for one usage and selector the strongest alone, beside what
// is given in full (RFC 7671 §9). Sorted, each once: two answers with the same records are equal.
std::vector<TlsaRecord> usable_records(std::vector<TlsaRecord> records);

}  // namespace posthaste::net
