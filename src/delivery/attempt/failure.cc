#include "delivery/attempt/failure.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "delivery/attempt/outcome_table.h"
#include "delivery/login/oauth_mend.h"
#include "delivery/rules/verdict.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using mail::Cause;
using mail::Verdict;
using queue::SiteSignal;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kMostReply = 1024;
constexpr auto kRefusedForGood = hours(24);  // O-5: a host that refuses us at its door
constexpr std::uint32_t kMostProtocolErrors = 5;
constexpr std::uint32_t kMostQuickRetries = 3;
constexpr Seconds kAskAgain = minutes(30);  // a 5xx that a rule has turned

std::string reply_text(const smtp::Reply& reply) {
    std::string text = reply.status ? reply.status->to_string() : std::string();
    const std::string words = reply.text();
    if (!text.empty() && !words.empty()) text += ' ';
    return utf8::printable(text + words, kMostReply);
}

std::string_view describe(What what) {
    switch (what) {
        case What::refused:
            return "the connection was refused";
        case What::no_source:
            return "our server has no usable address to send from";
        case What::timed_out:
            return "no answer in time";
        case What::lost:
            return "the connection was lost";
        case What::tls_failed:
            return "no secure connection";
        case What::policy:
            return "what the domain promises about TLS is not kept";
        case What::insecure_path:
            return "nothing proves that it is the domain's mail server";
        case What::no_requiretls:
            return "it does not offer to keep TLS all the way (REQUIRETLS)";
        case What::malformed:
            return "its answer was no SMTP";
        case What::not_offered:
            return "it does not offer what is needed";
        case What::no_8bit:
            return "it does not take 8-bit text (8BITMIME)";
        case What::no_smtputf8:
            return "it does not take addresses beyond ASCII (SMTPUTF8)";
        case What::no_deliver_by:
            return "it does not keep the time that the sender has set (DELIVERBY)";
        case What::too_large:
            return "it takes no message of this size";
        case What::ourselves:
            return "it answers by this server's own name";
        case What::no_proof:
            return "it broke the rules of the login";
        case What::no_token:
        case What::no_token_now:
            return "there is no token to log in with";
        case What::our_own:
            return "our server had to break off";
        case What::reply:
            return "";
    }
    std::unreachable();
}

std::string our_words(const Incident& incident) {
    const std::string_view what = describe(incident.what);
    const std::string text = incident.text.empty()
                                 ? fmt::format("{} ({})", what, to_string(incident.stage))
                                 : fmt::format("{} ({})", incident.text, to_string(incident.stage));
    return utf8::printable(text, kMostReply);
}

// O-15: it takes some recipients, not all at once; a full mailbox says so by its status.
bool means_too_many(const Incident& incident, const Circumstances& circumstances) {
    if (circumstances.accepted == 0) return false;
    const auto& status = incident.reply.status;
    if (!status) return true;
    return status->subject == 5 && status->detail == 3;
}

// RFC 3207 §4: 530 asks for STARTTLS first; RFC 4954 §6: for a login.
bool wants_tls(const smtp::Reply& reply) {
    const std::string text = ascii::to_lower(reply.text());
    return text.contains("tls") || text.contains("encrypt");
}

void apply_extra(const OutcomeRow& row, const Incident& incident,
                 const Circumstances& circumstances, Judgement& judgement) {
    mail::Outcome& outcome = judgement.outcome;
    const auto fail = [&](mail::EnhancedStatus status) {
        outcome.verdict = Verdict::failed;
        outcome.status = status;
        judgement.permanent_if_all = true;
    };
    switch (row.extra) {
        case Extra::none:
            return;
        case Extra::if_all:
            judgement.permanent_if_all = true;
            return;
        case Extra::door:
            if (circumstances.age >= kRefusedForGood) fail({5, 3, 2});
            return;
        case Extra::protocol:
            if (circumstances.attempts + 1 >= kMostProtocolErrors) fail({5, 5, 0});
            return;
        case Extra::ambiguous:
            outcome.ambiguous = true;
            outcome.retry_after = minutes(30);
            return;
        case Extra::quick:
            if (circumstances.attempts < kMostQuickRetries) outcome.retry_after = minutes(1);
            return;
        case Extra::suspend:
            judgement.suspend = judgement.suspend.value_or(minutes(5));
            return;
        case Extra::short_pause:
            judgement.suspend = minutes(1);
            outcome.retry_after = minutes(1);
            return;
        case Extra::crowd:
            if (!means_too_many(incident, circumstances)) return;
            judgement.too_many_recipients = true;
            outcome.verdict = Verdict::deferred;
            outcome.status.cls = 4;
            outcome.charge_attempt = false;
            return;
        case Extra::loop:
            if (circumstances.best_host) fail({5, 4, 6});
            return;
        case Extra::no_login:
            if (judgement.scope == Scope::route || wants_tls(incident.reply)) return;
            // A mail exchanger that wants a login from everybody takes no mail of strangers.
            judgement.scope = row.stage == Stage::rcpt ? Scope::recipient : Scope::transaction;
            fail(incident.reply.status && incident.reply.status->cls == 5
                     ? *incident.reply.status
                     : mail::EnhancedStatus{5, 7, 0});
            judgement.permanent_if_all = false;
            outcome.retry_after.reset();
            if (outcome.cause == Cause::tls) outcome.cause = Cause::policy;
            return;
    }
}

ReplyFacts facts_about(const OutcomeRow& row, const smtp::Reply& reply,
                       const Circumstances& circumstances) {
    ReplyFacts facts;
    facts.code = reply.code;
    facts.status = reply.status;
    facts.text = reply.text();
    facts.host = circumstances.host;
    facts.stage = row.stage;
    facts.smarthost = circumstances.smarthost;
    return facts;
}

// A rule may turn a reply: a 5xx about our repute is no word about the mail, yet it is not asked
// for longer than a day (delivery.md 6.4).
void apply_turn(const OutcomeRow& row, const Reading& reading, const Circumstances& circumstances,
                Judgement& judgement) {
    mail::Outcome& outcome = judgement.outcome;
    if (row.scope != Scope::recipient && row.scope != Scope::transaction) return;
    if (reading.turn == Turn::defer && outcome.verdict == Verdict::failed &&
        circumstances.age < reading.limit) {
        outcome.verdict = Verdict::deferred;
        outcome.status.cls = 4;
        outcome.retry_after = reading.retry_after.value_or(kAskAgain);
    }
    if (reading.turn == Turn::fail && outcome.verdict == Verdict::deferred) {
        outcome.verdict = Verdict::failed;
        outcome.status.cls = 5;
        outcome.retry_after.reset();
    }
}

void stop_route(const OutcomeRow& row, const Reading& reading, const Circumstances& circumstances,
                Judgement& judgement) {
    // Our login, our contract with the relay: never the fault of this one message.
    judgement.scope = Scope::route;
    judgement.suspend = reading.suspend.value_or(minutes(10));
    judgement.mend = reading.mend.empty()
                         ? "the relay wants a login: set [relay] username and password_file"
                         : reading.mend;
    if (!circumstances.may_have_login && judgement.mend.contains("[relay]")) {
        judgement.mend =
            "this hop wants a login: set username and password_file in its [[route]], or have the "
            "hop "
            "take this server's address";
    }
    mail::Outcome& outcome = judgement.outcome;
    outcome.verdict = Verdict::deferred;
    if (outcome.status.cls == 5) outcome.status = {4, 7, 8};
    // A refused login is that, whatever else its words are about ("Client Submission").
    if (row.stage == Stage::auth) return;
    outcome.cause = reading.suspend ? reading.cause : Cause::smarthost_auth;
}

// A reply's own words decide about its cause, and may turn its meaning.
void apply_reply(const OutcomeRow& row, const Incident& incident,
                 const Circumstances& circumstances, Judgement& judgement) {
    const smtp::Reply& reply = incident.reply;
    mail::Outcome& outcome = judgement.outcome;
    outcome.code = reply.code;
    outcome.reply = reply_text(reply);
    if (reply.status && reply.status->cls == outcome.status.cls) outcome.status = *reply.status;
    const VerdictRules& rules =
        circumstances.rules != nullptr ? *circumstances.rules : VerdictRules::builtin();
    const Reading reading = rules.read(facts_about(row, reply, circumstances));
    const bool telling = row.cause == Cause::protocol || row.cause == Cause::smarthost_auth;
    if (!telling) {
        outcome.rule = reading.rule;
        if (reading.cause != Cause::unknown) outcome.cause = reading.cause;
        apply_turn(row, reading, circumstances, judgement);
    }
    if (outcome.verdict == Verdict::deferred && !outcome.retry_after && reply.transient()) {
        outcome.retry_after = reading.retry_after;
    }
    if (reading.slow_down && judgement.signal != SiteSignal::trouble) {
        judgement.signal = SiteSignal::slow_down;
    }
    const bool login_wanted =
        circumstances.smarthost && reply.code == 530 && row.stage != Stage::starttls;
    if (!reading.suspend && !login_wanted) return;
    outcome.rule = reading.rule;
    outcome.retry_after.reset();
    stop_route(row, reading, circumstances, judgement);
}

}  // namespace

Judgement judge(const Incident& incident, const Circumstances& circumstances) {
    const OutcomeRow row = find_outcome(incident);
    Judgement judgement;
    judgement.row = row.number;
    judgement.scope = row.scope;
    judgement.signal = row.signal;
    judgement.outcome.verdict = row.status.cls == 5 ? Verdict::failed : Verdict::deferred;
    judgement.outcome.status = row.status;
    judgement.outcome.cause = row.cause;
    if (incident.what == What::reply) {
        apply_reply(row, incident, circumstances, judgement);
    } else {
        judgement.outcome.reply = our_words(incident);
    }
    if (row.stage == Stage::auth && judgement.mend.empty()) {
        judgement.mend = incident.what == What::not_offered
                             ? "the relay offers no login by password here: use its submission "
                               "port (587 or 465) and tls = \"verify\""
                             : "check [relay] username and password_file";
    }
    if (!incident.mend.empty()) judgement.mend = incident.mend;
    judgement.mend = in_section(std::move(judgement.mend), circumstances.route);
    apply_extra(row, incident, circumstances, judgement);
    return judgement;
}

}  // namespace posthaste::delivery
