#include "accounts/app_password.h"

#include "base/ascii.h"
#include "base/random.h"

#include <array>

namespace posthaste::accounts {
namespace {

// 4 and 2 bits a letter: 3 * 4 + 2 * 2 = 16 a group, 80 in all.
constexpr std::string_view kConsonants = "bdfghjklmnprstvz";
constexpr std::string_view kVowels = "aiou";
constexpr std::size_t kGroups = 5;
constexpr std::size_t kGroupLetters = 5;
constexpr std::size_t kLetters = kGroups * kGroupLetters;

constexpr std::string_view alphabet(std::size_t letter) {
    return letter % kGroupLetters % 2 == 0 ? kConsonants : kVowels;
}

}  // namespace

Secret make_app_password() {
    std::array<std::uint8_t, kLetters> random{};
    fill_random(random);
    std::string text;
    text.reserve(kLetters + kGroups);
    for (std::size_t i = 0; i < kLetters; ++i) {
        if (i != 0 && i % kGroupLetters == 0) text += '-';
        text += alphabet(i)[random[i] % alphabet(i).size()];  // both sizes divide 256: no bias
    }
    return Secret(std::move(text));
}

std::optional<Secret> canonical_app_password(std::string_view typed) {
    std::string letters;
    letters.reserve(kLetters);
    for (const char c : typed) {
        if (c == '-' || c == ' ' || c == '\t') continue;
        const std::size_t i = letters.size();
        const char letter = ascii::lower(c);
        if (i == kLetters || alphabet(i).find(letter) == std::string_view::npos)
            return std::nullopt;
        letters += letter;
    }
    if (letters.size() != kLetters) return std::nullopt;
    return Secret(std::move(letters));
}

Digest app_password_digest(std::string_view server_secret, const Secret& canonical) {
    return keyed_digest(server_secret, {"app-password", canonical.reveal()});
}

}  // namespace posthaste::accounts
