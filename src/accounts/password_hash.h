// Argon2id, and what octets of a password mean. Blocking: a hash takes 19 MiB and some 20 ms, so it
// runs on the authenticator's pool or on the command line, never on a worker.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::accounts {

// OWASP's parameters of 2024 for a login server. What is stored names its own, so they may grow.
constexpr std::uint32_t kHashMemoryKiB = 19 * 1024;
constexpr std::uint32_t kHashPasses = 2;
constexpr std::uint32_t kHashLanes = 1;

// A hash that no password has: what an unknown user, or one with app passwords only, is verified
// against.
constexpr const char* kNobodysHash =
    "$argon2id$v=19$m=19456,t=2,p=1$cG9zdGhhc3RlLW5vYm9keQ$"
    "sZvVhQZ3jvip57Ii09T3obEQrFlH4hqK1Mb7qLQ1mH4";

// The readings of a password's octets, likeliest first, one or two: UTF-8 in NFC; what is not
// UTF-8, or might have been meant otherwise, as Latin-1 (Thunderbird's LOGIN; clients.md 3.3). A
// stored password is the first of them. How many there are depends on the octets alone, never on
// the account.
std::vector<Secret> password_readings(const Secret& password);

// Encoded form with a random salt. `password`: a reading. Errors: busy (no memory).
Result<std::string> hash_password(const Secret& password);

// Compares in constant time. Errors: busy (no memory: not the same as a wrong password), io
// (`encoded` is damaged).
Result<bool> verify_password(const std::string& encoded, const Secret& password);

}  // namespace posthaste::accounts
