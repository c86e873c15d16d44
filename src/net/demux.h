// The port demultiplexer: the first octets decide what a connection speaks, so that SSL/TLS on 587
// and STARTTLS on 465 simply work (clients.md 6.3.1; DESIGN.md, life of a message 1).
#pragma once

#include "net/stream.h"
#include "runtime/task.h"

#include <memory>

namespace posthaste::net {

enum class FirstOctets {
    tls,      // a ClientHello waits in the stream: handshake now
    plain,    // silence until the hold ended, or the client talked first: speak in plain text
    old_ssl,  // an SSLv2 hello: close (there is no answer that such a program understands)
    http,     // an HTTP verb: answer R11, close
};

enum class PortHabit { starttls, implicit_tls };  // 587-like, 465-like

// How addresses have lately started, so that a client known to start in plain text waits less and
// one known to send its hello late gets time. One for all submission ports; an IPv6 /64 counts as
// one address. Bounded (a few thousand entries, oldest forgotten). Thread-safe.
class DemuxMemory {
  public:
    DemuxMemory();
    ~DemuxMemory();
    void saw_tls(const IpAddress& address);
    void saw_plain(const IpAddress& address);
    void saw_late_hello(const IpAddress& address);  // a ClientHello came behind our banner

    // How long to hold the banner for this address.
    Milliseconds hold(const IpAddress& address, PortHabit habit, Milliseconds round_trip) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Peeks without consuming, holding the banner as long as the memory says, and notes what came.
// `saw_late_hello` is the session's to call, when the first line behind its banner begins with
// 0x16. Errors: closed, timeout (of the stream's own deadline), cancelled, io.
runtime::Task<Result<FirstOctets>> demultiplex(Stream& stream, PortHabit habit,
                                               DemuxMemory& memory);

}  // namespace posthaste::net
