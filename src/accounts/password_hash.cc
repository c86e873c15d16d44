#include "accounts/password_hash.h"

#include "accounts/unicode.h"
#include "base/ascii.h"
#include "base/random.h"
#include "base/utf8.h"

#include <array>

#include <argon2.h>

namespace posthaste::accounts {
namespace {

constexpr std::size_t kSaltOctets = 16;
constexpr std::size_t kTagOctets = 32;

std::unexpected<Error> explain(int rc) {
    if (rc == ARGON2_MEMORY_ALLOCATION_ERROR || rc == ARGON2_THREAD_FAIL) {
        return fail(ErrorKind::busy, "There is no memory for a password hash now", "Try again");
    }
    return fail(ErrorKind::io, std::string("A password hash failed: ") + argon2_error_message(rc),
                "Set the password anew with: posthaste account passwd ADDRESS");
}

}  // namespace

std::vector<Secret> password_readings(const Secret& password) {
    const std::string_view octets = password.reveal();
    std::vector<Secret> readings;
    if (ascii::is_ascii(octets)) {
        readings.push_back(password);
        return readings;
    }
    if (utf8::is_valid(octets)) readings.emplace_back(to_nfc(octets));
    const Secret as_latin1(from_windows_1252(octets));
    readings.emplace_back(to_nfc(as_latin1.reveal()));
    return readings;
}

Result<std::string> hash_password(const Secret& password) {
    std::array<std::uint8_t, kSaltOctets> salt{};
    fill_random(salt);
    const std::size_t length = argon2_encodedlen(kHashPasses, kHashMemoryKiB, kHashLanes,
                                                 kSaltOctets, kTagOctets, Argon2_id);
    std::string encoded(length, '\0');
    const std::string_view octets = password.reveal();
    const int rc =
        argon2id_hash_encoded(kHashPasses, kHashMemoryKiB, kHashLanes, octets.data(), octets.size(),
                              salt.data(), salt.size(), kTagOctets, encoded.data(), encoded.size());
    if (rc != ARGON2_OK) return explain(rc);
    encoded.resize(encoded.find('\0'));
    return encoded;
}

Result<bool> verify_password(const std::string& encoded, const Secret& password) {
    const std::string_view octets = password.reveal();
    const int rc = argon2id_verify(encoded.c_str(), octets.data(), octets.size());
    if (rc == ARGON2_OK) return true;
    if (rc == ARGON2_VERIFY_MISMATCH) return false;
    return explain(rc);
}

}  // namespace posthaste::accounts
