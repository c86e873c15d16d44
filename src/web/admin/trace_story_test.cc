#include "web/admin/trace_story.h"

#include "delivery/rules/verdict.h"
#include "store/testing.h"
#include "web/admin/trace.h"
#include "web/admin/trace_words.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using store::RecordRow;
using store::RecordType;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Timestamp kNoon{std::chrono::sys_days{std::chrono::year(2026) / 11 / 23} +
                      std::chrono::hours(12)};

struct Told {
    QueueId id = QueueId::make();
    std::vector<RecordRow> rows{};

    void add(RecordType type, std::string data) {
        rows.push_back({rows.size() + 1, id, kNoon + Seconds(rows.size()), type, std::move(data)});
    }

    void accepted(std::vector<std::string> recipients) {
        store::AcceptedFacts facts;
        facts.account = "anna@example.com";
        facts.sender = "anna@example.com";
        facts.recipients = std::move(recipients);
        facts.subject = "Invoice 1182";
        facts.size = 84 << 10;
        facts.client = "203.0.113.7";
        facts.tls = "TLSv1.3";
        facts.changes = {"a Date was added"};
        add(RecordType::accepted, encode(facts));
    }

    static store::ResultFacts result(std::uint32_t index, std::string address, EventType what) {
        store::ResultFacts one;
        one.index = index;
        one.address = std::move(address);
        one.what = what;
        one.attempt = 1;
        one.outcome.verdict = what == EventType::delivered  ? mail::Verdict::delivered
                              : what == EventType::deferred ? mail::Verdict::deferred
                                                            : mail::Verdict::failed;
        one.outcome.code = what == EventType::delivered ? 250 : 451;
        one.outcome.reply = what == EventType::delivered ? "2.0.0 taken" : "4.7.1 greylisted";
        one.outcome.remote_host = "mx1.corp.example";
        if (what != EventType::delivered) one.outcome.cause = mail::Cause::greylisted;
        if (what == EventType::deferred) one.next = kNoon + Seconds(300);
        return one;
    }

    MessageStory story(const std::optional<store::Message>& waiting = {}) {
        const store::QueueClock clock{std::nullopt};
        return make_story(id, rows, waiting, clock, {true});
    }
};

std::string all_text(const MessageStory& story) {
    std::string all;
    for (const auto& line : story.lines) all += line.what + "|" + line.text + "\n";
    return all;
}

TEST(TraceStory, greylisted_then_delivered) {
    Told told;
    told.accepted({"bob@corp.example"});
    store::OutcomeFacts facts;
    store::TryFacts one;
    one.host = "mx1.corp.example";
    one.ip = "192.0.2.1";
    one.port = 25;
    one.stage = "rcpt";
    one.tls = "TLSv1.3";
    one.tls_policy = "dane";
    one.verified = true;
    one.code = 451;
    one.reply = "4.7.1 greylisted";
    one.setup_ms = 4600;
    one.dialogue = "S: 220 hello\n";
    facts.tries = {one};
    facts.results = {Told::result(0, "bob@corp.example", EventType::deferred)};
    told.add(RecordType::outcome, encode(facts));
    facts.tries[0].code = 250;
    facts.results = {Told::result(0, "bob@corp.example", EventType::delivered)};
    facts.results[0].attempt = 2;
    told.add(RecordType::outcome, encode(facts));
    const MessageStory story = told.story();
    const std::string text = all_text(story);
    EXPECT_THAT(text, HasSubstr("accepted|from anna@example.com for bob@corp.example, 84 KB, sent "
                                "by 203.0.113.7 over TLSv1.3\n"));
    EXPECT_THAT(text, HasSubstr("changed on the way in: a Date was added"));
    EXPECT_THAT(text,
                HasSubstr("attempt 1|mx1.corp.example [192.0.2.1]:25, TLSv1.3, certificate "
                          "verified by DANE (its domain's TLSA records ask for it): 451 4.7.1 "
                          "greylisted, greeting and TLS took 4.6 s"));
    EXPECT_THAT(text, HasSubstr("bob@corp.example: not delivered yet; next try at 2026-11-23 "
                                "12:05:00 UTC"));
    EXPECT_THAT(text, HasSubstr("attempt 2|"));
    ASSERT_THAT(story.recipients, SizeIs(1));
    EXPECT_EQ(story.recipients[0].state, "delivered");
    EXPECT_THAT(story.recipients[0].says, HasSubstr("mx1.corp.example said: 250 2.0.0 taken"));
    EXPECT_THAT(story.recipients[0].advice, IsEmpty());
    EXPECT_EQ(story.lines[2].dialogue, "S: 220 hello\n");
}

// delivery.md 6.4: the engine that pacing goes by tells people what an answer means, too.
TEST(TraceStory, the_rule_that_read_the_answer_says_who_must_act) {
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::failed;
    outcome.cause = mail::Cause::smarthost_auth;
    for (const char* rule : {"", "a rule of a version to come"}) {
        outcome.rule = rule;
        const auto explained = delivery::explain(outcome);
        const auto words = words_for(outcome);
        EXPECT_EQ(words.why, explained.words);
        EXPECT_THAT(words.advice, HasSubstr("who must act: the administrator of this server"));
        EXPECT_THAT(words.advice, HasSubstr(explained.advice));
    }
    outcome.verdict = mail::Verdict::delivered;
    EXPECT_TRUE(words_for(outcome).advice.empty());
}

TEST(TraceStory, what_waits_says_when_and_who_must_act) {
    Told told;
    told.accepted({"bob@corp.example", "carol@corp.example"});
    store::OutcomeFacts facts;
    facts.results = {Told::result(0, "bob@corp.example", EventType::deferred),
                     Told::result(1, "carol@corp.example", EventType::failed)};
    facts.results[1].outcome.cause = mail::Cause::invalid_recipient;
    told.add(RecordType::outcome, encode(facts));
    store::Message waiting;
    waiting.row.id = told.id;
    store::RecipientRow row;
    row.address = store::testing::mailbox("bob@corp.example");
    row.attempts = 1;
    row.last = facts.results[0].outcome;
    row.last_attempt = kNoon;
    row.next_at = store::QueueClock(std::nullopt).now_queue() + std::chrono::minutes(4);
    waiting.recipients = {row};
    MessageStory story = told.story(waiting);
    ASSERT_THAT(story.recipients, SizeIs(2));
    EXPECT_EQ(story.recipients[0].state, "waiting");
    EXPECT_THAT(story.recipients[0].says, HasSubstr("waits for attempt 2, in 4 min"));
    EXPECT_THAT(story.recipients[0].says, HasSubstr("451 4.7.1 greylisted"));
    EXPECT_EQ(story.recipients[1].state, "failed");
    EXPECT_THAT(story.recipients[1].advice, HasSubstr("who must act"));
    waiting.row.hold = store::Hold::held;
    story = told.story(waiting);
    EXPECT_EQ(story.recipients[0].state, "held");
    EXPECT_THAT(story.recipients[0].says, HasSubstr("posthaste queue release"));
}

TEST(TraceStory, delivered_and_then_returned) {
    Told told;
    told.accepted({"bob@corp.example", "carol@corp.example"});
    store::OutcomeFacts outcome;
    outcome.results.push_back(Told::result(0, "bob@corp.example", EventType::delivered));
    outcome.results.push_back(Told::result(1, "carol@corp.example", EventType::delivered));
    told.add(RecordType::outcome, encode(outcome));
    store::ReturnFacts back;
    back.address = "bob@corp.example";
    back.outcome.code = 550;
    back.outcome.status = {5, 1, 1};
    back.outcome.reply = "5.1.1 no such user";
    back.outcome.remote_host = "inner.corp.example";
    back.outcome.cause = mail::Cause::invalid_recipient;
    back.confidence = 90;
    back.basis = "qmail";
    told.add(RecordType::returned, encode(back));
    store::ReturnFacts doubtful = back;
    doubtful.index = 1;
    doubtful.counts = false;
    doubtful.confidence = 45;
    told.add(RecordType::returned, encode(doubtful));
    store::ReturnFacts complaint;
    complaint.what = EventType::complained;
    complaint.index = 1;
    complaint.address = "carol@corp.example";
    complaint.basis = "abuse";
    told.add(RecordType::returned, encode(complaint));

    const MessageStory story = told.story();
    ASSERT_THAT(story.recipients, SizeIs(2));
    EXPECT_EQ(story.recipients[0].state, "bounced");
    EXPECT_EQ(story.recipients[0].confidence, 90U);
    EXPECT_EQ(story.recipients[0].says,
              "delivered, then returned by inner.corp.example 1 s later: 550 5.1.1 no such user");
    EXPECT_THAT(story.recipients[0].advice, Not(IsEmpty()));
    EXPECT_EQ(story.recipients[1].state, "delivered") << "doubt changes nothing";
    EXPECT_THAT(story.recipients[1].says, HasSubstr("complained of it (abuse)"));
    EXPECT_EQ(story.recipients[1].complained, kNoon + Seconds(4));
    const std::string all = all_text(story);
    EXPECT_THAT(all, HasSubstr("came back|bob@corp.example: returned by inner.corp.example"));
    EXPECT_THAT(all, HasSubstr("may be a bounce (45 % sure, read as qmail)"));
    EXPECT_THAT(all, HasSubstr("complaint|carol@corp.example complained of it (abuse)"));
}

TEST(TraceStory, what_is_not_known_is_said) {
    Told told;
    told.accepted({"bob@corp.example"});
    EXPECT_EQ(told.story().recipients[0].state, "unknown");
    told.rows[0].data = "\xff\xff";
    told.add(RecordType::outcome, "\x03");
    told.add(RecordType{200}, "");
    const std::string text = all_text(told.story());
    EXPECT_THAT(text, HasSubstr("damaged"));
    EXPECT_THAT(told.story().recipients, IsEmpty());
}

TEST(TraceStory, what_came_before_there_was_a_history) {
    Told told;
    store::Message waiting;
    waiting.row.id = told.id;
    waiting.row.accepted_wall = kNoon;
    waiting.row.sender = store::testing::mailbox("anna@example.com");
    store::RecipientRow row;
    row.index = 3;
    row.address = store::testing::mailbox("bob@corp.example");
    waiting.recipients = {row};
    const MessageStory story = told.story(waiting);
    EXPECT_THAT(all_text(story), HasSubstr("accepted|from anna@example.com"));
    ASSERT_THAT(story.recipients, SizeIs(1));
    EXPECT_EQ(story.recipients[0].state, "waiting");
}

TEST(TraceStory, many_recipients_with_one_fate_are_one_line) {
    Told told;
    store::OutcomeFacts facts;
    for (std::uint32_t i = 0; i < 50; ++i)
        facts.results.push_back(
            Told::result(i, fmt::format("r{}@corp.example", i), EventType::delivered));
    told.add(RecordType::outcome, encode(facts));
    const MessageStory story = told.story();
    EXPECT_THAT(story.lines, SizeIs(1));
    EXPECT_THAT(story.lines[0].text, HasSubstr(" and 30 more: delivered"));
    EXPECT_THAT(story.recipients, SizeIs(50));
}

TEST(TraceStory, moments) {
    struct Row {
        const char* text;
        bool end;
        Timestamp meant;
    };

    const Timestamp day{std::chrono::floor<std::chrono::days>(kNoon)};
    const Row rows[] = {
        {"2h", false, kNoon - std::chrono::hours(2)},
        {"30m", false, kNoon - std::chrono::minutes(30)},
        {"3d", true, kNoon - std::chrono::days(3)},
        {"today", false, day},
        {"yesterday", false, day - std::chrono::days(1)},
        {"yesterday", true, day - Milliseconds(1)},
        {"2026-11-20", false, day - std::chrono::days(3)},
        {"2026-11-20", true, day - std::chrono::days(2) - Milliseconds(1)},
        {"2026-11-20T14:05", false,
         day - std::chrono::days(3) + std::chrono::hours(14) + std::chrono::minutes(5)},
        {"2026-11-20T14:05:09Z", true,
         day - std::chrono::days(3) + std::chrono::hours(14) + std::chrono::minutes(5) +
             Seconds(9)},
    };
    for (const Row& row : rows) {
        const auto parsed = parse_moment(row.text, kNoon, row.end);
        ASSERT_TRUE(parsed) << row.text;
        EXPECT_EQ(*parsed, row.meant) << row.text;
    }
    for (const char* bad : {"", "h", "2x", "-2h", "2026-13-01", "2026-02-30", "2026-11-20T25:00",
                            "2026-11-20T14", "soon", "999999999999d", "2026-11-20T14:05:0"}) {
        const auto parsed = parse_moment(bad, kNoon, false);
        EXPECT_FALSE(parsed) << bad;
        if (!parsed) EXPECT_THAT(parsed.error().mend, HasSubstr("yesterday"));
    }
}

}  // namespace
}  // namespace posthaste::web
