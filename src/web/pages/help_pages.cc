#include "web/pages/help_pages.h"

#include "base/utf8.h"
#include "discovery/explain.h"
#include "formats/html.h"
#include "formats/url.h"
#include "web/setup/setup_card_html.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using discovery::Explanation;
using discovery::text;
using formats::escape_html;
using runtime::Task;

using Services = std::shared_ptr<PublicServices>;

constexpr std::size_t kMaxCodeShown = 64;

SetupView view_of(const Services& services, const HttpRequest& request, std::string action) {
    SetupView view{.settings = services->settings, .admin = services->admin};
    read_query(request, view);
    // What the set-up page keeps in its links means nothing here.
    view.program.reset();
    view.address.clear();
    view.user.reset();
    view.action = std::move(action);
    view.home = "/setup";
    return view;
}

std::string lang_query(const SetupView& view) {
    if (!view.language_chosen) return {};
    return fmt::format("?lang={}", discovery::language_code(view.language));
}

// Asks the index, whatever page it stands on.
std::string box(SetupView view) {
    view.action = "/h/";
    return error_box(view);
}

std::string links_html(const SetupView& view) {
    return fmt::format("<p><a href=\"/setup{0}\">{1}</a> · <a href=\"/h/{0}\">{2}</a></p>",
                       lang_query(view), html_text(view.language, "page.help.back"),
                       html_text(view.language, "page.help.all"));
}

// Which part of the index a page belongs to: as help_pages() orders them.
std::string_view group_of(std::string_view code) {
    if (code.starts_with('R')) return "page.help.replies";
    if (code.starts_with("0x")) return "page.help.outlook";
    if (!code.empty() && code.front() >= '0' && code.front() <= '9') return "page.help.servers";
    return "page.help.others";
}

// One line for each topic of a group, with all its codes.
struct Line {
    std::string_view group;
    std::string_view topic;
    std::string codes;    // HTML
    std::string address;  // of a topic without numbers
};

std::vector<Line> index_lines(const SetupView& view) {
    std::vector<Line> lines;
    for (const auto& one : discovery::help_pages()) {
        const auto group = group_of(one.code);
        auto line = std::ranges::find_if(
            lines, [&](const Line& l) { return l.group == group && l.topic == one.topic; });
        if (line == lines.end()) line = lines.insert(line, Line{group, one.topic, {}, {}});
        const auto address =
            fmt::format("/h/{}{}", formats::percent_encode(one.code), lang_query(view));
        if (discovery::is_number(one.code))
            line->codes += fmt::format("<a href=\"{}\">{}</a> ", address, escape_html(one.code));
        else
            line->address = address;
    }
    return lines;
}

// The titles name hosts and the like in marks, so they are taken from explanations.
std::string title_of(std::string_view topic, const SetupView& view) {
    const auto page = discovery::explain_code(topic, view.language,
                                              discovery::names_of(view.settings, view.admin));
    return page ? page->title : std::string(topic);
}

std::string index_html(const SetupView& view) {
    std::string html;
    std::string_view group;
    for (const auto& line : index_lines(view)) {
        if (line.group != group) {
            html += fmt::format("{}<h2>{}</h2><ul class=\"index\">", group.empty() ? "" : "</ul>",
                                html_text(view.language, line.group));
            group = line.group;
        }
        const auto title = escape_html(title_of(line.topic, view));
        if (line.codes.empty())
            html += fmt::format("<li><a href=\"{}\">{}</a></li>\n", line.address, title);
        else
            html +=
                fmt::format("<li>{}<br><span class=\"codes\">{}</span></li>\n", title, line.codes);
    }
    return html + "</ul>";
}

Task<HttpResponse> index(SetupView view) {
    std::string more = box(view);
    if (view.error.empty()) more += index_html(view);
    co_return setup_note(view, {.title = std::string(text(view.language, "page.help.title")),
                                .more = more + links_html(view)});
}

HttpResponse known_page(const SetupView& view, const Explanation& found) {
    std::string more;
    if (discovery::is_number(found.code))
        more = fmt::format("<p class=\"codes\">{}</p>", escape_html(found.code));
    more += explanation_html(view.language, found, 2) + box(view) + links_html(view);
    return setup_note(view, {.title = found.title, .more = std::move(more)});
}

HttpResponse unknown_page(SetupView view, std::string_view code) {
    const auto shown = utf8::clip(code, kMaxCodeShown);
    const auto title =
        discovery::fill_text(text(view.language, "page.help.unknown"), {{"code", shown}});
    if (code.size() > kMaxCodeShown) view.action = "/h/";
    return setup_note(view,
                      {.title = title,
                       .paragraphs = {std::string(text(view.language, "page.help.unknown_mend"))},
                       .more = box(view) + links_html(view),
                       .status = 404});
}

// What is no name of a page may still say enough: a number in decimals, a line of a reply.
Task<HttpResponse> code_page(SetupView view, std::string code) {
    view.error.clear();
    const auto names = discovery::names_of(view.settings, view.admin);
    if (const auto found = discovery::explain_code(code, view.language, names))
        co_return known_page(view, *found);
    const auto found = discovery::explain(code, view.language, names);
    co_return found.known ? known_page(view, found) : unknown_page(std::move(view), code);
}

Task<HttpResponse> to_index(const HttpRequest&, const PathValues&) {
    co_return HttpResponse::redirect("/h/");
}

}  // namespace

void add_help_pages(Router& router, const std::shared_ptr<PublicServices>& services) {
    router.add("GET", "/h", to_index);
    router.add("GET", "/h/", [services](const HttpRequest& request, const PathValues&) {
        return index(view_of(services, request, "/h/"));
    });
    router.add("GET", "/h/{code}",
               [services](const HttpRequest& request, const PathValues& values) {
                   const auto& code = values.at("code");
                   return code_page(
                       view_of(services, request, "/h/" + formats::percent_encode(code)), code);
               });
}

}  // namespace posthaste::web
