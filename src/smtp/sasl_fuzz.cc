// Any AUTH argument and any PLAIN response (threats.md A7).
#include "base/assert.h"
#include "smtp/sasl.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    const std::string_view input(reinterpret_cast<const char*>(data), size);

    if (const auto auth = smtp::parse_auth(input)) {
        PH_ASSERT(auth->has_initial_response || auth->initial_response.empty());
        PH_ASSERT(auth->initial_response.size() <= input.size());
        (void)smtp::parse_plain(auth->initial_response);
    }
    const auto plain = smtp::parse_plain(input);
    if (!plain) return 0;
    PH_ASSERT(std::ranges::count(input, '\0') == 2);
    PH_ASSERT(!plain->login.empty() && plain->login.size() <= smtp::kMaxLogin);
    PH_ASSERT(!plain->password.empty() && plain->password.reveal().size() <= smtp::kMaxPassword);
    PH_ASSERT(input.ends_with(plain->password.reveal()));

    const auto auth =
        smtp::parse_auth("PLAIN " + smtp::plain_response(plain->login, plain->password));
    PH_ASSERT(auth && auth->mechanism == smtp::Mechanism::plain);
    const auto again = smtp::parse_plain(auth->initial_response);
    PH_ASSERT(again && again->login == plain->login);
    PH_ASSERT(again->password.reveal() == plain->password.reveal());
    return 0;
}
