// Which reports are made, and what waits for a digest: over a real store.
#include "mail/header.h"
#include "queue/bounce.h"
#include "store/testing.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using store::testing::mailbox;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kAccount = "alice@example.com";

class ReportsTest : public testing::Test {
  protected:
    ReportsTest() : log_({LogFormat::logfmt, LogLevel::error, 2, 1024}) {
        open();
        put_account(store::ReportWish::usual);
    }

    void open() {
        store_.reset();
        auto store = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            log_);
        ASSERT_TRUE(store) << store.error().text;
        store_ = std::move(*store);
        desk_ = std::make_shared<ReportDesk>(desk_options_);
        ASSERT_TRUE(desk_->load(store_->engine()));
    }

    void commit(store::Changes changes) {
        const auto written = store_->committer().submit_and_wait(std::move(changes));
        ASSERT_TRUE(written) << written.error().text;
    }

    void put_account(store::ReportWish wish, const std::string& language = "") {
        store::AccountRow row;
        row.address = kAccount;
        row.reports = wish;
        row.language = language;
        commit(store::testing::changes_of(store::PutAccount{row}));
    }

    // A message whose recipients have all failed, and what is said of it. Written.
    Reports fail(store::AddMessage message = store::testing::make_message()) {
        for (auto& recipient : message.recipients) {
            recipient.state = store::RecipientState::report_due;
            recipient.last.verdict = mail::Verdict::failed;
            recipient.last.cause = mail::Cause::invalid_recipient;
            recipient.last.code = 550;
            recipient.last.reply = "no such user";
            recipient.last_attempt = Timestamp(Seconds(1'764'000'000));
        }
        const QueueId id = message.row.id;
        commit(store::testing::changes_of(std::move(message)));
        auto made = make_final_reports(*store_, options(), id);
        EXPECT_TRUE(made) << made.error().text;
        Reports reports = std::move(*made);
        commit(reports.changes);
        EXPECT_FALSE(*store_->engine().message(id));  // it has ended in any case
        return reports;
    }

    Reports digest() {
        auto made = make_digest_report(*store_, options(), kAccount);
        EXPECT_TRUE(made) << made.error().text;
        Reports reports = std::move(*made);
        if (!reports.changes.empty()) commit(reports.changes);
        return reports;
    }

    ReportOptions options() const {
        ReportOptions options;
        options.hostname = "mail.example.com";
        options.admin = "postmaster@example.com";
        options.desk = desk_;
        return options;
    }

    std::string body_of(const Reports& reports) {
        auto reader = store_->read_content(reports.added.at(0).row);
        EXPECT_TRUE(reader);
        return std::string(*reader->next());
    }

    static std::string to_of(const Reports& reports) {
        return reports.added.at(0).recipients.at(0).address.to_string();
    }

    std::size_t waiting() {
        const auto waits = store_->engine().digest(kAccount);
        return *waits ? (*waits)->lines.size() : 0;
    }

    Log log_;
    store::testing::TempFolder folder_;
    ReportDesk::Options desk_options_;
    std::unique_ptr<store::Store> store_;
    std::shared_ptr<ReportDesk> desk_;
};

TEST_F(ReportsTest, each_message_has_its_own_until_it_is_too_many) {
    desk_options_.per_hour = 2;
    open();
    EXPECT_THAT(fail().added, SizeIs(1));
    EXPECT_THAT(fail(store::testing::make_message(3)).added, SizeIs(1));
    EXPECT_EQ(waiting(), 0U);
    EXPECT_THAT(fail(store::testing::make_message(3)).added, IsEmpty());
    EXPECT_EQ(waiting(), 3U);
    // A restart gives no new hour, and loses no line.
    open();
    EXPECT_THAT(fail().added, IsEmpty());
    EXPECT_EQ(waiting(), 4U);
    EXPECT_TRUE(desk_->next_due());
    const Reports told = digest();
    ASSERT_THAT(told.added, SizeIs(1));
    EXPECT_EQ(to_of(told), kAccount);
    EXPECT_FALSE(told.added[0].row.sender);
    EXPECT_EQ(told.added[0].row.kind, store::MessageKind::dsn);
    EXPECT_EQ(told.added[0].recipients[0].notify, mail::Notify::never);
    const std::string text = body_of(told);
    for (const char* address : {"rcpt0@example.net", "rcpt1@example.net", "rcpt2@example.net"})
        EXPECT_THAT(text, HasSubstr(address));
    EXPECT_THAT(*told.added[0].row.header, HasSubstr("(4 in one message)"));
    // Nothing is told twice.
    EXPECT_THAT(digest().changes, IsEmpty());
}

TEST_F(ReportsTest, an_account_that_wants_none_gets_what_it_asks_for_by_notify) {
    put_account(store::ReportWish::none);
    EXPECT_THAT(fail().added, IsEmpty());
    EXPECT_EQ(waiting(), 0U);
    auto asked = store::testing::make_message(2);
    asked.recipients[1].notify = mail::Notify::failure;
    const Reports reports = fail(asked);
    ASSERT_THAT(reports.added, SizeIs(1));
    EXPECT_THAT(body_of(reports), HasSubstr("rcpt1@example.net"));
    EXPECT_THAT(body_of(reports), Not(HasSubstr("rcpt0@example.net")));
}

TEST_F(ReportsTest, an_account_that_wants_a_digest) {
    put_account(store::ReportWish::digest, "de");
    EXPECT_THAT(fail().added, IsEmpty());
    EXPECT_EQ(waiting(), 1U);
    const Reports told = digest();
    ASSERT_THAT(told.added, SizeIs(1));
    EXPECT_THAT(*told.added[0].row.header, HasSubstr("Content-Language: de"));
}

TEST_F(ReportsTest, newsletters_have_none_unless_the_account_wants_them) {
    auto bulk = store::testing::make_message();
    bulk.row.profile = store::Profile::bulk;
    EXPECT_THAT(fail(bulk).added, IsEmpty());
    put_account(store::ReportWish::each);
    bulk.row.id = QueueId::make();
    EXPECT_THAT(fail(bulk).added, SizeIs(1));
    auto application = store::testing::make_message();
    application.row.profile = store::Profile::transactional;
    put_account(store::ReportWish::usual);
    EXPECT_THAT(fail(application).added, SizeIs(1));
}

TEST_F(ReportsTest, a_suppressed_recipient_whose_sender_wants_success_alone_is_not_reported) {
    auto message = store::testing::make_message();
    message.recipients[0].notify = mail::Notify::success;
    EXPECT_THAT(fail(message).added, IsEmpty());
}

TEST_F(ReportsTest, mail_of_no_account_is_neither_counted_nor_kept_back) {
    desk_options_.per_hour = 0;
    open();
    auto message = store::testing::make_message();
    message.row.account = "trap";
    EXPECT_THAT(fail(message).added, SizeIs(1));
    EXPECT_THAT(*store_->engine().digests(), IsEmpty());
}

TEST_F(ReportsTest, the_message_says_the_language_where_the_account_does_not) {
    auto message = store::testing::make_message();
    message.row.header = std::make_shared<const std::string>(
        "Subject: Angebot\r\nContent-Language: de-DE\r\nAccept-Language: de-DE, en-US\r\n");
    EXPECT_THAT(*fail(message).added.at(0).row.header, HasSubstr("Content-Language: de"));
    put_account(store::ReportWish::usual, "fr");
    message.row.id = QueueId::make();
    EXPECT_THAT(*fail(message).added.at(0).row.header, HasSubstr("Content-Language: fr"));
    put_account(store::ReportWish::usual);
    desk_options_.language = mail::Language::spanish;
    open();
    EXPECT_THAT(*fail().added.at(0).row.header, HasSubstr("Content-Language: es"));
}

TEST_F(ReportsTest, what_comes_while_a_digest_is_written_waits_for_the_next) {
    put_account(store::ReportWish::digest);
    fail();
    auto made = make_digest_report(*store_, options(), kAccount);
    ASSERT_TRUE(made);
    fail();
    commit(made->changes);
    EXPECT_EQ(waiting(), 1U);
    EXPECT_THAT(digest().added, SizeIs(1));
    EXPECT_EQ(waiting(), 0U);
}

}  // namespace
}  // namespace posthaste::queue
