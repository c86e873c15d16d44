// The languages that reports are written in.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace posthaste::mail {

enum class Language : std::uint8_t { english, german, french, spanish };

inline constexpr Language kLanguages[] = {Language::english, Language::german, Language::french,
                                          Language::spanish};

// "en", "de", "fr", "es", also with a region ("de-AT"), in any letter case.
std::optional<Language> parse_language(std::string_view code);
std::string_view language_code(Language language);

}  // namespace posthaste::mail
