// The copy is made like a store, so that restoring is moving the folder into place. All messages in
// it are held: the original goes on delivering them, and a copy that delivered them again would
// send everything twice.
#include "store/sqlite/backup.h"

#include "store/files.h"
#include "store/history_files.h"
#include "store/sqlite/database.h"
#include "store/sqlite/sqlite_engine.h"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store::sqlite {

namespace {

// The folder under construction; removes what it made unless `keep` is called.
class Copy {
  public:
    explicit Copy(std::string folder) : folder_(std::move(folder)) {}

    ~Copy() {
        if (kept_) return;
        for (auto it = made_.rbegin(); it != made_.rend(); ++it) remove(it->c_str());
    }

    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;

    Result<void> begin() {
        struct stat status{};
        if (stat(folder_.c_str(), &status) != 0) {
            PH_CHECK(make_folder(folder_));
            made_.push_back(folder_);
        } else {
            PH_TRY(const auto names, list_folder(folder_));
            if (!names.empty())
                return fail(ErrorKind::conflict, folder_ + " is not empty",
                            "name a folder that is empty or not there");
            if (chmod(folder_.c_str(), 0700) != 0)
                return std::unexpected(system_error(errno, "cannot close " + folder_));
        }
        PH_CHECK(make_folder(folder_ + "/content"));
        made_.push_back(folder_ + "/content");
        return {};
    }

    std::string path(const std::string& name) const { return folder_ + '/' + name; }

    void will_make(const std::string& path) { made_.push_back(path); }

    Result<void> keep() {
        PH_CHECK(sync_folder(folder_ + "/content"));
        PH_CHECK(sync_folder(folder_));
        kept_ = true;
        return {};
    }

  private:
    std::string folder_;
    std::vector<std::string> made_;
    bool kept_ = false;
};

Error as_io(Error error) {
    // The disk that failed is the copy's, which says nothing about the store.
    if (error.kind == ErrorKind::store_failed) error.kind = ErrorKind::io;
    return error;
}

Result<std::string> copy_database(const std::string& folder, const std::string& name, Copy& copy) {
    const std::string target = copy.path(name);
    copy.will_make(target);
    // Made here for the rights; VACUUM INTO takes an empty file.
    PH_TRY(const FileDescriptor made, open_file(target, O_RDWR | O_CREAT | O_EXCL));
    PH_TRY(auto connection, open_for_writing(folder + '/' + name));
    connection->abandon();
    PH_CHECK(connection->run("VACUUM INTO ?", target));
    return target;
}

Result<std::vector<std::string>> named_files(const std::string& queue) {
    PH_TRY(auto db, Connection::open(queue, Connection::Mode::read));
    std::vector<std::string> names;
    Query q = db->query("SELECT body_file FROM messages WHERE body_file IS NOT NULL");
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return names;
        names.emplace_back(q.text(0));
    }
}

// Copies the content files that the copy names, and gives those that are not there.
Result<std::vector<std::string>> copy_files(Connection& db, const std::string& from, Copy& copy) {
    std::vector<std::string> gone;
    Query q = db.query("SELECT body_file FROM messages WHERE body_file IS NOT NULL");
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return gone;
        const std::string name(q.text(0));
        if (!QueueId::parse(name))
            return fail(ErrorKind::io, "a row of the messages names a file that cannot be",
                        "see posthaste queue list");
        const std::string target = copy.path("content/" + name);
        copy.will_make(target);
        auto copied = copy_file(from + '/' + name, target);
        if (copied) continue;
        if (copied.error().kind != ErrorKind::not_found)
            return std::unexpected(as_io(std::move(copied).error()));
        gone.push_back(name);
    }
}

Result<void> forget_messages(Connection& db, const std::vector<std::string>& files) {
    for (const std::string& file : files) {
        PH_CHECK(db.run(
            "DELETE FROM recipients WHERE message IN (SELECT id FROM messages WHERE body_file = ?)",
            file));
        PH_CHECK(
            db.run("DELETE FROM contents WHERE number IN (SELECT content FROM messages WHERE "
                   "body_file = ?)",
                   file));
        PH_CHECK(db.run("DELETE FROM messages WHERE body_file = ?", file));
    }
    return {};
}

Result<void> hold_and_forget(Connection& db, const std::vector<std::string>& ended) {
    PH_CHECK(db.execute("BEGIN IMMEDIATE; UPDATE messages SET held = 1"));
    PH_CHECK(forget_messages(db, ended));
    return db.execute("COMMIT");
}

Result<void> sync_file(const std::string& path) {
    PH_TRY(const FileDescriptor fd, open_file(path, O_RDONLY));
    return sync_data(fd.get(), path);
}

Result<void> copy_history(const std::string& store, Copy& copy) {
    PH_TRY(const auto files, list_history(store + "/history"));
    if (files.empty()) return {};
    PH_CHECK(make_folder(copy.path("history")));
    copy.will_make(copy.path("history"));
    for (const HistoryFile& file : files) {
        if (file.damaged) continue;
        auto copied = copy_database(store, "history/" + file.name(), copy);
        // Dropped meanwhile, or damaged: mail that waits is worth more than what was told of it.
        if (!copied) {
            unlink(copy.path("history/" + file.name()).c_str());
            if (copied.error().kind == ErrorKind::store_full)
                return std::unexpected(std::move(copied).error());
            continue;
        }
        PH_CHECK(sync_file(*copied));
    }
    return sync_folder(copy.path("history"));
}

}  // namespace

Result<void> copy_store(const std::string& store, const std::string& folder) {
    // Inside the store it would be swept away, or lost together with what it is a copy of.
    std::error_code ignored;
    const auto inside = std::filesystem::weakly_canonical(store, ignored);
    const auto wanted = std::filesystem::weakly_canonical(folder, ignored);
    if (std::ranges::mismatch(inside, wanted).in1 == inside.end())
        return fail(ErrorKind::denied, folder + " is inside of the store",
                    "name a folder elsewhere, best on another disk");
    Copy copy(folder);
    const auto made = [&]() -> Result<void> {
        PH_CHECK(copy.begin());
        PH_TRY(const std::string directory, copy_database(store, "directory.db", copy));
        PH_TRY(const std::string queue, copy_database(store, "queue.db", copy));
        {
            PH_TRY(auto db, Connection::open(queue, Connection::Mode::write));
            PH_CHECK(db->execute("PRAGMA synchronous=FULL; PRAGMA journal_mode=MEMORY"));
            PH_TRY(auto gone, copy_files(*db, store + "/content", copy));
            // A message that is still here has lost its file, which the copy must go on saying.
            PH_TRY(const auto named, gone.empty() ? Result<std::vector<std::string>>()
                                                  : named_files(store + "/queue.db"));
            std::erase_if(gone, [&](const std::string& file) {
                return std::ranges::find(named, file) != named.end();
            });
            PH_CHECK(hold_and_forget(*db, gone));
        }
        // Behind the queue: what left it meanwhile is in a file.
        PH_CHECK(copy_history(store, copy));
        PH_CHECK(sync_file(directory));
        PH_CHECK(sync_file(queue));
        return copy.keep();
    }();
    if (!made) return std::unexpected(as_io(made.error()));
    return {};
}

Result<void> SqliteEngine::backup(const std::string& folder) {
    return copy_store(options_.folder, folder);
}

}  // namespace posthaste::store::sqlite
