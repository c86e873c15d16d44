// However the octets are cut, the same requests come out; what comes out keeps the rules of
// HttpRequest.
#include "base/ascii.h"
#include "base/assert.h"
#include "base/utf8.h"
#include "web/http/http_parser.h"
#include "web/http/request_guard.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace {

using namespace posthaste;
using namespace posthaste::web;

constexpr HttpLimits kLimits{.max_header = 1024, .max_fields = 20, .max_body = 2000};

void check(const HttpRequest& request) {
    PH_ASSERT(request.path.starts_with('/'));
    PH_ASSERT(utf8::is_valid(request.path));
    PH_ASSERT(std::ranges::none_of(request.path, ascii::is_control));
    PH_ASSERT(std::ranges::find(request.segments, "..") == request.segments.end());
    PH_ASSERT(request.body.size() <= kLimits.max_body);
    PH_ASSERT(request.headers.size() <= kLimits.max_fields);
    static_cast<void>(refuse_host(request, {"example.org"}));
    static_cast<void>(refuse_origin(request));
}

struct Reading {
    std::string requests;
    int refusal = 0;  // 0: more is waited for
};

Reading read_all(std::string_view octets, std::size_t step) {
    Reading reading;
    std::string window;
    for (;;) {
        RequestParser parser(kLimits);
        while (!parser.done()) {
            const auto taken = parser.feed(window);
            if (!taken) {
                reading.refusal = parser.fault_status();
                return reading;
            }
            window.erase(0, *taken);
            if (*taken > 0 || parser.done()) continue;
            if (octets.empty()) return reading;
            window += octets.substr(0, step);
            octets.remove_prefix(std::min(step, octets.size()));
        }
        const auto request = parser.take();
        check(request);
        reading.requests += request.method + " " + request.path + " " + request.body + "\n";
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view octets(reinterpret_cast<const char*>(data), size);
    const auto slowly = read_all(octets, 1);
    const auto at_once = read_all(octets, size + 1);
    PH_ASSERT(slowly.requests == at_once.requests);
    // The end of a chunk is looked at from five octets on: with fewer, one reader still waits where
    // the other has refused.
    PH_ASSERT(slowly.refusal == at_once.refusal || slowly.refusal == 0);
    ResponseParser parser(kLimits, false);
    if (parser.feed(octets) && parser.end_of_stream()) static_cast<void>(parser.take());
    return 0;
}
