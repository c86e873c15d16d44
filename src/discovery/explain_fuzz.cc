#include "base/assert.h"
#include "base/utf8.h"
#include "discovery/explain.h"
#include "discovery/host.h"
#include "discovery/mobileconfig.h"

#include <cstddef>
#include <cstdint>

using namespace posthaste::discovery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const Language language : kLanguages) {
        const Explanation explanation = explain(text, language);
        PH_ASSERT(!explanation.title.empty() && !explanation.steps.empty());
        PH_ASSERT(explanation.known == (explanation.topic != "unknown"));
        for (const std::string& code : explanation.codes) PH_ASSERT(code.size() <= 32);
        // What is found can be linked to.
        if (explanation.known) PH_ASSERT(explain_code(explanation.code, language));
    }
    if (const auto page = explain_code(text, Language::en)) PH_ASSERT(page->known);
    static_cast<void>(choose_language(text));
    if (const auto asked = read_host(text)) PH_ASSERT(!asked->domain.ascii().empty());
    if (const auto address = read_mobileconfig_name(text))
        PH_ASSERT(posthaste::utf8::is_valid(address->to_string()));
    return 0;
}
