#include "web/admin/overrides.h"

#include "store/committer.h"
#include "web/admin/body.h"

#include <future>

#include <fmt/format.h>

namespace posthaste::web {
namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

constexpr std::size_t kMostChanges = 10'000;
constexpr Seconds kWritten{30};

HttpResponse nobody_knows() {
    return HttpResponse::error(
        {ErrorKind::unsupported, "no rules run here", "ask the running server"});
}

void write_one(JsonWriter& out, const delivery::ActiveOverride& one) {
    out.begin_object()
        .member("id", one.id)
        .member("rule", one.rule)
        .member("scope", one.scope)
        .member("applies", one.applies)
        .member("what", one.what)
        .member("note", one.note)
        .member("since", format_iso8601(one.since))
        .member("left_s", one.left.count())
        .member("replies", one.replies)
        .member("host", one.last_host)
        .member("first_reply", one.first_reply)
        .member("last_reply", one.last_reply)
        .end_object();
}

HttpResponse list(const AdminServices& services) {
    if (services.automation == nullptr) return nobody_knows();
    JsonWriter out;
    out.begin_object().key("overrides").begin_array();
    for (const auto& one : services.automation->list()) write_one(out, one);
    out.end_array().end_object();
    return HttpResponse::json(std::move(out).take());
}

// What a command has cleared stays cleared, however soon the store closes.
Result<void> write_now(const AdminServices& services) {
    store::Changes changes;
    services.automation->take_changes(changes, kMostChanges);
    if (changes.empty()) return {};
    auto written = std::make_shared<std::promise<Result<void>>>();
    auto result = written->get_future();
    services.store.committer().submit(
        std::move(changes), [written](Result<void> done) { written->set_value(std::move(done)); });
    if (result.wait_for(kWritten) == std::future_status::ready) return result.get();
    return fail(ErrorKind::timeout, "the store does not write", "look at its disk");
}

Result<HttpResponse> clear(const AdminServices& services, const std::string& which) {
    const std::size_t cleared = services.automation->clear(which);
    if (cleared == 0 && !which.empty()) {
        return fail(ErrorKind::not_found, fmt::format("nothing called \"{}\" is in force", which),
                    "posthaste overrides list shows what is");
    }
    PH_CHECK(write_now(services));
    services.queue.refresh_limits();
    JsonWriter out;
    out.begin_object().member("cleared", cleared).end_object();
    return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> list_now(Services services) {
    co_return list(*services);
}

runtime::Task<HttpResponse> clear_now(Services services, std::string body) {
    if (services->automation == nullptr) co_return nobody_knows();
    std::string which;
    if (!body.empty()) {
        const auto value = formats::JsonValue::parse(body);
        if (!value || !value->is_object()) {
            co_return HttpResponse::error(
                {ErrorKind::syntax, "the body is no JSON object", "send {\"which\":\"…\"} or {}"});
        }
        const auto* found = value->find("which");
        if (found != nullptr) which = std::string(found->as_string().value_or(std::string_view()));
    }
    auto job = [services, which = std::move(which)] { return clear(*services, which); };
    auto response = co_await runtime::offload(services->blocking, std::move(job),
                                              Deadline::after(kAdminDeadline));
    if (!response) co_return HttpResponse::error(response.error());
    co_return std::move(*response);
}

}  // namespace

void add_override_resources(Router& router, const Services& services) {
    router.add("GET", "/v1/overrides",
               [services](const HttpRequest&, const PathValues&) { return list_now(services); });
    router.add("POST", "/v1/overrides/clear",
               [services](const HttpRequest& request, const PathValues&) {
                   return clear_now(services, request.body);
               });
}

}  // namespace posthaste::web
