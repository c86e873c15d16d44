#include "web/setup/setup_live.h"

#include "base/ascii.h"
#include "base/checksum.h"
#include "base/levenshtein.h"
#include "formats/html.h"
#include "web/setup/setup_card_html.h"
#include "web/setup/setup_view.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using accounts::SignIn;
using discovery::fill_text;
using discovery::Language;
using formats::escape_html;

constexpr std::size_t kEarlierShown = 4;
constexpr std::string_view kSenderRefused = "R8";

// The two parts that change: the headline, which screen readers are told of, and what is below it.
struct Parts {
    std::string_view look = "waiting";  // waiting, good, bad
    std::string title{};                // HTML
    std::string more{};                 // HTML
};

std::string_view plain(Language language, std::string_view key) {
    return discovery::text(language, key);
}

std::string age_html(Timestamp then, Timestamp now, Language language) {
    const auto seconds = std::chrono::duration_cast<Seconds>(now - then).count();
    return fmt::format("<span data-age=\"{}\" aria-live=\"off\">{}</span>",
                       std::max<std::int64_t>(seconds, 0), escape_html(ago(then, now, language)));
}

// A pattern with plain values and one {ago} that ticks.
std::string with_age(Language language, std::string_view key, const std::string& age,
                     discovery::TextValues values = {}) {
    return fill_text(html_text(language, key, values), {{"ago", age}});
}

std::string_view mode_name(SignIn::Tls tls, Language language) {
    switch (tls) {
        case SignIn::Tls::implicit:
            return "SSL/TLS";
        case SignIn::Tls::starttls:
            return "STARTTLS";
        case SignIn::Tls::none:
            break;
    }
    return plain(language, "page.live.unencrypted");
}

std::string facts_html(const SignIn& sign_in, Language language) {
    auto out = fmt::format("<h3>{}</h3><dl class=\"facts\">", html_text(language, "page.live.saw"));
    for (const auto& [label, value] : facts_of(sign_in, language))
        out += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape_html(label),
                           escape_html(value));
    return out + "</dl>";
}

std::string reading_html(const SignIn& sign_in, const LiveLine& line) {
    const auto found = discovery::explain_code(sign_in.outcome, line.language, line.names);
    if (!found) return {};
    return fmt::format("<h3>{}</h3>{}", escape_html(found->title),
                       explanation_html(line.language, *found));
}

std::string earlier_html(const LiveLine& line, Timestamp now) {
    if (line.sign_ins.size() < 2) return {};
    auto out = fmt::format("<h3>{}</h3><ul class=\"earlier\">",
                           html_text(line.language, "page.live.earlier"));
    for (std::size_t i = 1; i < std::min(line.sign_ins.size(), kEarlierShown + 1); ++i) {
        const SignIn& one = line.sign_ins[i];
        const auto age = age_html(one.when, now, line.language);
        const auto found = discovery::explain_code(one.outcome, line.language, line.names);
        if (one.outcome.empty())
            out +=
                fmt::format("<li>{}</li>", with_age(line.language, "page.live.earlier_good", age));
        else
            out += fmt::format("<li>{}</li>",
                               with_age(line.language, "page.live.earlier_bad", age,
                                        {{"title", found ? found->title : one.outcome}}));
    }
    return out + "</ul>";
}

std::string forms_html(const LiveLine& line) {
    if (!has_signed_in(line)) return {};
    const auto form = [&line](std::string_view what, std::string_view look, std::string_view key) {
        return fmt::format(
            "<form method=\"post\" action=\"{}/{}{}\"><button id=\"live-{}\" class=\"{}\">{}"
            "</button></form>",
            escape_html(line.path), what, escape_html(line.query), what, look,
            html_text(line.language, key));
    };
    return fmt::format(
        "{}{}<p class=\"hint\">{}</p>", form("test", "go", "page.live.test"),
        form("done", "go quiet", "page.live.done"),
        html_text(line.language, line.trap ? "page.live.test_hint_kept" : "page.live.test_hint",
                  {{"address", line.account}}));
}

std::string again_html(const LiveLine& line) {
    return fmt::format("<p class=\"again\"><a id=\"live-again\" href=\"{}{}\">{}</a></p>",
                       escape_html(line.path), escape_html(line.query),
                       html_text(line.language, "page.live.again"));
}

bool ends_badly(EventType type) {
    return type == EventType::failed || type == EventType::expired ||
           type == EventType::cancelled || type == EventType::suppressed;
}

// What is known last decides; `accepted` says nothing.
const Event* telling_event(const LiveLine& line) {
    for (auto event = line.test.rbegin(); event != line.test.rend(); ++event)
        if (event->type == EventType::delivered || event->type == EventType::deferred ||
            ends_badly(event->type))
            return &*event;
    return nullptr;
}

Parts test_parts(const LiveLine& line) {
    const Event* const event = telling_event(line);
    Parts parts;
    std::string_view key = "page.live.sent";
    if (event != nullptr && event->type == EventType::delivered) {
        key = line.trap ? "page.live.kept" : "page.live.delivered";
        parts.look = "good";
    } else if (event != nullptr) {
        key = ends_badly(event->type) ? "page.live.failed" : "page.live.deferred";
        parts.look = "bad";
    }
    parts.title = html_text(line.language, key, {{"address", line.account}});
    if (parts.look == "bad") {
        parts.more =
            fmt::format("<h3>{}</h3><p>{}</p>", html_text(line.language, "page.live.reply"),
                        escape_html(event->text));
        const auto found = discovery::explain(event->text, line.language, line.names);
        if (found.known) parts.more += explanation_html(line.language, found);
    }
    parts.more += is_final(line) ? fmt::format("<p class=\"hint\">{}</p>",
                                               html_text(line.language, "page.live.finished_hint"))
                                 : again_html(line);
    return parts;
}

Parts near_miss_parts(const LiveLine& line, Timestamp now) {
    const SignIn& one = *line.near_miss;
    return {"bad",
            with_age(line.language, "page.live.refused_other",
                     age_html(one.when, now, line.language), {{"login", one.login}}),
            reading_html(one, line) + facts_html(one, line.language) + forms_html(line) +
                again_html(line)};
}

Parts parts_of(const LiveLine& line, Timestamp now) {
    if (line.test_sent) return test_parts(line);
    if (line.ended)
        return {"good", html_text(line.language, "page.live.finished"),
                fmt::format("<p class=\"hint\">{}</p>",
                            html_text(line.language, "page.live.finished_hint"))};
    const SignIn* const newest = line.sign_ins.empty() ? nullptr : &line.sign_ins.front();
    const bool is_good = newest != nullptr && newest->outcome.empty();
    if (line.near_miss && !is_good && (newest == nullptr || newest->when < line.near_miss->when))
        return near_miss_parts(line, now);
    if (newest == nullptr)
        return {"waiting", html_text(line.language, "page.live.waiting"),
                fmt::format("<p class=\"hint\">{}</p>{}",
                            html_text(line.language, "page.live.waiting_hint"), again_html(line))};
    const auto age = age_html(newest->when, now, line.language);
    Parts parts;
    parts.look = is_good ? "good" : "bad";
    const bool is_picked = line.program && is_of(*newest, *line.program);
    const auto program =
        is_picked
            ? discovery::text(line.language, fmt::format("card.{}.name", program_id(*line.program)))
            : plain(line.language, "page.live.your_program");
    parts.title = is_good ? with_age(line.language, "page.live.seen", age, {{"program", program}})
                          : with_age(line.language, "page.live.refused", age);
    if (newest->times > 1 && !is_good)
        parts.title += fmt::format(" ({})", html_text(line.language, "page.live.times",
                                                      {{"n", std::to_string(newest->times)}}));
    if (!is_good) parts.more = reading_html(*newest, line);
    parts.more += facts_html(*newest, line.language) + earlier_html(line, now) + forms_html(line) +
                  again_html(line);
    return parts;
}

}  // namespace

std::string live_version(const LiveLine& line) {
    std::string all = fmt::format("{} {} ", line.ended, line.test_sent);
    const auto add = [&all](const SignIn& one) {
        all += fmt::format("{} {} {} {} {} ", one.when.time_since_epoch().count(), one.times,
                           one.outcome, one.from, one.login);
    };
    std::ranges::for_each(line.sign_ins, add);
    if (line.near_miss) add(*line.near_miss);
    for (const auto& event : line.test)
        all += fmt::format("{} {} ", to_string(event.type), event.attempt);
    return fmt::format("{:08x}", crc32c(all));
}

bool is_final(const LiveLine& line) {
    if (!line.test_sent) return line.ended;
    const Event* const event = telling_event(line);
    return event != nullptr && event->type != EventType::deferred;
}

bool has_signed_in(const LiveLine& line) {
    return std::ranges::any_of(line.sign_ins,
                               [](const SignIn& one) { return one.outcome.empty(); });
}

std::string live_html(const LiveLine& line, Timestamp now) {
    const auto parts = parts_of(line, now);
    const auto watch =
        is_final(line) ? std::string()
                       : fmt::format(" data-live=\"{}/live{}{}\"", escape_html(line.path),
                                     escape_html(line.query), line.query.empty() ? "?" : "&amp;");
    return fmt::format(
        "<section class=\"live\" id=\"live\" aria-labelledby=\"live-heading\" "
        "data-version=\"{}\"{}>"
        "<h2 class=\"hidden\" id=\"live-heading\">{}</h2><div id=\"live-line\" class=\"{}\" "
        "role=\"status\"><p class=\"title\"><span>{}</span></p></div><div id=\"live-more\" "
        "class=\"more\">{}</div><p class=\"lost\" role=\"status\"></p></section>",
        live_version(line), watch, html_text(line.language, "page.live.title"), parts.look,
        parts.title, parts.more);
}

std::vector<std::pair<std::string, std::string>> facts_of(const SignIn& sign_in,
                                                          Language language) {
    std::vector<std::pair<std::string, std::string>> facts;
    const auto add = [&](std::string_view key, std::string value) {
        facts.emplace_back(plain(language, key), std::move(value));
    };
    const auto say = [&](std::string_view key, discovery::TextValues values) {
        return fill_text(plain(language, key), values);
    };
    auto port = say("page.live.port_value", {{"port", std::to_string(sign_in.port)},
                                             {"mode", mode_name(sign_in.tls, language)}});
    if (!sign_in.usual_mode && sign_in.tls != SignIn::Tls::none) {
        const auto usual = sign_in.tls == SignIn::Tls::implicit ? "STARTTLS" : "SSL/TLS";
        port += ". " + say("page.live.unusual", {{"mode", usual}});
    }
    add("page.live.port", std::move(port));
    if (!sign_in.tls_version.empty()) add("page.live.tls", sign_in.tls_version);
    if (!sign_in.login.empty())
        add("page.live.name", sign_in.normalised.empty()
                                  ? say("page.live.name_as_is", {{"login", sign_in.login}})
                                  : say("page.live.name_taken", {{"login", sign_in.login},
                                                                 {"account", sign_in.normalised}}));
    const bool is_good = sign_in.outcome.empty();
    if (is_good)
        add("page.live.credential",
            sign_in.credential == "password" || sign_in.credential.empty()
                ? std::string(plain(language, "page.live.credential_own"))
                : say("page.live.credential_app", {{"name", sign_in.credential}}));
    if (sign_in.outcome == kSenderRefused)
        add("page.live.from", say("page.live.from_bad", {{"address", sign_in.from}}));
    else if (is_good)
        add("page.live.from", sign_in.from.empty()
                                  ? std::string(plain(language, "page.live.from_none"))
                                  : say("page.live.from_good", {{"address", sign_in.from}}));
    add("page.live.client", sign_in.client.to_string());
    return facts;
}

std::string ago(Timestamp then, Timestamp now, Language language) {
    const auto seconds =
        std::max<std::int64_t>(std::chrono::duration_cast<Seconds>(now - then).count(), 0);

    struct Unit {
        std::int64_t seconds;
        std::string_view one, many;
    };

    static constexpr std::array<Unit, 4> kUnits = {{
        {86'400, "page.ago.day", "page.ago.days"},
        {3600, "page.ago.hour", "page.ago.hours"},
        {60, "page.ago.minute", "page.ago.minutes"},
        {1, "page.ago.second", "page.ago.seconds"},
    }};
    for (const auto& unit : kUnits) {
        const auto count = seconds / unit.seconds;
        if (count == 0) continue;
        return fill_text(plain(language, count == 1 ? unit.one : unit.many),
                         {{"n", std::to_string(count)}});
    }
    return std::string(plain(language, "page.ago.now"));
}

bool is_of(const SignIn& sign_in, discovery::Program program) {
    const std::string_view name = sign_in.ehlo;
    switch (program) {
        case discovery::Program::outlook_classic: {
            // The computer's NetBIOS name, and LOGIN (clients.md 3.1). Phones and devices give
            // their names in small letters, others an address or a name with dots.
            constexpr std::size_t kNetBios = 15;
            const auto fits = [](char c) {
                return (c >= 'A' && c <= 'Z') || ascii::is_digit(c) || c == '-' || c == '_';
            };
            return sign_in.mechanism == "LOGIN" && !name.empty() && name.size() <= kNetBios &&
                   std::ranges::all_of(name, fits);
        }
        case discovery::Program::outlook_new:
            // Microsoft's servers send for it.
            return ascii::to_lower(name).ends_with(".prod.exchangelabs.com") ||
                   ascii::to_lower(name).ends_with(".prod.outlook.com");
        case discovery::Program::thunderbird:
            return name.starts_with("[IPV6:");  // in capitals: it alone
        default:
            return false;
    }
}

bool is_near_miss(const SignIn& sign_in, std::string_view account) {
    if (sign_in.known || sign_in.outcome.empty() || sign_in.login.empty()) return false;
    const std::string_view local = account.substr(0, account.rfind('@'));
    const std::string_view wanted[] = {account, local};
    const std::string login = ascii::to_lower(sign_in.login);
    const std::string_view typed = std::string_view(login).substr(0, login.rfind('@'));
    return closest(login, wanted).has_value() || typed == local;
}

}  // namespace posthaste::web
