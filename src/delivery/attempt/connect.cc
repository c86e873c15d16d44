// From an address to a session that may carry mail: connection, greeting, TLS as the route demands,
// login.
#include "base/ascii.h"
#include "delivery/attempt/attempt.h"

#include <algorithm>

namespace posthaste::delivery {

namespace {

constexpr Seconds kBannerWait{60};

}  // namespace

// What is known of the hosts may ask for more than the route; but "none" is the operator's word.
TlsLevel Attempt::floor() const {
    if (route_.smarthost || route_.tls == TlsLevel::none) return TlsLevel::none;
    return limits_->tls.value_or(TlsLevel::none);
}

bool Attempt::wants_login() const {
    return route_.smarthost && route_.smarthost->wants_login();
}

runtime::Task<Attempt::Opened> Attempt::open(Target target, IpAddress address, Seconds wait,
                                             const TlsPolicy& policy, Hello hello) {
    const net::Endpoint to =
        target.socket.empty() ? net::Endpoint{address, target.port} : net::Endpoint{};
    story_.connecting(target.name, to, std::string(to_string(policy.level)));
    auto dialing = dial(target, address, wait);
    auto stream = co_await std::move(dialing);
    if (!stream) {
        story_.came_to_nothing(nullptr);
        co_return std::unexpected(std::move(stream).error());
    }
    story_.connected(**stream);
    const Seconds command_timeout =
        limits_->command_timeout.value_or(shared_.options.command_timeout);
    ClientSession::Options options{
        our_name(**stream), limits_->greeting_timeout.value_or(command_timeout), command_timeout,
        limits_->final_dot_timeout.value_or(shared_.options.final_dot_timeout),
        limits_->pipelining};
    options.rset = limits_->rset;
    options.lmtp = route_.smarthost && route_.smarthost->lmtp;
    options.recipients_timeout = 2 * std::max(options.command_timeout, options.final_dot_timeout);
    // A host that lets us wait for its first word holds up the others.
    if (others_left_) options.banner_timeout = std::min(options.banner_timeout, kBannerWait);
    auto session =
        std::make_unique<ClientSession>(std::move(*stream), target.name, std::move(options));
    session->must_end_by(until_, out_of_time());
    auto setting_up = set_up(*session, policy, hello);
    auto ready = co_await std::move(setting_up);
    if (!ready) {
        story_.came_to_nothing(session.get());
        idle_.dismiss(std::move(session));
        co_return std::unexpected(std::move(ready).error());
    }
    const net::TlsInfo* tls = session->stream().tls();
    auto shown = assurance_of(policy, tls, session->offered().starttls,
                              tls != nullptr && session->offered().requiretls);
    if (hello == Hello::none && session->offered().starttls &&
        shared_.broken_tls.broke(target.name)) {
        shared_.log.warning(
            "delivery.tls_does_not_work",
            {{"host", target.name},
             {"effect", "mail that nothing forbids it leaves in clear for this host"},
             {"until", "TLS works there again, or three days"}});
    }
    co_return IdleConnections::Kept{std::move(session), std::move(shown)};
}

runtime::Task<Step<>> Attempt::set_up(ClientSession& session, const TlsPolicy& policy,
                                      Hello hello) {
    const bool implicit = route_.smarthost && route_.smarthost->implicit_tls;
    if (implicit) {
        auto starting = start_tls(session, policy, hello, true);
        auto started = co_await std::move(starting);
        if (!started) co_return started;
    }
    const bool must_tls = policy.level >= TlsPolicy::Level::encrypt || wants_login();
    const bool needs_ehlo = must_tls || parcel_.message->body_type == mail::BodyType::eight_bit;
    auto greeting = session.greet(!needs_ehlo);
    auto greeted = co_await std::move(greeting);
    if (!greeted) co_return greeted;
    if (!route_.smarthost &&
        is_own_name(session.offered().greeting_name, shared_.destination_rules)) {
        co_return std::unexpected(Incident{Stage::ehlo, What::ourselves, {}, {}});
    }
    const bool wants_tls = policy.level != TlsPolicy::Level::none && hello != Hello::none;
    if (!implicit && wants_tls) {
        if (must_tls || session.offered().starttls) {
            auto starting = start_tls(session, policy, hello, false);
            auto started = co_await std::move(starting);
            if (!started) co_return started;
        } else {
            tell_session(beginning_of(session), policy, TlsResult::starttls_not_supported, {});
        }
    }
    if (policy.wants_keyword && !session.offered().requiretls) {
        co_return std::unexpected(Incident{Stage::starttls,
                                           What::no_requiretls,
                                           {},
                                           "the sender asks for verified TLS all the way, and this "
                                           "host does not offer REQUIRETLS"});
    }
    if (wants_login()) {
        auto logging_in = shared_.logins().run(session, route_.smarthost);
        auto logged_in = co_await std::move(logging_in);
        if (!logged_in) co_return logged_in;
        shared_.health.worked(parcel_.site);
    }
    co_return Step<>();
}

}  // namespace posthaste::delivery
