#include "delivery/failure.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "delivery/classify.h"

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

// How an entry of the table differs from what its scope and status say.
enum class Extra : std::uint8_t {
    none,
    if_all,       // permanent once every host has said so
    door,         // permanent after a day
    protocol,     // permanent after five times
    ambiguous,    // perhaps it was taken
    quick,        // again in a minute, a few times
    suspend,      // the route stops
    short_pause,  // the route pauses for a minute
    crowd,        // O-15 if others were taken before
    loop,         // permanent at the best host
    no_login,     // 530: permanent (O-11), unless it wants TLS; smarthosts: see apply_reply
};

struct Row {
    Stage stage;
    What what;
    int from, to;  // codes of What::reply
    Scope scope;
    SiteSignal signal;
    mail::EnhancedStatus status;  // its class is the verdict; replies bring their own detail
    Cause cause;
    Extra extra = Extra::none;
};

constexpr auto kGood = SiteSignal::good;
constexpr auto kTrouble = SiteSignal::trouble;
constexpr auto kNeutral = SiteSignal::neutral;
constexpr auto kSlow = SiteSignal::slow_down;
using enum Stage;

// The first row that fits counts. Codes 500, 502 and 503 answer commands that every server knows:
// the two sides are out of step, which says nothing about the mail (O-25).
constexpr auto kRows = std::to_array<Row>({
    // O-2
    {connect, What::refused, 0, 0, Scope::host, kTrouble, {4, 4, 1}, Cause::no_answer},
    {connect, What::timed_out, 0, 0, Scope::host, kTrouble, {4, 4, 1}, Cause::no_answer},
    {connect, What::lost, 0, 0, Scope::host, kTrouble, {4, 4, 1}, Cause::no_answer},
    // O-4, O-5; 521: RFC 7504
    {banner, What::reply, 400, 499, Scope::host, kTrouble, {4, 3, 2}, Cause::unknown},
    {banner,
     What::reply,
     521,
     521,
     Scope::host,
     kTrouble,
     {5, 3, 2},
     Cause::null_mx,
     Extra::if_all},
    {banner, What::reply, 500, 599, Scope::host, kTrouble, {4, 3, 2}, Cause::block_ip, Extra::door},
    // O-6, O-7
    {ehlo, What::reply, 400, 499, Scope::host, kTrouble, {4, 3, 2}, Cause::unknown},
    {ehlo, What::reply, 500, 599, Scope::host, kTrouble, {4, 5, 0}, Cause::block_ip, Extra::door},
    {ehlo, What::ourselves, 0, 0, Scope::host, kNeutral, {4, 4, 6}, Cause::loop, Extra::loop},
    // O-8
    {starttls, What::reply, 421, 421, Scope::host, kTrouble, {4, 7, 0}, Cause::tls},
    {starttls, What::reply, 200, 599, Scope::host, kNeutral, {4, 7, 4}, Cause::tls},
    {starttls, What::not_offered, 0, 0, Scope::host, kNeutral, {4, 7, 4}, Cause::tls},
    {starttls, What::policy, 0, 0, Scope::host, kNeutral, {4, 7, 5}, Cause::tls},
    {starttls,
     What::insecure_path,
     0,
     0,
     Scope::host,
     kNeutral,
     {5, 7, 4},
     Cause::tls,
     Extra::if_all},
    {starttls,
     What::no_requiretls,
     0,
     0,
     Scope::host,
     kNeutral,
     {5, 7, 30},
     Cause::tls,
     Extra::if_all},
    {starttls, What::tls_failed, 0, 0, Scope::host, kNeutral, {4, 7, 5}, Cause::tls},
    {starttls, What::timed_out, 0, 0, Scope::host, kTrouble, {4, 7, 5}, Cause::tls},
    {starttls, What::lost, 0, 0, Scope::host, kTrouble, {4, 7, 5}, Cause::tls},
    {starttls, What::malformed, 0, 0, Scope::host, kNeutral, {4, 7, 5}, Cause::tls},
    // O-9
    {auth, What::reply, 421, 421, Scope::host, kTrouble, {4, 7, 0}, Cause::unknown},
    {auth,
     What::reply,
     400,
     499,
     Scope::route,
     kSlow,
     {4, 7, 0},
     Cause::rate_limited,
     Extra::short_pause},
    {auth,
     What::reply,
     200,
     599,
     Scope::route,
     kNeutral,
     {4, 7, 8},
     Cause::smarthost_auth,
     Extra::suspend},
    {auth,
     What::not_offered,
     0,
     0,
     Scope::route,
     kNeutral,
     {4, 7, 8},
     Cause::smarthost_auth,
     Extra::suspend},
    {auth,
     What::no_proof,
     0,
     0,
     Scope::route,
     kNeutral,
     {4, 7, 8},
     Cause::smarthost_auth,
     Extra::suspend},
    {auth,
     What::no_token,
     0,
     0,
     Scope::route,
     kNeutral,
     {4, 7, 8},
     Cause::smarthost_auth,
     Extra::suspend},
    {auth,
     What::no_token_now,
     0,
     0,
     Scope::route,
     kNeutral,
     {4, 7, 0},
     Cause::rate_limited,
     Extra::short_pause},
    // O-10 to O-12
    {mail, What::reply, 421, 421, Scope::host, kTrouble, {4, 3, 2}, Cause::unknown},
    {mail, What::reply, 400, 499, Scope::transaction, kGood, {4, 0, 0}, Cause::unknown},
    {mail, What::reply, 552, 552, Scope::host, kGood, {5, 3, 4}, Cause::too_large, Extra::if_all},
    {mail, What::reply, 530, 530, Scope::host, kGood, {4, 7, 0}, Cause::tls, Extra::no_login},
    {mail,
     What::reply,
     500,
     500,
     Scope::host,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::protocol},
    {mail,
     What::reply,
     502,
     503,
     Scope::host,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::protocol},
    {mail, What::reply, 500, 599, Scope::transaction, kGood, {5, 0, 0}, Cause::unknown},
    {mail, What::too_large, 0, 0, Scope::host, kGood, {5, 3, 4}, Cause::too_large, Extra::if_all},
    {mail, What::no_8bit, 0, 0, Scope::host, kGood, {5, 6, 3}, Cause::no_8bit, Extra::if_all},
    {mail,
     What::no_smtputf8,
     0,
     0,
     Scope::host,
     kGood,
     {5, 6, 7},
     Cause::no_smtputf8,
     Extra::if_all},
    // O-13 to O-16
    {rcpt, What::reply, 421, 421, Scope::host, kTrouble, {4, 3, 2}, Cause::unknown},
    {rcpt, What::reply, 452, 452, Scope::recipient, kGood, {4, 5, 3}, Cause::unknown, Extra::crowd},
    {rcpt, What::reply, 400, 499, Scope::recipient, kGood, {4, 0, 0}, Cause::unknown},
    {rcpt,
     What::reply,
     552,
     552,
     Scope::recipient,
     kGood,
     {5, 0, 0},
     Cause::mailbox_full,
     Extra::crowd},
    {rcpt, What::reply, 530, 530, Scope::host, kGood, {4, 7, 0}, Cause::tls, Extra::no_login},
    {rcpt,
     What::reply,
     500,
     500,
     Scope::host,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::protocol},
    {rcpt,
     What::reply,
     502,
     503,
     Scope::host,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::protocol},
    {rcpt, What::reply, 500, 599, Scope::recipient, kGood, {5, 0, 0}, Cause::unknown},
    // O-19
    {data, What::reply, 421, 421, Scope::host, kTrouble, {4, 3, 2}, Cause::unknown},
    {data, What::reply, 400, 499, Scope::transaction, kGood, {4, 0, 0}, Cause::unknown},
    {data,
     What::reply,
     500,
     500,
     Scope::host,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::protocol},
    {data,
     What::reply,
     502,
     503,
     Scope::host,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::protocol},
    {data, What::reply, 500, 599, Scope::transaction, kGood, {5, 0, 0}, Cause::unknown},
    // O-20
    {content,
     What::lost,
     0,
     0,
     Scope::host,
     kNeutral,
     {4, 4, 2},
     Cause::bad_connection,
     Extra::quick},
    {content,
     What::timed_out,
     0,
     0,
     Scope::host,
     kNeutral,
     {4, 4, 2},
     Cause::bad_connection,
     Extra::quick},
    // O-21 to O-23
    {final_dot, What::reply, 421, 421, Scope::transaction, kTrouble, {4, 3, 2}, Cause::unknown},
    {final_dot, What::reply, 400, 499, Scope::transaction, kGood, {4, 0, 0}, Cause::unknown},
    {final_dot, What::reply, 552, 552, Scope::transaction, kGood, {5, 3, 4}, Cause::too_large},
    {final_dot,
     What::reply,
     500,
     500,
     Scope::transaction,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::protocol},
    {final_dot,
     What::reply,
     502,
     503,
     Scope::transaction,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::protocol},
    {final_dot, What::reply, 500, 599, Scope::transaction, kGood, {5, 0, 0}, Cause::unknown},
    {final_dot,
     What::reply,
     200,
     399,
     Scope::transaction,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::ambiguous},
    {final_dot,
     What::malformed,
     0,
     0,
     Scope::transaction,
     kNeutral,
     {4, 5, 0},
     Cause::protocol,
     Extra::ambiguous},
    {final_dot,
     What::lost,
     0,
     0,
     Scope::transaction,
     kNeutral,
     {4, 4, 2},
     Cause::bad_connection,
     Extra::ambiguous},
    {final_dot,
     What::timed_out,
     0,
     0,
     Scope::transaction,
     kNeutral,
     {4, 4, 2},
     Cause::bad_connection,
     Extra::ambiguous},
    {final_dot,
     What::our_own,
     0,
     0,
     Scope::transaction,
     kNeutral,
     {4, 3, 0},
     Cause::none,
     Extra::ambiguous},
});

// Whatever the table has no row for: O-24 and O-25, at any stage.
Row fallback(const Incident& incident) {
    switch (incident.what) {
        case What::our_own:
            return {incident.stage,     incident.what, 0,         0,
                    Scope::transaction, kNeutral,      {4, 3, 0}, Cause::none};
        case What::reply:  // of the wrong class
        case What::malformed:
            return {incident.stage,  incident.what,  0, 0, Scope::host, kNeutral, {4, 5, 0},
                    Cause::protocol, Extra::protocol};
        case What::tls_failed:
            return {incident.stage, incident.what, 0,         0,
                    Scope::host,    kNeutral,      {4, 7, 5}, Cause::tls};
        default:
            return {incident.stage, incident.what, 0,         0,
                    Scope::host,    kTrouble,      {4, 4, 2}, Cause::bad_connection};
    }
}

Row find_row(const Incident& incident) {
    const auto fits = [&](const Row& row) {
        if (row.stage != incident.stage || row.what != incident.what) return false;
        return row.what != What::reply ||
               (incident.reply.code >= row.from && incident.reply.code <= row.to);
    };
    const auto row = std::ranges::find_if(kRows, fits);
    return row == kRows.end() ? fallback(incident) : *row;
}

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
        case What::timed_out:
            return "no answer in time";
        case What::lost:
            return "the connection was lost";
        case What::tls_failed:
            return "no secure connection";
        case What::malformed:
            return "its answer was no SMTP";
        case What::not_offered:
            return "it does not offer what is needed";
        case What::no_8bit:
            return "it does not take 8-bit text (8BITMIME)";
        case What::no_smtputf8:
            return "it does not take addresses beyond ASCII (SMTPUTF8)";
        case What::too_large:
            return "it takes no message of this size";
        case What::ourselves:
            return "it answers by this server's own name";
        case What::no_proof:
            return "it broke the rules of the login";
        case What::no_token:
        case What::no_token_now:
            return "there is no token to log in with";
        case What::policy:
            return "what the domain promises about TLS is not kept";
        case What::insecure_path:
            return "nothing proves that it is the domain's mail server";
        case What::no_requiretls:
            return "it does not offer to keep TLS all the way (REQUIRETLS)";
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

void apply_extra(const Row& row, const Incident& incident, const Circumstances& circumstances,
                 Judgement& judgement) {
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
            judgement.scope = row.stage == rcpt ? Scope::recipient : Scope::transaction;
            fail(incident.reply.status && incident.reply.status->cls == 5
                     ? *incident.reply.status
                     : mail::EnhancedStatus{5, 7, 0});
            judgement.permanent_if_all = false;
            outcome.retry_after.reset();
            if (outcome.cause == Cause::tls) outcome.cause = Cause::policy;
            return;
    }
}

// A reply's own words decide about its cause, and may turn its meaning.
void apply_reply(const Row& row, const Incident& incident, const Circumstances& circumstances,
                 Judgement& judgement) {
    const smtp::Reply& reply = incident.reply;
    mail::Outcome& outcome = judgement.outcome;
    outcome.code = reply.code;
    outcome.reply = reply_text(reply);
    if (reply.status && reply.status->cls == outcome.status.cls) outcome.status = *reply.status;
    const Classified classified = classify(reply, circumstances.smarthost);
    const bool telling = row.cause == Cause::protocol || row.cause == Cause::smarthost_auth;
    if (classified.cause != Cause::unknown && !telling) outcome.cause = classified.cause;
    if (outcome.verdict == Verdict::deferred) outcome.retry_after = classified.retry_after;
    if (classified.slow_down && judgement.signal != kTrouble) judgement.signal = kSlow;
    const bool login_wanted = circumstances.smarthost && reply.code == 530 && row.stage != starttls;
    if (!classified.suspend && !login_wanted) return;
    // Our login, our contract with the relay: never the fault of this one message.
    judgement.scope = Scope::route;
    judgement.suspend = classified.suspend.value_or(minutes(10));
    judgement.mend = classified.mend.empty()
                         ? "the relay wants a login: set [relay] username and password_file"
                         : std::string(classified.mend);
    if (!circumstances.may_have_login && judgement.mend.contains("[relay]")) {
        judgement.mend =
            "this hop wants a login, and a [[route]] has none: have the hop take this server's "
            "address, or send that mail through [relay]";
    }
    outcome.verdict = Verdict::deferred;
    if (outcome.status.cls == 5) outcome.status = {4, 7, 8};
    // A refused login is that, whatever else its words are about ("Client Submission").
    if (row.stage == auth) return;
    outcome.cause = classified.suspend ? classified.cause : Cause::smarthost_auth;
}

}  // namespace

std::string_view to_string(Stage stage) {
    switch (stage) {
        case connect:
            return "connect";
        case banner:
            return "greeting";
        case ehlo:
            return "EHLO";
        case starttls:
            return "STARTTLS";
        case auth:
            return "AUTH";
        case Stage::mail:
            return "MAIL FROM";
        case rcpt:
            return "RCPT TO";
        case data:
            return "DATA";
        case content:
            return "content";
        case final_dot:
            return "end of data";
    }
    std::unreachable();
}

Judgement judge(const Incident& incident, const Circumstances& circumstances) {
    const Row row = find_row(incident);
    Judgement judgement;
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
    if (row.stage == auth && judgement.mend.empty()) {
        judgement.mend = incident.what == What::not_offered
                             ? "the relay offers no login by password here: use its submission "
                               "port (587 or 465) and tls = \"verify\""
                             : "check [relay] username and password_file";
    }
    if (!incident.mend.empty()) judgement.mend = incident.mend;
    apply_extra(row, incident, circumstances, judgement);
    return judgement;
}

}  // namespace posthaste::delivery
