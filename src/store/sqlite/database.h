// One database file of the store: made or checked when it is opened, with its one writing
// connection and its readers.
#pragma once

#include "store/sqlite/connection.h"
#include "store/sqlite/readers.h"

#include <functional>
#include <memory>
#include <string>

namespace posthaste::store::sqlite {

class Database {
  public:
    struct Spec {
        std::string path;
        std::int64_t application = 0;
        const char* schema = nullptr;
        const char* additions = nullptr;  // CREATE TABLE IF NOT EXISTS …; may be null
        std::function<Result<void>(Connection&)>
            fill;               // inside the transaction that makes the tables, may be null
        std::string if_lost{};  // the mend for a file that must be there; empty: it may be new
    };

    // Makes the file when it is missing or was left half made by a crash. Errors: unsupported
    // (another format, not ours, a folder), not_found (missing or empty, and `create` is false or
    // it must be there), io.
    static Result<std::unique_ptr<Database>> open(const Spec& spec, bool create,
                                                  Readers::Options readers);

    Connection& writer() { return *writer_; }  // the committer's thread

    Readers& readers() { return readers_; }

    const std::string& path() const { return path_; }

    // A further writing connection with the same settings, for checkpoints and for the copy of a
    // backup.
    Result<std::unique_ptr<Connection>> open_another() const;

  private:
    Database(std::string path, std::unique_ptr<Connection> writer, Readers::Options readers)
        : path_(std::move(path)), writer_(std::move(writer)), readers_(path_, readers) {}

    std::string path_;
    std::unique_ptr<Connection>
        writer_;  // closed behind the readers, so that the last to close is the writer
    Readers readers_;
};

// A writing connection with the settings that durability rests on.
Result<std::unique_ptr<Connection>> open_for_writing(const std::string& path);

// A file as it is, of this format or an older one: what an upgrade begins with. Errors: not_found
// (missing, or without tables), unsupported (newer, or not ours), io.
struct AsItIs {
    std::unique_ptr<Connection> connection;
    std::int64_t format = 0;
};

Result<AsItIs> open_as_it_is(const std::string& path, std::int64_t application);

}  // namespace posthaste::store::sqlite
