// SiteQueue: the recipients ready for one site, taken fairly. Lanes of priority share it 8:4:1 (and
// one for reports), the high one at most 80 % while others wait; inside a lane accounts take turns
// by deficit round robin, ten recipients a turn; inside an account messages take turns; inside a
// message the order is the recipients'. One account with a million recipients delays another's
// single message by one turn (delivery.md 3.2).
#pragma once

#include "queue/tables.h"

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace posthaste::queue {

class SiteQueue {
  public:
    static constexpr std::int64_t kQuantum = 10;

    SiteQueue(Tables& tables, bool mixes_domains)
        : tables_(tables), mixes_domains_(mixes_domains) {}

    void add(Handle entry);     // links it; its state is the caller's
    void remove(Handle entry);  // unlinks it
    // Takes up to `max` recipients of the message whose turn it is, unlinked, into `entries`.
    void take(std::size_t max, std::vector<Handle>& entries);

    bool empty() const { return size_ == 0; }

    std::size_t size() const { return size_; }

    // Removes and gives all that are of `domain`.
    std::vector<Handle> remove_domain(Handle domain);

  private:
    // An account's batches of one lane.
    struct Account {
        std::uint64_t key = 0;
        std::int64_t deficit = 0;
        Handle first = kNone;  // batches
        Handle last = kNone;
        Account* next = nullptr;
        bool in_turn = false;
    };

    struct Turns {
        std::uint32_t ready = 0;  // recipients
        std::int64_t deficit = 0;
        Account* front = nullptr;  // the ring of turns, as a list
        Account* back = nullptr;
    };

    Turns& lane_of(const Entry& entry);
    std::uint64_t key(const Entry& entry) const;
    Handle batch_for(const Entry& entry);
    void append(Account& account, Handle batch);
    Handle front_batch(Account& account);
    void begin_turn(Account& account);
    void rotate(Turns& lane);
    void drop_front(Turns& lane);
    void unlink(Handle entry);
    void forget_if_empty(const Entry& entry, const Batch& batch);
    Turns& choose_lane();
    std::size_t take_batch(Account& account, Handle batch, std::size_t max,
                           std::vector<Handle>& taken);

    Tables& tables_;
    bool mixes_domains_;
    std::size_t size_ = 0;
    std::array<Turns, kLanes> lanes_;
    std::size_t lane_ = 0;  // whose turn it is
    std::unordered_map<std::uint64_t, Account>
        accounts_;  // by lane and account; those with batches
    std::unordered_map<std::uint64_t, Handle>
        shared_;  // batches of messages with several recipients
};

}  // namespace posthaste::queue
