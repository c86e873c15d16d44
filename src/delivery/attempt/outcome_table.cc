#include "delivery/attempt/outcome_table.h"

#include <algorithm>
#include <array>

namespace posthaste::delivery {

namespace {

using mail::Cause;
using queue::SiteSignal;
using enum Stage;
using enum What;

constexpr auto kGood = SiteSignal::good;
constexpr auto kTrouble = SiteSignal::trouble;
constexpr auto kNeutral = SiteSignal::neutral;
constexpr auto kSlow = SiteSignal::slow_down;
constexpr auto kOne = Scope::recipient;
constexpr auto kAll = Scope::transaction;
constexpr auto kHost = Scope::host;
constexpr auto kRoute = Scope::route;

// Codes 500, 502 and 503 answer commands that every server knows: the two sides are out of step,
// which says nothing about the mail (O-25).
// clang-format off
constexpr auto kRows = std::to_array<OutcomeRow>({
    { 2, connect,   refused,      0,   0,   kHost,  kTrouble, {4, 4, 1}, Cause::no_answer,      Extra::none},
    { 2, connect,   timed_out,    0,   0,   kHost,  kTrouble, {4, 4, 1}, Cause::no_answer,      Extra::none},
    { 2, connect,   lost,         0,   0,   kHost,  kTrouble, {4, 4, 1}, Cause::no_answer,      Extra::none},
    { 3, connect,   no_source,    0,   0,   kHost,  kNeutral, {4, 3, 5}, Cause::none,           Extra::none},
    { 4, banner,    What::reply,  400, 499, kHost,  kTrouble, {4, 3, 2}, Cause::unknown,        Extra::none},
    { 5, banner,    What::reply,  521, 521, kHost,  kTrouble, {5, 3, 2}, Cause::null_mx,        Extra::if_all},  // RFC 7504
    { 5, banner,    What::reply,  500, 599, kHost,  kTrouble, {4, 3, 2}, Cause::block_ip,       Extra::door},
    { 6, ehlo,      What::reply,  500, 599, kHost,  kTrouble, {4, 5, 0}, Cause::block_ip,       Extra::door},
    { 7, ehlo,      What::reply,  400, 499, kHost,  kTrouble, {4, 3, 2}, Cause::unknown,        Extra::none},
    { 7, ehlo,      ourselves,    0,   0,   kHost,  kNeutral, {4, 4, 6}, Cause::loop,           Extra::loop},
    { 8, starttls,  What::reply,  421, 421, kHost,  kTrouble, {4, 7, 0}, Cause::tls,            Extra::none},
    { 8, starttls,  What::reply,  200, 599, kHost,  kNeutral, {4, 7, 4}, Cause::tls,            Extra::none},
    { 8, starttls,  not_offered,  0,   0,   kHost,  kNeutral, {4, 7, 4}, Cause::tls,            Extra::none},
    { 8, starttls,  policy,       0,   0,   kHost,  kNeutral, {4, 7, 5}, Cause::tls,            Extra::none},
    { 8, starttls,  insecure_path, 0,  0,   kHost,  kNeutral, {5, 7, 4}, Cause::tls,            Extra::if_all},
    { 8, starttls,  no_requiretls, 0,  0,   kHost,  kNeutral, {5, 7, 30}, Cause::tls,           Extra::if_all},
    { 8, starttls,  tls_failed,   0,   0,   kHost,  kNeutral, {4, 7, 5}, Cause::tls,            Extra::none},
    { 8, starttls,  timed_out,    0,   0,   kHost,  kTrouble, {4, 7, 5}, Cause::tls,            Extra::none},
    { 8, starttls,  lost,         0,   0,   kHost,  kTrouble, {4, 7, 5}, Cause::tls,            Extra::none},
    { 8, starttls,  malformed,    0,   0,   kHost,  kNeutral, {4, 7, 5}, Cause::tls,            Extra::none},
    { 9, auth,      What::reply,  421, 421, kHost,  kTrouble, {4, 7, 0}, Cause::unknown,        Extra::none},
    { 9, auth,      What::reply,  400, 499, kRoute, kSlow,    {4, 7, 0}, Cause::rate_limited,   Extra::short_pause},
    { 9, auth,      What::reply,  200, 599, kRoute, kNeutral, {4, 7, 8}, Cause::smarthost_auth, Extra::suspend},
    { 9, auth,      not_offered,  0,   0,   kRoute, kNeutral, {4, 7, 8}, Cause::smarthost_auth, Extra::suspend},
    { 9, auth,      no_token,     0,   0,   kRoute, kNeutral, {4, 7, 8}, Cause::smarthost_auth, Extra::suspend},
    { 9, auth,      no_token_now, 0,   0,   kRoute, kNeutral, {4, 7, 0}, Cause::rate_limited,   Extra::short_pause},
    { 9, auth,      no_proof,     0,   0,   kRoute, kNeutral, {4, 7, 8}, Cause::smarthost_auth, Extra::suspend},
    {24, Stage::mail, What::reply, 421, 421, kHost,  kTrouble, {4, 3, 2}, Cause::unknown,       Extra::none},
    {10, Stage::mail, What::reply, 400, 499, kAll,   kGood,    {4, 0, 0}, Cause::unknown,       Extra::none},
    {12, Stage::mail, What::reply, 552, 552, kHost,  kGood,    {5, 3, 4}, Cause::too_large,     Extra::if_all},
    {11, Stage::mail, What::reply, 530, 530, kHost,  kGood,    {4, 7, 0}, Cause::tls,           Extra::no_login},
    {25, Stage::mail, What::reply, 500, 500, kHost,  kNeutral, {4, 5, 0}, Cause::protocol,      Extra::protocol},
    {25, Stage::mail, What::reply, 502, 503, kHost,  kNeutral, {4, 5, 0}, Cause::protocol,      Extra::protocol},
    {11, Stage::mail, What::reply, 500, 599, kAll,   kGood,    {5, 0, 0}, Cause::unknown,       Extra::none},
    {12, Stage::mail, too_large,   0,   0,   kHost,  kGood,    {5, 3, 4}, Cause::too_large,     Extra::if_all},
    {12, Stage::mail, no_8bit,     0,   0,   kHost,  kGood,    {5, 6, 3}, Cause::no_8bit,       Extra::if_all},
    {12, Stage::mail, no_smtputf8, 0,   0,   kHost,  kGood,    {5, 6, 7}, Cause::no_smtputf8,   Extra::if_all},
    {12, Stage::mail, no_deliver_by, 0, 0,  kHost,  kGood,    {5, 3, 3}, Cause::expired,      Extra::if_all},
    {24, rcpt,      What::reply,  421, 421, kHost,  kTrouble, {4, 3, 2}, Cause::unknown,        Extra::none},
    {15, rcpt,      What::reply,  452, 452, kOne,   kGood,    {4, 5, 3}, Cause::unknown,        Extra::crowd},
    {14, rcpt,      What::reply,  400, 499, kOne,   kGood,    {4, 0, 0}, Cause::unknown,        Extra::none},
    {15, rcpt,      What::reply,  552, 552, kOne,   kGood,    {5, 0, 0}, Cause::mailbox_full,   Extra::crowd},
    {16, rcpt,      What::reply,  530, 530, kHost,  kGood,    {4, 7, 0}, Cause::tls,            Extra::no_login},
    {25, rcpt,      What::reply,  500, 500, kHost,  kNeutral, {4, 5, 0}, Cause::protocol,       Extra::protocol},
    {25, rcpt,      What::reply,  502, 503, kHost,  kNeutral, {4, 5, 0}, Cause::protocol,       Extra::protocol},
    {16, rcpt,      What::reply,  500, 599, kOne,   kGood,    {5, 0, 0}, Cause::unknown,        Extra::none},
    {24, data,      What::reply,  421, 421, kHost,  kTrouble, {4, 3, 2}, Cause::unknown,        Extra::none},
    {19, data,      What::reply,  400, 499, kAll,   kGood,    {4, 0, 0}, Cause::unknown,        Extra::none},
    {25, data,      What::reply,  500, 500, kHost,  kNeutral, {4, 5, 0}, Cause::protocol,       Extra::protocol},
    {25, data,      What::reply,  502, 503, kHost,  kNeutral, {4, 5, 0}, Cause::protocol,       Extra::protocol},
    {19, data,      What::reply,  500, 599, kAll,   kGood,    {5, 0, 0}, Cause::unknown,        Extra::none},
    {20, content,   lost,         0,   0,   kHost,  kNeutral, {4, 4, 2}, Cause::bad_connection, Extra::quick},
    {20, content,   timed_out,    0,   0,   kHost,  kNeutral, {4, 4, 2}, Cause::bad_connection, Extra::quick},
    {24, final_dot, What::reply,  421, 421, kAll,   kTrouble, {4, 3, 2}, Cause::unknown,        Extra::none},
    {23, final_dot, What::reply,  400, 499, kAll,   kGood,    {4, 0, 0}, Cause::unknown,        Extra::none},
    {23, final_dot, What::reply,  552, 552, kAll,   kGood,    {5, 3, 4}, Cause::too_large,      Extra::none},
    {25, final_dot, What::reply,  500, 500, kAll,   kNeutral, {4, 5, 0}, Cause::protocol,       Extra::protocol},
    {25, final_dot, What::reply,  502, 503, kAll,   kNeutral, {4, 5, 0}, Cause::protocol,       Extra::protocol},
    {23, final_dot, What::reply,  500, 599, kAll,   kGood,    {5, 0, 0}, Cause::unknown,        Extra::none},
    {21, final_dot, What::reply,  200, 399, kAll,   kNeutral, {4, 5, 0}, Cause::protocol,       Extra::ambiguous},
    {21, final_dot, malformed,    0,   0,   kAll,   kNeutral, {4, 5, 0}, Cause::protocol,       Extra::ambiguous},
    {21, final_dot, tls_failed,   0,   0,   kAll,   kNeutral, {4, 4, 2}, Cause::bad_connection, Extra::ambiguous},
    {21, final_dot, lost,         0,   0,   kAll,   kNeutral, {4, 4, 2}, Cause::bad_connection, Extra::ambiguous},
    {21, final_dot, timed_out,    0,   0,   kAll,   kNeutral, {4, 4, 2}, Cause::bad_connection, Extra::ambiguous},
    {21, final_dot, our_own,      0,   0,   kAll,   kNeutral, {4, 3, 0}, Cause::none,           Extra::ambiguous},
});
// clang-format on

OutcomeRow fallback(const Incident& incident) {
    OutcomeRow row{24,       incident.stage, incident.what,        0, 0, kHost,
                   kTrouble, {4, 4, 2},      Cause::bad_connection};
    switch (incident.what) {
        case What::our_own:
            row = {0, incident.stage, incident.what, 0, 0, kAll, kNeutral, {4, 3, 0}, Cause::none};
            break;
        case What::reply:  // of the wrong class
        case What::malformed:
            row = {25,        incident.stage,  incident.what,  0, 0, kHost, kNeutral,
                   {4, 5, 0}, Cause::protocol, Extra::protocol};
            break;
        case What::tls_failed:
            row = {8, incident.stage, incident.what, 0, 0, kHost, kNeutral, {4, 7, 5}, Cause::tls};
            break;
        default:
            break;
    }
    return row;
}

}  // namespace

std::span<const OutcomeRow> outcome_table() {
    return kRows;
}

OutcomeRow find_outcome(const Incident& incident) {
    const auto fits = [&](const OutcomeRow& row) {
        if (row.stage != incident.stage || row.what != incident.what) return false;
        return row.what != What::reply ||
               (incident.reply.code >= row.from && incident.reply.code <= row.to);
    };
    const auto row = std::ranges::find_if(kRows, fits);
    return row == kRows.end() ? fallback(incident) : *row;
}

}  // namespace posthaste::delivery
