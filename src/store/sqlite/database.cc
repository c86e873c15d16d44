#include "store/sqlite/database.h"

#include "store/files.h"
#include "store/sqlite/schema.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store::sqlite {

Result<std::unique_ptr<Connection>> open_for_writing(const std::string& path) {
    PH_TRY(auto connection, Connection::open(path, Connection::Mode::write));
    // synchronous first: it must hold for everything that follows. Checkpoints have a thread of
    // their own. secure_delete (on in Debian's build) would write every page of a message once more
    // when it goes, which costs half of the CPU of a commit; what a deleted message leaves in the
    // file is overwritten by the next.
    PH_CHECK(connection->execute(
        "PRAGMA synchronous=FULL; PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0; "
        "PRAGMA cache_size=-16384; PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY; "
        "PRAGMA cell_size_check=ON; PRAGMA journal_size_limit=67108864"));
    return connection;
}

namespace {

enum class State { fresh, ours };

std::unexpected<Error> no_store(const std::string& path) {
    return fail(ErrorKind::not_found, "there is no store: " + path + " is missing or empty",
                "check store.path; posthaste serve makes a new store");
}

// No file, or one without tables.
std::unexpected<Error> nothing_there(const Database::Spec& spec) {
    if (spec.if_lost.empty()) return no_store(spec.path);
    return fail(ErrorKind::not_found,
                spec.path + " is missing or empty, and this folder has held a whole store",
                spec.if_lost);
}

// An error of the first look at a file says that it is no store, in words for the person who put it
// there.
Error explain(Error error, const std::string& path) {
    if (error.text.find("not a database") != std::string::npos) {
        return {ErrorKind::io, path + " is not a store: it is no SQLite database",
                "restore it from a backup, or move it away"};
    }
    if (error.kind == ErrorKind::store_failed) error.kind = ErrorKind::io;
    return error;
}

struct Look {
    State state = State::ours;
    std::int64_t format = kFormat;
};

Result<Look> look_at(Connection& connection, std::int64_t application) {
    const std::string& path = connection.path();
    PH_TRY(const std::int64_t found, connection.integer("PRAGMA application_id"));
    PH_TRY(const std::int64_t format, connection.integer("PRAGMA user_version"));
    PH_TRY(const std::int64_t tables, connection.integer("SELECT count(*) FROM sqlite_master"));
    // Tables, id and format are written in one transaction: without tables it was never finished.
    if (tables == 0 && found == 0 && format == 0) return Look{State::fresh, 0};
    if (found != application) {
        return fail(ErrorKind::unsupported, path + " is a database of another program",
                    "check store.path, or move the file away");
    }
    if (format > kFormat) {
        return fail(ErrorKind::unsupported,
                    fmt::format("{} has format {}, and this posthaste knows formats up to {}", path,
                                format, kFormat),
                    "install the posthaste that wrote it, or a newer one");
    }
    return Look{State::ours, format};
}

Result<State> inspect(Connection& connection, std::int64_t application) {
    PH_TRY(const Look look, look_at(connection, application));
    if (look.state == State::ours && look.format < kFormat) {
        return fail(ErrorKind::unsupported,
                    fmt::format("{} has the older format {}", connection.path(), look.format),
                    "stop the server, then run: posthaste store upgrade (it makes a copy first)");
    }
    return look.state;
}

Result<void> make_tables(Connection& connection, const Database::Spec& spec) {
    PH_CHECK(connection.execute("BEGIN IMMEDIATE"));
    auto made =
        connection.execute(fmt::format("{}; PRAGMA application_id={}; PRAGMA user_version={}",
                                       spec.schema, spec.application, kFormat));
    if (made && spec.fill) made = spec.fill(connection);
    if (made) made = connection.execute("COMMIT");
    if (!made) connection.rollback();
    return made;
}

// Also needed for a copy made by a backup, which does not come in WAL mode.
Result<void> use_wal(Connection& connection) {
    Query q = connection.query("PRAGMA journal_mode=WAL");
    PH_TRY(const bool row, q.next());
    if (row && q.text(0) == "wal") return {};
    return fail(ErrorKind::io,
                fmt::format("{} lies on a file system without shared memory", connection.path()),
                "put the store on a local disk");
}

bool is_folder(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<void> make_file(const std::string& path) {
    // Made here for the rights: SQLite would leave them to the umask, and gives its further files
    // the same.
    auto file = open_file(path, O_RDWR | O_CREAT);
    if (!file) return std::unexpected(std::move(file).error());
    return {};
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const Spec& spec, bool create,
                                                 Readers::Options readers) {
    const bool may_be_new = create && spec.if_lost.empty();
    if (is_folder(spec.path)) {
        return fail(ErrorKind::unsupported, spec.path + " is a folder, and must be a file",
                    "move the folder away, and restore the file from a backup");
    }
    if (may_be_new) {
        PH_CHECK(make_file(spec.path));
    } else if (access(spec.path.c_str(), F_OK) != 0) {
        return nothing_there(spec);
    }
    auto opened = open_for_writing(spec.path);
    if (!opened) return std::unexpected(explain(std::move(opened).error(), spec.path));
    auto& writer = *opened;
    auto state = inspect(*writer, spec.application);
    if (!state) return std::unexpected(explain(std::move(state).error(), spec.path));
    if (*state == State::fresh) {
        if (!may_be_new) return nothing_there(spec);
        // Both only work before the first page is written; in a file that was left half made they
        // are in place.
        PH_CHECK(writer->execute(
            fmt::format("PRAGMA page_size={}; PRAGMA auto_vacuum=INCREMENTAL", kPageSize)));
    }
    if (auto wal = use_wal(*writer); !wal)
        return std::unexpected(explain(std::move(wal).error(), spec.path));
    if (*state == State::fresh) PH_CHECK(make_tables(*writer, spec));
    if (spec.additions != nullptr) {
        // Writes nothing when all are there.
        auto added = writer->execute(spec.additions);
        if (!added) return std::unexpected(explain(std::move(added).error(), spec.path));
    }
    return std::unique_ptr<Database>(new Database(spec.path, std::move(writer), readers));
}

Result<AsItIs> open_as_it_is(const std::string& path, std::int64_t application) {
    if (access(path.c_str(), F_OK) != 0) return no_store(path);
    auto opened = open_for_writing(path);
    if (!opened) return std::unexpected(explain(std::move(opened).error(), path));
    auto look = look_at(**opened, application);
    if (!look) return std::unexpected(explain(std::move(look).error(), path));
    if (look->state == State::fresh) return no_store(path);
    if (auto wal = use_wal(**opened); !wal)
        return std::unexpected(explain(std::move(wal).error(), path));
    return AsItIs{std::move(*opened), look->format};
}

Result<std::unique_ptr<Connection>> Database::open_another() const {
    return open_for_writing(path_);
}

}  // namespace posthaste::store::sqlite
