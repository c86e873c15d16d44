#include "store/sqlite/day_file.h"

#include "store/files.h"
#include "store/sqlite/rows.h"

#include <algorithm>
#include <fcntl.h>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store::sqlite {

namespace {

constexpr std::int64_t kApplication = 0x50484831;  // "PHH1"
constexpr std::int64_t kHistoryFormat = 1;         // apart from the store's: old days stay readable

constexpr std::uint64_t kLargest = 0x7fff'ffff'ffff'ffff;

constexpr const char* kSchema = R"sql(
CREATE TABLE records (
    number INTEGER PRIMARY KEY,
    message BLOB NOT NULL,
    at BIGINT NOT NULL,
    type INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE keys (
    key BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (key, number)
) WITHOUT ROWID;
)sql";

Result<bool> check(Connection& db) {  // true: it has its tables
    PH_TRY(const std::int64_t application, db.integer("PRAGMA application_id"));
    PH_TRY(const std::int64_t format, db.integer("PRAGMA user_version"));
    if (application == 0 && format == 0) return false;
    if (application == kApplication && format == kHistoryFormat) return true;
    return fail(ErrorKind::unsupported,
                fmt::format("{} is no history that this posthaste can read", db.path()),
                "move the file away");
}

Result<void> prepare(Connection& db) {
    PH_CHECK(
        db.execute("PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA cache_size=-8192; "
                   "PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON; "
                   "PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=16777216"));
    PH_TRY(const bool whole, check(db));
    PH_CHECK(db.execute("PRAGMA journal_mode=WAL"));
    if (whole) return {};
    auto made =
        db.execute(fmt::format("BEGIN IMMEDIATE; {}; PRAGMA application_id={}; PRAGMA "
                               "user_version={}; COMMIT",
                               kSchema, kApplication, kHistoryFormat));
    if (!made) db.rollback();
    return made;
}

std::int64_t as_signed(std::uint64_t key) {
    return static_cast<std::int64_t>(key);
}

Result<void> visit_all(Query& q, const std::string& path, const DayReader::Visit& visit) {
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return {};
        PH_TRY(RecordRow row, read_record(q, path));
        if (!visit(std::move(row))) return {};
    }
}

}  // namespace

Result<std::unique_ptr<DayFile>> DayFile::open(const std::string& path) {
    // Made here for the rights; SQLite gives its further files the same.
    PH_TRY(const FileDescriptor made, open_file(path, O_RDWR | O_CREAT));
    PH_TRY(auto connection, Connection::open(path, Connection::Mode::write));
    std::unique_ptr<DayFile> file(new DayFile(std::move(connection)));
    if (auto ready = prepare(*file->connection_); !ready) {
        file->abandon();
        return std::unexpected(std::move(ready).error());
    }
    return file;
}

Result<void> DayFile::add(std::span<const RecordRow> rows) {
    Connection& db = *connection_;
    // In the order of the index: far fewer of its pages are touched.
    std::vector<std::pair<std::int64_t, std::uint64_t>> keys;
    for (const RecordRow& row : rows) {
        for (const std::uint64_t key : keys_of(row)) keys.emplace_back(as_signed(key), row.number);
    }
    std::ranges::sort(keys);
    const auto added = [&]() -> Result<void> {
        PH_CHECK(db.run("BEGIN IMMEDIATE"));
        for (const RecordRow& row : rows) {
            PH_CHECK(
                db.run("INSERT OR IGNORE INTO records (number, message, at, type, data) VALUES (?, "
                       "?, ?, ?, ?)",
                       row.number, row.id, row.at, row.type, Blob{row.data}));
        }
        for (const auto& [key, number] : keys) {
            PH_CHECK(db.run("INSERT OR IGNORE INTO keys (key, number) VALUES (?, ?)", key, number));
        }
        return db.run("COMMIT");
    }();
    if (!added) db.rollback();
    return added;
}

Result<std::uint64_t> last_number_in(const std::string& path) {
    PH_TRY(auto db, Connection::open(path, Connection::Mode::read));
    PH_TRY(const bool whole, check(*db));
    if (!whole) return 0;
    PH_TRY(const std::int64_t last, db->integer("SELECT max(number) FROM records"));
    return static_cast<std::uint64_t>(std::max<std::int64_t>(last, 0));
}

Result<DayReader> DayReader::open(const std::string& path, Deadline deadline) {
    if (access(path.c_str(), F_OK) != 0) return fail(ErrorKind::not_found, path + " is gone");
    PH_TRY(auto connection, Connection::open(path, Connection::Mode::read));
    connection->set_deadline(deadline);
    PH_TRY(const bool whole, check(*connection));
    if (!whole) return fail(ErrorKind::not_found, path + " holds nothing yet");
    return DayReader(std::move(connection));
}

Result<void> DayReader::by_key(std::uint64_t key, std::uint64_t before, const Visit& visit) {
    Query q = connection_->query(
        "SELECT r.number, r.message, r.at, r.type, r.data FROM keys k CROSS JOIN records r ON "
        "r.number = k.number WHERE k.key = ? AND k.number < ? ORDER BY k.number DESC");
    q.bind(as_signed(key), std::min(before, kLargest));
    return visit_all(q, connection_->path(), visit);
}

Result<void> DayReader::accepted(std::uint64_t before, const Visit& visit) {
    Query q = connection_->query(
        "SELECT number, message, at, type, data FROM records WHERE type = 1 AND number < ? ORDER "
        "BY number DESC");
    q.bind(std::min(before, kLargest));
    return visit_all(q, connection_->path(), visit);
}

Result<void> DayReader::after(std::uint64_t after, const Visit& visit) {
    Query q = connection_->query(
        "SELECT number, message, at, type, data FROM records WHERE number > ? ORDER BY number");
    q.bind(std::min(after, kLargest));
    return visit_all(q, connection_->path(), visit);
}

}  // namespace posthaste::store::sqlite
