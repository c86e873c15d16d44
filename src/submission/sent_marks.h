// SentMarks: messages that were answered 250 while the client may not have heard it: its session
// ended without another word, or the reply was never acknowledged. If the same comes again within a
// day, it is answered 250 and not sent twice (clients.md 6.3.5). A client that said anything behind
// the 250 has heard it, and whatever it sends then is wanted.
//
// The same: of the same account, with the same Message-ID, recipients and body. Bounded, the oldest
// goes first; survives a restart. Thread-safe.
#pragma once

#include "accounts/keyed_digest.h"
#include "base/id.h"
#include "base/mutex.h"
#include "base/time.h"
#include "store/engine.h"
#include "store/lazy_writer.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace posthaste::submission {

class SentMarks final : public store::LazySource {
  public:
    struct Options {
        Seconds keep{86'400};
        std::size_t marks = 100'000;
    };

    struct Letter {
        std::string account;
        std::string message_id;               // as the client gave it; never made by us
        std::vector<std::string> recipients;  // in any order
        accounts::Digest body{};
    };

    // `secret`: the store's, so that a mark tells nothing of the message.
    SentMarks(Options options, std::string secret);

    // What was known before the restart. Before anything else.
    Result<void> load(store::Engine& engine);

    accounts::Digest digest_of(const Letter& letter) const;

    // The message that was accepted before, when nobody may have heard so.
    std::optional<QueueId> find(const accounts::Digest& digest, Timestamp at) const;

    // 250 is said by that session. `unheard` is asked, until one of the two below, from any thread
    // under our lock: whether octets of the reply are unacknowledged.
    void said(const void* session, const accounts::Digest& digest, const QueueId& id,
              std::function<bool()> unheard);
    void heard(const void* session);                // the client went on
    void ended(const void* session, Timestamp at);  // without a word

    void take_changes(store::Changes& into, std::size_t most) override;

    std::size_t size() const;

  private:
    struct Mark {
        QueueId id;
        Timestamp at;
    };

    struct Live {
        accounts::Digest digest;
        QueueId id;
        std::function<bool()> unheard;
    };

    std::optional<Live> take_live(const void* session) PH_REQUIRES(mutex_);
    void note(const accounts::Digest& digest) PH_REQUIRES(mutex_);
    void put(const accounts::Digest& digest, Mark mark) PH_REQUIRES(mutex_);
    void remove(accounts::Digest digest) PH_REQUIRES(mutex_);

    const Options options_;
    const std::string secret_;
    mutable Mutex mutex_;
    std::map<accounts::Digest, Mark> marks_ PH_GUARDED_BY(mutex_);
    std::set<std::pair<Timestamp, accounts::Digest>> by_age_ PH_GUARDED_BY(mutex_);
    std::map<const void*, Live> live_ PH_GUARDED_BY(mutex_);
    std::multimap<accounts::Digest, const void*> live_by_digest_ PH_GUARDED_BY(mutex_);
    std::set<accounts::Digest> unwritten_ PH_GUARDED_BY(mutex_);
    Timestamp pruned_ PH_GUARDED_BY(mutex_){};
};

}  // namespace posthaste::submission
