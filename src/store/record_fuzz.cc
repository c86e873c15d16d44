// Octets that may be a record: read, written and read again they say the same.
#include "store/record.h"

#include <cstdlib>

using namespace posthaste::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    if (const auto facts = decode_accepted(octets)) {
        const std::string once = encode(*facts);
        const auto again = decode_accepted(once);
        if (!again || encode(*again) != once) std::abort();
    }
    if (const auto facts = decode_outcome(octets)) {
        const std::string once = encode(*facts);
        const auto again = decode_outcome(once);
        if (!again || encode(*again) != once) std::abort();
    }
    if (const auto facts = decode_return(octets)) {
        const std::string once = encode(*facts);
        const auto again = decode_return(once);
        if (!again || encode(*again) != once) std::abort();
    }
    if (const auto facts = decode_note(octets)) {
        const std::string once = encode(*facts);
        const auto again = decode_note(once);
        if (!again || encode(*again) != once) std::abort();
    }
    RecordRow row;
    row.type = RecordType::accepted;
    row.data = octets;
    const auto keys = keys_of(row);
    if (keys.empty()) std::abort();
    return 0;
}
