// What an ACME server says (RFC 8555 §7.1), read from JSON into values. Hostile input: what is
// missing, of another type or too long is an error, what is unknown is left out.
#pragma once

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::acme {

// RFC 8555 §7.1.1. Each URL is https.
struct Directory {
    std::string new_nonce;
    std::string new_account;
    std::string new_order;
    std::string terms;  // where the terms of service are, "" if there are none
    bool external_account_required = false;
};

// RFC 7807 with RFC 8555 §6.7; texts are for people, cut and printable.
struct Problem {
    std::string type;  // "rateLimited"; the whole URI when it is none of ACME's
    std::string detail;

    struct Part {  // one identifier's share (§6.7.1)
        std::string name;
        std::string type;
        std::string detail;
    };

    std::vector<Part> parts;
};

enum class Status { pending, ready, processing, valid, invalid };

// §7.1.3
struct Order {
    Status status = Status::pending;
    std::vector<std::string> authorizations;
    std::string finalize;
    std::string certificate;  // "" until it is valid
    std::optional<Problem> error;
};

// §8
struct Challenge {
    std::string type;  // "http-01", "tls-alpn-01"
    std::string url;
    std::string token;
    std::optional<Problem> error;
};

// §7.1.4; deactivated, expired and revoked ones are `invalid` here.
struct Authorization {
    std::string name;
    Status status = Status::pending;
    std::vector<Challenge> challenges;  // without those that cannot be answered: no token or URL
};

Result<Directory> parse_directory(std::string_view text);
Result<Order> parse_order(std::string_view text);
Result<Authorization> parse_authorization(std::string_view text);
// Never fails: an answer that is no problem document has an empty type and says so in `detail`.
Problem parse_problem(std::string_view text);

}  // namespace posthaste::acme
