// InFlight: which messages are being delivered at this moment, kept in a small file that outlives a
// crash of the process, so that a message that crashes the server each time is known by it
// (threats.md F8). Nothing is synced: what a power cut takes was no crash of ours.
//
// The scheduler's worker alone, but for `mark_crash`.
#pragma once

#include "base/id.h"
#include "base/result.h"

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace posthaste::queue {

// Was in flight when the server crashed.
struct Suspect {
    QueueId id;
    unsigned crashes = 0;  // so far
    bool alone = false;    // at the last of them no other suspect was being tried
};

class InFlight {
  public:
    // Of a start before this one; a file that is damaged begins anew. Errors: io (no room for it).
    static Result<std::unique_ptr<InFlight>> open(const std::string& path);
    ~InFlight();

    const std::vector<Suspect>& suspects() const { return suspects_; }

    // A message may be on several ways at once; each `begin` has its `end`. Above the bound of the
    // file a message goes unrecorded.
    void begin(const QueueId& id, bool alone = false);
    void end(const QueueId& id);
    void forget(const QueueId& id);  // a suspect that is tried no more

    // For a handler of fatal signals: what is in flight now was so at a crash. Async-signal-safe.
    static void mark_crash() noexcept;

  private:
    struct File;

    struct Place {
        std::size_t slot = 0;
        unsigned ways = 0;
    };

    explicit InFlight(File* file);
    void read();

    File* file_;
    std::vector<Suspect> suspects_;
    std::unordered_map<QueueId, Place> places_;
    std::vector<std::size_t> free_;
};

}  // namespace posthaste::queue
