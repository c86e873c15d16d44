#include "base/file.h"
#include "net/detail/port_holder.h"
#include "net/detail/socket_address.h"
#include "net/listener.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::net {

namespace {

// The kernel cuts it at net.core.somaxconn.
constexpr int kBacklog = 4096;

Result<ListenAddress> bad_address(std::string_view text) {
    return fail(ErrorKind::syntax,
                fmt::format("\"{}\" is no address to listen on", text.substr(0, 80)),
                "write \":587\" for all addresses, or \"127.0.0.1:2587\", or \"[::1]:2587\"");
}

FileDescriptor open_socket(int family) {
    return FileDescriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

int set_option(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value);
}

Error bind_error(int error_number, const ListenAddress& address) {
    std::string where = address.to_string();
    if (error_number == EADDRINUSE) {
        auto holder = detail::find_port_holder(address.port);
        return {ErrorKind::conflict,
                holder.empty() ? fmt::format("{} is in use by another program", where)
                               : fmt::format("{} is held by {}", where, holder),
                "stop that program, or choose another port under [listen]"};
    }
    if (error_number == EACCES || error_number == EPERM) {
        return {ErrorKind::denied, fmt::format("this user may not listen on {}", where),
                "ports under 1024 need root at the start, or CAP_NET_BIND_SERVICE"};
    }
    if (error_number == EADDRNOTAVAIL) {
        return {ErrorKind::not_found, fmt::format("this machine has no address {}", address.host),
                "name one that `ip address` shows, or none to listen on all"};
    }
    return system_error(error_number, "cannot listen on " + where);
}

// 0 or an errno value. The socket is bound and listens when 0.
int try_bind(FileDescriptor& fd, const Endpoint& endpoint, bool dual_stack) {
    detail::SocketAddress address(endpoint);
    fd = open_socket(address.family());
    if (!fd) return errno;
    set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (address.family() == AF_INET6) {
        if (set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, dual_stack ? 0 : 1) != 0) return errno;
    }
    if (::bind(fd.get(), address.data(), address.size()) != 0) return errno;
    if (::listen(fd.get(), kBacklog) != 0) return errno;
    return 0;
}

// The kernel has no IPv6, or it is switched off.
bool means_no_ipv6(int error_number) {
    return error_number == EAFNOSUPPORT || error_number == EADDRNOTAVAIL ||
           error_number == EPROTONOSUPPORT || error_number == ENOPROTOOPT;
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return bad_address(text);
    auto host = text.substr(0, colon);
    auto digits = text.substr(colon + 1);
    ListenAddress address;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (error != std::errc() || end != digits.data() + digits.size()) return bad_address(text);
    if (host.empty()) return address;
    if (host == "localhost") host = "127.0.0.1";
    bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
    if (bracketed) host = host.substr(1, host.size() - 2);
    auto parsed = IpAddress::parse(host);
    // "::1:587" could be read in two ways; IPv6 is written in brackets.
    if (!parsed || bracketed != (host.find(':') != std::string_view::npos))
        return bad_address(text);
    address.host = host;
    return address;
}

std::string ListenAddress::to_string() const {
    if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
    return fmt::format("{}:{}", host, port);
}

bool is_own_address(const IpAddress& address) {
    const detail::SocketAddress any_port(Endpoint{address, 0});
    const FileDescriptor fd = open_socket(any_port.family());
    if (!fd) return errno != EAFNOSUPPORT;
    return ::bind(fd.get(), any_port.data(), any_port.size()) == 0 || errno != EADDRNOTAVAIL;
}

Result<BoundSocket> BoundSocket::bind(const ListenAddress& address) {
    FileDescriptor fd;
    int error = 0;
    if (address.host.empty()) {
        error = try_bind(fd, {IpAddress(), address.port}, true);
        if (means_no_ipv6(error)) error = try_bind(fd, {IpAddress::v4({}), address.port}, false);
    } else {
        auto host = IpAddress::parse(address.host);
        if (!host) return fail(ErrorKind::syntax, address.host + " is no IP address");
        error = try_bind(fd, {*host, address.port}, false);
    }
    if (error != 0) return std::unexpected(bind_error(error, address));
    return BoundSocket(fd.release());
}

namespace {

Result<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(ErrorKind::syntax,
                    fmt::format("the socket's path has {} octets, and the kernel takes 1 to {}",
                                path.size(), sizeof address.sun_path - 1),
                    "set admin.socket to a shorter path");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

// Whether a server still answers on the socket file.
bool is_answered(const sockaddr_un& address) {
    auto fd = open_socket(AF_UNIX);
    if (!fd) return true;
    int result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return result == 0 || errno != ECONNREFUSED;
}

}  // namespace

Result<BoundSocket> BoundSocket::bind_unix(const std::string& path, unsigned mode) {
    PH_TRY(auto address, unix_address(path));
    auto fd = open_socket(AF_UNIX);
    if (!fd) return std::unexpected(system_error(errno, "cannot make a socket"));
    // Linux makes the file with the mode the socket has: there is no moment in which more is
    // allowed.
    if (::fchmod(fd.get(), mode) != 0) return std::unexpected(system_error(errno, path));
    auto* generic = reinterpret_cast<const sockaddr*>(&address);
    int result = ::bind(fd.get(), generic, sizeof address);
    if (result != 0 && errno == EADDRINUSE) {
        struct stat found{};
        if (::lstat(path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) {
            return fail(ErrorKind::conflict, path + " exists and is no socket",
                        "remove it, or set admin.socket to another path");
        }
        if (is_answered(address)) {
            return fail(ErrorKind::conflict, "another server answers on " + path,
                        "stop it first, or set admin.socket to another path");
        }
        ::unlink(path.c_str());  // left by a server that was killed
        result = ::bind(fd.get(), generic, sizeof address);
    }
    if (result != 0) return std::unexpected(system_error(errno, "cannot make the socket " + path));
    // The umask may have taken bits away.
    if (::chmod(path.c_str(), mode) != 0 || ::listen(fd.get(), kBacklog) != 0) {
        return std::unexpected(system_error(errno, "cannot listen on " + path));
    }
    return BoundSocket(fd.release());
}

BoundSocket::BoundSocket(BoundSocket&& other) noexcept : fd_(other.release()) {}

BoundSocket& BoundSocket::operator=(BoundSocket&& other) noexcept {
    if (this == &other) return *this;
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
    return *this;
}

BoundSocket::~BoundSocket() {
    if (fd_ >= 0) ::close(fd_);
}

int BoundSocket::release() {
    return std::exchange(fd_, -1);
}

Endpoint BoundSocket::local() const {
    detail::SocketAddress address;
    if (::getsockname(fd_, address.get(), address.length()) != 0) return {};
    return address.endpoint();
}

std::optional<std::string> port_holder(std::uint16_t port) {
    if (!detail::is_listened_on(port)) return std::nullopt;
    return detail::find_port_holder(port);
}

}  // namespace posthaste::net
