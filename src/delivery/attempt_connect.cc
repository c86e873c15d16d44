// From an address to a session that may carry mail: connection, greeting, TLS as the route demands,
// login.
#include "base/ascii.h"
#include "delivery/attempt.h"
#include "net/dialer.h"

#include <algorithm>

namespace posthaste::delivery {

namespace {

constexpr Seconds kBannerWait{60};

Incident connect_incident(const Error& error) {
    Incident incident;
    incident.stage = Stage::connect;
    incident.text = error.text;
    switch (error.kind) {
        case ErrorKind::timeout:
            incident.what = What::timed_out;
            break;
        case ErrorKind::cancelled:
            incident.what = What::our_own;
            break;
        case ErrorKind::refused:
            incident.what = What::refused;
            break;
        default:
            incident.what = What::lost;
            break;
    }
    return incident;
}

// They refuse or defer mail in clear anyway.
bool never_takes_clear(std::string_view host) {
    return host.ends_with(".google.com") || host.ends_with(".googlemail.com");
}

}  // namespace

bool Attempt::wants_login() const {
    return route_.smarthost && route_.smarthost->wants_login();
}

runtime::Task<Step<std::unique_ptr<ClientSession>>> Attempt::open(Target target, IpAddress address,
                                                                  Seconds wait, bool may_tls) {
    auto dialing = net::dial({address, target.port}, Deadline::after(wait));
    auto stream = co_await std::move(dialing);
    if (!stream) co_return std::unexpected(connect_incident(stream.error()));
    ClientSession::Options options{shared_.options.hostname, shared_.options.command_timeout,
                                   shared_.options.command_timeout,
                                   shared_.options.final_dot_timeout};
    // A host that lets us wait for its first word holds up the others.
    if (others_left_) options.banner_timeout = std::min(options.banner_timeout, kBannerWait);
    auto session =
        std::make_unique<ClientSession>(std::move(*stream), target.name, std::move(options));
    auto setting_up = set_up(*session, target, may_tls);
    auto ready = co_await std::move(setting_up);
    if (!ready) {
        idle_.dismiss(std::move(session));
        co_return std::unexpected(std::move(ready).error());
    }
    co_return session;
}

runtime::Task<Step<>> Attempt::set_up(ClientSession& session, Target target, bool may_tls) {
    const bool implicit = route_.smarthost && route_.smarthost->implicit_tls;
    if (implicit) {
        auto starting = start_tls(session, target, true);
        auto started = co_await std::move(starting);
        if (!started) co_return started;
    }
    const bool must_tls = route_.tls >= TlsLevel::encrypt || wants_login();
    const bool needs_ehlo = must_tls || parcel_.message->body_type == mail::BodyType::eight_bit;
    auto greeting = session.greet(!needs_ehlo);
    auto greeted = co_await std::move(greeting);
    if (!greeted) co_return greeted;
    if (!route_.smarthost &&
        ascii::equals_ignore_case(session.offered().greeting_name, shared_.options.hostname)) {
        co_return std::unexpected(Incident{Stage::ehlo, What::ourselves, {}, {}});
    }
    const bool wants_tls = route_.tls != TlsLevel::none && may_tls;
    if (!implicit && (must_tls || (wants_tls && session.offered().starttls))) {
        auto starting = start_tls(session, target, false);
        auto started = co_await std::move(starting);
        if (!started) co_return started;
    }
    if (wants_login()) {
        auto logging_in = session.log_in(route_.smarthost->username, route_.smarthost->password);
        auto logged_in = co_await std::move(logging_in);
        if (!logged_in) co_return logged_in;
        shared_.health.worked(parcel_.site);
    }
    co_return Step<>();
}

runtime::Task<Step<>> Attempt::start_tls(ClientSession& session, Target target, bool implicit) {
    auto context = shared_.tls_context(route_.smarthost.get());
    if (!context) {
        co_return std::unexpected(
            Incident{Stage::starttls, What::tls_failed, {}, context.error().text});
    }
    net::TlsClientPolicy policy;
    policy.server_name = target.name;
    policy.verify = route_.tls == TlsLevel::verify;
    auto starting = implicit ? session.start_implicit_tls(**context, std::move(policy))
                             : session.start_tls(**context, std::move(policy));
    auto started = co_await std::move(starting);
    co_return started;
}

// delivery.md 2.6: only where nothing was promised, nothing secret is sent, and not at the first
// attempt, so that a passing trouble with TLS does not send mail in clear.
bool Attempt::may_fall_back_to_clear(const Incident& incident, const Target& target) const {
    const bool tls_trouble = incident.stage == Stage::starttls && incident.what != What::our_own;
    const bool tried_before =
        std::ranges::all_of(cases_, [](const Case& c) { return c.row->attempts > 0; });
    const bool implicit = route_.smarthost && route_.smarthost->implicit_tls;
    return tls_trouble && tried_before && route_.tls == TlsLevel::may && !wants_login() &&
           !implicit && !never_takes_clear(target.name);
}

}  // namespace posthaste::delivery
