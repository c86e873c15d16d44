// Stream: one connection, plain or TLS, with its deadline inside. Lives on the worker that made it.
//
// Reading is a window: `fill` waits for more octets and adds them behind `buffered()`; `consume` takes from
// the front. The buffer is given back while an idle stream waits, so an idle session costs no buffer.
// After any error, close_notify or end of input the stream is dead: every later call fails with `closed`
// and nothing is ever read in clear behind TLS (threats.md S4).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "net/tls.h"
#include "runtime/task.h"

namespace posthaste::net {

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    std::string to_string() const;  // "192.0.2.1:25", "[2001:db8::1]:25"
    auto operator<=>(const Endpoint&) const = default;
};

class Stream {
  public:
    virtual ~Stream() = default;

    // The moment after which every operation fails with `timeout`. Moved before each step.
    void expires_at(Deadline deadline) { deadline_ = deadline; }

    void expires_after(std::chrono::steady_clock::duration wait) { deadline_ = Deadline::after(wait); }

    Deadline deadline() const { return deadline_; }

    std::string_view buffered() const;
    void consume(std::size_t octets);

    // Waits until at least one more octet is buffered; the buffer never grows past `max_buffered` octets
    // (error too_large when it is full already). Errors: closed (orderly end), timeout, cancelled, tls, io.
    virtual runtime::Task<Result<void>> fill(std::size_t max_buffered = 64 << 10) = 0;

    // Writes all of it. A peer that does not read runs into the deadline. `octets` must live until done.
    virtual runtime::Task<Result<void>> write(std::string_view octets) = 0;

    // Handshakes. Octets buffered before are an error (response or command injection, threats.md S5, S6):
    // the caller checks `buffered()` first; the server may pass them on purpose when it peeked a ClientHello.
    virtual runtime::Task<Result<void>> start_tls(const TlsServerContext& context) = 0;
    virtual runtime::Task<Result<void>> start_tls(const TlsClientContext& context, TlsClientPolicy policy) = 0;

    // Null in clear.
    virtual const TlsInfo* tls() const = 0;

    // Says close_notify if TLS, shuts down, closes. Waits at most a second for octets to leave; never fails.
    virtual runtime::Task<void> close() = 0;
    virtual void abort() = 0;  // at once, with RST

    virtual Endpoint peer() const = 0;
    virtual Endpoint local() const = 0;
    virtual Milliseconds round_trip() const = 0;  // as the kernel measured it (TCP_INFO), 0 if unknown

  protected:
    struct Buffer;
    std::string buffer_;        // released (capacity 0) while waiting with nothing buffered
    std::size_t begin_ = 0;
    Deadline deadline_;
};

// Reads up to and including LF; the line comes without its line end. `bare_lf` tells a line that ended by LF
// alone. A line longer than `max_octets` is read to its end, thrown away, and reported as too_large once.
struct Line {
    std::string text;
    bool bare_lf = false;
};

runtime::Task<Result<Line>> read_line(Stream& stream, std::size_t max_octets);

}  // namespace posthaste::net
