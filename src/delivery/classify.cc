#include "delivery/classify.h"

#include "base/ascii.h"

#include <algorithm>
#include <array>

namespace posthaste::delivery {

namespace {

using mail::Cause;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kMostText = 2048;

// What stops a whole smarthost route, with the mend.
struct RouteRow {
    std::string_view needle;  // in lower case, against "code status text"
    std::chrono::minutes suspend;
    std::string_view mend;
};

constexpr std::string_view kTenantSwitch =
    "Microsoft 365 has SMTP AUTH switched off for the tenant: its administrator runs "
    "Set-TransportConfig -SmtpClientAuthenticationDisabled $false, or choose another relay";
constexpr std::string_view kPassword =
    "check [relay] username and password_file; with two-step sign-in an app password is needed";

constexpr auto kRouteRows = std::to_array<RouteRow>({
    {"smtpclientauthentication is disabled for the mailbox", minutes(30),
     "Microsoft 365 has SMTP AUTH switched off for this mailbox: its administrator runs "
     "Set-CASMailbox -Identity <login> -SmtpClientAuthenticationDisabled $false"},
    {"smtpclientauthentication is disabled", minutes(30), kTenantSwitch},
    {"basic authentication is disabled", minutes(30), kTenantSwitch},
    {"basic authentication is not supported", minutes(30),
     "Microsoft 365 takes no passwords here any more: choose another relay"},
    {"5.7.30 ", minutes(30),
     "Microsoft 365 takes no passwords here any more: choose another relay"},
    {"sts service was unreachable", minutes(10),
     "the sign-in server of this Microsoft 365 tenant is down: ask its administrator"},
    {"sts url does not support", minutes(30),
     "the sign-in server of this Microsoft 365 tenant lacks HTTPS: ask its administrator"},
    {"5.7.139", minutes(30), kTenantSwitch},
    {"5.7.57", minutes(30),
     "the relay wants a login: set [relay] username and password_file, and tls = \"verify\""},
    {"not authenticated to send", minutes(30),
     "the relay wants a login: set [relay] username and password_file, and tls = \"verify\""},
    {"mapiexceptionlogonfailed", minutes(30),
     "the login may not use this mailbox: Microsoft 365's administrator runs "
     "Add-MailboxPermission for it"},
    {"tenantattribution", minutes(30),
     "Microsoft 365 does not know this server: update the address or certificate of the connector"},
    {"wrong office 365 region", minutes(30),
     "the connector in Microsoft 365 does not fit this server: update it"},
    {"direct send not allowed", minutes(30),
     "the tenant refuses Direct Send: make a connector with this server's address or certificate"},
    {"bad outbound sender", minutes(30),
     "Microsoft 365 has restricted this account for spam: unblock it under Restricted entities"},
    {"daily smtp relay limit", hours(1), "the relay's daily limit is reached: wait, or raise it"},
    {"daily user sending", hours(1), "the relay's daily limit is reached: wait, or raise it"},
    {"peak smtp relay limit", minutes(5), "the relay's limit is reached: wait, or raise it"},
    {"message submission rate", minutes(5), "the relay's limit is reached: wait, or raise it"},
    {"storedrv.submission; daily", hours(1),
     "the relay's daily limit is reached: wait, or raise it"},
    {"username and password not accepted", minutes(10), kPassword},
    {"invalid credentials for relay", minutes(10),
     "the relay does not know this server: allow its address, or set [relay] username and "
     "password_file"},
    {"authentication required", minutes(10),
     "the relay wants a login: set [relay] username and password_file"},
    {"authentication is required", minutes(10),
     "the relay wants a login: set [relay] username and password_file"},
    {"authentication unsuccessful", minutes(10), kPassword},
});

struct TextRow {
    std::string_view needle;
    Cause cause;
};

// The first that is found decides: the more telling words stand first.
constexpr auto kTextRows = std::to_array<TextRow>({
    {"greylist", Cause::greylisted},
    {"graylist", Cause::greylisted},
    {"grey-list", Cause::greylisted},
    {"grey list", Cause::greylisted},
    {"postgrey", Cause::greylisted},
    {"dmarc", Cause::sender_auth},
    {"unauthenticated email", Cause::sender_auth},
    {"spf check", Cause::sender_auth},
    {"spf fail", Cause::sender_auth},
    {"spf record", Cause::sender_auth},
    {"dkim", Cause::sender_auth},
    {"sender authentication", Cause::sender_auth},
    {"sender id", Cause::sender_auth},
    {"mailbox full", Cause::mailbox_full},
    {"mailbox is full", Cause::mailbox_full},
    {"over quota", Cause::mailbox_full},
    {"overquota", Cause::mailbox_full},
    {"over-quota", Cause::mailbox_full},
    {"quota exceeded", Cause::mailbox_full},
    {"exceeded quota", Cause::mailbox_full},
    {"exceeded storage", Cause::mailbox_full},
    {"out of storage space", Cause::mailbox_full},
    {"storage allocation", Cause::mailbox_full},
    {"mailbox size limit", Cause::mailbox_full},
    {"too many connections", Cause::rate_limited},
    {"concurrent connection", Cause::rate_limited},
    {"thread limit exceeded", Cause::rate_limited},
    {"rate limit", Cause::rate_limited},
    {"ratelimit", Cause::rate_limited},
    {"rate-limit", Cause::rate_limited},
    {"throttl", Cause::rate_limited},
    {"too many messages", Cause::rate_limited},
    {"too fast", Cause::rate_limited},
    {"unusual rate", Cause::rate_limited},
    {"sending limit", Cause::rate_limited},
    {"smtp relay limit", Cause::rate_limited},
    {"frequency limited", Cause::rate_limited},
    {"server busy", Cause::rate_limited},
    {"relay access denied", Cause::relaying_denied},
    {"relaying denied", Cause::relaying_denied},
    {"relay denied", Cause::relaying_denied},
    {"relay not permitted", Cause::relaying_denied},
    {"relaying not permitted", Cause::relaying_denied},
    {"not permitted to relay", Cause::relaying_denied},
    {"unable to relay", Cause::relaying_denied},
    {"do not relay", Cause::relaying_denied},
    {"permissions to send as", Cause::invalid_sender},
    {"sendasdenied", Cause::invalid_sender},
    {"sender address rejected", Cause::invalid_sender},
    {"sender denied", Cause::invalid_sender},
    {"sender rejected", Cause::invalid_sender},
    {"invalid sender", Cause::invalid_sender},
    {"sender verify", Cause::invalid_sender},
    {"domain of sender", Cause::invalid_sender},
    {"sender domain", Cause::invalid_sender},
    {"must issue a starttls", Cause::tls},
    {"starttls is required", Cause::tls},
    {"encryption required", Cause::tls},
    {"encryption is required", Cause::tls},
    {"requires tls", Cause::tls},
    {"tls required", Cause::tls},
    {"tls is required", Cause::tls},
    {"too many hops", Cause::loop},
    {"mail loop", Cause::loop},
    {"routing loop", Cause::loop},
    {"loops back", Cause::loop},
    {"message too large", Cause::too_large},
    {"message too big", Cause::too_large},
    {"message is too large", Cause::too_large},
    {"exceeds size limit", Cause::too_large},
    {"size limit", Cause::too_large},
    {"maximum message size", Cause::too_large},
    {"exceeds fixed", Cause::too_large},
    {"domain does not exist", Cause::bad_domain},
    {"domain not found", Cause::bad_domain},
    {"unknown domain", Cause::bad_domain},
    {"user unknown", Cause::invalid_recipient},
    {"unknown user", Cause::invalid_recipient},
    {"unknown recipient", Cause::invalid_recipient},
    {"recipient unknown", Cause::invalid_recipient},
    {"no such user", Cause::invalid_recipient},
    {"no such recipient", Cause::invalid_recipient},
    {"no such mailbox", Cause::invalid_recipient},
    {"no such address", Cause::invalid_recipient},
    {"no mailbox", Cause::invalid_recipient},
    {"recipient not found", Cause::invalid_recipient},
    {"recipientnotfound", Cause::invalid_recipient},
    {"user not found", Cause::invalid_recipient},
    {"mailbox not found", Cause::invalid_recipient},
    {"address unknown", Cause::invalid_recipient},
    {"unknown address", Cause::invalid_recipient},
    {"unrouteable address", Cause::invalid_recipient},
    {"invalid recipient", Cause::invalid_recipient},
    {"invalid mailbox", Cause::invalid_recipient},
    {"address does not exist", Cause::invalid_recipient},
    {"account does not exist", Cause::invalid_recipient},
    {"to reach does not exist", Cause::invalid_recipient},
    {"user doesn't exist", Cause::invalid_recipient},
    {"mailbox disabled", Cause::inactive_mailbox},
    {"mailbox is disabled", Cause::inactive_mailbox},
    {"account disabled", Cause::inactive_mailbox},
    {"account is disabled", Cause::inactive_mailbox},
    {"account has been disabled", Cause::inactive_mailbox},
    {"account that you tried to reach is inactive", Cause::inactive_mailbox},
    {"mailbox is inactive", Cause::inactive_mailbox},
    {"account closed", Cause::inactive_mailbox},
    {"user suspended", Cause::inactive_mailbox},
    {"blacklist", Cause::block_ip},
    {"blocklist", Cause::block_ip},
    {"block list", Cause::block_ip},
    {"black list", Cause::block_ip},
    {"spamhaus", Cause::block_ip},
    {"spamcop", Cause::block_ip},
    {"barracudacentral", Cause::block_ip},
    {"dnsbl", Cause::block_ip},
    {"banned sending ip", Cause::block_ip},
    {"reputation", Cause::block_ip},
    {"reverse dns", Cause::block_ip},
    {"reverse lookup", Cause::block_ip},
    {"reverse hostname", Cause::block_ip},
    {"ptr record", Cause::block_ip},
    {"client host rejected", Cause::block_ip},
    {"blocked using", Cause::block_ip},
    {"ip address is blocked", Cause::block_ip},
    {"(s3140)", Cause::block_ip},
    {"(s3150)", Cause::block_ip},
    {"(nowl)", Cause::block_ip},
    {"spam", Cause::spam_content},
    {"virus", Cause::spam_content},
    {"phish", Cause::spam_content},
    {"malware", Cause::spam_content},
    {"message content", Cause::spam_content},
    {"content rejected", Cause::spam_content},
    {"unsolicited", Cause::spam_content},
});

struct StatusRow {
    std::uint16_t subject;
    std::uint16_t detail;
    Cause cause;
};

// RFC 3463 and the registry.
constexpr auto kStatusRows = std::to_array<StatusRow>({
    {1, 1, Cause::invalid_recipient},
    {1, 2, Cause::bad_domain},
    {1, 3, Cause::invalid_recipient},
    {1, 4, Cause::invalid_recipient},
    {1, 6, Cause::inactive_mailbox},
    {1, 7, Cause::invalid_sender},
    {1, 8, Cause::invalid_sender},
    {1, 10, Cause::null_mx},
    {2, 1, Cause::inactive_mailbox},
    {2, 2, Cause::mailbox_full},
    {2, 3, Cause::too_large},
    {3, 4, Cause::too_large},
    {4, 1, Cause::no_answer},
    {4, 2, Cause::bad_connection},
    {4, 3, Cause::dns_failure},
    {4, 4, Cause::routing},
    {4, 5, Cause::rate_limited},
    {4, 6, Cause::loop},
    {5, 1, Cause::protocol},
    {5, 2, Cause::protocol},
    {5, 4, Cause::protocol},
    {6, 3, Cause::no_8bit},
    {6, 7, Cause::no_smtputf8},
    {7, 1, Cause::policy},
    {7, 10, Cause::tls},
    {7, 20, Cause::sender_auth},
    {7, 21, Cause::sender_auth},
    {7, 22, Cause::sender_auth},
    {7, 23, Cause::sender_auth},
    {7, 24, Cause::sender_auth},
    {7, 25, Cause::block_ip},
    {7, 26, Cause::sender_auth},
    {7, 27, Cause::invalid_sender},
    {7, 28, Cause::rate_limited},
    {7, 515, Cause::sender_auth},
    {7, 520, Cause::spam_content},
    {7, 606, Cause::block_ip},
    {7, 511, Cause::block_ip},
});

Cause cause_by_code(int code) {
    switch (code) {
        case 552:
            return Cause::too_large;
        case 556:
            return Cause::null_mx;
        case 530:
        case 538:
            return Cause::tls;
        default:
            return Cause::unknown;
    }
}

Cause find_cause(const smtp::Reply& reply, std::string_view text) {
    for (const TextRow& row : kTextRows) {
        if (text.contains(row.needle)) return row.cause;
    }
    if (reply.status) {
        for (const StatusRow& row : kStatusRows) {
            if (row.subject == reply.status->subject && row.detail == reply.status->detail) {
                return row.cause;
            }
        }
        if (reply.status->subject == 7) return Cause::policy;
    }
    return cause_by_code(reply.code);
}

bool is_wait_word(std::string_view word) {
    return word == "in" || word == "after" || word == "wait" || word == "for" || word == "next" ||
           word == "least";
}

struct Cursor {
    std::string_view text;
    std::size_t at = 0;

    bool ended() const { return at >= text.size(); }

    std::string_view take_while(auto belongs) {
        const std::size_t begin = at;
        while (!ended() && belongs(text[at])) ++at;
        return text.substr(begin, at - begin);
    }
};

std::optional<long> to_number(std::string_view digits) {
    if (digits.empty() || digits.size() > 6) return std::nullopt;
    long value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value;
}

// "00:04:37" or "04:37", the first number read already.
std::optional<long> read_clock(Cursor& cursor, long first) {
    long value = first;
    int parts = 1;
    while (!cursor.ended() && cursor.text[cursor.at] == ':' && parts < 3) {
        ++cursor.at;
        const auto number = to_number(cursor.take_while(ascii::is_digit));
        if (!number || *number > 59) return std::nullopt;
        value = value * 60 + *number;
        ++parts;
    }
    if (parts == 1) return std::nullopt;
    return value;
}

std::optional<long> unit_in_seconds(std::string_view word) {
    if (word == "s" || word.starts_with("sec")) return 1;
    if (word == "m" || word.starts_with("min")) return 60;
    if (word == "h" || word.starts_with("hour") || word.starts_with("hr")) return 3600;
    return std::nullopt;
}

}  // namespace

std::optional<Seconds> find_wait(std::string_view text) {
    Cursor cursor{text.substr(0, kMostText)};
    std::string_view before;
    while (!cursor.ended()) {
        if (const auto word = cursor.take_while(ascii::is_alpha); !word.empty()) {
            before = word;
            continue;
        }
        const auto digits = cursor.take_while(ascii::is_digit);
        if (digits.empty()) {
            ++cursor.at;
            continue;
        }
        const bool meant = is_wait_word(std::exchange(before, {}));
        const auto number = to_number(digits);
        if (!meant || !number) continue;
        std::optional<long> wait = read_clock(cursor, *number);
        if (!wait) {
            cursor.take_while([](char c) { return c == ' ' || c == '-'; });
            const auto unit = unit_in_seconds(cursor.take_while(ascii::is_alpha));
            if (unit) wait = *number * *unit;
        }
        if (wait && *wait >= 1 && *wait <= 86'400) return Seconds(*wait);
    }
    return std::nullopt;
}

Classified classify(const smtp::Reply& reply, bool smarthost) {
    std::string text = std::to_string(reply.code) + ' ';
    if (reply.status) text += reply.status->to_string() + ' ';
    text += reply.text();
    if (text.size() > kMostText) text.resize(kMostText);
    text = ascii::to_lower(text);

    Classified classified;
    if (smarthost && reply.code >= 400) {
        const auto row = std::ranges::find_if(
            kRouteRows, [&](const RouteRow& candidate) { return text.contains(candidate.needle); });
        if (row != kRouteRows.end()) {
            const bool limit = text.contains("limit") || text.contains("submission");
            classified.cause = limit ? Cause::rate_limited : Cause::smarthost_auth;
            classified.suspend = row->suspend;
            classified.mend = row->mend;
            return classified;
        }
    }
    classified.cause = find_cause(reply, text);
    if (reply.transient()) classified.retry_after = find_wait(text);
    classified.slow_down = reply.transient() && classified.cause == Cause::rate_limited;
    return classified;
}

}  // namespace posthaste::delivery
