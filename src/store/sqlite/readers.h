// A bounded pool of reading connections to one database file. Any thread.
#pragma once

#include "base/mutex.h"
#include "store/sqlite/connection.h"

#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::store::sqlite {

class Readers {
  public:
    struct Options {
        std::size_t connections = 4;
        Seconds longest_query{10};
        Seconds longest_wait{10};  // for a free connection
    };

    class Lease {
      public:
        Lease(Readers& readers, std::unique_ptr<Connection> connection)
            : readers_(&readers), connection_(std::move(connection)) {}

        ~Lease();
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;

        Connection* operator->() { return connection_.get(); }

        Connection& operator*() { return *connection_; }

      private:
        Readers* readers_;
        std::unique_ptr<Connection> connection_;
    };

    Readers(std::string path, Options options);

    // With the deadline of one query set. Errors: busy, io.
    Result<Lease> acquire();

  private:
    Result<std::unique_ptr<Connection>> open();
    void put_back(std::unique_ptr<Connection> connection);

    const std::string path_;
    const Options options_;
    Mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<Connection>> idle_ PH_GUARDED_BY(mutex_);
    std::size_t in_use_ PH_GUARDED_BY(mutex_) = 0;
};

}  // namespace posthaste::store::sqlite
