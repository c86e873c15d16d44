#include "delivery/login/logins.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "delivery/login/oauth_mend.h"
#include "formats/json.h"

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr Seconds kTokenWait{40};
constexpr std::size_t kMostReply = 500;

std::string method_of(const Smarthost& smarthost) {
    if (smarthost.external) return "certificate";
    if (!smarthost.oauth) return "password";
    switch (smarthost.oauth->grant) {
        case Grant::client_secret:
            return "oauth (client secret)";
        case Grant::client_certificate:
            return "oauth (certificate)";
        case Grant::refresh_token:
            return "oauth (somebody signed in)";
        case Grant::service_account:
            return "oauth (service account)";
    }
    std::unreachable();
}

std::string key_of(const Smarthost& smarthost) {
    return fmt::format("{} {}:{} {} {}", smarthost.route, ascii::to_lower(smarthost.host),
                       smarthost.port, smarthost.username, method_of(smarthost));
}

Incident no_token(TokenRefusal refusal) {
    Incident incident;
    incident.stage = Stage::auth;
    incident.what =
        refusal.kind == TokenRefusal::Kind::passing ? What::no_token_now : What::no_token;
    incident.text = "there is no token to log in with: " + std::move(refusal.text);
    incident.mend = std::move(refusal.mend);
    return incident;
}

// 535 and its like; a 4xx passes by itself.
bool is_refusal(const Step<>& result) {
    return !result && result.error().what == What::reply && result.error().reply.permanent();
}

// RFC 7628 §3.2.2: {"status":"invalid_token","scope":"...","openid-configuration":"..."}
std::string words_of(const std::string& complaint) {
    if (complaint.empty()) return {};
    const auto json = formats::JsonValue::parse(complaint, {.max_octets = 4096});
    const auto* status = json ? json->find("status") : nullptr;
    const auto text = status != nullptr ? status->as_string() : std::nullopt;
    return text ? fmt::format("status {}", utf8::printable(*text, 60)) : std::string();
}

std::string words_of(const Incident& incident) {
    if (incident.what != What::reply) return utf8::printable(incident.text, kMostReply);
    const auto& reply = incident.reply;
    return utf8::printable(
        fmt::format("{} {}{}", reply.code, reply.status ? reply.status->to_string() + " " : "",
                    reply.text()),
        kMostReply);
}

}  // namespace

Logins::Logins(store::Store& store, runtime::BlockingPool& blocking, Log& log,
               TokenSource::Fetch fetch)
    : store_(store), blocking_(blocking), log_(log), fetch_(std::move(fetch)) {}

Logins::~Logins() {
    stop();
}

Logins::Entry& Logins::entry(const Smarthost& smarthost) {
    Entry& made = entries_[key_of(smarthost)];
    if (made.keys) return made;
    made.keys = std::make_shared<smtp::ScramKeys>();
    made.report.route = smarthost.route;
    made.report.relay = fmt::format("{}:{}", smarthost.host, smarthost.port);
    made.report.user = smarthost.username;
    made.report.method = method_of(smarthost);
    if (!smarthost.oauth) return made;
    made.report.token_name = smarthost.oauth->name();
    auto& source = sources_[made.report.token_name];
    if (!source) {
        source = std::make_shared<TokenSource>(smarthost.oauth, store_, log_, fetch_);
        if (stopped_)
            source->stop();  // whoever asks is told so
        else
            source->start();
    }
    made.tokens = source;
    return made;
}

void Logins::add(const Smarthost& smarthost) {
    if (!smarthost.wants_login()) return;
    MutexLock lock(mutex_);
    entry(smarthost);
}

void Logins::stop() {
    std::map<std::string, std::shared_ptr<TokenSource>> all;
    {
        MutexLock lock(mutex_);
        stopped_ = true;
        all = sources_;
    }
    for (auto& [name, source] : all) source->stop();
}

runtime::Task<Step<>> Logins::run(ClientSession& session,
                                  std::shared_ptr<const Smarthost> smarthost) {
    LoginCall call;
    std::shared_ptr<TokenSource> tokens;
    {
        MutexLock lock(mutex_);
        const Entry& own = entry(*smarthost);
        call.login.keys = own.keys;
        tokens = own.tokens;
    }
    call.login.username = smarthost->username;
    call.login.secret = smarthost->password;
    call.login.host = smarthost->host;
    call.login.port = smarthost->port;
    call.allowed = smarthost->mechanisms;
    call.blocking = &blocking_;
    if (smarthost->external) call.login.kind = smtp::SaslLogin::Kind::external;
    if (tokens) call.login.kind = smtp::SaslLogin::Kind::token;
    for (bool again = false;; again = true) {
        if (tokens) {
            auto fetching = tokens->token(Deadline::after(kTokenWait));
            auto token = co_await std::move(fetching);
            if (!token) {
                TokenRefusal why = std::move(token).error();
                why.mend = in_section(std::move(why.mend), smarthost->route);
                co_return std::unexpected(no_token(std::move(why)));
            }
            call.login.secret = std::move(*token);
        }
        LoginSaid said;
        auto logging_in = log_in(session, call, said);
        auto result = co_await std::move(logging_in);
        const bool refused = is_refusal(result);
        if (tokens && refused && !is_about_the_setting(result.error().reply)) {
            tokens->refused(call.login.secret);
            if (!again && session.is_usable()) continue;
        }
        if (refused) {
            result.error().mend =
                in_section(login_mend(*smarthost, result.error().reply), smarthost->route);
            const auto words = words_of(said.complaint);
            if (!words.empty()) result.error().reply.lines.push_back("(" + words + ")");
        }
        note(*smarthost, said, result);
        co_return result;
    }
}

void Logins::note(const Smarthost& smarthost, const LoginSaid& said, const Step<>& result) {
    MutexLock lock(mutex_);
    LoginReport& report = entry(smarthost).report;
    report.mechanism = said.mechanism;
    if (result) {
        report.worked = now();
        report.refused.reset();
        report.reply.clear();
        report.mend.clear();
        return;
    }
    const Incident& incident = result.error();
    if (incident.what == What::lost || incident.what == What::our_own) return;
    report.refused = now();
    report.reply = words_of(incident);
    report.mend = incident.mend;
}

std::vector<LoginReport> Logins::report() const {
    std::vector<LoginReport> reports;
    MutexLock lock(mutex_);
    for (const auto& [key, own] : entries_) {
        reports.push_back(own.report);
        if (!own.tokens) continue;
        auto& token = reports.back().token.emplace(own.tokens->report());
        token.mend = in_section(std::move(token.mend), own.report.route);
    }
    return reports;
}

Result<void> Logins::sign_in(const std::string& name, const Secret& refresh_token) {
    std::shared_ptr<TokenSource> source;
    {
        MutexLock lock(mutex_);
        const auto found = sources_.find(name);
        if (found != sources_.end()) source = found->second;
    }
    if (!source)
        return fail(ErrorKind::not_found, "the running server has no such login",
                    "restart it, so that it reads the configuration again");
    if (!source->takes_sign_in())
        return fail(ErrorKind::denied, "nobody signs in for this login: it has a secret of its own",
                    "set flow = \"refresh_token\" for it first, and restart");
    TokenVault vault(store_);
    PH_CHECK(vault.put(name, refresh_token));
    source->signed_in();
    return {};
}

}  // namespace posthaste::delivery
