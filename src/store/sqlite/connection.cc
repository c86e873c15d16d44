#include "store/sqlite/connection.h"

#include "base/assert.h"

#include <cerrno>
#include <mutex>

#include <fmt/format.h>
#include <sqlite3.h>

namespace posthaste::store::sqlite {

namespace {

constexpr int kBusyMilliseconds = 10'000;
constexpr int kProgressSteps = 5'000;  // of SQLite's virtual machine, between looks at the deadline

void configure_library() {
    static std::once_flag once;
    // Memory statistics cost a global lock at every allocation. Refused when the library is in use
    // already, which does no harm.
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

bool is_out_of_space(int error_number) {
    return error_number == ENOSPC || error_number == EDQUOT;
}

bool is_sync(int extended) {
    return extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC ||
           extended == SQLITE_IOERR_CLOSE;
}

struct Meaning {
    ErrorKind kind;
    const char* mend;
};

constexpr const char* kMendDisk =
    "look at the disk and the kernel's log (dmesg), then restart posthaste";
constexpr const char* kMendDamage = "restore the store from a backup";

Meaning meaning_of(int extended, int error_number) {
    switch (extended & 0xff) {
        case SQLITE_FULL:
            return {ErrorKind::store_full, "free some disk space"};
        case SQLITE_IOERR:
            // EDQUOT comes as SQLITE_IOERR_WRITE. A sync that failed is never harmless, whatever
            // the reason.
            if (!is_sync(extended) && is_out_of_space(error_number))
                return {ErrorKind::store_full, "free some disk space or raise the disk quota"};
            if (extended == SQLITE_IOERR_NOMEM)
                return {ErrorKind::io, "give the server more memory"};
            return {ErrorKind::store_failed, kMendDisk};
        case SQLITE_READONLY:
            return {ErrorKind::store_failed, kMendDisk};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {ErrorKind::store_failed, kMendDamage};
        case SQLITE_INTERRUPT:
            return {ErrorKind::timeout,
                    "ask for less at a time, or try again when the server is less busy"};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorKind::busy, "end the other program that works on the store's files"};
        case SQLITE_CONSTRAINT:
            return {ErrorKind::conflict, ""};
        case SQLITE_NOMEM:
            return {ErrorKind::io, "give the server more memory"};
        default:
            return {ErrorKind::io, ""};
    }
}

}  // namespace

void before_call() {
    errno = 0;
}

Error error_of(sqlite3* db, std::string_view doing) {
    // Not sqlite3_system_errno: it is not set when a COMMIT fails, and keeps what an earlier error
    // left there, so that a broken disk could pass for a full one. Unless nothing failed since
    // before_call, errno is what it was when the write did.
    const int error_number = errno;
    const int extended = sqlite3_extended_errcode(db);
    const Meaning meaning = meaning_of(extended, error_number);
    std::string text = fmt::format("{}: {}", doing, sqlite3_errmsg(db));
    const int primary = extended & 0xff;
    const bool by_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
    if (const char* reason =
            by_system && error_number != 0 ? strerrordesc_np(error_number) : nullptr)
        text += fmt::format(" ({})", reason);
    return {meaning.kind, std::move(text), meaning.mend};
}

Query::~Query() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
}

void Query::bind_at(int position, std::nullptr_t) {
    bind_error_ |= sqlite3_bind_null(statement_, position);
}

void Query::bind_at(int position, std::int64_t value) {
    bind_error_ |= sqlite3_bind_int64(statement_, position, value);
}

void Query::bind_at(int position, std::string_view text) {
    // A null pointer would bind NULL instead of the empty text.
    const char* const octets = text.data() != nullptr ? text.data() : "";
    bind_error_ |=
        sqlite3_bind_text64(statement_, position, octets, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Query::bind_at(int position, Blob blob) {
    const char* const octets = blob.octets.data() != nullptr ? blob.octets.data() : "";
    bind_error_ |=
        sqlite3_bind_blob64(statement_, position, octets, blob.octets.size(), SQLITE_STATIC);
}

Result<bool> Query::next() {
    if (statement_ == nullptr || bind_error_ != SQLITE_OK)
        return std::unexpected(error_of(db_, "cannot use the store"));
    before_call();
    const int rc = sqlite3_step(statement_);
    if (rc == SQLITE_ROW) return true;
    if (rc == SQLITE_DONE) return false;
    const bool reader = sqlite3_db_readonly(db_, "main") == 1;
    Error error = error_of(db_, reader ? "cannot read the store" : "cannot write the store");
    // A failed read says nothing about what was written, and only failed writing stops the server.
    if (reader && error.kind == ErrorKind::store_failed) error.kind = ErrorKind::io;
    return std::unexpected(std::move(error));
}

Result<void> Query::run() {
    for (;;) {
        PH_TRY(const bool row, next());
        if (!row) return {};
    }
}

bool Query::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Query::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string_view Query::text(int column) const {
    const auto* octets = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (octets == nullptr) return {};
    return {octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Query::blob(int column) const {
    const auto* octets = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    if (octets == nullptr) return {};
    return {octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Connection::Connection(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Mode mode) {
    configure_library();
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (mode == Mode::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                      (mode == Mode::create ? SQLITE_OPEN_CREATE : 0);
    sqlite3* db = nullptr;
    before_call();
    const int rc = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
    if (db == nullptr) throw std::bad_alloc();
    std::unique_ptr<Connection> connection(new Connection(path, db));
    if (rc != SQLITE_OK) return std::unexpected(connection->error("cannot open " + path));
    sqlite3_busy_timeout(db, kBusyMilliseconds);
    // A damaged or hostile file must not make SQL of its own run.
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    if (mode == Mode::read) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        sqlite3_progress_handler(db, kProgressSteps, &on_progress, connection.get());
    }
    return connection;
}

Connection::~Connection() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    PH_ASSERT(sqlite3_close(db_) == SQLITE_OK);
}

int Connection::on_progress(void* self) {
    return static_cast<Connection*>(self)->deadline_.passed() ? 1 : 0;
}

Query Connection::query(const char* sql) {
    sqlite3_stmt*& statement = statements_[sql];
    if (statement == nullptr)
        sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    return {db_, statement};
}

Result<void> Connection::execute(const std::string& sql) {
    before_call();
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return std::unexpected(error("cannot use " + path_));
    return {};
}

Result<std::int64_t> Connection::integer(const char* sql) {
    Query q = query(sql);
    PH_TRY(const bool row, q.next());
    return row ? q.integer(0) : 0;
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(db_) == 0;
}

void Connection::rollback() {
    if (in_transaction()) static_cast<void>(run("ROLLBACK"));
}

void Connection::abandon() {
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<Snapshot> Snapshot::begin(Connection& connection) {
    PH_CHECK(connection.run("BEGIN"));
    return Snapshot(connection);
}

Snapshot::~Snapshot() {
    if (connection_ != nullptr) static_cast<void>(connection_->run("COMMIT"));
    // A COMMIT that was interrupted by the deadline leaves the transaction open.
    if (connection_ != nullptr) connection_->rollback();
}

}  // namespace posthaste::store::sqlite
