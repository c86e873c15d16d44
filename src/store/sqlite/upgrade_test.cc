// Stores of older formats, made from one of today by taking away what came since.
#include "store/upgrade.h"

#include "store/folder.h"
#include "store/sqlite/schema.h"
#include "store/sqlite/sqlite_engine.h"
#include "store/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

namespace posthaste::store::sqlite {
namespace {

using store::testing::changes_of;
using store::testing::make_message;
using store::testing::TempFolder;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kQueueToOne =
    "ALTER TABLE messages DROP COLUMN tls_wish; ALTER TABLE messages DROP COLUMN priority;"
    "ALTER TABLE messages DROP COLUMN profile; ALTER TABLE messages DROP COLUMN route;"
    "ALTER TABLE messages DROP COLUMN verp;"
    "ALTER TABLE messages DROP COLUMN release; ALTER TABLE messages DROP COLUMN by_time;"
    "ALTER TABLE messages DROP COLUMN by_mode; ALTER TABLE messages DROP COLUMN by_trace;"
    "ALTER TABLE recipients DROP COLUMN tls_policy; ALTER TABLE recipients DROP COLUMN source_ip;"
    "ALTER TABLE recipients DROP COLUMN rule; PRAGMA user_version=1";
constexpr const char* kDirectoryToOne =
    "ALTER TABLE accounts DROP COLUMN profile; ALTER TABLE accounts DROP COLUMN language;"
    "ALTER TABLE accounts DROP COLUMN verp;"
    "ALTER TABLE accounts DROP COLUMN priority;"
    "ALTER TABLE accounts DROP COLUMN reports;"
    "ALTER TABLE app_passwords DROP COLUMN device; PRAGMA user_version=1";

class UpgradeTest : public ::testing::Test {
  protected:
    UpgradeTest() {
        std::filesystem::create_directory(folder_.path() + "/store");
        std::filesystem::permissions(store_, std::filesystem::perms::owner_all);
        std::filesystem::create_directory(store_ + "/content");
        auto engine = open();
        EXPECT_TRUE(engine) << engine.error().text;
        AccountRow account;
        account.address = "anna@example.com";
        account.password_hash = "$argon2id$x";
        AddMessage mail = make_message(3);
        mail.row.id = id_;
        for (const Changes& changes : {changes_of(PutAccount{account}), changes_of(mail)}) {
            const Changes* const one = &changes;
            EXPECT_TRUE((*engine)->apply({&one, 1}));
        }
    }

    Result<std::unique_ptr<SqliteEngine>> open() { return open_at(store_); }

    static Result<std::unique_ptr<SqliteEngine>> open_at(const std::string& folder) {
        return SqliteEngine::open(
            {.folder = folder, .content_folder = folder + "/content", .readers = {}});
    }

    void run_sql(const std::string& file, const char* sql) {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open((store_ + "/" + file).c_str(), &db), SQLITE_OK);
        char* message = nullptr;
        EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, &message), SQLITE_OK) << message;
        sqlite3_free(message);
        sqlite3_close(db);
    }

    void age() {
        run_sql("queue.db", kQueueToOne);
        run_sql("directory.db", kDirectoryToOne);
    }

    void expect_whole() {
        auto engine = open();
        ASSERT_TRUE(engine) << engine.error().text;
        const auto message = (*engine)->message(id_);
        ASSERT_TRUE(message && *message);
        EXPECT_THAT((*message)->recipients, SizeIs(3));
        EXPECT_EQ((*message)->row.tls_wish, TlsWish::none);
        EXPECT_EQ((*message)->row.route, "");
        EXPECT_EQ((*message)->row.profile, Profile::human);
        const auto account = (*engine)->account("anna@example.com");
        ASSERT_TRUE(account && *account);
        EXPECT_EQ((*account)->profile, Profile::human);
        // New rows, with what the format brought, in the same tables.
        auto added = make_message(1);
        added.row.route = "second";
        const Changes changes = changes_of(added);
        const Changes* const one = &changes;
        ASSERT_TRUE((*engine)->apply({&one, 1}));
        EXPECT_EQ((**(*engine)->message(added.row.id)).row.route, "second");
    }

    TempFolder folder_;
    const std::string store_ = folder_ / "store";
    const std::string snapshot_ = folder_ / "snapshot";
    const QueueId id_ = QueueId::make();
};

TEST_F(UpgradeTest, format_one_becomes_the_present_one_and_a_copy_stays) {
    age();
    const auto refused = open();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().mend, HasSubstr("posthaste store upgrade"));
    const auto done = upgrade(store_, snapshot_);
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_EQ(done->from, 1);
    EXPECT_EQ(done->to, kFormat);
    EXPECT_EQ(done->snapshot, snapshot_);
    expect_whole();
    EXPECT_TRUE(std::filesystem::exists(snapshot_ + "/SNAPSHOT.txt"));

    // The copy is a whole store of the old format, and can be upgraded itself.
    std::filesystem::permissions(snapshot_, std::filesystem::perms::owner_all);
    const auto copy = upgrade(snapshot_, folder_ / "second");
    ASSERT_TRUE(copy) << copy.error().text;
    EXPECT_EQ(copy->from, 1);
    auto engine = open_at(snapshot_);
    ASSERT_TRUE(engine);
    EXPECT_EQ((**(*engine)->message(id_)).row.hold, Hold::held);
}

TEST_F(UpgradeTest, twice_is_once) {
    age();
    ASSERT_TRUE(upgrade(store_, snapshot_));
    const auto again = upgrade(store_, folder_ / "unused");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->from, again->to);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "unused"));
    expect_whole();
}

TEST_F(UpgradeTest, broken_off_between_the_files_it_goes_on) {
    for (const bool queue_first : {true, false}) {
        SCOPED_TRACE(queue_first);
        age();
        ASSERT_TRUE(upgrade(store_, snapshot_ + (queue_first ? "1" : "2")));
        run_sql(queue_first ? "queue.db" : "directory.db",
                queue_first ? kQueueToOne : kDirectoryToOne);
        const auto rest = upgrade(store_, folder_ / "unused");
        ASSERT_TRUE(rest) << rest.error().text;
        EXPECT_TRUE(rest->finished_earlier);
        EXPECT_EQ(rest->snapshot, "");
        expect_whole();
    }
}

TEST_F(UpgradeTest, what_cannot_be_copied_is_not_touched) {
    age();
    std::filesystem::create_directory(snapshot_);
    store::testing::write_whole(snapshot_ + "/mine", "x");
    const auto refused = upgrade(store_, snapshot_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_FALSE(open());
    EXPECT_EQ(upgrade(store_, store_ + "/inside").error().kind, ErrorKind::denied);
    EXPECT_FALSE(open());
    ASSERT_TRUE(upgrade(store_, folder_ / "other"));
    expect_whole();
}

TEST_F(UpgradeTest, refusals) {
    {
        const auto lock = FolderLock::take(store_, false);
        ASSERT_TRUE(lock);
        EXPECT_EQ(upgrade(store_, snapshot_).error().kind, ErrorKind::conflict);
    }
    EXPECT_EQ(upgrade(folder_ / "nowhere", snapshot_).error().kind, ErrorKind::not_found);
    run_sql("queue.db", "PRAGMA user_version=99");
    EXPECT_EQ(upgrade(store_, snapshot_).error().kind, ErrorKind::unsupported);
    run_sql("queue.db", "PRAGMA user_version=0");
    EXPECT_EQ(upgrade(store_, snapshot_).error().kind, ErrorKind::unsupported);
    EXPECT_TRUE(std::filesystem::remove(store_ + "/queue.db"));
    std::filesystem::remove(store_ + "/queue.db-wal");
    EXPECT_EQ(upgrade(store_, snapshot_).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace posthaste::store::sqlite
