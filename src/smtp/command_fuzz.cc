// Any line: parsing ends, stays within the line, and what passes holds nothing that could write
// another line (threats.md P1, P7, P8).
#include "base/ascii.h"
#include "base/assert.h"
#include "mail/mailbox.h"
#include "smtp/command.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace posthaste;

void check_path(std::string_view argument, std::string_view prefix) {
    const auto result = smtp::parse_path_argument(argument, prefix);
    if (!result) {
        PH_ASSERT(result.error().kind == ErrorKind::syntax && !result.error().mend.empty());
        return;
    }
    PH_ASSERT(std::ranges::none_of(result->path, ascii::is_control));
    PH_ASSERT(!result->path.starts_with('@'));
    PH_ASSERT(result->parameters.size() <= 32);
    for (const auto& parameter : result->parameters) {
        PH_ASSERT(!parameter.keyword.empty() && parameter.value.size() <= 512);
        PH_ASSERT(parameter.has_value == !parameter.value.empty());
        PH_ASSERT(std::ranges::none_of(
            parameter.value, [](char c) { return ascii::is_control(c) || c == ' ' || c == '='; }));
    }
    // Written strictly, what was read loosely reads the same.
    std::string strict = std::string(prefix) + "<" + result->path + ">";
    for (const auto& parameter : result->parameters) {
        strict += " " + parameter.keyword;
        if (parameter.has_value) strict += "=" + parameter.value;
    }
    const auto again = smtp::parse_path_argument(strict, prefix);
    const auto mailbox = mail::Mailbox::parse(result->path);
    if (mailbox || result->path.empty()) {
        PH_ASSERT(again && again->path == result->path);
        PH_ASSERT(again->parameters.size() == result->parameters.size());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    check_path(line, "FROM:");
    check_path(line, "TO:");
    (void)smtp::parse_bdat(line);
    const std::string greeting = smtp::sanitise_greeting(line);
    PH_ASSERT(greeting.size() <= 255);
    PH_ASSERT(std::ranges::all_of(greeting, [](char c) { return c > ' ' && c < 0x7f; }));

    const auto command = smtp::parse_command(line);
    if (!command) return 0;
    PH_ASSERT(command->argument.size() <= line.size());
    if (command->verb == smtp::Verb::http) return 0;
    PH_ASSERT(std::ranges::none_of(line, [](char c) { return ascii::is_control(c) && c != '\t'; }));
    if (command->verb == smtp::Verb::mail) check_path(command->argument, "FROM:");
    if (command->verb == smtp::Verb::rcpt) check_path(command->argument, "TO:");
    return 0;
}
