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

}  // namespace posthaste::accounts
