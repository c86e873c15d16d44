// Afterthought: what is heard of a message after a server had taken it: a bounce that came back by
// mail, or a complaint (delivery.md 6.6). Here is what is told of one to others, and who wants to
// hear of it: suppression lists.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "mail/outcome.h"
#include "store/values.h"

#include <cstdint>
#include <string>

namespace posthaste::queue {

struct Afterthought {
    enum class Kind : std::uint8_t { bounced, complained } kind = Kind::bounced;

    QueueId id{};             // of the message that it is about
    std::uint32_t index = 0;  // of the recipient
    std::string address{};    // of the recipient, as the message had it
    std::string account{};    // the login that sent it
    store::Profile profile = store::Profile::human;
    Timestamp at{};
    // bounced: what the server said that returned it. Its verdict is always `failed`.
    mail::Outcome outcome{};
    std::string feedback{};   // complained: "abuse", "opt-out", "fraud" …
    std::string host{};       // complained: who had taken it; empty: the history does not know
    unsigned confidence = 0;  // percent; what is too uncertain is not told at all
};

class AfterthoughtListener {
  public:
    virtual ~AfterthoughtListener() = default;

    // Durable when it returns well; blocks, on a blocking thread, one message at a time. It is
    // called before the history knows, so that after a crash the same may be told once more: who
    // counts goes by id and index. An error sends the report's sender away to come again later.
    virtual Result<void> heard(const Afterthought& afterthought) = 0;
};

}  // namespace posthaste::queue
