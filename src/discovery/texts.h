// What people read, in their language: short texts by key, and topics (title, cause, steps) by id.
// A language is a column of files under texts/; to add one, translate those, list them in texts.cc
// and add it to Language. A test holds every language against English.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace posthaste::discovery {

enum class Language : std::uint8_t { en, de };

inline constexpr Language kLanguages[] = {Language::en, Language::de};

std::string_view language_code(Language language);  // "de", for lang attributes
std::string_view language_name(Language language);  // "Deutsch", as its speakers call it

// "de", "de-AT" or "DE_ch".
std::optional<Language> find_language(std::string_view tag);

// What an Accept-Language field likes best of ours; English without one (RFC 9110 §12.5.4).
Language choose_language(std::string_view accept_language);

// UTF-8. A key that a language lacks is answered in English, one that nobody has by itself.
std::string_view text(Language language, std::string_view key);

// What a person is told about one problem. Texts have marks such as {host}, see explain.h.
struct Topic {
    std::string_view id;
    std::string_view title;
    std::string_view cause;
    std::string_view steps;  // what to do, one step a line
};

// English where the language lacks it; nullptr for an id that nobody has.
const Topic* find_topic(Language language, std::string_view id);

// All of a language, sorted.
std::vector<std::string_view> text_keys(Language language);
std::vector<std::string_view> topic_ids(Language language);

using TextValues = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// `pattern` with every {name} of `values` replaced; other braces stay. Values are plain text.
std::string fill_text(std::string_view pattern, TextValues values);

}  // namespace posthaste::discovery
