#include "smtp/scram_testing.h"

#include "base/base64.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace posthaste::smtp::testing {

namespace {

constexpr std::string_view kSalt = "0123456789abcdef";

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hmac(std::string_view key, std::string_view text) {
    std::string out(32, '\0');
    unsigned length = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(text), text.size(),
         reinterpret_cast<unsigned char*>(out.data()), &length);
    return out;
}

std::string sha256(std::string_view text) {
    std::string out(32, '\0');
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), &length,
               EVP_sha256(), nullptr);
    return out;
}

}  // namespace

std::string ScramServer::answer(std::string_view client_first) {
    const auto bare = client_first.find(",,") + 2;
    gs2_ = client_first.substr(0, bare);
    bare_ = client_first.substr(bare);
    nonce_ = bare_.substr(bare_.find(",r=") + 3) + "server";
    first_ = "r=" + nonce_ + ",s=" + base64::encode(kSalt) + ",i=4096";
    return first_;
}

std::optional<std::string> ScramServer::judge(const std::string& client_final) const {
    const auto at = client_final.rfind(",p=");
    const std::string without = client_final.substr(0, at);
    const std::string bound = gs2_ + (gs2_.starts_with("p=") ? binding_ : std::string());
    if (without != "c=" + base64::encode(bound) + ",r=" + nonce_) return std::nullopt;
    std::string salted(32, '\0');
    PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()), octets(kSalt),
                      kSalt.size(), 4096, EVP_sha256(), 32,
                      reinterpret_cast<unsigned char*>(salted.data()));
    const std::string message = bare_ + "," + first_ + "," + without;
    const std::string client_key = hmac(salted, "Client Key");
    std::string proof = hmac(sha256(client_key), message);
    for (std::size_t i = 0; i < proof.size(); ++i)
        proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
    if (base64::encode(proof) != client_final.substr(at + 3)) return std::nullopt;
    return "v=" + base64::encode(hmac(hmac(salted, "Server Key"), message));
}

}  // namespace posthaste::smtp::testing
