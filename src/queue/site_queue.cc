#include "queue/site_queue.h"

#include "base/assert.h"

#include <algorithm>
#include <array>
#include <limits>

namespace posthaste::queue {

namespace {

// Recipients of a round of all lanes, in the order of Lane.
constexpr std::array<std::int64_t, kLanes> kWeights{8, 4, 1, 1};
constexpr std::int64_t kHighToOthers = 4;  // 80 %

std::size_t most_together(const Entry& entry) {
    if (entry.group == 0) return std::numeric_limits<std::size_t>::max();
    return std::size_t{1} << (entry.group - 1);
}

}  // namespace

SiteQueue::Turns& SiteQueue::lane_of(const Entry& entry) {
    return lanes_[static_cast<std::size_t>(tables_.messages[entry.message].lane)];
}

std::uint64_t SiteQueue::key(const Entry& entry) const {
    const Handle domain = mixes_domains_ ? kNone : entry.domain;
    return static_cast<std::uint64_t>(entry.message) << 32 | domain;
}

Handle SiteQueue::batch_for(const Entry& entry) {
    const bool many = tables_.messages[entry.message].many;
    if (many) {
        const auto found = shared_.find(key(entry));
        if (found != shared_.end()) return found->second;
    }
    Batch batch;
    batch.message = entry.message;
    batch.domain = mixes_domains_ ? kNone : entry.domain;
    const Handle handle = tables_.batches.add(batch);
    if (many) shared_.emplace(key(entry), handle);
    const MessageEntry& message = tables_.messages[entry.message];
    const auto [place, is_new] =
        accounts_.try_emplace(static_cast<std::uint64_t>(message.lane) << 32 | message.account);
    Account& account = place->second;
    account.key = place->first;
    append(account, handle);
    if (!is_new) return handle;
    Turns& lane = lane_of(entry);
    (lane.back == nullptr ? lane.front : lane.back->next) = &account;
    lane.back = &account;
    return handle;
}

void SiteQueue::append(Account& account, Handle batch) {
    tables_.batches[batch].next = kNone;
    if (account.last == kNone) {
        account.first = batch;
    } else {
        tables_.batches[account.last].next = batch;
    }
    account.last = batch;
}

void SiteQueue::add(Handle handle) {
    Entry& entry = tables_.entries[handle];
    entry.batch = batch_for(entry);
    Batch& batch = tables_.batches[entry.batch];
    entry.next = kNone;
    entry.before = batch.last;
    if (batch.last == kNone) {
        batch.first = handle;
    } else {
        tables_.entries[batch.last].next = handle;
    }
    batch.last = handle;
    ++batch.size;
    ++size_;
    ++lane_of(entry).ready;
}

void SiteQueue::unlink(Handle handle) {
    Entry& entry = tables_.entries[handle];
    Batch& batch = tables_.batches[entry.batch];
    (entry.before == kNone ? batch.first : tables_.entries[entry.before].next) = entry.next;
    (entry.next == kNone ? batch.last : tables_.entries[entry.next].before) = entry.before;
    --batch.size;
    --size_;
    --lane_of(entry).ready;
    forget_if_empty(entry, batch);
    entry.next = entry.before = entry.batch = kNone;
}

// An empty batch stays in its account's list until its turn comes, but takes nobody in any more:
// its message may be gone by then.
void SiteQueue::forget_if_empty(const Entry& entry, const Batch& batch) {
    if (batch.size > 0 || shared_.empty()) return;
    const auto found = shared_.find(key(entry));
    if (found != shared_.end() && found->second == entry.batch) shared_.erase(found);
}

void SiteQueue::remove(Handle entry) {
    Turns& lane = lane_of(tables_.entries[entry]);
    unlink(entry);
    if (lane.ready > 0) return;
    while (lane.front != nullptr) {
        while (lane.front->first != kNone) drop_front(lane);
        rotate(lane);
    }
}

std::vector<Handle> SiteQueue::remove_domain(Handle domain) {
    std::vector<Handle> found;
    for (const auto& [name, account] : accounts_) {
        for (Handle b = account.first; b != kNone; b = tables_.batches[b].next) {
            for (Handle e = tables_.batches[b].first; e != kNone; e = tables_.entries[e].next) {
                if (tables_.entries[e].domain == domain) found.push_back(e);
            }
        }
    }
    for (const Handle entry : found) remove(entry);
    return found;
}

// The first batch of the account whose turn it is goes.
void SiteQueue::drop_front(Turns& lane) {
    const Handle batch = lane.front->first;
    lane.front->first = tables_.batches[batch].next;
    if (lane.front->first == kNone) lane.front->last = kNone;
    tables_.batches.remove(batch);
}

// The account in front goes to the end, or away when it has nothing left.
void SiteQueue::rotate(Turns& lane) {
    Account* account = lane.front;
    account->in_turn = false;
    if (account->first == kNone) {
        lane.front = account->next;
        if (lane.front == nullptr) lane.back = nullptr;
        accounts_.erase(account->key);
        return;
    }
    if (account == lane.back) return;
    lane.front = account->next;
    account->next = nullptr;
    lane.back->next = account;
    lane.back = account;
}

void SiteQueue::begin_turn(Account& account) {
    if (account.in_turn) return;
    account.in_turn = true;
    account.deficit += kQuantum;
}

// Past those that emptied while they waited.
Handle SiteQueue::front_batch(Account& account) {
    while (account.first != kNone && tables_.batches[account.first].size == 0) {
        const Handle batch = account.first;
        account.first = tables_.batches[batch].next;
        if (account.first == kNone) account.last = kNone;
        tables_.batches.remove(batch);
    }
    return account.first;
}

// Deficit round robin over the lanes that have somebody. A transaction is taken whole, and what it
// cost beyond the lane's share is paid back in later rounds; who has nobody keeps no credit.
SiteQueue::Turns& SiteQueue::choose_lane() {
    std::int64_t others = 0;
    for (std::size_t i = 1; i < kLanes; ++i) {
        if (lanes_[i].ready > 0) others += kWeights[i];
    }
    for (;;) {
        Turns& lane = lanes_[lane_];
        if (lane.ready > 0 && lane.deficit > 0) return lane;
        lane_ = (lane_ + 1) % kLanes;
        Turns& next = lanes_[lane_];
        std::int64_t share = kWeights[lane_];
        if (lane_ == 0 && others > 0) share = std::min(share, kHighToOthers * others);
        if (next.ready == 0) {
            next.deficit = std::min<std::int64_t>(next.deficit + share, 0);
        } else {
            next.deficit += share;
        }
    }
}

// Who may be in small groups only is passed over by larger ones; its turn comes.
std::size_t SiteQueue::take_batch(Account& account, Handle handle, std::size_t max,
                                  std::vector<Handle>& taken) {
    const std::size_t before = taken.size();
    for (Handle e = tables_.batches[handle].first, next = kNone;
         e != kNone && taken.size() - before < max; e = next) {
        next = tables_.entries[e].next;
        const std::size_t most = most_together(tables_.entries[e]);
        if (taken.size() - before >= most) continue;
        max = std::min(max, most);
        taken.push_back(e);
        unlink(e);
    }
    const Batch& batch = tables_.batches[handle];
    if (batch.size == 0) {
        front_batch(account);  // lets it go
    } else if (batch.next != kNone) {
        account.first = batch.next;
        append(account, handle);
    }
    return taken.size() - before;
}

void SiteQueue::take(std::size_t max, std::vector<Handle>& taken) {
    PH_ASSERT(size_ > 0 && max > 0);
    Turns& lane = choose_lane();
    for (;;) {
        Account& account = *lane.front;
        begin_turn(account);
        const Handle handle = front_batch(account);
        // A transaction is taken whole, and what it cost beyond the turn is paid back by later
        // turns.
        if (handle == kNone || account.deficit <= 0) {
            rotate(lane);
            continue;
        }
        const auto count = static_cast<std::int64_t>(take_batch(account, handle, max, taken));
        account.deficit -= count;
        lane.deficit -= count;
        if (account.first == kNone || account.deficit <= 0) rotate(lane);
        return;
    }
}

}  // namespace posthaste::queue
