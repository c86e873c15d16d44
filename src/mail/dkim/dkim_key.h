// DkimKey: a private key that signs for a domain (RFC 6376 §3.3, RFC 8463), and the record that
// publishes its public half.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace posthaste::mail {

enum class DkimAlgorithm : std::uint8_t { rsa_sha256 = 0, ed25519_sha256 = 1 };

std::string_view to_string(DkimAlgorithm algorithm);  // as a= wants it

// Private keys are used through this, so that they can live in a process of their own. Any thread;
// an RSA signature takes 0.3 ms, so not on a worker.
class DkimSigner {
  public:
    virtual ~DkimSigner() = default;

    virtual DkimAlgorithm algorithm() const = 0;
    // The signature's octets. Errors: io (the library's words).
    virtual Result<std::string> sign(std::string_view data) const = 0;
};

class DkimKey final : public DkimSigner {
  public:
    // `bits` counts for RSA alone. Takes a second or so. Errors: syntax (fewer than 1024 bits, more
    // than 4096), io.
    static Result<DkimKey> generate(DkimAlgorithm algorithm, unsigned bits = 2048);
    // PEM without a password: PKCS #8, or an RSA key by itself. Errors: syntax, each saying what is
    // wrong and how to convert it; keys below 1024 bits are refused (RFC 8301 §3.2).
    static Result<DkimKey> from_pem(const Secret& pem);

    DkimAlgorithm algorithm() const override { return algorithm_; }

    unsigned bits() const;
    Secret to_pem() const;
    std::string record() const;  // "v=DKIM1; k=rsa; p=…", one line

    Result<std::string> sign(std::string_view data) const override;

  private:
    struct Key;
    DkimKey(std::shared_ptr<const Key> key, DkimAlgorithm algorithm);
    static Result<DkimKey> wrap(std::shared_ptr<const Key> key);

    std::shared_ptr<const Key> key_;
    DkimAlgorithm algorithm_;
};

}  // namespace posthaste::mail
