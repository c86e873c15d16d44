// read_line over any octets, in pieces of any size: what comes out, joined again, is what went in,
// less the lines that were too long.
#include "base/assert.h"
#include "base/log.h"
#include "net/memory_stream.h"
#include "runtime/run.h"

#include <cstddef>
#include <cstdint>

namespace {

using namespace posthaste;

constexpr std::size_t kMax = 16;

runtime::Task<void> drive(std::string_view octets, std::size_t piece) {
    auto streams = net::make_memory_streams();
    auto& [near, far] = streams;
    far->expires_after(std::chrono::seconds(30));
    near->expires_after(std::chrono::seconds(30));
    std::string joined;
    std::string expected;
    for (std::size_t at = 0; at < octets.size();) {
        auto end = octets.find('\n', at);
        if (end == std::string_view::npos) break;
        if (end + 1 - at <= kMax) expected += octets.substr(at, end + 1 - at);
        at = end + 1;
    }
    for (std::size_t at = 0; at < octets.size(); at += piece) {
        auto put = co_await near->write(octets.substr(at, piece));
        PH_ASSERT(put.has_value());
    }
    co_await near->close();
    for (;;) {
        auto line = co_await net::read_line(*far, kMax);
        if (!line && line.error().kind == ErrorKind::too_large) continue;
        if (!line) break;
        PH_ASSERT(line->text.find('\n') == std::string::npos);
        joined += line->text + (line->bare_lf ? "\n" : "\r\n");
    }
    PH_ASSERT(joined == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 4096) return 0;
    static Log log{{}};
    static runtime::Worker worker("fuzz");
    std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    runtime::run_to_end(worker, log, drive(octets, std::size_t{data[0]} + 1));
    return 0;
}
