#include "accounts/keyed_digest.h"

#include "base/assert.h"
#include "base/secret.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace posthaste::accounts {

Digest keyed_digest(std::string_view key, std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const auto part : parts) size += 8 + part.size();
    std::string text;
    text.reserve(size);
    for (const auto part : parts) {
        const std::uint64_t length = part.size();
        for (int shift = 0; shift < 64; shift += 8)
            text += static_cast<char>(length >> shift & 0xff);
        text += part;
    }
    const Secret message(std::move(text));  // holds a password: wiped when done
    Digest digest{};
    unsigned int written = 0;
    const auto* octets = reinterpret_cast<const unsigned char*>(message.reveal().data());
    const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets,
                            message.reveal().size(), digest.data(), &written);
    PH_ASSERT(made != nullptr && written == digest.size());
    return digest;
}

std::string to_octets(const Digest& digest) {
    return {digest.begin(), digest.end()};
}

struct RunningDigest::Context {
    Context() : md(EVP_MD_CTX_new()) {
        PH_ASSERT(md != nullptr && EVP_DigestInit_ex(md, EVP_sha256(), nullptr) == 1);
    }

    ~Context() { EVP_MD_CTX_free(md); }

    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    EVP_MD_CTX* md;
};

RunningDigest::RunningDigest() : context_(std::make_unique<Context>()) {}

RunningDigest::~RunningDigest() = default;
RunningDigest::RunningDigest(RunningDigest&&) noexcept = default;
RunningDigest& RunningDigest::operator=(RunningDigest&&) noexcept = default;

void RunningDigest::update(std::string_view octets) {
    PH_ASSERT(EVP_DigestUpdate(context_->md, octets.data(), octets.size()) == 1);
}

Digest RunningDigest::finish() {
    Digest digest{};
    unsigned int written = 0;
    PH_ASSERT(EVP_DigestFinal_ex(context_->md, digest.data(), &written) == 1 &&
              written == digest.size());
    return digest;
}

}  // namespace posthaste::accounts
