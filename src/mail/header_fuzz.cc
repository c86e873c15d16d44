#include "mail/fixup.h"
#include "mail/header.h"
#include "mail/tls_wish.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace posthaste::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view block(reinterpret_cast<const char*>(data), size);
    const bool optional = says_tls_is_optional(block);
    auto header = HeaderBlock::parse_submitted(block);
    if (!header) return 0;
    if (optional && header->count("TLS-Required") != 1) std::abort();
    if (header->to_string() != block) std::abort();
    const auto before = authors(*header);
    fix_up(*header, {{}, "mail.example.com", {}});
    const std::string fixed = header->to_string();
    auto again = HeaderBlock::parse(fixed);
    if (!again || again->find("Bcc") != nullptr || again->find("Date") == nullptr) std::abort();
    const auto after = authors(*again);
    if (before.has_value() != after.has_value()) std::abort();
    // A Sender may have come behind several in From, and is one of them.
    if (before && !std::equal(before->begin(), before->end(), after->begin())) std::abort();
    fix_up(*again, {{}, "mail.example.com", {}});
    if (again->to_string() != fixed) std::abort();  // the second run changes nothing
    return 0;
}
