// The port for old devices ([legacy]): what it is to submission, and its TLS, which alone of all
// ports speaks 1.0 and 1.1.
#pragma once

#include "app/config/settings.h"
#include "base/log.h"
#include "net/tls.h"
#include "submission/server.h"

#include <memory>
#include <vector>

namespace posthaste::app {

// Without its TLS, which is there once the certificates are. [legacy] is configured.
submission::PortProfile legacy_profile(const Settings& settings);

// From the certificates of all ports. Errors: as of TlsServerContext::make.
Result<std::shared_ptr<net::TlsServerContext>> legacy_tls(
    std::vector<net::CertificateFiles> certificates);

// Most devices of that age know RSA certificates alone.
bool has_rsa(const net::TlsServerContext& context);

// Says at each start that the port is open, to whom, and what that means.
void announce_legacy(const Settings& settings, const net::TlsServerContext& context, Log& log);

}  // namespace posthaste::app
