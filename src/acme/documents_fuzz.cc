#include "acme/documents.h"
#include "base/assert.h"

#include <cstddef>
#include <cstdint>

using namespace posthaste::acme;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto directory = parse_directory(text)) {
        PH_ASSERT(directory->new_nonce.starts_with("https://"));
        PH_ASSERT(directory->new_account.starts_with("https://"));
        PH_ASSERT(directory->new_order.starts_with("https://"));
    }
    if (const auto order = parse_order(text)) {
        PH_ASSERT(!order->finalize.empty());
        PH_ASSERT(order->status != Status::valid || !order->certificate.empty());
    }
    if (const auto authorization = parse_authorization(text)) {
        PH_ASSERT(!authorization->name.empty());
        for (const auto& challenge : authorization->challenges) {
            // It becomes part of a path of ours.
            PH_ASSERT(challenge.token.find_first_of("/.\r\n ") == std::string::npos);
            PH_ASSERT(!challenge.token.empty());
        }
    }
    const auto problem = parse_problem(text);
    PH_ASSERT(problem.detail.size() <= 2048 && problem.type.size() <= 2048);
    return 0;
}
