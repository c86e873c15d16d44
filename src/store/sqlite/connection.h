// One SQLite connection and its prepared statements. One thread at a time. SQLite's words become
// our error kinds here and nowhere else.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "store/queue_time.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace posthaste::store::sqlite {

// Octets bound as a BLOB, not as TEXT.
struct Blob {
    std::string_view octets;
};

// A statement under way: bound, stepped row by row, reset at the end of its life. Views given to it
// and read from it are not copied: arguments live until the last step, columns until the next.
class Query {
  public:
    Query(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}

    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    template <class... Args>
    Query& bind(Args&&... args) {
        static_assert(!(dies_before_the_step<Args> || ...), "name the argument: it is not copied");
        int position = 0;
        (bind_at(++position, args), ...);
        return *this;
    }

    Result<bool> next();  // false: no row is left
    Result<void> run();   // steps to the end

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    std::string_view text(int column) const;  // "" for NULL
    std::string_view blob(int column) const;

  private:
    // A temporary that owns its octets; of an lvalue, Arg is a reference and no such type.
    template <class Arg>
    static constexpr bool dies_before_the_step =
        std::is_same_v<Arg, std::string> || std::is_same_v<Arg, QueueId> ||
        std::is_same_v<Arg, std::optional<std::string>> ||
        std::is_same_v<Arg, std::optional<QueueId>>;

    void bind_at(int position, std::nullptr_t);
    void bind_at(int position, std::int64_t value);
    void bind_at(int position, std::string_view text);
    void bind_at(int position, Blob blob);

    template <class T>
        requires(std::is_integral_v<T> || std::is_enum_v<T>)
    void bind_at(int position, T value) {
        bind_at(position, static_cast<std::int64_t>(value));
    }

    void bind_at(int position, const QueueId& id) {
        bind_at(position,
                Blob{{reinterpret_cast<const char*>(id.octets.data()), id.octets.size()}});
    }

    void bind_at(int position, QueueTime t) {
        bind_at(position, std::int64_t{t.time_since_epoch().count()});
    }

    void bind_at(int position, Timestamp t) {
        bind_at(position, std::int64_t{t.time_since_epoch().count()});
    }

    template <class T>
    void bind_at(int position, const std::optional<T>& value) {
        if (value) {
            bind_at(position, *value);
        } else {
            bind_at(position, nullptr);
        }
    }

    sqlite3* db_;
    sqlite3_stmt* statement_;  // null when it could not be prepared: next() says why
    int bind_error_ = 0;
};

// What the error of the last call on `db` means; asked at once, with `before_call` ahead of that
// call. store_full: rolled back, later calls may work; store_failed: a write or sync failed or the
// file is damaged; timeout: a reader's deadline; busy: locked by another program; conflict: a
// constraint; io: anything else.
Error error_of(sqlite3* db, std::string_view doing);
void before_call();

class Connection {
  public:
    enum class Mode {
        create,  // reads and writes; the file is made when it is missing
        write,   // reads and writes
        read,    // refuses to write
    };

    static Result<std::unique_ptr<Connection>> open(const std::string& path, Mode mode);
    ~Connection();  // never syncs after `abandon`
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // `sql` is a literal: statements are kept by its address.
    Query query(const char* sql);

    template <class... Args>
    Result<void> run(const char* sql, const Args&... args) {
        return query(sql).bind(args...).run();
    }

    // Several statements without arguments, prepared once and forgotten.
    Result<void> execute(const std::string& sql);
    Result<std::int64_t> integer(const char* sql);  // of the first row; 0 when there is none

    bool in_transaction() const;
    void rollback();  // best effort, nothing to do when SQLite rolled back by itself

    // Queries that still run at this moment end with ErrorKind::timeout.
    void set_deadline(Deadline deadline) { deadline_ = deadline; }

    // Nothing is written or synced any more, closing included (threats.md F2).
    void abandon();

    Error error(std::string_view doing) const { return error_of(db_, doing); }

    sqlite3* raw() { return db_; }

    const std::string& path() const { return path_; }

  private:
    Connection(std::string path, sqlite3* db);
    static int on_progress(void* self);

    std::string path_;
    sqlite3* db_;
    Deadline deadline_;
    std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

// A read transaction: all queries inside see one state of the database.
class Snapshot {
  public:
    static Result<Snapshot> begin(Connection& connection);
    ~Snapshot();

    Snapshot(Snapshot&& other) noexcept : connection_(other.connection_) {
        other.connection_ = nullptr;
    }

    Snapshot& operator=(Snapshot&&) = delete;

  private:
    explicit Snapshot(Connection& connection) : connection_(&connection) {}

    Connection* connection_;
};

}  // namespace posthaste::store::sqlite
