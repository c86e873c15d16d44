#include "base/file.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>
#include <unistd.h>

namespace posthaste {
namespace {

class File : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "posthaste-file-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::size_t entries() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(folder_), {}));
    }

    std::string folder_;
};

TEST_F(File, writes_replaces_and_reads_back) {
    const std::string octets("a\0\r\n\xff", 5);
    ASSERT_TRUE(write_file_durably(path("key"), octets, 0600));
    EXPECT_EQ(read_file(path("key"), 100), octets);
    ASSERT_TRUE(write_file_durably(path("key"), "", 0600));
    EXPECT_EQ(read_file(path("key"), 100), "");
    EXPECT_EQ(entries(), 1U) << "no temporary file stays";
}

TEST_F(File, the_mode_does_not_depend_on_the_umask) {
    const mode_t before = umask(0077);
    ASSERT_TRUE(write_file_durably(path("page"), "x", 0644));
    umask(0);
    ASSERT_TRUE(write_file_durably(path("secret"), "x", 0600));
    umask(before);
    struct stat status{};
    ASSERT_EQ(stat(path("page").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0644U);
    ASSERT_EQ(stat(path("secret").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(File, a_link_is_replaced_and_its_target_left_alone) {
    std::ofstream(path("target")) << "old";
    std::filesystem::create_symlink(path("target"), path("link"));
    ASSERT_TRUE(write_file_durably(path("link"), "new", 0600));
    EXPECT_EQ(read_file(path("target"), 10), "old");
    EXPECT_EQ(read_file(path("link"), 10), "new");
}

TEST_F(File, a_write_that_fails_leaves_nothing_behind) {
    std::filesystem::create_directory(path("taken"));
    std::ofstream(path("taken/inside")) << "x";
    const auto result = write_file_durably(path("taken"), "x", 0600);
    ASSERT_FALSE(result);
    EXPECT_EQ(entries(), 1U);
    const auto nowhere = write_file_durably(path("no/such/folder"), "x", 0600);
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().kind, ErrorKind::not_found);
}

TEST(SystemError, a_full_disk_says_so) {
    const Error error = system_error(ENOSPC, "cannot write x");
    EXPECT_EQ(error.kind, ErrorKind::store_full);
    EXPECT_EQ(error.text, "cannot write x: No space left on device");
    EXPECT_FALSE(error.mend.empty());
    EXPECT_EQ(system_error(EDQUOT, "x").kind, ErrorKind::store_full);
    EXPECT_EQ(system_error(EIO, "x").kind, ErrorKind::io);
    EXPECT_EQ(system_error(99999, "x").text, "x: error 99999");
}

TEST_F(File, reads_at_most_what_is_allowed) {
    ASSERT_TRUE(write_file_durably(path("ten"), "0123456789", 0600));
    EXPECT_EQ(read_file(path("ten"), 10), "0123456789");
    const auto result = read_file(path("ten"), 9);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::too_large);
    EXPECT_FALSE(read_file(path("ten"), 0));
}

TEST_F(File, reads_files_that_hide_their_size) {
    const auto result = read_file("/proc/self/status", 1 << 20);
    ASSERT_TRUE(result);
    EXPECT_NE(result->find("Pid:"), std::string::npos);
}

TEST_F(File, refuses_what_is_not_a_file_without_waiting) {
    ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
    EXPECT_EQ(read_file(path("pipe"), 10).error().kind, ErrorKind::unsupported);
    EXPECT_EQ(read_file(folder_, 10).error().kind, ErrorKind::unsupported);
    EXPECT_EQ(read_file(path("none"), 10).error().kind, ErrorKind::not_found);
}

TEST_F(File, a_descriptor_has_one_owner) {
    FileDescriptor first(dup(2));
    const int number = first.get();
    FileDescriptor second(std::move(first));
    EXPECT_EQ(second.get(), number);
    second = FileDescriptor();
    EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace posthaste
