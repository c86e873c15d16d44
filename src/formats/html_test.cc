#include "formats/html.h"

#include <gtest/gtest.h>

namespace posthaste::formats {
namespace {

TEST(Html, text_cannot_become_markup) {
    struct Row {
        const char* name;
        std::string_view text, html;
    };

    constexpr Row kRows[] = {
        {"empty", "", ""},
        {"plain",
         "Gr\xc3\xbc\xc3\x9f"
         "e\n",
         "Gr\xc3\xbc\xc3\x9f"
         "e\n"},
        {"a script", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"out of an attribute", "\" onload='x", "&quot; onload=&#39;x"},
        {"an entity", "&lt;", "&amp;lt;"},
        {"not UTF-8", "<M\xfcller>", "&lt;M\\xfcller&gt;"},
        {"overlong <", "\xc0\xbc", "\\xc0\\xbc"},
        {"NUL",
         {"a\0b", 3},
         "a\xef\xbf\xbd"
         "b"},
    };
    for (const Row& row : kRows) EXPECT_EQ(escape_html(row.text), row.html) << row.name;
}

}  // namespace
}  // namespace posthaste::formats
