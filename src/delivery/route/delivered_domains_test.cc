// delivery.md R-10: a domain that mail was taken at of late is not gone at once.
#include "delivery/route/delivered_domains.h"

#include "delivery/testing.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using std::chrono::days;
using std::chrono::hours;

class DeliveredDomainsTest : public testing::Test {
  protected:
    DeliveredDomainsTest() {
        auto store = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            loop_.log);
        PH_ASSERT(store.has_value());
        store_ = std::move(*store);
        restart();
    }

    void restart() { domains_ = std::make_unique<DeliveredDomains>(*store_); }

    void write() {
        store::LazyWriter writer(store_->committer(), {domains_.get()});
        writer.flush();
    }

    bool has_grace(const char* domain) {
        return *loop_.run(domains_->has_grace(domain, blocking_, now_));
    }

    store::testing::TempFolder folder_;
    testing_tools::Loop loop_;
    runtime::BlockingPool blocking_{"blocking", 1, 100};
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<DeliveredDomains> domains_;
    Timestamp now_ = posthaste::now();
};

TEST_F(DeliveredDomainsTest, FourHoursOfGraceAlsoOverARestart) {
    EXPECT_FALSE(has_grace("example.org")) << "nobody was ever delivered to there";
    domains_->note("example.org", now_);
    write();
    restart();
    now_ += days(1);
    EXPECT_TRUE(has_grace("example.org"));
    now_ += hours(3);
    EXPECT_TRUE(has_grace("example.org"));
    write();
    restart();
    EXPECT_TRUE(has_grace("example.org"));
    now_ += hours(1);
    EXPECT_FALSE(has_grace("example.org"));
    EXPECT_FALSE(has_grace("example.org"));
}

TEST_F(DeliveredDomainsTest, ADomainThatComesBackHasItsGraceAgain) {
    domains_->note("example.org", now_);
    EXPECT_TRUE(has_grace("example.org")) << "not even written yet";
    now_ += hours(5);
    EXPECT_FALSE(has_grace("example.org"));
    domains_->note("example.org", now_);
    EXPECT_TRUE(has_grace("example.org"));
    write();
    restart();
    now_ += days(31);
    EXPECT_FALSE(has_grace("example.org")) << "that was long ago";
}

}  // namespace
}  // namespace posthaste::delivery
