#include "store/upgrade.h"

#include "store/files.h"
#include "store/folder.h"
#include "store/sqlite/backup.h"
#include "store/sqlite/database.h"
#include "store/sqlite/schema.h"

#include <algorithm>
#include <fcntl.h>

#include <fmt/format.h>

namespace posthaste::store {

namespace {

using sqlite::AsItIs;
using sqlite::Connection;
using sqlite::kFormat;

// What leads from a format to the next one. New tables are not here: they are made whenever a store
// is opened (schema.h, additions).
struct Step {
    std::int64_t from;
    const char* queue;
    const char* directory;
};

constexpr Step kSteps[] = {
    {1,
     "ALTER TABLE messages ADD COLUMN tls_wish INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE messages ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE messages ADD COLUMN profile INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE messages ADD COLUMN route TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE messages ADD COLUMN verp INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE messages ADD COLUMN release BIGINT NOT NULL DEFAULT 0;"
     "ALTER TABLE messages ADD COLUMN by_time BIGINT NOT NULL DEFAULT 0;"
     "ALTER TABLE messages ADD COLUMN by_mode INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE messages ADD COLUMN by_trace INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE recipients ADD COLUMN tls_policy TEXT;"
     "ALTER TABLE recipients ADD COLUMN source_ip TEXT;"
     "ALTER TABLE recipients ADD COLUMN rule TEXT",
     "ALTER TABLE accounts ADD COLUMN profile INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE accounts ADD COLUMN language TEXT NOT NULL DEFAULT '';"
     "ALTER TABLE accounts ADD COLUMN verp INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE accounts ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE accounts ADD COLUMN reports INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE app_passwords ADD COLUMN device INTEGER NOT NULL DEFAULT 0"},
};

// All steps of one file and its new number: one transaction.
Result<void> change(AsItIs& file, const char* Step::* which) {
    if (file.format == kFormat) return {};
    Connection& db = *file.connection;
    const auto changed = [&]() -> Result<void> {
        PH_CHECK(db.execute("BEGIN IMMEDIATE"));
        std::int64_t at = file.format;
        for (const Step& step : kSteps) {
            if (step.from != at) continue;
            PH_CHECK(db.execute(step.*which));
            ++at;
        }
        if (at != kFormat)
            return fail(ErrorKind::unsupported,
                        fmt::format("nothing leads from format {} of {} to {}", file.format,
                                    db.path(), kFormat),
                        "upgrade with an older posthaste first");
        PH_CHECK(db.execute(fmt::format("PRAGMA user_version={}; COMMIT", kFormat)));
        return {};
    }();
    if (!changed) db.rollback();
    return changed;
}

Result<void> leave_word(const std::string& snapshot, std::int64_t format) {
    const std::string path = snapshot + "/SNAPSHOT.txt";
    const std::string text = fmt::format(
        "A complete copy of a posthaste store of format {}, made before it was upgraded to {}.\n"
        "To go back: stop the server, put this folder in place of the store (without this file), "
        "start the posthaste of before, then: posthaste queue release --all\n"
        "All messages in it are on hold, so that none goes twice. When the upgraded store is well, "
        "this folder may be removed.\n",
        format, kFormat);
    PH_TRY(const FileDescriptor file, open_file(path, O_WRONLY | O_CREAT | O_TRUNC));
    PH_CHECK(write_all(file.get(), text, path));
    PH_CHECK(sync_data(file.get(), path));
    return sync_folder(snapshot);
}

}  // namespace

Result<Upgraded> upgrade(const std::string& path, const std::string& snapshot) {
    PH_TRY(const FolderLock lock, FolderLock::take(path, false));
    PH_TRY(AsItIs queue, sqlite::open_as_it_is(path + "/queue.db", sqlite::kQueueApplication));
    PH_TRY(AsItIs directory,
           sqlite::open_as_it_is(path + "/directory.db", sqlite::kDirectoryApplication));
    Upgraded done;
    done.from = std::min(queue.format, directory.format);
    done.to = kFormat;
    if (done.from == kFormat) return done;
    // No server takes a store of two formats: whatever the earlier run copied is what is here.
    done.finished_earlier = queue.format != directory.format;
    if (!done.finished_earlier) {
        PH_CHECK(sqlite::copy_store(path, snapshot));
        PH_CHECK(leave_word(snapshot, done.from));
        done.snapshot = snapshot;
    }
    PH_CHECK(change(directory, &Step::directory));
    PH_CHECK(change(queue, &Step::queue));
    return done;
}

}  // namespace posthaste::store
