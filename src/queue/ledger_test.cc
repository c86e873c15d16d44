#include "queue/ledger.h"

#include "store/fake_engine.h"
#include "store/testing.h"

#include <algorithm>
#include <future>

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

class LedgerTest : public testing::Test {
  protected:
    LedgerTest() : committer_(engine_, options()), worker_("test") {
        engine_.on_apply = [this](const auto&) -> Result<void> {
            if (failed_) return fail(ErrorKind::store_failed, "the disk is broken");
            if (refusals_ == 0) return {};
            --refusals_;
            return fail(ErrorKind::store_full, "no space");
        };
    }

    // What was written, in order.
    std::vector<QueueId> written() const {
        std::vector<QueueId> ids;
        for (const store::Changes& changes : engine_.applied())
            for (const store::Change& change : changes)
                if (const auto* set = std::get_if<store::SetHold>(&change)) ids.push_back(set->id);
        return ids;
    }

    store::Committer::Options options() {
        store::Committer::Options made;
        made.folder = folder_.path();
        made.floor_octets = 0;
        made.reserve_octets = 0;
        return made;
    }

    store::testing::TempFolder folder_;
    store::testing::FakeEngine engine_;
    std::atomic<int> refusals_ = 0;
    std::atomic<bool> failed_ = false;
    store::Committer committer_;
    runtime::Worker worker_;
};

TEST_F(LedgerTest, KeepsWhatAFullStoreRefusesAndWritesItLater) {
    refusals_ = 3;
    const std::vector<QueueId> ids{QueueId::make(), QueueId::make(), QueueId::make()};
    std::vector<QueueId> told;
    Ledger ledger(committer_, worker_, [] {});
    worker_.post([&] {
        for (const QueueId& id : ids) {
            store::Changes changes;
            changes.push_back(store::SetHold{id, store::Hold::held});
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
    for (const QueueId& id : ids) EXPECT_EQ(std::ranges::count(written(), id), 1);
}

TEST_F(LedgerTest, AFailedStoreIsNotTriedAgain) {
    failed_ = true;
    bool told = false;
    Ledger* seen = nullptr;
    Ledger ledger(committer_, worker_, [&] {
        if (seen->failed()) worker_.stop();
    });
    seen = &ledger;
    worker_.post([&] {
        store::Changes changes;
        changes.push_back(store::SetHold{QueueId::make(), store::Hold::held});
        ledger.write(std::move(changes), [&] { told = true; });
    });
    worker_.run();
    EXPECT_FALSE(told);
    EXPECT_EQ(ledger.pending(), 1U) << "the outcome is still known";
}

}  // namespace
}  // namespace posthaste::queue
