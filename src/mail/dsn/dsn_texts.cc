#include "mail/dsn/dsn_texts.h"

#include "base/ascii.h"
#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace posthaste::mail {

std::optional<Language> parse_language(std::string_view code) {
    const std::string_view main = code.substr(0, code.find_first_of("-_"));
    for (const Language language : kLanguages) {
        if (ascii::equals_ignore_case(main, language_code(language))) return language;
    }
    return std::nullopt;
}

std::string_view language_code(Language language) {
    switch (language) {
        case Language::english:
            return "en";
        case Language::german:
            return "de";
        case Language::french:
            return "fr";
        case Language::spanish:
            return "es";
    }
    std::unreachable();
}

const Texts& texts(Language language) {
    switch (language) {
        case Language::english:
            return detail::kEnglish;
        case Language::german:
            return detail::kGerman;
        case Language::french:
            return detail::kFrench;
        case Language::spanish:
            return detail::kSpanish;
    }
    std::unreachable();
}

std::string_view phrase(Language language, Phrase which) {
    return texts(language).phrases[static_cast<std::size_t>(which)];
}

std::string tell_duration(Language language, Seconds duration) {
    std::string text = format_duration(duration);
    constexpr std::string_view kDays[] = {"day", "Tag", "jour", "día"};
    const std::size_t at = text.find(kDays[0]);
    if (language == Language::english || at == std::string::npos) return text;
    const std::string_view word = kDays[static_cast<std::size_t>(language)];
    const std::size_t behind = at + kDays[0].size();
    const bool several = behind < text.size() && text[behind] == 's';
    std::string said(word);
    if (several) said += language == Language::german ? "e" : "s";
    text.replace(at, kDays[0].size() + (several ? 1 : 0), said);
    return text;
}

// A cause that a language lacks is said in English; a test sees to it that there is none.
const CauseText& cause_text(Language language, Cause cause) {
    for (const Language each : {language, Language::english}) {
        const auto& rows = texts(each).causes;
        const auto row = std::ranges::find(rows, cause, &CauseText::cause);
        if (row != rows.end()) return *row;
    }
    PH_ASSERT(false);
    std::unreachable();
}

}  // namespace posthaste::mail
