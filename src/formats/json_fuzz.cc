#include "base/assert.h"
#include "formats/json.h"

#include <cstddef>
#include <cstdint>

using namespace posthaste::formats;

namespace {

// At most kMaxJsonDepth deep.
void write(JsonWriter& out, const JsonValue& value) {
    if (value.is_object()) {
        out.begin_object();
        for (const JsonMember& member : value.members()) write(out.key(member.key), member.value);
        out.end_object();
    } else if (value.is_array()) {
        out.begin_array();
        for (const JsonValue& item : value.items()) write(out, item);
        out.end_array();
    } else if (const auto text = value.as_string()) {
        out.value(*text);
    } else if (const auto truth = value.as_bool()) {
        out.value(*truth);
    } else if (const auto number = value.as_int()) {
        out.value(*number);
    } else if (const auto real = value.as_double()) {
        out.value(*real);
    } else {
        out.value(nullptr);
    }
}

std::string written(const JsonValue& value) {
    JsonWriter out;
    write(out, value);
    return std::move(out).take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // Any octets as a string and as a key give a text that is read back.
    JsonWriter any;
    any.begin_object().member(text, text).end_object();
    PH_ASSERT(JsonValue::parse(std::move(any).take(), {.max_octets = 16 + size * 12}));

    if (const auto value = JsonValue::parse(text)) {
        const std::string once = written(*value);
        const auto again = JsonValue::parse(once, {.max_octets = 16 + size * 400});
        PH_ASSERT(again);
        PH_ASSERT(written(*again) == once);
    }
    return 0;
}
