// Suppressions: the addresses that accounts send nothing to any more (delivery.md 6.5). The lists
// are in the store; in memory is a fingerprint of each entry, 16 to 32 octets, so that mail of an
// account without a list, or to an address that is not on it, costs no query. What is learned from
// failures is written a few seconds later, in batches: a crash before that loses a failure, and the
// next one is learned from. What a person decides, or a complaint, is durable when it is answered.
// Thread-safe.
#pragma once

#include "accounts/fingerprint_set.h"
#include "accounts/suppression_rules.h"
#include "base/log.h"
#include "base/mutex.h"
#include "mail/mailbox.h"
#include "store/lazy_writer.h"
#include "store/store.h"

#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace posthaste::accounts {

// The key of an address: all of it in lower case. Dots and +tags stay: what they mean is known to
// the recipient's server alone.
std::string fold_address(const mail::Mailbox& address);

class Suppressions final : public store::LazySource {
  public:
    static constexpr std::size_t kMostPending = 100'000;  // failures not yet looked at
    static constexpr std::size_t kMostAtOnce = 1000;      // entries of one `add_all`

    Suppressions(store::Store& store, Log& log) : store_(store), log_(log) {}

    // Reads what there is; once, at the start. A tool that asks the store alone does not need it.
    Result<void> load();

    // Any thread, never blocks. False for certain; true but for one in very many.
    bool may_be_listed(std::string_view account, const mail::Mailbox& address) const;

    // The entry, if the address is on the account's list now. Blocks, as all below.
    Result<std::optional<store::SuppressionRow>> find(const std::string& account,
                                                      const mail::Mailbox& address);

    struct Entry {
        std::string address;
        std::string note{};  // for people
        store::SuppressionSource source = store::SuppressionSource::person;
        mail::Cause cause = mail::Cause::none;
        std::optional<Timestamp> expires{};
    };

    // All or none of at most kMostAtOnce; an address that is listed already stays as it is. Gives
    // how many are new. Errors: not_found (no such account), syntax (names the address).
    Result<std::size_t> add_all(const std::string& account, const std::vector<Entry>& entries,
                                std::string_view by);
    // False: it was not listed. It is forgotten that it has failed, too.
    Result<bool> remove(const std::string& account, const mail::Mailbox& address,
                        std::string_view by);

    // How mail ended. Any thread, never blocks.
    void failed(const std::string& account, const mail::Mailbox& address, AddressFailure failure);
    void delivered(const std::string& account, const mail::Mailbox& address);
    // The same, durable when it returns well.
    Result<void> failed_now(const std::string& account, const mail::Mailbox& address,
                            AddressFailure failure);

    // An account was removed, and its list with it.
    Result<void> forget_account(const std::string& account);

    // Ends what has expired, now and then. For the writer's thread.
    void take_changes(store::Changes& into, std::size_t most) override;

    std::size_t size() const;    // listed
    std::size_t octets() const;  // of memory

  private:
    struct News {
        std::string account;
        mail::Mailbox address;
        std::optional<AddressFailure> failure;  // nothing: delivered
    };

    using Known =
        std::map<std::pair<std::string, std::string>, std::optional<store::SuppressionRow>>;

    void push(News news);
    Result<std::optional<store::SuppressionRow>> read(const std::string& account,
                                                      const std::string& folded) const;
    void learn(const News& news, Known& known, store::Changes& into);
    std::optional<store::SuppressionRow> judge_one(
        const News& news, const std::optional<store::SuppressionRow>& known) const;
    void sweep(store::Changes& into, std::size_t most);
    void note_put(const store::SuppressionRow& row);
    void note_removed(const std::string& account, const std::string& folded);
    void tell_added(const store::SuppressionRow& row, std::string_view by) const;

    store::Store& store_;
    Log& log_;
    mutable Mutex mutex_;
    FingerprintSet listed_ PH_GUARDED_BY(mutex_);
    FingerprintSet watched_ PH_GUARDED_BY(mutex_);
    std::unordered_map<std::string, std::size_t> entries_ PH_GUARDED_BY(mutex_);  // by account
    FingerprintSet failing_ PH_GUARDED_BY(mutex_);  // among those that wait, or lately did
    std::deque<News> pending_ PH_GUARDED_BY(mutex_);
    std::uint64_t dropped_ PH_GUARDED_BY(mutex_) = 0;
    SteadyTime next_sweep_ PH_GUARDED_BY(mutex_){};
};

}  // namespace posthaste::accounts
