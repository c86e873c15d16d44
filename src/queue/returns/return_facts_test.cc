#include "queue/returns/return_facts.h"

#include "mail/report/reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using mail::report::Action;
using mail::report::Kind;
using mail::report::ReportedRecipient;
using store::ReturnFacts;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ReturnFactsTest : public ::testing::Test {
  protected:
    ReturnFactsTest() {
        accepted.account = accepted.sender = "ana@example.com";
        accepted.recipients = {"bob@example.org", "Carol@example.org"};
        accepted.subject = "Offer \"B\"";
        accepted.message_id = "<offer-1@example.com>";
        returned.reading.kind = Kind::bounce;
        returned.reading.confidence = 100;
        returned.reading.basis = "dsn";
        returned.reading.report.reporter = "mx.example.org";
    }

    ReportedRecipient& add(std::string final_address, Action action = Action::failed) {
        ReportedRecipient one;
        one.final_address = std::move(final_address);
        one.action = action;
        one.status = mail::EnhancedStatus{5, 1, 1};
        one.code = 550;
        one.diagnostic = "550 5.1.1 no such user";
        returned.reading.report.recipients.push_back(std::move(one));
        return returned.reading.report.recipients.back();
    }

    std::vector<ReturnFacts> make() { return make_return_facts(returned, accepted, {}); }

    store::AcceptedFacts accepted;
    Returned returned;
};

TEST_F(ReturnFactsTest, recipient_is_found_by_address_in_any_case) {
    add("carol@EXAMPLE.org");
    const auto facts = make();
    ASSERT_THAT(facts, SizeIs(1));
    EXPECT_EQ(facts[0].what, EventType::bounced);
    EXPECT_TRUE(facts[0].counts);
    EXPECT_EQ(facts[0].index, 1U);
    EXPECT_EQ(facts[0].address, "Carol@example.org");
    EXPECT_EQ(facts[0].outcome.code, 550);
    EXPECT_EQ(facts[0].outcome.reply, "5.1.1 no such user");
    EXPECT_EQ(facts[0].outcome.remote_host, "mx.example.org");
    EXPECT_EQ(facts[0].outcome.cause, mail::Cause::invalid_recipient);
}

TEST_F(ReturnFactsTest, recipient_as_the_sender_knows_it_comes_first) {
    add("robert@inner.example.org").original_address = "bob@example.org";
    EXPECT_EQ(make().at(0).index, 0U);
}

TEST_F(ReturnFactsTest, token_of_a_recipient_says_who) {
    returned.token = mail::Verp::Token{QueueId::make(), 1};
    add("somebody@elsewhere.example");
    EXPECT_EQ(make().at(0).address, "Carol@example.org");
    returned.token->recipient = 7;  // of no recipient that the message had
    EXPECT_EQ(make().at(0).index, ReturnFacts::kNobody);
}

TEST_F(ReturnFactsTest, only_recipient_is_meant) {
    accepted.recipients.resize(1);
    add("somebody@elsewhere.example");
    EXPECT_EQ(make().at(0).index, 0U);
    EXPECT_EQ(make().at(0).address, "bob@example.org");
}

TEST_F(ReturnFactsTest, stranger_in_a_report_is_nobody_of_ours) {
    add("somebody@elsewhere.example");
    const auto facts = make();
    ASSERT_THAT(facts, SizeIs(1));
    EXPECT_EQ(facts[0].index, ReturnFacts::kNobody);
    EXPECT_EQ(facts[0].address, "somebody@elsewhere.example");
}

TEST_F(ReturnFactsTest, same_recipient_counts_once) {
    add("bob@example.org");
    add("BOB@example.org");
    EXPECT_THAT(make(), SizeIs(1));
}

TEST_F(ReturnFactsTest, action_decides_what_it_is) {
    add("bob@example.org", Action::delayed);
    add("carol@example.org", Action::relayed);
    const auto facts = make();
    ASSERT_THAT(facts, SizeIs(2));
    EXPECT_EQ(facts[0].what, EventType::delayed);
    EXPECT_EQ(facts[0].outcome.verdict, mail::Verdict::deferred);
    EXPECT_EQ(facts[1].what, EventType::delivered);
    EXPECT_EQ(facts[1].outcome.verdict, mail::Verdict::delivered);
}

TEST_F(ReturnFactsTest, prose_names_others_too_and_they_do_not_count) {
    returned.reading.confidence = 85;
    returned.reading.basis = "qmail";
    add("helpdesk@example.org");
    add("bob@example.org");
    const auto facts = make();
    ASSERT_THAT(facts, SizeIs(1));
    EXPECT_EQ(facts[0].index, 0U);
    EXPECT_EQ(facts[0].confidence, 85U);
}

TEST_F(ReturnFactsTest, prose_about_nobody_changes_nothing) {
    returned.reading.confidence = 85;
    add("helpdesk@example.org");
    const auto facts = make();
    ASSERT_THAT(facts, SizeIs(1));
    EXPECT_FALSE(facts[0].counts);
    EXPECT_EQ(facts[0].index, ReturnFacts::kNobody);
    accepted.recipients.resize(1);  // who else?
    ASSERT_THAT(make(), SizeIs(1));
    EXPECT_TRUE(make()[0].counts);
    EXPECT_EQ(make()[0].index, 0U);
}

TEST_F(ReturnFactsTest, doubt_changes_nothing) {
    returned.reading.confidence = mail::report::kSureEnough - 1;
    add("bob@example.org");
    ASSERT_THAT(make(), SizeIs(1));
    EXPECT_FALSE(make()[0].counts);
}

TEST_F(ReturnFactsTest, complaint_is_of_whoever_is_named_or_the_only_one) {
    returned.reading.kind = Kind::complaint;
    returned.reading.basis = "abuse";
    EXPECT_EQ(make().at(0).index, ReturnFacts::kNobody);
    returned.reading.original.recipients = {"Carol@Example.org"};
    EXPECT_EQ(make().at(0).index, 1U);
    returned.reading.feedback.original_recipients = {"bob@example.org"};
    EXPECT_THAT(make(), SizeIs(2));
    returned.token = mail::Verp::Token{QueueId::make(), 1};
    ASSERT_THAT(make(), SizeIs(1));
    EXPECT_EQ(make()[0].index, 1U);
    EXPECT_EQ(make()[0].what, EventType::complained);
    EXPECT_EQ(make()[0].basis, "abuse");
}

TEST_F(ReturnFactsTest, known_is_what_was_told_as_surely) {
    add("bob@example.org");
    ReturnFacts facts = make().at(0);
    const auto row = [](const ReturnFacts& told) {
        return store::RecordRow{1, {}, {}, store::RecordType::returned, store::encode(told)};
    };
    const std::vector<store::RecordRow> before{row(facts)};
    EXPECT_TRUE(is_known(facts, before));
    ReturnFacts other = facts;
    other.index = 1;
    EXPECT_FALSE(is_known(other, before));
    other = facts;
    other.what = EventType::complained;
    EXPECT_FALSE(is_known(other, before));
    other = facts;
    other.counts = false;
    EXPECT_TRUE(is_known(other, before));
    // What was doubtful may become certain.
    const std::vector<store::RecordRow> doubtful{row(other)};
    EXPECT_FALSE(is_known(facts, doubtful));
    // Of nobody: by address.
    other = facts;
    other.index = ReturnFacts::kNobody;
    other.address = "x@elsewhere.example";
    EXPECT_TRUE(is_known(other, std::vector{row(other)}));
    ReturnFacts another = other;
    another.address = "y@elsewhere.example";
    EXPECT_FALSE(is_known(another, std::vector{row(other)}));
}

TEST_F(ReturnFactsTest, causes_by_status) {
    using mail::Cause;
    EXPECT_EQ(cause_of_status({5, 1, 1}), Cause::invalid_recipient);
    EXPECT_EQ(cause_of_status({5, 2, 2}), Cause::mailbox_full);
    EXPECT_EQ(cause_of_status({5, 7, 1}), Cause::policy);
    EXPECT_EQ(cause_of_status({5, 7, 26}), Cause::sender_auth);
    EXPECT_EQ(cause_of_status({4, 4, 7}), Cause::expired);
    EXPECT_EQ(cause_of_status({}), Cause::unknown);
}

TEST_F(ReturnFactsTest, report_holds_what_we_know_and_nothing_of_a_strangers_header) {
    add("bob@example.org");
    returned.reading.original.message_id = "<strange@evil.example>";
    const auto facts = make();
    const std::vector<const ReturnFacts*> told{&facts[0]};
    const Timestamp at = now();
    accepted.envid = "QQ314159";
    const auto dsn = make_return_report({.hostname = "mail.example.com",
                                         .admin = "admin@example.com",
                                         .about = QueueId::make(),
                                         .accepted = at - std::chrono::seconds(40),
                                         .now = at,
                                         .id = QueueId::make()},
                                        accepted, told);
    EXPECT_THAT(dsn.header, HasSubstr("To: ana@example.com"));
    EXPECT_THAT(dsn.header, HasSubstr("In-Reply-To: <offer-1@example.com>"));
    EXPECT_THAT(dsn.body, HasSubstr("The server mx.example.org had taken the message at first"));
    EXPECT_THAT(dsn.body, HasSubstr("40 s later"));
    EXPECT_THAT(dsn.body, HasSubstr("Original-Envelope-Id: QQ314159"));
    EXPECT_THAT(dsn.body, HasSubstr("Remote-MTA: dns; mx.example.org"));
    EXPECT_THAT(dsn.body, Not(HasSubstr("strange@evil.example")));
    const auto back = mail::report::read_report(dsn.header + "\r\n" + dsn.body);
    ASSERT_THAT(back.report.recipients, SizeIs(1));
    EXPECT_EQ(back.report.recipients[0].final_address, "bob@example.org");
    EXPECT_EQ(back.report.recipients[0].action, Action::failed);
}

TEST_F(ReturnFactsTest, nothing_comes_of_what_is_no_report) {
    returned.reading.kind = Kind::automatic_reply;
    add("bob@example.org");
    EXPECT_THAT(make(), IsEmpty());
}

}  // namespace
}  // namespace posthaste::queue
