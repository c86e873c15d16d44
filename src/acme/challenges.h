// What the CA asks for while it makes sure that a name is ours: the texts of http-01 (RFC 8555
// §8.3) and the certificates of tls-alpn-01 (RFC 8737). Filled by an order, read by the listeners.
// Thread-safe.
#pragma once

#include "acme/keys.h"
#include "base/mutex.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace posthaste::acme {

class Challenges {
  public:
    // What is asked at /.well-known/acme-challenge/TOKEN.
    std::optional<std::string> text(std::string_view token) const;
    // For a client that offers "acme-tls/1" and asks for that name.
    std::optional<net::PemIdentity> certificate(std::string_view name) const;

    void put_text(std::string token, std::string key_authorization);
    void put_certificate(std::string name, net::PemIdentity pair);
    void clear();

  private:
    mutable Mutex mutex_;
    std::map<std::string, std::string, std::less<>> texts_ PH_GUARDED_BY(mutex_);
    std::map<std::string, net::PemIdentity, std::less<>> certificates_ PH_GUARDED_BY(mutex_);
};

}  // namespace posthaste::acme
