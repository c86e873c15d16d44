#include "base/ascii.h"
#include "mail/domain.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using posthaste::mail::Domain;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto domain = Domain::parse({reinterpret_cast<const char*>(data), size});
    if (!domain) return 0;
    const std::string& text = domain->ascii();
    if (text.empty() || text.size() > 253 || !posthaste::ascii::is_ascii(text)) std::abort();
    if (Domain::parse(text) != *domain) std::abort();  // one spelling
    static_cast<void>(domain->unicode());
    return 0;
}
