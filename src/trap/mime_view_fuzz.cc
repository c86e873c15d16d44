// Never fails, keeps its bounds, gives the same however the message is cut, and parts lie within
// the message.
#include "base/assert.h"
#include "base/utf8.h"
#include "trap/mime_view.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste::trap;
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    constexpr MimeReader::Limits kLimits{.text = 512, .parts = 8, .depth = 4};
    MimeReader whole(kLimits);
    whole.feed(message);
    const auto view = whole.finish();
    MimeReader cut(kLimits);
    for (const char& c : message) cut.feed({&c, 1});
    const auto again = cut.finish();
    PH_ASSERT(view.text == again.text && view.html == again.html &&
              view.parts.size() == again.parts.size());
    PH_ASSERT(view.parts.size() <= kLimits.parts);
    PH_ASSERT(posthaste::utf8::is_valid(view.text) && posthaste::utf8::is_valid(view.html));
    for (std::size_t i = 0; i < view.parts.size(); ++i) {
        const auto& part = view.parts[i];
        PH_ASSERT(part.begin <= part.end && part.end <= message.size());
        PH_ASSERT(part.begin == again.parts[i].begin && part.end == again.parts[i].end);
        decode_part(message, part);
    }
    return 0;
}
