// The history of a whole store: written with what it tells of, brought into files, asked, dropped.
#include "store/history.h"

#include "store/sqlite/sqlite_engine.h"
#include "store/store.h"
#include "store/testing.h"

#include <fcntl.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

using store::testing::make_message;
using store::testing::TempFolder;
using store::testing::write_whole;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Timestamp day(int n) {
    return std::chrono::sys_days{std::chrono::year(2026) / 11 / 1} + std::chrono::days(n - 1) +
           std::chrono::hours(12);
}

class HistoryTest : public ::testing::Test {
  protected:
    HistoryTest() {
        std::filesystem::create_directory(path_);
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
        open();
    }

    void open() {
        Store::Options options;
        options.path = path_;
        options.committer.floor_octets = 0;
        auto opened = Store::open(options, log_);
        ASSERT_TRUE(opened) << opened.error().text;
        store_ = std::move(*opened);
    }

    // Ends the keeper too, with all that waited brought away.
    void reopen() {
        store_.reset();
        open();
    }

    void keep(HistoryKeeper::Options options = {}) { store_->keep_history(options, log_); }

    void keep_and_reopen(HistoryKeeper::Options options = {}) {
        keep(options);
        reopen();
    }

    QueueId accept(const AcceptedFacts& facts, Timestamp at = now()) {
        AddMessage add = make_message(1);
        add.row.id = QueueId::make();
        Changes changes;
        changes.push_back(add);
        changes.push_back(AddRecord{add.row.id, at, RecordType::accepted, encode(facts)});
        EXPECT_TRUE(store_->committer().submit_and_wait(std::move(changes)));
        return add.row.id;
    }

    void tell(const QueueId& id, const std::string& text, Timestamp at = now()) {
        Changes changes;
        changes.push_back(AddRecord{id, at, RecordType::held, encode(NoteFacts{text, ""})});
        ASSERT_TRUE(store_->committer().submit_and_wait(std::move(changes)));
    }

    std::vector<std::string> subjects(HistoryQuery query) {
        auto answer = store_->history().find(query);
        EXPECT_TRUE(answer) << answer.error().text;
        std::vector<std::string> found;
        for (const auto& message : answer->messages) found.push_back(message.facts.subject);
        return found;
    }

    std::vector<std::string> files() {
        std::vector<std::string> names;
        for (const auto& file : *list_history(path_ + "/history")) names.push_back(file.name());
        return names;
    }

    std::size_t waiting() { return store_->engine().waiting_records(0, 1'000'000)->size(); }

    TempFolder folder_;
    const std::string path_ = folder_ / "store";
    Log log_{{LogFormat::logfmt, LogLevel::error, ::open("/dev/null", O_WRONLY | O_CLOEXEC), 64}};
    std::unique_ptr<Store> store_;
};

TEST_F(HistoryTest, found_by_everything_before_and_after_it_is_in_a_file) {
    const auto first = accept({.account = "anna@example.com",
                               .sender = "sales@example.com",
                               .recipients = {"bob@example.net"},
                               .message_id = "<1@example.com>",
                               .subject = "Invoice 1182 of November"});
    accept({.sender = "carol@example.com",
            .recipients = {"bob@example.net", "dave@example.org"},
            .message_id = "<2@example.com>",
            .subject = "Minutes"});
    tell(first, "held");
    for (const bool in_files : {false, true}) {
        SCOPED_TRACE(in_files);
        if (in_files) keep_and_reopen();
        EXPECT_EQ(waiting(), in_files ? 0U : 3U);
        EXPECT_THAT(subjects({.address = "BOB@example.net"}),
                    ElementsAre("Minutes", "Invoice 1182 of November"));
        EXPECT_THAT(subjects({.address = "anna@example.com"}), SizeIs(1));
        EXPECT_THAT(subjects({.address = "sales@example.com"}), SizeIs(1));
        EXPECT_THAT(subjects({.address = "nobody@example.com"}), IsEmpty());
        EXPECT_THAT(subjects({.message_id = "2@example.com"}), ElementsAre("Minutes"));
        EXPECT_THAT(subjects({.words = {"november", "INVOICE"}}), SizeIs(1));
        EXPECT_THAT(subjects({.words = {"november", "minutes"}}), IsEmpty());
        EXPECT_THAT(subjects({}), SizeIs(2));
        const auto story = store_->history().of({first}, {});
        ASSERT_TRUE(story);
        ASSERT_THAT((*story)[0], SizeIs(2));
        EXPECT_EQ((*story)[0][0].number, 1U);
        EXPECT_EQ((*story)[0][1].type, RecordType::held);
    }
    EXPECT_EQ(store_->history().last(), 3U);
    accept({.subject = "next"});
    EXPECT_EQ(store_->history().last(), 4U);  // no number twice, none left out
}

TEST_F(HistoryTest, pages_and_times) {
    for (int i = 1; i <= 9; ++i) accept({.subject = std::to_string(i)}, day(i));
    for (const bool in_files : {false, true}) {
        SCOPED_TRACE(in_files);
        if (in_files) keep_and_reopen({.days = 100'000});
        auto page = store_->history().find({.limit = 4});
        ASSERT_TRUE(page);
        EXPECT_TRUE(page->more);
        ASSERT_THAT(page->messages, SizeIs(4));
        EXPECT_EQ(page->messages[3].facts.subject, "6");
        page = store_->history().find({.before = page->messages[3].row.number, .limit = 5});
        EXPECT_FALSE(page->more);
        EXPECT_EQ(page->messages.back().facts.subject, "1");
        EXPECT_THAT(subjects({.since = day(3), .until = day(5)}), ElementsAre("5", "4", "3"));
    }
    EXPECT_THAT(files(), SizeIs(9));
    EXPECT_EQ(files().front(), "2026-11-01.db");
}

TEST_F(HistoryTest, whoever_follows_misses_nothing_when_the_clock_is_set_back) {
    for (int i = 1; i <= 8; ++i) accept({.subject = std::to_string(i)}, day(i <= 4 ? 5 : 3));
    for (const bool in_files : {false, true}) {
        SCOPED_TRACE(in_files);
        if (in_files) keep_and_reopen({.days = 100'000});
        std::vector<std::uint64_t> seen;
        for (std::uint64_t number = 0; number < 8; number = seen.back()) {
            const auto some = store_->history().after(number, 3, {});
            ASSERT_TRUE(some);
            ASSERT_THAT(*some, Not(IsEmpty()));
            for (const RecordRow& row : *some) seen.push_back(row.number);
        }
        EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
    }
    EXPECT_THAT(files(), SizeIs(2));
}

TEST_F(HistoryTest, the_newest_are_found_however_many_wait_for_a_file) {
    for (int i = 1; i <= 9; ++i) {
        const auto id = accept({.subject = std::to_string(i)});
        tell(id, "held");
    }
    const auto page = store_->history().find({.limit = 2});
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->more);
    EXPECT_THAT(subjects({.limit = 2}), ElementsAre("9", "8"));
    EXPECT_THAT(subjects({.before = page->messages.back().row.number, .limit = 2}),
                ElementsAre("7", "6"));
}

TEST_F(HistoryTest, what_is_in_a_file_already_is_not_there_twice) {
    for (int i = 0; i < 5; ++i) accept({.subject = "x"});
    // As a crash between the file's commit and the end of the waiting leaves it.
    const auto rows = *store_->engine().waiting_records(0, 3);
    std::filesystem::create_directory(path_ + "/history");
    {
        auto file = sqlite::DayFile::open(path_ + "/history/" + history_day(rows[0].at) + ".db");
        ASSERT_TRUE(file);
        ASSERT_TRUE((*file)->add(rows));
        ASSERT_TRUE((*file)->add(rows));
    }
    EXPECT_THAT(subjects({}), SizeIs(5));
    keep_and_reopen();
    EXPECT_THAT(subjects({}), SizeIs(5));
    EXPECT_EQ(waiting(), 0U);
    EXPECT_EQ(store_->history().after(0, 100, {})->size(), 5U);
}

TEST_F(HistoryTest, a_queue_from_a_backup_goes_on_behind_its_history) {
    for (int i = 0; i < 5; ++i) accept({.subject = "before"});
    keep_and_reopen();
    // The queue of before: nothing waits, and its numbers begin at 1 again.
    store_.reset();
    for (const char* name : {"queue.db", "queue.db-wal", "queue.db-shm"})
        std::filesystem::remove(path_ + "/" + name);
    std::filesystem::remove(path_ + "/content");
    open();
    keep();
    for (int i = 0; i < 500 && store_->history().last() < 5; ++i)
        std::this_thread::sleep_for(Milliseconds(10));
    accept({.subject = "after"});
    reopen();
    EXPECT_THAT(subjects({}), SizeIs(6));
    EXPECT_EQ(store_->history().last(), 6U);
}

TEST_F(HistoryTest, days_that_are_over_go_whole) {
    const auto today = std::chrono::floor<std::chrono::days>(now());
    for (int back = 5; back >= 0; --back)
        accept({.subject = std::to_string(back)}, today - std::chrono::days(back));
    keep_and_reopen({.days = 100});
    EXPECT_THAT(files(), SizeIs(6));
    keep_and_reopen({.days = 3});
    EXPECT_THAT(files(), SizeIs(3));
    EXPECT_THAT(subjects({}), ElementsAre("0", "1", "2"));
}

TEST_F(HistoryTest, the_oldest_go_when_it_is_too_large) {
    const auto today = std::chrono::floor<std::chrono::days>(now());
    for (int back = 5; back >= 0; --back)
        for (int i = 0; i < 50; ++i)
            accept({.subject = std::string(4000, 'x')}, today - std::chrono::days(back));
    keep_and_reopen();
    EXPECT_THAT(files(), SizeIs(6));
    keep_and_reopen({.octets = 800'000});
    EXPECT_LT(files().size(), 6U);
    EXPECT_GE(files().size(), 1U);
    EXPECT_EQ(files().back(), history_day(now()) + ".db");
}

TEST_F(HistoryTest, a_busy_day_has_parts) {
    keep({.octets = 2 << 20, .every = Milliseconds(5)});
    std::string subject(4000, 'y');
    for (int i = 0; i < 300; ++i) accept({.subject = subject});
    reopen();
    EXPECT_GT(files().size(), 1U);
    for (const auto& name : files()) EXPECT_TRUE(parse_history_file(name)) << name;
    EXPECT_THAT(subjects({.limit = 1000}), SizeIs(300));
}

TEST_F(HistoryTest, a_damaged_file_is_set_aside_and_the_rest_goes_on) {
    accept({.subject = "before"});
    keep_and_reopen();
    store_.reset();
    const std::string name = files().front();
    for (const char* beside : {"-wal", "-shm"})
        std::filesystem::remove(path_ + "/history/" + name + beside);
    write_whole(path_ + "/history/" + name, "this is no database at all, but as long as it takes");
    open();
    const auto answer = store_->history().find({});
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->unreadable, ElementsAre(name));
    accept({.subject = "after"});
    keep_and_reopen();
    EXPECT_THAT(files(), ElementsAre(name, name + ".damaged"));
    EXPECT_THAT(subjects({}), ElementsAre("after"));
    EXPECT_EQ(store_->committer().health(), Health::ok);
}

TEST_F(HistoryTest, a_file_that_cannot_be_made_keeps_records_waiting_and_then_costs_the_oldest) {
    write_whole(path_ + "/history", "a file where the folder should be");
    for (int i = 0; i < 30; ++i) accept({.subject = std::to_string(i)});
    keep({.every = Milliseconds(1), .most_waiting = 10});
    for (int i = 0; i < 500 && store_->history_counts().given_up == 0; ++i) {
        accept({.subject = "more"});
        std::this_thread::sleep_for(Milliseconds(5));
    }
    EXPECT_EQ(store_->committer().health(), Health::ok);
    reopen();
    EXPECT_LE(waiting(), 40U);
    std::filesystem::remove(path_ + "/history");
    keep_and_reopen();
    EXPECT_EQ(waiting(), 0U);
    EXPECT_THAT(subjects({.words = {"more"}}), ::testing::Not(IsEmpty()));
}

TEST_F(HistoryTest, a_backup_has_the_history) {
    accept({.subject = "in a file"});
    keep_and_reopen();
    accept({.subject = "waiting"});
    ASSERT_TRUE(store_->engine().backup(folder_ / "copy"));
    store_.reset();
    auto engine = sqlite::SqliteEngine::open(
        {.folder = folder_ / "copy", .content_folder = folder_ / "copy/content", .readers = {}});
    ASSERT_TRUE(engine) << engine.error().text;
    const History history(**engine, folder_ / "copy/history");
    EXPECT_THAT(history.find({})->messages, SizeIs(2));
}

TEST_F(HistoryTest, names_of_files) {
    for (const char* good : {"2026-11-23.db", "2026-11-23.2.db", "2026-11-23.db.damaged",
                             "2026-11-23.12.db.damaged"}) {
        const auto file = parse_history_file(good);
        ASSERT_TRUE(file) << good;
        EXPECT_EQ(file->name(), good);
    }
    for (const char* bad :
         {"", ".db", "2026-11-23", "2026-11-23.db-wal", "2026-11-23.1.db", "2026-11-23.02.db",
          "2026-1-23.db", "2026-11-23..db", "x2026-11-23.db", "2026-11-23.99999999999.db"})
        EXPECT_FALSE(parse_history_file(bad)) << bad;
}

}  // namespace
}  // namespace posthaste::store
