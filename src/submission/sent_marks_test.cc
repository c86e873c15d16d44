#include "submission/sent_marks.h"

#include "accounts/testing.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

const int kOne = 0, kTwo = 0;  // sessions

class SentMarksTest : public ::testing::Test {
  protected:
    accounts::Digest digest() { return marks_.digest_of(letter_); }

    void say(const void* session, bool unheard = false) {
        marks_.said(session, digest(), id_, [unheard] { return unheard; });
    }

    SentMarks marks_{{}, "secret"};
    SentMarks::Letter letter_{
        "anna@example.com", "<1@example.com>", {"b@example.net", "a@example.net"}, {}};
    const QueueId id_ = QueueId::make();
    const Timestamp at_ = now();
};

TEST_F(SentMarksTest, WhoeverWentOnHasHeard) {
    say(&kOne);
    EXPECT_FALSE(marks_.find(digest(), at_));
    marks_.heard(&kOne);
    marks_.ended(&kOne, at_);
    EXPECT_FALSE(marks_.find(digest(), at_));
}

TEST_F(SentMarksTest, ASessionThatEndedWithoutAWordLeavesAMarkForADay) {
    say(&kOne);
    marks_.ended(&kOne, at_);
    EXPECT_EQ(marks_.find(digest(), at_ + Seconds(86'400)), id_);
    EXPECT_FALSE(marks_.find(digest(), at_ + Seconds(86'401)));
}

TEST_F(SentMarksTest, AReplyThatWasNeverAcknowledgedIsUnheardWhileTheSessionLasts) {
    say(&kOne, true);
    EXPECT_EQ(marks_.find(digest(), at_), id_);
}

TEST_F(SentMarksTest, AfterItIsHeardThatItWasThereTheNextOneIsWanted) {
    say(&kOne);
    marks_.ended(&kOne, at_);
    say(&kTwo);  // R18
    EXPECT_EQ(marks_.find(digest(), at_), id_);
    marks_.heard(&kTwo);
    EXPECT_FALSE(marks_.find(digest(), at_));
}

TEST_F(SentMarksTest, OnlyTheSameIsTheSame) {
    say(&kOne);
    marks_.ended(&kOne, at_);
    const auto original = letter_;
    std::ranges::reverse(letter_.recipients);
    EXPECT_TRUE(marks_.find(digest(), at_));
    letter_.account = "bob@example.com";
    EXPECT_FALSE(marks_.find(digest(), at_));
    letter_ = original;
    letter_.message_id = "<2@example.com>";
    EXPECT_FALSE(marks_.find(digest(), at_));
    letter_ = original;
    letter_.recipients.pop_back();
    EXPECT_FALSE(marks_.find(digest(), at_));
    letter_ = original;
    letter_.body[0] = 1;
    EXPECT_FALSE(marks_.find(digest(), at_));
}

TEST_F(SentMarksTest, TheOldestGoWhenThereAreTooMany) {
    SentMarks marks({.marks = 10}, "secret");
    std::vector<accounts::Digest> digests;
    for (int i = 0; i < 50; ++i) {
        letter_.message_id = std::to_string(i);
        digests.push_back(marks.digest_of(letter_));
        marks.said(&kOne, digests.back(), id_, nullptr);
        marks.ended(&kOne, at_ + Seconds(i));
    }
    EXPECT_EQ(marks.size(), 10u);
    EXPECT_FALSE(marks.find(digests[39], at_));
    EXPECT_TRUE(marks.find(digests[40], at_));
}

TEST_F(SentMarksTest, SurvivesARestart) {
    accounts::testing::TempStore temp;
    say(&kOne);
    marks_.ended(&kOne, at_);
    store::LazyWriter(temp.store().committer(), {&marks_}).flush();
    SentMarks again({}, "secret");
    ASSERT_TRUE(again.load(temp.store().engine()));
    EXPECT_EQ(again.find(digest(), at_), id_);
    again.said(&kTwo, digest(), id_, nullptr);
    again.heard(&kTwo);
    store::LazyWriter(temp.store().committer(), {&again}).flush();
    EXPECT_TRUE(temp.store().engine().sent_marks()->empty());
}

TEST_F(SentMarksTest, WhatIsOlderThanADayIsRemoved) {
    accounts::testing::TempStore temp;
    say(&kOne);
    marks_.ended(&kOne, at_ - Seconds(90'000));
    store::LazyWriter(temp.store().committer(), {&marks_}).flush();
    EXPECT_EQ(marks_.size(), 0u);
    EXPECT_TRUE(temp.store().engine().sent_marks()->empty());
}

}  // namespace
}  // namespace posthaste::submission
