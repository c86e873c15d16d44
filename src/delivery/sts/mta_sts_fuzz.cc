#include "base/assert.h"
#include "base/utf8.h"
#include "delivery/sts/mta_sts_policy.h"
#include "delivery/sts/mta_sts_record.h"

#include <cstddef>
#include <cstdint>

// A policy that is taken is taken again from its own lines, and means the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste::delivery;
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto document = parse_sts_policy(text)) {
        std::string again;
        for (const auto& line : document->lines) again += line + "\n";
        const auto second = parse_sts_policy(again);
        PH_ASSERT(second.has_value());
        PH_ASSERT(second->mx == document->mx && second->mode == document->mode);
        PH_ASSERT(make_policy(*second, "").fingerprint == make_policy(*document, "").fingerprint);
        for (const auto& pattern : document->mx)
            PH_ASSERT(pattern.starts_with("*.") || lists(make_policy(*document, ""), pattern));
    }
    const std::vector<std::string> texts{text};
    if (const auto id = read_sts_record(texts)) PH_ASSERT(!id->empty() && id->size() <= 32);
    if (const auto addresses = read_tls_report_record(texts)) {
        for (const auto& address : *addresses)
            PH_ASSERT(posthaste::utf8::is_valid(address.target) &&
                      address.target.find_first_of("\r\n") == std::string::npos);
    }
    return 0;
}
