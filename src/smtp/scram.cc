#include "smtp/scram.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/random.h"
#include "base/utf8.h"
#include "mail/saslprep.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace posthaste::smtp {

namespace {

constexpr std::size_t kNonceOctets = 18;

const EVP_MD* digest_of(ScramHash hash) {
    return hash == ScramHash::sha256 ? EVP_sha256() : EVP_sha1();
}

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hmac(ScramHash hash, std::string_view key, std::string_view text) {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned int length = 0;
    const auto* made = HMAC(digest_of(hash), key.data(), static_cast<int>(key.size()), octets(text),
                            text.size(), reinterpret_cast<unsigned char*>(out.data()), &length);
    PH_ASSERT(made != nullptr);
    out.resize(length);
    return out;
}

std::string hashed(ScramHash hash, std::string_view text) {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned int length = 0;
    PH_ASSERT(EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()),
                         &length, digest_of(hash), nullptr) == 1);
    out.resize(length);
    return out;
}

// saslname: ',' and '=' divide the message (RFC 5802 §5.1).
std::string escape(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == ',')
            out += "=2C";
        else if (c == '=')
            out += "=3D";
        else
            out += c;
    }
    return out;
}

std::string fresh_nonce() {
    std::string raw(kNonceOctets, '\0');
    fill_random({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
    return base64::encode(raw);
}

// "x=VALUE" at the front, up to the next comma; nothing if another attribute stands there.
std::optional<std::string_view> take(std::string_view& message, char attribute) {
    if (message.size() < 2 || message[0] != attribute || message[1] != '=') return std::nullopt;
    const std::size_t end = std::min(message.find(','), message.size());
    const std::string_view value = message.substr(2, end - 2);
    message.remove_prefix(std::min(end + 1, message.size()));
    return value;
}

std::unexpected<Error> nonsense(std::string_view what) {
    return fail(ErrorKind::syntax, fmt::format("its answer within SCRAM {}", what));
}

// RFC 5802 §7: server-error-value. Only words we know are repeated as they are.
std::unexpected<Error> server_error(std::string_view value) {
    return fail(ErrorKind::denied,
                fmt::format("it says {} within SCRAM", utf8::printable(value, 60)));
}

struct ServerFirst {
    std::string_view nonce;
    std::string salt;
    std::uint32_t iterations = 0;
};

Result<ServerFirst> parse_server_first(std::string_view message) {
    if (message.size() > Scram::kMostChallenge)
        return fail(ErrorKind::too_large, "its answer within SCRAM is too long");
    if (const auto error = take(message, 'e')) return server_error(*error);
    // "m=" announces an extension that we would have to know (RFC 5802 §5.1).
    const auto nonce = take(message, 'r');
    const auto salt_text = take(message, 's');
    const auto count = take(message, 'i');
    if (!nonce || !salt_text || !count) return nonsense("is not in the form of RFC 5802");
    const bool clean =
        std::ranges::all_of(*nonce, [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
    auto salt = base64::decode(*salt_text);
    if (!clean || !salt || salt->empty() || salt->size() > Scram::kMostSalt)
        return nonsense("has no usable nonce or salt");
    ServerFirst first{*nonce, std::move(*salt), 0};
    const auto [end, failed] =
        std::from_chars(count->data(), count->data() + count->size(), first.iterations);
    if (failed != std::errc() || end != count->data() + count->size())
        return nonsense("has no usable iteration count");
    if (first.iterations < Scram::kFewestIterations || first.iterations > Scram::kMostIterations) {
        return fail(ErrorKind::denied,
                    fmt::format("it wants {} iterations within SCRAM, and {} to {} are done",
                                first.iterations, Scram::kFewestIterations, Scram::kMostIterations),
                    "the relay must store its passwords with at least 4096 iterations (RFC 7677)");
    }
    return first;
}

}  // namespace

std::optional<ScramKeys::Keys> ScramKeys::find(std::string_view salt,
                                               std::uint32_t iterations) const {
    MutexLock lock(mutex_);
    if (!keys_ || salt != salt_ || iterations != iterations_) return std::nullopt;
    return keys_;
}

void ScramKeys::put(std::string salt, std::uint32_t iterations, Keys keys) {
    MutexLock lock(mutex_);
    salt_ = std::move(salt);
    iterations_ = iterations;
    keys_ = std::move(keys);
}

Scram::Scram(std::string_view username, const Secret& password, Options options)
    : username_(mail::saslprep(username)),
      password_(mail::saslprep(password.reveal())),
      options_(std::move(options)) {
    if (options_.nonce.empty()) options_.nonce = fresh_nonce();
    gs2_ = options_.binding == Binding::exporter      ? "p=tls-exporter,,"
           : options_.binding == Binding::not_offered ? "y,,"
                                                      : "n,,";
    bare_ = fmt::format("n={},r={}", escape(username_), options_.nonce);
}

std::string Scram::first() const {
    return gs2_ + bare_;
}

Result<ScramKeys::Keys> Scram::keys_for(const std::string& salt, std::uint32_t iterations) const {
    if (options_.keys) {
        if (auto known = options_.keys->find(salt, iterations)) return std::move(*known);
    }
    const auto password = password_.reveal();
    std::string raw(static_cast<std::size_t>(EVP_MD_get_size(digest_of(options_.hash))), '\0');
    const int made = PKCS5_PBKDF2_HMAC(
        password.data(), static_cast<int>(password.size()), octets(salt),
        static_cast<int>(salt.size()), static_cast<int>(iterations), digest_of(options_.hash),
        static_cast<int>(raw.size()), reinterpret_cast<unsigned char*>(raw.data()));
    if (made != 1) return fail(ErrorKind::io, "the proof of the password cannot be made");
    const Secret salted(std::move(raw));
    ScramKeys::Keys keys{Secret(hmac(options_.hash, salted.reveal(), "Client Key")),
                         Secret(hmac(options_.hash, salted.reveal(), "Server Key"))};
    if (options_.keys) options_.keys->put(salt, iterations, keys);
    return keys;
}

Result<std::string> Scram::prove(std::string_view server_first) {
    if (proof_sent_) return nonsense("comes twice");
    PH_TRY(const auto first, parse_server_first(server_first));
    if (!first.nonce.starts_with(options_.nonce) || first.nonce.size() <= options_.nonce.size())
        return fail(ErrorKind::denied, "its answer within SCRAM is not to our question");
    PH_TRY(const auto keys, keys_for(first.salt, first.iterations));
    std::string bound = gs2_;
    if (options_.binding == Binding::exporter) bound += options_.channel_binding;
    const std::string without_proof = fmt::format("c={},r={}", base64::encode(bound), first.nonce);
    const std::string signed_text = fmt::format("{},{},{}", bare_, server_first, without_proof);
    const std::string stored = hashed(options_.hash, keys.client.reveal());
    std::string proof = hmac(options_.hash, stored, signed_text);
    const std::string_view key = keys.client.reveal();
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ key[i]);
    server_signature_ = hmac(options_.hash, keys.server.reveal(), signed_text);
    proof_sent_ = true;
    return fmt::format("{},p={}", without_proof, base64::encode(proof));
}

Result<void> Scram::verify(std::string_view server_final) {
    if (!proof_sent_ || verified_) return nonsense("comes at the wrong time");
    if (server_final.size() > kMostChallenge)
        return fail(ErrorKind::too_large, "its answer within SCRAM is too long");
    if (const auto error = take(server_final, 'e')) return server_error(*error);
    const auto value = take(server_final, 'v');
    const auto signature = value ? base64::decode(*value) : std::nullopt;
    if (!signature) return nonsense("is not in the form of RFC 5802");
    if (!equal_in_constant_time(*signature, server_signature_))
        return fail(ErrorKind::denied, "it does not know the password that it asks for",
                    "this may be another server than it says: look at the host and the network");
    verified_ = true;
    return {};
}

}  // namespace posthaste::smtp
