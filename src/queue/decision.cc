#include "queue/decision.h"

#include "queue/bounce.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::queue {

namespace {

using To = store::RecipientUpdate::To;

constexpr Seconds kAfterAmbiguous = std::chrono::minutes(30);
constexpr int kFullMailboxFactor = 4;
constexpr std::uint32_t kMostEarly = 3;  // attempts after which a reply may shorten the wait

Decision end(const Tried& tried, mail::Outcome outcome, EventType event, bool report) {
    Decision decision;
    decision.event = event;
    decision.update.to = report ? To::report_due : To::done;
    decision.update.index = tried.recipient.index;
    decision.update.attempts = tried.attempts;
    decision.update.outcome = std::move(outcome);
    decision.update.when = tried.wall;
    return decision;
}

bool is_of_remote(const mail::Outcome& outcome) {
    return outcome.code != 0;
}

// The sender is told what the other side said last, not that we gave up: the last real answer
// stays, whether it came now or at an attempt before.
mail::Outcome expire(const Tried& tried) {
    mail::Outcome outcome = tried.outcome;
    if (!is_of_remote(outcome) && is_of_remote(tried.recipient.last)) {
        outcome = tried.recipient.last;
    }
    const mail::Outcome& last = tried.recipient.last;
    if (outcome.reply.empty() && !last.reply.empty()) outcome = last;
    outcome.verdict = mail::Verdict::failed;
    // What a domain demands of TLS kept it back to the end: told as that (delivery.md S-8).
    const bool by_tls = outcome.cause == mail::Cause::tls;
    outcome.status = by_tls ? mail::EnhancedStatus{5, 7, 5} : mail::EnhancedStatus{5, 4, 7};
    // Nor does "a rule of theirs" say why: it was no refusal for good.
    if (outcome.cause == mail::Cause::none || outcome.cause == mail::Cause::unknown ||
        outcome.cause == mail::Cause::policy) {
        outcome.cause = mail::Cause::expired;
    }
    return outcome;
}

// What the reply asked for, or what its meaning asks for. Sooner than the schedule only at first: a
// server that says "in five minutes" for days is not asked every five minutes for days.
std::optional<Seconds> asked_wait(const mail::Outcome& outcome, std::uint32_t attempts,
                                  Seconds step) {
    std::optional<Seconds> asked = outcome.retry_after;
    if (asked && *asked < step && attempts > kMostEarly) asked.reset();
    if (!asked && outcome.cause == mail::Cause::mailbox_full) asked = step * kFullMailboxFactor;
    if (outcome.ambiguous) asked = std::max(asked.value_or(step), kAfterAmbiguous);
    return asked;
}

}  // namespace

Decision decide(Tried tried, const RetrySchedule& schedule) {
    ++tried.attempts;
    switch (tried.outcome.verdict) {
        case mail::Verdict::delivered: {
            const bool report = success_report_due(tried.message, tried.recipient, tried.outcome);
            return end(tried, tried.outcome, EventType::delivered, report);
        }
        case mail::Verdict::failed:
            return end(tried, tried.outcome, EventType::failed,
                       failure_report_due(tried.message, tried.recipient));
        case mail::Verdict::deferred:
            break;
    }
    const auto asked = asked_wait(tried.outcome, tried.attempts, schedule.step(tried.attempts));
    const auto next =
        schedule.next(tried.attempts, tried.now, {tried.message.starts(), tried.message.expires},
                      asked, tried.jitter);
    if (!next) {
        return end(tried, expire(tried), EventType::expired,
                   failure_report_due(tried.message, tried.recipient));
    }
    Decision decision = end(tried, tried.outcome, EventType::deferred, false);
    decision.update.to = To::open;
    decision.update.next_at = *next;
    return decision;
}

Decision decide_expired(Tried tried) {
    return end(tried, expire(tried), EventType::expired,
               failure_report_due(tried.message, tried.recipient));
}

Decision decide_delayed(Tried tried, Milliseconds wait) {
    mail::Outcome outcome = tried.outcome;
    outcome.verdict = mail::Verdict::deferred;
    Decision decision = end(tried, std::move(outcome), EventType::delayed, false);
    decision.update.to = To::open;
    decision.update.next_at = std::min(tried.now + wait, tried.message.expires);
    return decision;
}

Decision decide_cancelled(Tried tried, bool report) {
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::failed;
    outcome.status = {5, 0, 0};
    outcome.cause = mail::Cause::admin;
    outcome.reply = "taken off the queue by an administrator";
    return end(tried, std::move(outcome), EventType::cancelled,
               report && failure_report_due(tried.message, tried.recipient));
}

namespace {

AttemptDelays delays_of(const Tried& tried) {
    AttemptDelays delays;
    delays.queued = tried.queued;
    delays.set_up = Milliseconds(tried.carried->connect_ms) + Milliseconds(tried.carried->setup_ms);
    delays.transfer = Milliseconds(tried.carried->transfer_ms);
    const Milliseconds since = tried.now - tried.message.accepted;
    delays.waiting =
        std::max(since - delays.queued - delays.set_up - delays.transfer, Milliseconds(0));
    return delays;
}

}  // namespace

Event make_event(const Tried& tried, const Decision& decision) {
    const mail::Outcome& outcome = decision.update.outcome;
    Event event;
    event.type = decision.event;
    event.time = tried.wall;
    event.id = tried.message.id;
    event.account = tried.message.account;
    event.sender = mail::to_string(tried.message.sender);
    event.recipient = tried.recipient.address.to_string();
    event.remote = outcome.remote_host;
    if (!outcome.remote_ip.empty()) event.remote += "[" + outcome.remote_ip + "]";
    if (tried.carried != nullptr) {
        if (tried.carried->port != 0) event.remote += fmt::format(":{}", tried.carried->port);
        event.delays = delays_of(tried);
    }
    event.route = outcome.route;
    event.tls = outcome.tls;
    event.tls_policy = outcome.tls_policy;
    if (outcome.verdict != mail::Verdict::delivered && outcome.cause != mail::Cause::none) {
        event.cause = mail::to_string(outcome.cause);
    }
    event.rule = outcome.rule;
    event.code = outcome.code;
    event.status = outcome.status.cls == 0 ? std::string() : outcome.status.to_string();
    event.text = outcome.reply;
    event.attempt = static_cast<int>(decision.update.attempts);
    event.delay = std::chrono::duration_cast<Seconds>(
        std::max(tried.now - tried.message.accepted, Milliseconds(0)));
    if (decision.update.to == To::open) {
        event.next = std::chrono::ceil<Seconds>(
            std::max(decision.update.next_at - tried.now, Milliseconds(0)));
    }
    return event;
}

}  // namespace posthaste::queue
