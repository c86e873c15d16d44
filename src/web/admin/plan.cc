#include "web/admin/plan.h"

#include "base/utf8.h"
#include "formats/json.h"
#include "mail/mailbox.h"
#include "web/admin/body.h"

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

Result<std::string> address_param(const HttpRequest& request, std::string_view name) {
    const std::string text(request.param(name));
    if (text.empty() || text == "<>") return std::string();
    PH_TRY(const auto mailbox, mail::Mailbox::parse(text));
    return mailbox.to_string();
}

Result<delivery::PlanQuestion> question_of(const HttpRequest& request) {
    delivery::PlanQuestion question;
    const std::string to(request.param("to"));
    if (to.contains('@')) {
        PH_TRY(const auto mailbox, mail::Mailbox::parse(to));
        question.domain = mailbox.domain();
    } else {
        PH_TRY(question.domain, mail::Domain::parse(to));
    }
    PH_TRY(question.sender, address_param(request, "from"));
    PH_TRY(question.account, address_param(request, "account"));
    question.route = request.param("route");
    return question;
}

void write_hosts(JsonWriter& out, const delivery::Plan& plan) {
    out.key("hosts").begin_array();
    for (const auto& host : plan.hosts) {
        out.begin_object().member("name", host.name).member("port", host.port);
        out.member("level", host.level).key("addresses").begin_array();
        for (const auto& address : host.addresses) out.value(address);
        out.end_array();
        if (!host.tls.empty()) out.member("tls", host.tls).member("tls_why", host.tls_why);
        if (!host.left_out.empty()) out.member("left_out", host.left_out);
        out.end_object();
    }
    out.end_array();
}

void write_sources(JsonWriter& out, const delivery::Plan& plan) {
    out.key("sources").begin_array();
    for (const auto& source : plan.sources) {
        out.begin_object().member("name", source.name).member("ehlo", source.ehlo);
        out.member("weight", source.weight).key("addresses").begin_array();
        for (const auto& address : source.addresses) out.value(address);
        out.end_array();
        if (!source.warm_up.empty()) out.member("warm_up", source.warm_up);
        if (source.rests) out.member("rests_s", source.rests->count());
        out.end_object();
    }
    out.end_array();
}

void write_site(JsonWriter& out, const queue::SiteStatus& status) {
    out.key("state").begin_object();
    out.member("state", status.state).member("waiting", status.waiting);
    out.member("running", status.running).member("window", status.window);
    if (status.again) out.member("again_in_s", status.again->count());
    if (!status.why.empty()) out.member("why", status.why);
    out.end_object();
}

std::string plan_json(const delivery::PlanQuestion& question, const delivery::Plan& plan,
                      const std::optional<queue::SiteStatus>& status) {
    JsonWriter out;
    out.begin_object().member("destination", question.domain.ascii());
    if (!question.sender.empty()) out.member("from", question.sender);
    if (!question.account.empty()) out.member("account", question.account);
    out.member("route", plan.route).member("rule", plan.rule).member("kind", plan.kind);
    out.member("chosen", !question.route.empty()).member("held", plan.held);
    if (plan.held) out.member("released_to", plan.released_to);
    if (!plan.fallback.empty())
        out.member("fallback", plan.fallback).member("fallback_after", plan.fallback_after);
    out.member("instead", plan.instead).member("site", plan.site);
    out.key("limits").begin_object().member("transactions", plan.max_deliveries);
    out.member("recipients", plan.max_recipients).end_object();
    write_hosts(out, plan);
    write_sources(out, plan);
    if (plan.outcome) {
        out.key("outcome").begin_object();
        out.member("status", plan.outcome->status.to_string()).member("reply", plan.outcome->reply);
        out.end_object();
    }
    if (status) write_site(out, *status);
    out.member("dnssec", plan.validates).end_object();
    return std::move(out).take();
}

runtime::Task<HttpResponse> show_plan(Services services, Result<delivery::PlanQuestion> question) {
    if (!question) co_return HttpResponse::error(question.error());
    if (!services->planner)
        co_return HttpResponse::error({ErrorKind::denied, "nobody plans deliveries here", ""});
    auto planner = services->planner();
    if (!planner) co_return HttpResponse::error(planner.error());
    if (!question->route.empty() && !(*planner)->has_route(question->route))
        co_return HttpResponse::error(
            {ErrorKind::not_found,
             fmt::format("no route is called \"{}\"", utf8::printable(question->route, 60)),
             "name one of the file's [[route]], \"default\" or \"mx\""});
    auto planning = (*planner)->plan(*question);
    const auto plan = co_await std::move(planning);
    std::optional<queue::SiteStatus> status;
    if (!plan.site.empty()) {
        auto asking = services->queue.site_status(plan.site);
        auto answer = co_await std::move(asking);
        if (!answer) co_return HttpResponse::error(answer.error());
        status = std::move(*answer);
    }
    co_return HttpResponse::json(plan_json(*question, plan, status));
}

}  // namespace

void add_plan_resource(Router& router, const Services& services) {
    router.add("GET", "/v1/plan", [services](const HttpRequest& request, const PathValues&) {
        return show_plan(services, question_of(request));
    });
}

}  // namespace posthaste::web
