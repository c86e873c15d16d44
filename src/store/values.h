// What the store holds: the queue's messages and recipients, and the directory of who may send.
#pragma once

#include "base/id.h"
#include "base/secret.h"
#include "base/time.h"
#include "mail/envelope.h"
#include "mail/outcome.h"
#include "store/queue_time.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace posthaste::store {

// The content's body as written: in memory (at most kInlineBody octets) or in a file of its own
// that is already synced, with its directory, when the change that names it is submitted.
struct Body {
    std::shared_ptr<const std::string> octets;  // null when in a file
    std::string file;                           // name inside the content folder, empty when inline
    std::uint64_t size = 0;
    std::uint32_t crc = 0;  // crc32c of the octets, verified when read
};

constexpr std::size_t kInlineBody = 256 << 10;

enum class MessageKind : std::uint8_t { mail = 0, dsn = 1 };

// Who sends, which decides how long is tried and who is told (delivery.md 3.2, 6.1).
enum class Profile : std::uint8_t { human = 0, transactional = 1, bulk = 2 };

// How an account's senders are told what became of their mail, where they did not ask by NOTIFY.
enum class ReportWish : std::uint8_t {
    usual = 0,   // by profile: newsletters get none
    each = 1,    // a report of its own for every message
    none = 2,    // events and history alone
    digest = 3,  // one message for all of an hour
};

// What the sender asks of TLS on the way (RFC 8689).
enum class TlsWish : std::uint8_t {
    none = 0,
    required = 1,  // REQUIRETLS
    optional = 2,  // the header field "TLS-Required: no"
};

// Under which sender a message leaves, so that what comes back to it says what it is about
// (delivery.md 6.6). Of an account: by choice; of a message: as its account says when it comes.
enum class Verp : std::uint8_t {
    off = 0,
    message = 1,    // one token for the message: recipients may share a transaction
    recipient = 2,  // one for each recipient
    usual = 3,      // of an account: `recipient` where it sends newsletters, else `message`
};

// What a person, or a route, has decided about a message as a whole.
enum class Hold : std::uint8_t {
    none = 0,
    held = 1,
    released = 2,  // by a person: a route that says hold keeps it no longer
};

struct MessageRow {
    QueueId id;
    MessageKind kind = MessageKind::mail;
    std::string account;  // login, empty for a dsn
    mail::ReversePath sender;
    mail::BodyType body_type = mail::BodyType::seven_bit;
    bool smtputf8 = false;
    mail::Ret ret = mail::Ret::unset;
    std::string envid;
    TlsWish tls_wish = TlsWish::none;
    std::int8_t priority = 0;  // MT-PRIORITY (RFC 6710), -9 to 9
    Profile profile = Profile::human;
    std::string route;  // the name of the route a person chose; empty: the rules decide
    std::shared_ptr<const std::string>
        header;  // after fix-ups, CR LF lines, without the empty line
    Body body;
    Timestamp accepted_wall;
    QueueTime accepted;
    QueueTime expires;
    Hold hold = Hold::none;
    Verp verp = Verp::off;  // never `usual`
    QueueTime release{};    // not sent before (RFC 4865); the epoch: at once
    QueueTime by{};         // when it is to be there (RFC 2852), where `by_mode` says so
    mail::ByMode by_mode = mail::ByMode::none;
    bool by_trace = false;

    // When its delivery begins, from which its time is counted.
    QueueTime starts() const { return release > accepted ? release : accepted; }

    // When its sender is to be told that it takes longer, because the sender has set that time.
    std::optional<QueueTime> asked_warning() const {
        if (by_mode != mail::ByMode::notify || by <= accepted) return std::nullopt;
        return by;
    }
};

enum class RecipientState : std::uint8_t {
    open = 0,        // will be tried at next_at
    report_due = 1,  // has ended; the sender's report is not made yet (survives a restart)
};

struct RecipientRow {
    std::uint32_t index = 0;  // 0, 1, 2 … as given
    mail::Mailbox address;
    mail::Notify notify = mail::Notify::unset;
    std::string orcpt;
    RecipientState state = RecipientState::open;
    QueueTime next_at;
    std::uint32_t attempts = 0;
    bool delay_reported = false;
    mail::Outcome last;  // default when never tried
    Timestamp last_attempt;
};

struct Message {
    MessageRow row;
    std::vector<RecipientRow> recipients;  // those not yet done, by index
};

// One row of what the scheduler needs at start; small on purpose.
struct OpenRecipient {
    QueueId id;
    std::uint32_t index = 0;
    std::string domain;
    std::string account;
    std::string sender;  // as it is written; "" is the null sender
    std::string route;   // MessageRow::route
    QueueTime next_at;
    QueueTime expires;
    std::uint32_t attempts = 0;
    Hold hold = Hold::none;
    bool report_due = false;
    bool delay_reported = false;
    std::int8_t priority = 0;
    Profile profile = Profile::human;
    QueueTime release{};              // MessageRow::release
    QueueTime starts{};               // MessageRow::starts()
    std::optional<QueueTime> warn{};  // MessageRow::asked_warning
};

// A line of `queue list`.
struct QueueSummary {
    QueueId id;
    std::string account;
    std::string sender;
    std::uint64_t size = 0;
    Timestamp accepted_wall;
    bool held = false;
    std::optional<Timestamp> release{};  // not sent before, as the sender asked
    std::vector<RecipientRow> recipients;
};

struct QueueFilter {
    std::optional<QueueId> after;  // for paging, by id
    std::size_t limit = 100;       // at most 1,000
    std::string domain;            // recipients' domain, empty for all
    std::string sender;
    bool held_only = false;
};

struct QueueCounts {
    std::uint64_t messages = 0;
    std::uint64_t recipients = 0;  // open
    std::uint64_t held = 0;
    std::uint64_t octets = 0;
};

struct DomainRow {
    std::string name;  // A-label form
    Timestamp created;
};

struct AccountRow {
    std::string address;        // Mailbox::key() form: what the login is looked up by
    std::string name;           // for people
    std::string password_hash;  // Argon2id, encoded form; empty: app passwords only
    bool disabled = false;
    Timestamp created;
    std::vector<std::string> also;  // further addresses (key form) it may send as
    Profile profile = Profile::human;
    std::string language{};  // of what we write to the person: en, de, fr, es; empty: English
    Verp verp = Verp::off;
    std::int8_t priority = 0;  // the highest its mail may ask for (RFC 6710), 0 to 9
    ReportWish reports = ReportWish::usual;
};

struct AppPasswordRow {
    std::string id;  // short, for people
    std::string account;
    std::string name;
    std::string digest;  // 32 octets, keyed SHA-256
    Timestamp created;
    // Of a device or program that cannot be told what to send as: From is made the account's own.
    bool device = false;
};

// A one-use link to somebody's set-up page; an account has one at most. Neither the token nor the
// browser's key can be made from it.
struct SetupLinkRow {
    std::string account;
    std::string digest;  // of the token: 32 octets, keyed SHA-256
    Timestamp created;
    QueueTime expires;
    std::string browser;  // digest of the key of the browser it belongs to; empty: not yet
    std::optional<QueueId> test{};  // the test message that was sent
    bool ended = false;             // set up: nothing more is shown of the account
};

// The password before the present one: whoever still has it saved is told so.
struct FormerPasswordRow {
    std::string account;
    std::string hash;    // as AccountRow::password_hash
    Timestamp replaced;  // when the present one took its place
};

// Learned facts: lost ones do no harm, and they change nothing in who may log in.

struct SignInRow {
    std::int64_t number = 0;
    std::string account;
    Timestamp when;
    std::string facts;  // in the words of accounts/
};

// When something was last so of an account, for example that it signed in from a network.
struct FactRow {
    std::string account;
    std::string fact;
    Timestamp when;
};

// Something learned, or given to us, that a part of the server keeps over a restart: an MTA-STS
// policy, a refresh token, a mailbox that was delivered to. `kind` and the words of `value` belong
// to that part. A row whose time is over is as good as none.
struct KeptRow {
    std::string kind;
    std::string key;
    std::string value;  // octets
    Timestamp expires;
};

// An address that an account sends nothing to any more, or one that has failed and may come to that
// (delivery.md 6.5). One row for an account and address, whatever the case of its letters.
enum class SuppressionState : std::uint8_t {
    watched = 0,  // it has failed `count` times; mail still goes there
    listed = 1,
};

enum class SuppressionSource : std::uint8_t {
    bounce = 0,  // the address failed
    complaint = 1,
    unsubscribe = 2,
    person = 3,  // an administrator's word, or an imported list
};

struct SuppressionRow {
    std::string account;
    std::string folded;   // the key: the address in lower case, domain in A-labels
    std::string address;  // as it was written when it came here first
    SuppressionState state = SuppressionState::watched;
    SuppressionSource source = SuppressionSource::bounce;
    mail::Cause cause = mail::Cause::none;  // of the last failure
    std::uint32_t count = 0;                // failures in a row
    std::string reply{};                    // of the last failure, or a person's note; clipped
    std::optional<QueueId> message{};       // that failed last
    Timestamp first{};
    Timestamp last{};
    std::optional<Timestamp> expires{};  // nothing: never
};

// Which part of the lists; by account, then key.
struct SuppressionFilter {
    std::string account{};                                       // empty: of all
    std::string text{};                                          // only keys that contain it
    std::optional<std::pair<std::string, std::string>> after{};  // account and key, for paging
    std::size_t limit = 1000;
};

// How many reports an account has got in the hour that began then.
struct ReportCountRow {
    std::string account;
    QueueTime hour;
    std::uint32_t made = 0;
};

// What an account is told in its next digest, in place of reports of their own (delivery.md B-8).
struct DigestRow {
    std::string account;
    QueueTime due;
    std::uint32_t lines = 0;
    std::uint64_t more = 0;  // beyond what is kept line by line
};

struct DigestLine {
    std::uint32_t number = 0;  // given by the store
    QueueId message;
    Timestamp at;
    std::string subject{};
    std::string facts{};  // encode(OutcomeFacts) with one result
};

struct Digest {
    DigestRow row;
    std::vector<DigestLine> lines;  // by number
};

constexpr std::uint32_t kMostDigestLines = 500;  // kept of one digest; the rest is counted

// A message that was answered 250, perhaps without anybody hearing it (clients.md 6.3.5).
struct SentMarkRow {
    std::string digest;  // 32 octets, keyed
    QueueId id;
    Timestamp when;
};

// A key that signs a domain's mail (delivery.md 5.4). An active one signs; a pending one waits
// until DNS shows it; a retiring one signs no more and stays in DNS while mail that it signed is on
// its way.
enum class DkimState : std::uint8_t { pending = 0, active = 1, retiring = 2 };

struct DkimKeyRow {
    std::string domain;  // A-label form
    std::string selector;
    DkimState state = DkimState::pending;
    Secret pem;  // the private key
    Timestamp created;
    Timestamp changed;  // when it came into its state
};

}  // namespace posthaste::store
