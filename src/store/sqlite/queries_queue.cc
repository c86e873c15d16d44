#include "base/ascii.h"
#include "base/checksum.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/sqlite_engine.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::store::sqlite {

namespace {

constexpr std::size_t kLongestList = 1000;

Error damaged_message(const QueueId& id, std::string_view what) {
    return {ErrorKind::io,
            fmt::format("the {} of message {} is damaged in the store", what, id.to_string()),
            "restore the store from a backup, or cancel the message (posthaste queue cancel)"};
}

Result<MessageRow> read_message(Query& query, const QueueId& id, const std::string& path) {
    RowReader row(query);
    MessageRow message;
    message.id = id;
    message.kind = row.enumeration(MessageKind::dsn);
    message.account = row.text();
    message.sender = row.reverse_path();
    message.body_type = row.enumeration(mail::BodyType::eight_bit);
    message.smtputf8 = row.boolean();
    message.ret = row.enumeration(mail::Ret::headers);
    message.envid = row.text();
    message.tls_wish = row.enumeration(TlsWish::optional);
    message.priority = static_cast<std::int8_t>(row.integer_between(-9, 9));
    message.profile = row.enumeration(Profile::bulk);
    message.route = row.text();
    message.verp = row.enumeration(Verp::recipient);
    message.accepted_wall = row.timestamp();
    message.accepted = row.queue_time();
    message.expires = row.queue_time();
    message.hold = row.enumeration(Hold::released);
    message.release = row.queue_time();
    message.by = row.queue_time();
    message.by_mode = row.enumeration(mail::ByMode::give_back);
    message.by_trace = row.boolean();
    const auto header_size = row.integer();
    const std::uint32_t header_crc = row.u32();
    message.body.size = static_cast<std::uint64_t>(row.integer_between(0, INT64_MAX));
    message.body.crc = row.u32();
    message.body.file = row.text();
    const bool has_header = !row.skip_null();
    std::string header = row.octets();
    if (row.damaged()) return std::unexpected(row.error(path, "messages"));
    if (!has_header || static_cast<std::int64_t>(header.size()) != header_size ||
        crc32c(header) != header_crc)
        return std::unexpected(damaged_message(id, "header"));
    message.header = std::make_shared<const std::string>(std::move(header));
    return message;
}

Result<QueueSummary> read_summary(Query& query, const std::string& path) {
    RowReader row(query);
    QueueSummary summary;
    summary.id = row.id();
    summary.account = row.text();
    summary.sender = row.text();
    summary.size = static_cast<std::uint64_t>(row.integer_between(0, INT64_MAX));
    summary.accepted_wall = row.timestamp();
    summary.held = row.enumeration(Hold::released) == Hold::held;
    const QueueTime accepted = row.queue_time();
    const QueueTime release = row.queue_time();
    if (release > accepted) summary.release = summary.accepted_wall + (release - accepted);
    if (row.damaged()) return std::unexpected(row.error(path, "messages"));
    return summary;
}

Result<OpenRecipient> read_open(Query& query, const std::string& path) {
    RowReader row(query);
    OpenRecipient open;
    open.id = row.id();
    open.index = row.u32();
    open.domain = row.text();
    open.account = row.text();
    open.sender = row.text();
    open.route = row.text();
    open.next_at = row.queue_time();
    open.expires = row.queue_time();
    open.attempts = row.u32();
    open.hold = row.enumeration(Hold::released);
    open.report_due = row.enumeration(RecipientState::report_due) == RecipientState::report_due;
    open.delay_reported = row.boolean();
    open.priority = static_cast<std::int8_t>(row.integer_between(-9, 9));
    open.profile = row.enumeration(Profile::bulk);
    const QueueTime accepted = row.queue_time();
    const QueueTime by = row.queue_time();
    const auto mode = row.enumeration(mail::ByMode::give_back);
    open.release = row.queue_time();
    open.starts = std::max(accepted, open.release);
    if (mode == mail::ByMode::notify && by > accepted) open.warn = by;
    if (row.damaged()) return std::unexpected(row.error(path, "recipients"));
    return open;
}

}  // namespace

Result<std::optional<ClockMark>> SqliteEngine::clock_mark() {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    Query q = reader->query(
        "SELECT a.value, b.value FROM meta a, meta b WHERE a.key = 'clock_queue_time' AND b.key = "
        "'clock_wall'");
    PH_TRY(const bool found, q.next());
    if (!found) return std::nullopt;
    RowReader row(q);
    // A damaged wall time is one that cannot be believed, which the queue clock copes with.
    const QueueTime queue_time = row.queue_time();
    return ClockMark{.queue_time = queue_time, .wall = row.timestamp()};
}

Result<void> SqliteEngine::for_each_open(const std::function<void(const OpenRecipient&)>& visit) {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    reader->set_deadline({});
    // CROSS JOIN fixes the order for SQLite: both tables are read once, in the order of their keys.
    Query q = reader->query(
        "SELECT r.message, r.number, r.domain, m.account, m.sender, m.route, r.next_at, m.expires, "
        "r.attempts, "
        "m.held, r.state, r.delay_reported, m.priority, m.profile, m.accepted, m.by_time, "
        "m.by_mode, "
        "m.release "
        "FROM messages m CROSS JOIN recipients r ON r.message = m.id ORDER BY m.id, r.number");
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return {};
        PH_TRY(const OpenRecipient open, read_open(q, reader->path()));
        visit(open);
    }
}

Result<std::vector<RecordRow>> SqliteEngine::waiting_records(std::uint64_t after,
                                                             std::size_t limit) {
    constexpr std::size_t kMostOctets = 8 << 20;
    PH_TRY(auto reader, queue_.database->readers().acquire());
    std::vector<RecordRow> rows;
    Query q = reader->query(
        "SELECT number, message, at, type, data FROM outbox WHERE number > ? ORDER BY number "
        "LIMIT ?");
    q.bind(after, limit);
    for (std::size_t octets = 0; octets < kMostOctets;) {
        PH_TRY(const bool found, q.next());
        if (!found) break;
        PH_TRY(RecordRow record, read_record(q, reader->path()));
        octets += record.data.size();
        rows.push_back(std::move(record));
    }
    return rows;
}

Result<std::optional<Message>> SqliteEngine::message(const QueueId& id) {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    PH_TRY(const Snapshot snapshot, Snapshot::begin(*reader));
    Message message;
    {
        Query q = reader->query(
            "SELECT m.kind, m.account, m.sender, m.body_type, m.smtputf8, m.ret, m.envid, "
            "m.tls_wish, m.priority, m.profile, m.route, m.verp, m.accepted_wall, "
            "m.accepted, m.expires, m.held, m.release, m.by_time, m.by_mode, m.by_trace, "
            "m.header_size, m.header_crc, m.body_size, m.body_crc, "
            "m.body_file, "
            "c.header FROM messages m LEFT JOIN contents c ON c.number = m.content WHERE m.id = ?");
        q.bind(id);
        PH_TRY(const bool found, q.next());
        if (!found) return std::nullopt;
        PH_TRY(message.row, read_message(q, id, reader->path()));
    }
    PH_TRY(message.recipients, read_recipients(*reader, id));
    return message;
}

Result<std::optional<std::string>> SqliteEngine::inline_body(const QueueId& id) {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    Query q = reader->query(
        "SELECT m.body_file IS NULL, c.body FROM messages m LEFT JOIN contents c ON c.number = "
        "m.content "
        "WHERE m.id = ?");
    q.bind(id);
    PH_TRY(const bool found, q.next());
    if (!found || q.integer(0) == 0) return std::nullopt;
    if (q.is_null(1)) return std::unexpected(damaged_message(id, "body"));
    return std::string(q.blob(1));
}

Result<std::vector<QueueSummary>> SqliteEngine::list(const QueueFilter& filter) {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    PH_TRY(const Snapshot snapshot, Snapshot::begin(*reader));
    std::vector<QueueSummary> summaries;
    {
        const std::string domain = ascii::to_lower(filter.domain);
        const std::string sender = ascii::to_lower(filter.sender);
        Query q = reader->query(
            "SELECT m.id, m.account, m.sender, m.header_size + 2 + m.body_size, m.accepted_wall, "
            "m.held, m.accepted, m.release "
            "FROM messages m WHERE m.id > ?1 AND (?2 = '' OR lower(m.sender) = ?2) AND (?3 = 0 OR "
            "m.held = 1) "
            "AND (?4 = '' OR EXISTS (SELECT 1 FROM recipients r WHERE r.message = m.id AND "
            "r.domain = ?4)) "
            "ORDER BY m.id LIMIT ?5");
        const QueueId after = filter.after.value_or(QueueId{});
        q.bind(after, sender, filter.held_only, domain,
               std::clamp<std::size_t>(filter.limit, 1, kLongestList));
        for (;;) {
            PH_TRY(const bool found, q.next());
            if (!found) break;
            PH_TRY(auto summary, read_summary(q, reader->path()));
            summaries.push_back(std::move(summary));
        }
    }
    for (QueueSummary& summary : summaries) {
        PH_TRY(summary.recipients, read_recipients(*reader, summary.id));
    }
    return summaries;
}

Result<QueueCounts> SqliteEngine::counts() {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    PH_TRY(const Snapshot snapshot, Snapshot::begin(*reader));
    QueueCounts counts;
    Query messages = reader->query(
        "SELECT count(*), coalesce(sum(held = 1), 0), coalesce(sum(header_size + 2 + body_size), "
        "0) "
        "FROM messages");
    PH_TRY(const bool found, messages.next());
    if (found) {
        counts.messages = static_cast<std::uint64_t>(messages.integer(0));
        counts.held = static_cast<std::uint64_t>(messages.integer(1));
        counts.octets = static_cast<std::uint64_t>(messages.integer(2));
    }
    PH_TRY(const std::int64_t open,
           reader->integer("SELECT count(*) FROM recipients WHERE state = 0"));
    counts.recipients = static_cast<std::uint64_t>(open);
    return counts;
}

Result<std::vector<std::string>> SqliteEngine::content_files() {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    reader->set_deadline({});
    std::vector<std::string> files;
    Query q = reader->query("SELECT body_file FROM messages WHERE body_file IS NOT NULL");
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return files;
        files.emplace_back(q.text(0));
    }
}

}  // namespace posthaste::store::sqlite
