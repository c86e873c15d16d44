// What hosts said, gathered by recipient until somebody's word is final.
#include "delivery/attempt/attempt.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

// A site that a rule holds back is looked at that often, so that clearing the rule takes effect.
constexpr Seconds kLookAgain{60};

// A session tells most by what went well, or by being asked for less.
int weight(queue::SiteSignal signal) {
    switch (signal) {
        case queue::SiteSignal::neutral:
            return 0;
        case queue::SiteSignal::trouble:
            return 1;
        case queue::SiteSignal::good:
            return 2;
        case queue::SiteSignal::slow_down:
            return 3;
    }
    std::unreachable();
}

}  // namespace

Attempt::Indexes Attempt::open_cases() const {
    Indexes open;
    for (std::size_t i = 0; i < cases_.size(); ++i) {
        if (!cases_[i].ended) open.push_back(i);
    }
    return open;
}

Circumstances Attempt::circumstances(const Case& about, const Peer& peer) const {
    Circumstances circumstances;
    circumstances.smarthost = route_.smarthost != nullptr;
    if (const Smarthost* smarthost = route_.smarthost.get()) {
        circumstances.may_have_login = smarthost->route.empty() || smarthost->wants_login();
        circumstances.route = smarthost->route;
    }
    circumstances.best_host = peer.best;
    circumstances.attempts = about.row->attempts;
    circumstances.age = age_;
    circumstances.host = peer.host;
    circumstances.rules = &shared_.verdicts();
    return circumstances;
}

PathName Attempt::path_name() const {
    return {provider_, parcel_.site, parcel_.source, parcel_.message->account,
            parcel_.message->profile == store::Profile::bulk};
}

void Attempt::remember_provider(const std::vector<Target>& targets) {
    std::vector<std::string> hosts;
    for (const Target& target : targets) hosts.push_back(target.name);
    provider_ = shared_.verdicts().provider_of(hosts);
}

// O-21: a host that may have taken it is asked again before others are: it knows the message, and
// another would make a second one of it for sure. Only among those of its own preference: the
// better ones come first (RFC 5321 §5.1), and it stays behind a host of ours that ends the list.
void Attempt::prefer_former_host(std::vector<Target>& targets) const {
    const auto unclear = std::ranges::find_if(cases_, [](const Case& c) {
        return c.row->last.ambiguous && !c.row->last.remote_host.empty();
    });
    if (unclear == cases_.end()) return;
    const auto former = std::ranges::find(targets, unclear->row->last.remote_host, &Target::name);
    if (former == targets.end()) return;
    const auto first = std::ranges::find(targets, former->level, &Target::level);
    std::rotate(first, former, former + 1);
}

// An automation rule holds mail back on this path: nothing is asked of its hosts.
// Mail of this account comes back, or is to come more slowly.
bool Attempt::hold_up_account(const PathOverrides& overrides) {
    mail::Outcome outcome;
    outcome.status = {4, 7, 1};
    outcome.cause = mail::Cause::rate_limited;
    const std::string where = provider_.empty() ? parcel_.site : provider_;
    if (!overrides.account_returned_by.empty()) {
        outcome.verdict = mail::Verdict::failed;
        outcome.status.cls = 5;
        outcome.cause = mail::Cause::policy;
        outcome.rule = overrides.account_returned_by;
        outcome.reply = fmt::format(
            "mail of {} to {} comes back for now (rule {}), because of what was answered before: "
            "{}",
            parcel_.message->account, where, overrides.account_returned_by,
            overrides.account_reply);
    } else {
        const auto wait =
            shared_.options.automation->wait_of_account(path_name(), overrides, cases_.size());
        if (!wait) return false;
        outcome.rule = overrides.slowed_by;
        outcome.reply =
            fmt::format("mail of {} to {} is slowed down to {} (rule {})", parcel_.message->account,
                        where, overrides.account_rate->to_string(), overrides.slowed_by);
        outcome.retry_after = *wait;
    }
    for (const std::size_t i : open_cases()) end(cases_[i], outcome);
    return true;
}

bool Attempt::put_off() {
    if (shared_.options.automation == nullptr) return false;
    const PathOverrides overrides = shared_.options.automation->of(path_name());
    if (!overrides.account_returned_by.empty() || overrides.account_rate) {
        if (hold_up_account(overrides)) return true;
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!overrides.suspended_until || *overrides.suspended_until <= now) return false;
    const Seconds left = std::chrono::ceil<Seconds>(*overrides.suspended_until - now);
    mail::Outcome outcome;
    outcome.status = {4, 7, 0};
    outcome.cause = mail::Cause::rate_limited;
    const std::string& where = provider_.empty() ? parcel_.site : provider_;
    outcome.rule = overrides.suspended_by;
    outcome.reply =
        overrides.whole_path
            ? fmt::format(
                  "nothing is sent to {} for {} more: the rule {} holds mail back because "
                  "of earlier replies",
                  where, format_duration(left), overrides.suspended_by)
            : fmt::format(
                  "nothing of {} is sent to {} for {} more: the rule {} holds it back "
                  "(posthaste overrides list says why)",
                  parcel_.message->account, where, format_duration(left), overrides.suspended_by);
    outcome.retry_after = left;
    outcome.charge_attempt = !overrides.whole_path;
    for (const std::size_t i : open_cases()) end(cases_[i], outcome);
    if (overrides.whole_path) suspend_ = std::min(left, kLookAgain);
    return true;
}

// What the reply changes beyond its own recipients, and about them.
void Attempt::apply_automation(const Incident& incident, const Peer& peer,
                               const Judgement& judgement) {
    if (shared_.options.automation == nullptr || incident.what != What::reply) return;
    ReplyFacts facts;
    facts.code = incident.reply.code;
    facts.status = incident.reply.status;
    facts.text = incident.reply.text();
    facts.host = peer.host;
    facts.stage = incident.stage;
    facts.smarthost = route_.smarthost != nullptr;
    automation_ = shared_.options.automation->observe(facts, judgement.outcome.cause, path_name());
    if (!automation_->began) return;
    limits_changed_ = true;
    const PathOverrides overrides = shared_.options.automation->of(path_name());
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!overrides.suspended_until || *overrides.suspended_until <= now || !overrides.whole_path) {
        return;
    }
    suspend_ = kLookAgain;
    broken_off_ = true;
}

namespace {

void turn_by(const Automation::Effect& effect, Judgement& judgement) {
    if (judgement.scope == Scope::route) return;
    mail::Outcome& outcome = judgement.outcome;
    if (effect.temporary && outcome.verdict == mail::Verdict::failed) {
        outcome.verdict = mail::Verdict::deferred;
        outcome.status.cls = 4;
        judgement.permanent_if_all = false;
    } else if (effect.permanent && outcome.verdict == mail::Verdict::deferred) {
        outcome.verdict = mail::Verdict::failed;
        outcome.status.cls = 5;
        outcome.retry_after.reset();
        judgement.permanent_if_all = judgement.scope == Scope::host;
    }
    if (effect.retry_after && outcome.verdict == mail::Verdict::deferred) {
        outcome.retry_after = effect.retry_after;
    }
}

}  // namespace

// The judgement about the last of them: those of one transaction differ in their age alone.
Judgement Attempt::note(const Incident& incident, const Peer& peer, const Indexes& about,
                        std::size_t accepted) {
    Judgement judgement;
    automation_.reset();
    for (const std::size_t i : about) {
        Circumstances here = circumstances(cases_[i], peer);
        here.accepted = accepted;
        judgement = judge(incident, here);
        if (i == about.front()) apply_automation(incident, peer, judgement);
        if (automation_) turn_by(*automation_, judgement);
        note_one(cases_[i], judgement, peer);
    }
    if (about.empty()) return judgement;
    learn(judgement.signal);
    const bool at_the_door = incident.stage <= Stage::ehlo &&
                             (incident.what == What::reply || incident.what == What::refused ||
                              incident.what == What::lost);
    (at_the_door ? shut_ : other_trouble_) = true;
    if (judgement.scope == Scope::route) {
        stop_route(judgement, peer);
        for (const std::size_t i : open_cases()) note_one(cases_[i], judgement, peer);
    }
    if (incident.what == What::our_own) broken_off_ = true;
    return judgement;
}

void Attempt::note_one(Case& about, const Judgement& judgement, const Peer& peer) {
    mail::Outcome outcome = judgement.outcome;
    outcome.remote_host = peer.host;
    outcome.remote_ip = peer.ip;
    outcome.tls = peer.tls;
    outcome.tls_policy = peer.policy;
    outcome.source_ip = peer.source_ip;
    if (judgement.too_many_recipients) return;  // its turn comes in the next transaction
    if (judgement.scope != Scope::host) {
        // A login that is refused says nothing about the mail; a limit of the relay is to be kept.
        about.unheard =
            judgement.scope == Scope::route && outcome.cause != mail::Cause::rate_limited;
        if (refused_family(about, outcome)) {
            outcome.verdict = mail::Verdict::deferred;
            outcome.status.cls = 4;
        }
        end(about, std::move(outcome));
        return;
    }
    about.passed_over = true;
    if (judgement.permanent_if_all) {
        about.permanent = std::move(outcome);
        return;
    }
    // What a host said in words tells more than that another could not be reached.
    if (about.temporary && about.temporary->code != 0 && outcome.code == 0) return;
    about.temporary = std::move(outcome);
}

void Attempt::end(Case& about, mail::Outcome outcome) {
    about.ended = true;
    about.outcome = std::move(outcome);
}

void Attempt::learn(queue::SiteSignal signal) {
    if (!signal_ || weight(signal) > weight(*signal_)) signal_ = signal;
}

void Attempt::stop_route(const Judgement& judgement, const Peer& peer) {
    broken_off_ = true;
    const std::string& reply = judgement.outcome.reply;
    if (judgement.outcome.cause == mail::Cause::rate_limited) {
        suspend_ = judgement.suspend;  // it passes by itself
        return;
    }
    const auto refusal =
        shared_.health.refused(parcel_.site, reply, judgement.suspend.value_or(Seconds(300)),
                               std::chrono::steady_clock::now());
    suspend_ = refusal.suspend;
    if (!refusal.is_news) return;
    shared_.log.error("smarthost.refused",
                      {{"host", peer.host},
                       {"route", route_.name},
                       {"code", judgement.outcome.code},
                       {"reply", reply},
                       {"mend", judgement.mend},
                       {"next_try_s", refusal.suspend.count()},
                       {"what", "mail waits in the queue until this is mended"}});
}

}  // namespace posthaste::delivery
