// Any EHLO reply: bounded sets, sane limits.
#include "base/assert.h"
#include "smtp/extensions.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    smtp::Reply reply{250, {}, {}};
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        reply.lines.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const auto result = smtp::parse_ehlo_reply(reply);
    PH_ASSERT(result.auth.size() <= 32);
    for (const auto& name : result.auth) PH_ASSERT(!name.empty() && name.size() <= 20);
    PH_ASSERT(!result.smtputf8 || result.eight_bit_mime);
    PH_ASSERT(result.size || result.max_size == 0);
    PH_ASSERT(result.greeting_name.size() <= 255);
    for (const auto& limit : {result.max_mails, result.max_recipients}) {
        PH_ASSERT(!limit || (*limit >= 1 && *limit <= 999'999));
    }
    return 0;
}
