#include "web/pages/page.h"

#include "formats/html.h"
#include "web/pages/style_sheet.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {

using formats::escape_html;

HttpResponse page(const PageParts& parts, int status) {
    return HttpResponse::html(
        fmt::format(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
            "<title>{} · Posthaste inbox</title><link rel=\"icon\" href=\"/icon.svg\">"
            "<link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>"
            "<a class=\"skip\" href=\"#main\">To the content</a>"
            "<header class=\"top\"><div><a class=\"brand\" href=\"/\"><img src=\"/icon.svg\" "
            "alt=\"\" width=\"22\" "
            "height=\"22\">Posthaste inbox</a><span class=\"soft small\">Mail kept here goes no "
            "further.</span>"
            "<form class=\"search\" action=\"/\" role=\"search\"><label class=\"hidden\" "
            "for=\"query\">Search "
            "sender, recipients and subject</label><input type=\"search\" id=\"query\" "
            "name=\"query\" "
            "placeholder=\"Sender, recipient, subject\" value=\"{}\"><button>Search</button></form>"
            "</div></header>\n<main id=\"main\">{}</main></body></html>\n",
            escape_html(parts.title), escape_html(parts.search), parts.main),
        status);
}

HttpResponse style_sheet() {
    return {200, "text/css; charset=utf-8", std::string(kStyleSheet), {}};
}

HttpResponse icon() {
    return {200, "image/svg+xml", std::string(kIcon), {}};
}

std::string time_html(std::int64_t wall_ms, Timestamp now) {
    const Timestamp at{Milliseconds(wall_ms)};
    const auto exact = format_iso8601(at);
    const auto age = std::chrono::duration_cast<Seconds>(now - at);
    // A clock that was set makes "ago" wrong; the exact time is then all there is to say.
    const bool believable = age >= Seconds(-60) && age < std::chrono::days(366);
    auto words = exact.substr(0, 10) + " " + exact.substr(11, 8) + " UTC";
    if (believable && age < Seconds(5))
        words = "just now";
    else if (believable && age < Seconds(60))
        words = format_duration(age) + " ago";
    else if (believable && age < std::chrono::hours(1))
        words = fmt::format("{} min ago", age.count() / 60);
    else if (believable && age < std::chrono::days(1))
        words = fmt::format("{} h ago", age.count() / 3600);
    return fmt::format("<time datetime=\"{0}\" title=\"{0}\">{1}</time>", exact, words);
}

std::string text_with_links(std::string_view text) {
    constexpr std::size_t kMaxLink = 2048;
    std::string out;
    while (!text.empty()) {
        const std::size_t at = std::min(text.find("http"), text.size());
        out += escape_html(text.substr(0, at));
        text.remove_prefix(at);
        if (text.empty()) break;
        const bool link = text.starts_with("http://") || text.starts_with("https://");
        auto address =
            text.substr(0, link ? std::min(text.find_first_of(" \t\r\n<>\"'`"), text.size()) : 4);
        while (link && !address.empty() &&
               std::string_view(".,;:!?)]}").find(address.back()) != std::string_view::npos)
            address.remove_suffix(1);
        const auto shown = escape_html(address);
        if (link && address.size() > sizeof "https://" && address.size() <= kMaxLink)
            out +=
                fmt::format("<a rel=\"noreferrer noopener nofollow\" href=\"{0}\">{0}</a>", shown);
        else
            out += shown;
        text.remove_prefix(address.size());
    }
    return out;
}

}  // namespace posthaste::web
