// What a sign-in means, in words for the person and whoever helps them. Pure.
#pragma once

#include "accounts/sign_in_log.h"
#include "discovery/explain.h"

#include <string>
#include <vector>

namespace posthaste::web {

struct SignInReading {
    std::string title;                // "Signed in", "User name or password is not right"
    std::string facts;                // how: port, encryption, user name, program's own name
    std::string cause{};              // of a refusal
    std::vector<std::string> mend{};  // steps; also what works here and would not elsewhere
};

SignInReading read_sign_in(const accounts::SignIn& sign_in, const discovery::ExplainNames& names);

// Why nothing may have been seen of somebody, or of a network address.
std::vector<std::string> reasons_for_nothing(const discovery::ExplainNames& names,
                                             bool of_network = false);

}  // namespace posthaste::web
