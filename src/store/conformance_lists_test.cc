// What every engine must do with suppression lists and digests.
#include "store/conformance.h"

#include <gmock/gmock.h>

namespace posthaste::store {

namespace {

using testing::account_row;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Timestamp kWhen(Milliseconds(1'763'900'000'000));

class ConformanceLists : public testing::Conformance {
  protected:
    static SuppressionRow row(const std::string& account, const std::string& folded) {
        SuppressionRow one;
        one.account = account;
        one.folded = folded;
        one.address = folded;
        one.state = SuppressionState::listed;
        one.cause = mail::Cause::invalid_recipient;
        one.count = 1;
        one.first = kWhen;
        one.last = kWhen;
        return one;
    }

    std::vector<std::string> listed(const SuppressionFilter& filter) {
        std::vector<std::string> found;
        const auto rows = engine_->suppressions(filter);
        EXPECT_TRUE(rows);
        for (const auto& one : *rows) found.push_back(one.account + " " + one.folded);
        return found;
    }
};

TEST_P(ConformanceLists, a_suppression_with_all_its_fields) {
    must_apply(PutAccount{account_row("shop@example.com")});
    SuppressionRow one = row("shop@example.com", "bob@example.net");
    one.address = "Bob@example.net";
    one.source = SuppressionSource::complaint;
    one.count = 3;
    one.reply = "no such user";
    one.message = QueueId::make();
    one.last = kWhen + Seconds(5);
    one.expires = kWhen + Seconds(9);
    must_apply(PutSuppression{one});
    reopen();
    const auto found = engine_->suppression("shop@example.com", "bob@example.net");
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->address, "Bob@example.net");
    EXPECT_EQ((*found)->state, SuppressionState::listed);
    EXPECT_EQ((*found)->source, SuppressionSource::complaint);
    EXPECT_EQ((*found)->cause, mail::Cause::invalid_recipient);
    EXPECT_EQ((*found)->count, 3U);
    EXPECT_EQ((*found)->reply, "no such user");
    EXPECT_EQ((*found)->message, one.message);
    EXPECT_EQ((*found)->first, one.first);
    EXPECT_EQ((*found)->last, one.last);
    EXPECT_EQ((*found)->expires, one.expires);
    EXPECT_FALSE(*engine_->suppression("ana@example.com", "bob@example.net"));
    one.expires.reset();
    one.message.reset();
    must_apply(PutSuppression{one});
    EXPECT_FALSE((*engine_->suppression("shop@example.com", "bob@example.net"))->expires);
    EXPECT_FALSE((*engine_->suppression("shop@example.com", "bob@example.net"))->message);
    must_apply(RemoveSuppression{"shop@example.com", "bob@example.net"});
    must_apply(RemoveSuppression{"shop@example.com", "bob@example.net"});
    EXPECT_FALSE(*engine_->suppression("shop@example.com", "bob@example.net"));
}

TEST_P(ConformanceLists, lists_are_read_page_by_page) {
    must_apply(PutAccount{account_row("a@example.com")});
    must_apply(PutAccount{account_row("b@example.com")});
    for (const char* address : {"1@x.example", "2@x.example", "3@y.example"}) {
        must_apply(PutSuppression{row("a@example.com", address)});
        must_apply(PutSuppression{row("b@example.com", address)});
    }
    SuppressionRow watched = row("a@example.com", "0@x.example");
    watched.state = SuppressionState::watched;
    must_apply(PutSuppression{watched});
    EXPECT_THAT(listed({.account = "a@example.com", .limit = 2}),
                ElementsAre("a@example.com 1@x.example", "a@example.com 2@x.example"));
    EXPECT_THAT(listed({.account = "a@example.com", .after = {{"a@example.com", "2@x.example"}}}),
                ElementsAre("a@example.com 3@y.example"));
    EXPECT_THAT(listed({.after = {{"a@example.com", "3@y.example"}}, .limit = 1}),
                ElementsAre("b@example.com 1@x.example"));
    EXPECT_THAT(listed({.text = "@y."}),
                ElementsAre("a@example.com 3@y.example", "b@example.com 3@y.example"));
    std::size_t all = 0, listed_ones = 0;
    ASSERT_TRUE(engine_->for_each_suppression(
        [&](std::string_view, std::string_view, SuppressionState state) {
            ++all;
            if (state == SuppressionState::listed) ++listed_ones;
        }));
    EXPECT_EQ(all, 7U);
    EXPECT_EQ(listed_ones, 6U);
}

TEST_P(ConformanceLists, expired_ones_are_found_and_a_removed_account_has_no_list) {
    must_apply(PutAccount{account_row("a@example.com")});
    SuppressionRow late = row("a@example.com", "late@x.example");
    late.expires = kWhen + Seconds(2);
    SuppressionRow early = row("a@example.com", "early@x.example");
    early.expires = kWhen + Seconds(1);
    must_apply(PutSuppression{late});
    must_apply(PutSuppression{early});
    must_apply(PutSuppression{row("a@example.com", "never@x.example")});
    EXPECT_THAT(*engine_->expired_suppressions(kWhen, 10), IsEmpty());
    EXPECT_THAT(*engine_->expired_suppressions(kWhen + Seconds(2), 10),
                ElementsAre(Field(&SuppressionRow::folded, "early@x.example"),
                            Field(&SuppressionRow::folded, "late@x.example")));
    EXPECT_THAT(*engine_->expired_suppressions(kWhen + Seconds(2), 1), SizeIs(1));
    must_apply(RemoveAccount{"a@example.com"});
    EXPECT_THAT(listed({}), IsEmpty());
    // What was learned of it comes too late.
    must_apply(PutSuppression{row("a@example.com", "bob@x.example")});
    EXPECT_THAT(listed({}), IsEmpty());
}

class ConformanceDigests : public ConformanceLists {
  protected:
    static DigestLine line(const std::string& subject) {
        DigestLine one;
        one.message = QueueId::make();
        one.at = kWhen;
        one.subject = subject;
        one.facts = std::string("a\0b", 3);
        return one;
    }
};

TEST_P(ConformanceDigests, lines_wait_until_they_are_taken) {
    const QueueTime due(Milliseconds(5000));
    const DigestLine first = line("first");
    must_apply(AddDigestLines{"a@example.com", due, {first, line("second")}});
    must_apply(AddDigestLines{"a@example.com", due + Seconds(9), {line("third")}});
    must_apply(AddDigestLines{"b@example.com", due, {line("other")}});
    reopen();
    auto digest = engine_->digest("a@example.com");
    ASSERT_TRUE(digest && *digest);
    EXPECT_EQ((*digest)->row.due, due);
    EXPECT_EQ((*digest)->row.lines, 3U);
    ASSERT_THAT((*digest)->lines, SizeIs(3));
    EXPECT_EQ((*digest)->lines[0].message, first.message);
    EXPECT_EQ((*digest)->lines[0].at, kWhen);
    EXPECT_EQ((*digest)->lines[0].facts, first.facts);
    EXPECT_EQ((*digest)->lines[2].subject, "third");
    EXPECT_THAT(*engine_->digests(), SizeIs(2));
    // One comes between the reading and the writing of a digest.
    must_apply(AddDigestLines{"a@example.com", due, {line("fourth")}});
    must_apply(TakeDigest{"a@example.com", (*digest)->lines[2].number, 0, due + Seconds(60)});
    digest = engine_->digest("a@example.com");
    ASSERT_TRUE(digest && *digest);
    EXPECT_EQ((*digest)->row.due, due + Seconds(60));
    EXPECT_EQ((*digest)->row.lines, 1U);
    ASSERT_THAT((*digest)->lines, SizeIs(1));
    EXPECT_EQ((*digest)->lines[0].subject, "fourth");
    must_apply(TakeDigest{"a@example.com", (*digest)->lines[0].number, 0, due});
    must_apply(TakeDigest{"a@example.com", 99, 0, due});
    EXPECT_FALSE(*engine_->digest("a@example.com"));
    EXPECT_THAT(*engine_->digests(), SizeIs(1));
}

TEST_P(ConformanceDigests, beyond_a_bound_they_are_counted) {
    AddDigestLines many{"a@example.com", {}, {}};
    for (std::uint32_t i = 0; i < kMostDigestLines - 1; ++i) many.lines.push_back(line("x"));
    must_apply(many);
    must_apply(AddDigestLines{"a@example.com", {}, {line("last"), line("no room"), line("nor")}});
    auto digest = engine_->digest("a@example.com");
    ASSERT_TRUE(digest && *digest);
    ASSERT_THAT((*digest)->lines, SizeIs(kMostDigestLines));
    EXPECT_EQ((*digest)->lines.back().subject, "last");
    EXPECT_EQ((*digest)->row.more, 2U);
    must_apply(TakeDigest{"a@example.com", (*digest)->lines.back().number, 1, {}});
    digest = engine_->digest("a@example.com");
    ASSERT_TRUE(digest && *digest);
    EXPECT_THAT((*digest)->lines, IsEmpty());
    EXPECT_EQ((*digest)->row.more, 1U);
}

TEST_P(ConformanceDigests, reports_of_an_hour_are_counted) {
    const QueueTime hour(Milliseconds(5000));
    must_apply(CountReport{{"a@example.com", hour, 2}});
    must_apply(CountReport{{"a@example.com", hour, 1}});  // written the other way round
    must_apply(CountReport{{"b@example.com", hour, 7}});
    reopen();
    auto counts = engine_->report_counts();
    ASSERT_TRUE(counts);
    ASSERT_THAT(*counts, SizeIs(2));
    EXPECT_EQ((*counts)[0].made, 2U);
    EXPECT_EQ((*counts)[0].hour, hour);
    must_apply(CountReport{{"a@example.com", hour + Seconds(9), 1}});
    must_apply(ForgetReportCounts{hour + Seconds(1)});
    counts = engine_->report_counts();
    ASSERT_THAT(*counts, SizeIs(1));
    EXPECT_EQ((*counts)[0].account, "a@example.com");
    EXPECT_EQ((*counts)[0].made, 1U);
}

INSTANTIATE_TEST_SUITE_P(Engines, ConformanceLists, ::testing::ValuesIn(testing::engine_kinds()),
                         [](const auto& param) { return param.param.name; });
INSTANTIATE_TEST_SUITE_P(Engines, ConformanceDigests, ::testing::ValuesIn(testing::engine_kinds()),
                         [](const auto& param) { return param.param.name; });

}  // namespace

}  // namespace posthaste::store
