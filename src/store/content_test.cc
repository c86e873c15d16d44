#include "store/content.h"

#include "store/testing.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

using testing::read_whole;
using testing::TempFolder;
using testing::write_whole;

constexpr std::size_t kPlenty = 64u << 20;

std::string pattern(std::size_t size) {
    std::string octets(size, '\0');
    for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<char>(i * 2654435761u >> 13);
    return octets;
}

Result<std::string> read_all(ContentReader reader) {
    std::string all;
    for (;;) {
        PH_TRY(const std::string_view piece, reader.next());
        if (piece.empty()) return all;
        all += piece;
    }
}

void write_all_of(ContentWriter& writer, std::string_view octets) {
    while (!octets.empty()) {
        writer.append(octets.substr(0, 10'000));
        octets.remove_prefix(std::min<std::size_t>(octets.size(), 10'000));
        if (writer.wants_flush()) {
            ASSERT_TRUE(writer.flush());
        }
    }
}

struct SizeCase {
    const char* name;
    std::size_t size;
    bool in_file;
};

class Sizes : public ::testing::TestWithParam<SizeCase> {};

TEST_P(Sizes, come_back_octet_for_octet) {
    const SizeCase& c = GetParam();
    const TempFolder folder;
    ContentBudget budget(kPlenty);
    const std::string octets = pattern(c.size);
    ContentWriter writer(folder.path(), QueueId::make(), budget);
    write_all_of(writer, octets);
    EXPECT_EQ(writer.size(), c.size);
    EXPECT_EQ(writer.needs_sync(), c.in_file);
    const auto body = writer.finish();
    ASSERT_TRUE(body);
    EXPECT_EQ(body->octets == nullptr, c.in_file);
    EXPECT_EQ(body->size, c.size);
    EXPECT_EQ(body->crc, crc32c(octets));
    EXPECT_EQ(budget.used(), 0u);
    ContentReader reader(folder.path(), *body);
    EXPECT_EQ(reader.blocks(), c.in_file);
    const auto read = read_all(std::move(reader));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_TRUE(*read == octets);
    if (c.in_file) {
        struct stat status{};
        ASSERT_EQ(stat((folder / body->file).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, 0600u);
    }
}

INSTANTIATE_TEST_SUITE_P(Content, Sizes,
                         ::testing::Values(SizeCase{"empty", 0, false},
                                           SizeCase{"one_octet", 1, false},
                                           SizeCase{"largest_inline", kInlineBody, false},
                                           SizeCase{"smallest_file", kInlineBody + 1, true},
                                           SizeCase{"whole_pieces", 16 * kContentPiece, true},
                                           SizeCase{"large", 5'000'001, true}),
                         [](const auto& row) { return row.param.name; });

TEST(ContentWriter, goes_to_a_file_early_when_the_budget_is_spent) {
    const TempFolder folder;
    ContentBudget budget(32 << 10);
    const std::string octets = pattern(100'000);
    ContentWriter first(folder.path(), QueueId::make(), budget);
    first.append(std::string_view(octets).substr(0, 30'000));
    ContentWriter second(folder.path(), QueueId::make(), budget);
    second.append(std::string_view(octets).substr(0, 7'000));
    EXPECT_FALSE(second.wants_flush());  // less than a small piece
    second.append(std::string_view(octets).substr(7'000, 10'000));
    EXPECT_TRUE(second.wants_flush());
    ASSERT_TRUE(second.flush());
    second.append(std::string_view(octets).substr(17'000));
    const auto body = second.finish();
    ASSERT_TRUE(body);
    EXPECT_FALSE(body->file.empty());
    const auto read = read_all(ContentReader(folder.path(), *body));
    ASSERT_TRUE(read);
    EXPECT_TRUE(*read == octets);
    EXPECT_LE(budget.used(), 32u << 10);
    ASSERT_TRUE(first.finish());
    EXPECT_EQ(budget.used(), 0u);
}

TEST(ContentWriter, holds_little_memory_however_large_the_content) {
    const TempFolder folder;
    ContentBudget budget(kPlenty);
    ContentWriter writer(folder.path(), QueueId::make(), budget);
    const std::string piece = pattern(kContentPiece);
    std::size_t most = 0;
    for (int i = 0; i < 100; ++i) {
        writer.append(piece);
        most = std::max(most, budget.used());
        if (writer.wants_flush()) {
            ASSERT_TRUE(writer.flush());
        }
    }
    EXPECT_LE(most, kInlineBody + kContentPiece);
    ASSERT_TRUE(writer.finish());
}

TEST(ContentWriter, leaves_no_file_when_it_is_dropped) {
    const TempFolder folder;
    ContentBudget budget(kPlenty);
    {
        ContentWriter writer(folder.path(), QueueId::make(), budget);
        writer.append(pattern(kInlineBody + 1));
        ASSERT_TRUE(writer.flush());
        EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
        ContentWriter moved(std::move(writer));
        EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    EXPECT_EQ(budget.used(), 0u);
}

TEST(ContentWriter, fails_once_and_for_all) {
    const TempFolder folder;
    ContentBudget budget(kPlenty);
    const QueueId id = QueueId::make();
    int reports = 0;
    ContentWriter writer(folder.path() + "/missing", id, budget,
                         {.on_failure = [&](const Error&) { ++reports; }, .has_failed = {}});
    writer.append(pattern(kInlineBody + 1));
    const auto first = writer.flush();
    ASSERT_FALSE(first);
    writer.append(pattern(1'000'000));
    EXPECT_FALSE(writer.wants_flush());
    EXPECT_EQ(budget.used(), 0u);
    EXPECT_EQ(writer.finish().error().text, first.error().text);
    EXPECT_EQ(reports, 0);  // not a failed write: the folder is gone
}

TEST(ContentWriter, writes_nothing_once_the_store_has_failed) {
    const TempFolder folder;
    ContentBudget budget(kPlenty);
    bool failed = false;
    ContentWriter writer(folder.path(), QueueId::make(), budget,
                         {.on_failure = {}, .has_failed = [&] { return failed; }});
    writer.append(pattern(kInlineBody + 1));
    ASSERT_TRUE(writer.flush());
    writer.append(pattern(kContentPiece));
    failed = true;
    EXPECT_EQ(writer.finish().error().kind, ErrorKind::store_failed);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ContentWriter, discard_removes_a_finished_file) {
    const TempFolder folder;
    ContentBudget budget(kPlenty);
    ContentWriter writer(folder.path(), QueueId::make(), budget);
    writer.append(pattern(kInlineBody + 1));
    const auto body = writer.finish();
    ASSERT_TRUE(body);
    discard_content(folder.path(), *body);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    write_whole(folder / "other", "x");
    discard_content(folder.path() + "/x", Body{.octets = nullptr, .file = "../other"});
    EXPECT_TRUE(std::filesystem::exists(folder / "other"));
}

struct Damage {
    const char* name;
    std::string (*hurt)(std::string);
    const char* says;
};

class Damaged : public ::testing::TestWithParam<Damage> {};

TEST_P(Damaged, is_an_error_that_says_which) {
    const Damage& c = GetParam();
    const TempFolder folder;
    ContentBudget budget(kPlenty);
    ContentWriter writer(folder.path(), QueueId::make(), budget);
    writer.append(pattern(300'000));
    const auto body = writer.finish();
    ASSERT_TRUE(body);
    const std::string path = folder / body->file;
    write_whole(path, c.hurt(read_whole(path)));
    const auto read = read_all(ContentReader(folder.path(), *body));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::io);
    EXPECT_NE(read.error().text.find(c.says), std::string::npos) << read.error().text;
    EXPECT_NE(read.error().text.find(path), std::string::npos);
    EXPECT_FALSE(read.error().mend.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Content, Damaged,
    ::testing::Values(Damage{"cut", [](std::string s) { return s.substr(0, 200'000); }, "is cut"},
                      Damage{"emptied", [](std::string) { return std::string(); }, "is cut"},
                      Damage{"longer", [](std::string s) { return s + "x"; }, "longer"},
                      Damage{"one_bit",
                             [](std::string s) {
                                 s[123'456] = static_cast<char>(s[123'456] ^ 4);
                                 return s;
                             },
                             "checksum"}),
    [](const auto& row) { return row.param.name; });

TEST(ContentReader, says_when_the_file_is_gone) {
    const TempFolder folder;
    const auto read = read_all(ContentReader(
        folder.path(), Body{.octets = nullptr, .file = QueueId::make().to_string(), .size = 1}));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::io);
    EXPECT_NE(read.error().text.find("is gone"), std::string::npos);
}

TEST(ContentReader, a_damaged_name_never_leads_out_of_the_folder) {
    const TempFolder folder;
    write_whole(folder / "secret", "secret");
    const auto read = read_all(ContentReader(
        folder.path() + "/content", Body{.octets = nullptr, .file = "../secret", .size = 6}));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::io);
}

TEST(ContentReader, checks_what_is_in_memory_too) {
    Body body = testing::inline_body("Hello\r\n");
    body.crc ^= 1;
    EXPECT_FALSE(read_all(ContentReader("", body)));
    body = testing::inline_body("Hello\r\n");
    body.octets = nullptr;
    EXPECT_FALSE(read_all(ContentReader("", body)));
}

}  // namespace
}  // namespace posthaste::store
