// Change: everything that is ever written. An engine is "apply these changes in one durable
// transaction" plus queries. All changes of one submission become durable together or not at all.
#pragma once

#include "store/record.h"
#include "store/values.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace posthaste::store {

struct AddMessage {  // conflict when the id is there already
    MessageRow row;
    std::vector<RecipientRow> recipients;
};

// One recipient after an attempt (or a person's decision).
struct RecipientUpdate {
    enum class To : std::uint8_t { open, report_due, done } to = To::open;

    std::uint32_t index = 0;
    QueueTime next_at;  // open only
    std::uint32_t attempts = 0;
    mail::Outcome outcome;
    Timestamp when;
};

// All outcomes of a delivery, one atomic write. When no recipient is left the message and its
// content go (files after the commit). A recipient that is no longer there is skipped.
struct Settlement {
    QueueId id;
    std::vector<RecipientUpdate> updates;
};

struct MarkDelayReported {
    QueueId id;
    std::vector<std::uint32_t> indexes;
};

struct SetHold {
    QueueId id;
    Hold hold = Hold::held;
};

struct SetNextAttempt {  // `queue retry`: open recipients of the message
    QueueId id;
    QueueTime next_at;
    std::optional<std::vector<std::uint32_t>> only;  // these recipients; nothing: all
};

struct SetRoute {  // `queue retry --route`; "": the rules decide
    QueueId id;
    std::string route;
};

struct SaveClock {
    ClockMark mark;
};

// A record of the history, numbered as it is written; in one submission with what it tells of.
struct AddRecord {
    QueueId id;
    Timestamp at;
    RecordType type{};
    std::string data;  // of encode()
};

// Records up to that number are safe elsewhere, or given up. Numbers go on behind it.
struct ForgetRecords {
    std::uint64_t up_to = 0;
};

struct CountReport {  // in place of what was counted for the account
    ReportCountRow row;
};

struct ForgetReportCounts {
    QueueTime before;
};

// For the account's next digest, in one submission with the end of those they are about. Beyond
// kMostDigestLines they are counted. `due` holds if none waited before.
struct AddDigestLines {
    std::string account;
    QueueTime due;
    std::vector<DigestLine> lines;
};

// What one digest has told, in one submission with it; what has come meanwhile is due then.
struct TakeDigest {
    std::string account;
    std::uint32_t up_to = 0;  // the last line's number
    std::uint64_t more = 0;
    QueueTime next_due;
};

struct PutDomain {
    DomainRow row;
};

struct RemoveDomain {  // with its DKIM keys; removing what is not there is no error, here and below
    std::string name;
};

struct PutAccount {  // inserts or replaces, `also` included
    AccountRow row;
};

// With its app passwords, further addresses, set-up link, former password, sign-ins, facts
// and suppression list.
struct RemoveAccount {
    std::string address;
};

struct PutAppPassword {  // inserts or replaces; not_found without the account, conflict when the
                         // digest is taken
    AppPasswordRow row;
};

struct RemoveAppPassword {
    std::string account;
    std::string id;
};

struct PutSetupLink {  // in place of the account's former one; not_found without the account
    SetupLinkRow row;
};

struct RemoveSetupLink {
    std::string account;
};

struct PutFormerPassword {  // in place of the account's earlier one
    FormerPasswordRow row;
};

struct PutSignIn {  // inserts or replaces, by number
    SignInRow row;
};

struct RemoveSignIn {
    std::int64_t number = 0;
};

struct PutFact {
    FactRow row;
};

struct RemoveFacts {
    Timestamp before;  // those that are older
};

struct PutKept {  // inserts or replaces, by kind and key
    KeptRow row;
};

struct RemoveKept {
    std::string kind;
    std::string key;
};

struct RemoveExpiredKept {
    std::string kind;
    Timestamp now;
};

struct PutSuppression {  // inserts or replaces; skipped when there is no such account
    SuppressionRow row;
};

struct RemoveSuppression {
    std::string account;
    std::string folded;
};

struct PutSentMark {
    SentMarkRow row;
};

struct RemoveSentMark {
    std::string digest;
};

struct RemoveSentMarks {
    Timestamp before;
};

struct PutDkimKey {  // inserts or replaces; not_found without the domain
    DkimKeyRow row;
};

struct RemoveDkimKey {
    std::string domain;
    std::string selector;
};

using Change =
    std::variant<AddMessage, Settlement, MarkDelayReported, SetHold, SetNextAttempt, SetRoute,
                 SaveClock, AddRecord, ForgetRecords, PutDomain, RemoveDomain, PutAccount,
                 RemoveAccount, PutAppPassword, RemoveAppPassword, PutSetupLink, RemoveSetupLink,
                 PutFormerPassword, PutSignIn, RemoveSignIn, PutFact, RemoveFacts, PutSentMark,
                 RemoveSentMark, RemoveSentMarks, PutDkimKey, RemoveDkimKey, PutKept, RemoveKept,
                 RemoveExpiredKept, CountReport, ForgetReportCounts, AddDigestLines, TakeDigest,
                 PutSuppression, RemoveSuppression>;
using Changes = std::vector<Change>;

// What a submission is about. Each part is durable by itself (SQLite: a file of its own), so a
// submission keeps to one of them.
enum class Part { queue, directory };

Part part_of(const Changes& changes);  // asserts that they are of one part and not empty
// Changes something that logins depend on: not learned facts alone.
bool changes_directory(const Changes& changes);
bool brings_mail(
    const Changes& changes);  // adds a message of kind mail; refused first when the disk is full

}  // namespace posthaste::store
