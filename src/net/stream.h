// Stream: one connection, plain or TLS, with its deadline inside. Lives on the worker that made it;
// one task uses it at a time.
//
// Reading is a window: `fill` waits for more octets and adds them behind `buffered()`; `consume`
// takes from the front. The buffer is given back while an idle stream waits, so an idle session
// costs no buffer. After an error the stream is dead: every later call fails with `closed`, and
// nothing is ever read in clear behind TLS (threats.md S4). Four errors leave it alive, so that a
// last reply can still be said: timeout, cancelled and too_large of `fill`, and the first two of
// `peek`.
#pragma once

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "net/tls.h"
#include "runtime/task.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

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

    void expires_after(std::chrono::steady_clock::duration wait) {
        deadline_ = Deadline::after(wait);
    }

    Deadline deadline() const { return deadline_; }

    std::string_view buffered() const { return std::string_view(buffer_).substr(begin_); }

    void consume(std::size_t octets);  // at most what is buffered

    // Waits until at least one more octet is buffered; the buffer never grows past `max_buffered`
    // octets (error too_large when it is full already). Errors: closed (the peer's end), timeout,
    // cancelled, tls, io.
    virtual runtime::Task<Result<void>> fill(std::size_t max_buffered = 64 << 10) = 0;

    // Up to `octets` of what comes next, without taking it; waits for the first until `until`, and
    // gives "" when there is none by then. Errors: as for `fill`; timeout is the stream's own
    // deadline. Within TLS it sees only what is buffered.
    virtual runtime::Task<Result<std::string>> peek(std::size_t octets, Deadline until);

    // Writes all of it. A peer that does not read runs into the deadline. `octets` must live until
    // done. Sockets under TLS raise SIGPIPE, which the process ignores from its start.
    virtual runtime::Task<Result<void>> write(std::string_view octets) = 0;

    // Handshakes. Octets that are buffered are an error (command or response injection, threats.md
    // S5, S6). A ClientHello that was seen by `peek` is not buffered. Errors: tls (also when the
    // peer closes meanwhile), timeout, cancelled. The policy's mend is for the person who wrote the
    // configuration.
    virtual runtime::Task<Result<void>> start_tls(const TlsServerContext& context) = 0;
    virtual runtime::Task<Result<void>> start_tls(const TlsClientContext& context,
                                                  TlsClientPolicy policy) = 0;

    // Null in clear.
    virtual const TlsInfo* tls() const = 0;

    // What both ends of this very TLS connection know and nobody else can make: "tls-exporter"
    // (RFC 9266), 32 octets. "" in clear, and where the RFC forbids it (TLS 1.2 without its
    // extended master secret).
    virtual std::string channel_binding() const { return {}; }

    // After a handshake as a server that failed; null otherwise.
    virtual const TlsFailure* tls_failure() const { return nullptr; }

    // Says close_notify if TLS, says the end, waits at most a second for the peer's end (closing
    // with octets unread would be a reset, and that can take our last reply from the peer), closes.
    // Never fails; in a cancelled chain it does not wait.
    virtual runtime::Task<void> close() = 0;
    virtual void abort() = 0;  // at once, with RST

    virtual Endpoint peer() const = 0;
    virtual Endpoint local() const = 0;

    // Octets written that the other side's kernel has not acknowledged, asked also after the end of
    // the connection: what was never acknowledged was never read there. 0 if unknown.
    virtual std::size_t unacknowledged() const { return 0; }

    virtual Milliseconds round_trip()
        const = 0;  // as the kernel measured it (TCP_INFO), 0 if unknown

  protected:
    void append(std::string_view octets);  // behind `buffered()`
    void release_idle_buffer();            // gives the memory back if nothing is buffered

    std::string buffer_;
    std::size_t begin_ = 0;
    Deadline deadline_;
};

// Reads up to and including LF; the line comes without its line end. `bare_lf` tells a line that
// ended by LF alone. A line that is longer than `max_octets` with its end is read to its end,
// thrown away, and reported as too_large once; the stream goes on behind it. One whose end does not
// come within `max_dropped` further octets is an error of kind syntax, at once: who sends without
// end is not listened to until the deadline (threats.md D1, P1). The stream has lost its place
// then: say a last word at most.
struct Line {
    std::string text;
    bool bare_lf = false;
};

inline constexpr std::size_t kMaxDropped = 256 << 10;

runtime::Task<Result<Line>> read_line(Stream& stream, std::size_t max_octets,
                                      std::size_t max_dropped = kMaxDropped);

}  // namespace posthaste::net
