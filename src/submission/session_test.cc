// What a script cannot say: many recipients, large content, time, shutdown, what is stored, what is
// logged.
#include "submission/session.h"

#include "base/base64.h"
#include "submission/testing.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

using testing::Client;
using testing::default_options;
using testing::Rig;

constexpr const char* kFrom = "From: anna@example.com\r\n";

void begin(Client& client, const std::string& mail = "MAIL FROM:<anna@example.com>") {
    ASSERT_EQ(client.say(mail), "250 2.1.0 Ok");
    ASSERT_EQ(client.say("RCPT TO:<bob@example.org>"), "250 2.1.5 Ok");
}

std::string stored_body(const queue::Submission& submission, const Rig& rig) {
    if (submission.body.octets) return *submission.body.octets;
    return store::testing::read_whole(rig.folder.path() + '/' + submission.body.file);
}

TEST(SessionStores, OctetsAndEnvelopeAsTheyCame) {
    Rig rig;
    Client client(rig);
    client.log_in();
    begin(client, "MAIL FROM:<Anna@example.com> SMTPUTF8 RET=HDRS ENVID=id-7");
    client.say("RCPT TO:<Carol@example.org> NOTIFY=SUCCESS ORCPT=rfc822;x@y");
    client.say("RCPT TO:<Carol@EXAMPLE.org> NOTIFY=NEVER");
    client.say("RCPT TO:<postmaster>");
    ASSERT_EQ(client.say("DATA").substr(0, 3), "354");
    const std::string body =
        "..dot\r\n \r\ntrailing  \r\n\xfc\r\n" + std::string(998, 'x') + "\r\n";
    const std::string reply = client.say(std::string(kFrom) + "\r\n." + body + ".");
    ASSERT_EQ(rig.backend.submissions.size(), 1U);
    const auto& stored = rig.backend.submissions.front();
    EXPECT_EQ(reply, "250 2.0.0 Accepted as " + stored.id.to_string());
    EXPECT_EQ(stored_body(stored, rig), body);
    EXPECT_EQ(stored.account, "anna@example.com");
    EXPECT_EQ(stored.client, "127.0.0.1");
    EXPECT_EQ(stored.tls, "TLSv1.3");
    EXPECT_EQ(mail::to_string(stored.envelope.sender), "Anna@example.com");
    EXPECT_TRUE(stored.envelope.smtputf8);
    EXPECT_EQ(stored.envelope.body, mail::BodyType::eight_bit);
    EXPECT_EQ(stored.envelope.ret, mail::Ret::headers);
    EXPECT_EQ(stored.envelope.envid, "id-7");
    ASSERT_EQ(stored.envelope.recipients.size(), 3U);
    EXPECT_EQ(stored.envelope.recipients[1].notify, mail::Notify::success);
    EXPECT_EQ(stored.envelope.recipients[1].orcpt, "rfc822;x@y");
    EXPECT_EQ(stored.envelope.recipients[2].address.to_string(), "postmaster@example.com");
    EXPECT_TRUE(
        stored.header.starts_with("Received: from [authenticated] by mail.example.com\r\n\twith "
                                  "UTF8SMTPSA (TLSv1.3) id " +
                                  stored.id.to_string()))
        << stored.header;
    EXPECT_EQ(stored.header.find("127.0.0.1"), std::string::npos);
    EXPECT_EQ(stored.header.find("test"), std::string::npos);  // what EHLO said
}

TEST(SessionStores, ARepairedBodyInPlaceOfTheOneThatCame) {
    Options options = default_options();
    options.message_size = 8u << 20;
    Rig rig(options);
    Client client(rig);
    client.log_in();
    for (const std::size_t size : {5'000U, 1'000'000U}) {
        begin(client);
        client.say("DATA");
        client.send(std::string(kFrom) + "\r\n" + std::string(size, 'x') + "\r\n\xc3\xbc\r\n.\r\n");
        ASSERT_EQ(client.reply().substr(0, 3), "250");
        const auto& stored = rig.backend.submissions.back();
        const std::string body = stored_body(stored, rig);
        EXPECT_EQ(body.size(), stored.body.size);
        EXPECT_TRUE(body.ends_with("=\r\n" + std::string(size % 75, 'x') + "\r\n=C3=BC\r\n"))
            << body.substr(body.size() - 100);
        EXPECT_EQ(stored.envelope.body, mail::BodyType::seven_bit);
        EXPECT_TRUE(stored.header.contains("\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
        ASSERT_FALSE(stored.changes.empty());
        EXPECT_TRUE(stored.changes.back().ends_with("(F-10)")) << stored.changes.back();
    }
    // One file: that of the second message as it leaves.
    std::size_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator(rig.folder.path())) {
        if (file.path().filename() == rig.backend.submissions.back().body.file)
            ++files;
        else
            EXPECT_FALSE(QueueId::parse(file.path().filename().string())) << file.path();
    }
    EXPECT_EQ(files, 1U);
    EXPECT_EQ(rig.backend.budget_.used(), 0U);
}

TEST(SessionStores, BdatAsDataWould) {
    Rig rig;
    Client client(rig);
    client.log_in();
    begin(client);
    const std::string body = ".\r\nfirst\r\n..\r\n";
    const std::string content = std::string(kFrom) + "\r\n" + body;
    for (std::size_t i = 0; i + 1 < content.size(); ++i) {
        client.send("BDAT 1\r\n" + content.substr(i, 1));
        ASSERT_EQ(client.reply(), "250 2.0.0 1 octets received");
    }
    client.send("BDAT 1 LAST\r\n" + content.substr(content.size() - 1));
    ASSERT_EQ(client.reply().substr(0, 22), "250 2.0.0 Accepted as ");
    EXPECT_EQ(stored_body(rig.backend.submissions.at(0), rig), body);
}

TEST(SessionStores, LargeContentGoesToAFile) {
    Options options = default_options();
    options.message_size = 8u << 20;
    Rig rig(options);
    Client client(rig);
    client.log_in();
    for (const bool chunked : {false, true}) {
        begin(client);
        std::string body;
        while (body.size() < (3u << 20)) body += std::string(76, 'x') + "\r\n";
        const std::string content = std::string(kFrom) + "\r\n" + body;
        if (chunked) {
            client.send("BDAT " + std::to_string(content.size()) + " LAST\r\n" + content);
        } else {
            client.say("DATA");
            client.send(content + ".\r\n");
        }
        ASSERT_EQ(client.reply().substr(0, 3), "250");
        const auto& stored = rig.backend.submissions.back();
        EXPECT_FALSE(stored.body.file.empty());
        EXPECT_EQ(stored.body.size, body.size());
        EXPECT_TRUE(stored_body(stored, rig) == body);
    }
    EXPECT_EQ(rig.backend.budget_.used(), 0U);
}

TEST(SessionLimits, RecipientsOfATransaction) {
    Options options = default_options();
    options.recipients = 100;
    Rig rig(options);
    Client client(rig);
    client.log_in();
    client.say("MAIL FROM:<anna@example.com>");
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(client.say("RCPT TO:<r" + std::to_string(i) + "@example.org>"), "250 2.1.5 Ok");
    }
    EXPECT_TRUE(client.say("RCPT TO:<one.more@example.org>")
                    .starts_with("452 4.5.3 At most 100 recipients"));
    EXPECT_EQ(client.say("RCPT TO:<r7@example.org>"), "250 2.1.5 Ok");  // has it already
    client.say("DATA");
    client.say(std::string(kFrom) + "\r\n.");
    EXPECT_EQ(rig.backend.submissions.at(0).envelope.recipients.size(), 100U);
    // The next transaction counts from nothing.
    begin(client);
}

TEST(SessionLimits, BadRecipientsOfAListAndOfAnAttack) {
    Rig rig;
    Client client(rig);
    client.log_in();
    for (int message = 0; message < 3; ++message) {
        begin(client);
        for (int i = 0; i < 40; ++i) {
            ASSERT_TRUE(
                client.say("RCPT TO:<bad" + std::to_string(i) + ">").starts_with("501 5.1.3 "));
        }
        client.say("DATA");
        ASSERT_TRUE(client.say(std::string(kFrom) + "\r\n.").starts_with("250 "));
    }
    begin(client);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(client.say("RCPT TO:<@@@>").starts_with("501 "));
    EXPECT_TRUE(client.reply().starts_with("421 4.7.0 Too many bad commands"));
    EXPECT_EQ(client.hear(), "");
}

TEST(SessionLimits, TooLargeContentIsDrainedAndToldItsSize) {
    Options options = default_options();
    options.message_size = 100'000;
    Rig rig(options);
    Client client(rig);
    client.log_in();
    begin(client);
    client.say("DATA");
    client.send(std::string(kFrom) + "\r\n" + std::string(250'000, 'x') + "\r\n.\r\n");
    EXPECT_TRUE(client.reply().starts_with("552 5.3.4 Message is 244 KB, the limit is 98 KB."));
    begin(client);
    client.send("BDAT 200000 LAST\r\n" + std::string(kFrom) + "\r\n" + std::string(199'974, 'x'));
    EXPECT_TRUE(client.reply().starts_with("552 5.3.4 "));
    EXPECT_EQ(client.say("NOOP"), "250 2.0.0 Ok");
    EXPECT_TRUE(rig.backend.submissions.empty());
    EXPECT_TRUE(std::filesystem::is_empty(rig.folder.path()));
    // Three times the limit and no end: it ends here.
    begin(client);
    client.say("DATA");
    client.send(std::string(301'000, 'x'));
    EXPECT_TRUE(client.reply().starts_with("552 5.3.4 "));
    EXPECT_EQ(client.hear(), "");
}

TEST(SessionLimits, AChunkBeyondAllSenseIsNotAwaited) {
    Rig rig;
    Client client(rig);
    client.log_in();
    client.send("BDAT 18446744073709551615\r\n");
    EXPECT_TRUE(client.reply().starts_with("501 5.5.4 "));
    EXPECT_EQ(client.hear(), "");
}

TEST(SessionLimits, LineLengths) {
    Rig rig;
    Client client(rig);
    client.start();
    EXPECT_EQ(client.say("NOOP " + std::string(4089, 'x')), "250 2.0.0 Ok");
    EXPECT_TRUE(
        client.say("NOOP " + std::string(4090, 'x')).starts_with("500 5.5.2 The line is too long"));
    // One reply to a line of any length; what is in it is no command.
    EXPECT_TRUE(client.say("NOOP " + std::string(100'000, 'x'))
                    .starts_with("500 5.5.2 The line is too long"));
    EXPECT_EQ(client.say("NOOP"), "250 2.0.0 Ok");
    const std::string response(12'288 - 13, 'A');  // "AUTH PLAIN ", CR, LF
    EXPECT_TRUE(client.say("AUTH PLAIN " + response).starts_with("501 5.5.2 "));
    EXPECT_TRUE(client.say("AUTH PLAIN " + response + "AAAA").starts_with("500 5.5.2 "));
    client.send("AUTH PLAIN\r\n");
    EXPECT_EQ(client.reply(), "334 ");
    EXPECT_TRUE(client.say(response + std::string(40, 'A')).starts_with("500 5.5.2 "));
    EXPECT_EQ(client.say("AUTH PLAIN AGFubmFAZXhhbXBsZS5jb20AY29ycmVjdCBob3JzZQ==").substr(0, 3),
              "235");
}

TEST(SessionLimits, ALineWithoutEndIsTheLast) {
    Rig rig;
    Client client(rig, rig.connect());
    client.reply();
    client.send("NOOP " + std::string(smtp::kMaxAuthLine, 'x'));
    client.send(std::string(net::kMaxDropped, 'x'));
    EXPECT_TRUE(client.reply().starts_with("421 4.7.0 ")) << "before the login, no login";
    EXPECT_EQ(client.reply(), "");
}

TEST(SessionLimits, CommandsThatBringNoMail) {
    Rig rig;
    Client client(rig);
    client.reply();
    int told = 0;
    std::string reply = "250";
    while (reply.starts_with("250") && told < 1000) {
        reply = client.say("NOOP");
        ++told;
    }
    EXPECT_TRUE(reply.starts_with("421 4.7.0 Too many commands")) << reply;
    EXPECT_EQ(told, 51);
    EXPECT_EQ(client.hear(), "");
}

TEST(SessionTime, NoLogin) {
    Options options = default_options();
    options.login_timeout = Seconds(1);
    Rig rig(options);
    Client client(rig);
    client.reply();
    client.say("EHLO test");
    EXPECT_TRUE(client.reply().starts_with("421 4.4.2 No login within 1 seconds"));
    EXPECT_EQ(client.hear(), "");
}

TEST(SessionTime, NoCommand) {
    Options options = default_options();
    options.command_timeout = Seconds(1);
    Rig rig(options);
    Client client(rig);
    client.log_in();
    client.send("NOOP without an end");
    EXPECT_TRUE(client.reply().starts_with("421 4.4.2 Nothing came for too long"));
    EXPECT_EQ(client.hear(), "");
}

TEST(SessionTime, NoContent) {
    Options options = default_options();
    options.data_timeout = Seconds(1);
    Rig rig(options);
    Client client(rig);
    client.log_in();
    begin(client);
    client.say("DATA");
    client.send("From: anna@example.com\r\n");
    EXPECT_TRUE(client.reply().starts_with("421 4.4.2 "));
    EXPECT_EQ(client.hear(), "");
    EXPECT_TRUE(rig.backend.submissions.empty());
}

TEST(SessionTime, ADeviceThatEndsWithLfDotLf) {
    Options options = default_options();
    options.data_timeout = Seconds(1);
    Rig rig(options);
    Client client(rig);
    client.log_in();
    begin(client);
    client.say("DATA");
    client.send("From: anna@example.com\n\nscan\n.\n");
    EXPECT_TRUE(client.reply().starts_with("550 5.5.2 "));
    EXPECT_EQ(client.hear(), "");
    EXPECT_TRUE(rig.backend.submissions.empty());
}

TEST(SessionEnds, WithoutTheEndOfContentThereIsNoMessage) {
    for (const char* content :
         {"", "From: anna@example.com\r\n\r\nHello", "From: anna@example.com\r\n\r\n\r\n."}) {
        Rig rig;
        Client client(rig);
        client.log_in();
        begin(client);
        client.say("DATA");
        client.send(content);
        client.end_input();
        rig.run(rig.sessions.wait_empty(Deadline::after(Seconds(20))));
        EXPECT_EQ(rig.sessions.size(), 0U);
        EXPECT_TRUE(rig.backend.submissions.empty());
        EXPECT_TRUE(std::filesystem::is_empty(rig.folder.path()));
    }
}

TEST(SessionStops, AnIdleOneAtOnce) {
    Rig rig;
    Client fresh(rig);
    fresh.reply();
    Client idle(rig);
    idle.log_in();
    rig.context.stopping = true;
    for (Session* session : rig.running) session->stop();
    for (Client* client : {&fresh, &idle}) {
        EXPECT_TRUE(client->reply().starts_with("421 4.3.2 The mail server is restarting"));
        EXPECT_EQ(client->hear(), "");
    }
}

TEST(SessionStops, ABusyOneBehindItsMessage) {
    Rig rig;
    Client client(rig);
    client.log_in();
    begin(client);
    client.say("DATA");
    client.send(kFrom);
    rig.context.stopping = true;
    for (Session* session : rig.running) session->stop();
    EXPECT_TRUE(client.say("\r\nHello\r\n.").starts_with("250 2.0.0 Accepted as "));
    EXPECT_TRUE(client.reply().starts_with("421 4.3.2 "));
    EXPECT_EQ(client.hear(), "");
    EXPECT_EQ(rig.backend.submissions.size(), 1U);
}

TEST(SessionWrites, TheRepliesOfAGroupTogether) {
    Rig rig;
    Client client(rig);
    client.log_in();
    const int before = rig.last_stream->writes;
    std::string group = "MAIL FROM:<anna@example.com>\r\n";
    for (int i = 0; i < 50; ++i) group += "RCPT TO:<r" + std::to_string(i) + "@example.org>\r\n";
    client.send(group + "DATA\r\n");
    for (int i = 0; i < 51; ++i) ASSERT_EQ(client.reply().substr(0, 3), "250");
    ASSERT_EQ(client.reply().substr(0, 3), "354");
    EXPECT_EQ(rig.last_stream->writes - before, 1);
    client.send(std::string(kFrom) +
                "\r\n.\r\nMAIL FROM:<anna@example.com>\r\nRCPT TO:<b@example.org>\r\n");
    for (int i = 0; i < 3; ++i) ASSERT_EQ(client.reply().substr(0, 3), "250");
    EXPECT_EQ(rig.last_stream->writes - before, 2);
}

TEST(SessionFaults, AFileThatCannotBeWrittenRefusesTheMessage) {
    Rig rig;
    Client client(rig);
    client.log_in();
    std::filesystem::remove_all(rig.folder.path());
    begin(client);
    client.say("DATA");
    client.send(std::string(kFrom) + "\r\n" + std::string(600'000, 'x') + "\r\n.\r\n");
    EXPECT_TRUE(client.reply().starts_with("451 4.3.0 "));
    EXPECT_EQ(client.say("NOOP"), "250 2.0.0 Ok");
}

TEST(SessionTells, RefusalsAsEvents) {
    Rig rig;
    Client client(rig);
    client.log_in();
    client.say("MAIL FROM:<boss@example.com>");
    begin(client);
    client.say("RCPT TO:<carol@[192.0.2.1]>");
    client.say("DATA");
    client.say("From: boss@example.com\r\n\r\n.");
    ASSERT_EQ(rig.events.size(), 3U);
    EXPECT_EQ(rig.events[0].code, 553);
    EXPECT_EQ(rig.events[0].status, "5.7.1");
    EXPECT_TRUE(rig.events[0].text.starts_with("R8: You logged in as anna@example.com"));
    EXPECT_EQ(rig.events[0].account, "anna@example.com");
    EXPECT_EQ(rig.events[0].sender, "boss@example.com");
    EXPECT_EQ(rig.events[0].tls, "TLSv1.3");
    EXPECT_EQ(rig.events[1].recipient, "carol@[192.0.2.1]");
    EXPECT_EQ(rig.events[1].sender, "anna@example.com");
    EXPECT_EQ(rig.events[2].code, 550);
    EXPECT_EQ(rig.events[2].type, EventType::rejected);
}

// threats.md A10
TEST(SessionTells, NoPasswordToAnybody) {
    const std::string password = "S3cret-Horse";
    const store::testing::TempFolder folder;
    const std::string path = folder / "log";
    std::string heard;
    {
        Rig rig;
        Log log({.level = LogLevel::debug,
                 .fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)});
        ServerContext context{.options = rig.context.options,
                              .replies = rig.context.replies,
                              .backend = rig.backend,
                              .blocking = rig.pool,
                              .tls = rig.context.tls,
                              .demux = rig.demux,
                              .log = log,
                              .events = [&log](const Event& event) { log_event(log, event); },
                              .metrics = {}};
        auto [server, end] = net::make_memory_streams();
        auto stream = std::make_unique<testing::PretendTlsStream>(std::move(server));
        Session session(context, std::make_shared<const PortProfile>(), std::move(stream),
                        std::nullopt);
        rig.sessions.spawn(session.run());
        Client client(rig, std::move(end));
        client.start();
        const std::string plain =
            base64::encode(std::string("\0anna@example.com\0", 18) + password);
        heard += client.say("AUTH PLAIN " + plain);
        heard += client.say("AUTH LOGIN " + base64::encode("anna@example.com"));
        heard += client.say(base64::encode(password));
        heard += client.say("PASS " + password);
        client.say("QUIT");
        rig.run(rig.sessions.wait_empty(Deadline::after(Seconds(20))));
    }
    const std::string logged = store::testing::read_whole(path);
    EXPECT_NE(logged.find("login.failed"), std::string::npos);
    EXPECT_NE(logged.find("anna@example.com"), std::string::npos);
    for (const std::string& secret : {password, base64::encode(password)}) {
        EXPECT_EQ(logged.find(secret), std::string::npos);
        EXPECT_EQ(heard.find(secret), std::string::npos);
    }
}

}  // namespace
}  // namespace posthaste::submission
