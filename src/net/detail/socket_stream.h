// The Stream on a socket, in clear or with OpenSSL on the socket itself: no memory BIOs, no buffers
// of our own while idle. For sources of net/ only.
#pragma once

#include "net/detail/openssl.h"
#include "net/detail/socket.h"
#include "net/stream.h"

namespace posthaste::net::detail {

class SocketStream final : public Stream {
  public:
    // `fd` is connected and non-blocking. Errors: io.
    static Result<std::unique_ptr<Stream>> adopt(runtime::Worker& worker, FileDescriptor fd,
                                                 Endpoint peer);

    static std::unique_ptr<Stream> make(Socket socket, Endpoint peer);

    SocketStream(Socket socket, Endpoint peer) : socket_(std::move(socket)), peer_(peer) {}

    ~SocketStream() override;

    runtime::Task<Result<void>> fill(std::size_t max_buffered) override;
    runtime::Task<Result<std::string>> peek(std::size_t octets, Deadline until) override;
    runtime::Task<Result<void>> write(std::string_view octets) override;
    runtime::Task<Result<void>> start_tls(const TlsServerContext& context) override;
    runtime::Task<Result<void>> start_tls(const TlsClientContext& context,
                                          TlsClientPolicy policy) override;

    const TlsInfo* tls() const override { return info_.get(); }

    std::string channel_binding() const override;

    const TlsFailure* tls_failure() const override { return failure_.get(); }

    runtime::Task<void> close() override;
    void abort() override;

    Endpoint peer() const override { return peer_; }

    Endpoint local() const override;
    std::size_t unacknowledged() const override;
    Milliseconds round_trip() const override;

  private:
    // What one attempt came to.
    enum class Step { done, want_read, want_write, end, failed };

    struct Attempt {
        Step step = Step::failed;
        std::size_t octets = 0;
        Error error;
    };

    Attempt read_some(char* into, std::size_t octets);
    Attempt write_some(std::string_view octets);
    Attempt read_tls(char* into, std::size_t octets);
    Attempt write_tls(std::string_view octets);
    Attempt after_tls_call(int result, std::string_view what);

    runtime::Task<Result<void>> wait_for(Step step, Deadline deadline);
    runtime::Task<Result<void>> handshake(const TlsClientPolicy* policy);
    Result<void> check_before_tls();

    Error die(Error error);
    runtime::Task<void> say_close_notify(Deadline deadline);
    runtime::Task<void> await_peers_end(Deadline deadline);

    mutable Socket socket_;
    Endpoint peer_;
    SslPtr ssl_;
    std::unique_ptr<TlsInfo> info_;        // once the handshake is done
    std::unique_ptr<TlsFailure> failure_;  // while we handshake as a server, and once that failed
    std::unique_ptr<Attempt> read_over_;   // how reading ended, behind octets not yet given out
    bool dead_ = false;
    int without_wait_ = 0;  // operations since the loop had its turn
};

}  // namespace posthaste::net::detail
