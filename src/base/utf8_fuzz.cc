#include "base/assert.h"
#include "base/base64.h"
#include "base/utf8.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t max = size == 0 ? 0 : data[0];

    const bool valid = utf8::is_valid(text);
    const std::string shown = utf8::printable(text, max);
    PH_ASSERT(shown.size() <= max);
    PH_ASSERT(utf8::is_valid(shown));
    PH_ASSERT(utf8::printable(shown, max) == shown);
    const std::string_view clipped = utf8::clip(text, max);
    PH_ASSERT(clipped.size() <= max && text.starts_with(clipped));
    PH_ASSERT(!valid || utf8::is_valid(clipped));
    PH_ASSERT(utf8::is_valid(utf8::from_latin1(text)));

    PH_ASSERT(base64::decode(base64::encode(text)) == text);
    // One secret has one spelling.
    if (const auto decoded = base64::decode(text)) PH_ASSERT(base64::encode(*decoded) == text);
    return 0;
}
