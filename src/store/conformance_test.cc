// What every engine must do, whatever database is behind it. An engine joins by one more row at the
// end.
#include "base/ascii.h"
#include "store/content.h"
#include "store/engine.h"
#include "store/sqlite/sqlite_engine.h"
#include "store/testing.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct EngineKind {
    const char* name;
    std::function<Result<std::unique_ptr<Engine>>(const std::string& folder)> open;
};

class Conformance : public ::testing::TestWithParam<EngineKind> {
  protected:
    Conformance() { open(); }

    void open() {
        std::filesystem::create_directory(folder_ / "content");
        auto opened = GetParam().open(folder_.path());
        ASSERT_TRUE(opened) << opened.error().text;
        engine_ = std::move(*opened);
    }

    void reopen() {
        engine_.reset();
        open();
    }

    Result<void> apply(const Changes& changes) {
        const Changes* const one = &changes;
        return engine_->apply({&one, 1});
    }

    void must_apply(Change change) {
        const auto applied = apply(testing::changes_of(std::move(change)));
        ASSERT_TRUE(applied) << applied.error().text;
    }

    Message get(const QueueId& id) {
        const auto message = engine_->message(id);
        EXPECT_TRUE(message && *message) << (message ? "no such message" : message.error().text);
        return message && *message ? **message : Message{};
    }

    bool there(const QueueId& id) {
        const auto message = engine_->message(id);
        EXPECT_TRUE(message) << message.error().text;
        return message && message->has_value();
    }

    std::vector<OpenRecipient> open_recipients() {
        std::vector<OpenRecipient> all;
        EXPECT_TRUE(
            engine_->for_each_open([&](const OpenRecipient& open) { all.push_back(open); }));
        return all;
    }

    std::vector<QueueSummary> list(const QueueFilter& filter) {
        auto summaries = engine_->list(filter);
        EXPECT_TRUE(summaries) << summaries.error().text;
        return summaries ? std::move(*summaries) : std::vector<QueueSummary>();
    }

    // Backup opens a second engine on the copy.
    std::unique_ptr<Engine> open_copy(const std::string& folder) {
        auto opened = GetParam().open(folder);
        EXPECT_TRUE(opened) << opened.error().text;
        return opened ? std::move(*opened) : nullptr;
    }

    const testing::TempFolder folder_;
    std::unique_ptr<Engine> engine_;
};

AddMessage full_message() {
    AddMessage add = testing::make_message(2, std::string("a\0b\r\n", 5));
    add.row.kind = MessageKind::dsn;
    add.row.sender = std::nullopt;
    add.row.account = "";
    add.row.body_type = mail::BodyType::eight_bit;
    add.row.smtputf8 = true;
    add.row.ret = mail::Ret::headers;
    add.row.envid = "QQ+3D314159";
    add.row.held = true;
    RecipientRow& second = add.recipients[1];
    second.address = testing::mailbox("\"odd @ local\"@xn--mnchen-3ya.example");
    second.notify = mail::Notify::failure | mail::Notify::delay;
    second.orcpt = "rfc822;odd@example";
    second.state = RecipientState::report_due;
    second.attempts = 7;
    second.delay_reported = true;
    second.last_attempt = Timestamp(Milliseconds(1'763'900'001'000));
    second.last = {.verdict = mail::Verdict::failed,
                   .status = {5, 1, 1},
                   .code = 550,
                   .reply = "5.1.1 No such user \xc3\xa4",
                   .remote_host = "mx.example",
                   .remote_ip = "192.0.2.1",
                   .tls = "TLSv1.3",
                   .cause = mail::Cause::invalid_recipient,
                   .ambiguous = true,
                   .remote_takes_dsn = true,
                   .charge_attempt = false,
                   .retry_after = Seconds(90)};
    return add;
}

void expect_same(const mail::Outcome& a, const mail::Outcome& b) {
    EXPECT_EQ(a.verdict, b.verdict);
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.code, b.code);
    EXPECT_EQ(a.reply, b.reply);
    EXPECT_EQ(a.remote_host, b.remote_host);
    EXPECT_EQ(a.remote_ip, b.remote_ip);
    EXPECT_EQ(a.tls, b.tls);
    EXPECT_EQ(a.cause, b.cause);
    EXPECT_EQ(a.ambiguous, b.ambiguous);
    EXPECT_EQ(a.remote_takes_dsn, b.remote_takes_dsn);
    EXPECT_EQ(a.charge_attempt, b.charge_attempt);
    EXPECT_EQ(a.retry_after, b.retry_after);
}

void expect_same(const RecipientRow& a, const RecipientRow& b) {
    EXPECT_EQ(a.index, b.index);
    EXPECT_EQ(a.address, b.address);
    EXPECT_EQ(a.notify, b.notify);
    EXPECT_EQ(a.orcpt, b.orcpt);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.next_at, b.next_at);
    EXPECT_EQ(a.attempts, b.attempts);
    EXPECT_EQ(a.delay_reported, b.delay_reported);
    EXPECT_EQ(a.last_attempt, b.last_attempt);
    expect_same(a.last, b.last);
}

TEST_P(Conformance, every_field_comes_back_after_a_restart) {
    const AddMessage add = full_message();
    must_apply(add);
    reopen();
    const Message message = get(add.row.id);
    EXPECT_EQ(message.row.id, add.row.id);
    EXPECT_EQ(message.row.kind, add.row.kind);
    EXPECT_EQ(message.row.account, add.row.account);
    EXPECT_EQ(message.row.sender, add.row.sender);
    EXPECT_EQ(message.row.body_type, add.row.body_type);
    EXPECT_EQ(message.row.smtputf8, add.row.smtputf8);
    EXPECT_EQ(message.row.ret, add.row.ret);
    EXPECT_EQ(message.row.envid, add.row.envid);
    EXPECT_EQ(message.row.accepted_wall, add.row.accepted_wall);
    EXPECT_EQ(message.row.accepted, add.row.accepted);
    EXPECT_EQ(message.row.expires, add.row.expires);
    EXPECT_EQ(message.row.held, add.row.held);
    ASSERT_NE(message.row.header, nullptr);
    EXPECT_EQ(*message.row.header, *add.row.header);
    EXPECT_EQ(message.row.body.octets, nullptr);
    EXPECT_EQ(message.row.body.size, add.row.body.size);
    EXPECT_EQ(message.row.body.crc, add.row.body.crc);
    ASSERT_THAT(message.recipients, SizeIs(2));
    expect_same(message.recipients[0], add.recipients[0]);
    expect_same(message.recipients[1], add.recipients[1]);
    const auto body = engine_->inline_body(add.row.id);
    ASSERT_TRUE(body && *body);
    EXPECT_EQ(**body, *add.row.body.octets);
}

TEST_P(Conformance, a_message_with_an_empty_body_and_header) {
    AddMessage add = testing::make_message(1, "");
    add.row.header = std::make_shared<const std::string>();
    must_apply(add);
    EXPECT_EQ(*get(add.row.id).row.header, "");
    const auto body = engine_->inline_body(add.row.id);
    ASSERT_TRUE(body && *body);
    EXPECT_EQ(**body, "");
}

TEST_P(Conformance, what_is_not_there_is_nothing_and_no_error) {
    const QueueId id = QueueId::make();
    EXPECT_FALSE(there(id));
    const auto body = engine_->inline_body(id);
    EXPECT_TRUE(body && !*body);
    must_apply(Settlement{.id = id, .updates = {testing::done(0)}});
    must_apply(SetHeld{.id = id, .held = true});
    must_apply(SetNextAttempt{.id = id, .next_at = {}});
    must_apply(MarkDelayReported{.id = id, .indexes = {0, 1}});
    EXPECT_FALSE(there(id));
    EXPECT_TRUE(engine_->apply({}));
}

TEST_P(Conformance, the_message_goes_with_its_last_recipient) {
    const AddMessage add = testing::make_message(3);
    must_apply(add);
    must_apply(Settlement{.id = add.row.id, .updates = {testing::done(0), testing::done(2)}});
    const Message message = get(add.row.id);
    ASSERT_THAT(message.recipients, SizeIs(1));
    EXPECT_EQ(message.recipients[0].index, 1u);
    must_apply(Settlement{.id = add.row.id, .updates = {testing::done(0), testing::done(1)}});
    EXPECT_FALSE(there(add.row.id));
    const auto body = engine_->inline_body(add.row.id);
    EXPECT_TRUE(body && !*body);
    EXPECT_THAT(open_recipients(), IsEmpty());
}

TEST_P(Conformance, an_attempt_that_failed_is_kept_with_its_outcome) {
    const AddMessage add = testing::make_message(2);
    must_apply(add);
    RecipientUpdate update;
    update.index = 1;
    update.next_at = QueueTime(Milliseconds(301'000));
    update.attempts = 1;
    update.outcome = full_message().recipients[1].last;
    update.outcome.verdict = mail::Verdict::deferred;
    update.when = Timestamp(Milliseconds(1'763'900'002'000));
    must_apply(Settlement{.id = add.row.id, .updates = {update}});
    reopen();
    const Message message = get(add.row.id);
    ASSERT_THAT(message.recipients, SizeIs(2));
    expect_same(message.recipients[0], add.recipients[0]);
    EXPECT_EQ(message.recipients[1].state, RecipientState::open);
    EXPECT_EQ(message.recipients[1].next_at, update.next_at);
    EXPECT_EQ(message.recipients[1].attempts, 1u);
    EXPECT_EQ(message.recipients[1].last_attempt, update.when);
    expect_same(message.recipients[1].last, update.outcome);
}

TEST_P(Conformance, every_cause_survives) {
    const AddMessage add = testing::make_message(1);
    must_apply(add);
    for (int i = 0; i <= static_cast<int>(mail::Cause::unknown); ++i) {
        RecipientUpdate update;
        update.outcome.cause = static_cast<mail::Cause>(i);
        must_apply(Settlement{.id = add.row.id, .updates = {update}});
        EXPECT_EQ(get(add.row.id).recipients.at(0).last.cause, update.outcome.cause) << i;
    }
}

TEST_P(Conformance, a_report_that_is_due_survives_a_restart) {
    const AddMessage add = testing::make_message(2);
    must_apply(add);
    RecipientUpdate failed = testing::done(0);
    failed.to = RecipientUpdate::To::report_due;
    must_apply(Settlement{.id = add.row.id, .updates = {failed, testing::done(1)}});
    reopen();
    const auto open = open_recipients();
    ASSERT_THAT(open, SizeIs(1));
    EXPECT_TRUE(open[0].report_due);
    // The report goes in as the recipient goes out, in one write.
    AddMessage report = testing::make_message(1);
    report.row.kind = MessageKind::dsn;
    report.row.sender = std::nullopt;
    Changes together;
    together.emplace_back(report);
    together.emplace_back(Settlement{.id = add.row.id, .updates = {testing::done(0)}});
    ASSERT_TRUE(apply(together));
    EXPECT_FALSE(there(add.row.id));
    EXPECT_TRUE(there(report.row.id));
}

TEST_P(Conformance, a_submission_is_written_whole_or_not_at_all) {
    const AddMessage present = testing::make_message();
    const AddMessage report = testing::make_message();
    must_apply(present);
    Changes changes;
    changes.emplace_back(report);
    changes.emplace_back(testing::settle_all(present));
    changes.emplace_back(report);  // a second one of the same id
    const auto applied = apply(changes);
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().kind, ErrorKind::conflict);
    EXPECT_TRUE(there(present.row.id));
    EXPECT_FALSE(there(report.row.id));
    changes.pop_back();
    ASSERT_TRUE(apply(changes));
    EXPECT_FALSE(there(present.row.id));
    EXPECT_TRUE(there(report.row.id));
}

TEST_P(Conformance, submissions_of_one_call_apply_in_order) {
    const AddMessage add = testing::make_message();
    const Changes in = testing::changes_of(add);
    const Changes held = testing::changes_of(SetHeld{.id = add.row.id, .held = true});
    const Changes out = testing::changes_of(testing::settle_all(add));
    const Changes* const all[] = {&in, &held, &out};
    ASSERT_TRUE(engine_->apply(all));
    EXPECT_FALSE(there(add.row.id));
    const Changes* const two[] = {&in, &held};
    ASSERT_TRUE(engine_->apply(two));
    EXPECT_TRUE(get(add.row.id).row.held);
}

TEST_P(Conformance, hold_release_retry_and_delay_notice) {
    const AddMessage add = testing::make_message(2);
    must_apply(add);
    must_apply(SetHeld{.id = add.row.id, .held = true});
    RecipientUpdate ended;
    ended.to = RecipientUpdate::To::report_due;
    ended.index = 1;
    ended.next_at = QueueTime(Milliseconds(5));
    must_apply(Settlement{.id = add.row.id, .updates = {ended}});
    must_apply(SetNextAttempt{.id = add.row.id, .next_at = QueueTime(Milliseconds(42))});
    must_apply(MarkDelayReported{.id = add.row.id, .indexes = {0}});
    reopen();
    Message message = get(add.row.id);
    EXPECT_TRUE(message.row.held);
    EXPECT_EQ(message.recipients.at(0).next_at, QueueTime(Milliseconds(42)));
    EXPECT_TRUE(message.recipients.at(0).delay_reported);
    EXPECT_EQ(message.recipients.at(1).next_at, QueueTime(Milliseconds(5)));  // not open
    EXPECT_FALSE(message.recipients.at(1).delay_reported);
    must_apply(SetHeld{.id = add.row.id, .held = false});
    EXPECT_FALSE(get(add.row.id).row.held);
}

TEST_P(Conformance, what_the_scheduler_loads_is_complete_and_in_order) {
    const AddMessage first = testing::make_message(2);
    AddMessage second = testing::make_message(1);
    second.row.account = "bob@example.com";
    second.row.held = true;
    second.recipients[0].address = testing::mailbox("x@Other.Example");
    second.recipients[0].next_at = QueueTime(Milliseconds(99));
    second.recipients[0].attempts = 4;
    must_apply(second);
    must_apply(first);
    const auto open = open_recipients();
    ASSERT_THAT(open, SizeIs(3));
    EXPECT_EQ(open[0].id, first.row.id);
    EXPECT_EQ(open[0].index, 0u);
    EXPECT_EQ(open[1].index, 1u);
    EXPECT_EQ(open[0].domain, "example.net");
    EXPECT_EQ(open[0].account, "alice@example.com");
    EXPECT_EQ(open[0].expires, first.row.expires);
    EXPECT_EQ(open[2].id, second.row.id);
    EXPECT_EQ(open[2].domain, "other.example");
    EXPECT_EQ(open[2].account, "bob@example.com");
    EXPECT_EQ(open[2].next_at, QueueTime(Milliseconds(99)));
    EXPECT_EQ(open[2].attempts, 4u);
    EXPECT_TRUE(open[2].held);
    EXPECT_FALSE(open[2].report_due);
}

TEST_P(Conformance, list_filters) {
    AddMessage held = testing::make_message(1);
    held.row.held = true;
    AddMessage other = testing::make_message(2);
    other.row.sender = testing::mailbox("Bob@example.com");
    other.recipients[1].address = testing::mailbox("x@other.example");
    AddMessage null_sender = testing::make_message(1);
    null_sender.row.sender = std::nullopt;
    for (const AddMessage& add : {held, other, null_sender}) must_apply(add);

    EXPECT_THAT(list({}), SizeIs(3));
    const auto of_held = list({.after = {}, .domain = {}, .sender = {}, .held_only = true});
    ASSERT_THAT(of_held, SizeIs(1));
    EXPECT_EQ(of_held[0].id, held.row.id);
    EXPECT_EQ(of_held[0].account, "alice@example.com");
    EXPECT_EQ(of_held[0].sender, "alice@example.com");
    EXPECT_EQ(of_held[0].size, held.row.header->size() + 2 + held.row.body.size);
    EXPECT_EQ(of_held[0].accepted_wall, held.row.accepted_wall);
    const auto of_domain = list({.after = {}, .domain = "OTHER.example", .sender = {}});
    ASSERT_THAT(of_domain, SizeIs(1));
    EXPECT_EQ(of_domain[0].id, other.row.id);
    EXPECT_THAT(of_domain[0].recipients, SizeIs(2));  // all of them, not only those of the domain
    const auto of_sender = list({.after = {}, .domain = {}, .sender = "bob@EXAMPLE.com"});
    ASSERT_THAT(of_sender, SizeIs(1));
    EXPECT_EQ(of_sender[0].id, other.row.id);
    EXPECT_THAT(list({.after = {}, .domain = "nowhere.example", .sender = {}}), IsEmpty());
    EXPECT_THAT(list({.after = {}, .domain = "' OR 1=1 --", .sender = {}}), IsEmpty());
}

TEST_P(Conformance, list_pages_through_everything_once) {
    std::vector<QueueId> ids;
    for (int i = 0; i < 25; ++i) {
        const AddMessage add = testing::make_message();
        ids.push_back(add.row.id);
        must_apply(add);
    }
    std::vector<QueueId> seen;
    QueueFilter filter{.after = {}, .limit = 10, .domain = {}, .sender = {}};
    for (;;) {
        const auto page = list(filter);
        if (page.empty()) break;
        EXPECT_LE(page.size(), 10u);
        for (const QueueSummary& summary : page) seen.push_back(summary.id);
        filter.after = page.back().id;
    }
    EXPECT_EQ(seen, ids);
    EXPECT_THAT(list({.after = {}, .limit = 0, .domain = {}, .sender = {}}), SizeIs(1));
    EXPECT_THAT(list({.after = {}, .limit = 1'000'000, .domain = {}, .sender = {}}), SizeIs(25));
}

TEST_P(Conformance, counts) {
    AddMessage held = testing::make_message(3, "12345");
    held.row.held = true;
    must_apply(held);
    must_apply(testing::make_message(1, "1"));
    RecipientUpdate ended = testing::done(0);
    ended.to = RecipientUpdate::To::report_due;
    must_apply(Settlement{.id = held.row.id, .updates = {ended}});
    const auto counts = engine_->counts();
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->messages, 2u);
    EXPECT_EQ(counts->recipients, 3u);  // the one that only waits for its report is not open
    EXPECT_EQ(counts->held, 1u);
    EXPECT_EQ(counts->octets, 2 * (held.row.header->size() + 2) + 6);
    must_apply(testing::settle_all(held));
    EXPECT_EQ(engine_->counts()->messages, 1u);
}

TEST_P(Conformance, clock_mark) {
    const auto none = engine_->clock_mark();
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
    for (const int seconds : {1, 61}) {
        must_apply(SaveClock{{.queue_time = QueueTime(Seconds(seconds)),
                              .wall = Timestamp(Seconds(1'763'900'000 + seconds))}});
    }
    reopen();
    const auto mark = engine_->clock_mark();
    ASSERT_TRUE(mark && *mark);
    EXPECT_EQ((*mark)->queue_time, QueueTime(Seconds(61)));
    EXPECT_EQ((*mark)->wall, Timestamp(Seconds(1'763'900'061)));
}

TEST_P(Conformance, content_files_are_named_and_removed_behind_the_commit) {
    AddMessage add = testing::make_message(1);
    add.row.body = Body{.octets = nullptr, .file = add.row.id.to_string(), .size = 5, .crc = 7};
    const std::string path = folder_ / ("content/" + add.row.body.file);
    testing::write_whole(path, "12345");
    must_apply(add);
    EXPECT_THAT(*engine_->content_files(), ElementsAre(add.row.body.file));
    const Message message = get(add.row.id);
    EXPECT_EQ(message.row.body.file, add.row.body.file);
    const auto body = engine_->inline_body(add.row.id);
    EXPECT_TRUE(body && !*body);
    must_apply(testing::settle_all(add));
    EXPECT_THAT(*engine_->content_files(), IsEmpty());
    engine_.reset();  // at the latest
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_P(Conformance, domains) {
    const Timestamp when(Milliseconds(1'763'900'000'000));
    must_apply(PutDomain{{.name = "b.example", .created = when}});
    must_apply(PutDomain{{.name = "a.example", .created = when}});
    must_apply(PutDomain{{.name = "a.example", .created = when + Seconds(1)}});
    reopen();
    const auto domains = engine_->domains();
    ASSERT_TRUE(domains);
    ASSERT_THAT(*domains, SizeIs(2));
    EXPECT_EQ((*domains)[0].name, "a.example");
    EXPECT_EQ((*domains)[0].created, when + Seconds(1));
    EXPECT_TRUE(engine_->domain("b.example")->has_value());
    must_apply(RemoveDomain{"b.example"});
    must_apply(RemoveDomain{"b.example"});
    EXPECT_FALSE(engine_->domain("b.example")->has_value());
}

AccountRow account_row(const std::string& address) {
    AccountRow row;
    row.address = address;
    row.name = "Ä Person";
    row.password_hash = "$argon2id$v=19$x";
    row.created = Timestamp(Milliseconds(1'763'900'000'000));
    return row;
}

TEST_P(Conformance, accounts_and_further_addresses) {
    AccountRow alice = account_row("alice@example.com");
    alice.also = {"sales@example.com", "info@example.com", "sales@example.com"};
    AccountRow bob = account_row("bob@example.com");
    bob.also = {"sales@example.com"};  // a shared address belongs to several
    bob.disabled = true;
    must_apply(PutAccount{bob});
    must_apply(PutAccount{alice});
    reopen();
    auto accounts = engine_->accounts();
    ASSERT_TRUE(accounts);
    ASSERT_THAT(*accounts, SizeIs(2));
    EXPECT_EQ((*accounts)[0].address, "alice@example.com");
    EXPECT_EQ((*accounts)[0].name, alice.name);
    EXPECT_EQ((*accounts)[0].password_hash, alice.password_hash);
    EXPECT_EQ((*accounts)[0].created, alice.created);
    EXPECT_FALSE((*accounts)[0].disabled);
    EXPECT_THAT((*accounts)[0].also, ElementsAre("info@example.com", "sales@example.com"));
    EXPECT_TRUE((*accounts)[1].disabled);
    EXPECT_THAT((*accounts)[1].also, ElementsAre("sales@example.com"));

    alice.also = {"new@example.com"};
    alice.password_hash = "";
    must_apply(PutAccount{alice});
    auto again = engine_->account("alice@example.com");
    ASSERT_TRUE(again && *again);
    EXPECT_THAT((*again)->also, ElementsAre("new@example.com"));
    EXPECT_EQ((*again)->password_hash, "");
    EXPECT_FALSE(
        engine_->account("Alice@example.com")->has_value());  // keys are compared as octets
    must_apply(RemoveAccount{"alice@example.com"});
    EXPECT_FALSE(engine_->account("alice@example.com")->has_value());
}

TEST_P(Conformance, app_passwords) {
    must_apply(PutAccount{account_row("alice@example.com")});
    AppPasswordRow phone{.id = "a1",
                         .account = "alice@example.com",
                         .name = "phone",
                         .digest = std::string(31, 'd') + '\0',
                         .created = Timestamp(Milliseconds(1'763'900'000'000))};
    AppPasswordRow laptop = phone;
    laptop.id = "b2";
    laptop.digest = std::string(32, 'e');
    laptop.created += Seconds(1);
    must_apply(PutAppPassword{laptop});
    must_apply(PutAppPassword{phone});
    reopen();
    const auto all = engine_->app_passwords("alice@example.com");
    ASSERT_TRUE(all);
    ASSERT_THAT(*all, SizeIs(2));
    EXPECT_EQ((*all)[0].id, "a1");
    EXPECT_EQ((*all)[0].name, "phone");
    const auto found = engine_->app_password_by_digest(phone.digest);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->id, "a1");
    EXPECT_EQ((*found)->digest, phone.digest);
    EXPECT_EQ((*found)->created, phone.created);
    EXPECT_FALSE(engine_->app_password_by_digest(std::string(31, 'd'))->has_value());

    AppPasswordRow taken = phone;
    taken.id = "c3";
    const auto conflict = apply(testing::changes_of(PutAppPassword{taken}));
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().kind, ErrorKind::conflict);
    AppPasswordRow stranger = phone;
    stranger.account = "nobody@example.com";
    stranger.digest = std::string(32, 'f');
    const auto missing = apply(testing::changes_of(PutAppPassword{stranger}));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind, ErrorKind::not_found);

    must_apply(RemoveAppPassword{.account = "alice@example.com", .id = "b2"});
    EXPECT_FALSE(engine_->app_password_by_digest(laptop.digest)->has_value());
    must_apply(RemoveAccount{"alice@example.com"});
    EXPECT_FALSE(engine_->app_password_by_digest(phone.digest)->has_value());
}

TEST_P(Conformance, the_secret_is_made_once) {
    const std::string secret = engine_->server_secret();
    EXPECT_EQ(secret.size(), 32u);
    reopen();
    EXPECT_EQ(engine_->server_secret(), secret);
    const testing::TempFolder other;
    std::filesystem::create_directory(other / "content");
    EXPECT_NE(open_copy(other.path())->server_secret(), secret);
}

TEST_P(Conformance, backup_is_complete_held_and_opens) {
    AddMessage in_file = testing::make_message(1);
    in_file.row.body = Body{
        .octets = nullptr, .file = in_file.row.id.to_string(), .size = 5, .crc = crc32c("12345")};
    testing::write_whole(folder_ / ("content/" + in_file.row.body.file), "12345");
    const AddMessage small = testing::make_message(2);
    AddMessage lost = testing::make_message(1);
    lost.row.body = Body{.octets = nullptr, .file = lost.row.id.to_string(), .size = 5, .crc = 1};
    for (const AddMessage& add : {in_file, small, lost}) must_apply(add);
    must_apply(PutAccount{account_row("alice@example.com")});
    must_apply(SaveClock{
        {.queue_time = QueueTime(Seconds(5)), .wall = Timestamp(Seconds(1'763'900'000))}});

    const std::string target = folder_ / "copy";
    const auto made = engine_->backup(target);
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_FALSE(get(small.row.id).row.held);  // the original goes on

    const auto copy = open_copy(target);
    ASSERT_NE(copy, nullptr);
    EXPECT_EQ(copy->server_secret(), engine_->server_secret());
    EXPECT_EQ((*copy->clock_mark())->queue_time, QueueTime(Seconds(5)));
    EXPECT_TRUE(copy->account("alice@example.com")->has_value());
    std::size_t held = 0;
    ASSERT_TRUE(copy->for_each_open([&](const OpenRecipient& open) { held += open.held ? 1 : 0; }));
    EXPECT_EQ(held, 4u);
    ContentReader reader(target + "/content", (*copy->message(in_file.row.id))->row.body);
    EXPECT_EQ(reader.next().value_or(""), "12345");
    EXPECT_TRUE(copy->message(lost.row.id)
                    ->has_value());  // it lost its content before, and goes on saying so
    const Changes out = testing::changes_of(testing::settle_all(small));
    const Changes* const one = &out;
    EXPECT_TRUE(copy->apply({&one, 1}));

    const auto twice = engine_->backup(target);
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().kind, ErrorKind::conflict);
    const auto nowhere = engine_->backup(folder_ / "missing/copy");
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().kind, ErrorKind::not_found);
}

TEST_P(Conformance, housekeeping_changes_nothing) {
    std::vector<AddMessage> messages;
    Changes changes;
    for (int i = 0; i < 200; ++i) {
        messages.push_back(testing::make_message(1, std::string(20'000, 'x')));
        changes.emplace_back(messages.back());
    }
    ASSERT_TRUE(apply(changes));
    for (int i = 0; i < 200; i += 2)
        must_apply(testing::settle_all(messages[static_cast<std::size_t>(i)]));
    for (int i = 0; i < 1000 && engine_->wants_maintenance(); ++i) engine_->maintain();
    EXPECT_FALSE(engine_->wants_maintenance());
    EXPECT_EQ(engine_->counts()->messages, 100u);
    reopen();
    EXPECT_EQ(engine_->counts()->messages, 100u);
    EXPECT_EQ(**engine_->inline_body(messages[1].row.id), std::string(20'000, 'x'));
}

Result<std::unique_ptr<Engine>> open_sqlite(const std::string& folder) {
    PH_TRY(auto engine, sqlite::SqliteEngine::open({.folder = folder,
                                                    .content_folder = folder + "/content",
                                                    .create = true,
                                                    .readers = {}}));
    return std::unique_ptr<Engine>(std::move(engine));
}

INSTANTIATE_TEST_SUITE_P(Engines, Conformance, ::testing::Values(EngineKind{"sqlite", open_sqlite}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace posthaste::store
