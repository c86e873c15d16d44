// What a host must show before it gets our mail, and the handshake in which it does.
#include "base/ascii.h"
#include "delivery/attempt/attempt.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using Level = TlsPolicy::Level;

// An MTA-STS policy may still be on its way then.
constexpr Seconds kFirstMoments{60};
constexpr Seconds kPolicyAgain{10};

// They refuse or defer mail in clear anyway.
bool never_takes_clear(std::string_view host) {
    return host.ends_with(".google.com") || host.ends_with(".googlemail.com");
}

TlsResult result_of(net::CertificateFault fault) {
    switch (fault) {
        case net::CertificateFault::name:
            return TlsResult::certificate_host_mismatch;
        case net::CertificateFault::date:
            return TlsResult::certificate_expired;
        case net::CertificateFault::untrusted:
            return TlsResult::certificate_not_trusted;
        case net::CertificateFault::dane:
        case net::CertificateFault::none:
            return TlsResult::validation_failure;
    }
    std::unreachable();
}

net::TlsClientPolicy client_policy(const TlsPolicy& policy, bool small_hello, bool old_tls) {
    net::TlsClientPolicy client;
    client.server_name = policy.name;
    client.verify = is_verified(policy.level);
    client.dane = policy.dane;
    client.old_ciphers = policy.level == Level::sts;
    client.old_versions = old_tls && policy.level == Level::may;
    client.small_hello = small_hello;
    return client;
}

std::string words_of(const Incident& incident) {
    if (incident.what == What::reply) {
        return fmt::format("it answered STARTTLS with {} {}", incident.reply.code,
                           incident.reply.text());
    }
    if (!incident.text.empty()) return incident.text;
    return incident.what == What::timed_out ? "the TLS handshake got no answer in time"
                                            : "the connection was lost during the TLS handshake";
}

// What a domain has promised is not weighed anew by how it was broken: the host is out of reach for
// this attempt, 4.7.5 (delivery.md 2.3, S-8).
Incident broken_promise(const Incident& incident, const TlsPolicy& policy) {
    if (incident.what == What::our_own) return incident;
    return {Stage::starttls,
            What::policy,
            {},
            fmt::format("{}; {}, so nothing was sent", words_of(incident), policy.words)};
}

}  // namespace

runtime::Task<std::expected<TlsPolicy, TlsRefusal>> Attempt::find_policy(Target target) {
    TlsQuestion question;
    question.route = route_.tls;
    question.smarthost = route_.smarthost != nullptr;
    question.login = wants_login();
    question.wish = parcel_.message->tls_wish;
    question.host = target.name;
    question.domain = target.domain;
    question.expanded = target.expanded;
    question.secure = target.secure;
    question.validates = shared_.resolver.validation().works;
    question.in_doubt = !question.validates || age_ < kFirstMoments;
    auto looking =
        find_tls_policy(shared_.resolver, shared_.tls.sts, std::move(question), target.port);
    auto policy = co_await std::move(looking);
    // More than opportunism, never less than what DNS or the domain has promised.
    const bool may_go_clear = parcel_.message->tls_wish == store::TlsWish::optional;
    if (policy && policy->level == Level::may && floor() >= TlsLevel::encrypt && !may_go_clear) {
        policy->level = Level::encrypt;
    }
    if (policy ? policy->level == Level::sts : policy.error().by_sts) sts_domain_ = target.domain;
    co_return policy;
}

// S-7: mail that a policy keeps back ends one day. Whether that policy is still the domain's is
// asked of DNS anew behind each such attempt, so also behind the last one; another policy is
// fetched, and the next attempt goes by it.
runtime::Task<void> Attempt::ask_policy_again() {
    const bool kept_back = std::ranges::any_of(cases_, [](const Case& c) {
        return !c.ended && c.temporary && c.temporary->cause == mail::Cause::tls;
    });
    if (sts_domain_.empty() || !kept_back || shared_.tls.sts == nullptr) co_return;
    const auto domain = mail::Domain::parse(sts_domain_);
    if (!domain) co_return;
    const Deadline deadline = Deadline::after(kPolicyAgain);
    auto finding = shared_.tls.sts->policy_of(*domain, deadline);
    auto policy = co_await std::move(finding);
    if (!policy) co_return;
    auto asking = shared_.tls.sts->is_current(*domain, std::move(*policy), deadline);
    const bool current = co_await std::move(asking);
    static_cast<void>(current);  // either way this attempt is over
}

Attempt::Beginning Attempt::beginning_of(const ClientSession& session) {
    return {session.offered().greeting_name, session.stream().local().address,
            session.stream().peer().address};
}

void Attempt::shut_out(const Target& target, const TlsRefusal& refusal) {
    if (refusal.is_reported && shared_.tls.sessions != nullptr)
        shared_.tls.sessions->note(refusal.session);
    const auto level = refusal.session.type == TlsSession::PolicyType::tlsa  ? Level::dane
                       : refusal.session.type == TlsSession::PolicyType::sts ? Level::sts
                                                                             : Level::verify;
    const Peer nobody{target.name, "", "", target.best, std::string(to_string(level))};
    story_.passed_over(target.name, note(refusal.incident, nobody, open_cases()).outcome);
}

void Attempt::tell_session(const Beginning& began, const TlsPolicy& policy, TlsResult result,
                           std::string reason) const {
    if (!policy.is_reported || shared_.tls.sessions == nullptr) return;
    TlsSession told = policy.session;
    // What was wrong before the session (a host that the policy does not list) stays so.
    if (told.result == TlsResult::success) {
        told.result = result;
        told.reason = std::move(reason);
    }
    told.helo = began.helo;
    told.sending_ip = began.ours;
    told.receiving_ip = began.theirs;
    shared_.tls.sessions->note(told);
}

runtime::Task<Step<>> Attempt::start_tls(ClientSession& session, const TlsPolicy& policy,
                                         Hello hello, bool implicit) {
    auto context = shared_.tls_context(route_.smarthost.get());
    if (!context) {
        co_return std::unexpected(
            Incident{Stage::starttls, What::tls_failed, {}, context.error().text});
    }
    const Beginning began = beginning_of(session);
    net::CertificateFault fault = net::CertificateFault::none;
    auto client = client_policy(policy, hello == Hello::small, shared_.options.old_tls);
    client.fault = &fault;
    auto starting = implicit ? session.start_implicit_tls(**context, std::move(client))
                             : session.start_tls(**context, std::move(client));
    auto started = co_await std::move(starting);
    if (started) {
        const net::TlsInfo* info = session.stream().tls();
        PH_ASSERT(info != nullptr);
        if (is_verified(policy.level) && !info->verified) {
            session.abort();
            started =
                std::unexpected(Incident{Stage::starttls, What::tls_failed, {}, info->peer_error});
        } else {
            // In testing nothing is kept from anybody, and everything is told.
            const bool testing = policy.session.type == TlsSession::PolicyType::sts;
            const bool good = info->verified || !testing;
            tell_session(began, policy, good ? TlsResult::success : result_of(info->peer_fault),
                         good ? std::string() : info->peer_error);
            if (policy.level == Level::may) shared_.broken_tls.worked(session.host());
            co_return started;
        }
    }
    Incident incident = std::move(started).error();
    const bool not_offered = incident.what == What::not_offered;
    // The EHLO inside is part of it: a host whose TLS breaks there has no working TLS.
    if (incident.stage == Stage::ehlo && incident.what != What::reply &&
        incident.what != What::our_own)
        incident.stage = Stage::starttls;
    if (incident.stage != Stage::starttls) co_return std::unexpected(std::move(incident));
    if (incident.what != What::our_own) {
        tell_session(began, policy,
                     not_offered || incident.what == What::reply ? TlsResult::starttls_not_supported
                                                                 : result_of(fault),
                     words_of(incident));
    }
    if (policy.promised) incident = broken_promise(incident, policy);
    co_return std::unexpected(std::move(incident));
}

// delivery.md 2.6: only where nothing was promised, nothing secret is sent, and not at the first
// attempt, so that a passing trouble with TLS does not send mail in clear.
bool Attempt::may_drop_tls(const Target& target, const TlsPolicy& policy) const {
    const bool tried_before =
        std::ranges::all_of(cases_, [](const Case& c) { return c.row->attempts > 0; });
    const bool implicit = route_.smarthost && route_.smarthost->implicit_tls;
    return policy.level == Level::may && (tried_before || policy.clear_at_once) &&
           !policy.wants_keyword && !wants_login() && !implicit && !never_takes_clear(target.name);
}

Attempt::Hello Attempt::first_hello(const Target& target, const TlsPolicy& policy) const {
    const bool known = may_drop_tls(target, policy) && shared_.broken_tls.is_broken(target.name);
    return known ? Hello::none : Hello::usual;
}

}  // namespace posthaste::delivery
