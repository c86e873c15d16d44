#include "base/assert.h"
#include "discovery/autodiscover.h"
#include "formats/xml.h"

#include <cstddef>
#include <cstdint>

using namespace posthaste::discovery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    MailSettings settings;
    settings.host = "smtp.example.com";
    settings.incoming = {{.host = "imap.example.com"}};
    const auto find = [&settings](const posthaste::mail::Domain& domain) {
        settings.domain = domain;
        return std::optional(settings);
    };
    const std::string answer = answer_pox(body, find, {{}, 1});
    const auto root = posthaste::formats::parse_xml(answer);
    PH_ASSERT(root);
    // Whatever the address, the answer keeps its shape.
    const auto* response = root->child("Response");
    PH_ASSERT(response != nullptr && root->children.size() == 1);
    if (const auto* account = response->child("Account")) {
        PH_ASSERT(account->children.size() == 4);
    } else {
        PH_ASSERT(response->child("Error") != nullptr);
    }
    static_cast<void>(answer_autodiscover_json(body, "https://mail.example.com"));
    return 0;
}
