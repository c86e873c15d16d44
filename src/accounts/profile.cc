#include "accounts/profile.h"

#include "base/levenshtein.h"
#include "base/utf8.h"

#include <array>

#include <fmt/format.h>

namespace posthaste::accounts {

namespace {

constexpr std::array<std::string_view, 3> kNames{"human", "application", "bulk"};

}  // namespace

std::string_view to_string(store::Profile profile) {
    const auto at = static_cast<std::size_t>(profile);
    return at < kNames.size() ? kNames[at] : kNames[0];
}

Result<store::Profile> parse_profile(std::string_view text) {
    if (text.empty()) return store::Profile::human;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (text == kNames[i]) return static_cast<store::Profile>(i);
    }
    const auto near = closest(text, kNames);
    return fail(
        ErrorKind::syntax, fmt::format("\"{}\" is no profile", utf8::printable(text, 40)),
        near ? fmt::format("did you mean \"{}\"?", *near) : "write human, application or bulk");
}

}  // namespace posthaste::accounts
