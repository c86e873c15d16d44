#include "base/assert.h"
#include "base/utf8.h"
#include "formats/html.h"
#include "formats/url.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    using namespace posthaste::formats;
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    if (const auto decoded = percent_decode(text)) {
        PH_ASSERT(utf8::is_valid(*decoded));
        PH_ASSERT(percent_decode(percent_encode(*decoded)) == *decoded);
    }
    if (const auto pairs = parse_query(text)) {
        PH_ASSERT(pairs->size() <= QueryLimits{}.max_pairs);
        std::string again;
        for (const auto& [name, value] : *pairs)
            again += '&' + percent_encode(name) + '=' + percent_encode(value);
        const auto back = parse_query(again, {.max_octets = again.size()});
        PH_ASSERT(back && *back == *pairs);
    }
    const std::string html = escape_html(text);
    PH_ASSERT(html.find_first_of(std::string_view("<>\"'\0", 5)) == std::string::npos);
    PH_ASSERT(utf8::is_valid(html));
    return 0;
}
