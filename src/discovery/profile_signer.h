// ProfileSigner: the server's certificate and key, read once, that sign configuration profiles.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <memory>
#include <string>
#include <string_view>

namespace posthaste::discovery {

// Immutable, so any thread may use it.
class ProfileSigner {
  public:
    // `chain_pem` is the server's certificate and behind it those of the authorities, as TLS uses
    // them; the key is not encrypted. Errors: syntax for what is no certificate or key, conflict
    // when they do not belong together.
    static Result<std::unique_ptr<ProfileSigner>> make(std::string_view chain_pem,
                                                       const Secret& key_pem);
    ~ProfileSigner();

    // What is served: CMS SignedData in DER around `plist` (RFC 5652). Blocks for one signature of
    // the key. Errors: unsupported for a key that cannot sign.
    Result<std::string> sign(std::string_view plist) const;

  private:
    struct Identity;
    explicit ProfileSigner(std::unique_ptr<Identity> identity);
    std::unique_ptr<Identity> identity_;
};

}  // namespace posthaste::discovery
