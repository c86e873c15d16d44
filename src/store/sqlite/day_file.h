// One file of the history: the records of a day (or of a part of a busy one), and what they are
// found by. Written by the history's keeper alone, read by anybody, dropped whole.
#pragma once

#include "store/record.h"
#include "store/sqlite/connection.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace posthaste::store::sqlite {

class DayFile {
  public:
    // Makes the file when it is missing. Errors: store_full; unsupported (of a later posthaste, or
    // no history); anything else: damaged, or a disk that fails.
    static Result<std::unique_ptr<DayFile>> open(const std::string& path);

    // All of them, synced, or none; those that are there already are passed over. Errors as above.
    Result<void> add(std::span<const RecordRow> rows);

    // It is not written or synced any more, closing included.
    void abandon() { connection_->abandon(); }

    const std::string& path() const { return connection_->path(); }

  private:
    explicit DayFile(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

    std::unique_ptr<Connection> connection_;
};

// The largest number in it; 0: none. Errors: io, unsupported.
Result<std::uint64_t> last_number_in(const std::string& path);

class DayReader {
  public:
    // Errors: not_found (dropped meanwhile), io (damaged).
    static Result<DayReader> open(const std::string& path, Deadline deadline);

    // True from it: more is wanted.
    using Visit = std::function<bool(RecordRow)>;

    // Newest first, those below `before`; several records may share a key by chance.
    Result<void> by_key(std::uint64_t key, std::uint64_t before, const Visit& visit);
    Result<void> accepted(std::uint64_t before, const Visit& visit);
    // Oldest first, those behind `after`.
    Result<void> after(std::uint64_t after, const Visit& visit);

  private:
    explicit DayReader(std::unique_ptr<Connection> connection)
        : connection_(std::move(connection)) {}

    std::unique_ptr<Connection> connection_;
};

}  // namespace posthaste::store::sqlite
