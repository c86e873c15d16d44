#include "web/setup/setup_view.h"

#include "base/ascii.h"
#include "base/checksum.h"
#include "discovery/explain.h"
#include "formats/html.h"
#include "formats/url.h"
#include "web/setup/setup_card_html.h"
#include "web/setup/setup_script.h"
#include "web/setup/setup_style.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using discovery::Language;
using discovery::Program;
using formats::escape_html;
using formats::percent_encode;

constexpr std::size_t kMaxAddress = 320;
constexpr std::size_t kErrorShown = 1500;  // a query of more would not fit a request line

// No inline script or style, nothing from elsewhere (threats.md W6).
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
    "'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

std::string versioned(std::string_view path, std::string_view content) {
    return fmt::format("{}?v={:08x}", path, crc32c(content));
}

HttpResponse lasting(std::string content_type, std::string_view content) {
    HttpResponse response{200, std::move(content_type), std::string(content), {}};
    response.headers.emplace_back("Cache-Control", "public, max-age=31536000, immutable");
    return response;
}

// The page itself with some other language or program; what was typed stays.
struct Target {
    std::optional<Language> language{};
    std::optional<Program> program{};
    bool keep_error = false;
};

std::string target(const SetupView& view, const Target& to) {
    std::string query;
    const auto add = [&query](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, percent_encode(value));
    };
    if (to.language) add("lang", discovery::language_code(*to.language));
    if (to.program) add("program", discovery::program_id(*to.program));
    if (!view.is_personal) add("address", view.address);
    if (to.keep_error) add("error", view.error);
    return view.action + query;
}

std::optional<Language> kept_language(const SetupView& view) {
    if (!view.language_chosen) return {};
    return view.language;
}

std::string hidden(std::string_view name, std::string_view value) {
    return fmt::format("<input type=\"hidden\" name=\"{}\" value=\"{}\">", name,
                       escape_html(value));
}

// Of a form of the page: what it does not ask itself.
std::string hidden_fields(const SetupView& view, bool with_program, bool with_address) {
    std::string out;
    if (view.language_chosen) out += hidden("lang", discovery::language_code(view.language));
    if (with_program && view.program) out += hidden("program", program_id(*view.program));
    if (with_address && !view.is_personal && !view.address.empty())
        out += hidden("address", view.address);
    return out;
}

std::string words(const SetupView& view, std::string_view key, discovery::TextValues values = {}) {
    return html_text(view.language, key, values);
}

std::string languages(const SetupView& view) {
    std::string out = fmt::format("<nav aria-label=\"{}\"><ul class=\"languages\">",
                                  words(view, "page.setup.language"));
    for (const Language one : discovery::kLanguages) {
        const auto code = discovery::language_code(one);
        const auto name = discovery::language_name(one);
        if (one == view.language)
            out += fmt::format("<li><span aria-current=\"true\">{}</span></li>", name);
        else
            out += fmt::format("<li><a lang=\"{0}\" hreflang=\"{0}\" href=\"{1}\">{2}</a></li>",
                               code, escape_html(target(view, {one, view.program, true})), name);
    }
    return out + "</ul></nav>";
}

std::string address_field(const SetupView& view) {
    const bool wrong = !view.address.empty() && !view.user;  // elsewhere too
    std::string out = fmt::format(
        "<label for=\"address\">{}</label><input id=\"address\" name=\"address\" type=\"text\" "
        "inputmode=\"email\" autocomplete=\"email\" autocapitalize=\"none\" spellcheck=\"false\" "
        "maxlength=\"{}\" aria-describedby=\"address-hint\"{} value=\"{}\">",
        words(view, "page.setup.address"), kMaxAddress, wrong ? " aria-invalid=\"true\"" : "",
        escape_html(view.address));
    if (view.is_elsewhere)
        out += fmt::format("<p id=\"address-hint\" class=\"wrong\">{}</p>",
                           words(view, "page.setup.address_elsewhere",
                                 {{"domain", view.settings.domain.unicode()}}));
    else if (wrong)
        out += fmt::format("<p id=\"address-hint\" class=\"wrong\">{}</p>",
                           words(view, "page.setup.address_wrong", {{"text", view.address}}));
    else
        out += fmt::format("<p id=\"address-hint\" class=\"hint\">{}</p>",
                           words(view, "page.setup.address_hint"));
    return out;
}

std::string program_button(const SetupView& view, Program program) {
    const auto id = discovery::program_id(program);
    std::string mark;
    if (view.likely == program)
        mark = fmt::format("<span class=\"likely\">{}</span>", words(view, "page.setup.likely"));
    return fmt::format(
        "<li><button name=\"program\" value=\"{}\"><span class=\"name\">{}</span><span "
        "class=\"hint\">{}</span>{}</button></li>",
        id, words(view, fmt::format("card.{}.name", id)),
        words(view, fmt::format("page.setup.hint.{}", id)), mark);
}

std::string picker(const SetupView& view) {
    std::vector<Program> order(std::begin(discovery::kPrograms), std::end(discovery::kPrograms));
    if (view.likely) {
        const auto likely = std::ranges::find(order, *view.likely);
        std::rotate(order.begin(), likely, likely + 1);
    }
    std::string out = fmt::format("<form action=\"{}\" class=\"pick\">{}", escape_html(view.action),
                                  hidden_fields(view, false, false));
    // The button that Enter presses in the address field: the page again, filled in.
    out += "<button class=\"first\" tabindex=\"-1\" aria-hidden=\"true\"></button>";
    if (!view.is_personal) out += fmt::format("<div class=\"ask\">{}</div>", address_field(view));
    out += fmt::format("<h2 id=\"which\">{}</h2><ul class=\"programs\">",
                       words(view, "page.setup.which"));
    for (const Program program : order) out += program_button(view, program);
    return out + "</ul></form>";
}

std::string address_form(const SetupView& view) {
    if (view.is_personal) return {};
    return fmt::format(
        "<form action=\"{}\" class=\"ask\">{}{}<button class=\"go\">{}</button></form>",
        escape_html(view.action), hidden_fields(view, true, false), address_field(view),
        words(view, "page.setup.fill_in"));
}

std::string answer(const SetupView& view) {
    if (view.error.empty()) return {};
    const auto found = discovery::explain(view.error, view.language,
                                          discovery::names_of(view.settings, view.admin));
    std::string out = fmt::format("<h3>{}</h3>", escape_html(found.title));
    if (found.known && !found.codes.empty())
        out += fmt::format("<p class=\"codes\">{}</p>",
                           words(view, "page.setup.recognised",
                                 {{"codes", fmt::format("{}", fmt::join(found.codes, ", "))}}));
    out += explanation_html(view.language, found);
    if (found.known && !found.code.empty())
        out += fmt::format("<p><a href=\"/h/{}{}\">{}</a></p>", percent_encode(found.code),
                           view.language_chosen
                               ? fmt::format("?lang={}", discovery::language_code(view.language))
                               : "",
                           discovery::is_number(found.code)
                               ? words(view, "page.setup.more", {{"code", found.code}})
                               : words(view, "page.setup.more_of_it"));
    return out;
}

struct Frame {
    std::string title;
    std::string head;
    std::string main;
};

HttpResponse frame(const SetupView& view, const Frame& parts, int status) {
    const auto host = escape_html(view.settings.host);
    const auto home = escape_html(view.home.empty() ? target(view, {kept_language(view), {}, false})
                                                    : view.home + kept_query(view));
    auto response = HttpResponse::html(
        fmt::format(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
            "<meta name=\"robots\" content=\"noindex\"><title>{} · {}</title>"
            "<link rel=\"icon\" href=\"/icon.svg\"><link rel=\"stylesheet\" href=\"{}\">{}"
            "<script src=\"{}\" defer></script></head>\n"
            "<body data-copied=\"{}\" data-lost=\"{}\"><a class=\"skip\" href=\"#main\">{}</a>"
            "<header class=\"top\"><a class=\"brand\" href=\"{}\"><img src=\"/icon.svg\" alt=\"\" "
            "width=\"24\" height=\"24\">{}</a>{}</header>\n<main id=\"main\" tabindex=\"-1\">{}"
            "</main>\n<footer><p>{}</p></footer></body></html>\n",
            discovery::language_code(view.language), escape_html(parts.title), host,
            versioned("/setup.css", kSetupStyle), parts.head, versioned("/setup.js", kSetupScript),
            words(view, "page.setup.copied"), words(view, "page.live.lost"),
            words(view, "page.setup.skip"), home, host, languages(view), parts.main,
            words(view, "page.setup.foot", {{"host", view.settings.host}, {"admin", view.admin}})),
        status);
    response.headers.emplace_back("Content-Security-Policy", std::string(kPolicy));
    response.headers.emplace_back("Content-Language",
                                  std::string(discovery::language_code(view.language)));
    return response;
}

std::string personal_line(const SetupView& view) {
    if (!view.is_personal || !view.user) return {};
    return fmt::format("<p class=\"whose\">{}</p>", escape_html(view.user->to_display()));
}

}  // namespace

std::string html_text(Language language, std::string_view key, discovery::TextValues values) {
    return escape_html(discovery::fill_text(discovery::text(language, key), values));
}

void read_query(const HttpRequest& request, SetupView& view) {
    view.language = discovery::choose_language(request.header("Accept-Language"));
    if (const auto chosen = discovery::find_language(request.param("lang"))) {
        view.language = *chosen;
        view.language_chosen = true;
    }
    view.program = discovery::find_program(request.param("program"));
    view.likely = discovery::likely_program(request.header("User-Agent"));
    view.error = request.param("error").substr(0, discovery::kMaxErrorText);
    if (view.is_personal) return;
    view.address = ascii::trim(request.param("address").substr(0, kMaxAddress));
    auto user = mail::Mailbox::parse(view.address);
    if (user && !user->domain().is_literal()) view.user = std::move(*user);
}

std::string kept_query(const SetupView& view) {
    SetupView bare;
    bare.action.clear();
    bare.is_personal = true;
    return target(bare, {kept_language(view), view.program, false});
}

HttpResponse setup_page(const SetupView& view) {
    const auto title = discovery::text(
        view.language, view.is_personal ? "page.setup.title_for" : "page.setup.title");
    std::string steps;
    std::string heading{title};
    if (view.program) {
        const auto card =
            discovery::make_card(*view.program, view.settings, view.user, view.language);
        heading = card.name;
        steps = fmt::format("<p class=\"back\"><a href=\"{}\">← {}</a></p><h1>{}</h1>{}{}{}",
                            escape_html(target(view, {kept_language(view), {}, false})),
                            words(view, "page.setup.other_program"), escape_html(card.name),
                            personal_line(view), address_form(view), card_html(view, card));
    } else {
        steps = fmt::format("<h1>{}</h1>{}<p class=\"lead\">{}</p>{}", escape_html(title),
                            personal_line(view), words(view, "page.setup.lead"), picker(view));
    }
    // The live line comes first: on a phone that is the top of the page.
    auto main = fmt::format("<div class=\"cols\">{}<div class=\"steps\">{}</div>{}</div>",
                            view.live, steps, error_box(view));
    auto response = frame(view, {heading, {}, std::move(main)}, 200);
    response.headers.emplace_back("Vary", "Accept-Language, User-Agent");
    return response;
}

std::string error_box(const SetupView& view) {
    return fmt::format(
        "<section class=\"trouble\" aria-labelledby=\"broken\"><h2 id=\"broken\">{}</h2>"
        "<form action=\"{}#broken\" data-answers>{}<label for=\"error\">{}</label>"
        "<textarea id=\"error\" name=\"error\" rows=\"3\" maxlength=\"{}\" spellcheck=\"false\" "
        "autocapitalize=\"none\">{}</textarea><button class=\"go\">{}</button></form>"
        "<div id=\"answer\" role=\"status\">{}</div></section>",
        words(view, "page.setup.broken"), escape_html(view.action), hidden_fields(view, true, true),
        words(view, "page.setup.error_label"), kErrorShown, escape_html(view.error),
        words(view, "page.setup.error_button"), answer(view));
}

HttpResponse setup_note(const SetupView& view, const SetupNote& note) {
    std::string main = fmt::format("<div class=\"note\"><h1>{}</h1>", escape_html(note.title));
    for (const auto& paragraph : note.paragraphs)
        main += fmt::format("<p>{}</p>", escape_html(paragraph));
    main += note.more + "</div>";
    return frame(view, {note.title, note.head, std::move(main)}, note.status);
}

HttpResponse setup_style() {
    return lasting("text/css; charset=utf-8", kSetupStyle);
}

HttpResponse setup_script() {
    return lasting("text/javascript; charset=utf-8", kSetupScript);
}

}  // namespace posthaste::web
