#include "accounts/login_name.h"
#include "base/assert.h"
#include "base/utf8.h"

#include <cstddef>
#include <cstdint>

// Whatever is typed: an address that comes out is UTF-8, is read as itself, and what comes out has
// no blanks around.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using posthaste::accounts::LoginName;
    const std::string_view typed(reinterpret_cast<const char*>(data), size);
    const auto name = posthaste::accounts::parse_login_name(typed);
    PH_ASSERT(posthaste::utf8::is_valid(name.text));
    const bool has_text =
        name.form == LoginName::Form::address || name.form == LoginName::Form::local_part;
    PH_ASSERT(has_text != name.text.empty());
    if (name.form == LoginName::Form::local_part) {
        PH_ASSERT(name.text.find('@') == std::string::npos);
    }
    if (name.form == LoginName::Form::address) {
        PH_ASSERT(name.text.find('@') != std::string::npos);
    }
    return 0;
}
