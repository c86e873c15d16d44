// However the body is cut, the hash is the same, and it is that of the definition read line by
// line.
#include "base/assert.h"
#include "base/base64.h"
#include "mail/dkim/dkim_body.h"

#include <cstdint>

#include <openssl/sha.h>

namespace {

// RFC 6376 §3.4.4, word by word.
std::string by_the_book(std::string_view body) {
    std::string out;
    std::size_t kept = 0;  // octets up to the last line that is not empty
    while (!body.empty()) {
        const auto end = body.find("\r\n");
        const auto line = body.substr(0, end);
        body.remove_prefix(end == std::string_view::npos ? body.size() : end + 2);
        std::string reduced;
        for (const char c : line) {
            const bool blank = c == ' ' || c == '\t';
            if (blank && reduced.ends_with(' ')) continue;
            reduced.push_back(blank ? ' ' : c);
        }
        if (reduced.ends_with(' ')) reduced.pop_back();
        out += reduced + "\r\n";
        if (!reduced.empty()) kept = out.size();
    }
    out.resize(kept);
    return out;
}

std::string hash_of(std::string_view canonical) {
    std::string hash(32, '\0');
    SHA256(reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(),
           reinterpret_cast<unsigned char*>(hash.data()));
    return posthaste::base64::encode(hash);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t step = 1 + data[0] % 17;
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    posthaste::mail::DkimBodyHash hash;
    for (std::size_t at = 0; at < body.size(); at += step) hash.update(body.substr(at, step));
    PH_ASSERT(hash.finish() == hash_of(by_the_book(body)));
    return 0;
}
