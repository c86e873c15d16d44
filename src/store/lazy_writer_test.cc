#include "store/lazy_writer.h"

#include "store/fake_engine.h"
#include "store/testing.h"

#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

class Facts final : public LazySource {
  public:
    void take_changes(Changes& into, std::size_t most) override {
        for (; left > 0 && most > 0; --left, --most)
            into.push_back(PutFact{{"anna@example.com", std::to_string(left), {}}});
    }

    std::size_t left = 0;
};

class LazyWriterTest : public ::testing::Test {
  protected:
    std::size_t written() const {
        std::size_t all = 0;
        for (const auto& changes : engine_.applied()) all += changes.size();
        return all;
    }

    testing::TempFolder folder_;
    testing::FakeEngine engine_;
    Committer committer_{
        engine_,
        {.floor_octets = 0, .reserve_octets = 0, .folder = folder_.path(), .content_folder = {}}};
    Facts facts_;
    LazyWriter writer_{committer_, {&facts_}};
};

TEST_F(LazyWriterTest, WritesWhatIsThereAtTheEndInBoundedBatches) {
    facts_.left = LazyWriter::kBatch + 1;
    writer_.flush();
    EXPECT_EQ(written(), LazyWriter::kBatch + 1);
    EXPECT_EQ(engine_.applied().size(), 2u);
}

TEST_F(LazyWriterTest, NothingIsWrittenBeforeItsTimeNorWhenThereIsNothing) {
    const auto start = std::chrono::steady_clock::now();
    facts_.left = 3;
    writer_.tick(start);
    EXPECT_EQ(facts_.left, 3u);
    writer_.tick(start + LazyWriter::kEvery + Seconds(1));
    EXPECT_EQ(facts_.left, 0u);
    facts_.left = 2;
    writer_.tick(start + LazyWriter::kEvery + Seconds(2));
    EXPECT_EQ(facts_.left, 2u);
    writer_.flush();
    writer_.tick(start + 100 * LazyWriter::kEvery);
    EXPECT_EQ(written(), 5u);
}

TEST_F(LazyWriterTest, ADiskThatFailedIsLeftAlone) {
    committer_.report_failure("the disk is broken");
    facts_.left = 3;
    writer_.flush();
    writer_.tick(std::chrono::steady_clock::now() + 10 * LazyWriter::kEvery);
    EXPECT_EQ(facts_.left, 3u);
}

TEST_F(LazyWriterTest, LearnedFactsDoNotAgeTheDirectory) {
    facts_.left = 3;
    writer_.flush();
    EXPECT_EQ(committer_.directory_generation(), 0u);
    Changes both;
    both.push_back(PutFact{{"anna@example.com", "x", {}}});
    both.push_back(PutDomain{{"example.com", {}}});
    ASSERT_TRUE(committer_.submit_and_wait(std::move(both)));
    EXPECT_EQ(committer_.directory_generation(), 1u);
}

}  // namespace
}  // namespace posthaste::store
