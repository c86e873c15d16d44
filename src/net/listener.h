// Listener: binds, accepts, hands sockets to workers. Knows IPv6 and kernels without it, keeps a
// spare descriptor for EMFILE, counts connections.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "net/stream.h"
#include "runtime/worker.h"

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::net {

struct ListenAddress {
    std::string host;  // "" for all addresses of both families, else an IPv4 or IPv6 address
    std::uint16_t port = 0;

    // ":587", "127.0.0.1:2587", "[::1]:2587", "localhost:0" (which is 127.0.0.1). Errors: syntax.
    static Result<ListenAddress> parse(std::string_view text);
    std::string to_string() const;
};

// A bound socket that listens (made while still root, before the user changes). "" binds [::]
// dual-stack and falls back to 0.0.0.0 where the kernel has no IPv6. Errors: conflict (in use; the
// text names the holder if it can be found), denied, io.
class BoundSocket {
  public:
    static Result<BoundSocket> bind(const ListenAddress& address);
    static Result<BoundSocket> bind_unix(const std::string& path,
                                         unsigned mode);  // a stale socket file is replaced
    BoundSocket(BoundSocket&&) noexcept;
    BoundSocket& operator=(BoundSocket&&) noexcept;
    ~BoundSocket();

    Endpoint local() const;  // with the port the kernel chose
    int release();

  private:
    explicit BoundSocket(int fd) : fd_(fd) {}

    int fd_ = -1;
};

// This machine has `address` now, so that it could be listened on; nothing is.
bool is_own_address(const IpAddress& address);

// Who listens on that TCP port, on any address: "master (pid 812)", "" when that is not for this
// user to know, nothing when nobody does.
std::optional<std::string> port_holder(std::uint16_t port);

// Admission and counting across all listeners of the process. Thread-safe.
class ConnectionCounter {
  public:
    struct Limits {
        std::size_t total = 20'000;
        std::size_t per_address = 100;  // before login only; an IPv6 /64 counts as one
    };

    explicit ConnectionCounter(Limits limits);
    ~ConnectionCounter();

    // One connection; returns its unit on destruction.
    class Unit {
      public:
        Unit(Unit&&) noexcept;
        Unit& operator=(Unit&&) = delete;
        ~Unit();
        void logged_in();  // no longer counts for its address

      private:
        friend class ConnectionCounter;

        Unit(ConnectionCounter& owner, IpAddress key) : owner_(&owner), key_(key) {}

        ConnectionCounter* owner_;
        IpAddress key_;
        bool counted_for_address_ = true;
    };

    enum class Full { server, address };  // which limit is reached

    std::expected<Unit, Full> admit(const IpAddress& address);
    std::size_t total() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class Listener {
  public:
    // Called on the chosen worker's thread with the new stream.
    using Handler = std::function<void(runtime::Worker&, std::unique_ptr<Stream>)>;

    // Accepts on `workers[0]`'s thread, gives sockets round robin to all. EMFILE: accepts with the
    // spare descriptor, closes at once, logs, waits a little; never spins.
    Listener(BoundSocket socket, runtime::WorkerPool& workers, Handler handler, Log& log);
    ~Listener();
    void start();
    void stop();  // any thread; no handler is called afterwards on the accepting worker
    Endpoint local() const;

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::net
