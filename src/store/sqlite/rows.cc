#include "store/sqlite/rows.h"

#include <cstring>
#include <limits>

#include <fmt/format.h>

namespace posthaste::store::sqlite {

mail::Cause cause_of(std::string_view name) {
    for (int i = 0; i < static_cast<int>(mail::Cause::unknown); ++i) {
        const auto cause = static_cast<mail::Cause>(i);
        if (mail::to_string(cause) == name) return cause;
    }
    // Format 1 had one cause for both kinds of block.
    if (name == "block") return mail::Cause::block_ip;
    return mail::Cause::unknown;
}

namespace {

constexpr std::int64_t kAmbiguous = 1;
constexpr std::int64_t kRemoteTakesDsn = 2;
constexpr std::int64_t kChargeAttempt = 4;
constexpr std::int64_t kRemoteTakesBy = 8;
constexpr std::int64_t kAllFlags = kAmbiguous | kRemoteTakesDsn | kChargeAttempt | kRemoteTakesBy;

constexpr std::int64_t kAllNotify = 15;

mail::Outcome read_outcome(RowReader& row) {
    mail::Outcome outcome;
    if (row.skip_null()) return outcome;  // never tried: the columns behind are NULL too
    outcome.verdict = row.enumeration(mail::Verdict::failed);
    const std::string status = row.text();
    if (!status.empty()) {
        const auto parsed = mail::EnhancedStatus::parse(status);
        if (!parsed) row.mark_damaged();
        outcome.status = parsed.value_or(mail::EnhancedStatus{});
    }
    outcome.code = static_cast<int>(row.integer_between(0, 999));
    outcome.reply = row.text();
    outcome.remote_host = row.text();
    outcome.remote_ip = row.text();
    outcome.tls = row.text();
    outcome.tls_policy = row.text();
    outcome.source_ip = row.text();
    outcome.cause = cause_of(row.text());
    outcome.rule = row.text();
    const std::int64_t flags = row.integer_between(0, kAllFlags);
    outcome.ambiguous = (flags & kAmbiguous) != 0;
    outcome.remote_takes_dsn = (flags & kRemoteTakesDsn) != 0;
    outcome.charge_attempt = (flags & kChargeAttempt) != 0;
    outcome.remote_takes_by = (flags & kRemoteTakesBy) != 0;
    if (!row.skip_null())
        outcome.retry_after =
            Seconds(row.integer_between(0, std::numeric_limits<std::int32_t>::max()));
    return outcome;
}

}  // namespace

std::int64_t RowReader::integer() {
    return query_.integer(column_++);
}

std::int64_t RowReader::integer_between(std::int64_t least, std::int64_t most) {
    const std::int64_t value = integer();
    if (value >= least && value <= most) return value;
    damaged_ = true;
    return least;
}

std::uint32_t RowReader::u32() {
    return static_cast<std::uint32_t>(
        integer_between(0, std::numeric_limits<std::uint32_t>::max()));
}

bool RowReader::boolean() {
    return integer_between(0, 1) != 0;
}

std::string RowReader::text() {
    return std::string(query_.text(column_++));
}

std::string RowReader::octets() {
    return std::string(query_.blob(column_++));
}

QueueId RowReader::id() {
    const std::string_view octets = query_.blob(column_++);
    QueueId id;
    if (octets.size() == id.octets.size()) {
        std::memcpy(id.octets.data(), octets.data(), octets.size());
    } else {
        damaged_ = true;
    }
    return id;
}

QueueTime RowReader::queue_time() {
    return QueueTime(Milliseconds(integer()));
}

Timestamp RowReader::timestamp() {
    // Years 0 to 9999: others cannot be written out.
    return Timestamp(Milliseconds(integer_between(-62'167'219'200'000, 253'402'300'799'999)));
}

mail::Mailbox RowReader::mailbox() {
    auto parsed = mail::Mailbox::parse(query_.text(column_++));
    if (parsed) return std::move(*parsed);
    damaged_ = true;
    return {};
}

mail::ReversePath RowReader::reverse_path() {
    if (query_.text(column_).empty()) {
        ++column_;
        return std::nullopt;
    }
    return mailbox();
}

bool RowReader::skip_null() {
    if (!query_.is_null(column_)) return false;
    ++column_;
    return true;
}

Error RowReader::error(const std::string& path, std::string_view what) const {
    return {ErrorKind::io, fmt::format("a row of the {} in {} is damaged", what, path),
            "restore the store from a backup"};
}

const char* const kSelectRecipients =
    "SELECT number, address, notify, orcpt, state, next_at, attempts, delay_reported, "
    "last_attempt, verdict, "
    "status, code, reply, remote_host, remote_ip, tls, tls_policy, source_ip, cause, rule, flags, "
    "retry_after "
    "FROM recipients WHERE message = ? ORDER BY number";

Result<RecipientRow> read_recipient(Query& query, const std::string& path) {
    RowReader row(query);
    RecipientRow recipient;
    recipient.index = row.u32();
    recipient.address = row.mailbox();
    recipient.notify = static_cast<mail::Notify>(row.integer_between(0, kAllNotify));
    recipient.orcpt = row.text();
    recipient.state = row.enumeration(RecipientState::report_due);
    recipient.next_at = row.queue_time();
    recipient.attempts = row.u32();
    recipient.delay_reported = row.boolean();
    if (!row.skip_null()) recipient.last_attempt = row.timestamp();
    recipient.last = read_outcome(row);
    if (row.damaged()) return std::unexpected(row.error(path, "recipients"));
    return recipient;
}

Result<std::vector<RecipientRow>> read_recipients(Connection& connection, const QueueId& id) {
    std::vector<RecipientRow> recipients;
    Query q = connection.query(kSelectRecipients);
    q.bind(id);
    for (;;) {
        PH_TRY(const bool row, q.next());
        if (!row) return recipients;
        PH_TRY(auto recipient, read_recipient(q, connection.path()));
        recipients.push_back(std::move(recipient));
    }
}

std::int64_t pack_flags(const mail::Outcome& outcome) {
    return (outcome.ambiguous ? kAmbiguous : 0) | (outcome.remote_takes_dsn ? kRemoteTakesDsn : 0) |
           (outcome.charge_attempt ? kChargeAttempt : 0) |
           (outcome.remote_takes_by ? kRemoteTakesBy : 0);
}

Result<RecordRow> read_record(Query& query, const std::string& path) {
    RowReader row(query);
    RecordRow record;
    record.number = static_cast<std::uint64_t>(
        row.integer_between(0, std::numeric_limits<std::int64_t>::max()));
    record.id = row.id();
    record.at = row.timestamp();
    record.type = static_cast<RecordType>(row.integer_between(1, 255));
    record.data = row.octets();
    if (row.damaged()) return std::unexpected(row.error(path, "records"));
    return record;
}

}  // namespace posthaste::store::sqlite
