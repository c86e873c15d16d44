#include "store/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

AcceptedFacts full_accepted() {
    AcceptedFacts facts;
    facts.kind = MessageKind::dsn;
    facts.account = "anna@example.com";
    facts.sender = "Anna@example.com";
    facts.recipients = {"bob@example.net", "", "carol@example.net"};
    facts.message_id = "<1@example.com>";
    facts.subject = "Grüße, \0 dazwischen";
    facts.size = 1ULL << 40;
    facts.client = "192.0.2.1";
    facts.tls = "TLSv1.3";
    facts.changes = {"a Date was added", "Bcc was taken out"};
    facts.about = "01JD8Q2VXK5T9C4R0M7N3B6H8W";
    facts.profile = Profile::bulk;
    facts.held = true;
    return facts;
}

OutcomeFacts full_outcome() {
    OutcomeFacts facts;
    facts.queue_ms = 4711;
    TryFacts one;
    one.at = Timestamp(Milliseconds(1'763'900'000'123));
    one.host = "mx.example.net";
    one.ip = "2001:db8::1";
    one.port = 25;
    one.source_ip = "192.0.2.9";
    one.reused = true;
    one.stage = "rcpt";
    one.tls = "TLSv1.3";
    one.cipher = "TLS_AES_256_GCM_SHA384";
    one.tls_policy = "dane";
    one.verified = true;
    one.code = 451;
    one.reply = "4.7.1 greylisted";
    one.recipients = 3;
    one.connect_ms = 12;
    one.setup_ms = 34;
    one.transfer_ms = 56;
    one.dialogue = "S: 220 hello\nC: EHLO us\n";
    facts.tries = {one, TryFacts{}};
    ResultFacts result;
    result.address = "bob@example.net";
    result.what = EventType::deferred;
    result.attempt = 1;
    result.outcome.verdict = mail::Verdict::deferred;
    result.outcome.status = {4, 7, 1};
    result.outcome.code = 451;
    result.outcome.reply = "4.7.1 greylisted";
    result.outcome.route = "spare";
    result.outcome.remote_host = "mx.example.net";
    result.outcome.cause = mail::Cause::greylisted;
    result.outcome.rule = "grey/1";
    result.outcome.ambiguous = true;
    result.next = Timestamp(Milliseconds(1'763'900'300'000));
    facts.results.push_back(result);
    result.index = 1;
    result.address = "carol@example.net";
    facts.results.push_back(result);
    result.index = 2;
    result.what = EventType::delivered;
    result.next = {};
    result.outcome = {};
    result.outcome.verdict = mail::Verdict::delivered;
    facts.results.push_back(result);
    return facts;
}

TEST(Record, accepted_comes_back) {
    AcceptedFacts facts = full_accepted();
    facts.envid = "QQ314159";
    facts.untold = {0, 2};
    facts.success = {1};
    facts.verp = Verp::recipient;
    const auto read = decode_accepted(encode(facts));
    ASSERT_TRUE(read);
    EXPECT_EQ(encode(*read), encode(facts));
    EXPECT_THAT(read->recipients, ElementsAre("bob@example.net", "", "carol@example.net"));
    EXPECT_EQ(read->subject, facts.subject);
    EXPECT_EQ(read->size, facts.size);
    EXPECT_EQ(read->profile, Profile::bulk);
    EXPECT_TRUE(read->held);
    EXPECT_EQ(read->kind, MessageKind::dsn);
    EXPECT_THAT(read->changes, SizeIs(2));
    EXPECT_EQ(read->envid, "QQ314159");
    EXPECT_THAT(read->untold, ElementsAre(0, 2));
    EXPECT_THAT(read->success, ElementsAre(1));
    EXPECT_EQ(read->verp, Verp::recipient);
}

TEST(Record, outcome_comes_back_and_says_the_same_thing_once) {
    const OutcomeFacts facts = full_outcome();
    const std::string octets = encode(facts);
    const auto read = decode_outcome(octets);
    ASSERT_TRUE(read);
    EXPECT_EQ(encode(*read), octets);
    ASSERT_THAT(read->tries, SizeIs(2));
    EXPECT_EQ(read->tries[0].dialogue, facts.tries[0].dialogue);
    EXPECT_EQ(read->tries[0].transfer_ms, 56U);
    EXPECT_TRUE(read->tries[0].verified);
    ASSERT_THAT(read->results, SizeIs(3));
    EXPECT_EQ(read->results[1].outcome.reply, "4.7.1 greylisted");
    EXPECT_EQ(read->results[0].outcome.route, "spare");
    EXPECT_EQ(read->results[1].outcome.cause, mail::Cause::greylisted);
    EXPECT_EQ(read->results[1].next, facts.results[1].next);
    EXPECT_EQ(read->results[2].outcome.verdict, mail::Verdict::delivered);
    EXPECT_EQ(read->results[2].outcome.reply, "");
    EXPECT_EQ(octets.find("greylisted", octets.rfind("greylisted") + 1), std::string::npos);
    std::size_t times = 0;
    for (auto at = octets.find("greylisted"); at != std::string::npos;
         at = octets.find("greylisted", at + 1))
        ++times;
    EXPECT_EQ(times, 3U);  // the try, the cause's name, and one result
}

TEST(Record, notes_come_back) {
    const auto read = decode_note(encode(NoteFacts{"by a person", "01JD8Q2VXK5T9C4R0M7N3B6H8W"}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text, "by a person");
    EXPECT_EQ(read->other, "01JD8Q2VXK5T9C4R0M7N3B6H8W");
}

TEST(Record, what_came_back_comes_back) {
    ReturnFacts facts;
    facts.index = 0;
    facts.address = "bob@example.net";
    facts.outcome.verdict = mail::Verdict::failed;
    facts.outcome.status = {5, 1, 1};
    facts.outcome.reply = "no such user";
    facts.outcome.remote_host = "mx.example.net";
    facts.outcome.cause = mail::Cause::invalid_recipient;
    facts.confidence = 90;
    facts.basis = "X-Failed-Recipients";
    facts.report = "01JD8Q2VXK5T9C4R0M7N3B6H8W";
    auto read = decode_return(encode(facts));
    ASSERT_TRUE(read);
    EXPECT_EQ(encode(*read), encode(facts));
    EXPECT_EQ(read->index, 0U);
    EXPECT_TRUE(read->counts);
    EXPECT_EQ(read->what, EventType::bounced);
    EXPECT_EQ(read->address, facts.address);
    EXPECT_EQ(read->outcome.verdict, mail::Verdict::failed);
    EXPECT_EQ(read->outcome.status, facts.outcome.status);
    EXPECT_EQ(read->outcome.cause, facts.outcome.cause);
    EXPECT_EQ(read->confidence, 90U);
    EXPECT_EQ(read->basis, facts.basis);
    EXPECT_EQ(read->report, facts.report);

    facts.index = ReturnFacts::kNobody;
    facts.counts = false;
    facts.what = EventType::complained;
    read = decode_return(encode(facts));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->index, ReturnFacts::kNobody);
    EXPECT_FALSE(read->counts);
    EXPECT_EQ(read->what, EventType::complained);

    facts.what = EventType::held;  // no word of what came back
    EXPECT_FALSE(decode_return(encode(facts)));
}

TEST(Record, what_is_cut_or_cannot_be_is_refused_and_later_tags_are_passed_over) {
    const std::string whole = encode(full_outcome());
    std::size_t refused = 0;
    for (std::size_t length = 0; length < whole.size(); ++length)
        refused += decode_outcome(whole.substr(0, length)) ? 0 : 1;
    EXPECT_GT(refused, whole.size() / 2);
    // Tag 120, a number and a text.
    const std::string later = encode(NoteFacts{"x", ""}) + "\xf0\x01\x05" + "\xf1\x01\x03" + "abc";
    ASSERT_TRUE(decode_note(later));
    EXPECT_EQ(decode_note(later)->text, "x");
    for (const std::string_view bad :
         {std::string_view("\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12),
          std::string_view("\x05\x7f"
                           "a",
                           3),
          std::string_view("\x02", 1), std::string_view("\x02\x09", 2),
          std::string_view("\x03\x01"
                           "a",
                           3)})
        EXPECT_FALSE(decode_accepted(bad));
}

TEST(Record, a_small_record_does_not_become_large) {
    OutcomeFacts facts = full_outcome();
    facts.results.resize(1);
    const std::string one = encode(facts);
    // Results that repeat the one before, three octets each.
    std::string many = one;
    const std::string result = encode(OutcomeFacts{0, {}, {ResultFacts{}}});
    for (int i = 0; i < 20'000; ++i) many += result;
    EXPECT_FALSE(decode_outcome(many));
}

TEST(Record, keys_are_the_message_the_message_id_and_every_address_once) {
    RecordRow row;
    row.id = QueueId::make();
    row.type = RecordType::accepted;
    AcceptedFacts facts = full_accepted();
    facts.recipients = {"bob@example.net", "BOB@example.net"};
    row.data = encode(facts);
    const auto keys = keys_of(row);
    EXPECT_THAT(keys, SizeIs(4));  // id, Message-ID, anna (as login and sender), bob
    EXPECT_THAT(keys, ::testing::Contains(key_of_id(row.id)));
    EXPECT_THAT(keys, ::testing::Contains(key_of_message_id("1@example.com")));
    EXPECT_THAT(keys, ::testing::Contains(key_of_address("ANNA@EXAMPLE.COM")));
    row.type = RecordType::outcome;
    row.data = encode(full_outcome());
    EXPECT_THAT(keys_of(row), ElementsAre(key_of_id(row.id)));
    row.type = RecordType::accepted;
    row.data = "\xff";
    EXPECT_THAT(keys_of(row), SizeIs(1));
}

}  // namespace
}  // namespace posthaste::store
