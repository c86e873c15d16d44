#include "web/admin/sign_ins.h"

#include "accounts/sign_in_text.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/mailbox.h"
#include "web/admin/body.h"
#include "web/admin/sign_in_reading.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>

namespace posthaste::web {
namespace {

using Services = std::shared_ptr<const AdminServices>;
using accounts::SignIn;
using formats::JsonWriter;

constexpr std::size_t kMaxWho = 254;

void write_texts(JsonWriter& out, std::string_view key, const std::vector<std::string>& texts) {
    out.key(key).begin_array();
    for (const auto& text : texts) out.value(text);
    out.end_array();
}

void write_one(JsonWriter& out, const SignIn& seen, const discovery::ExplainNames& names) {
    const auto reading = read_sign_in(seen, names);
    out.begin_object().member("at", format_iso8601(seen.when)).member("ok", seen.outcome.empty());
    accounts::write_members(out, seen);
    out.member("title", reading.title).member("facts", reading.facts);
    if (!reading.cause.empty()) out.member("cause", reading.cause);
    write_texts(out, "mend", reading.mend);
    out.end_object();
}

discovery::ExplainNames names_of(const AdminServices& services) {
    auto names = discovery::names_of(services.dns.settings, services.dns.report_to);
    if (names.host.empty()) names.host = services.hostname;
    return names;
}

struct Asked {
    std::string who;         // address in key form, or as typed
    std::string local_part;  // of an address
    std::optional<IpAddress> network;
};

Asked asked_for(std::string_view text) {
    if (const auto address = IpAddress::parse(text)) return {std::string(text), {}, address};
    if (const auto mailbox = mail::Mailbox::parse(text)) {
        const std::string key = mailbox->key();
        return {key, key.substr(0, key.rfind('@')), std::nullopt};
    }
    return {ascii::to_lower(text), {}, std::nullopt};
}

using Facts = std::tuple<Timestamp, IpAddress, std::uint16_t, std::string, std::string, std::string,
                         std::string>;

// Under the account, and under the user name that was typed. A short name that was nobody's (as it
// fits several accounts) belongs to each whose address begins with it.
std::vector<SignIn> of_person(const accounts::SignInLog& log, const Asked& asked) {
    auto all = log.of(asked.who);
    std::ranges::copy(log.of_login(asked.who), std::back_inserter(all));
    if (!asked.local_part.empty()) {
        std::ranges::copy_if(log.of_login(asked.local_part), std::back_inserter(all),
                             [](const SignIn& s) { return !s.known; });
    }
    const auto facts = [](const SignIn& s) {
        return Facts(s.when, s.client, s.port, s.login, s.mechanism, s.ehlo, s.outcome);
    };
    std::vector<SignIn> once;
    for (auto& one : all) {
        const bool again = std::ranges::any_of(
            once, [&](const SignIn& other) { return facts(other) == facts(one); });
        if (again) continue;
        // What the log gives within a millisecond stays in its order.
        const auto place = std::ranges::upper_bound(once, one.when, std::greater{}, &SignIn::when);
        once.insert(place, std::move(one));
    }
    return once;
}

// Of a running server what it remembers; else what it wrote.
Result<std::vector<SignIn>> look_up(const AdminServices& services, const Asked& asked) {
    const auto look = [&](const accounts::SignInLog& log) {
        return asked.network ? log.of_network(*asked.network) : of_person(log, asked);
    };
    if (services.sign_ins != nullptr) return look(*services.sign_ins);
    accounts::SignInLog stored;
    PH_CHECK(stored.load(services.store.engine()));
    return look(stored);
}

void write_guard(JsonWriter& out, const AdminServices& services, const Asked& asked) {
    if (services.guard == nullptr) return;
    const auto at = accounts::LoginGuard::present();
    if (asked.network) {
        const auto ban = services.guard->banned(*asked.network, at);
        out.member("banned_s", ban ? ban->left.count() : 0);
    } else {
        // From a network that nobody has signed in from.
        out.member("locked", services.guard->locked(asked.who, IpAddress(), at));
    }
}

Result<HttpResponse> answer_for(const AdminServices& services, const std::string& who) {
    if (who.empty() || who.size() > kMaxWho || !utf8::is_valid(who)) {
        return fail(ErrorKind::syntax, "whom to look for is not said, or is no text",
                    "name an address (anna@example.com), a user name, or an IP address");
    }
    const Asked asked = asked_for(who);
    PH_TRY(const auto seen, look_up(services, asked));
    bool known = false;
    if (!asked.network) {
        PH_TRY(const auto account, services.store.engine().account(asked.who));
        known = account.has_value();
    }
    const auto names = names_of(services);
    JsonWriter out;
    out.begin_object().member("who", asked.who).member("network", asked.network.has_value());
    if (!asked.network) out.member("account", known);
    out.member("live", services.sign_ins != nullptr);
    write_guard(out, services, asked);
    out.key("sign_ins").begin_array();
    for (const auto& one : seen) write_one(out, one, names);
    out.end_array();
    write_texts(out, "reasons",
                seen.empty() ? reasons_for_nothing(names, asked.network.has_value())
                             : std::vector<std::string>());
    out.end_object();
    return HttpResponse::json(std::move(out).take());
}

runtime::Task<HttpResponse> answer_who(Services services, std::string who) {
    auto job = [services, who = std::move(who)] { return answer_for(*services, who); };
    auto response = co_await runtime::offload(services->blocking, std::move(job),
                                              Deadline::after(kAdminDeadline));
    if (!response) co_return HttpResponse::error(response.error());
    co_return std::move(*response);
}

}  // namespace

void add_sign_in_resource(Router& router, const Services& services) {
    router.add("GET", "/v1/sign-ins", [services](const HttpRequest& request, const PathValues&) {
        return answer_who(services, std::string(request.param("who")));
    });
}

}  // namespace posthaste::web
