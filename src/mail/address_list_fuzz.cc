#include "mail/header.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace posthaste::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto list = parse_address_list({reinterpret_cast<const char*>(data), size});
    if (!list) return 0;
    // What is understood, written plainly, is understood as the same.
    std::string plain;
    for (const Mailbox& mailbox : *list) plain += '<' + mailbox.to_string() + ">, ";
    if (parse_address_list(plain) != *list) std::abort();
    return 0;
}
