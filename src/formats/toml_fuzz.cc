#include "base/assert.h"
#include "base/utf8.h"
#include "formats/toml.h"

#include <cstddef>
#include <cstdint>

using namespace posthaste;
using namespace posthaste::formats;

namespace {

void visit(const TomlValue& value, std::string_view text);

void visit(const TomlTable& table, std::string_view text) {
    for (const TomlEntry& entry : table.entries()) {
        PH_ASSERT(utf8::is_valid(entry.key));
        PH_ASSERT(utf8::is_valid(toml_excerpt(text, entry.key_position)));
        visit(entry.value, text);
    }
}

void visit(const TomlValue& value, std::string_view text) {
    if (const auto* table = value.as_table()) {
        visit(*table, text);
    } else if (const auto* array = value.as_array()) {
        for (const TomlValue& item : *array) visit(item, text);
    } else if (const auto* string = value.as_string()) {
        PH_ASSERT(utf8::is_valid(*string));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto table = parse_toml(text, "fuzz.toml")) {
        visit(*table, text);
    } else {
        PH_ASSERT(table.error().text.starts_with("fuzz.toml"));
        PH_ASSERT(utf8::is_valid(table.error().text));
    }
    return 0;
}
