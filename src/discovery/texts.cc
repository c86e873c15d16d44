#include "discovery/texts.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "discovery/texts/tables.h"

#include <algorithm>
#include <map>

namespace posthaste::discovery {
namespace {

struct Column {
    std::string_view code{};
    std::string_view name{};
    std::map<std::string_view, std::string_view> texts{};
    std::map<std::string_view, const Topic*> topics{};
};

Column make_column(std::string_view code, std::string_view name,
                   std::initializer_list<std::span<const tables::TextRow>> texts,
                   std::initializer_list<std::span<const Topic>> topics) {
    Column column{.code = code, .name = name};
    for (const auto table : texts) {
        for (const tables::TextRow& row : table) {
            const bool is_new = column.texts.emplace(row.key, row.text).second;
            PH_ASSERT(is_new);
        }
    }
    for (const auto table : topics) {
        for (const Topic& topic : table) {
            const bool is_new = column.topics.emplace(topic.id, &topic).second;
            PH_ASSERT(is_new);
        }
    }
    return column;
}

const Column& column_of(Language language) {
    // In the order of Language. Never destroyed: other objects' ends may still want a text.
    static const auto* const kColumns = new std::vector<Column>{
        make_column("en", "English", {tables::card_en(), tables::help_en(), tables::setup_en()},
                    {tables::outlook_en(), tables::smtp_en(), tables::replies_en(),
                     tables::microsoft_en(), tables::programs_en()}),
        make_column("de", "Deutsch", {tables::card_de(), tables::help_de(), tables::setup_de()},
                    {tables::outlook_de(), tables::smtp_de(), tables::replies_de(),
                     tables::microsoft_de(), tables::programs_de()}),
    };
    return (*kColumns)[static_cast<std::size_t>(language)];
}

// "q=0.8" as 800; 1000 without one, 0 for nonsense.
int quality(std::string_view parameters) {
    parameters = ascii::trim(parameters);
    if (parameters.empty()) return 1000;
    if (!ascii::starts_with_ignore_case(parameters, "q=")) return 0;
    parameters.remove_prefix(2);
    if (parameters.starts_with('1')) return 1000;
    if (!parameters.starts_with("0.")) return 0;
    int thousandths = 0;
    for (std::size_t i = 2; i < 5; ++i) {
        const bool digit = i < parameters.size() && ascii::is_digit(parameters[i]);
        thousandths = thousandths * 10 + (digit ? parameters[i] - '0' : 0);
    }
    return thousandths;
}

}  // namespace

std::string_view language_code(Language language) {
    return column_of(language).code;
}

std::string_view language_name(Language language) {
    return column_of(language).name;
}

std::optional<Language> find_language(std::string_view tag) {
    const std::string_view primary = tag.substr(0, tag.find_first_of("-_"));
    for (const Language one : kLanguages) {
        if (ascii::equals_ignore_case(primary, language_code(one))) return one;
    }
    return {};
}

Language choose_language(std::string_view accept_language) {
    Language best = Language::en;
    int best_quality = 0;
    accept_language = accept_language.substr(0, 1024);
    while (!accept_language.empty()) {
        const std::size_t comma = accept_language.find(',');
        const std::string_view one = ascii::trim(accept_language.substr(0, comma));
        accept_language.remove_prefix(comma == std::string_view::npos ? accept_language.size()
                                                                      : comma + 1);
        const std::size_t semicolon = one.find(';');
        const auto language = find_language(ascii::trim(one.substr(0, semicolon)));
        const int q =
            semicolon == std::string_view::npos ? 1000 : quality(one.substr(semicolon + 1));
        if (!language || q <= best_quality) continue;
        best = *language;
        best_quality = q;
    }
    return best;
}

std::string_view text(Language language, std::string_view key) {
    const auto& own = column_of(language).texts;
    if (const auto found = own.find(key); found != own.end()) return found->second;
    const auto& english = column_of(Language::en).texts;
    const auto found = english.find(key);
    return found == english.end() ? key : found->second;
}

const Topic* find_topic(Language language, std::string_view id) {
    const auto& own = column_of(language).topics;
    if (const auto found = own.find(id); found != own.end()) return found->second;
    const auto& english = column_of(Language::en).topics;
    const auto found = english.find(id);
    return found == english.end() ? nullptr : found->second;
}

std::vector<std::string_view> text_keys(Language language) {
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : column_of(language).texts) keys.push_back(key);
    return keys;
}

std::vector<std::string_view> topic_ids(Language language) {
    std::vector<std::string_view> ids;
    for (const auto& [id, topic] : column_of(language).topics) ids.push_back(id);
    return ids;
}

std::string fill_text(std::string_view pattern, TextValues values) {
    std::string out;
    while (!pattern.empty()) {
        const std::size_t open = pattern.find('{');
        out += pattern.substr(0, open);
        if (open == std::string_view::npos) break;
        pattern.remove_prefix(open + 1);
        const auto hit = std::ranges::find_if(values, [pattern](const auto& value) {
            return pattern.starts_with(value.first) &&
                   pattern.substr(value.first.size()).starts_with('}');
        });
        if (hit == values.end()) {
            out += '{';
            continue;
        }
        out += hit->second;
        pattern.remove_prefix(hit->first.size() + 1);
    }
    return out;
}

}  // namespace posthaste::discovery
