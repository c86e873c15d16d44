#include "web/admin/send.h"

#include "web/admin/body.h"
#include "web/setup/test_message.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;

constexpr std::size_t kMaxRecipients = 100;
constexpr std::uint64_t kLongestFollow = 300;  // seconds; below the server's bound for a handler

Result<TestMessage> read_request(const HttpRequest& request) {
    PH_TRY(const auto body, json_body(request));
    PH_TRY(const auto from_text, text_member(body, "from"));
    PH_TRY(auto from, mail::Mailbox::parse(from_text));
    TestMessage message{.from = std::move(from), .to = {}};
    PH_TRY(message.subject, optional_text(body, "subject"));
    PH_TRY(message.text, optional_text(body, "text"));
    PH_TRY(const auto to, text_list(body, "to"));
    if (to.empty())
        return fail(ErrorKind::syntax, "nobody to send to", "name at least one --to ADDRESS");
    if (to.size() > kMaxRecipients)
        return fail(ErrorKind::too_large,
                    fmt::format("more than {} recipients for a test message", kMaxRecipients),
                    "send the rest in a second one");
    for (const auto& text : to) {
        PH_TRY(auto address, mail::Mailbox::parse(text));
        message.to.push_back(std::move(address));
    }
    PH_CHECK(mail::check(message));
    return message;
}

// Whose address that is: an account of that name, or one that may send as it.
Result<std::string> owner_of(store::Engine& engine, const mail::Mailbox& from) {
    auto key = from.key();
    PH_TRY(auto own, engine.account(key));
    if (own && own->disabled)
        return fail(ErrorKind::denied, fmt::format("the account {} is disabled", key),
                    fmt::format("posthaste account enable {}", key));
    if (own) return own->address;
    PH_TRY(auto accounts, engine.accounts());
    for (const auto& account : accounts)
        for (const auto& other : account.also)
            if (other == key && !account.disabled) return account.address;
    return fail(ErrorKind::not_found, fmt::format("no account here may send as {}", key),
                fmt::format("posthaste account add {}", key));
}

runtime::Task<HttpResponse> send(Services services, const HttpRequest& request) {
    if (services->events == nullptr)
        co_return HttpResponse::error({ErrorKind::refused,
                                       "no server is running that could send it",
                                       "start it: systemctl start posthaste, or posthaste serve"});
    auto message = read_request(request);
    if (!message) co_return HttpResponse::error(message.error());
    auto work = [services, message = std::move(*message)]() mutable -> Result<queue::Submission> {
        PH_TRY(auto account, owner_of(services->store.engine(), message.from));
        return compose_test_message(std::move(message),
                                    {services->hostname, std::move(account), "admin socket"});
    };
    auto submission = co_await runtime::offload(services->blocking, std::move(work),
                                                Deadline::after(kAdminDeadline));
    if (!submission) co_return HttpResponse::error(submission.error());
    auto id = submission->id.to_string();
    auto recipients = submission->envelope.recipients.size();
    auto ready = std::move(*submission);
    auto accepted = co_await services->queue.submit(std::move(ready));
    if (!accepted) co_return HttpResponse::error(accepted.error());
    co_return HttpResponse::json(fmt::format("{{\"id\":\"{}\",\"recipients\":{}}}", id, recipients),
                                 201);
}

void write_event(formats::JsonWriter& out, const EventHub::Numbered& entry) {
    const auto& e = entry.event;
    out.begin_object().member("number", entry.number).member("event", to_string(e.type));
    out.member("time", format_iso8601(e.time)).member("id", e.id.to_string());
    if (!e.recipient.empty()) out.member("recipient", e.recipient);
    if (!e.remote.empty()) out.member("remote", e.remote);
    if (!e.tls.empty()) out.member("tls", e.tls);
    if (e.code != 0) out.member("code", e.code);
    if (!e.status.empty()) out.member("status", e.status);
    if (!e.route.empty()) out.member("route", e.route);
    if (!e.cause.empty()) out.member("cause", e.cause);
    if (!e.rule.empty()) out.member("rule", e.rule);
    if (!e.means.empty()) out.member("means", e.means);
    if (!e.text.empty()) out.member("text", e.text);
    if (e.attempt != 0) out.member("attempt", e.attempt);
    if (e.next) out.member("next_s", e.next->count());
    out.end_object();
}

runtime::Task<HttpResponse> follow(Services services, const HttpRequest& request,
                                   const PathValues& values) {
    auto id = QueueId::parse(values.at("id"));
    if (!id)
        co_return HttpResponse::error(
            {ErrorKind::syntax, "that is no queue id", "it has 26 letters and digits"});
    if (services->events == nullptr)
        co_return HttpResponse::error({ErrorKind::refused, "no server is running",
                                       "start it: systemctl start posthaste, or posthaste serve"});
    auto after = number_param(request, "after", 0);
    auto wait = number_param(request, "timeout", 30);
    if (!after || !wait) co_return HttpResponse::error((after ? wait : after).error());
    auto seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(*wait, kLongestFollow));
    auto deadline = Deadline::after(Seconds(seconds));
    auto found = co_await services->events->of_message(*id, *after, deadline);
    if (!found && found.error().kind != ErrorKind::timeout)
        co_return HttpResponse::error(found.error());
    formats::JsonWriter out;
    out.begin_object().key("events").begin_array();
    if (found)
        for (const auto& entry : *found) write_event(out, entry);
    out.end_array().end_object();
    co_return HttpResponse::json(std::move(out).take());
}

}  // namespace

void add_send_resources(Router& router, Services services) {
    router.add("POST", "/v1/send",
               [services](const auto& request, const auto&) { return send(services, request); });
    router.add("GET", "/v1/events/{id}", [services](const auto& request, const auto& values) {
        return follow(services, request, values);
    });
}

}  // namespace posthaste::web
