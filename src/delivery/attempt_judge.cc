// What hosts said, gathered by recipient until somebody's word is final.
#include "delivery/attempt.h"

#include <algorithm>

namespace posthaste::delivery {

namespace {

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
    circumstances.may_have_login = !route_.smarthost || route_.smarthost->may_have_login;
    circumstances.best_host = peer.best;
    circumstances.attempts = about.row->attempts;
    circumstances.age = age_;
    return circumstances;
}

// The judgement about the last of them: those of one transaction differ in their age alone.
Judgement Attempt::note(const Incident& incident, const Peer& peer, const Indexes& about,
                        std::size_t accepted) {
    Judgement judgement;
    for (const std::size_t i : about) {
        Circumstances here = circumstances(cases_[i], peer);
        here.accepted = accepted;
        judgement = judge(incident, here);
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
    if (judgement.too_many_recipients) return;  // its turn comes in the next transaction
    if (judgement.scope != Scope::host) {
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
                       {"code", judgement.outcome.code},
                       {"reply", reply},
                       {"mend", judgement.mend},
                       {"next_try_s", refusal.suspend.count()},
                       {"what", "mail waits in the queue until this is mended"}});
}

}  // namespace posthaste::delivery
