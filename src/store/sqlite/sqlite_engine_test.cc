// What only the SQLite engine has: files, formats, damage, and giving space back.
#include "store/sqlite/sqlite_engine.h"

#include "store/testing.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

namespace posthaste::store::sqlite {
namespace {

using store::testing::changes_of;
using store::testing::make_message;
using store::testing::read_whole;
using store::testing::settle_all;
using store::testing::TempFolder;
using store::testing::write_whole;
using ::testing::HasSubstr;

class SqliteEngineTest : public ::testing::Test {
  protected:
    SqliteEngineTest() { std::filesystem::create_directory(folder_ / "content"); }

    Result<std::unique_ptr<SqliteEngine>> open_in(const std::string& folder, bool create = true) {
        return SqliteEngine::open({.folder = folder,
                                   .content_folder = folder + "/content",
                                   .create = create,
                                   .readers = {}});
    }

    void open() {
        auto opened = open_in(folder_.path());
        ASSERT_TRUE(opened) << opened.error().text;
        engine_ = std::move(*opened);
    }

    Result<void> apply(Change change) {
        const Changes changes = changes_of(std::move(change));
        const Changes* const one = &changes;
        return engine_->apply({&one, 1});
    }

    // SQL by the back door, with the engine closed.
    void run_sql(const std::string& file, const std::string& sql) {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open((folder_ / file).c_str(), &db), SQLITE_OK);
        char* message = nullptr;
        EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
        sqlite3_free(message);
        sqlite3_close(db);
    }

    void close_and_run_sql(const std::string& file, const std::string& sql) {
        engine_.reset();
        run_sql(file, sql);
        open();
    }

    void maintain() {
        for (int i = 0; i < 10'000 && engine_->wants_maintenance(); ++i) engine_->maintain();
    }

    const TempFolder folder_;
    std::unique_ptr<SqliteEngine> engine_;
};

TEST_F(SqliteEngineTest, has_the_settings_that_durability_rests_on) {
    open();
    engine_.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ / "queue.db").c_str(), &db), SQLITE_OK);
    const auto ask = [&](const char* sql) {
        std::string answer;
        sqlite3_exec(
            db, sql,
            [](void* out, int, char** values, char**) {
                *static_cast<std::string*>(out) = values[0];
                return 0;
            },
            &answer, nullptr);
        return answer;
    };
    EXPECT_EQ(ask("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(ask("PRAGMA auto_vacuum"), "2");
    EXPECT_EQ(ask("PRAGMA page_size"), "4096");
    EXPECT_EQ(ask("PRAGMA user_version"), "2");
    sqlite3_close(db);
}

TEST_F(SqliteEngineTest, a_newer_format_is_refused_untouched) {
    open();
    engine_.reset();
    for (const char* file : {"queue.db", "directory.db"}) {
        run_sql(file, "PRAGMA user_version=7");
        const std::string before = read_whole(folder_ / file);
        const auto refused = open_in(folder_.path());
        ASSERT_FALSE(refused) << file;
        EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
        EXPECT_THAT(refused.error().text, HasSubstr(file));
        EXPECT_THAT(refused.error().text, HasSubstr("format 7"));
        EXPECT_FALSE(refused.error().mend.empty());
        EXPECT_EQ(read_whole(folder_ / file), before);
        run_sql(file, "PRAGMA user_version=2");
    }
    EXPECT_TRUE(open_in(folder_.path()));
}

TEST_F(SqliteEngineTest, an_older_format_names_the_upgrade) {
    open();
    engine_.reset();
    run_sql("queue.db", "PRAGMA user_version=1");
    const auto refused = open_in(folder_.path());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unsupported);
    EXPECT_THAT(refused.error().mend, HasSubstr("posthaste store upgrade"));
}

TEST_F(SqliteEngineTest, a_store_from_before_a_table_gets_it) {
    open();
    engine_.reset();
    run_sql("directory.db", "DROP TABLE setup_links");
    const auto opened = open_in(folder_.path());
    ASSERT_TRUE(opened);
    const auto found = (*opened)->setup_link_by_digest(std::string(32, 'd'));
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
}

TEST_F(SqliteEngineTest, a_database_of_another_program_is_left_alone) {
    run_sql("directory.db", "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    const std::string before = read_whole(folder_ / "directory.db");
    const auto refused = open_in(folder_.path());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("another program"));
    EXPECT_EQ(read_whole(folder_ / "directory.db"), before);
}

TEST_F(SqliteEngineTest, a_file_that_is_no_database_is_left_alone) {
    open();
    engine_.reset();
    const std::string before(10'000, 'x');
    write_whole(folder_ / "queue.db", before);
    const auto refused = open_in(folder_.path());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::io);
    EXPECT_THAT(refused.error().text, HasSubstr("no SQLite database"));
    EXPECT_FALSE(refused.error().mend.empty());
    EXPECT_EQ(read_whole(folder_ / "queue.db"), before);
}

struct HalfMade {
    const char* name;
    const char* sql;  // null: an empty file
};

class HalfMadeTest : public SqliteEngineTest, public ::testing::WithParamInterface<HalfMade> {};

TEST_P(HalfMadeTest, is_completed) {
    for (const char* file : {"directory.db", "queue.db"}) {
        if (GetParam().sql != nullptr) {
            run_sql(file, GetParam().sql);
        } else {
            write_whole(folder_ / file, "");
        }
        auto opened = open_in(folder_.path());
        ASSERT_TRUE(opened) << opened.error().text;
        engine_ = std::move(*opened);
        EXPECT_TRUE(apply(make_message()));
        EXPECT_EQ(engine_->server_secret().size(), 32u);
        engine_.reset();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Crashes, HalfMadeTest,
    ::testing::Values(HalfMade{"empty_file", nullptr},
                      HalfMade{
                          "without_tables",
                          "PRAGMA page_size=4096; PRAGMA auto_vacuum=2; PRAGMA journal_mode=WAL"}),
    [](const auto& row) { return row.param.name; });

TEST_F(SqliteEngineTest, a_queue_without_its_directory_is_no_new_store) {
    open();
    ASSERT_TRUE(apply(make_message()));
    engine_.reset();
    std::filesystem::rename(folder_ / "directory.db", folder_ / "kept");
    const auto refused = open_in(folder_.path());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::not_found);
    EXPECT_THAT(refused.error().text, HasSubstr("directory.db"));
    // The other way round is a wish: begin with an empty queue.
    std::filesystem::rename(folder_ / "kept", folder_ / "directory.db");
    std::filesystem::remove(folder_ / "queue.db");
    EXPECT_TRUE(open_in(folder_.path()));
}

TEST_F(SqliteEngineTest, without_create_nothing_is_made) {
    const auto none = open_in(folder_.path(), false);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::not_found);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "queue.db"));
}

TEST_F(SqliteEngineTest, the_file_shrinks_when_the_messages_are_gone) {
    open();
    std::vector<AddMessage> messages;
    std::vector<Changes> submissions;
    std::vector<const Changes*> pointers;
    for (int i = 0; i < 20'000; ++i) {
        messages.push_back(make_message(1, std::string(2'000, 'x')));
        submissions.push_back(changes_of(messages.back()));
    }
    for (const Changes& changes : submissions) pointers.push_back(&changes);
    ASSERT_TRUE(engine_->apply(pointers));
    maintain();
    // The log is copied on its own thread.
    const auto size = [&] { return std::filesystem::file_size(folder_ / "queue.db"); };
    const auto wait_for = [&](auto condition) {
        const auto give_up = Deadline::after(Seconds(30));
        while (!condition() && !give_up.passed()) std::this_thread::yield();
        return condition();
    };
    ASSERT_TRUE(wait_for([&] { return size() > (40u << 20); }));
    submissions.clear();
    pointers.clear();
    for (const AddMessage& message : messages)
        submissions.push_back(changes_of(settle_all(message)));
    for (const Changes& changes : submissions) pointers.push_back(&changes);
    ASSERT_TRUE(engine_->apply(pointers));
    maintain();
    EXPECT_TRUE(wait_for([&] { return size() < (6u << 20); })) << size();
    EXPECT_TRUE(
        wait_for([&] { return std::filesystem::file_size(folder_ / "queue.db-wal") == 0; }));
    EXPECT_FALSE(engine_->failure());
    EXPECT_TRUE(apply(make_message()));
}

TEST_F(SqliteEngineTest, the_log_stays_bounded_under_steady_writing) {
    open();
    std::uintmax_t most = 0;
    // 500 MB in all; without starting again from its beginning the log would grow to that.
    for (int round = 0; round < 250; ++round) {
        std::vector<Changes> submissions;
        std::vector<const Changes*> pointers;
        std::vector<AddMessage> messages;
        for (int i = 0; i < 10; ++i) {
            messages.push_back(make_message(1, std::string(200'000, 'x')));
            submissions.push_back(changes_of(messages.back()));
        }
        for (const AddMessage& message : messages)
            submissions.push_back(changes_of(settle_all(message)));
        for (const Changes& changes : submissions) pointers.push_back(&changes);
        ASSERT_TRUE(engine_->apply({pointers.data(), 10}));
        ASSERT_TRUE(engine_->apply({pointers.data() + 10, 10}));
        most = std::max(most, std::filesystem::file_size(folder_ / "queue.db-wal"));
    }
    EXPECT_LT(most, 200u << 20);
}

// The files as a crash leaves them: copied while the engine has them open, after each commit.
TEST_F(SqliteEngineTest, a_copy_taken_at_any_moment_has_everything_acknowledged) {
    open();
    std::vector<QueueId> acknowledged;
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 20; ++i) {
            const AddMessage message = make_message(1, std::string(5'000, 'x'));
            ASSERT_TRUE(apply(message));
            acknowledged.push_back(message.row.id);
        }
        if (round == 2) maintain();
        const TempFolder copy;
        std::filesystem::create_directory(copy / "content");
        for (const char* file : {"queue.db", "queue.db-wal", "directory.db", "directory.db-wal"}) {
            if (std::filesystem::exists(folder_ / file))
                std::filesystem::copy(folder_ / file, copy / file);
        }
        auto opened = open_in(copy.path());
        ASSERT_TRUE(opened) << opened.error().text;
        for (const QueueId& id : acknowledged) {
            const auto found = (*opened)->message(id);
            ASSERT_TRUE(found && *found) << id.to_string();
        }
        EXPECT_EQ((*opened)->counts()->messages, acknowledged.size());
    }
}

struct DamagedRow {
    const char* name;
    const char* sql;
    bool stops_loading;  // what the scheduler reads at start is hurt too
};

class DamagedRows : public SqliteEngineTest, public ::testing::WithParamInterface<DamagedRow> {};

TEST_P(DamagedRows, are_errors_and_no_crash) {
    open();
    const AddMessage message = make_message(2);
    ASSERT_TRUE(apply(message));
    RecipientUpdate update;
    update.outcome.status = {4, 2, 2};
    ASSERT_TRUE(apply(Settlement{.id = message.row.id, .updates = {update}}));
    close_and_run_sql("queue.db", GetParam().sql);
    const auto found = engine_->message(message.row.id);
    const auto body = engine_->inline_body(message.row.id);
    ASSERT_TRUE(!found || !body);
    const Error& error = found ? body.error() : found.error();
    EXPECT_EQ(error.kind, ErrorKind::io);
    EXPECT_THAT(error.text, HasSubstr("damaged"));
    EXPECT_FALSE(error.mend.empty());
    static_cast<void>(engine_->list({}));
    static_cast<void>(engine_->counts());
    EXPECT_EQ(engine_->for_each_open([](const OpenRecipient&) {}).has_value(),
              !GetParam().stops_loading);
    // It can still be put to an end.
    EXPECT_TRUE(apply(settle_all(message)));
    EXPECT_FALSE(engine_->failure());
}

INSTANTIATE_TEST_SUITE_P(
    Sqlite, DamagedRows,
    ::testing::Values(
        DamagedRow{"kind", "UPDATE messages SET kind = 9", false},
        DamagedRow{"kind_is_text", "UPDATE messages SET kind = 'x', held = 'yes', ret = -1", false},
        DamagedRow{"sender", "UPDATE messages SET sender = 'no address'", false},
        DamagedRow{"sender_octets", "UPDATE messages SET sender = CAST(x'ff00fe40' AS TEXT)",
                   false},
        DamagedRow{"header_changed",
                   "UPDATE contents SET header = CAST('Subject: evil' || x'0d0a' AS BLOB)", false},
        DamagedRow{"header_cut", "UPDATE contents SET header = x''", false},
        DamagedRow{"content_gone", "DELETE FROM contents", false},
        DamagedRow{"body_gone", "UPDATE contents SET body = NULL", false},
        DamagedRow{"size", "UPDATE messages SET body_size = -1", false},
        DamagedRow{"time", "UPDATE messages SET accepted_wall = 9223372036854775807", false},
        DamagedRow{"held", "UPDATE messages SET held = 5", true},
        DamagedRow{"address", "UPDATE recipients SET address = '@'", false},
        DamagedRow{"address_empty", "UPDATE recipients SET address = ''", false},
        DamagedRow{"state", "UPDATE recipients SET state = 7", true},
        DamagedRow{"attempts", "UPDATE recipients SET attempts = -1", true},
        DamagedRow{"number", "UPDATE recipients SET number = 4294967296 WHERE number = 1", true},
        DamagedRow{"status", "UPDATE recipients SET status = '9.9.9'", false},
        DamagedRow{"verdict", "UPDATE recipients SET verdict = 3", false},
        DamagedRow{"retry_after", "UPDATE recipients SET verdict = 1, flags = 0, retry_after = -5",
                   false},
        DamagedRow{"flags", "UPDATE recipients SET verdict = 1, flags = 255", false}),
    [](const auto& row) { return row.param.name; });

TEST_F(SqliteEngineTest, an_id_of_the_wrong_length_is_an_error) {
    open();
    ASSERT_TRUE(apply(make_message()));
    close_and_run_sql("queue.db",
                      "UPDATE messages SET id = x'ff'; UPDATE recipients SET message = x'ff'");
    EXPECT_FALSE(engine_->list({}));
    EXPECT_FALSE(engine_->for_each_open([](const OpenRecipient&) {}));
}

TEST_F(SqliteEngineTest, damaged_directory_rows_are_errors) {
    open();
    ASSERT_TRUE(apply(PutAccount{
        {.address = "a@example.com", .name = "", .password_hash = "", .created = {}, .also = {}}}));
    ASSERT_TRUE(apply(PutAppPassword{{.id = "x",
                                      .account = "a@example.com",
                                      .name = "",
                                      .digest = std::string(32, 'd'),
                                      .created = {}}}));
    close_and_run_sql("directory.db",
                      "UPDATE accounts SET disabled = 4; UPDATE app_passwords SET digest = x'01'");
    EXPECT_FALSE(engine_->accounts());
    EXPECT_FALSE(engine_->account("a@example.com"));
    EXPECT_FALSE(engine_->app_passwords("a@example.com"));
    EXPECT_FALSE(engine_->app_password_by_digest(std::string(1, '\1')));
}

TEST_F(SqliteEngineTest, a_lost_secret_is_an_error) {
    open();
    engine_.reset();
    run_sql("directory.db", "DELETE FROM meta");
    const auto refused = open_in(folder_.path());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("secret"));
}

// Pages overwritten at random: whatever comes of it, it is an error or an answer, never a crash.
TEST_F(SqliteEngineTest, overwritten_pages_never_crash) {
    open();
    std::vector<QueueId> ids;
    for (int i = 0; i < 60; ++i) {
        const AddMessage message = make_message(3, std::string(3'000, 'x'));
        ids.push_back(message.row.id);
        ASSERT_TRUE(apply(message));
    }
    engine_.reset();
    const std::string whole = read_whole(folder_ / "queue.db");
    unsigned seed = 12345;
    const auto next = [&] { return seed = seed * 1664525 + 1013904223; };
    for (int round = 0; round < 40; ++round) {
        std::string hurt = whole;
        for (int i = 0; i < 20; ++i)
            hurt[100 + next() % (hurt.size() - 100)] = static_cast<char>(next() >> 24);
        write_whole(folder_ / "queue.db", hurt);
        auto opened = open_in(folder_.path());
        if (!opened) continue;
        engine_ = std::move(*opened);
        static_cast<void>(engine_->for_each_open([](const OpenRecipient&) {}));
        static_cast<void>(engine_->list({}));
        static_cast<void>(engine_->counts());
        static_cast<void>(engine_->content_files());
        for (const QueueId& id : ids) {
            static_cast<void>(engine_->message(id));
            static_cast<void>(engine_->inline_body(id));
        }
        static_cast<void>(apply(Settlement{.id = ids[0], .updates = {store::testing::done(0)}}));
        static_cast<void>(apply(make_message()));
        maintain();
        engine_.reset();
        std::filesystem::remove(folder_ / "queue.db-wal");
        std::filesystem::remove(folder_ / "queue.db-shm");
    }
}

TEST(Readers, a_query_that_takes_too_long_ends_with_timeout) {
    const TempFolder folder;
    {
        auto engine = SqliteEngine::open({.folder = folder.path(),
                                          .content_folder = folder / "content",
                                          .create = true,
                                          .readers = {}});
        ASSERT_TRUE(engine);
    }
    Readers readers(folder / "queue.db",
                    {.connections = 1, .longest_query = Seconds(0), .longest_wait = Seconds(0)});
    auto lease = readers.acquire();
    ASSERT_TRUE(lease);
    const auto endless = (*lease)->integer(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n");
    ASSERT_FALSE(endless);
    EXPECT_EQ(endless.error().kind, ErrorKind::timeout);
    EXPECT_FALSE(endless.error().mend.empty());
    const auto second = readers.acquire();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::busy);
}

TEST(Readers, cannot_write) {
    const TempFolder folder;
    {
        auto engine = SqliteEngine::open({.folder = folder.path(),
                                          .content_folder = folder / "content",
                                          .create = true,
                                          .readers = {}});
        ASSERT_TRUE(engine);
    }
    Readers readers(folder / "queue.db", {});
    auto lease = readers.acquire();
    ASSERT_TRUE(lease);
    EXPECT_FALSE((*lease)->run("DELETE FROM messages"));
    EXPECT_EQ((*lease)->integer("SELECT count(*) FROM messages").value_or(-1), 0);
}

}  // namespace
}  // namespace posthaste::store::sqlite
