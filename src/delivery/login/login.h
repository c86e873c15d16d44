// One login over a session: the mechanisms that both sides know, the strongest first, each as its
// own exchange (RFC 4954). What it logs in with comes from logins.h.
#pragma once

#include "delivery/client/client.h"
#include "runtime/offload.h"
#include "smtp/sasl_client.h"

#include <string>
#include <vector>

namespace posthaste::delivery {

struct LoginCall {
    smtp::SaslLogin login;
    std::vector<std::string> allowed;           // empty: all but the weak ones
    runtime::BlockingPool* blocking = nullptr;  // for SCRAM's work; null: it is done at once
};

struct LoginSaid {
    std::string mechanism;  // the last that was tried
    std::string complaint;  // what the relay said about a token, as it came
};

// Within TLS only; a token never goes to a host whose certificate was not verified.
runtime::Task<Step<>> log_in(ClientSession& session, LoginCall call, LoginSaid& said);

}  // namespace posthaste::delivery
