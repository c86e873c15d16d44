#include "mail/dkim/dkim_body.h"

#include "base/assert.h"
#include "base/base64.h"

#include <cstring>

#include <openssl/evp.h>

namespace posthaste::mail {

struct DkimBodyHash::Digest {
    Digest() : context(EVP_MD_CTX_new()) {
        const bool begun =
            context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1;
        PH_ASSERT(begun);
    }

    ~Digest() { EVP_MD_CTX_free(context); }

    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;

    void update(const char* octets, std::size_t size) const {
        const bool taken = EVP_DigestUpdate(context, octets, size) == 1;
        PH_ASSERT(taken);
    }

    EVP_MD_CTX* context;
};

DkimBodyHash::DkimBodyHash() : digest_(std::make_unique<Digest>()) {}

DkimBodyHash::~DkimBodyHash() = default;
DkimBodyHash::DkimBodyHash(DkimBodyHash&&) noexcept = default;
DkimBodyHash& DkimBodyHash::operator=(DkimBodyHash&&) noexcept = default;

namespace {

// Neither white space nor a line end. Octets of other characters are above it.
bool is_plain(char c) {
    return static_cast<unsigned char>(c) > ' ';
}

}  // namespace

void DkimBodyHash::update(std::string_view octets) {
    const char* at = octets.data();
    const char* const end = at + octets.size();
    while (at < end) {
        const char c = *at;
        if (c == '\n' && cr_) {
            cr_ = false;
            blank_ = false;
            ++line_ends_;
            ++at;
            continue;
        }
        if (cr_) text("\r");  // by itself it is an octet like any other
        cr_ = c == '\r';
        if (cr_) {
            ++at;
        } else if (c == ' ' || c == '\t') {
            blank_ = true;
            ++at;
        } else {
            // As far as nothing changes: words with one space between them.
            const char* const begin = at++;
            while (at < end && (is_plain(*at) || (*at == ' ' && at + 1 < end && is_plain(at[1]))))
                ++at;
            text({begin, at});
        }
    }
}

void DkimBodyHash::text(std::string_view run) {
    for (; line_ends_ > 0; --line_ends_) put("\r\n");
    if (blank_) put(" ");
    blank_ = false;
    any_ = true;
    put(run);
}

void DkimBodyHash::put(std::string_view octets) {
    if (used_ + octets.size() > waiting_.size()) {
        digest_->update(waiting_.data(), used_);
        used_ = 0;
    }
    if (octets.size() > waiting_.size()) return digest_->update(octets.data(), octets.size());
    std::memcpy(waiting_.data() + used_, octets.data(), octets.size());
    used_ += octets.size();
}

// Empty lines at the end do not count, and what is left of a body ends with CR LF.
std::string DkimBodyHash::finish() {
    if (cr_) text("\r");
    cr_ = false;
    if (any_) put("\r\n");
    digest_->update(waiting_.data(), used_);
    std::string hash(32, '\0');
    const bool ended =
        EVP_DigestFinal_ex(digest_->context, reinterpret_cast<unsigned char*>(hash.data()),
                           nullptr) == 1;
    PH_ASSERT(ended);
    return base64::encode(hash);
}

}  // namespace posthaste::mail
