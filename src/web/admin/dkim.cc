#include "web/admin/dkim.h"

#include "accounts/dkim_keys.h"
#include "base/utf8.h"
#include "discovery/dns_records.h"
#include "mail/dkim/dkim_record.h"
#include "web/admin/body.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using accounts::DkimKeyInfo;
using accounts::DkimKeys;
using formats::JsonWriter;

constexpr Seconds kLookUp{15};
constexpr Seconds kAllLookUps{50};    // of one call; at most 20 keys, that is
constexpr std::size_t kShown = 1000;  // octets of what was found, in an error

std::string_view state_name(store::DkimState state) {
    switch (state) {
        case store::DkimState::pending:
            return "pending";
        case store::DkimState::active:
            return "active";
        case store::DkimState::retiring:
            break;
    }
    return "retiring";
}

// ---- what DNS shows

struct Shown {
    std::string_view verdict = "unknown";  // ok, missing, differs; unknown: DNS did not say
    std::vector<std::string> found;
    mail::DkimRecordCheck check;
};

runtime::Task<Shown> look_up(Services services, DkimKeyInfo key, Deadline deadline) {
    Shown shown;
    if (services->resolver == nullptr) {
        shown.check.problem = "there is no resolver here to ask DNS with";
        shown.check.mend = "start the server and try again, or mend /etc/resolv.conf";
        co_return shown;
    }
    auto asking = services->resolver->txt(key.dns_name(), deadline);
    auto answer = co_await std::move(asking);
    if (answer.status == net::DnsStatus::failed) {
        shown.check.problem = answer.why;
        shown.check.mend = "try again; dig TXT " + key.dns_name() + " shows whether DNS works";
        co_return shown;
    }
    shown.found = std::move(answer.texts);
    shown.check = mail::check_dkim_record(shown.found, key.record);
    shown.verdict = to_string(shown.check.verdict);
    co_return shown;
}

Error not_shown(const DkimKeyInfo& key, const Shown& shown) {
    const bool asked = shown.verdict != "unknown";
    Error error{asked ? ErrorKind::denied : ErrorKind::dns,
                fmt::format("{}: {}", key.dns_name(), shown.check.problem), shown.check.mend};
    for (const auto& text : shown.found)
        error.text += fmt::format("\n  found     {}", utf8::printable(text, kShown));
    if (asked) error.text += fmt::format("\n  expected  {}", key.record);
    return error;
}

// ---- JSON

void write_dns(JsonWriter& out, const Shown& shown) {
    out.key("dns").begin_object().member("verdict", shown.verdict);
    out.key("found").begin_array();
    for (const auto& text : shown.found) out.value(utf8::printable(text, 8 << 10));
    out.end_array();
    if (!shown.check.problem.empty()) out.member("problem", shown.check.problem);
    if (!shown.check.mend.empty()) out.member("mend", shown.check.mend);
    if (!shown.check.note.empty()) out.member("note", shown.check.note);
    if (shown.check.offset) out.member("offset", std::uint64_t{*shown.check.offset});
    out.end_object();
}

void write_key(JsonWriter& out, const DkimKeyInfo& key, const Shown* shown = nullptr) {
    out.begin_object()
        .member("domain", key.domain)
        .member("selector", key.selector)
        .member("state", state_name(key.state));
    if (key.broken.empty()) {
        const bool rsa = key.algorithm == mail::DkimAlgorithm::rsa_sha256;
        const discovery::DnsRecord record{
            .name = key.dns_name(), .value = key.record, .note = "dns.note.dkim"};
        out.member("algorithm", rsa ? "rsa" : "ed25519").member("bits", std::uint64_t{key.bits});
        out.member("name", key.dns_name()).member("record", key.record);
        out.member("zone", discovery::zone_file({&record, 1}, discovery::Language::en));
        if (rsa && key.bits < 2048)
            out.member("warning",
                       fmt::format("{} bits are few: some receivers take no RSA key below 2048",
                                   key.bits));
    } else {
        out.member("broken", key.broken);
    }
    out.member("created", format_iso8601(key.created))
        .member("changed", format_iso8601(key.changed));
    if (key.dns_until) {
        out.member("dns_until", format_iso8601(*key.dns_until));
        out.member("dns_needed", *key.dns_until > now());
    }
    if (shown != nullptr) write_dns(out, *shown);
    out.end_object();
}

HttpResponse one_key(const DkimKeyInfo& key) {
    JsonWriter out;
    write_key(out, key);
    return HttpResponse::json(std::move(out).take(), 201);
}

// ---- the handlers

// Keys are made and read on the pool, with all that is needed by value.
template <class F>
auto with_keys(const Services& services, F work) {
    auto job = [services, work = std::move(work)]() mutable {
        DkimKeys keys(services->store);
        return work(keys);
    };
    return runtime::offload(services->blocking, std::move(job), Deadline::after(kAdminDeadline));
}

runtime::Task<HttpResponse> list(Services services, std::string domain, bool check) {
    auto reading = with_keys(
        services, [domain = std::move(domain)](DkimKeys& keys) { return keys.list(domain); });
    auto keys = co_await std::move(reading);
    if (!keys) co_return HttpResponse::error(keys.error());
    const auto last = Deadline::after(kAllLookUps);
    JsonWriter out;
    out.begin_object().key("keys").begin_array();
    for (const DkimKeyInfo& key : *keys) {
        if (!check || !key.broken.empty()) {
            write_key(out, key);
            continue;
        }
        auto looking =
            look_up(services, key, Deadline{std::min(Deadline::after(kLookUp).at, last.at)});
        const auto shown = co_await std::move(looking);
        write_key(out, key, &shown);
    }
    out.end_array().end_object();
    co_return HttpResponse::json(std::move(out).take());
}

struct Wanted {
    accounts::NewDkimKey key;
    Secret pem;  // empty: make one
};

Result<Wanted> read_wanted(const HttpRequest& request) {
    PH_TRY(auto body, json_body(request));
    Wanted wanted;
    PH_TRY(wanted.key.domain, text_member(body, "domain"));
    PH_TRY(wanted.key.selector, optional_text(body, "selector"));
    PH_TRY(auto pem, optional_text(body, "pem"));
    wanted.pem = Secret(std::move(pem));
    if (!wanted.pem.empty()) return wanted;
    PH_TRY(const auto algorithm, optional_text(body, "algorithm"));
    if (algorithm == "ed25519")
        wanted.key.algorithm = mail::DkimAlgorithm::ed25519_sha256;
    else if (!algorithm.empty() && algorithm != "rsa")
        return fail(ErrorKind::syntax,
                    fmt::format("\"{}\" is no algorithm of DKIM", utf8::printable(algorithm, 40)),
                    "rsa, which every receiver knows, or ed25519 as a second one");
    const auto* bits = body.find("bits");
    if (bits == nullptr || bits->is_null()) return wanted;
    const auto number = bits->as_int();
    if (!number || *number < 0 || *number > 1 << 20)
        return fail(ErrorKind::syntax, "\"bits\" is no number of bits", "2048 is a good one");
    wanted.key.bits = static_cast<unsigned>(*number);
    return wanted;
}

runtime::Task<HttpResponse> make(Services services, Result<Wanted> wanted) {
    if (!wanted) co_return HttpResponse::error(wanted.error());
    auto making = with_keys(services, [wanted = std::move(*wanted)](DkimKeys& keys) {
        return wanted.pem.empty() ? keys.create(wanted.key)
                                  : keys.import(wanted.key.domain, wanted.key.selector, wanted.pem);
    });
    auto key = co_await std::move(making);
    if (!key) co_return HttpResponse::error(key.error());
    co_return one_key(*key);
}

// Checked, unless somebody says otherwise.
Result<bool> read_checked(const HttpRequest& request) {
    PH_TRY(auto body, json_body(request));
    if (body.find("checked") == nullptr) return true;
    return flag_member(body, "checked");
}

runtime::Task<HttpResponse> activate(Services services, std::string domain, std::string selector,
                                     Result<bool> checked) {
    if (!checked) co_return HttpResponse::error(checked.error());
    auto finding = with_keys(
        services, [domain, selector](DkimKeys& keys) { return keys.find(domain, selector); });
    auto key = co_await std::move(finding);
    if (!key) co_return HttpResponse::error(key.error());
    std::string note;
    if (*checked && key->broken.empty() && key->state != store::DkimState::active) {
        auto looking = look_up(services, *key, Deadline::after(kLookUp));
        const auto shown = co_await std::move(looking);
        if (shown.verdict != "ok") co_return HttpResponse::error(not_shown(*key, shown));
        note = shown.check.note;
    }
    auto changing = with_keys(services, [key = *key](DkimKeys& keys) {
        return keys.activate(key.domain, key.selector, key.record);
    });
    auto retired = co_await std::move(changing);
    if (!retired) co_return HttpResponse::error(retired.error());
    JsonWriter out;
    out.begin_object().member("domain", key->domain).member("selector", key->selector);
    if (!retired->empty()) out.member("retired", *retired);
    if (!note.empty()) out.member("note", note);
    out.end_object();
    co_return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> retire(Services services, std::string domain, std::string selector) {
    auto changing = with_keys(
        services, [domain, selector](DkimKeys& keys) { return keys.retire(domain, selector); });
    auto still_signed = co_await std::move(changing);
    if (!still_signed) co_return HttpResponse::error(still_signed.error());
    JsonWriter out;
    out.begin_object().member("done", true).member("signed", *still_signed).end_object();
    co_return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> remove(Services services, std::string domain, std::string selector) {
    auto changing = with_keys(
        services, [domain, selector](DkimKeys& keys) { return keys.remove(domain, selector); });
    auto removed = co_await std::move(changing);
    co_return answer(removed);
}

}  // namespace

void add_dkim_resources(Router& router, const Services& services) {
    router.add("GET", "/v1/dkim", [services](const HttpRequest& request, const PathValues&) {
        return list(services, std::string(request.param("domain")), request.param("check") == "1");
    });
    router.add("POST", "/v1/dkim", [services](const HttpRequest& request, const PathValues&) {
        return make(services, read_wanted(request));
    });
    router.add("POST", "/v1/dkim/{domain}/{selector}/activate",
               [services](const HttpRequest& request, const PathValues& values) {
                   return activate(services, values.at("domain"), values.at("selector"),
                                   read_checked(request));
               });
    router.add("POST", "/v1/dkim/{domain}/{selector}/retire",
               [services](const HttpRequest&, const PathValues& values) {
                   return retire(services, values.at("domain"), values.at("selector"));
               });
    router.add("DELETE", "/v1/dkim/{domain}/{selector}",
               [services](const HttpRequest&, const PathValues& values) {
                   return remove(services, values.at("domain"), values.at("selector"));
               });
}

}  // namespace posthaste::web
