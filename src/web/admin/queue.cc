#include "web/admin/queue.h"

#include "base/utf8.h"
#include "mail/header.h"
#include "web/admin/body.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

constexpr Seconds kLookBack{5};
constexpr Seconds kBackupDeadline = std::chrono::hours(2);

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

std::string_view state_of(const store::RecipientRow& row, bool held) {
    if (row.state == store::RecipientState::report_due) return "ended, report due";
    if (held) return "held";
    return row.attempts == 0 ? "waiting" : "deferred";
}

void write_recipient(JsonWriter& out, const store::RecipientRow& row, bool held,
                     store::QueueClock& clock) {
    out.begin_object().member("index", row.index).member("address", row.address.to_display());
    out.member("domain", row.address.domain().ascii());
    out.member("state", state_of(row, held)).member("attempts", row.attempts);
    auto wait = std::chrono::duration_cast<Seconds>(row.next_at - clock.now_queue());
    if (row.state == store::RecipientState::open)
        out.member("next_in_s", std::max<std::int64_t>(0, wait.count()));
    if (row.attempts > 0) out.member("last_attempt", format_iso8601(row.last_attempt));
    // Without an attempt: what its site, which is down, said to others.
    if (row.attempts > 0 || !row.last.reply.empty()) {
        out.member("code", row.last.code).member("status", row.last.status.to_string());
        out.member("reply", row.last.reply)
            .member("host", row.last.remote_host)
            .member("cause", to_string(row.last.cause));
    }
    out.end_object();
}

std::string summary_json(const store::QueueSummary& summary, store::QueueClock& clock) {
    JsonWriter out;
    out.begin_object().member("id", summary.id.to_string()).member("account", summary.account);
    out.member("sender", summary.sender).member("size", summary.size).member("held", summary.held);
    out.member("accepted", format_iso8601(summary.accepted_wall));
    out.member("age_s", std::chrono::duration_cast<Seconds>(now() - summary.accepted_wall).count());
    if (summary.release && *summary.release > now())
        out.member("release", format_iso8601(*summary.release));
    out.key("recipients").begin_array();
    for (const auto& row : summary.recipients) write_recipient(out, row, summary.held, clock);
    out.end_array().end_object();
    return std::move(out).take();
}

Result<QueueId> queue_id(std::string_view text) {
    if (const auto id = QueueId::parse(text)) return *id;
    return fail(ErrorKind::syntax, fmt::format("\"{}\" is no queue id", utf8::printable(text, 40)),
                "it has 26 letters and digits: posthaste queue list --messages");
}

Result<store::QueueFilter> filter_of(const HttpRequest& request) {
    store::QueueFilter filter;
    if (const auto domain = request.param("domain"); !domain.empty()) {
        PH_TRY(const auto parsed, mail::Domain::parse(domain));
        filter.domain = parsed.ascii();
    }
    filter.sender = request.param("sender");
    filter.held_only = request.param("held") == "1";
    if (const auto after = request.param("after"); !after.empty()) {
        PH_TRY(filter.after, queue_id(after));
    }
    PH_TRY(const auto limit, number_param(request, "limit", 100));
    filter.limit = std::clamp<std::size_t>(limit, 1, 1000);
    return filter;
}

runtime::Task<HttpResponse> list_queue(Services services, const HttpRequest& request) {
    auto wanted = filter_of(request);
    if (!wanted) co_return HttpResponse::error(wanted.error());
    auto filter = std::move(*wanted);
    auto read = [services, filter] { return services->store.engine().list(filter); };
    auto found = co_await runtime::offload(services->blocking, std::move(read),
                                           Deadline::after(kAdminDeadline));
    if (!found) co_return HttpResponse::error(found.error());
    std::string body = "{\"messages\":[";
    for (std::size_t i = 0; i < found->size(); ++i) {
        if (i > 0) body += ',';
        body += summary_json((*found)[i], services->store.clock());
    }
    auto more = found->size() == filter.limit ? "\"" + found->back().id.to_string() + "\""
                                              : std::string("null");
    co_return HttpResponse::json(body + "],\"more_after\":" + more + "}");
}

// The Subject as written, for people to recognise a message by.
std::string subject_of(const store::MessageRow& row) {
    if (!row.header) return {};
    auto header = mail::HeaderBlock::parse(*row.header);
    if (!header) return {};
    const auto* subject = header->find("Subject");
    return subject == nullptr ? std::string() : utf8::printable(subject->unfolded(), 200);
}

// Who keeps it and why, in words; empty for what is tried in its time. Blocks.
Result<std::string> why_kept(const store::History& history, const QueueId& id,
                             queue::Keeping kept) {
    if (kept == queue::Keeping::quarantine)
        return std::string(
            "in quarantine: the server crashed while it was on its way; it is tried again by "
            "itself, with few others");
    if (kept != queue::Keeping::hold) return std::string();
    PH_TRY(const auto told, history.of({id}, Deadline::after(kLookBack)));
    for (const auto& record : std::views::reverse(told.front())) {
        if (record.type != store::RecordType::held) continue;
        if (const auto note = store::decode_note(record.data)) return "on hold: " + note->text;
    }
    return std::string("on hold");
}

runtime::Task<HttpResponse> show_message(Services services, const PathValues& values) {
    auto id = queue_id(values.at("id"));
    if (!id) co_return HttpResponse::error(id.error());
    auto asking = services->queue.keeping({*id});
    auto kept = co_await std::move(asking);
    if (!kept) co_return HttpResponse::error(kept.error());
    auto read = [services, id = *id] { return services->store.engine().message(id); };
    auto found = co_await runtime::offload(services->blocking, std::move(read),
                                           Deadline::after(kAdminDeadline));
    if (!found) co_return HttpResponse::error(found.error());
    auto look = [services, id = *id, kept = kept->front()] {
        return why_kept(services->store.history(), id, kept);
    };
    auto why = co_await runtime::offload(services->blocking, std::move(look),
                                         Deadline::after(kAdminDeadline));
    if (!why) co_return HttpResponse::error(why.error());
    if (!*found)
        co_return HttpResponse::error(
            {ErrorKind::not_found, "no such message is waiting",
             "it has ended, or never came here: posthaste trace ID tells what became of it"});
    const auto& message = **found;
    store::QueueSummary summary{
        message.row.id,
        message.row.account,
        mail::to_string(message.row.sender),
        message.row.body.size + (message.row.header ? message.row.header->size() + 2 : 0),
        message.row.accepted_wall,
        kept->front() != queue::Keeping::nothing && kept->front() != queue::Keeping::ended,
        {},
        message.recipients};
    if (message.row.release > message.row.accepted)
        summary.release = message.row.accepted_wall + (message.row.release - message.row.accepted);
    auto body = summary_json(summary, services->store.clock());
    body.pop_back();
    JsonWriter subject;
    subject.value(subject_of(message.row));
    JsonWriter reason;
    reason.value(*why);
    co_return HttpResponse::json(body + ",\"subject\":" + std::move(subject).take() +
                                 ",\"kept\":" + std::move(reason).take() + "}");
}

struct Order {
    queue::Selection selection;
    bool report = false;
};

Result<Order> order_of(const HttpRequest& request) {
    PH_TRY(const auto body, json_body(request));
    Order order;
    auto& selection = order.selection;
    PH_TRY(order.report, flag_member(body, "report"));
    PH_TRY(selection.all, flag_member(body, "all"));
    PH_TRY(selection.route, optional_text(body, "route"));
    PH_TRY(const auto domain, optional_text(body, "domain"));
    if (!domain.empty()) {
        PH_TRY(const auto parsed, mail::Domain::parse(domain));
        selection.domain = parsed.ascii();
    }
    PH_TRY(const auto ids, text_list(body, "ids"));
    for (const auto& text : ids) {
        PH_TRY(const auto id, queue_id(text));
        selection.ids.push_back(id);
    }
    if (!selection.all && selection.domain.empty() && selection.ids.empty())
        return fail(ErrorKind::syntax, "which messages?", "name ids, --to-domain DOMAIN or --all");
    return order;
}

enum class Act { hold, release, retry, cancel };

struct Skipped {
    QueueId id;
    std::string_view why;
};

// Why the order means nothing for a message; empty where it does something.
std::string_view why_not(Act what, queue::Keeping kept) {
    using queue::Keeping;
    if (kept == Keeping::ended)
        return "no such message is waiting: it has ended, or never came here";
    if (what == Act::hold && kept == Keeping::hold) return "is on hold already";
    if (what == Act::release && kept == Keeping::nothing) return "is not on hold";
    if (what == Act::retry && kept == Keeping::hold)
        return "is on hold and not tried: posthaste queue release";
    if (what == Act::retry && kept == Keeping::quarantine)
        return "is in quarantine: the server crashed while it was on its way, and tries it again "
               "by itself, with few others; to let it go at once: posthaste queue release";
    return {};
}

// Which of the named messages the order means nothing for, as they are before it.
std::vector<Skipped> skipped_by(Act what, const std::vector<QueueId>& ids,
                                const std::vector<queue::Keeping>& kept) {
    std::vector<Skipped> skipped;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const std::string_view why = why_not(what, kept.at(i));
        if (!why.empty()) skipped.push_back({ids[i], why});
    }
    return skipped;
}

std::string order_json(std::size_t touched, const std::vector<Skipped>& skipped) {
    JsonWriter out;
    out.begin_object().member("messages", touched).key("skipped").begin_array();
    for (const auto& one : skipped)
        out.begin_object().member("id", one.id.to_string()).member("why", one.why).end_object();
    out.end_array().end_object();
    return std::move(out).take();
}

runtime::Task<HttpResponse> act(Services services, const HttpRequest& request, Act what) {
    auto order = order_of(request);
    if (!order) co_return HttpResponse::error(order.error());
    auto& queue = services->queue;
    auto asking = queue.keeping(order->selection.ids);
    auto kept = co_await std::move(asking);
    if (!kept) co_return HttpResponse::error(kept.error());
    const auto skipped = skipped_by(what, order->selection.ids, *kept);
    auto chosen = std::move(order->selection);
    Result<std::size_t> touched = 0;
    switch (what) {
        case Act::hold:
            touched = co_await queue.hold(std::move(chosen));
            break;
        case Act::release:
            touched = co_await queue.release(std::move(chosen));
            break;
        case Act::retry:
            touched = co_await queue.retry(std::move(chosen));
            break;
        case Act::cancel:
            touched = co_await queue.cancel(std::move(chosen), order->report);
            break;
    }
    if (!touched) co_return HttpResponse::error(touched.error());
    co_return HttpResponse::json(order_json(*touched, skipped));
}

runtime::Task<HttpResponse> make_backup(Services services, const HttpRequest& request) {
    auto body = json_body(request);
    if (!body) co_return HttpResponse::error(body.error());
    auto folder = text_member(*body, "folder");
    if (!folder) co_return HttpResponse::error(folder.error());
    if (!folder->starts_with('/'))
        co_return HttpResponse::error(
            {ErrorKind::syntax, "the folder must be an absolute path", "let it start with '/'"});
    auto copy = [services, folder = *folder] { return services->store.engine().backup(folder); };
    auto made = co_await runtime::offload(services->blocking, std::move(copy),
                                          Deadline::after(kBackupDeadline));
    if (!made && made.error().kind == ErrorKind::denied && made.error().mend.empty())
        made.error().mend =
            "the server makes the copy, as its own user: let that user write there (install -d -m "
            "700 -o posthaste FOLDER); a unit with ProtectSystem needs it below "
            "/var/lib/posthaste-backup";
    co_return answer(made);
}

}  // namespace

void add_queue_resources(Router& router, Services services) {
    router.add("GET", "/v1/queue", [services](const auto& request, const auto&) {
        return list_queue(services, request);
    });
    router.add("GET", "/v1/queue/{id}", [services](const auto&, const auto& values) {
        return show_message(services, values);
    });
    auto add_act = [&](const std::string& name, Act what) {
        router.add("POST", "/v1/queue/" + name, [services, what](const auto& request, const auto&) {
            return act(services, request, what);
        });
    };
    add_act("hold", Act::hold);
    add_act("release", Act::release);
    add_act("retry", Act::retry);
    add_act("cancel", Act::cancel);
    router.add("POST", "/v1/backup", [services](const auto& request, const auto&) {
        return make_backup(services, request);
    });
}

}  // namespace posthaste::web
