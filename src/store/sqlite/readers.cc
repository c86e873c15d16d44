#include "store/sqlite/readers.h"

#include <utility>

namespace posthaste::store::sqlite {

Readers::Readers(std::string path, Options options) : path_(std::move(path)), options_(options) {}

Readers::Lease::~Lease() {
    if (connection_) readers_->put_back(std::move(connection_));
}

Result<std::unique_ptr<Connection>> Readers::open() {
    PH_TRY(auto connection, Connection::open(path_, Connection::Mode::read));
    // No mmap: a disk error would arrive as SIGBUS instead of an error.
    PH_CHECK(connection->execute(
        "PRAGMA mmap_size=0; PRAGMA cache_size=-2000; PRAGMA cell_size_check=ON; "
        "PRAGMA temp_store=MEMORY"));
    return connection;
}

Result<Readers::Lease> Readers::acquire() {
    std::unique_ptr<Connection> connection;
    {
        MutexLock lock(mutex_);
        const auto give_up = Deadline::after(options_.longest_wait);
        while (in_use_ == options_.connections) {
            if (give_up.passed())
                return fail(ErrorKind::busy, "all readers of the store are busy",
                            "try again in a moment");
            freed_.wait_until(lock.native(), give_up.at);
        }
        ++in_use_;
        if (!idle_.empty()) {
            connection = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (!connection) {
        auto opened = open();
        if (!opened) {
            put_back(nullptr);
            if (opened.error().kind == ErrorKind::store_failed) opened.error().kind = ErrorKind::io;
            return std::unexpected(std::move(opened).error());
        }
        connection = std::move(*opened);
    }
    connection->set_deadline(Deadline::after(options_.longest_query));
    return Lease(*this, std::move(connection));
}

void Readers::put_back(std::unique_ptr<Connection> connection) {
    const MutexLock lock(mutex_);
    --in_use_;
    if (connection) {
        connection->set_deadline({});
        idle_.push_back(std::move(connection));
    }
    freed_.notify_one();
}

}  // namespace posthaste::store::sqlite
