#include "app/cli/send_output.h"

#include "formats/json.h"

#include <charconv>
#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

using formats::JsonWriter;

void tell(const Arguments& arguments, double at, std::string_view what, std::string_view words) {
    if (!arguments.json()) {
        fmt::print("{:5.2f}s {:<11} {}\n", at, what, words);
        return;
    }
    JsonWriter out;
    out.begin_object()
        .member("seconds", at)
        .member("event", what)
        .member("text", words)
        .end_object();
    fmt::print("{}\n", std::move(out).take());
}

Result<Seconds> send_timeout(const Arguments& arguments) {
    auto asked = arguments.get("--timeout", "120");
    std::int64_t seconds = 0;
    auto [end, error] = std::from_chars(asked.data(), asked.data() + asked.size(), seconds);
    if (error != std::errc() || end != asked.data() + asked.size() || seconds < 1)
        return fail(ErrorKind::syntax, fmt::format("--timeout cannot be \"{}\"", asked),
                    "a number of seconds");
    return Seconds(seconds);
}

}  // namespace posthaste::app::cli
