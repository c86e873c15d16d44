// Our reading of a handshake that failed. No reply can carry it: the log is the only place where
// anybody learns why a mail program or a printer gave up (clients.md 6.1 no. 15 and 16). Pure.
#pragma once

#include "net/tls.h"

#include <string>

namespace posthaste::submission {

struct TlsReading {
    std::string why;   // a sentence, empty when there is nothing to say
    std::string mend;  // what to do, empty likewise
};

struct TlsSurroundings {
    bool covered = false;       // a certificate of ours holds the name that was asked for
    bool legacy = false;        // it came on the port for old devices
    std::string legacy_port{};  // "10.0.0.1:2525"; empty: there is none
};

TlsReading read_tls_failure(const net::TlsFailure& failure, const TlsSurroundings& around);

}  // namespace posthaste::submission
