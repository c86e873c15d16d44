// What every engine must do with the queue, whatever database is behind it.
#include "store/conformance.h"
#include "store/content.h"

#include <gmock/gmock.h>

namespace posthaste::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConformanceQueue : public testing::Conformance {};

AddMessage full_message() {
    AddMessage add = testing::make_message(2, std::string("a\0b\r\n", 5));
    add.row.kind = MessageKind::dsn;
    add.row.sender = std::nullopt;
    add.row.account = "";
    add.row.body_type = mail::BodyType::eight_bit;
    add.row.smtputf8 = true;
    add.row.ret = mail::Ret::headers;
    add.row.envid = "QQ+3D314159";
    add.row.tls_wish = TlsWish::optional;
    add.row.priority = -9;
    add.row.profile = Profile::bulk;
    add.row.route = "second";
    add.row.verp = Verp::recipient;
    add.row.hold = Hold::held;
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
                   .tls_policy = "dane",
                   .source_ip = "192.0.2.9",
                   .cause = mail::Cause::invalid_recipient,
                   .rule = "iana/5.1.1",
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
    EXPECT_EQ(a.tls_policy, b.tls_policy);
    EXPECT_EQ(a.source_ip, b.source_ip);
    EXPECT_EQ(a.cause, b.cause);
    EXPECT_EQ(a.rule, b.rule);
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

TEST_P(ConformanceQueue, every_field_comes_back_after_a_restart) {
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
    EXPECT_EQ(message.row.tls_wish, add.row.tls_wish);
    EXPECT_EQ(message.row.priority, add.row.priority);
    EXPECT_EQ(message.row.profile, add.row.profile);
    EXPECT_EQ(message.row.route, add.row.route);
    EXPECT_EQ(message.row.verp, add.row.verp);
    EXPECT_EQ(message.row.accepted_wall, add.row.accepted_wall);
    EXPECT_EQ(message.row.accepted, add.row.accepted);
    EXPECT_EQ(message.row.expires, add.row.expires);
    EXPECT_EQ(message.row.hold, add.row.hold);
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

TEST_P(ConformanceQueue, a_message_with_an_empty_body_and_header) {
    AddMessage add = testing::make_message(1, "");
    add.row.header = std::make_shared<const std::string>();
    must_apply(add);
    EXPECT_EQ(*get(add.row.id).row.header, "");
    const auto body = engine_->inline_body(add.row.id);
    ASSERT_TRUE(body && *body);
    EXPECT_EQ(**body, "");
}

TEST_P(ConformanceQueue, what_is_not_there_is_nothing_and_no_error) {
    const QueueId id = QueueId::make();
    EXPECT_FALSE(there(id));
    const auto body = engine_->inline_body(id);
    EXPECT_TRUE(body && !*body);
    must_apply(Settlement{.id = id, .updates = {testing::done(0)}});
    must_apply(SetHold{.id = id, .hold = Hold::held});
    must_apply(SetNextAttempt{.id = id, .next_at = {}, .only = {}});
    must_apply(MarkDelayReported{.id = id, .indexes = {0, 1}});
    EXPECT_FALSE(there(id));
    EXPECT_TRUE(engine_->apply({}));
}

TEST_P(ConformanceQueue, the_message_goes_with_its_last_recipient) {
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

TEST_P(ConformanceQueue, an_attempt_that_failed_is_kept_with_its_outcome) {
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

TEST_P(ConformanceQueue, every_cause_survives) {
    const AddMessage add = testing::make_message(1);
    must_apply(add);
    for (int i = 0; i <= static_cast<int>(mail::Cause::unknown); ++i) {
        RecipientUpdate update;
        update.outcome.cause = static_cast<mail::Cause>(i);
        must_apply(Settlement{.id = add.row.id, .updates = {update}});
        EXPECT_EQ(get(add.row.id).recipients.at(0).last.cause, update.outcome.cause) << i;
    }
}

TEST_P(ConformanceQueue, a_report_that_is_due_survives_a_restart) {
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

TEST_P(ConformanceQueue, a_submission_is_written_whole_or_not_at_all) {
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

TEST_P(ConformanceQueue, submissions_of_one_call_apply_in_order) {
    const AddMessage add = testing::make_message();
    const Changes in = testing::changes_of(add);
    const Changes held = testing::changes_of(SetHold{.id = add.row.id, .hold = Hold::held});
    const Changes out = testing::changes_of(testing::settle_all(add));
    const Changes* const all[] = {&in, &held, &out};
    ASSERT_TRUE(engine_->apply(all));
    EXPECT_FALSE(there(add.row.id));
    const Changes* const two[] = {&in, &held};
    ASSERT_TRUE(engine_->apply(two));
    EXPECT_EQ(get(add.row.id).row.hold, Hold::held);
}

TEST_P(ConformanceQueue, hold_release_retry_and_delay_notice) {
    const AddMessage add = testing::make_message(2);
    must_apply(add);
    must_apply(SetHold{.id = add.row.id, .hold = Hold::held});
    RecipientUpdate ended;
    ended.to = RecipientUpdate::To::report_due;
    ended.index = 1;
    ended.next_at = QueueTime(Milliseconds(5));
    must_apply(Settlement{.id = add.row.id, .updates = {ended}});
    must_apply(
        SetNextAttempt{.id = add.row.id, .next_at = QueueTime(Milliseconds(42)), .only = {}});
    must_apply(MarkDelayReported{.id = add.row.id, .indexes = {0}});
    reopen();
    Message message = get(add.row.id);
    EXPECT_EQ(message.row.hold, Hold::held);
    EXPECT_EQ(message.recipients.at(0).next_at, QueueTime(Milliseconds(42)));
    EXPECT_TRUE(message.recipients.at(0).delay_reported);
    EXPECT_EQ(message.recipients.at(1).next_at, QueueTime(Milliseconds(5)));  // not open
    EXPECT_FALSE(message.recipients.at(1).delay_reported);
    must_apply(SetHold{.id = add.row.id, .hold = Hold::released});
    EXPECT_EQ(get(add.row.id).row.hold, Hold::released);
}

TEST_P(ConformanceQueue, a_person_chooses_a_route) {
    AddMessage add = testing::make_message(1);
    add.row.route.clear();
    must_apply(add);
    EXPECT_EQ(open_recipients().at(0).route, "");
    EXPECT_EQ(open_recipients().at(0).sender, mail::to_string(add.row.sender));
    must_apply(SetRoute{.id = add.row.id, .route = "second"});
    reopen();
    EXPECT_EQ(get(add.row.id).row.route, "second");
    EXPECT_EQ(open_recipients().at(0).route, "second");
    must_apply(SetRoute{.id = QueueId::make(), .route = "second"});  // gone meanwhile
}

TEST_P(ConformanceQueue, a_retry_of_some_recipients_leaves_the_others) {
    const AddMessage add = testing::make_message(3);
    must_apply(add);
    must_apply(SetNextAttempt{
        .id = add.row.id, .next_at = QueueTime(Milliseconds(42)), .only = {{0, 2, 7}}});
    const Message message = get(add.row.id);
    EXPECT_EQ(message.recipients.at(0).next_at, QueueTime(Milliseconds(42)));
    EXPECT_EQ(message.recipients.at(1).next_at, add.recipients.at(1).next_at);
    EXPECT_EQ(message.recipients.at(2).next_at, QueueTime(Milliseconds(42)));
}

TEST_P(ConformanceQueue, what_the_scheduler_loads_is_complete_and_in_order) {
    const AddMessage first = testing::make_message(2);
    AddMessage second = testing::make_message(1);
    second.row.account = "bob@example.com";
    second.row.hold = Hold::held;
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
    EXPECT_EQ(open[2].hold, Hold::held);
    EXPECT_FALSE(open[2].report_due);
}

TEST_P(ConformanceQueue, list_filters) {
    AddMessage held = testing::make_message(1);
    held.row.hold = Hold::held;
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

TEST_P(ConformanceQueue, list_pages_through_everything_once) {
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

TEST_P(ConformanceQueue, counts) {
    AddMessage held = testing::make_message(3, "12345");
    held.row.hold = Hold::held;
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

TEST_P(ConformanceQueue, clock_mark) {
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

TEST_P(ConformanceQueue, content_files_are_named_and_removed_behind_the_commit) {
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

TEST_P(ConformanceQueue, backup_is_complete_held_and_opens) {
    AddMessage in_file = testing::make_message(1);
    in_file.row.body = Body{
        .octets = nullptr, .file = in_file.row.id.to_string(), .size = 5, .crc = crc32c("12345")};
    testing::write_whole(folder_ / ("content/" + in_file.row.body.file), "12345");
    const AddMessage small = testing::make_message(2);
    AddMessage lost = testing::make_message(1);
    lost.row.body = Body{.octets = nullptr, .file = lost.row.id.to_string(), .size = 5, .crc = 1};
    for (const AddMessage& add : {in_file, small, lost}) must_apply(add);
    must_apply(PutAccount{testing::account_row("alice@example.com")});
    must_apply(SaveClock{
        {.queue_time = QueueTime(Seconds(5)), .wall = Timestamp(Seconds(1'763'900'000))}});

    const testing::TempFolder elsewhere;
    const std::string target = elsewhere / "copy";
    const auto made = engine_->backup(target);
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ(get(small.row.id).row.hold, Hold::none);  // the original goes on

    const auto copy = open_copy(target);
    ASSERT_NE(copy, nullptr);
    EXPECT_EQ(copy->server_secret(), engine_->server_secret());
    EXPECT_EQ((*copy->clock_mark())->queue_time, QueueTime(Seconds(5)));
    EXPECT_TRUE(copy->account("alice@example.com")->has_value());
    std::size_t held = 0;
    ASSERT_TRUE(copy->for_each_open(
        [&](const OpenRecipient& open) { held += open.hold == Hold::held ? 1 : 0; }));
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
    const auto inside = engine_->backup(folder_ / "copy");
    ASSERT_FALSE(inside);
    EXPECT_EQ(inside.error().kind, ErrorKind::denied);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "copy"));
    const auto nowhere = engine_->backup(elsewhere / "missing/copy");
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().kind, ErrorKind::not_found);
}

TEST_P(ConformanceQueue, housekeeping_changes_nothing) {
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

TEST_P(ConformanceQueue, records_are_numbered_without_a_gap_and_forgotten) {
    const QueueId id = QueueId::make();
    const Timestamp at(Milliseconds(1'763'900'000'000));
    const auto record = [&](std::string data) {
        return AddRecord{id, at, RecordType::held, std::move(data)};
    };
    must_apply(record("one"));
    // Refused as a whole: its record's number is given to the next.
    const AddMessage add = full_message();
    must_apply(add);
    Changes refused;
    refused.push_back(record("never"));
    refused.push_back(add);
    EXPECT_FALSE(apply(refused));
    must_apply(record(std::string("t\0o", 3)));
    EXPECT_EQ(engine_->last_record(), 2U);
    reopen();
    EXPECT_EQ(engine_->last_record(), 2U);
    auto rows = engine_->waiting_records(0, 10);
    ASSERT_TRUE(rows);
    ASSERT_THAT(*rows, SizeIs(2));
    EXPECT_EQ((*rows)[1].number, 2U);
    EXPECT_EQ((*rows)[1].data, std::string("t\0o", 3));
    EXPECT_EQ((*rows)[1].id, id);
    EXPECT_EQ((*rows)[1].at, at);
    EXPECT_EQ((*rows)[1].type, RecordType::held);
    EXPECT_THAT(*engine_->waiting_records(1, 10), SizeIs(1));
    EXPECT_THAT(*engine_->waiting_records(0, 1), SizeIs(1));
    must_apply(ForgetRecords{2});
    reopen();
    EXPECT_THAT(*engine_->waiting_records(0, 10), ::testing::IsEmpty());
    EXPECT_EQ(engine_->last_record(), 2U);
    must_apply(ForgetRecords{7});
    must_apply(ForgetRecords{3});
    must_apply(record("eight"));
    reopen();
    EXPECT_EQ(engine_->last_record(), 8U);
}

INSTANTIATE_TEST_SUITE_P(Engines, ConformanceQueue, ::testing::ValuesIn(testing::engine_kinds()),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace posthaste::store
