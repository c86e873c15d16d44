#include "web/setup/setup_card_html.h"

#include "discovery/mobileconfig.h"
#include "discovery/qr.h"
#include "formats/html.h"

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using discovery::Card;
using discovery::Field;
using discovery::Program;
using formats::escape_html;

std::string words(const SetupView& view, std::string_view key, discovery::TextValues values = {}) {
    return html_text(view.language, key, values);
}

// Shown by the script alone: without it there is nothing that could copy.
std::string copy_button(const SetupView& view, std::string_view what, std::string_view value) {
    return fmt::format(
        "<button type=\"button\" class=\"copy\" data-copy=\"{}\" aria-label=\"{}\" hidden>{}"
        "</button>",
        escape_html(value), words(view, "page.setup.copy_what", {{"what", what}}),
        words(view, "page.setup.copy"));
}

// "File > Account Settings" with arrows that are read as nothing.
std::string path_html(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        const auto end = path.find(" > ");
        if (!out.empty()) out += " <span class=\"arrow\" aria-hidden=\"true\">›</span> ";
        out += fmt::format("<span>{}</span>", escape_html(path.substr(0, end)));
        path.remove_prefix(end == std::string_view::npos ? path.size() : end + 3);
    }
    return out;
}

std::string_view mark_class(Field::Kind kind) {
    switch (kind) {
        case Field::Kind::checked:
            return "tick on";
        case Field::Kind::unchecked:
            return "tick off";
        case Field::Kind::chosen:
            return "circle";
        case Field::Kind::value:
            break;
    }
    return "";
}

std::string_view mark_words(Field::Kind kind) {
    switch (kind) {
        case Field::Kind::checked:
            return "page.setup.checked";
        case Field::Kind::unchecked:
            return "page.setup.unchecked";
        default:
            return "page.setup.chosen";
    }
}

std::string field_html(const SetupView& view, const Field& field) {
    if (field.kind != Field::Kind::value)
        return fmt::format(
            "<div class=\"mark\"><dt><span class=\"{}\" aria-hidden=\"true\"></span>{}</dt>"
            "<dd class=\"hint\">{}</dd></div>",
            mark_class(field.kind), escape_html(field.label), words(view, mark_words(field.kind)));
    if (!field.is_exact)
        return fmt::format("<div><dt>{}</dt><dd class=\"words\">{}</dd></div>",
                           escape_html(field.label), escape_html(field.value));
    return fmt::format("<div><dt>{}</dt><dd><code>{}</code>{}</dd></div>", escape_html(field.label),
                       escape_html(field.value), copy_button(view, field.label, field.value));
}

std::string groups_html(const SetupView& view, const Card& card) {
    std::string out;
    for (const auto& group : card.groups) {
        if (!group.place.empty()) out += fmt::format("<h3>{}</h3>", path_html(group.place));
        out += "<dl class=\"fields\">";
        for (const auto& field : group.fields) out += field_html(view, field);
        out += "</dl>";
    }
    return out;
}

// A code to scan, black on white in dark pages too, since scanners want that.
std::string qr_html(const SetupView& view, std::string_view text, std::string_view caption) {
    const auto svg = discovery::qr_svg(text);
    if (!svg) return {};
    return fmt::format(
        "<figure class=\"qr\"><div role=\"img\" aria-label=\"{0}\">{1}</div><figcaption>{0}"
        "</figcaption></figure>",
        words(view, caption), *svg);
}

std::string scan_html(const SetupView& view, const Card& card) {
    const bool apple = card.program == Program::apple && !card.automatic.empty();
    const bool android =
        card.program == Program::thunderbird_android && !view.settings.incoming.empty();
    if (!apple && !android) return {};
    if (!view.user)
        return fmt::format("<p class=\"hint\">{}</p>", words(view, "page.setup.qr_needs_address"));
    if (apple) return qr_html(view, card.link, "page.setup.qr_profile");
    const auto text = discovery::thunderbird_qr_text(view.settings, *view.user, view.name);
    return text ? qr_html(view, *text, "page.setup.qr_thunderbird") : std::string();
}

std::string automatic_html(const SetupView& view, const Card& card) {
    std::string out =
        fmt::format("<section class=\"way\"><h2>{}</h2>", words(view, "page.setup.automatic"));
    if (card.automatic.empty())
        return out + fmt::format("<p>{}</p></section>", words(view, "page.setup.automatic_none"));
    out += fmt::format("<p>{}</p>", escape_html(card.automatic));
    if (!card.link.empty())
        out += fmt::format("<p><a class=\"go\" href=\"{}\">{}</a></p>", escape_html(card.link),
                           words(view, "page.setup.install"));
    return out + scan_html(view, card) + "</section>";
}

std::string snippets_html(const SetupView& view, const Card& card) {
    if (card.snippets.empty()) return {};
    std::string out =
        fmt::format("<section class=\"way\"><h2>{}</h2>", words(view, "page.setup.snippets"));
    bool first = true;
    for (const auto& snippet : card.snippets) {
        out += fmt::format(
            "<details{}><summary>{}</summary><div class=\"snippet\"><pre tabindex=\"0\" "
            "lang=\"en\" "
            "aria-label=\"{}\">{}</pre>{}</div></details>",
            first ? " open" : "", escape_html(snippet.name), escape_html(snippet.name),
            escape_html(snippet.code), copy_button(view, snippet.name, snippet.code));
        first = false;
    }
    return out + "</section>";
}

}  // namespace

std::string card_html(const SetupView& view, const Card& card) {
    std::string out = automatic_html(view, card);
    out += fmt::format("<section class=\"way\"><h2>{}</h2>", words(view, "page.setup.by_hand"));
    if (!card.path.empty())
        out += fmt::format("<p class=\"path\"><span class=\"hint\">{}</span> {}</p>",
                           words(view, "page.setup.where"), path_html(card.path));
    out += groups_html(view, card) + "</section>" + snippets_html(view, card);
    if (card.notes.empty()) return out;
    out += fmt::format("<section class=\"way\"><h2>{}</h2><ul class=\"notes\">",
                       words(view, "page.setup.notes"));
    for (const auto& note : card.notes) out += fmt::format("<li>{}</li>", escape_html(note));
    return out + "</ul></section>";
}

std::string explanation_html(discovery::Language language, const discovery::Explanation& found,
                             int level) {
    std::string out = fmt::format("<p>{0}</p><h{1}>{2}</h{1}><ol>", escape_html(found.cause), level,
                                  html_text(language, "page.help.steps"));
    for (const auto& step : found.steps) out += fmt::format("<li>{}</li>", escape_html(step));
    return out + "</ol>";
}

}  // namespace posthaste::web
