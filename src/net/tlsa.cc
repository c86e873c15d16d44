#include "net/tlsa.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/x509.h>

namespace posthaste::net {

namespace {

constexpr std::uint8_t kTrustAnchor = 2, kEndEntity = 3;     // usage
constexpr std::uint8_t kCertificate = 0, kPublicKey = 1;     // selector
constexpr std::uint8_t kFull = 0, kSha256 = 1, kSha512 = 2;  // matching
constexpr std::size_t kSha256Octets = 32, kSha512Octets = 64;

template <class T, T* (*Read)(T**, const unsigned char**, long), void (*Free)(T*)>
bool reads_whole(const std::string& data) {
    const auto* at = reinterpret_cast<const unsigned char*>(data.data());
    const auto* const end = at + data.size();
    T* object = Read(nullptr, &at, static_cast<long>(data.size()));
    const bool whole = object != nullptr && at == end;
    Free(object);
    return whole;
}

}  // namespace

std::optional<TlsaRecord> parse_tlsa_data(std::string_view octets) {
    constexpr std::size_t kFixed = 3;
    if (octets.size() <= kFixed) return std::nullopt;
    TlsaRecord record;
    record.usage = static_cast<std::uint8_t>(octets[0]);
    record.selector = static_cast<std::uint8_t>(octets[1]);
    record.matching = static_cast<std::uint8_t>(octets[2]);
    record.data = octets.substr(kFixed);
    return record;
}

std::string to_string(const TlsaRecord& record) {
    std::string text = fmt::format("{} {} {} ", record.usage, record.selector, record.matching);
    for (const char c : record.data) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

bool is_usable(const TlsaRecord& record) {
    if (record.usage != kTrustAnchor && record.usage != kEndEntity) return false;
    if (record.selector != kCertificate && record.selector != kPublicKey) return false;
    switch (record.matching) {
        case kSha256:
            return record.data.size() == kSha256Octets;
        case kSha512:
            return record.data.size() == kSha512Octets;
        case kFull:
            return record.selector == kCertificate
                       ? reads_whole<X509, d2i_X509, X509_free>(record.data)
                       : reads_whole<EVP_PKEY, d2i_PUBKEY, EVP_PKEY_free>(record.data);
        default:
            return false;
    }
}

std::vector<TlsaRecord> usable_records(std::vector<TlsaRecord> records) {
    std::erase_if(records, [](const TlsaRecord& record) { return !is_usable(record); });
    std::array<std::array<std::uint8_t, 2>, 4> strongest{};  // by usage and selector
    for (const TlsaRecord& record : records) {
        std::uint8_t& best = strongest[record.usage][record.selector];
        best = std::max(best, record.matching);
    }
    std::erase_if(records, [&](const TlsaRecord& record) {
        return record.matching != kFull &&
               record.matching != strongest[record.usage][record.selector];
    });
    std::ranges::sort(records);
    records.erase(std::unique(records.begin(), records.end()), records.end());
    return records;
}

}  // namespace posthaste::net
