#include "net/dialer.h"

#include "net/detail/socket_address.h"
#include "net/detail/socket_stream.h"
#include "runtime/timer.h"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fmt/format.h>

namespace posthaste::net {

namespace {

using namespace std::chrono_literals;

Error connect_error(int error_number) {
    switch (error_number) {
        case ECONNREFUSED:
            return {ErrorKind::refused, "connection refused", {}};
        case ENETUNREACH:
            return {ErrorKind::unsupported, "network unreachable", {}};
        case EHOSTUNREACH:
            return {ErrorKind::refused, "no route to the host", {}};
        case EADDRNOTAVAIL:
            return {ErrorKind::busy, "no local address or port left for the connection", {}};
        case EACCES:
        case EPERM:
            return {ErrorKind::denied, "the connection is forbidden on this machine", {}};
        case EAFNOSUPPORT:
            return {ErrorKind::unsupported, "this machine has no such network", {}};
        case ECONNRESET:
        case ECONNABORTED:
            return {ErrorKind::refused, "connection reset", {}};
        case ETIMEDOUT:
            return {ErrorKind::timeout, "connection timed out", {}};
        case ENOENT:
            return {ErrorKind::refused, "no such socket", {}};
        default:
            return system_error(error_number, "cannot connect");
    }
}

Result<void> bind_to(int fd, const IpAddress& from) {
    // The port is chosen by `connect`, so that one local port serves many peers.
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    const detail::SocketAddress address(Endpoint{from, 0});
    if (::bind(fd, address.data(), address.size()) == 0) return {};
    if (errno != EADDRNOTAVAIL) return std::unexpected(connect_error(errno));
    return fail(ErrorKind::not_found,
                fmt::format("{} is no address of this machine", from.to_string()));
}

runtime::Task<Result<void>> finish_connect(detail::Socket& socket, Deadline deadline) {
    auto ready = co_await socket.writable(deadline);
    if (!ready && ready.error().kind == ErrorKind::timeout) {
        co_return fail(ErrorKind::timeout, "connection timed out");
    }
    if (!ready) co_return ready;
    int error_number = 0;
    socklen_t length = sizeof error_number;
    ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error_number, &length);
    if (error_number != 0) co_return std::unexpected(connect_error(error_number));
    co_return Result<void>();
}

}  // namespace

runtime::Task<Result<std::unique_ptr<Stream>>> dial(Endpoint to, Deadline deadline,
                                                    std::optional<IpAddress> from) {
    auto& context = co_await runtime::this_task();
    detail::SocketAddress address(to);
    FileDescriptor fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) co_return std::unexpected(connect_error(errno));
    if (from) {
        PH_CO_CHECK(bind_to(fd.get(), *from));
    }
    if (::connect(fd.get(), address.data(), address.size()) != 0) {
        if (errno != EINPROGRESS) co_return std::unexpected(connect_error(errno));
        PH_CO_TRY(auto socket, detail::Socket::adopt(*context.worker, std::move(fd)));
        PH_CO_CHECK(co_await finish_connect(socket, deadline));
        co_return detail::SocketStream::make(std::move(socket), to);
    }
    co_return detail::SocketStream::adopt(*context.worker, std::move(fd), to);
}

runtime::Task<Result<std::unique_ptr<Stream>>> dial_unix(std::string path, Deadline deadline) {
    auto& context = co_await runtime::this_task();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        co_return fail(ErrorKind::refused, "the socket's path is empty or too long");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) co_return std::unexpected(connect_error(errno));
    while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (errno != EAGAIN) co_return std::unexpected(connect_error(errno));
        // The backlog is full; a local socket has no other way to tell when that changes.
        if (deadline.passed()) co_return fail(ErrorKind::timeout, "connection timed out");
        PH_CO_CHECK(co_await runtime::sleep_for(20ms));
    }
    co_return detail::SocketStream::adopt(*context.worker, std::move(fd), Endpoint{});
}

}  // namespace posthaste::net
