#include "web/admin/suppressions.h"

#include "accounts/suppressions.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "web/admin/body.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {
namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonValue;
using formats::JsonWriter;
using store::SuppressionRow;
using store::SuppressionSource;

constexpr std::size_t kPage = 1000;
constexpr std::size_t kLongestName = 100;

void write_row(JsonWriter& out, const SuppressionRow& row) {
    out.begin_object()
        .member("account", row.account)
        .member("address", row.address)
        .member("reason", accounts::reason_of(row))
        .member("source", row.source == SuppressionSource::bounce        ? "bounce"
                          : row.source == SuppressionSource::complaint   ? "complaint"
                          : row.source == SuppressionSource::unsubscribe ? "unsubscribe"
                                                                         : "person")
        .member("cause", row.cause == mail::Cause::none ? "" : mail::to_string(row.cause))
        .member("failures", row.count)
        .member("text", row.reply)
        .member("message", row.message ? row.message->to_string() : "")
        .member("first", format_iso8601(row.first))
        .member("last", format_iso8601(row.last))
        .member("expires", row.expires ? format_iso8601(*row.expires) : "")
        .end_object();
}

HttpResponse write_rows(const std::vector<SuppressionRow>& rows, bool more) {
    JsonWriter out;
    out.begin_object().key("suppressions").begin_array();
    for (const auto& row : rows) write_row(out, row);
    out.end_array();
    // What the next page begins behind.
    if (more) out.member("after_account", rows.back().account).member("after", rows.back().folded);
    out.end_object();
    return HttpResponse::json(std::move(out).take());
}

Result<HttpResponse> list(const AdminServices& services, const store::SuppressionFilter& filter) {
    PH_TRY(auto rows, services.store.engine().suppressions(filter));
    const bool more = !rows.empty() && rows.size() >= filter.limit;
    std::string last_account = rows.empty() ? "" : rows.back().account;
    std::string last = rows.empty() ? "" : rows.back().folded;
    const Timestamp at = now();
    std::erase_if(rows, [at](const auto& row) { return row.expires && *row.expires <= at; });
    if (!more || !rows.empty()) return write_rows(rows, more);
    // A whole page of expired ones.
    JsonWriter out;
    out.begin_object().key("suppressions").begin_array().end_array();
    out.member("after_account", last_account).member("after", last).end_object();
    return HttpResponse::json(std::move(out).take());
}

Result<HttpResponse> show(const AdminServices& services, const std::string& text) {
    PH_TRY(const auto address, mail::Mailbox::parse(text));
    const std::string folded = accounts::fold_address(address);
    std::vector<SuppressionRow> found;
    PH_TRY(const auto all, services.store.engine().accounts());
    const Timestamp at = now();
    for (const auto& account : all) {
        PH_TRY(auto row, services.store.engine().suppression(account.address, folded));
        if (!row || row->state != store::SuppressionState::listed) continue;
        if (row->expires && *row->expires <= at) continue;
        found.push_back(std::move(*row));
    }
    return write_rows(found, false);
}

Result<SuppressionSource> parse_source(const std::string& text) {
    if (text.empty() || text == "person") return SuppressionSource::person;
    if (text == "bounce") return SuppressionSource::bounce;
    if (text == "complaint") return SuppressionSource::complaint;
    if (text == "unsubscribe") return SuppressionSource::unsubscribe;
    return fail(ErrorKind::syntax,
                fmt::format("\"{}\" is no source", utf8::printable(text, kLongestName)),
                "write person, bounce, complaint or unsubscribe");
}

mail::Cause parse_cause(std::string_view text) {
    if (text.empty()) return mail::Cause::none;
    for (int i = 0; i < static_cast<int>(mail::Cause::unknown); ++i) {
        if (mail::to_string(static_cast<mail::Cause>(i)) == text)
            return static_cast<mail::Cause>(i);
    }
    return mail::Cause::unknown;
}

Result<accounts::Suppressions::Entry> parse_entry(const JsonValue& value) {
    if (!value.is_object())
        return fail(ErrorKind::syntax, "an entry is no object", "send {\"address\": \"…\"}");
    accounts::Suppressions::Entry entry;
    PH_TRY(entry.address, text_member(value, "address"));
    PH_TRY(entry.note, optional_text(value, "note"));
    PH_TRY(const auto source, optional_text(value, "source"));
    PH_TRY(entry.source, parse_source(source));
    PH_TRY(const auto cause, optional_text(value, "cause"));
    entry.cause = parse_cause(cause);
    if (const auto* seconds = value.find("expires_in_s"); seconds != nullptr) {
        const auto number = seconds->as_int();
        constexpr std::int64_t kLongest = 100LL * 366 * 86'400;
        if (!number || *number < 1 || *number > kLongest)
            return fail(ErrorKind::syntax, "\"expires_in_s\" is no time to come",
                        "send seconds, or leave it out for ever");
        entry.expires = now() + Seconds(*number);
    }
    return entry;
}

struct Wanted {
    std::string account;
    std::vector<accounts::Suppressions::Entry> entries;
    std::string by;
};

Result<Wanted> parse_wanted(const HttpRequest& request) {
    PH_TRY(const auto body, json_body(request));
    Wanted wanted;
    PH_TRY(const auto account, text_member(body, "account"));
    PH_TRY(const auto mailbox, mail::Mailbox::parse(account));
    wanted.account = mailbox.key();
    PH_TRY(wanted.by, optional_text(body, "by"));
    wanted.by = utf8::printable(wanted.by, kLongestName);
    const auto* entries = body.find("entries");
    if (entries == nullptr || !entries->is_array() || entries->items().empty())
        return fail(ErrorKind::syntax, "\"entries\" is no list with something in it",
                    "send {\"entries\": [{\"address\": \"…\"}]}");
    for (const auto& item : entries->items()) {
        PH_TRY(auto entry, parse_entry(item));
        wanted.entries.push_back(std::move(entry));
    }
    return wanted;
}

runtime::Task<HttpResponse> in_pool(Services services,
                                    std::move_only_function<Result<HttpResponse>()> work) {
    auto working =
        runtime::offload(services->blocking, std::move(work), Deadline::after(kAdminDeadline));
    auto response = co_await std::move(working);
    if (!response) co_return HttpResponse::error(response.error());
    co_return std::move(*response);
}

runtime::Task<HttpResponse> list_now(Services services, HttpRequest request) {
    store::SuppressionFilter filter;
    const auto limit = number_param(request, "limit", kPage);
    if (!limit) co_return HttpResponse::error(limit.error());
    filter.limit = std::clamp<std::size_t>(*limit, 1, kPage);
    filter.account = ascii::to_lower(request.param("account"));
    filter.text = ascii::to_lower(request.param("text"));
    if (request.has_param("after"))
        filter.after = {std::string(request.param("after_account")),
                        std::string(request.param("after"))};
    auto working = in_pool(
        services, [services, filter = std::move(filter)] { return list(*services, filter); });
    auto response = co_await std::move(working);
    co_return response;
}

Result<HttpResponse> add(const AdminServices& services, const Wanted& wanted) {
    PH_TRY(const auto added,
           services.suppressions->add_all(wanted.account, wanted.entries, wanted.by));
    JsonWriter out;
    out.begin_object().member("added", added).end_object();
    return HttpResponse::json(std::move(out).take());
}

Result<HttpResponse> remove(const AdminServices& services, const std::string& account,
                            const std::string& text, const std::string& by) {
    PH_TRY(const auto owner, mail::Mailbox::parse(account));
    PH_TRY(const auto address, mail::Mailbox::parse(text));
    PH_TRY(const bool was,
           services.suppressions->remove(owner.key(), address, utf8::printable(by, kLongestName)));
    if (!was)
        return fail(ErrorKind::not_found,
                    fmt::format("{} is not on the suppression list of {}", address.to_string(),
                                owner.key()),
                    "posthaste suppression show ADDRESS says on which lists it is");
    return done();
}

}  // namespace

void add_suppression_resources(Router& router, Services services) {
    if (services->suppressions == nullptr) return;
    router.add("GET", "/v1/suppressions", [services](const HttpRequest& request, const auto&) {
        return list_now(services, request);
    });
    router.add("GET", "/v1/suppressions/of/{address}",
               [services](const auto&, const PathValues& values) {
                   return in_pool(services, [services, address = values.at("address")] {
                       return show(*services, address);
                   });
               });
    router.add("POST", "/v1/suppressions", [services](const HttpRequest& request, const auto&) {
        return in_pool(services,
                       [services, wanted = parse_wanted(request)]() -> Result<HttpResponse> {
                           if (!wanted) return std::unexpected(wanted.error());
                           return add(*services, *wanted);
                       });
    });
    router.add("DELETE", "/v1/suppressions/{account}/{address}",
               [services](const HttpRequest& request, const PathValues& values) {
                   return in_pool(services, [services, account = values.at("account"),
                                             address = values.at("address"),
                                             by = std::string(request.param("by"))] {
                       return remove(*services, account, address, by);
                   });
               });
}

}  // namespace posthaste::web
