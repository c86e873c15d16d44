#include "queue/story.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using ::testing::SizeIs;

TEST(Story, fields_of_a_header) {
    const std::string header =
        "Received: by us\r\n subject: not this\r\nFrom: <a@b.test>\r\n"
        "SUBJECT : no\r\nsubject:\r\n =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\taus Wien\r\n"
        "Subject: second\r\nMessage-Id: <1@b.test>\r\n";
    EXPECT_EQ(field_of(header, "Subject"), "Grüße aus Wien");
    EXPECT_EQ(field_of(header, "Message-ID"), "<1@b.test>");
    EXPECT_EQ(field_of(header, "Date"), "");
    EXPECT_EQ(field_of("", "Date"), "");
    EXPECT_EQ(field_of("Subject", "Subject"), "");
    EXPECT_EQ(field_of("Subject:", "Subject"), "");
    EXPECT_EQ(field_of("Subject: x", "Subject"), "x");
    EXPECT_EQ(field_of("Subject: a\x01\x1b[2Jb\r\n", "Subject").find('\x1b'), std::string::npos);
    EXPECT_LE(field_of("Subject: " + std::string(100'000, 'x') + "\r\n", "Subject").size(), 210U);
}

TEST(Story, very_many_results_are_several_records_with_the_tries_in_the_first) {
    store::OutcomeFacts facts;
    facts.tries.resize(2);
    facts.results.resize(2 * store::kResultsOfOneRecord + 1);
    store::Changes changes;
    tell_outcome(QueueId::make(), now(), facts, changes);
    ASSERT_THAT(changes, SizeIs(3));
    std::size_t results = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const auto read = store::decode_outcome(std::get<store::AddRecord>(changes[i]).data);
        ASSERT_TRUE(read);
        EXPECT_THAT(read->tries, SizeIs(i == 0 ? 2 : 0));
        results += read->results.size();
    }
    EXPECT_EQ(results, facts.results.size());
}

}  // namespace
}  // namespace posthaste::queue
