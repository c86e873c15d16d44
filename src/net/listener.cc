#include "net/listener.h"

#include "base/file.h"
#include "net/detail/socket.h"
#include "net/detail/socket_address.h"
#include "net/detail/socket_stream.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>

namespace posthaste::net {

namespace {

using namespace std::chrono_literals;

constexpr int kAcceptAtOnce = 64;  // then the sessions of this worker get their turn
constexpr auto kPause = 100ms;
constexpr auto kLogEvery = 1s;

FileDescriptor open_spare() {
    return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Listener::Impl> {
    Impl(BoundSocket socket, runtime::WorkerPool& pool, Handler to_call, Log& to)
        : bound(std::move(socket)),
          local(bound.local()),
          workers(pool),
          home(pool[0]),
          handler(std::move(to_call)),
          log(to),
          spare(open_spare()) {}

    void begin();
    void wait();
    void accept_some();
    void hand_over(FileDescriptor fd, const Endpoint& peer);
    void accept_failed(int error_number);
    void give_one_up();
    void pause();
    void end();

    BoundSocket bound;
    const Endpoint local;
    runtime::WorkerPool& workers;
    runtime::Worker& home;
    const Handler handler;
    Log& log;
    std::atomic<bool> stopped{false};

    // The accepting worker's thread only.
    std::optional<detail::Socket> socket;
    FileDescriptor spare;
    SteadyTime next_log{};
};

void Listener::Impl::begin() {
    if (stopped || socket) return;
    auto adopted = detail::Socket::adopt(home, FileDescriptor(bound.release()));
    if (!adopted) {
        log.error("listener.failed",
                  {{"address", local.to_string()}, {"why", adopted.error().text}});
        return;
    }
    socket.emplace(std::move(*adopted));
    wait();
}

void Listener::Impl::wait() {
    if (stopped || !socket) return;
    socket->when_readable([self = shared_from_this()](const boost::system::error_code& error) {
        if (!error) self->accept_some();
    });
}

void Listener::Impl::accept_some() {
    for (int i = 0; i < kAcceptAtOnce; ++i) {
        if (stopped || !socket) return;
        detail::SocketAddress peer;
        FileDescriptor fd(
            ::accept4(socket->fd(), peer.get(), peer.length(), SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd) {
            hand_over(std::move(fd), peer.endpoint());
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        // The peer gave up while it waited, or the network of that one connection is broken
        // (accept(2)).
        if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == EPERM ||
            errno == ENETDOWN || errno == ENETUNREACH || errno == EHOSTUNREACH ||
            errno == EHOSTDOWN || errno == ENOPROTOOPT || errno == EOPNOTSUPP || errno == ENONET) {
            continue;
        }
        accept_failed(errno);
        return;
    }
    wait();
}

void Listener::Impl::hand_over(FileDescriptor fd, const Endpoint& peer) {
    auto& worker = workers.next();
    // The descriptor closes itself when the worker ends before it comes to this.
    worker.post([self = shared_from_this(), &worker, fd = std::move(fd), peer]() mutable {
        if (self->stopped) return;
        auto stream = detail::SocketStream::adopt(worker, std::move(fd), peer);
        if (!stream) {
            self->log.warning("connection.dropped",
                              {{"remote", peer.to_string()}, {"why", stream.error().text}});
            return;
        }
        self->handler(worker, std::move(*stream));
    });
}

void Listener::Impl::accept_failed(int error_number) {
    auto moment = std::chrono::steady_clock::now();
    if (moment >= next_log) {
        next_log = moment + kLogEvery;
        auto error = system_error(error_number, "cannot accept a connection");
        log.error("accept.failed",
                  {{"address", local.to_string()}, {"why", error.text}, {"mend", error.mend}});
    }
    if (error_number == EMFILE || error_number == ENFILE) give_one_up();
    pause();
}

// Without this the peer would wait for a server that cannot even look at it. The others stay in the
// kernel's backlog and are served as descriptors become free.
void Listener::Impl::give_one_up() {
    spare.reset();
    FileDescriptor dropped(::accept4(socket->fd(), nullptr, nullptr, SOCK_CLOEXEC));
    dropped.reset();
    spare = open_spare();
}

void Listener::Impl::pause() {
    home.call_at(std::chrono::steady_clock::now() + kPause, [self = shared_from_this()] {
        if (!self->spare) self->spare = open_spare();
        self->wait();
    });
}

void Listener::Impl::end() {
    if (socket) socket->close();
    socket.reset();
}

Listener::Listener(BoundSocket socket, runtime::WorkerPool& workers, Handler handler, Log& log)
    : impl_(std::make_shared<Impl>(std::move(socket), workers, std::move(handler), log)) {}

Listener::~Listener() {
    stop();
}

void Listener::start() {
    impl_->home.post([impl = impl_] { impl->begin(); });
}

void Listener::stop() {
    if (impl_->stopped.exchange(true)) return;
    impl_->home.post([impl = impl_] { impl->end(); });
}

Endpoint Listener::local() const {
    return impl_->local;
}

}  // namespace posthaste::net
