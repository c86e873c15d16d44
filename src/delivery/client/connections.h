// IdleConnections: open sessions of one worker that wait for the next message, by the place they
// lead to. What each has shown of the other side is kept with it: whoever takes one asks for
// enough. A place's latest is taken first, so that those not needed grow old and go.
#pragma once

#include "delivery/client/client.h"
#include "delivery/tls/tls_assurance.h"
#include "runtime/task_group.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace posthaste::delivery {

// Who stands at both ends of a connection. Nothing is shared between two of them.
struct Place {
    std::string host;
    std::uint16_t port = 25;
    std::string login{};   // a smarthost's site, which names the login; empty: MX hosts
    std::string source{};  // our address, where one was chosen
    std::string ehlo{};    // the name that we give

    std::string key() const;
};

class IdleConnections {
  public:
    struct Kept {
        std::unique_ptr<ClientSession> session;  // null: there is none
        TlsAssurance shown{};
    };

    struct Limits {
        Seconds idle{10};
        Seconds age{300};
        std::size_t messages = 100;
        std::size_t most = 500;  // of the worker
    };

    // How long one is kept, where its path has limits of its own.
    struct Keep {
        bool at_all = true;
        std::optional<Seconds> idle{};
        std::optional<std::uint64_t> messages{};
    };

    IdleConnections(Limits limits, runtime::Worker& worker, Log& log);
    ~IdleConnections();

    bool has(const std::string& place) const { return places_.contains(place); }

    // One whose other side has shown what `policy` asks for.
    Kept take(const std::string& place, const TlsPolicy& policy);
    // Keeps it if it may carry another message, else says goodbye, without making the caller wait.
    void put(const std::string& place, Kept kept, Keep keep);

    // Says goodbye, in the background.
    void dismiss(std::unique_ptr<ClientSession> session);

    // Says goodbye to all; nothing is kept any more.
    runtime::Task<void> close();

    std::size_t size() const { return size_; }

  private:
    struct Idle {
        Kept kept;
        SteadyTime since;
        Seconds longest;
    };

    bool may_go_on(const ClientSession& session, const Keep& keep, SteadyTime now) const;
    void expire();
    void set_timer();

    Limits limits_;
    runtime::Worker& worker_;
    std::unordered_map<std::string, std::vector<Idle>> places_;
    std::size_t size_ = 0;
    std::optional<runtime::Worker::TimerId> timer_;
    bool closed_ = false;
    std::unique_ptr<runtime::TaskGroup> goodbyes_;
};

}  // namespace posthaste::delivery
