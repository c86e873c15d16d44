#include "base/assert.h"
#include "base/utf8.h"
#include "formats/xml.h"

#include <cstddef>
#include <cstdint>

using namespace posthaste::formats;

namespace {

// At most kMaxXmlDepth deep.
std::string written(const XmlElement& element) {
    std::string out = "<e>" + escape_xml(element.text);
    for (const XmlElement& child : element.children) out += written(child);
    return out + "</e>";
}

void check(const XmlElement& element) {
    PH_ASSERT(posthaste::utf8::is_valid(element.name));
    PH_ASSERT(posthaste::utf8::is_valid(element.text));
    PH_ASSERT(element.text.find('\0') == std::string::npos);
    for (const XmlElement& child : element.children) check(child);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // Any octets make a document that is read back.
    const XmlLimits wide{.max_octets = 64 + size * 16};
    const auto any = parse_xml(fill_xml("<a b=\"{x}\">{x}</a>", {{"x", text}}), wide);
    PH_ASSERT(any);

    if (const auto element = parse_xml(text)) {
        check(*element);
        const std::string once = written(*element);
        const auto again = parse_xml(once, {.max_octets = once.size()});
        PH_ASSERT(again);
        PH_ASSERT(written(*again) == once);
    }
    return 0;
}
