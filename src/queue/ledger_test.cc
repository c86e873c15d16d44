#include "queue/ledger.h"

#include "store/testing.h"

#include <algorithm>
#include <future>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

// Refuses, or takes, what is written; holds nothing.
class FakeEngine final : public store::Engine {
  public:
    Result<void> apply(std::span<const store::Changes* const> submissions) override {
        if (failed) return fail(ErrorKind::store_failed, "the disk is broken");
        if (refusals > 0) {
            --refusals;
            return fail(ErrorKind::store_full, "no space");
        }
        for (const auto* changes : submissions) {
            for (const auto& change : *changes) {
                if (const auto* held = std::get_if<store::SetHeld>(&change))
                    written.push_back(held->id);
            }
        }
        return {};
    }

    void maintain() override {}

    Result<std::optional<store::ClockMark>> clock_mark() override { return std::nullopt; }

    Result<void> for_each_open(const std::function<void(const store::OpenRecipient&)>&) override {
        return {};
    }

    Result<std::optional<store::Message>> message(const QueueId&) override { return std::nullopt; }

    Result<std::optional<std::string>> inline_body(const QueueId&) override { return std::nullopt; }

    Result<std::vector<store::QueueSummary>> list(const store::QueueFilter&) override { return {}; }

    Result<store::QueueCounts> counts() override { return {}; }

    Result<std::vector<std::string>> content_files() override { return {}; }

    Result<std::vector<store::DomainRow>> domains() override { return {}; }

    Result<std::optional<store::DomainRow>> domain(std::string_view) override {
        return std::nullopt;
    }

    Result<std::vector<store::AccountRow>> accounts() override { return {}; }

    Result<std::optional<store::AccountRow>> account(std::string_view) override {
        return std::nullopt;
    }

    Result<std::vector<store::AppPasswordRow>> app_passwords(std::string_view) override {
        return {};
    }

    Result<std::optional<store::AppPasswordRow>> app_password_by_digest(std::string_view) override {
        return std::nullopt;
    }

    std::string server_secret() const override { return std::string(32, 's'); }

    Result<void> backup(const std::string&) override { return {}; }

    std::atomic<int> refusals = 0;
    std::atomic<bool> failed = false;
    std::vector<QueueId> written;  // the committer's thread; read when it is quiet
};

class LedgerTest : public testing::Test {
  protected:
    LedgerTest() : committer_(engine_, options()), worker_("test") {}

    store::Committer::Options options() {
        store::Committer::Options made;
        made.folder = folder_.path();
        made.floor_octets = 0;
        made.reserve_octets = 0;
        return made;
    }

    store::testing::TempFolder folder_;
    FakeEngine engine_;
    store::Committer committer_;
    runtime::Worker worker_;
};

TEST_F(LedgerTest, KeepsWhatAFullStoreRefusesAndWritesItLater) {
    engine_.refusals = 3;
    const std::vector<QueueId> ids{QueueId::make(), QueueId::make(), QueueId::make()};
    std::vector<QueueId> told;
    Ledger ledger(committer_, worker_, [] {});
    worker_.post([&] {
        for (const QueueId& id : ids) {
            store::Changes changes;
            changes.push_back(store::SetHeld{id, true});
            ledger.write(std::move(changes), [&told, &ids, this, id] {
                told.push_back(id);
                if (told.size() == ids.size()) worker_.stop();
            });
        }
        EXPECT_EQ(ledger.pending(), 3U);
    });
    worker_.run();
    EXPECT_EQ(ledger.pending(), 0U);
    EXPECT_EQ(told.size(), 3U);
    EXPECT_FALSE(ledger.failed());
    for (const QueueId& id : ids) EXPECT_EQ(std::ranges::count(engine_.written, id), 1);
}

TEST_F(LedgerTest, AFailedStoreIsNotTriedAgain) {
    engine_.failed = true;
    bool told = false;
    Ledger* seen = nullptr;
    Ledger ledger(committer_, worker_, [&] {
        if (seen->failed()) worker_.stop();
    });
    seen = &ledger;
    worker_.post([&] {
        store::Changes changes;
        changes.push_back(store::SetHeld{QueueId::make(), true});
        ledger.write(std::move(changes), [&] { told = true; });
    });
    worker_.run();
    EXPECT_FALSE(told);
    EXPECT_EQ(ledger.pending(), 1U) << "the outcome is still known";
}

}  // namespace
}  // namespace posthaste::queue
