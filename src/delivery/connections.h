// IdleConnections: open sessions of one worker that wait for the next message, by path (site, TLS
// level, login). A path's latest is taken first, so that those not needed grow old and go.
#pragma once

#include "delivery/client.h"
#include "runtime/task_group.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace posthaste::delivery {

class IdleConnections {
  public:
    struct Limits {
        Seconds idle{10};
        Seconds age{300};
        std::size_t messages = 100;
        std::size_t most = 500;  // of the worker
    };

    IdleConnections(Limits limits, runtime::Worker& worker, Log& log);
    ~IdleConnections();

    // Null if there is none.
    std::unique_ptr<ClientSession> take(const std::string& path);
    // Keeps it if it may carry another message, else says goodbye, without making the caller wait.
    void put(const std::string& path, std::unique_ptr<ClientSession> session);

    // Says goodbye, in the background.
    void dismiss(std::unique_ptr<ClientSession> session);

    // Says goodbye to all; nothing is kept any more.
    runtime::Task<void> close();

    std::size_t size() const { return size_; }

  private:
    struct Idle {
        std::unique_ptr<ClientSession> session;
        SteadyTime since;
    };

    bool may_go_on(const ClientSession& session, SteadyTime now) const;
    void expire();
    void set_timer();

    Limits limits_;
    runtime::Worker& worker_;
    std::unordered_map<std::string, std::vector<Idle>> paths_;
    std::size_t size_ = 0;
    std::optional<runtime::Worker::TimerId> timer_;
    bool closed_ = false;
    std::unique_ptr<runtime::TaskGroup> goodbyes_;
};

}  // namespace posthaste::delivery
