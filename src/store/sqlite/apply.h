// One change, written inside the open transaction of a connection. Internal to the engine.
#pragma once

#include "store/change.h"
#include "store/sqlite/connection.h"

#include <cstdint>
#include <string>
#include <vector>

namespace posthaste::store::sqlite {

struct QueueTransaction {
    Connection& db;
    std::int64_t&
        last_content;  // of contents.number; numbers of a rolled back transaction are left out
    std::uint64_t& last_record;  // of outbox.number; a rolled back transaction leaves no gap
    std::vector<std::string>
        ended;  // content files of messages that ended, to remove behind the commit
};

Result<void> apply_to_queue(QueueTransaction& transaction, const Change& change);
Result<void> apply_to_directory(Connection& db, const Change& change);

}  // namespace posthaste::store::sqlite
