#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/date.h"
#include "mail/status.h"
#include "mail/text.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace posthaste::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string line = readable(decode_words(text), 300);
    if (!posthaste::utf8::is_valid(line)) std::abort();
    const std::string words = encode_words(line);
    if (!posthaste::ascii::is_ascii(words)) std::abort();
    if (words != line && decode_words(words) != line) std::abort();
    if (!is_clean_content(wrap(line, 70, " ") + "\r\n")) std::abort();
    if (!is_clean_content(quoted_printable(text) + "\r\n")) std::abort();
    static_cast<void>(is_date(text));
    static_cast<void>(decode_xtext(text));
    static_cast<void>(EnhancedStatus::parse_prefix(text));
    return 0;
}
