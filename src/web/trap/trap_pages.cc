#include "web/trap/trap_pages.h"

#include "formats/html.h"
#include "formats/url.h"
#include "web/pages/page.h"
#include "web/trap/trap_message.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const TrapServices>;
using formats::escape_html;
using runtime::Task;
using trap::TrappedMessage;

constexpr std::size_t kPageSize = 50;
constexpr std::size_t kMaxShown = 10;            // addresses of one field in a list
constexpr std::size_t kSourceShown = 256 << 10;  // octets
constexpr std::string_view kMagicHelp =
    "<details><summary>Addresses that cause trouble, to see retries and bounces</summary><ul>"
    "<li><code>451@…</code> and any other <code>4xx@…</code>: tried again later</li>"
    "<li><code>550@…</code> and any other <code>5xx@…</code>: refused, the sender gets a "
    "report</li>"
    "<li><code>greylist@…</code>: kept at the second attempt</li>"
    "<li><code>quota@…</code>: the mailbox is full</li>"
    "<li><code>slow@…</code>: kept after 10 s; <code>timeout@…</code>: no "
    "answer</li></ul></details>";

std::string plural(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string list_target(const std::string& query, std::size_t start) {
    std::string target = "/";
    if (!query.empty()) target += "?query=" + formats::percent_encode(query);
    if (start > 0) target += fmt::format("{}start={}", query.empty() ? "?" : "&amp;", start);
    return target;
}

std::string name_of(const TrappedMessage& message) {
    if (message.from.empty()) return message.sender.empty() ? "(no sender)" : message.sender;
    const auto& first = message.from.front();
    return first.name.empty() ? first.address : first.name;
}

std::string recipients_of(const TrappedMessage& message) {
    std::string out;
    for (std::size_t i = 0; i < std::min<std::size_t>(message.recipients.size(), 2); ++i)
        out += (i > 0 ? ", " : "") + message.recipients[i];
    if (message.recipients.size() > 2)
        out += fmt::format(" and {} more", message.recipients.size() - 2);
    return out;
}

std::string subject_of(const TrappedMessage& message) {
    return message.subject.empty() ? "(no subject)" : message.subject;
}

std::string row_html(const TrappedMessage& message, Timestamp now) {
    const auto snippet = message.snippet.empty() ? std::string()
                                                 : fmt::format("<span class=\"snippet\">{}</span>",
                                                               escape_html(message.snippet));
    const auto files = message.attachments == 0
                           ? std::string()
                           : fmt::format(" <span class=\"chip\">{}</span>",
                                         plural(message.attachments, "attachment"));
    return fmt::format(
        "<tr{}><td class=\"who from\">{}</td><td class=\"who to\">{}</td><td class=\"what\"><a "
        "class=\"subject\" "
        "href=\"/view/{}\">{}{}</a>{}{}</td><td class=\"when\">{}</td><td "
        "class=\"size\">{}</td></tr>\n",
        message.read ? "" : " class=\"unread\"", escape_html(name_of(message)),
        escape_html(recipients_of(message)), message.id.to_string(),
        message.read ? "" : "<span class=\"hidden\">Unread: </span>",
        escape_html(subject_of(message)), files, snippet, time_html(message.arrived_ms, now),
        format_size(message.size));
}

std::string dropped_notice(const trap::Dropped& dropped, Timestamp now) {
    if (dropped.messages == 0) return {};
    return fmt::format(
        "<p class=\"notice\" role=\"status\">{} dropped to keep the inbox within its bounds of "
        "number, "
        "age and size; the last one {}.</p>",
        dropped.messages == 1 ? "One old message was"
                              : fmt::format("{} old messages were", dropped.messages),
        time_html(dropped.last_ms, now));
}

std::string empty_html(const TrapServices& services, const std::string& query) {
    if (!query.empty())
        return fmt::format(
            "<div class=\"empty\"><p>Nothing has “{}” in its sender, recipients or subject.</p>"
            "<a href=\"/\">Show all mail</a></div>",
            escape_html(query));
    std::string where = "<p>Whatever is sent through this server is kept here.</p>";
    if (!services.options.send_to.empty()) {
        const auto to = escape_html(services.options.send_to);
        where = fmt::format(
            "<p>Point your program at SMTP <code>{0}</code>: no TLS, no login needed. Or try</p>"
            "<pre>posthaste send --server {0} --to bob@example.test</pre>",
            to);
    }
    return fmt::format("<div class=\"empty\"><p><strong>No mail yet.</strong></p>{}{}</div>", where,
                       kMagicHelp);
}

// What the list's page shows, gathered at one time.
struct Listing {
    std::string query;
    std::size_t start = 0;
    std::size_t matching = 0;
    std::vector<TrappedMessage> messages;
};

std::string paging_html(const Listing& listing) {
    if (listing.matching <= kPageSize && listing.start == 0) return {};
    std::string out = "<nav class=\"bar\" aria-label=\"Pages\">";
    if (listing.start > 0)
        out += fmt::format(
            "<a class=\"button\" rel=\"prev\" href=\"{}\">Newer</a>",
            list_target(listing.query, listing.start - std::min(listing.start, kPageSize)));
    out += fmt::format("<span class=\"soft\">{} to {} of {}</span>",
                       std::min(listing.start + 1, listing.matching),
                       listing.start + listing.messages.size(), listing.matching);
    if (listing.start + listing.messages.size() < listing.matching)
        out += fmt::format("<a class=\"button\" rel=\"next\" href=\"{}\">Older</a>",
                           list_target(listing.query, listing.start + kPageSize));
    return out + "</nav>";
}

std::string list_bar(const TrapServices& services, const Listing& listing) {
    const std::size_t all = services.inbox.count("");
    const auto heading = listing.query.empty()
                             ? all == 0 ? std::string("No messages")
                                        : fmt::format("{}, {} unread", plural(all, "message"),
                                                      services.inbox.unread())
                             : fmt::format("{} with “{}”", plural(listing.matching, "message"),
                                           escape_html(listing.query));
    std::string out =
        fmt::format("<div class=\"bar\"><h1>{}</h1><a class=\"button\" href=\"{}\">Refresh</a>",
                    heading, list_target(listing.query, listing.start));
    if (all > 0)
        out += fmt::format(
            "<details class=\"ask push\"><summary class=\"button\">Delete all…</summary>"
            "<form method=\"post\" action=\"/delete-all\"><button class=\"danger\">Yes, delete {}"
            "</button></form></details>",
            plural(all, "message"));
    return out + "</div>";
}

Task<HttpResponse> show_list(Services services, const HttpRequest& request) {
    Listing listing;
    listing.query = request.param("query");
    listing.start = parse_number(request.param("start")).value_or(0);
    listing.matching = services->inbox.count(listing.query);
    listing.messages = services->inbox.list(listing.start, kPageSize, listing.query);
    const auto at = now();
    std::string main = list_bar(*services, listing) + dropped_notice(services->inbox.dropped(), at);
    if (listing.messages.empty() && listing.start == 0) {
        main += empty_html(*services, listing.query);
    } else {
        main +=
            "<table class=\"list\"><thead><tr><th scope=\"col\">From</th><th scope=\"col\">To</th>"
            "<th scope=\"col\">Subject</th><th scope=\"col\">Received</th><th "
            "scope=\"col\">Size</th></tr></thead><tbody>";
        for (const auto& message : listing.messages) main += row_html(message, at);
        main += "</tbody></table>" + paging_html(listing);
    }
    co_return page({"All mail", listing.query, std::move(main)});
}

HttpResponse error_page(const Error& error) {
    const int status = HttpResponse::error(error).status;
    auto main =
        fmt::format("<h1>{}</h1><p>{}</p><p><a href=\"/\">All mail</a></p>",
                    error.kind == ErrorKind::not_found ? "It is not here" : "That did not work",
                    escape_html(error.text));
    return page({"Not shown", "", std::move(main)}, status);
}

std::string addresses_html(const std::vector<trap::DisplayAddress>& list) {
    std::string out;
    for (std::size_t i = 0; i < std::min(list.size(), kMaxShown); ++i)
        out += (i > 0 ? ", " : "") + escape_html(to_string(list[i]));
    if (list.size() > kMaxShown) out += fmt::format(" and {} more", list.size() - kMaxShown);
    return out;
}

void add_fact(std::string& out, std::string_view name, const std::string& html) {
    if (!html.empty())
        out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", name, html);
}

std::string facts_html(const TrappedMessage& message) {
    std::string recipients;
    for (const auto& one : message.recipients)
        recipients += (recipients.empty() ? "" : ", ") + escape_html(one);
    std::string out = "<table class=\"facts\"><tbody>";
    add_fact(out, "From", addresses_html(message.from));
    add_fact(out, "To", addresses_html(message.to));
    add_fact(out, "Cc", addresses_html(message.cc));
    add_fact(out, "Reply-To", addresses_html(message.reply_to));
    add_fact(out, "Date", escape_html(message.date));
    add_fact(out, "Received",
             time_html(message.arrived_ms, now()) + ", " + format_size(message.size));
    add_fact(
        out, "Envelope",
        fmt::format("from <code>{}</code> to <code>{}</code>",
                    message.sender.empty() ? "&lt;&gt;" : escape_html(message.sender), recipients));
    add_fact(
        out, "Message-ID",
        message.message_id.empty() ? "" : "<code>" + escape_html(message.message_id) + "</code>");
    add_fact(
        out, "Queue id",
        fmt::format("<code>{}</code>{}", message.queue_id.to_string(),
                    message.account.empty() ? "" : ", account " + escape_html(message.account)));
    return out + "</tbody></table>";
}

std::string parts_html(const TrapMessage& message) {
    const auto& parts = message.view.parts;
    if (parts.size() < 2 && message.view.attachments() == 0) return {};
    std::string out =
        "<h2>Parts</h2><table><thead><tr><th scope=\"col\">Part</th><th scope=\"col\">Type</th>"
        "<th scope=\"col\">Name</th><th scope=\"col\">Size</th></tr></thead><tbody>";
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto& part = parts[i];
        out += fmt::format(
            "<tr><td><a href=\"/view/{}/part/{}\">Save part "
            "{}</a></td><td>{}{}</td><td>{}</td><td>{}</td></tr>",
            message.summary.id.to_string(), i + 1, i + 1, escape_html(part.content_type),
            part.attachment ? " <span class=\"chip\">attachment</span>" : "",
            part.file_name.empty() ? "<span class=\"soft\">none</span>"
                                   : escape_html(part.file_name),
            format_size(trap::decode_part(message.raw, part).size()));
    }
    out += "</tbody></table>";
    if (message.view.parts_cut)
        out += "<p class=\"soft\">There are more; the source has all of them.</p>";
    return out;
}

std::string body_html(const trap::MimeView& view) {
    std::string out;
    if (!view.unknown_charset.empty())
        out += fmt::format(
            "<p class=\"notice\">Its characters are written in {}, which is not converted here: "
            "octets beyond "
            "ASCII stand as \\xHH.</p>",
            escape_html(view.unknown_charset));
    if (!view.text.empty())
        out += fmt::format("<h2>Text</h2><pre class=\"text\">{}</pre>", text_with_links(view.text));
    if (view.text_cut) out += "<p class=\"soft\">Cut here; the source has all of it.</p>";
    if (!view.html.empty())
        out += fmt::format("<details{}><summary>HTML, as written</summary><pre>{}</pre></details>",
                           view.text.empty() ? " open" : "", escape_html(view.html));
    if (view.html_cut)
        out += "<p class=\"soft\">The HTML is cut here; the source has all of it.</p>";
    if (view.text.empty() && view.html.empty()) out += "<p class=\"soft\">It has no text.</p>";
    return out;
}

Task<HttpResponse> show_message(Services services, std::string id) {
    auto loaded = co_await load(services, std::move(id));
    if (!loaded) co_return error_page(loaded.error());
    const auto& message = **loaded;
    const auto self = message.summary.id.to_string();
    std::string main = fmt::format(
        "<div class=\"bar\"><a class=\"button\" href=\"/\">All mail</a><a class=\"button\" "
        "href=\"/view/{0}/source\">Source"
        "</a><a class=\"button\" href=\"/api/v1/message/{0}\">JSON</a><form class=\"push\" "
        "method=\"post\" "
        "action=\"/view/{0}/delete\"><button class=\"danger\">Delete</button></form></div>",
        self);
    const auto subject = subject_of(message.summary);
    main += fmt::format("<h1>{}</h1>", escape_html(subject));
    main += facts_html(message.summary) + body_html(message.view) + parts_html(message);
    co_return page({subject, "", std::move(main)});
}

Task<HttpResponse> show_source(Services services, std::string id) {
    auto loaded = co_await load(services, std::move(id));
    if (!loaded) co_return error_page(loaded.error());
    const auto& message = **loaded;
    const auto self = message.summary.id.to_string();
    const std::string_view raw = message.raw;
    std::string main = fmt::format(
        "<div class=\"bar\"><a class=\"button\" href=\"/view/{0}\">Back to the message</a><a "
        "class=\"button\" "
        "href=\"/api/v1/message/{0}/raw\">Raw</a></div><h1>Source</h1><pre>{1}</pre>",
        self, escape_html(raw.substr(0, kSourceShown)));
    if (raw.size() > kSourceShown)
        main += fmt::format("<p class=\"notice\">The first {} of {}. “Raw” has all of it.</p>",
                            format_size(kSourceShown), format_size(raw.size()));
    co_return page({"Source of " + subject_of(message.summary), "", std::move(main)});
}

Task<HttpResponse> show_part(Services services, std::string id, std::string number) {
    auto loaded = co_await load(services, std::move(id));
    if (!loaded) co_return error_page(loaded.error());
    co_return part_response(**loaded, number);
}

Task<HttpResponse> delete_one(Services services, std::string id) {
    const auto message = find_message(services->inbox, id);
    if (!message) co_return error_page(message.error());
    std::vector<QueueId> ids{message->id};
    auto removed = co_await remove_messages(services, std::move(ids));
    if (!removed) co_return error_page(removed.error());
    co_return HttpResponse::redirect("/");
}

Task<HttpResponse> delete_all(Services services) {
    std::vector<QueueId> all;
    auto removed = co_await remove_messages(services, std::move(all));
    if (!removed) co_return error_page(removed.error());
    co_return HttpResponse::redirect("/");
}

Task<HttpResponse> ready_made(HttpResponse (*make)()) {
    co_return make();
}

}  // namespace

void add_trap_pages(Router& router, trap::Inbox& inbox, runtime::BlockingPool& blocking,
                    TrapPagesOptions options) {
    auto services = std::make_shared<const TrapServices>(inbox, blocking, std::move(options));
    router.add("GET", "/", [services](const auto& request, const auto&) {
        return show_list(services, request);
    });
    router.add("GET", "/style.css",
               [](const auto&, const auto&) { return ready_made(style_sheet); });
    router.add("GET", "/icon.svg", [](const auto&, const auto&) { return ready_made(icon); });
    router.add("GET", "/favicon.ico", [](const auto&, const auto&) { return ready_made(icon); });
    router.add("GET", "/view/{id}", [services](const auto&, const auto& v) {
        return show_message(services, v.at("id"));
    });
    router.add("GET", "/view/{id}/source", [services](const auto&, const auto& v) {
        return show_source(services, v.at("id"));
    });
    router.add("GET", "/view/{id}/part/{number}", [services](const auto&, const auto& v) {
        return show_part(services, v.at("id"), v.at("number"));
    });
    router.add("POST", "/view/{id}/delete",
               [services](const auto&, const auto& v) { return delete_one(services, v.at("id")); });
    router.add("POST", "/delete-all",
               [services](const auto&, const auto&) { return delete_all(services); });
    add_trap_api(router, services);
}

}  // namespace posthaste::web
