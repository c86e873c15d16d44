#include "submission/content_intake.h"

#include "base/ascii.h"
#include "mail/text.h"
#include "store/testing.h"

#include <filesystem>

#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

accounts::Identity anna() {
    auto addresses = std::make_shared<std::set<std::string>>();
    *addresses = {"anna@example.com"};
    return {"anna@example.com", "password", addresses};
}

class Intake : public testing::Test {
  protected:
    ContentIntake make(bool open = false, std::uint64_t max_size = 4 << 20) {
        const QueueId id = QueueId::make();
        return {{.id = id,
                 .hostname = "mail.example.com",
                 .identity = open ? nullptr : &identity_,
                 .max_size = max_size},
                store::ContentWriter(folder_.path(), id, budget_),
                replies_};
    }

    // Feeds it in pieces of `piece` octets, flushing as the session does, and ends it.
    static void feed(ContentIntake& intake, std::string_view content, std::size_t piece = 1 << 16) {
        while (!content.empty()) {
            const auto part = content.substr(0, piece);
            intake.count_wire(part.size());
            intake.append(part);
            content.remove_prefix(part.size());
            if (intake.wants_flush()) {
                ASSERT_TRUE(intake.writer()->flush().has_value());
            }
        }
        intake.end();
    }

    static std::string body_of(const ContentIntake& intake) {
        auto body = intake.writer()->finish();
        PH_ASSERT(body.has_value() && body->octets != nullptr);
        return *body->octets;
    }

    store::testing::TempFolder folder_;
    store::ContentBudget budget_{64u << 20};
    Catalogue replies_{{"mail.example.com", "postmaster@example.com", "", ""}};
    accounts::Identity identity_ = anna();
};

TEST_F(Intake, SplitsAtTheEmptyLineHoweverItIsCut) {
    const std::string content =
        "From: anna@example.com\r\nSubject: x\r\n\r\nHello\r\n\r\nthere\r\n";
    for (std::size_t piece = 1; piece <= content.size(); ++piece) {
        auto intake = make();
        feed(intake, content, piece);
        ASSERT_FALSE(intake.refusal().has_value()) << intake.refusal()->line;
        const std::string header = intake.take_header();
        EXPECT_TRUE(header.starts_with("From: anna@example.com\r\nSubject: x\r\n")) << header;
        EXPECT_NE(header.find("\r\nDate: "), std::string::npos);
        EXPECT_NE(header.find("\r\nMessage-ID: <"), std::string::npos);
        EXPECT_EQ(header.find("\r\n\r\n"), std::string::npos);
        EXPECT_EQ(body_of(intake), "Hello\r\n\r\nthere\r\n");
        EXPECT_EQ(intake.size(), content.size());
    }
}

TEST_F(Intake, AHeaderWithoutABodyIsAMessage) {
    for (const char* content : {"From: anna@example.com\r\n", "From: anna@example.com\r\n\r\n"}) {
        auto intake = make();
        feed(intake, content, 3);
        ASSERT_FALSE(intake.refusal().has_value());
        EXPECT_EQ(body_of(intake), "");
    }
}

TEST_F(Intake, RefusesWhatHasNoAuthor) {
    for (const char* content : {"", "\r\n", "\r\nHello\r\n", "Subject: x\r\n\r\nHello\r\n"}) {
        auto intake = make();
        feed(intake, content, 2);
        ASSERT_TRUE(intake.refusal().has_value()) << content;
        EXPECT_EQ(intake.refusal()->code, 550);
        EXPECT_NE(intake.refusal()->line.find("no From"), std::string::npos);
    }
}

TEST_F(Intake, RefusesAHeaderThatIsNone) {
    auto intake = make();
    feed(intake, "Hello, this is no header\r\n\r\nbody\r\n");
    ASSERT_TRUE(intake.refusal().has_value());
    EXPECT_EQ(intake.refusal()->number, 46);
}

TEST_F(Intake, AnOpenPortTakesTextWithoutAHeader) {
    const std::string text = "Hello, this is no header\r\n\r\nbody\r\n";
    auto intake = make(true);
    feed(intake, text, 5);
    ASSERT_FALSE(intake.refusal().has_value());
    EXPECT_EQ(body_of(intake), text);
    EXPECT_NE(intake.take_header().find("Date: "), std::string::npos);

    auto nothing = make(true);
    feed(nothing, "");
    EXPECT_FALSE(nothing.refusal().has_value());
}

TEST_F(Intake, KnowsEightBitContent) {
    auto plain = make();
    feed(plain, "From: anna@example.com\r\n\r\nabc\r\n");
    EXPECT_FALSE(plain.eight_bit());
    auto body = make();
    feed(body, "From: anna@example.com\r\n\r\n\xfc\r\n");
    EXPECT_TRUE(body.eight_bit());
    auto header = make();
    feed(header, "From: anna@example.com\r\nSubject: \xfc\r\n\r\nabc\r\n");
    EXPECT_FALSE(header.eight_bit());  // it is encoded
}

TEST_F(Intake, TellsTheTrueSizeAndHoldsNothingMeanwhile) {
    auto intake = make(false, 100'000);
    const std::string content = "From: anna@example.com\r\n\r\n" + std::string(199'974, 'x');
    std::string_view rest = content;
    while (!rest.empty()) {
        intake.append(rest.substr(0, 10'000));
        intake.count_wire(std::min<std::size_t>(rest.size(), 10'000));
        rest.remove_prefix(std::min<std::size_t>(rest.size(), 10'000));
        if (intake.refusal()) EXPECT_EQ(intake.writer(), nullptr);
        EXPECT_FALSE(intake.hopeless());
    }
    intake.end();
    ASSERT_TRUE(intake.refusal().has_value());
    EXPECT_EQ(intake.refusal()->code, 552);
    EXPECT_NE(intake.refusal()->line.find("Message is 195 KB, the limit is 98 KB"),
              std::string::npos)
        << intake.refusal()->line;
    EXPECT_EQ(budget_.used(), 0U);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(Intake, GivesUpAtThreeTimesTheLimit) {
    auto intake = make(false, 1000);
    intake.count_wire(3002);
    EXPECT_FALSE(intake.hopeless());
    intake.count_wire(1);
    EXPECT_TRUE(intake.hopeless());
}

TEST_F(Intake, BoundsTheHeader) {
    auto large = make();
    const std::string field = "X-Long: " + std::string(990, 'x') + "\r\n";
    std::string header;
    while (header.size() <= mail::HeaderBlock::kMaxOctets) header += field;
    feed(large, header + "\r\nbody\r\n");
    ASSERT_TRUE(large.refusal().has_value());
    EXPECT_EQ(large.refusal()->code, 552);

    auto endless = make(false, 100 << 20);
    for (int i = 0; i < 200; ++i) endless.append(std::string(64 << 10, 'x'));
    ASSERT_TRUE(endless.refusal().has_value());
    EXPECT_EQ(endless.refusal()->code, 552);

    auto many = make();
    std::string fields = "From: anna@example.com\r\n";
    for (int i = 0; i < 1'001; ++i) fields += "A: b\r\n";
    feed(many, fields + "\r\n");
    ASSERT_TRUE(many.refusal().has_value());
    EXPECT_EQ(many.refusal()->code, 552);
}

TEST_F(Intake, CountsHops) {
    for (const std::size_t hops : {50U, 51U}) {
        auto intake = make();
        std::string header = "From: anna@example.com\r\n";
        for (std::size_t i = 0; i < hops; ++i) header += "Received: from a by b; x\r\n";
        feed(intake, header + "\r\n");
        EXPECT_EQ(intake.refusal().has_value(), hops > 50) << hops;
        if (intake.refusal()) EXPECT_EQ(intake.refusal()->code, 554);
    }
}

TEST_F(Intake, KeepsTheFirstRefusal) {
    auto intake = make();
    intake.refuse(replies_.make(Say::disk_full));
    intake.refuse(replies_.make(Say::bare_cr));
    feed(intake, "nonsense");
    EXPECT_EQ(intake.refusal()->code, 452);
}

TEST_F(Intake, RemovesBccAndKeepsTheRest) {
    auto intake = make();
    feed(intake,
         "Received: from a by b; x\r\nbcc: secret@example.org\r\nFrom: anna@example.com\r\nBCC: "
         "x\r\n y\r\n"
         "Date: Mon, 23 Nov 2026 14:07:14 +0000\r\nMessage-ID: <a@b>\r\n\r\nbcc: stays\r\n");
    EXPECT_EQ(intake.take_header(),
              "Received: from a by b; x\r\nFrom: anna@example.com\r\n"
              "Date: Mon, 23 Nov 2026 14:07:14 +0000\r\nMessage-ID: <a@b>\r\n");
    EXPECT_EQ(body_of(intake), "bcc: stays\r\n");
}

// Through the second pass, as the session does it.
std::string rewritten(ContentIntake& intake, const store::testing::TempFolder& folder,
                      store::ContentBudget& budget) {
    auto before = intake.writer()->finish();
    PH_ASSERT(before.has_value());
    auto after = rewrite_body(intake.take_edits(), {folder.path(), *before},
                              {folder.path(), QueueId::make(), budget}, true);
    PH_ASSERT(after.has_value());
    store::ContentReader reader(folder.path(), after->body);
    std::string all;
    for (;;) {
        auto piece = reader.next();
        PH_ASSERT(piece.has_value());
        if (piece->empty()) break;
        all += *piece;
    }
    mail::DkimBodyHash hash;
    hash.update(all);
    EXPECT_EQ(hash.finish(), after->hash);
    EXPECT_EQ(after->eight_bit, !ascii::is_ascii(all));
    return all;
}

constexpr std::string_view kFrom =
    "From: anna@example.com\r\nDate: Mon, 23 Nov 2026 14:07:14 +0000\r\nMessage-ID: <a@b>\r\n";

TEST_F(Intake, ALongLineIsEncodedInMemoryAndInAFile) {
    for (const std::size_t size : {2'000U, 3'000'000U}) {
        auto intake = make();
        feed(intake, std::string(kFrom) + "\r\n" + std::string(size, 'x') + "\r\n", 50'000);
        ASSERT_FALSE(intake.refusal()) << intake.refusal()->line;
        ASSERT_TRUE(intake.wants_rewrite());
        ASSERT_EQ(intake.changes().size(), 1U);
        EXPECT_EQ(intake.changes().front().rule, "F-10");
        EXPECT_EQ(intake.take_header(),
                  std::string(kFrom) +
                      "Content-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n");
        std::string body = rewritten(intake, folder_, budget_);
        EXPECT_TRUE(mail::is_clean_content(body));
        std::string read;
        for (std::size_t at = 0; at < body.size(); ++at) {
            if (body.compare(at, 3, "=\r\n") == 0) {
                at += 2;
            } else {
                read += body[at];
            }
        }
        EXPECT_EQ(read, std::string(size, 'x') + "\r\n");
    }
}

TEST_F(Intake, ALongLineInASignedPartIsRefused) {
    auto intake = make();
    feed(intake, std::string(kFrom) +
                     "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\n" +
                     std::string(1200, 'x') + "\r\n--s--\r\n");
    ASSERT_TRUE(intake.refusal());
    EXPECT_EQ(intake.refusal()->number, 65);
    EXPECT_EQ(intake.refusal()->code, 554);
    EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(Intake, LettersInTheHeaderAreEncodedUnlessSmtputf8IsNeeded) {
    auto intake = make();
    feed(intake, std::string(kFrom) + "Subject: gr\xc3\xbcn\r\n\r\n\xc3\xbc\r\n");
    ASSERT_FALSE(intake.refusal());
    EXPECT_FALSE(intake.needs_smtputf8());
    EXPECT_FALSE(intake.wants_rewrite());
    EXPECT_FALSE(intake.header_8bit());
    EXPECT_TRUE(intake.eight_bit());
    EXPECT_TRUE(intake.take_header().ends_with("Subject: =?utf-8?Q?gr=C3=BCn?=\r\n"));
    EXPECT_EQ(body_of(intake), "\xc3\xbc\r\n");

    auto address = make();
    feed(address, std::string(kFrom) + "To: gr\xc3\xbcn@example.org\r\nSubject: \xc3\xbc\r\n\r\n");
    EXPECT_TRUE(address.needs_smtputf8());
    EXPECT_TRUE(address.take_header().ends_with("Subject: \xc3\xbc\r\n"));
}

TEST_F(Intake, TheTrapSeesWhatTheProgramWrote) {
    auto intake = make(true);
    feed(intake, "Subject: \xc3\xbc\r\n\r\n" + std::string(1200, 'x') + "\r\n");
    ASSERT_FALSE(intake.refusal());
    EXPECT_FALSE(intake.wants_rewrite());
    EXPECT_TRUE(intake.take_header().starts_with("Subject: \xc3\xbc\r\n"));
}

TEST_F(Intake, FieldsThatAreThereTwiceAreRefusedByName) {
    auto intake = make();
    feed(intake, std::string(kFrom) + "Subject: a\r\nsubject: b\r\n\r\n");
    ASSERT_TRUE(intake.refusal());
    EXPECT_EQ(intake.refusal()->number, 43);
    EXPECT_NE(intake.refusal()->line.find("several Subject fields"), std::string::npos);
}

TEST_F(Intake, ADeviceSendsAsItself) {
    identity_.device = true;
    auto intake = make();
    feed(intake, "From: Scanner <scan@localhost>\r\nSubject: x\r\n\r\n");
    ASSERT_FALSE(intake.refusal()) << intake.refusal()->line;
    const std::string header = intake.take_header();
    EXPECT_TRUE(header.starts_with("From: \"Scanner\" <anna@example.com>\r\n")) << header;
    EXPECT_NE(header.find("Reply-To: scan@localhost\r\n"), std::string::npos);
    EXPECT_EQ(intake.changes().front().rule, "F-1");
}

TEST_F(Intake, PartsAreBounded) {
    auto intake = make(false, 8 << 20);
    std::string body = std::string(kFrom) + "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    for (int i = 0; i < 10'001; ++i) body += "--b\r\n\r\n";
    feed(intake, body);
    ASSERT_TRUE(intake.refusal());
    EXPECT_EQ(intake.refusal()->number, 66);
}

}  // namespace
}  // namespace posthaste::submission
