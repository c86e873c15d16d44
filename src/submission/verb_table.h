// The verb table: what each command asks of the state of things, and who does it. Private to
// submission/.
#pragma once

#include "submission/session.h"

namespace posthaste::submission {

struct VerbTable {
    using Order =
        smtp::Order (smtp::Transaction::*)() const;  // needs TLS, needs a login, may come now
    using Now = void (Session::*)(std::string_view);
    using Later = runtime::Task<void> (Session::*)(std::string_view);

    struct Row {
        smtp::Verb verb;
        Order order = nullptr;  // null: at any time, or looked at by the handler itself
        Now now = nullptr;      // one of the two
        Later later = nullptr;
        bool last_in_group =
            false;  // RFC 2920 §3.1: the client waits for its reply, so it is written at once
        bool idle = false;  // brings no mail forward: only so many between two messages
    };

    static const Row& find(smtp::Verb verb);
};

}  // namespace posthaste::submission
