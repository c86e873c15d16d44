// What signing and scanning cost beside the bare primitives, in one run: canonicalisation of
// headers and bodies, DKIM of a 4 KB message against the RSA-2048 signature alone, the walk over
// the parts. Build with -DCMAKE_BUILD_TYPE=Release and `ninja mail_bench`.
#include "mail/dkim/dkim.h"
#include "mail/dkim/dkim_body.h"
#include "mail/mime/mime.h"

#include <algorithm>
#include <ctime>
#include <string>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace posthaste::mail {
namespace {

// CPU seconds of this thread, so that what else the machine does counts for little.
double cpu_seconds() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<double>(at.tv_sec) + 1e-9 * static_cast<double>(at.tv_nsec);
}

// Seconds of one call, the best of seven rounds of at least 0.1 s.
template <class F>
double seconds_of(F call) {
    double best = 1e9;
    for (int round = 0; round < 7; ++round) {
        const double begin = cpu_seconds();
        int calls = 0;
        double passed = 0;
        do {
            call();
            ++calls;
            passed = cpu_seconds() - begin;
        } while (passed < 0.1);
        best = std::min(best, passed / calls);
    }
    return best;
}

// Signs nothing, so that all that is left is the making of what would be signed.
class NoSigner final : public DkimSigner {
  public:
    DkimAlgorithm algorithm() const override { return DkimAlgorithm::rsa_sha256; }

    Result<std::string> sign(std::string_view) const override { return std::string(256, 's'); }
};

std::string text_of(std::size_t octets) {
    std::string text;
    while (text.size() < octets) {
        text += fmt::format("Line {} of a letter with words and spaces, as people write them.\r\n",
                            text.size());
    }
    return text;
}

void sha256(std::string_view octets) {
    unsigned char out[EVP_MAX_MD_SIZE];
    EVP_Digest(octets.data(), octets.size(), out, nullptr, EVP_sha256(), nullptr);
}

void print(std::string_view what, double value, std::string_view unit) {
    fmt::print("{:<52} {:>10.1f} {}\n", what, value, unit);
}

int run() {
    constexpr double kMega = 1e6;
    const std::string body = text_of(8'000'000);
    const double bare_hash = seconds_of([&] { sha256(body); });
    const double body_hash = seconds_of([&] {
        DkimBodyHash hash;
        hash.update(body);
        hash.finish();
    });
    const double size = static_cast<double>(body.size());
    print("SHA-256 alone", size / bare_hash / kMega, "MB/s");
    print("body: canonicalised and hashed", size / body_hash / kMega, "MB/s");
    print("body: canonicalisation by itself", size / std::max(body_hash - bare_hash, 1e-9) / kMega,
          "MB/s");

    std::string block = "From: Anna <anna@example.com>\r\nReferences:";
    while (block.size() < 200'000) block += " <some-id-of-a-message@mail.example.com>\r\n";
    const auto large = HeaderBlock::parse(block);
    if (!large) return 1;
    const NoSigner none;
    const DkimIdentity identity{"example.com", "ph202611a"};
    const double header = seconds_of(
        [&] { static_cast<void>(make_dkim_signature(*large, "bh", identity, none, Timestamp())); });
    print("header: canonicalised", static_cast<double>(block.size()) / header / kMega, "MB/s");

    const double walk = seconds_of([&] {
        MimeScanner scanner(HeaderBlock(), {});
        scanner.update(body);
        scanner.finish();
    });
    print("body: walked for lines, parts and letters", size / walk / kMega, "MB/s");

    const auto key = DkimKey::generate(DkimAlgorithm::rsa_sha256, 2048);
    if (!key) return 1;
    const std::string small = text_of(4096);
    const auto mail = HeaderBlock::parse(
        "Received: from [authenticated] by mail.example.com\r\n\twith ESMTPSA id 0; x\r\n"
        "From: Anna <anna@example.com>\r\nTo: Bob <bob@example.org>\r\nSubject: Numbers\r\n"
        "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <a@example.com>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
    if (!mail) return 1;
    const double bare = seconds_of([&] { static_cast<void>(key->sign("x")); });
    const double whole = seconds_of([&] {
        DkimBodyHash hash;
        hash.update(small);
        static_cast<void>(make_dkim_signature(*mail, hash.finish(), identity, *key, Timestamp()));
    });
    print("RSA-2048 signature alone", bare * 1e6, "us");
    print("DKIM of a 4 KB message", whole * 1e6, "us");
    print("above the bare signature", (whole / bare - 1) * 100, "%");
    return 0;
}

}  // namespace
}  // namespace posthaste::mail

int main() {
    return posthaste::mail::run();
}
