// SASL, the client's side: one login as an exchange of values (RFC 4422, RFC 4954). PLAIN, LOGIN,
// SCRAM, XOAUTH2 (Google's and Microsoft's), OAUTHBEARER (RFC 7628), EXTERNAL.
//
// All of it is for a connection that is encrypted and, for everything but SCRAM and EXTERNAL,
// verified: whoever starts an exchange has seen to that.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "smtp/scram.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::smtp {

struct SaslLogin {
    enum class Kind : std::uint8_t { password, token, external };

    Kind kind = Kind::password;
    std::string username{};
    Secret secret{};  // the password, or the token
    std::string host{};
    std::uint16_t port = 0;
    std::string channel_binding{};      // tls-exporter; empty: there is none
    std::shared_ptr<ScramKeys> keys{};  // may be null
};

// Mechanisms that may be used with `kind`, of those that are offered, the best first (delivery.md
// 9.1). `allowed`: the operator's own order; empty: ours, which leaves out SCRAM-SHA-1.
std::vector<std::string> sasl_order(SaslLogin::Kind kind, const std::set<std::string>& offered,
                                    std::span<const std::string> allowed, bool has_binding);

bool is_known_sasl(std::string_view mechanism);

class SaslExchange {
  public:
    virtual ~SaslExchange() = default;

    // Goes with the AUTH command; nothing: the server speaks first.
    virtual std::optional<Secret> initial() { return std::nullopt; }

    // To the text of a 334, decoded. Errors: the exchange is to be given up ("*"), and why.
    virtual Result<Secret> answer(std::string_view challenge) = 0;

    // The next `answer` costs processor time: not on a worker.
    virtual bool is_slow() const { return false; }

    // After 235. Errors: denied when the server has not proven what the mechanism wants of it.
    virtual Result<void> finish() { return {}; }

    // What the server said about a token it does not take (a JSON text, hostile); "" if nothing.
    virtual std::string_view complaint() const { return {}; }

    // Nothing that could be tried once too often has been said yet: after a refusal the next
    // mechanism may follow.
    virtual bool harmless() const { return false; }
};

// Null for a mechanism that is not known or not for that kind. `offered` as the server said.
std::shared_ptr<SaslExchange> make_sasl_exchange(std::string_view mechanism, SaslLogin login,
                                                 const std::set<std::string>& offered);

}  // namespace posthaste::smtp
