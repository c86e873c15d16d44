// Queries of suppression lists (directory.db) and of what waits to be told in digests (queue.db).
#include "store/sqlite/rows.h"
#include "store/sqlite/sqlite_engine.h"

#include <algorithm>

namespace posthaste::store::sqlite {

namespace {

constexpr std::size_t kLongestPage = 10'000;

Result<SuppressionRow> read_suppression(Query& query, const std::string& path) {
    RowReader row(query);
    SuppressionRow one;
    one.account = row.text();
    one.folded = row.text();
    one.address = row.text();
    one.state = row.enumeration(SuppressionState::listed);
    one.source = row.enumeration(SuppressionSource::person);
    one.cause = cause_of(row.text());
    one.count = row.u32();
    one.reply = row.text();
    if (!row.skip_null()) one.message = row.id();
    one.first = row.timestamp();
    one.last = row.timestamp();
    if (!row.skip_null()) one.expires = row.timestamp();
    if (row.damaged()) return std::unexpected(row.error(path, "suppression lists"));
    return one;
}

Result<std::vector<SuppressionRow>> read_suppressions(Query& query, const std::string& path) {
    std::vector<SuppressionRow> rows;
    for (;;) {
        PH_TRY(const bool found, query.next());
        if (!found) return rows;
        PH_TRY(auto row, read_suppression(query, path));
        rows.push_back(std::move(row));
    }
}

Result<DigestRow> read_digest(Query& query, const std::string& path) {
    RowReader row(query);
    DigestRow digest;
    digest.account = row.text();
    digest.due = row.queue_time();
    digest.lines = row.u32();
    digest.more = static_cast<std::uint64_t>(row.integer_between(0, INT64_MAX));
    if (row.damaged()) return std::unexpected(row.error(path, "digests"));
    return digest;
}

Result<DigestLine> read_line(Query& query, const std::string& path) {
    RowReader row(query);
    DigestLine line;
    line.number = row.u32();
    line.message = row.id();
    line.at = row.timestamp();
    line.subject = row.text();
    line.facts = row.octets();
    if (row.damaged()) return std::unexpected(row.error(path, "digests"));
    return line;
}

}  // namespace

Result<std::optional<SuppressionRow>> SqliteEngine::suppression(std::string_view account,
                                                                std::string_view folded) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query(
        "SELECT account, folded, address, state, source, cause, count, reply, message, first, "
        "last, expires FROM suppressions WHERE account = ? AND folded = ?");
    q.bind(account, folded);
    PH_TRY(const bool found, q.next());
    if (!found) return std::nullopt;
    PH_TRY(auto row, read_suppression(q, reader->path()));
    return row;
}

Result<std::vector<SuppressionRow>> SqliteEngine::suppressions(const SuppressionFilter& filter) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    const std::size_t limit = std::min(filter.limit, kLongestPage);
    const auto after = filter.after.value_or(std::pair<std::string, std::string>());
    // By the primary key, whether it is one account's or all.
    if (!filter.account.empty()) {
        Query q = reader->query(
            "SELECT account, folded, address, state, source, cause, count, reply, message, first, "
            "last, expires FROM suppressions WHERE account = ? AND folded > ? AND state = 1 "
            "AND instr(folded, ?) > 0 ORDER BY account, folded LIMIT ?");
        q.bind(filter.account, after.second, filter.text, limit);
        return read_suppressions(q, reader->path());
    }
    Query q = reader->query(
        "SELECT account, folded, address, state, source, cause, count, reply, message, first, "
        "last, expires FROM suppressions WHERE (account, folded) > (?, ?) AND state = 1 "
        "AND instr(folded, ?) > 0 ORDER BY account, folded LIMIT ?");
    q.bind(after.first, after.second, filter.text, limit);
    return read_suppressions(q, reader->path());
}

Result<std::vector<SuppressionRow>> SqliteEngine::expired_suppressions(Timestamp now,
                                                                       std::size_t limit) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query(
        "SELECT account, folded, address, state, source, cause, count, reply, message, first, "
        "last, expires FROM suppressions WHERE expires <= ? ORDER BY expires LIMIT ?");
    q.bind(now, std::min(limit, kLongestPage));
    return read_suppressions(q, reader->path());
}

Result<void> SqliteEngine::for_each_suppression(const VisitSuppression& visit) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    reader->set_deadline({});
    Query q = reader->query("SELECT account, folded, state FROM suppressions");
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return {};
        visit(q.text(0), q.text(1),
              q.integer(2) == 1 ? SuppressionState::listed : SuppressionState::watched);
    }
}

Result<std::vector<ReportCountRow>> SqliteEngine::report_counts() {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    Query q = reader->query("SELECT account, hour, made FROM report_counts");
    std::vector<ReportCountRow> rows;
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return rows;
        RowReader row(q);
        rows.push_back({row.text(), row.queue_time(), row.u32()});
        if (row.damaged()) return std::unexpected(row.error(reader->path(), "counts of reports"));
    }
}

Result<std::vector<DigestRow>> SqliteEngine::digests() {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    Query q = reader->query("SELECT account, due, lines, more FROM digests");
    std::vector<DigestRow> rows;
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return rows;
        PH_TRY(auto row, read_digest(q, reader->path()));
        rows.push_back(std::move(row));
    }
}

Result<std::optional<Digest>> SqliteEngine::digest(std::string_view account) {
    PH_TRY(auto reader, queue_.database->readers().acquire());
    PH_TRY(const Snapshot snapshot, Snapshot::begin(*reader));
    Digest digest;
    {
        Query q = reader->query("SELECT account, due, lines, more FROM digests WHERE account = ?");
        q.bind(account);
        PH_TRY(const bool found, q.next());
        if (!found) return std::nullopt;
        PH_TRY(digest.row, read_digest(q, reader->path()));
    }
    Query q = reader->query(
        "SELECT number, message, at, subject, facts FROM digest_lines WHERE account = ? "
        "ORDER BY number");
    q.bind(account);
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return digest;
        PH_TRY(auto line, read_line(q, reader->path()));
        digest.lines.push_back(std::move(line));
    }
}

}  // namespace posthaste::store::sqlite
