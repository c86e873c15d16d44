// The frame of every page: head, top bar, skip link; and the two files that pages name. Pages are
// whole without scripts; text goes in through formats::escape_html only.
#pragma once

#include "base/time.h"
#include "web/http/http.h"

#include <string>
#include <string_view>

namespace posthaste::web {

struct PageParts {
    std::string title;   // plain text
    std::string search;  // what the search box holds, plain text
    std::string main;    // HTML
};

HttpResponse page(const PageParts& parts, int status = 200);
HttpResponse style_sheet();  // /style.css
HttpResponse icon();         // /icon.svg

// "3 min ago" beside the exact time, as HTML.
std::string time_html(std::int64_t wall_ms, Timestamp now);
// Escaped; http and https addresses become links that give away nothing of where they stood.
std::string text_with_links(std::string_view text);

}  // namespace posthaste::web
