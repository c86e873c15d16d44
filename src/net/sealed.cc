#include "net/sealed.h"

#include "base/assert.h"
#include "base/owned.h"
#include "base/random.h"

#include <array>
#include <cstdint>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace posthaste::net {

namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
constexpr std::string_view kLabel = "posthaste sealed 1 ";

using Cipher = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using Key = std::array<unsigned char, 32>;

unsigned char* octets(std::string& text, std::size_t at) {
    return reinterpret_cast<unsigned char*>(text.data() + at);
}

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Key key_for(std::string_view secret, std::string_view purpose) {
    const std::string label = std::string(kLabel) + std::string(purpose);
    Key key{};
    unsigned length = 0;
    const auto* made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                            octets(label), label.size(), key.data(), &length);
    PH_ASSERT(made != nullptr && length == key.size());
    return key;
}

}  // namespace

std::string seal(std::string_view secret, std::string_view purpose, const Secret& plain) {
    const std::string_view text = plain.reveal();
    std::string sealed(1 + kNonce + text.size() + kTag, '\0');
    sealed[0] = kVersion;
    fill_random({reinterpret_cast<std::uint8_t*>(sealed.data() + 1), kNonce});
    Key key = key_for(secret, purpose);
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int length = 0;
    int rest = 0;
    const bool made =
        cipher &&
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                           octets(sealed, 1)) == 1 &&
        EVP_EncryptUpdate(cipher.get(), octets(sealed, 1 + kNonce), &length, octets(text),
                          static_cast<int>(text.size())) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), octets(sealed, 1 + kNonce + text.size()), &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTag,
                            octets(sealed, 1 + kNonce + text.size())) == 1;
    OPENSSL_cleanse(key.data(), key.size());
    PH_ASSERT(made && static_cast<std::size_t>(length) == text.size() && rest == 0);
    return sealed;
}

Result<Secret> unseal(std::string_view secret, std::string_view purpose, std::string_view sealed) {
    constexpr std::size_t kFrame = 1 + kNonce + kTag;
    if (sealed.size() < kFrame || sealed[0] != kVersion)
        return fail(ErrorKind::denied, "it is not sealed the way this version does it");
    const std::size_t size = sealed.size() - kFrame;
    std::string plain(size, '\0');
    std::string tag(sealed.substr(sealed.size() - kTag));
    Key key = key_for(secret, purpose);
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int length = 0;
    int rest = 0;
    unsigned char nothing[16];
    const bool good =
        cipher &&
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                           octets(sealed.substr(1))) == 1 &&
        EVP_DecryptUpdate(cipher.get(), octets(plain, 0), &length,
                          octets(sealed.substr(1 + kNonce)), static_cast<int>(size)) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), nothing, &rest) == 1;
    OPENSSL_cleanse(key.data(), key.size());
    Secret opened(std::move(plain));
    if (!good) return fail(ErrorKind::denied, "it was sealed with another key, or changed");
    return opened;
}

}  // namespace posthaste::net
