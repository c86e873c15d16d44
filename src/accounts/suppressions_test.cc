#include "accounts/suppressions.h"

#include "store/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

using mail::Cause;
using store::testing::mailbox;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kShop = "shop@example.com";

class SuppressionsTest : public testing::Test {
  protected:
    SuppressionsTest() : log_({LogFormat::logfmt, LogLevel::error, 2, 1024}) {
        open();
        store::AccountRow row;
        row.address = kShop;
        commit(store::testing::changes_of(store::PutAccount{row}));
    }

    void open() {
        lists_.reset();
        store_.reset();
        auto store = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            log_);
        ASSERT_TRUE(store) << store.error().text;
        store_ = std::move(*store);
        lists_ = std::make_unique<Suppressions>(*store_, log_);
        ASSERT_TRUE(lists_->load());
    }

    void commit(store::Changes changes) {
        const auto written = store_->committer().submit_and_wait(std::move(changes));
        ASSERT_TRUE(written) << written.error().text;
    }

    void fail(const std::string& address, Cause cause, QueueId id = QueueId::make()) {
        AddressFailure failure;
        failure.cause = cause;
        failure.reply = "550 no";
        failure.message = id;
        failure.at = now();
        lists_->failed(kShop, mailbox(address), std::move(failure));
    }

    // As the writer does now and then.
    std::size_t write() {
        store::Changes changes;
        lists_->take_changes(changes, 2000);
        const std::size_t count = changes.size();
        if (count > 0) commit(std::move(changes));
        return count;
    }

    bool listed(const std::string& address) {
        const auto found = lists_->find(kShop, mailbox(address));
        EXPECT_TRUE(found);
        EXPECT_EQ(found->has_value(), lists_->may_be_listed(kShop, mailbox(address))) << address;
        return found->has_value();
    }

    Log log_;
    store::testing::TempFolder folder_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Suppressions> lists_;
};

TEST_F(SuppressionsTest, what_fails_is_listed_and_stays_so_over_a_restart) {
    fail("Bob@Example.net", Cause::invalid_recipient);
    EXPECT_FALSE(listed("bob@example.net"));  // not yet written
    EXPECT_EQ(write(), 1U);
    EXPECT_TRUE(listed("bob@example.net"));
    EXPECT_TRUE(listed("BOB@example.net"));
    EXPECT_FALSE(listed("bob+tag@example.net"));
    EXPECT_FALSE(lists_->may_be_listed("other@example.com", mailbox("bob@example.net")));
    open();
    EXPECT_TRUE(listed("bob@example.net"));
    EXPECT_EQ((*lists_->find(kShop, mailbox("bob@example.net")))->address, "Bob@example.net");
}

TEST_F(SuppressionsTest, failures_count_over_a_restart_and_success_takes_them_back) {
    fail("bob@example.net", Cause::policy);
    fail("eve@example.net", Cause::policy);
    fail("bob@example.net", Cause::policy);
    write();
    open();
    lists_->delivered(kShop, mailbox("eve@example.net"));
    lists_->delivered(kShop, mailbox("never.seen@example.net"));
    EXPECT_EQ(write(), 1U);
    fail("bob@example.net", Cause::policy);
    for (int i = 0; i < 2; ++i) fail("eve@example.net", Cause::policy);
    write();
    EXPECT_TRUE(listed("bob@example.net"));
    EXPECT_FALSE(listed("eve@example.net"));
}

TEST_F(SuppressionsTest, a_success_among_failures_that_are_not_written_yet) {
    fail("bob@example.net", Cause::policy);
    fail("bob@example.net", Cause::policy);
    lists_->delivered(kShop, mailbox("bob@example.net"));
    fail("bob@example.net", Cause::policy);
    write();
    EXPECT_FALSE(listed("bob@example.net"));
}

TEST_F(SuppressionsTest, a_person_adds_and_removes) {
    const auto added = lists_->add_all(
        kShop,
        {{.address = "Bob@example.net", .note = "asked by phone"}, {.address = "x@y.example"}},
        "root");
    ASSERT_TRUE(added);
    EXPECT_EQ(*added, 2U);
    EXPECT_TRUE(listed("bob@example.net"));
    EXPECT_EQ(*lists_->add_all(kShop, {{.address = "bob@EXAMPLE.net"}}, "root"), 0U);
    EXPECT_TRUE(*lists_->remove(kShop, mailbox("BOB@example.net"), "root"));
    EXPECT_FALSE(*lists_->remove(kShop, mailbox("bob@example.net"), "root"));
    EXPECT_FALSE(listed("bob@example.net"));
    EXPECT_EQ(lists_->size(), 1U);
}

TEST_F(SuppressionsTest, one_wrong_address_adds_nothing) {
    const auto added =
        lists_->add_all(kShop, {{.address = "bob@example.net"}, {.address = "no address"}}, "root");
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().kind, ErrorKind::syntax);
    EXPECT_FALSE(listed("bob@example.net"));
    EXPECT_EQ(lists_->add_all("no@example.com", {}, "root").error().kind, ErrorKind::not_found);
}

TEST_F(SuppressionsTest, expired_ones_go) {
    ASSERT_TRUE(lists_->add_all(
        kShop, {{.address = "bob@example.net", .expires = now() - Seconds(1)}}, "root"));
    EXPECT_FALSE(*lists_->find(kShop, mailbox("bob@example.net")));
    EXPECT_EQ(write(), 1U);
    EXPECT_FALSE(lists_->may_be_listed(kShop, mailbox("bob@example.net")));
    EXPECT_EQ(lists_->size(), 0U);
    // Nor does it count as what it was.
    fail("bob@example.net", Cause::policy);
    write();
    EXPECT_FALSE(listed("bob@example.net"));
}

TEST_F(SuppressionsTest, a_complaint_is_durable_when_it_is_answered) {
    AddressFailure complaint;
    complaint.kind = AddressFailure::Kind::complaint;
    complaint.message = QueueId::make();
    complaint.at = now();
    ASSERT_TRUE(lists_->failed_now(kShop, mailbox("bob@example.net"), complaint));
    open();
    EXPECT_TRUE(listed("bob@example.net"));
}

TEST_F(SuppressionsTest, a_removed_account_has_no_list) {
    ASSERT_TRUE(lists_->add_all(kShop, {{.address = "bob@example.net"}}, "root"));
    commit(store::testing::changes_of(store::RemoveAccount{kShop}));
    ASSERT_TRUE(lists_->forget_account(kShop));
    EXPECT_FALSE(lists_->may_be_listed(kShop, mailbox("bob@example.net")));
    EXPECT_EQ(lists_->size(), 0U);
}

TEST_F(SuppressionsTest, more_than_can_be_looked_at_is_let_go) {
    const QueueId id = QueueId::make();
    for (std::size_t i = 0; i < Suppressions::kMostPending + 10; ++i)
        fail("bob@example.net", Cause::invalid_recipient, id);
    std::size_t written = 0;
    for (int i = 0; i < 60; ++i) written += write();
    EXPECT_EQ(written, 1U);
    EXPECT_TRUE(listed("bob@example.net"));
}

}  // namespace
}  // namespace posthaste::accounts
