#include "mail/verp.h"

#include "base/ascii.h"
#include "base/assert.h"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace posthaste::mail {

namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648 §6
constexpr std::string_view kPrefix = "b+";
constexpr char kVersion = 1;
constexpr std::size_t kMac = 6;
constexpr std::size_t kIdOctets = 16;
constexpr std::size_t kOfMessage = 1 + kIdOctets + kMac;
constexpr std::size_t kOfRecipient = kOfMessage + 2;
constexpr std::uint32_t kMostRecipient = 0xffff;

std::string hmac(std::string_view key, std::string_view octets) {
    std::array<unsigned char, 32> digest{};
    unsigned written = 0;
    const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                            reinterpret_cast<const unsigned char*>(octets.data()), octets.size(),
                            digest.data(), &written);
    PH_ASSERT(made != nullptr && written == digest.size());
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string to_letters(std::string_view octets) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : octets) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        count += 8;
        while (count >= 5) {
            count -= 5;
            out += kAlphabet[bits >> count & 31];
        }
        bits &= 0xff;
    }
    if (count > 0) out += kAlphabet[bits << (5 - count) & 31];
    return out;
}

// Nothing for other letters, and for stray bits at the end: one token has one form.
std::optional<std::string> to_octets(std::string_view letters) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : letters) {
        const auto value = kAlphabet.find(ascii::lower(c));
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 5 | static_cast<std::uint32_t>(value)) & 0xffff;
        count += 5;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return out;
}

// The 48 bits of milliseconds that a QueueId begins with.
Timestamp made_at(const QueueId& id) {
    std::int64_t milliseconds = 0;
    for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | id.octets[i];
    return Timestamp(Milliseconds(milliseconds));
}

}  // namespace

Verp::Verp(std::string_view store_secret, Domain domain)
    : key_(hmac(store_secret, "posthaste senders of messages, 1")), domain_(std::move(domain)) {}

std::string Verp::mac(std::string_view octets) const {
    return hmac(key_.reveal(), octets).substr(0, kMac);
}

std::string Verp::make(const Token& token) const {
    std::string octets(1, kVersion);
    octets.append(reinterpret_cast<const char*>(token.id.octets.data()), kIdOctets);
    if (token.recipient && *token.recipient <= kMostRecipient) {
        octets += static_cast<char>(*token.recipient >> 8 & 0xff);
        octets += static_cast<char>(*token.recipient & 0xff);
    }
    return to_letters(octets + mac(octets));
}

Mailbox Verp::address(const Token& token) const {
    return Mailbox::make(std::string(kPrefix) + make(token), domain_);
}

std::expected<Verp::Token, Verp::Fault> Verp::read(std::string_view token, Timestamp now) const {
    if (token.size() > kLongest) return std::unexpected(Fault::unreadable);
    const auto octets = to_octets(token);
    if (!octets || (octets->size() != kOfMessage && octets->size() != kOfRecipient) ||
        octets->front() != kVersion) {
        return std::unexpected(Fault::unreadable);
    }
    const auto said = std::string_view(*octets).substr(0, octets->size() - kMac);
    const auto proof = std::string_view(*octets).substr(said.size());
    const std::string ours = mac(said);
    if (CRYPTO_memcmp(ours.data(), proof.data(), kMac) != 0) return std::unexpected(Fault::forged);
    Token read;
    for (std::size_t i = 0; i < kIdOctets; ++i)
        read.id.octets[i] = static_cast<std::uint8_t>(said[1 + i]);
    if (octets->size() == kOfRecipient) {
        const auto octet = [&](std::size_t at) {
            return std::uint32_t{static_cast<unsigned char>(said[at])};
        };
        read.recipient = octet(1 + kIdOctets) << 8 | octet(2 + kIdOctets);
    }
    if (now - made_at(read.id) > kValid) return std::unexpected(Fault::too_old);
    return read;
}

std::optional<std::string_view> Verp::token_in(std::string_view local_part) {
    if (!ascii::starts_with_ignore_case(local_part, kPrefix)) return std::nullopt;
    return local_part.substr(kPrefix.size());
}

}  // namespace posthaste::mail
