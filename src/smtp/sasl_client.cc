#include "smtp/sasl_client.h"

#include "smtp/sasl.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace posthaste::smtp {

namespace {

using Kind = SaslLogin::Kind;

constexpr std::size_t kMostComplaint = 2048;

struct Known {
    std::string_view name;
    Kind kind;
    bool by_default = true;
};

// The best first.
constexpr auto kKnown = std::to_array<Known>({{"XOAUTH2", Kind::token},
                                              {"OAUTHBEARER", Kind::token},
                                              {"EXTERNAL", Kind::external},
                                              {"SCRAM-SHA-256-PLUS", Kind::password},
                                              {"SCRAM-SHA-256", Kind::password},
                                              {"SCRAM-SHA-1", Kind::password, false},
                                              {"PLAIN", Kind::password},
                                              {"LOGIN", Kind::password}});

std::unexpected<Error> too_many() {
    return fail(ErrorKind::syntax, "it asks for more than the login has to say");
}

// Everything goes with the command.
class OneStep final : public SaslExchange {
  public:
    explicit OneStep(Secret response) : response_(std::move(response)) {}

    std::optional<Secret> initial() override { return response_; }

    // A server that does not take the response with the command asks for it with an empty 334.
    Result<Secret> answer(std::string_view challenge) override {
        if (asked_ || !challenge.empty()) return too_many();
        asked_ = true;
        return response_;
    }

  private:
    Secret response_;
    bool asked_ = false;
};

class Login final : public SaslExchange {
  public:
    explicit Login(SaslLogin login) : login_(std::move(login)) {}

    Result<Secret> answer(std::string_view) override {
        switch (step_++) {
            case 0:
                return Secret(login_.username);
            case 1:
                return login_.secret;
            default:
                return too_many();
        }
    }

    bool harmless() const override { return step_ < 2; }

  private:
    SaslLogin login_;
    int step_ = 0;
};

// A refused token is told as a 334 with a reason, which wants an answer before the 535 comes.
class Token final : public SaslExchange {
  public:
    Token(Secret response, std::string_view when_refused)
        : response_(std::move(response)), when_refused_(when_refused) {}

    std::optional<Secret> initial() override { return response_; }

    Result<Secret> answer(std::string_view challenge) override {
        if (challenge.empty() && !asked_) {
            asked_ = true;
            return response_;
        }
        if (refused_) return too_many();
        refused_ = true;
        complaint_ = challenge.substr(0, kMostComplaint);
        return Secret(std::string(when_refused_));
    }

    Result<void> finish() override {
        if (!refused_) return {};
        return fail(ErrorKind::denied, "it refused the token and then welcomed us");
    }

    std::string_view complaint() const override { return complaint_; }

  private:
    Secret response_;
    std::string_view when_refused_;
    std::string complaint_;
    bool asked_ = false;
    bool refused_ = false;
};

class ScramLogin final : public SaslExchange {
  public:
    explicit ScramLogin(Scram scram) : scram_(std::move(scram)) {}

    std::optional<Secret> initial() override { return Secret(scram_.first()); }

    Result<Secret> answer(std::string_view challenge) override {
        if (!scram_.proof_sent()) {
            PH_TRY(auto proof, scram_.prove(challenge));
            return Secret(std::move(proof));
        }
        PH_CHECK(scram_.verify(challenge));
        return Secret();  // RFC 4954 §4: success with data is a 334, an empty line and 235
    }

    bool is_slow() const override { return !scram_.proof_sent(); }

    Result<void> finish() override {
        if (scram_.verified()) return {};
        return fail(ErrorKind::denied, "it welcomed us without proving that it knows the password",
                    "this may be another server than it says: look at the host and the network");
    }

    bool harmless() const override { return !scram_.proof_sent(); }

  private:
    Scram scram_;
};

// A name within a GS2 header (RFC 5801 §4).
std::string gs2_name(std::string_view name) {
    std::string out;
    for (const char c : name)
        out += c == ',' ? std::string("=2C") : c == '=' ? std::string("=3D") : std::string(1, c);
    return out;
}

Secret xoauth2(const SaslLogin& login) {
    return Secret(
        fmt::format("user={}\x01"
                    "auth=Bearer {}\x01\x01",
                    login.username, login.secret.reveal()));
}

Secret oauthbearer(const SaslLogin& login) {
    return Secret(
        fmt::format("n,a={},\x01host={}\x01port={}\x01"
                    "auth=Bearer {}\x01\x01",
                    gs2_name(login.username), login.host, login.port, login.secret.reveal()));
}

Scram make_scram(std::string_view mechanism, SaslLogin login,
                 const std::set<std::string>& offered) {
    Scram::Options options;
    options.hash = mechanism == "SCRAM-SHA-1" ? ScramHash::sha1 : ScramHash::sha256;
    options.keys = std::move(login.keys);
    if (mechanism.ends_with("-PLUS")) {
        options.binding = Scram::Binding::exporter;
        options.channel_binding = std::move(login.channel_binding);
    } else if (!login.channel_binding.empty() &&
               !offered.contains(std::string(mechanism) + "-PLUS")) {
        // If somebody took the -PLUS out of the offer, the server sees it here (RFC 5802 §6).
        options.binding = Scram::Binding::not_offered;
    }
    return {login.username, login.secret, std::move(options)};
}

const Known* find_known(std::string_view mechanism) {
    const auto* known = std::ranges::find(kKnown, mechanism, &Known::name);
    return known == kKnown.end() ? nullptr : known;
}

}  // namespace

bool is_known_sasl(std::string_view mechanism) {
    return find_known(mechanism) != nullptr;
}

std::vector<std::string> sasl_order(Kind kind, const std::set<std::string>& offered,
                                    std::span<const std::string> allowed, bool has_binding) {
    std::vector<std::string> order;
    const auto consider = [&](std::string_view name, bool by_default) {
        const Known* known = find_known(name);
        if (known == nullptr || known->kind != kind || !by_default) return;
        if (name.ends_with("-PLUS") && !has_binding) return;
        if (offered.contains(std::string(name))) order.emplace_back(name);
    };
    for (const std::string& name : allowed) consider(name, true);
    if (!allowed.empty()) return order;
    for (const Known& known : kKnown) consider(known.name, known.by_default);
    return order;
}

std::shared_ptr<SaslExchange> make_sasl_exchange(std::string_view mechanism, SaslLogin login,
                                                 const std::set<std::string>& offered) {
    const Known* known = find_known(mechanism);
    if (known == nullptr || known->kind != login.kind) return nullptr;
    if (mechanism == "XOAUTH2") return std::make_shared<Token>(xoauth2(login), "");
    if (mechanism == "OAUTHBEARER") return std::make_shared<Token>(oauthbearer(login), "\x01");
    if (mechanism == "EXTERNAL") return std::make_shared<OneStep>(Secret(login.username));
    if (mechanism == "LOGIN") return std::make_shared<Login>(std::move(login));
    if (mechanism == "PLAIN")
        return std::make_shared<OneStep>(plain_message(login.username, login.secret));
    return std::make_shared<ScramLogin>(make_scram(mechanism, std::move(login), offered));
}

}  // namespace posthaste::smtp
