// What DNS shows for a DKIM key, against what it should show (RFC 6376 §3.2, §3.6.1;
// delivery.md 5.3 H-7). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace posthaste::mail {

enum class DkimVerdict : std::uint8_t { ok, missing, differs };

std::string_view to_string(DkimVerdict verdict);

struct DkimRecordCheck {
    DkimVerdict verdict = DkimVerdict::missing;
    std::string problem{};                // without a final stop; empty when ok
    std::string mend{};                   // likewise
    std::string note{};                   // ok, and yet something to know
    std::optional<std::size_t> offset{};  // of p= without its blanks: first octet that differs
};

// `found`: the texts of the TXT records at the name, each joined. `expected`: our own record
// ("v=DKIM1; k=…; p=…"). Blanks and the order of the tags are free as the RFC says, the key itself
// must be equal octet for octet; a second record makes it a matter of luck which one counts.
DkimRecordCheck check_dkim_record(std::span<const std::string> found, std::string_view expected);

}  // namespace posthaste::mail
