// DkimBodyHash: the body hash of a DKIM signature, computed while the body streams in, so that
// signing needs no second pass over it (RFC 6376 §3.4.4, §3.7; relaxed canonicalisation, SHA-256).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace posthaste::mail {

class DkimBodyHash {
  public:
    DkimBodyHash();
    ~DkimBodyHash();
    DkimBodyHash(DkimBodyHash&&) noexcept;
    DkimBodyHash& operator=(DkimBodyHash&&) noexcept;

    // The body with CR LF line ends, cut anywhere. Not after `finish`.
    void update(std::string_view octets);
    std::string finish();  // as bh= wants it: base64 of 32 octets

  private:
    void text(std::string_view run);
    void put(std::string_view octets);

    struct Digest;
    std::unique_ptr<Digest> digest_;
    std::array<char, 4096> waiting_{};  // canonical octets on their way to the digest
    std::size_t used_ = 0;
    std::size_t line_ends_ = 0;  // not yet put: at the body's end they do not count
    bool blank_ = false;         // white space, not yet put: at a line's end it does not count
    bool cr_ = false;            // the last octet was a CR
    bool any_ = false;           // something was put
};

}  // namespace posthaste::mail
