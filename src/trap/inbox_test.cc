#include "trap/inbox.h"

#include "runtime/timer.h"
#include "trap/message_file.h"
#include "trap/testing.h"

#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::trap {
namespace {

using mail::Verdict;
using store::testing::read_whole;
using store::testing::write_whole;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TestInbox;

constexpr auto kHeader =
    "From: =?utf-8?Q?J=C3=BCrg?= <alice@example.test>\r\nTo: Bob <bob@example.org>, "
    "c@example.org\r\n"
    "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n and more\r\nMessage-ID: <1@x>\r\n";

std::vector<std::string> subjects(const std::vector<TrappedMessage>& messages) {
    std::vector<std::string> found;
    for (const auto& message : messages) found.push_back(message.subject);
    return found;
}

std::size_t files_in(const std::string& folder, std::string_view suffix) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        count += entry.path().string().ends_with(suffix) ? 1u : 0u;
    return count;
}

TEST(InboxTest, keeps_header_and_body_and_nothing_else) {
    TestInbox inbox;
    const auto outcomes =
        inbox.put({"bob@example.org", "hidden@example.org"}, kHeader, "line\r\n.dot\r\n");
    ASSERT_EQ(outcomes.size(), 2u);
    EXPECT_EQ(outcomes[0].verdict, Verdict::delivered);
    EXPECT_EQ(outcomes[0].code, 250);
    const auto message = inbox->latest();
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(inbox->raw(message->id).value(), std::string(kHeader) + "\r\nline\r\n.dot\r\n");
    EXPECT_EQ(message->subject, "Grüße and more");
    EXPECT_EQ(message->from.at(0).name, "Jürg");
    EXPECT_EQ(message->to.size(), 2u);
    EXPECT_THAT(message->recipients, ElementsAre("bob@example.org", "hidden@example.org"));
    EXPECT_EQ(message->sender, "alice@example.test");
    EXPECT_EQ(message->message_id, "<1@x>");
    EXPECT_EQ(message->snippet, "line .dot");
    EXPECT_EQ(message->size, std::string(kHeader).size() + 2 + 12);
}

TEST(InboxTest, judges_each_recipient_by_itself) {
    TestInbox inbox;
    const auto outcomes =
        inbox.put({"bob@example.org", "550@example.org", "451@example.org", "greylist@example.org"},
                  kHeader, "x");
    EXPECT_EQ(outcomes.at(0).verdict, Verdict::delivered);
    EXPECT_EQ(outcomes.at(1).verdict, Verdict::failed);
    EXPECT_EQ(outcomes.at(2).verdict, Verdict::deferred);
    EXPECT_EQ(outcomes.at(3).verdict, Verdict::deferred);
    EXPECT_THAT(inbox->latest()->recipients, ElementsAre("bob@example.org"));
    EXPECT_EQ(inbox.put({"greylist@example.org"}, kHeader, "x", 1).at(0).verdict,
              Verdict::delivered);
    EXPECT_EQ(inbox.put({"550@example.org"}, kHeader, "x").at(0).verdict, Verdict::failed);
    EXPECT_EQ(inbox->count(""), 2u);
}

TEST(InboxTest, survives_a_restart) {
    TestInbox inbox;
    const auto first = inbox.put_one("bob@example.org", "one");
    const auto second = inbox.put_one("carol@example.org", "two");
    inbox->mark_read(first.id);
    inbox.open();
    EXPECT_THAT(subjects(inbox->list(0, 10, "")), ElementsAre("two", "one"));
    EXPECT_EQ(inbox->unread(), 1u);
    const auto again = inbox->find(second.id);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(to_json(*again), to_json(second));
    EXPECT_EQ(inbox->raw(second.id).value(), inbox->raw(again->id).value());
}

struct Damage {
    std::string name;
    std::string suffix;
    std::string content;
    bool remove = false;
};

class InboxDamageTest : public ::testing::TestWithParam<Damage> {};

TEST_P(InboxDamageTest, leaves_out_what_is_damaged_and_goes_on) {
    TestInbox inbox;
    const auto damaged = inbox.put_one("bob@example.org", "damaged");
    inbox.put_one("bob@example.org", "whole");
    const auto path = inbox.path(damaged.id.to_string() + GetParam().suffix);
    if (GetParam().remove)
        std::filesystem::remove(path);
    else
        write_whole(path, GetParam().content);
    inbox.open();
    EXPECT_THAT(subjects(inbox->list(0, 10, "")), ElementsAre("whole"));
    EXPECT_FALSE(inbox->find(damaged.id).has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Files, InboxDamageTest,
    ::testing::Values(
        Damage{"empty_envelope", ".json", ""}, Damage{"cut_envelope", ".json", "{\"version\":1,"},
        Damage{
            "other_envelope", ".json",
            R"({"version":1,"id":"01J00000000000000000000000","queue_id":"01J00000000000000000000000"})"},
        Damage{"array", ".json", "[]"}, Damage{"newer", ".json", R"({"version":2})"},
        Damage{"cut_message", ".eml", "Subject: x"}, Damage{"no_message", ".eml", "", true},
        Damage{"no_envelope", ".json", "", true}),
    [](const auto& info) { return info.param.name; });

TEST(InboxTest, clears_away_what_a_crash_left) {
    TestInbox inbox;
    const auto id = QueueId::make().to_string();
    write_whole(inbox.path(id + ".eml"), "never named by an envelope");
    write_whole(inbox.path(id + ".eml.new"), "half");
    write_whole(inbox.path(id + ".json.0123456789abcdef.tmp"), "half");
    write_whole(inbox.path("notes.txt"), "not ours");
    inbox.open();
    EXPECT_EQ(files_in(inbox.options().folder, ""), 1u);
    EXPECT_EQ(inbox->count(""), 0u);
}

TEST(InboxTest, drops_the_oldest_by_count_and_says_so_for_good) {
    Inbox::Options bounds;
    bounds.max_messages = 3;
    TestInbox inbox(bounds);
    for (int i = 1; i <= 5; ++i) inbox.put_one("bob@example.org", std::to_string(i));
    EXPECT_THAT(subjects(inbox->list(0, 10, "")), ElementsAre("5", "4", "3"));
    EXPECT_EQ(inbox->dropped().messages, 2u);
    EXPECT_GT(inbox->dropped().last_ms, 0);
    EXPECT_EQ(files_in(inbox.options().folder, ".eml"), 3u);
    inbox.open();
    EXPECT_EQ(inbox->dropped().messages, 2u);
    ASSERT_TRUE(inbox->remove({}).has_value());
    EXPECT_EQ(inbox->dropped().messages, 0u);
    inbox.open();
    EXPECT_EQ(inbox->dropped().messages, 0u);
}

TEST(InboxTest, drops_the_oldest_by_octets_but_never_the_newest) {
    Inbox::Options bounds;
    bounds.max_octets = 3000;
    TestInbox inbox(bounds);
    for (int i = 1; i <= 4; ++i)
        inbox.put_one("bob@example.org", std::to_string(i), std::string(1000, 'x'));
    EXPECT_THAT(subjects(inbox->list(0, 10, "")), ElementsAre("4", "3"));
    inbox.put_one("bob@example.org", "huge", std::string(10'000, 'x'));
    EXPECT_THAT(subjects(inbox->list(0, 10, "")), ElementsAre("huge"));
}

// What an envelope on disk says about its time of arrival, changed.
void age_on_disk(TestInbox& inbox, const TrappedMessage& message, Seconds by) {
    auto older = message;
    older.arrived_ms -= std::chrono::duration_cast<Milliseconds>(by).count();
    ASSERT_TRUE(write_envelope(inbox.options().folder, older).has_value());
}

TEST(InboxTest, drops_what_is_too_old_at_start) {
    TestInbox inbox;
    const auto old = inbox.put_one("bob@example.org", "old");
    inbox.put_one("bob@example.org", "new");
    age_on_disk(inbox, old, std::chrono::days(8));
    inbox.open();
    EXPECT_THAT(subjects(inbox->list(0, 10, "")), ElementsAre("new"));
    EXPECT_EQ(inbox->dropped().messages, 1u);
}

TEST(InboxTest, does_not_believe_a_clock_that_jumped) {
    TestInbox inbox;
    const auto first = inbox.put_one("bob@example.org", "first");
    const auto second = inbox.put_one("bob@example.org", "second");
    const auto third = inbox.put_one("bob@example.org", "third");
    age_on_disk(inbox, first, std::chrono::days(3650));
    age_on_disk(inbox, second, -std::chrono::days(3650));
    age_on_disk(inbox, third, std::chrono::days(3600));
    inbox.open();
    EXPECT_EQ(inbox->count(""), 3u);
    EXPECT_EQ(inbox->dropped().messages, 0u);
}

TEST(InboxTest, finds_by_sender_recipient_and_subject) {
    TestInbox inbox;
    inbox.put_one("bob@example.org", "Invoice 17");
    inbox.put_one("carol@example.net", "Reminder");
    EXPECT_THAT(subjects(inbox->list(0, 10, "INVOICE")), ElementsAre("Invoice 17"));
    EXPECT_THAT(subjects(inbox->list(0, 10, "example.net")), ElementsAre("Reminder"));
    EXPECT_EQ(inbox->count("alice"), 2u);
    EXPECT_EQ(inbox->count("nothing"), 0u);
    EXPECT_THAT(subjects(inbox->list(1, 1, "")), ElementsAre("Invoice 17"));
    EXPECT_TRUE(inbox->list(7, 10, "").empty());
}

TEST(InboxTest, removes_those_named_and_their_files) {
    TestInbox inbox;
    const auto one = inbox.put_one("bob@example.org", "one");
    inbox.put_one("bob@example.org", "two");
    ASSERT_TRUE(inbox->remove({one.id, QueueId::make()}).has_value());
    EXPECT_THAT(subjects(inbox->list(0, 10, "")), ElementsAre("two"));
    EXPECT_EQ(files_in(inbox.options().folder, ".eml"), 1u);
    EXPECT_EQ(inbox->raw(one.id).error().kind, ErrorKind::not_found);
}

TEST(InboxTest, defers_when_it_cannot_write) {
    TestInbox inbox;
    std::filesystem::remove_all(inbox.options().folder);
    const auto outcomes = inbox.put({"bob@example.org", "550@example.org"}, kHeader, "x");
    EXPECT_EQ(outcomes.at(0).verdict, Verdict::deferred);
    EXPECT_EQ(outcomes.at(0).code, 451);
    EXPECT_EQ(outcomes.at(1).verdict, Verdict::failed);
    EXPECT_EQ(inbox->count(""), 0u);
}

TEST(InboxTest, defers_when_the_content_is_damaged) {
    TestInbox inbox;
    auto body = store::testing::inline_body("text");
    body.crc ^= 1u;
    runtime::Worker worker("test");
    const auto parcel = TestInbox::parcel({"bob@example.org"}, kHeader, body);
    const auto outcomes = runtime::run_to_end(worker, inbox.log(),
                                              inbox->take(parcel, store::ContentReader("", body)));
    EXPECT_EQ(outcomes.value().at(0).verdict, Verdict::deferred);
    EXPECT_THAT(outcomes.value().at(0).reply, HasSubstr("local inbox could not keep it"));
    EXPECT_EQ(files_in(inbox.options().folder, ""), 0u);
}

TEST(InboxTest, waits_for_the_first_to_an_address) {
    TestInbox inbox;
    runtime::Worker worker("test");
    inbox.put_one("other@example.org", "other");
    std::optional<TrappedMessage> found;
    std::thread sender;
    runtime::TaskGroup group(worker, inbox.log());
    worker.post([&] {
        group.spawn([](TestInbox& box, runtime::Worker& here,
                       std::optional<TrappedMessage>& out) -> runtime::Task<void> {
            auto waited =
                co_await box->wait_for("BOB@example.org", 0, Deadline::after(Seconds(20)));
            if (waited) out = std::move(*waited);
            here.stop();
        }(inbox, worker, found));
        // What comes meanwhile: one to somebody else, then the one.
        sender = std::thread([&] {
            inbox.put_one("carol@example.org", "not this");
            inbox.put_one("bob@example.org", "this");
        });
    });
    worker.run();
    sender.join();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->subject, "this");
}

TEST(InboxTest, waiting_finds_what_is_there_and_honours_since_and_deadline) {
    TestInbox inbox;
    runtime::Worker worker("test");
    inbox.put_one("bob@example.org", "first");
    inbox.put_one("bob@example.org", "second");
    const auto wait = [&](std::string to, std::int64_t since) {
        return runtime::run_to_end(
                   worker, inbox.log(),
                   inbox->wait_for(std::move(to), since, Deadline::after(Milliseconds(20))))
            .value();
    };
    EXPECT_EQ(wait("bob@example.org", 0).value().subject, "first");
    EXPECT_EQ(wait("", 0).value().subject, "first");
    EXPECT_EQ(wait("nobody@example.org", 0).error().kind, ErrorKind::timeout);
    EXPECT_EQ(wait("bob@example.org", inbox->latest()->arrived_ms + 100'000).error().kind,
              ErrorKind::timeout);
}

}  // namespace
}  // namespace posthaste::trap
