#include "queue/site_queue.h"

#include "base/assert.h"

#include <algorithm>
#include <limits>

namespace posthaste::queue {

namespace {

std::size_t most_together(const Entry& entry) {
    if (entry.group == 0) return std::numeric_limits<std::size_t>::max();
    return std::size_t{1} << (entry.group - 1);
}

}  // namespace

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
    const auto [place, is_new] = accounts_.try_emplace(tables_.messages[entry.message].account);
    Account& account = place->second;
    account.name = place->first;
    append(account, handle);
    if (!is_new) return handle;
    (back_ == nullptr ? front_ : back_->next) = &account;
    back_ = &account;
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
}

void SiteQueue::unlink(Handle handle) {
    Entry& entry = tables_.entries[handle];
    Batch& batch = tables_.batches[entry.batch];
    (entry.before == kNone ? batch.first : tables_.entries[entry.before].next) = entry.next;
    (entry.next == kNone ? batch.last : tables_.entries[entry.next].before) = entry.before;
    --batch.size;
    --size_;
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
    unlink(entry);
    if (size_ > 0) return;
    while (front_ != nullptr) {
        while (front_->first != kNone) drop_front();
        rotate();
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
void SiteQueue::drop_front() {
    const Handle batch = front_->first;
    front_->first = tables_.batches[batch].next;
    if (front_->first == kNone) front_->last = kNone;
    tables_.batches.remove(batch);
}

// The account in front goes to the end, or away when it has nothing left.
void SiteQueue::rotate() {
    Account* account = front_;
    account->in_turn = false;
    if (account->first == kNone) {
        front_ = account->next;
        if (front_ == nullptr) back_ = nullptr;
        accounts_.erase(account->name);
        return;
    }
    if (account == back_) return;
    front_ = account->next;
    account->next = nullptr;
    back_->next = account;
    back_ = account;
}

void SiteQueue::begin_turn(Account& account) {
    if (account.in_turn) return;
    account.in_turn = true;
    account.deficit += kQuantum;
}

// Past those that emptied while they waited.
Handle SiteQueue::front_batch(Account& account) {
    while (account.first != kNone && tables_.batches[account.first].size == 0) drop_front();
    return account.first;
}

void SiteQueue::take(std::size_t max, std::vector<Handle>& taken) {
    PH_ASSERT(size_ > 0 && max > 0);
    for (;;) {
        Account& account = *front_;
        begin_turn(account);
        const Handle handle = front_batch(account);
        // A transaction is taken whole, and what it cost beyond the turn is paid back by later
        // turns.
        if (handle == kNone || account.deficit <= 0) {
            rotate();
            continue;
        }
        Batch& batch = tables_.batches[handle];
        const std::size_t before = taken.size();
        // Who may be in small groups only is passed over by larger ones; its turn comes.
        for (Handle e = batch.first, next = kNone; e != kNone && taken.size() - before < max;
             e = next) {
            next = tables_.entries[e].next;
            const std::size_t most = most_together(tables_.entries[e]);
            if (taken.size() - before >= most) continue;
            max = std::min(max, most);
            taken.push_back(e);
            unlink(e);
        }
        account.deficit -= static_cast<std::int64_t>(taken.size() - before);
        if (batch.size == 0) {
            drop_front();
        } else if (batch.next != kNone) {
            account.first = batch.next;
            append(account, handle);
        }
        if (account.first == kNone || account.deficit <= 0) rotate();
        return;
    }
}

}  // namespace posthaste::queue
