#include "base/assert.h"
#include "base/utf8.h"
#include "delivery/shaping/shaping.h"
#include "queue/gcra.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace posthaste;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto rate = queue::RateLimit::parse(text)) {
        const auto again = queue::RateLimit::parse(rate->to_string());
        PH_ASSERT(again && *again == *rate);
        queue::Gcra gcra;
        const SteadyTime now = SteadyTime{} + Seconds(1);
        gcra.take(*rate, now, gcra.available(*rate, now, 100));
        PH_ASSERT(gcra.next(*rate, now) >= now);
    }
    const auto shaping =
        delivery::Shaping::parse({{"providers.toml", std::string(delivery::Shaping::shipped())},
                                  {"fuzz.toml", std::string(text)}});
    if (!shaping) {
        PH_ASSERT(shaping.error().text.starts_with("fuzz.toml"));
        return 0;
    }
    const auto limits =
        shaping->limits_of({{"mx.example.org"}, "example.org", "ip-1", shaping->site_domains()});
    delivery::PathLimits copy;
    for (const auto& [option, value] : delivery::told(limits)) {
        PH_ASSERT(delivery::set_option(copy, option, value));
    }
    PH_ASSERT(delivery::told(copy) == delivery::told(limits));
    return 0;
}
