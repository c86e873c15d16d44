#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/mailbox.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using posthaste::mail::Mailbox;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto mailbox = Mailbox::parse({reinterpret_cast<const char*>(data), size});
    if (!mailbox) return 0;
    const std::string text = mailbox->to_string();
    if (text.size() > 254 || !posthaste::utf8::is_valid(text)) std::abort();
    for (const char c : text) {
        if (posthaste::ascii::is_control(c)) std::abort();
    }
    if (Mailbox::parse(text) != *mailbox) std::abort();
    static_cast<void>(mailbox->to_display());
    static_cast<void>(mailbox->key());
    return 0;
}
