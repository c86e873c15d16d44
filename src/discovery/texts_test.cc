#include "discovery/texts.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "discovery/texts/tables.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace posthaste::discovery {
namespace {

// Sorted, each as often as it stands there.
std::vector<std::string> marks_of(std::string_view text) {
    std::vector<std::string> marks;
    for (std::size_t at = text.find('{'); at != std::string_view::npos;
         at = text.find('{', at + 1)) {
        const std::size_t end = text.find('}', at);
        if (end == std::string_view::npos) return {"unclosed"};
        marks.emplace_back(text.substr(at + 1, end - at - 1));
    }
    std::ranges::sort(marks);
    return marks;
}

TEST(Texts, every_language_has_every_key) {
    for (const Language language : kLanguages) {
        EXPECT_EQ(text_keys(language), text_keys(Language::en)) << language_name(language);
        EXPECT_EQ(topic_ids(language), topic_ids(Language::en)) << language_name(language);
    }
}

TEST(Texts, every_translation_has_the_same_marks) {
    for (const Language language : kLanguages) {
        for (const std::string_view key : text_keys(Language::en)) {
            EXPECT_FALSE(text(language, key).empty()) << key;
            EXPECT_TRUE(utf8::is_valid(text(language, key))) << key;
            EXPECT_EQ(marks_of(text(language, key)), marks_of(text(Language::en, key))) << key;
        }
    }
}

TEST(Texts, every_topic_is_complete_and_uses_known_marks) {
    const std::set<std::string> known = {"host", "incoming", "admin", "tls_port", "starttls_port"};
    for (const Language language : kLanguages) {
        for (const std::string_view id : topic_ids(language)) {
            const Topic* topic = find_topic(language, id);
            ASSERT_NE(topic, nullptr);
            for (const std::string_view part : {topic->title, topic->cause, topic->steps}) {
                EXPECT_FALSE(part.empty()) << id;
                EXPECT_TRUE(utf8::is_valid(part)) << id;
                EXPECT_FALSE(part.ends_with('\n')) << id;
                EXPECT_EQ(part.find("\n\n"), std::string_view::npos) << id;
                EXPECT_EQ(part.find("  "), std::string_view::npos) << id;
                for (const std::string& mark : marks_of(part))
                    EXPECT_TRUE(known.contains(mark)) << id;
            }
            // The cause is a sentence, the title a headline.
            EXPECT_TRUE(topic->cause.ends_with('.')) << id;
            EXPECT_FALSE(topic->title.ends_with('.')) << id;
            EXPECT_LE(topic->title.size(), 100U) << id;
            const Topic* english = find_topic(Language::en, id);
            EXPECT_EQ(std::ranges::count(topic->steps, '\n'),
                      std::ranges::count(english->steps, '\n'))
                << id;
        }
    }
}

TEST(Texts, an_unknown_key_is_its_own_text) {
    EXPECT_EQ(text(Language::de, "no.such.key"), "no.such.key");
    EXPECT_EQ(find_topic(Language::de, "no_such_topic"), nullptr);
}

TEST(Texts, values_are_filled_in_once_and_other_braces_stay) {
    EXPECT_EQ(fill_text("{a} {b} {c} { {", {{"a", "{b}"}, {"b", "2"}}), "{b} 2 {c} { {");
    EXPECT_EQ(fill_text("{ host: \"{host}\" }", {{"host", "x"}}), "{ host: \"x\" }");
    EXPECT_EQ(fill_text("", {}), "");
}

struct Accept {
    const char* name;
    std::string field;
    Language language;
};

class AcceptLanguage : public testing::TestWithParam<Accept> {};

TEST_P(AcceptLanguage, is_followed) {
    EXPECT_EQ(choose_language(GetParam().field), GetParam().language);
}

const Accept kAccept[] = {
    {"absent", "", Language::en},
    {"german", "de", Language::de},
    {"austrian", "de-AT,de;q=0.9,en;q=0.8", Language::de},
    {"english_first", "en-US,en;q=0.9,de;q=0.8", Language::en},
    {"german_better", "en;q=0.5, de;q=0.7", Language::de},
    {"same_quality_first_wins", "de;q=0.5,en;q=0.5", Language::de},
    {"french_then_german", "fr,de;q=0.3", Language::de},
    {"only_french", "fr", Language::en},
    {"german_refused", "de;q=0, fr", Language::en},
    {"nonsense", ",;q=,;;de;x=1,", Language::en},
    {"any", "*", Language::en},
    {"long", std::string(5000, ',') + "de", Language::en},
};

INSTANTIATE_TEST_SUITE_P(rows, AcceptLanguage, testing::ValuesIn(kAccept),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace posthaste::discovery
