#include "store/store.h"

#include "base/file.h"
#include "store/testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace posthaste::store {
namespace {

using testing::changes_of;
using ::testing::HasSubstr;
using testing::make_message;
using testing::read_whole;
using testing::settle_all;
using testing::TempFolder;
using testing::write_whole;

class StoreTest : public ::testing::Test {
  protected:
    StoreTest() : null_(open("/dev/null", O_WRONLY | O_CLOEXEC)), log_({.fd = null_.get()}) {}

    Result<std::unique_ptr<Store>> open_store(bool create = true) {
        Store::Options options;
        options.path = path_;
        options.create = create;
        options.committer.floor_octets = 0;
        options.committer.reserve_octets = 1 << 16;
        return Store::open(options, log_);
    }

    std::unique_ptr<Store> must_open() {
        auto store = open_store();
        EXPECT_TRUE(store) << store.error().text;
        return store ? std::move(*store) : nullptr;
    }

    const TempFolder folder_;
    const std::string path_ = folder_ / "store";
    const FileDescriptor null_;
    Log log_;
};

mode_t mode_of(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
}

TEST_F(StoreTest, a_new_store_is_closed_to_others) {
    const mode_t before = umask(0);
    auto store = must_open();
    ASSERT_TRUE(store->committer().submit_and_wait(changes_of(make_message())));
    umask(before);
    EXPECT_EQ(mode_of(path_), 0700u);
    EXPECT_EQ(mode_of(path_ + "/content"), 0700u);
    for (const char* file : {"queue.db", "queue.db-wal", "queue.db-shm", "directory.db",
                             "directory.db-wal", "lock", "reserve"})
        EXPECT_EQ(mode_of(path_ + '/' + file), 0600u) << file;
}

TEST_F(StoreTest, what_was_committed_is_there_after_a_restart) {
    const AddMessage message = make_message();
    {
        auto store = must_open();
        ASSERT_TRUE(store->committer().submit_and_wait(changes_of(message)));
    }
    auto store = must_open();
    const auto found = store->engine().message(message.row.id);
    ASSERT_TRUE(found && *found);
    auto reader = store->read_content((**found).row);
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->next().value_or(""), *message.row.body.octets);
}

TEST_F(StoreTest, a_second_opener_is_told_who_has_it) {
    auto store = must_open();
    const auto second = open_store();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
    EXPECT_THAT(second.error().text, HasSubstr("pid " + std::to_string(getpid())));
    EXPECT_THAT(second.error().text, HasSubstr(path_));
    EXPECT_FALSE(second.error().mend.empty());
    store.reset();
    EXPECT_TRUE(open_store());  // the lock file alone is no lock
}

TEST_F(StoreTest, a_folder_open_to_others_is_refused_with_the_command_that_mends_it) {
    must_open().reset();
    chmod(path_.c_str(), 0750);
    const auto refused = open_store();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::denied);
    EXPECT_EQ(refused.error().mend, "chmod 700 " + path_);
}

TEST_F(StoreTest, a_folder_of_somebody_else_is_refused) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
    must_open().reset();
    ASSERT_EQ(chown(path_.c_str(), 65534, 65534), 0);
    const auto refused = open_store();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::denied);
    EXPECT_THAT(refused.error().mend, HasSubstr("chown -R"));
}

TEST_F(StoreTest, without_create_nothing_is_made) {
    const auto none = open_store(false);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, ErrorKind::not_found);
    EXPECT_FALSE(std::filesystem::exists(path_));
    must_open().reset();
    EXPECT_TRUE(open_store(false));
}

TEST_F(StoreTest, a_missing_parent_and_a_file_in_its_place_are_sentences) {
    const TempFolder other;
    Store::Options options;
    options.path = other / "a/b";
    auto missing = Store::open(options, log_);
    ASSERT_FALSE(missing);
    EXPECT_FALSE(missing.error().mend.empty());
    write_whole(other / "file", "x");
    options.path = other / "file";
    const auto file = Store::open(options, log_);
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().text, HasSubstr("is not a folder"));
}

TEST_F(StoreTest, content_that_no_row_names_is_swept_and_nothing_else) {
    AddMessage message = make_message();
    {
        auto store = must_open();
        ContentWriter writer = store->write_content(message.row.id);
        writer.append(std::string(kInlineBody + 1, 'x'));
        auto body = writer.finish();
        ASSERT_TRUE(body);
        message.row.body = *body;
        ASSERT_TRUE(store->committer().submit_and_wait(changes_of(message)));
    }
    const std::string orphan = path_ + "/content/" + QueueId::make().to_string();
    write_whole(orphan, "left by a crash");
    write_whole(path_ + "/content/notes.txt", "somebody's");
    auto store = must_open();
    EXPECT_FALSE(std::filesystem::exists(orphan));
    EXPECT_TRUE(std::filesystem::exists(path_ + "/content/notes.txt"));
    auto reader = store->read_content(message.row);
    ASSERT_TRUE(reader);
    std::size_t read = 0;
    for (;;) {
        const auto piece = reader->next();
        ASSERT_TRUE(piece) << piece.error().text;
        if (piece->empty()) break;
        read += piece->size();
    }
    EXPECT_EQ(read, kInlineBody + 1);
}

// What a lost file of the store looks like.
struct Lost {
    const char* name;
    void (*lose)(const std::string& file);
};

class LostFile : public StoreTest, public ::testing::WithParamInterface<Lost> {};

TEST_P(LostFile, keeps_the_store_from_starting_and_its_content_from_being_swept) {
    for (const std::string file : {"queue.db", "directory.db"}) {
        SCOPED_TRACE(file);
        std::filesystem::remove_all(path_);
        must_open().reset();
        const std::string content = path_ + "/content/" + QueueId::make().to_string();
        write_whole(content, "waits");
        GetParam().lose(path_ + '/' + file);
        for (const bool create : {true, true, false}) {  // the second start says the same
            const auto refused = open_store(create);
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().kind, ErrorKind::not_found);
            EXPECT_THAT(refused.error().text, HasSubstr(path_ + '/' + file + " is missing"));
            EXPECT_THAT(refused.error().mend, HasSubstr("backup"));
            EXPECT_TRUE(std::filesystem::exists(content));
        }
    }
}

TEST_P(LostFile, who_wants_to_begin_with_an_empty_queue_can_as_the_mend_says) {
    must_open().reset();
    GetParam().lose(path_ + "/queue.db");
    EXPECT_FALSE(open_store());
    std::filesystem::rename(path_ + "/content", path_ + "/kept");
    EXPECT_TRUE(open_store());
}

INSTANTIATE_TEST_SUITE_P(
    All, LostFile,
    ::testing::Values(
        Lost{"removed", [](const std::string& file) { std::filesystem::remove(file); }},
        Lost{"emptied", [](const std::string& file) { std::filesystem::resize_file(file, 0); }}),
    [](const auto& row) { return row.param.name; });

TEST_F(StoreTest, both_databases_lost_are_no_new_store) {
    must_open().reset();
    for (const char* file : {"queue.db", "directory.db"})
        std::filesystem::remove(path_ + '/' + file);
    const std::string content = path_ + "/content/" + QueueId::make().to_string();
    write_whole(content, "waits");
    EXPECT_FALSE(open_store());
    EXPECT_TRUE(std::filesystem::exists(content));
}

TEST_F(StoreTest, a_start_that_was_cut_off_before_the_content_folder_is_completed) {
    must_open().reset();
    std::filesystem::remove(path_ + "/content");
    std::filesystem::resize_file(path_ + "/queue.db", 0);
    EXPECT_TRUE(open_store());
}

TEST_F(StoreTest, a_folder_in_the_place_of_a_file_has_a_mend) {
    must_open().reset();
    for (const char* file : {"queue.db", "directory.db"}) {
        std::filesystem::rename(path_ + '/' + file, path_ + "/kept");
        std::filesystem::create_directory(path_ + '/' + file);
        const auto refused = open_store();
        ASSERT_FALSE(refused);
        EXPECT_THAT(refused.error().text, HasSubstr("is a folder"));
        EXPECT_FALSE(refused.error().mend.empty());
        std::filesystem::remove(path_ + '/' + file);
        std::filesystem::rename(path_ + "/kept", path_ + '/' + file);
    }
    EXPECT_TRUE(open_store());
}

TEST_F(StoreTest, a_row_whose_file_is_gone_is_kept_and_says_so_when_read) {
    AddMessage message = make_message();
    message.row.body = Body{.octets = nullptr, .file = message.row.id.to_string(), .size = 5};
    {
        auto store = must_open();
        write_whole(path_ + "/content/" + message.row.body.file, "12345");
        ASSERT_TRUE(store->committer().submit_and_wait(changes_of(message)));
    }
    std::filesystem::remove(path_ + "/content/" + message.row.body.file);
    write_whole(path_ + "/content/other", "x");
    auto store = must_open();
    const auto found = store->engine().message(message.row.id);
    ASSERT_TRUE(found && *found);
    const auto piece = store->read_content((**found).row)->next();
    ASSERT_FALSE(piece);
    EXPECT_EQ(piece.error().kind, ErrorKind::io);
    EXPECT_THAT(piece.error().text, HasSubstr("is gone"));
}

TEST_F(StoreTest, reading_a_message_that_has_ended) {
    auto store = must_open();
    AddMessage message = make_message();
    message.row.body.octets = nullptr;
    const auto reader = store->read_content(message.row);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().kind, ErrorKind::not_found);
}

TEST_F(StoreTest, the_directory_generation_counts_directory_commits_only) {
    auto store = must_open();
    const auto before = store->directory_generation();
    ASSERT_TRUE(store->committer().submit_and_wait(changes_of(make_message())));
    EXPECT_EQ(store->directory_generation(), before);
    ASSERT_TRUE(store->committer().submit_and_wait(
        changes_of(PutDomain{{.name = "a.example", .created = {}}})));
    EXPECT_GT(store->directory_generation(), before);
}

TEST_F(StoreTest, a_failed_content_file_stops_the_store) {
    auto store = must_open();
    EXPECT_EQ(store->committer().health(), Health::ok);
    store->report_failure("cannot sync /x");
    EXPECT_EQ(store->committer().health(), Health::failed);
    EXPECT_EQ(store->committer().submit_and_wait(changes_of(make_message())).error().kind,
              ErrorKind::store_failed);
    EXPECT_TRUE(store->engine().counts());  // reading goes on, for `status`
}

TEST_F(StoreTest, queue_time_goes_on_where_it_was) {
    QueueTime before{};
    {
        auto store = must_open();
        // The committer saves its own mark behind its first batch.
        ASSERT_TRUE(store->committer().submit_and_wait(changes_of(make_message())));
        ASSERT_TRUE(store->committer().submit_and_wait(
            changes_of(SaveClock{{.queue_time = QueueTime(Seconds(5000)), .wall = now()}})));
        store->report_failure("so that the end does not save the clock again");
    }
    {
        auto store = must_open();
        before = store->clock().now_queue();
        EXPECT_GE(before, QueueTime(Seconds(5000)));
    }
    EXPECT_GE(must_open()->clock().now_queue(), before);
}

// kill -9 in the middle of commits: everything that was acknowledged is there.
TEST_F(StoreTest, killed_while_committing_loses_nothing_acknowledged) {
#if __has_feature(thread_sanitizer)
    GTEST_SKIP() << "the thread sanitizer allows no new threads behind a fork";
#endif
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t child = fork();
    if (child == 0) {
        Log log({.fd = null_.get()});
        Store::Options options;
        options.path = path_;
        options.committer.floor_octets = 0;
        auto store = Store::open(options, log);
        if (!store) _exit(1);
        for (;;) {
            const AddMessage message = make_message();
            (*store)->committer().submit(
                changes_of(message), [id = message.row.id, fd = pipe_fds[1]](Result<void> done) {
                    // The bound of what may wait is part of it: that submission is not made.
                    if (!done && done.error().kind == ErrorKind::busy) return;
                    if (!done || write(fd, id.octets.data(), id.octets.size()) != 16) _exit(1);
                });
        }
    }
    close(pipe_fds[1]);
    std::vector<QueueId> acknowledged(500);
    for (QueueId& id : acknowledged) ASSERT_EQ(read(pipe_fds[0], id.octets.data(), 16), 16);
    kill(child, SIGKILL);
    QueueId more;
    while (read(pipe_fds[0], more.octets.data(), 16) == 16) acknowledged.push_back(more);
    close(pipe_fds[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    auto store = must_open();
    for (const QueueId& id : acknowledged) {
        const auto found = store->engine().message(id);
        ASSERT_TRUE(found && *found) << id.to_string();
    }
}

}  // namespace
}  // namespace posthaste::store
