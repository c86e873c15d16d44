// For the tests of this layer: certificates that are made once, a pair of streams on a real socket,
// and a peer that is OpenSSL alone, blocking, on a thread of its own.
#pragma once

#include "base/assert.h"
#include "base/file.h"
#include "base/log.h"
#include "net/detail/socket_stream.h"
#include "net/tls.h"
#include "runtime/run.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <sys/socket.h>

namespace posthaste::net::testing {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "ph-net-XXXXXX").string();
        PH_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }

    ~TemporaryFolder() { std::filesystem::remove_all(path); }

    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string file(std::string_view name) const { return path + "/" + std::string(name); }

    std::string path;
};

// Certificates for mail.test and 127.0.0.1, of a CA of their own.
struct Certificates {
    Certificates() {
        auto made = ensure_own_certificates(folder.path, {"mail.test", "127.0.0.1"});
        PH_ASSERT(made.has_value());
        files = *made;
        auto server_made = TlsServerContext::make({.certificates = files});
        auto client_made = TlsClientContext::make(folder.file("ca.pem"));
        PH_ASSERT(server_made.has_value() && client_made.has_value());
        server = *server_made;
        client = *client_made;
    }

    static const Certificates& get() {
        static const Certificates one;
        return one;
    }

    TemporaryFolder folder;
    std::vector<CertificateFiles> files;
    std::shared_ptr<TlsServerContext> server;
    std::shared_ptr<TlsClientContext> client;
};

inline std::pair<FileDescriptor, FileDescriptor> socket_pair() {
    int fds[2];
    PH_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    return {FileDescriptor(fds[0]), FileDescriptor(fds[1])};
}

inline std::unique_ptr<Stream> adopt(runtime::Worker& worker, FileDescriptor fd) {
    auto stream = detail::SocketStream::adopt(worker, std::move(fd), Endpoint{});
    PH_ASSERT(stream.has_value());
    return std::move(*stream);
}

inline std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> stream_pair(
    runtime::Worker& worker) {
    auto [one, other] = socket_pair();
    return {adopt(worker, std::move(one)), adopt(worker, std::move(other))};
}

// Sockets under TLS raise SIGPIPE; the program ignores it, and so do its tests.
inline void ignore_sigpipe() {
    std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace posthaste::net::testing
