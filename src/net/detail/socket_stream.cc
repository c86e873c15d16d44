#include "net/detail/socket_stream.h"

#include "base/assert.h"
#include "net/detail/heap.h"
#include "net/detail/socket_address.h"
#include "runtime/timer.h"

#include <algorithm>
#include <cerrno>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <openssl/err.h>

namespace posthaste::net::detail {

namespace {

using namespace std::chrono_literals;

// What a read takes at once; one for each thread, so that a connection has a buffer for what came
// only.
constexpr std::size_t kScratch = 64 << 10;

char* scratch() {
    thread_local std::unique_ptr<char[]> octets = std::make_unique_for_overwrite<char[]>(kScratch);
    return octets.get();
}

constexpr std::size_t kRecord = 16 << 10;

constexpr int kTurnsWithoutWait = 32;  // then other connections of the worker get their turn
constexpr auto kCloseWait = 1s;
constexpr std::size_t kDrainAtMost = 256 << 10;

Error closed_error() {
    return {ErrorKind::closed, "the connection was closed by the other side", {}};
}

}  // namespace

Result<std::unique_ptr<Stream>> SocketStream::adopt(runtime::Worker& worker, FileDescriptor fd,
                                                    Endpoint peer) {
    PH_TRY(auto socket, Socket::adopt(worker, std::move(fd)));
    return make(std::move(socket), peer);
}

std::unique_ptr<Stream> SocketStream::make(Socket socket, Endpoint peer) {
    // Replies are written whole; waiting for an acknowledgement before the next one only costs
    // time.
    int on = 1;
    setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return std::make_unique<SocketStream>(std::move(socket), peer);
}

SocketStream::~SocketStream() {
    if (info_) note_heap_use(socket_.worker());
}

Error SocketStream::die(Error error) {
    dead_ = true;
    return error;
}

// ---- one attempt, without waiting

SocketStream::Attempt SocketStream::read_some(char* into, std::size_t octets) {
    if (ssl_) return read_tls(into, octets);
    for (;;) {
        ssize_t got = ::recv(socket_.fd(), into, octets, 0);
        if (got > 0) return {Step::done, static_cast<std::size_t>(got), {}};
        if (got == 0) return {Step::end, 0, {}};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Step::want_read, 0, {}};
        return {Step::failed, 0, system_error(errno, "reading from the connection failed")};
    }
}

SocketStream::Attempt SocketStream::write_some(std::string_view octets) {
    if (ssl_) return write_tls(octets);
    for (;;) {
        ssize_t put = ::send(socket_.fd(), octets.data(), octets.size(), MSG_NOSIGNAL);
        if (put >= 0) return {Step::done, static_cast<std::size_t>(put), {}};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Step::want_write, 0, {}};
        if (errno == EPIPE) return {Step::end, 0, {}};
        return {Step::failed, 0, system_error(errno, "writing to the connection failed")};
    }
}

// One call gives one record at most; more of them are taken while they are there, so that bulk data
// does not pay the whole way up for each 16 KiB.
SocketStream::Attempt SocketStream::read_tls(char* into, std::size_t octets) {
    if (read_over_) return *read_over_;
    std::size_t total = 0;
    while (total < octets) {
        ERR_clear_error();
        errno = 0;
        std::size_t got = 0;
        int result = SSL_read_ex(ssl_.get(), into + total, octets - total, &got);
        if (result != 1) {
            auto attempt = after_tls_call(result, "reading from the connection failed");
            if (total == 0) return attempt;
            // OpenSSL tells an error once; what came before it is given out first.
            bool over = attempt.step == Step::end || attempt.step == Step::failed;
            if (over) read_over_ = std::make_unique<Attempt>(std::move(attempt));
            break;
        }
        total += got;
        if (SSL_has_pending(ssl_.get()) == 0 && got < kRecord) break;
    }
    return {Step::done, total, {}};
}

SocketStream::Attempt SocketStream::write_tls(std::string_view octets) {
    ERR_clear_error();
    errno = 0;
    std::size_t put = 0;
    int result = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &put);
    if (result == 1) return {Step::done, put, {}};
    return after_tls_call(result, "writing to the connection failed");
}

SocketStream::Attempt SocketStream::after_tls_call(int result, std::string_view what) {
    int error_number = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return {Step::want_read, 0, {}};
        case SSL_ERROR_WANT_WRITE:
            return {Step::want_write, 0, {}};
        case SSL_ERROR_ZERO_RETURN:
            return {Step::end, 0, {}};
        case SSL_ERROR_SYSCALL:
            if (error_number == 0 || error_number == EPIPE) return {Step::end, 0, {}};
            return {Step::failed, 0, system_error(error_number, what)};
        default:
            break;
    }
    // Many clients close without close_notify; what SMTP has not ended by then is thrown away
    // anyhow (T3).
    unsigned long code = ERR_peek_last_error();
    if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
        ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return {Step::end, 0, {}};
    }
    return {Step::failed, 0, {ErrorKind::tls, "TLS failed: " + take_tls_reason(), {}}};
}

// ---- waiting

runtime::Task<Result<void>> SocketStream::wait_for(Step step, Deadline deadline) {
    without_wait_ = 0;
    if (step == Step::want_write) {
        auto ready = co_await socket_.writable(deadline);
        co_return ready;
    }
    auto ready = co_await socket_.readable(deadline);
    co_return ready;
}

runtime::Task<Result<void>> SocketStream::fill(std::size_t max_buffered) {
    if (dead_) co_return std::unexpected(closed_error());
    if (buffered().size() >= max_buffered) {
        co_return fail(ErrorKind::too_large,
                       fmt::format("more than {} octets without an end", max_buffered));
    }
    if (++without_wait_ >= kTurnsWithoutWait) {
        without_wait_ = 0;
        static_cast<void>(
            co_await runtime::yield());  // a cancelled chain may still say its last words
    }
    for (;;) {
        // Also when octets are there: one octet a second must not move anybody's deadline
        // (threats.md D1).
        if (deadline_.passed()) co_return fail(ErrorKind::timeout, "nothing came in time");
        auto attempt = read_some(scratch(), std::min(kScratch, max_buffered - buffered().size()));
        switch (attempt.step) {
            case Step::done:
                append({scratch(), attempt.octets});
                co_return Result<void>();
            case Step::end:
                co_return std::unexpected(die(closed_error()));
            case Step::failed:
                co_return std::unexpected(die(std::move(attempt.error)));
            case Step::want_read:
            case Step::want_write:
                break;
        }
        release_idle_buffer();
        auto ready = co_await wait_for(attempt.step, deadline_);
        if (!ready && ready.error().kind == ErrorKind::timeout) {
            co_return fail(ErrorKind::timeout, "nothing came in time");
        }
        if (!ready) co_return ready;
    }
}

runtime::Task<Result<std::string>> SocketStream::peek(std::size_t octets, Deadline until) {
    if (dead_) co_return std::unexpected(closed_error());
    if (ssl_ || !buffered().empty()) co_return std::string(buffered().substr(0, octets));
    for (;;) {
        std::string seen(octets, '\0');
        ssize_t got = ::recv(socket_.fd(), seen.data(), seen.size(), MSG_PEEK);
        if (got > 0) {
            seen.resize(static_cast<std::size_t>(got));
            co_return seen;
        }
        if (got == 0) co_return std::unexpected(die(closed_error()));
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            auto error = system_error(errno, "reading from the connection failed");
            co_return std::unexpected(die(std::move(error)));
        }
        if (deadline_.passed()) co_return fail(ErrorKind::timeout, "nothing came in time");
        if (until.passed()) co_return std::string();
        Deadline earlier{std::min(until.at, deadline_.at)};
        auto ready = co_await wait_for(Step::want_read, earlier);
        if (!ready && ready.error().kind != ErrorKind::timeout) {
            co_return std::unexpected(std::move(ready).error());
        }
    }
}

runtime::Task<Result<void>> SocketStream::write(std::string_view octets) {
    if (dead_) co_return std::unexpected(closed_error());
    if (++without_wait_ >= kTurnsWithoutWait) {
        without_wait_ = 0;
        static_cast<void>(
            co_await runtime::yield());  // a cancelled chain may still say its last words
    }
    while (!octets.empty()) {
        if (deadline_.passed()) {
            co_return std::unexpected(
                die({ErrorKind::timeout, "the other side did not take what was sent in time", {}}));
        }
        auto attempt = write_some(octets);
        switch (attempt.step) {
            case Step::done:
                octets.remove_prefix(attempt.octets);
                continue;
            case Step::end:
                co_return std::unexpected(die(closed_error()));
            case Step::failed:
                co_return std::unexpected(die(std::move(attempt.error)));
            case Step::want_read:
            case Step::want_write:
                break;
        }
        auto ready = co_await wait_for(attempt.step, deadline_);
        // A part may be gone: after a wait that did not end well nothing more can be said.
        if (!ready && ready.error().kind != ErrorKind::timeout) {
            co_return std::unexpected(die(std::move(ready).error()));
        }
    }
    co_return Result<void>();
}

// ---- TLS

Result<void> SocketStream::check_before_tls() {
    if (dead_) return std::unexpected(closed_error());
    PH_ASSERT(!ssl_);
    if (buffered().empty()) return {};
    return std::unexpected(
        die({ErrorKind::tls, "octets came in clear where TLS was to begin", {}}));
}

runtime::Task<Result<void>> SocketStream::handshake(const TlsClientPolicy* policy) {
    release_idle_buffer();
    for (;;) {
        if (deadline_.passed()) {
            co_return std::unexpected(
                die({ErrorKind::timeout, "the TLS handshake took too long", {}}));
        }
        ERR_clear_error();
        errno = 0;
        int result = SSL_do_handshake(ssl_.get());
        if (result == 1) co_return Result<void>();
        int error = SSL_get_error(ssl_.get(), result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
            if (failure_) failure_->cause = failure_cause(ERR_peek_last_error());
            co_return std::unexpected(die(handshake_error(ssl_.get(), policy)));
        }
        auto step = error == SSL_ERROR_WANT_WRITE ? Step::want_write : Step::want_read;
        auto ready = co_await wait_for(step, deadline_);
        if (!ready && ready.error().kind != ErrorKind::timeout) {
            co_return std::unexpected(die(std::move(ready).error()));
        }
    }
}

runtime::Task<Result<void>> SocketStream::start_tls(const TlsServerContext& context) {
    PH_CO_CHECK(check_before_tls());
    auto session = make_server_session(context, socket_.fd());
    if (!session) co_return std::unexpected(die(std::move(session).error()));
    ssl_ = std::move(*session);
    failure_ = std::make_unique<TlsFailure>();
    watch_client_hello(ssl_.get(), failure_.get());
    auto done = co_await handshake(nullptr);
    note_heap_use(socket_.worker());
    watch_client_hello(ssl_.get(), nullptr);
    if (!done) co_return done;
    failure_.reset();
    info_ = std::make_unique<TlsInfo>(server_info(ssl_.get()));
    co_return Result<void>();
}

runtime::Task<Result<void>> SocketStream::start_tls(const TlsClientContext& context,
                                                    TlsClientPolicy policy) {
    PH_CO_CHECK(check_before_tls());
    auto session = make_client_session(context, policy, socket_.fd());
    if (!session) co_return std::unexpected(die(std::move(session).error()));
    ssl_ = std::move(*session);
    auto done = co_await handshake(&policy);
    note_heap_use(socket_.worker());
    if (!done) co_return done;
    info_ = std::make_unique<TlsInfo>(client_info(ssl_.get(), policy));
    co_return Result<void>();
}

// ---- the end

runtime::Task<void> SocketStream::say_close_notify(Deadline deadline) {
    for (;;) {
        ERR_clear_error();
        int result = SSL_shutdown(ssl_.get());
        if (result >= 0 || SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_WRITE) co_return;
        auto ready = co_await socket_.writable(deadline);
        if (!ready) co_return;
    }
}

runtime::Task<void> SocketStream::await_peers_end(Deadline deadline) {
    std::size_t drained = 0;
    while (drained < kDrainAtMost) {
        ssize_t got = ::recv(socket_.fd(), scratch(), kScratch, 0);
        if (got == 0) co_return;
        if (got > 0) {
            drained += static_cast<std::size_t>(got);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) co_return;
        auto ready = co_await socket_.readable(deadline);
        if (!ready) co_return;
    }
}

runtime::Task<void> SocketStream::close() {
    if (!socket_.is_open()) co_return;
    auto deadline = Deadline::after(kCloseWait);
    // After a fatal error OpenSSL must not be asked again, and SSL_shutdown during a handshake is
    // an error.
    if (ssl_ && info_ && !dead_) co_await say_close_notify(deadline);
    dead_ = true;
    if (::shutdown(socket_.fd(), SHUT_WR) == 0) co_await await_peers_end(deadline);
    ssl_.reset();
    socket_.close();
    buffer_ = std::string();
    begin_ = 0;
}

void SocketStream::abort() {
    if (!socket_.is_open()) return;
    dead_ = true;
    linger at_once{1, 0};
    setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ssl_.reset();
    socket_.close();
}

// ---- what is known of the connection

std::string SocketStream::channel_binding() const {
    constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";  // RFC 9266 §2
    if (!ssl_ || !info_ || dead_) return {};
    if (SSL_version(ssl_.get()) < TLS1_3_VERSION && SSL_get_extms_support(ssl_.get()) != 1)
        return {};
    std::string octets(32, '\0');
    const auto* no_context = reinterpret_cast<const unsigned char*>("");
    if (SSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(octets.data()),
                                   octets.size(), kLabel.data(), kLabel.size(), no_context, 0,
                                   1) != 1)
        return {};
    return octets;
}

Endpoint SocketStream::local() const {
    SocketAddress address;
    if (::getsockname(socket_.fd(), address.get(), address.length()) != 0) return {};
    return address.endpoint();
}

std::size_t SocketStream::unacknowledged() const {
    int octets = 0;
    if (::ioctl(socket_.fd(), SIOCOUTQ, &octets) != 0) return 0;
    return octets > 0 ? static_cast<std::size_t>(octets) : 0;
}

Milliseconds SocketStream::round_trip() const {
    tcp_info info{};
    socklen_t length = sizeof info;
    if (::getsockopt(socket_.fd(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return {};
    return std::chrono::ceil<Milliseconds>(std::chrono::microseconds(info.tcpi_rtt));
}

}  // namespace posthaste::net::detail
