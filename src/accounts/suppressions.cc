#include "accounts/suppressions.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::accounts {

namespace {

using store::SuppressionRow;
using store::SuppressionState;

constexpr Seconds kSweepEvery = std::chrono::minutes(1);
constexpr std::size_t kLongestNote = 300;

bool is_over(const SuppressionRow& row, Timestamp at) {
    return row.expires && *row.expires <= at;
}

}  // namespace

std::string fold_address(const mail::Mailbox& address) {
    return ascii::to_lower(address.to_string());
}

Result<void> Suppressions::load() {
    FingerprintSet listed, watched;
    std::unordered_map<std::string, std::size_t> entries;
    PH_CHECK(store_.engine().for_each_suppression(
        [&](std::string_view account, std::string_view folded, SuppressionState state) {
            (state == SuppressionState::listed ? listed : watched).insert(account, folded);
            ++entries[std::string(account)];
        }));
    const MutexLock lock(mutex_);
    listed_ = std::move(listed);
    watched_ = std::move(watched);
    entries_ = std::move(entries);
    return {};
}

bool Suppressions::may_be_listed(std::string_view account, const mail::Mailbox& address) const {
    const MutexLock lock(mutex_);
    if (listed_.size() == 0 || !entries_.contains(std::string(account))) return false;
    return listed_.contains(account, fold_address(address));
}

Result<std::optional<SuppressionRow>> Suppressions::read(const std::string& account,
                                                         const std::string& folded) const {
    PH_TRY(auto row, store_.engine().suppression(account, folded));
    if (row && is_over(*row, now())) return std::nullopt;
    return row;
}

Result<std::optional<SuppressionRow>> Suppressions::find(const std::string& account,
                                                         const mail::Mailbox& address) {
    PH_TRY(auto row, read(account, fold_address(address)));
    if (row && row->state != SuppressionState::listed) return std::nullopt;
    return row;
}

Result<std::size_t> Suppressions::add_all(const std::string& account,
                                          const std::vector<Entry>& entries, std::string_view by) {
    PH_TRY(const auto known, store_.engine().account(account));
    if (!known)
        return fail(ErrorKind::not_found, fmt::format("there is no account {}", account),
                    "posthaste account list shows those there are");
    if (entries.size() > kMostAtOnce)
        return fail(ErrorKind::too_large, "too many addresses at once",
                    fmt::format("send at most {} at a time", kMostAtOnce));
    const Timestamp at = now();
    std::map<std::string, SuppressionRow> rows;
    for (const Entry& entry : entries) {
        const auto address = mail::Mailbox::parse(entry.address);
        if (!address)
            return fail(ErrorKind::syntax,
                        fmt::format("\"{}\" is no address", utf8::printable(entry.address, 100)),
                        address.error().text);
        const std::string folded = fold_address(*address);
        PH_TRY(const auto there, read(account, folded));
        if (there && there->state == SuppressionState::listed) continue;
        SuppressionRow row;
        row.account = account;
        row.folded = folded;
        row.address = address->to_string();
        row.state = SuppressionState::listed;
        row.source = entry.source;
        row.cause = entry.cause;
        row.reply = utf8::printable(entry.note, kLongestNote);
        row.first = row.last = at;
        row.expires = entry.expires;
        rows.emplace(folded, std::move(row));
    }
    if (rows.empty()) return 0;
    store::Changes changes;
    for (const auto& [folded, row] : rows) changes.push_back(store::PutSuppression{row});
    PH_CHECK(store_.committer().submit_and_wait(std::move(changes)));
    for (const auto& [folded, row] : rows) note_put(row);
    if (rows.size() == 1) {
        tell_added(rows.begin()->second, by);
    } else {
        log_.info("suppression.imported",
                  {{"account", account}, {"addresses", rows.size()}, {"by", by}});
    }
    return rows.size();
}

Result<bool> Suppressions::remove(const std::string& account, const mail::Mailbox& address,
                                  std::string_view by) {
    const std::string folded = fold_address(address);
    PH_TRY(const auto row, store_.engine().suppression(account, folded));
    if (!row) return false;
    store::Changes changes;
    changes.push_back(store::RemoveSuppression{account, folded});
    PH_CHECK(store_.committer().submit_and_wait(std::move(changes)));
    note_removed(account, folded);
    if (row->state != SuppressionState::listed || is_over(*row, now())) return false;
    log_.info(
        "suppression.removed",
        {{"account", account}, {"address", row->address}, {"was", reason_of(*row)}, {"by", by}});
    return true;
}

void Suppressions::push(News news) {
    const MutexLock lock(mutex_);
    if (pending_.size() >= kMostPending) {
        ++dropped_;  // the address fails again, and is learned then
        return;
    }
    if (news.failure) failing_.insert(news.account, fold_address(news.address));
    pending_.push_back(std::move(news));
}

void Suppressions::failed(const std::string& account, const mail::Mailbox& address,
                          AddressFailure failure) {
    push({account, address, std::move(failure)});
}

void Suppressions::delivered(const std::string& account, const mail::Mailbox& address) {
    const std::string folded = fold_address(address);
    {
        const MutexLock lock(mutex_);
        // Nearly always: nothing is known against it, nor about to be.
        if (!watched_.contains(account, folded) && !failing_.contains(account, folded)) return;
    }
    push({account, address, std::nullopt});
}

Result<void> Suppressions::failed_now(const std::string& account, const mail::Mailbox& address,
                                      AddressFailure failure) {
    const News news{account, address, std::move(failure)};
    PH_TRY(const auto known, read(account, fold_address(address)));
    const auto row = judge_one(news, known);
    if (!row) return {};
    store::Changes changes;
    changes.push_back(store::PutSuppression{*row});
    PH_CHECK(store_.committer().submit_and_wait(std::move(changes)));
    note_put(*row);
    if (row->state == SuppressionState::listed)
        tell_added(*row, fmt::format("what came back of {}", news.failure->message.to_string()));
    return {};
}

Result<void> Suppressions::forget_account(const std::string& account) {
    {
        const MutexLock lock(mutex_);
        if (!entries_.contains(account)) return {};
    }
    // Fingerprints do not say whose they are.
    return load();
}

std::optional<SuppressionRow> Suppressions::judge_one(
    const News& news, const std::optional<SuppressionRow>& known) const {
    auto row = judge(known, *news.failure);
    if (!row) return row;
    row->account = news.account;
    row->folded = fold_address(news.address);
    if (row->address.empty()) row->address = news.address.to_string();
    return row;
}

// `known`: rows of this batch, which the store does not have yet.
void Suppressions::learn(const News& news, Known& known, store::Changes& into) {
    const std::string folded = fold_address(news.address);
    const auto key = std::pair(news.account, folded);
    auto place = known.find(key);
    if (place == known.end()) {
        auto row = read(news.account, folded);
        if (!row) return;  // the address fails again
        place = known.emplace(key, std::move(*row)).first;
    }
    if (!news.failure) {
        if (!place->second || place->second->state != SuppressionState::watched) return;
        place->second.reset();
        note_removed(news.account, folded);
        into.push_back(store::RemoveSuppression{news.account, folded});
        return;
    }
    const auto row = judge_one(news, place->second);
    if (!row) return;
    place->second = row;
    note_put(*row);
    if (row->state == SuppressionState::listed)
        tell_added(*row, fmt::format("bounce of {}", news.failure->message.to_string()));
    into.push_back(store::PutSuppression{*row});
}

void Suppressions::take_changes(store::Changes& into, std::size_t most) {
    Known known;
    for (std::size_t taken = 0; taken < most; ++taken) {
        std::optional<News> news;
        {
            const MutexLock lock(mutex_);
            if (pending_.empty()) {
                failing_ = FingerprintSet();
            } else {
                news = std::move(pending_.front());
                pending_.pop_front();
            }
        }
        if (!news) break;
        learn(*news, known, into);
    }
    std::uint64_t dropped = 0;
    {
        const MutexLock lock(mutex_);
        dropped = std::exchange(dropped_, 0);
        const SteadyTime at = std::chrono::steady_clock::now();
        if (at < next_sweep_ || into.size() >= most) return;
        next_sweep_ = at + kSweepEvery;
    }
    if (dropped > 0)
        log_.warning("suppression.too_much",
                     {{"failures", dropped},
                      {"why", "more mail fails than can be written down"},
                      {"mend", "nothing: these addresses are learned when they fail again"}});
    sweep(into, most - into.size());
}

void Suppressions::sweep(store::Changes& into, std::size_t most) {
    const auto over = store_.engine().expired_suppressions(now(), most);
    if (!over) return;  // later
    for (const SuppressionRow& row : *over) {
        note_removed(row.account, row.folded);
        into.push_back(store::RemoveSuppression{row.account, row.folded});
        if (row.state != SuppressionState::listed) continue;
        log_.info("suppression.expired",
                  {{"account", row.account}, {"address", row.address}, {"was", reason_of(row)}});
    }
}

void Suppressions::note_put(const SuppressionRow& row) {
    const MutexLock lock(mutex_);
    const bool listed = row.state == SuppressionState::listed;
    const bool was = (listed ? watched_ : listed_).erase(row.account, row.folded);
    const bool is_new = (listed ? listed_ : watched_).insert(row.account, row.folded);
    if (is_new && !was) ++entries_[row.account];
}

void Suppressions::note_removed(const std::string& account, const std::string& folded) {
    const MutexLock lock(mutex_);
    const bool watched = watched_.erase(account, folded);
    const bool listed = listed_.erase(account, folded);
    if (!watched && !listed) return;
    const auto entries = entries_.find(account);
    if (entries != entries_.end() && --entries->second == 0) entries_.erase(entries);
}

void Suppressions::tell_added(const SuppressionRow& row, std::string_view by) const {
    const std::string until = row.expires ? format_iso8601(*row.expires) : std::string("never");
    log_.info("suppression.added", {{"account", row.account},
                                    {"address", row.address},
                                    {"reason", reason_of(row)},
                                    {"expires", until},
                                    {"by", by},
                                    {"text", row.reply}});
}

std::size_t Suppressions::size() const {
    const MutexLock lock(mutex_);
    return listed_.size();
}

std::size_t Suppressions::octets() const {
    const MutexLock lock(mutex_);
    return listed_.octets() + watched_.octets();
}

}  // namespace posthaste::accounts
