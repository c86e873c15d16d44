// The client's dialogue over a stream in memory, against servers that misbehave.
#include "delivery/client/client.h"

#include "delivery/testing.h"
#include "net/memory_stream.h"

#include <gtest/gtest.h>

namespace posthaste::delivery {
namespace {

using testing_tools::Loop;

// Writes its pieces one after another, each once something has been read; keeps what it reads.
struct Script {
    std::vector<std::string> pieces;
    std::string heard{};
    Milliseconds pause{0};  // before each line of a piece: a server that takes its time
    std::optional<Milliseconds> last_pause{};  // and before the last piece
};

runtime::Task<bool> say(net::Stream& stream, std::string piece, Milliseconds pause) {
    while (!piece.empty()) {
        const auto end = pause.count() > 0 ? piece.find('\n') + 1 : piece.size();
        auto sleeping = runtime::sleep_for(pause);
        const auto slept = co_await std::move(sleeping);
        if (!slept) co_return false;
        const std::string line = piece.substr(0, end);
        auto writing = stream.write(line);
        const auto written = co_await std::move(writing);
        if (!written) co_return false;
        piece.erase(0, end);
    }
    co_return true;
}

runtime::Task<void> play(std::unique_ptr<net::Stream> stream, Script& script) {
    stream->expires_after(Seconds(5));
    for (const std::string& piece : script.pieces) {
        const bool last = &piece == &script.pieces.back();
        auto saying =
            say(*stream, piece, last ? script.last_pause.value_or(script.pause) : script.pause);
        const bool said = co_await std::move(saying);
        if (!said) co_return;
        auto filling = stream->fill();
        auto filled = co_await std::move(filling);
        if (!filled) co_return;
        script.heard += stream->buffered();
        stream->consume(stream->buffered().size());
    }
    auto closing = stream->close();
    co_await std::move(closing);
}

class ClientTest : public testing::Test {
  protected:
    ClientTest() {
        auto opened = store::Store::open(
            {.path = folder_ / "store", .create = true, .committer = {}, .content_memory = 1 << 20},
            loop_.log);
        PH_ASSERT(opened.has_value());
        store_ = std::move(*opened);
    }

    // Greets and sends one message to `recipients`; what became of it.
    std::optional<TransactionEnd> converse(Script& script,
                                           const std::vector<std::string>& recipients) {
        return loop_.run(talk(script, recipients));
    }

    runtime::Task<TransactionEnd> talk(Script& script, std::vector<std::string> recipients) {
        auto [client, server] = net::make_memory_streams();
        runtime::TaskGroup group(loop_.workers[0], loop_.log);
        group.spawn(play(std::move(server), script));
        ClientSession session(std::move(client), "hop.example",
                              {.hostname = "mail.example.com",
                               .banner_timeout = Seconds(1),
                               .command_timeout = Seconds(1),
                               .final_dot_timeout = Seconds(1),
                               .recipients_timeout = recipients_timeout_});
        if (end_) session.must_end_by(Deadline::after(*end_), "our time was over");
        TransactionEnd end;
        auto greeting = session.greet(true);
        auto greeted = co_await std::move(greeting);
        if (greeted) {
            store::AddMessage message = store::testing::make_message(1, "Line\r\n.dot\r\n");
            auto row = std::make_shared<const store::MessageRow>(message.row);
            auto opening = ContentSource::open(*store_, blocking_, row);
            auto body = co_await std::move(opening);
            Outgoing outgoing;
            outgoing.mail.sender = row->sender;
            for (const auto& text : recipients) {
                outgoing.recipients.push_back(
                    {store::testing::mailbox(text), mail::Notify::unset, ""});
            }
            outgoing.header = row->header;
            outgoing.body = &*body;
            auto sending = session.send(outgoing);
            end = co_await std::move(sending);
        } else {
            end.whole = greeted.error();
        }
        usable_ = session.is_usable();
        session.abort();
        auto closing = group.close();
        co_await std::move(closing);
        co_return end;
    }

    store::testing::TempFolder folder_;
    Loop loop_;
    runtime::BlockingPool blocking_{"blocking", 1, 10};
    std::unique_ptr<store::Store> store_;
    bool usable_ = false;
    Seconds recipients_timeout_{20};
    std::optional<Milliseconds> end_;  // of the whole session
};

const std::string kHello = "250-hop.example\r\n250 PIPELINING\r\n";

TEST_F(ClientTest, PipelinesAndStuffsDots) {
    Script script{{"220 hi\r\n", kHello, "250 ok\r\n250 ok\r\n354 go\r\n", "250 2.0.0 taken\r\n"},
                  ""};
    const auto end = converse(script, {"a@example.net"});
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->delivered);
    EXPECT_TRUE(usable_);
    EXPECT_EQ(script.heard,
              "EHLO mail.example.com\r\nMAIL FROM:<alice@example.com>\r\nRCPT "
              "TO:<a@example.net>\r\nDATA\r\n"
              "Subject: test\r\n\r\nLine\r\n..dot\r\n.\r\n");
}

TEST_F(ClientTest, SaysHeloWhereEhloIsUnknown) {
    Script script{{"220 hi\r\n", "502 what\r\n", "250 hello\r\n", "250 ok\r\n", "250 ok\r\n",
                   "354 go\r\n", "250 ok\r\n"},
                  ""};
    const auto end = converse(script, {"a@example.net"});
    EXPECT_TRUE(end->delivered);
    EXPECT_NE(script.heard.find("HELO mail.example.com\r\nMAIL FROM:<alice@example.com>\r\nRCPT"),
              std::string::npos);
}

// delivery.md O-18, criterion 26.
TEST_F(ClientTest, WhenNobodyIsTakenAndContentIsWantedItGetsALoneDot) {
    Script script{
        {"220 hi\r\n", kHello, "250 ok\r\n550 no\r\n551 no\r\n354 go\r\n", "554 nothing\r\n"}, ""};
    const auto end = converse(script, {"a@example.net", "b@example.net"});
    EXPECT_FALSE(end->delivered);
    EXPECT_FALSE(end->whole);
    EXPECT_EQ(end->refused[0]->reply.code, 550);
    EXPECT_EQ(end->refused[1]->reply.code, 551);
    EXPECT_TRUE(script.heard.ends_with("DATA\r\n.\r\n")) << script.heard;
    EXPECT_TRUE(usable_);
}

TEST_F(ClientTest, AfterARefusedMailTheAnswersBehindItAreStillRead) {
    Script script{{"220 hi\r\n", kHello, "451 later\r\n503 no\r\n503 no\r\n"}, ""};
    const auto end = converse(script, {"a@example.net"});
    ASSERT_TRUE(end->whole);
    EXPECT_EQ(end->whole->reply.code, 451);
    EXPECT_TRUE(usable_);
}

TEST_F(ClientTest, OneOfThreeIsRefused) {
    Script script{{"220 hi\r\n", kHello, "250 ok\r\n250 ok\r\n450 later\r\n250 ok\r\n354 go\r\n",
                   "250 ok\r\n"},
                  ""};
    const auto end = converse(script, {"a@example.net", "b@example.net", "c@example.net"});
    EXPECT_TRUE(end->delivered);
    EXPECT_FALSE(end->refused[0]);
    EXPECT_EQ(end->refused[1]->reply.code, 450);
    EXPECT_FALSE(end->refused[2]);
}

struct HostileRow {
    const char* name;
    std::vector<std::string> pieces;
    Stage stage;
    What what;
};

class Hostile : public ClientTest, public testing::WithParamInterface<HostileRow> {};

TEST_P(Hostile, IsAnIncidentAndTheSessionIsOver) {
    Script script{GetParam().pieces, ""};
    const auto end = converse(script, {"a@example.net"});
    ASSERT_TRUE(end && end->whole);
    EXPECT_EQ(to_string(end->whole->stage), to_string(GetParam().stage));
    EXPECT_EQ(static_cast<int>(end->whole->what), static_cast<int>(GetParam().what))
        << end->whole->text;
    EXPECT_FALSE(end->delivered);
    if (GetParam().what != What::reply) EXPECT_FALSE(usable_);
}

std::string many(const std::string& line, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += line;
    return text;
}

INSTANTIATE_TEST_SUITE_P(
    All, Hostile,
    testing::Values(
        HostileRow{"no_smtp_at_all", {"SSH-2.0-OpenSSH_9.2\r\n"}, Stage::banner, What::malformed},
        HostileRow{
            "an_endless_line", {std::string(5000, '2') + "\r\n"}, Stage::banner, What::malformed},
        HostileRow{"a_line_without_end", {std::string(5000, '2')}, Stage::banner, What::malformed},
        HostileRow{"endless_lines", {many("220-more\r\n", 200)}, Stage::banner, What::malformed},
        HostileRow{
            "two_codes_in_one_reply", {"220-hi\r\n250 no\r\n"}, Stage::banner, What::malformed},
        HostileRow{"a_code_of_one_hundred", {"120 wait\r\n"}, Stage::banner, What::malformed},
        HostileRow{"nothing", {}, Stage::banner, What::lost},
        HostileRow{"a_refusing_banner", {"554 no\r\n"}, Stage::banner, What::reply},
        HostileRow{"two_banners", {"220 hi\r\n250 hop\r\n"}, Stage::banner, What::malformed},
        HostileRow{"answers_to_nothing",
                   {"220 hi\r\n", std::string(kHello) + "250 ok\r\n250 ok\r\n354 go\r\n"},
                   Stage::ehlo,
                   What::malformed},
        HostileRow{"lost_after_hello", {"220 hi\r\n"}, Stage::ehlo, What::lost},
        HostileRow{"refuses_both_hellos",
                   {"220 hi\r\n", "550 no\r\n", "550 no\r\n"},
                   Stage::ehlo,
                   What::reply},
        HostileRow{"lost_at_mail", {"220 hi\r\n", kHello}, Stage::mail, What::lost},
        HostileRow{
            "silent_at_rcpt", {"220 hi\r\n", kHello, "250 ok\r\n"}, Stage::rcpt, What::timed_out},
        HostileRow{"goodbye_at_rcpt",
                   {"220 hi\r\n", kHello, "250 ok\r\n421 bye\r\n"},
                   Stage::rcpt,
                   What::reply},
        HostileRow{"silent_at_data",
                   {"220 hi\r\n", kHello, "250 ok\r\n250 ok\r\n"},
                   Stage::data,
                   What::timed_out},
        HostileRow{"an_answer_before_the_content",
                   {"220 hi\r\n", kHello, "250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n"},
                   Stage::data,
                   What::malformed},
        HostileRow{"takes_data_without_content",
                   {"220 hi\r\n", kHello, "250 ok\r\n250 ok\r\n250 taken\r\n"},
                   Stage::data,
                   What::reply},
        HostileRow{"lost_after_the_dot",
                   {"220 hi\r\n", kHello, "250 ok\r\n250 ok\r\n354 go\r\n"},
                   Stage::final_dot,
                   What::lost},
        HostileRow{"garbage_after_the_dot",
                   {"220 hi\r\n", kHello, "250 ok\r\n250 ok\r\n354 go\r\n", "thanks\r\n"},
                   Stage::final_dot,
                   What::malformed}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ClientTest, ASilentServerRunsIntoTheDeadline) {
    const auto silent = [](ClientTest& test) -> runtime::Task<Step<>> {
        auto [client, server] = net::make_memory_streams();
        static_cast<void>(test);
        ClientSession session(std::move(client), "hop.example",
                              {"mail.example.com", Seconds(0), Seconds(0), Seconds(0)});
        auto greeting = session.greet(true);
        auto greeted = co_await std::move(greeting);
        co_return greeted;
    };
    const auto greeted = loop_.run(silent(*this));
    ASSERT_TRUE(greeted && !*greeted);
    EXPECT_EQ(static_cast<int>(greeted->error().what), static_cast<int>(What::timed_out));
}

// Octets alone do not move the deadline: it is that of the whole reply.
TEST_F(ClientTest, AGreetingThatNeverEndsRunsIntoTheDeadline) {
    const auto begun = [](ClientTest& test) -> runtime::Task<Step<>> {
        static_cast<void>(test);
        auto [client, server] = net::make_memory_streams();
        ClientSession session(std::move(client), "hop.example",
                              {"mail.example.com", Seconds(1), Seconds(1), Seconds(1)});
        auto begin = server->write("220 one octet at a time ");
        auto written = co_await std::move(begin);
        EXPECT_TRUE(written);
        auto greeting = session.greet(true);
        auto greeted = co_await std::move(greeting);
        co_return greeted;
    };
    const auto greeted = loop_.run(begun(*this));
    ASSERT_TRUE(greeted && !*greeted);
    EXPECT_EQ(static_cast<int>(greeted->error().what), static_cast<int>(What::timed_out));
    EXPECT_EQ(to_string(greeted->error().stage), to_string(Stage::banner));
}

// Each answer comes in time, and all together never would.
TEST_F(ClientTest, AnswersToRecipientsHaveATimeForAllOfThem) {
    recipients_timeout_ = Seconds(1);
    Script script{{"220 hi\r\n", kHello, many("250 ok\r\n", 12), "354 go\r\n"}};
    script.pause = Milliseconds(300);
    std::vector<std::string> to;
    for (int i = 0; i < 11; ++i) to.push_back("r" + std::to_string(i) + "@example.net");
    const SteadyTime began = std::chrono::steady_clock::now();
    const auto end = converse(script, to);
    EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds(4));
    ASSERT_TRUE(end && end->whole);
    EXPECT_EQ(to_string(end->whole->stage), to_string(Stage::rcpt));
    EXPECT_EQ(static_cast<int>(end->whole->what), static_cast<int>(What::timed_out));
    EXPECT_TRUE(end->whole->text.starts_with("it had answered for ")) << end->whole->text;
    EXPECT_TRUE(end->whole->text.ends_with(" of 11 recipients after 1 s")) << end->whole->text;
    EXPECT_FALSE(usable_);
}

TEST_F(ClientTest, NoStepGoesOnBehindTheEndOfTheSession) {
    end_ = Milliseconds(500);
    Script script{{"220 hi\r\n", kHello, many("250 ok\r\n", 12), "354 go\r\n"}};
    script.pause = Milliseconds(150);
    const auto end = converse(script, {"a@example.net", "b@example.net", "c@example.net"});
    ASSERT_TRUE(end && end->whole);
    EXPECT_EQ(static_cast<int>(end->whole->what), static_cast<int>(What::timed_out));
    EXPECT_EQ(end->whole->text, "our time was over");
}

// RFC 1047: who breaks off behind the dot makes duplicates.
TEST_F(ClientTest, TheAnswerToTheDotIsWaitedForBehindTheEndOfTheSession) {
    end_ = Milliseconds(700);
    Script script{{"220 hi\r\n", kHello, "250 ok\r\n250 ok\r\n354 go\r\n", "250 taken\r\n"}};
    script.pause = Milliseconds(100);
    script.last_pause = Milliseconds(700);
    const auto end = converse(script, {"a@example.net"});
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->delivered) << (end->whole ? end->whole->text : "");
}

}  // namespace
}  // namespace posthaste::delivery
