#include "store/space.h"

#include "store/testing.h"

#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

constexpr std::uint64_t kMb = 1 << 20;

class Space : public ::testing::Test {
  protected:
    SpaceGuard make() {
        return SpaceGuard({.folder = folder_.path(),
                           .floor_octets = 64 * kMb,
                           .reserve_octets = kMb,
                           .look_every = Milliseconds(100),
                           .retry_every = Milliseconds(1000),
                           .free = [this] { return free_; }});
    }

    bool reserve_there() const { return std::filesystem::exists(folder_ / "reserve"); }

    SteadyTime later(std::int64_t milliseconds) { return now_ += Milliseconds(milliseconds); }

    const testing::TempFolder folder_;
    std::optional<std::uint64_t> free_ = 1000 * kMb;
    SteadyTime now_ = std::chrono::steady_clock::now();
};

TEST_F(Space, makes_the_reserve_and_finds_it_again) {
    SpaceGuard guard = make();
    guard.look(later(0));
    EXPECT_FALSE(guard.full());
    ASSERT_TRUE(reserve_there());
    EXPECT_EQ(std::filesystem::file_size(folder_ / "reserve"), kMb);
    SpaceGuard again = make();
    EXPECT_TRUE(again.give_up_reserve());
    EXPECT_FALSE(reserve_there());
}

TEST_F(Space, stops_at_the_floor_and_starts_again_with_a_margin) {
    SpaceGuard guard = make();
    guard.look(later(0));
    free_ = 64 * kMb - 1;
    guard.look(later(50));  // too early to look
    EXPECT_FALSE(guard.full());
    guard.look(later(50));
    EXPECT_TRUE(guard.full());
    EXPECT_NE(guard.text().find("new mail needs 64 MB"), std::string::npos) << guard.text();
    EXPECT_TRUE(reserve_there());
    free_ = 64 * kMb + 1;
    guard.look(later(100));
    EXPECT_TRUE(guard.full());
    free_ = 73 * kMb;
    guard.look(later(100));
    EXPECT_FALSE(guard.full());
}

// A quota: statvfs sees plenty of space, writes fail.
TEST_F(Space, a_full_write_stops_until_the_reserve_could_be_made_again) {
    SpaceGuard guard = make();
    guard.look(later(0));
    guard.found_full(later(0));
    EXPECT_TRUE(guard.full());
    EXPECT_TRUE(guard.give_up_reserve());
    EXPECT_FALSE(reserve_there());
    EXPECT_FALSE(guard.give_up_reserve());
    guard.look(later(500));
    EXPECT_TRUE(guard.full());
    // Still no room: what stands in the way of the reserve is a folder here.
    std::filesystem::create_directory(folder_ / "reserve");
    guard.look(later(600));
    EXPECT_TRUE(guard.full());
    std::filesystem::remove(folder_ / "reserve");
    guard.look(later(1100));
    EXPECT_FALSE(guard.full());
    EXPECT_TRUE(reserve_there());
}

TEST_F(Space, after_a_full_write_it_needs_room_for_the_reserve_too) {
    SpaceGuard guard = make();
    guard.look(later(0));
    guard.found_full(later(0));
    guard.give_up_reserve();
    free_ = 72 * kMb;
    guard.look(later(2000));
    EXPECT_TRUE(guard.full());
    free_ = 74 * kMb;
    guard.look(later(2000));
    EXPECT_FALSE(guard.full());
}

TEST_F(Space, a_disk_that_cannot_be_asked_stops_nothing) {
    free_ = std::nullopt;
    SpaceGuard guard = make();
    guard.look(later(0));
    EXPECT_FALSE(guard.full());
    guard.found_full(later(0));
    EXPECT_TRUE(guard.full());
    guard.look(later(1100));
    EXPECT_FALSE(guard.full());
}

TEST(FreeOctets, are_known_for_a_folder_and_not_for_a_missing_one) {
    const testing::TempFolder folder;
    EXPECT_GT(free_octets(folder.path()).value_or(0), 0u);
    EXPECT_FALSE(free_octets(folder / "missing"));
}

}  // namespace
}  // namespace posthaste::store
