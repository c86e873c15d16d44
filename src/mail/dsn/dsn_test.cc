#include "mail/dsn/dsn.h"

#include "base/ascii.h"
#include "mail/dsn/dsn_words.h"
#include "mail/header.h"
#include "mail/text.h"

#include <array>
#include <map>
#include <ranges>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

using testing::HasSubstr;
using testing::Not;

Mailbox box(std::string_view text) {
    return Mailbox::parse(text).value();
}

const Timestamp kMorning{Seconds(1'795'420'800)};

DsnRecipient refused(std::string_view address) {
    DsnRecipient recipient;
    recipient.recipient.address = box(address);
    recipient.outcome = {.verdict = Verdict::failed,
                         .status = {5, 1, 1},
                         .code = 550,
                         .reply = "5.1.1 <" + std::string(address) + ">: unknown user",
                         .remote_host = "mx.example.org",
                         .remote_ip = "192.0.2.1",
                         .tls = "TLSv1.3",
                         .cause = Cause::invalid_recipient};
    recipient.attempts = 1;
    recipient.last_attempt = kMorning + Seconds(2);
    return recipient;
}

DsnInput input(std::string_view recipient = "alice@example.org") {
    DsnInput in;
    in.hostname = "mail.example.com";
    in.admin = "postmaster@example.com";
    in.sender = box("bob@example.com");
    in.arrived = kMorning;
    in.now = kMorning + Seconds(3);
    in.tried_for = Seconds(2);
    in.recipients = {refused(recipient)};
    in.original_header =
        "From: bob@example.com\r\nSubject: Numbers for\r\n the quarter\r\nMessage-ID: "
        "<1@example.com>\r\n";
    return in;
}

struct Parts {
    HeaderBlock header;
    std::vector<HeaderBlock> part_headers;
    std::vector<std::string> contents;
};

// Takes a report apart by the rules of RFC 2046, and checks what holds for every report.
Parts take_apart(const DsnMessage& message) {
    Parts out;
    out.header = HeaderBlock::parse(message.header).value();
    const std::string type = out.header.find("Content-Type")->unfolded();
    const std::size_t quote = type.find("boundary=\"") + 10;
    const std::string mark = "--" + type.substr(quote, type.find('"', quote) - quote);
    std::string_view rest = message.body;
    while (rest.starts_with(mark + "\r\n")) {
        rest.remove_prefix(mark.size() + 2);
        const std::size_t head = rest.find("\r\n\r\n");
        const std::size_t end = rest.find("\r\n" + mark);
        EXPECT_LT(head, end);
        out.part_headers.push_back(HeaderBlock::parse(rest.substr(0, head + 2)).value());
        out.contents.emplace_back(rest.substr(head + 4, end - head - 4));
        rest.remove_prefix(end + 2);
    }
    EXPECT_EQ(rest, mark + "--\r\n");
    EXPECT_EQ(out.contents.size(), 3U);
    for (const auto line :
         std::views::split(message.header + message.body, std::string_view("\r\n"))) {
        const std::string_view text(line.begin(), line.end());
        EXPECT_LE(text.size(), 998U);
        EXPECT_EQ(text.find_first_of(std::string_view("\r\n\0", 3)), std::string_view::npos)
            << text;
    }
    if (!message.needs_8bit) EXPECT_TRUE(ascii::is_ascii(message.body));
    if (!message.needs_utf8) EXPECT_TRUE(ascii::is_ascii(message.header));
    return out;
}

std::string unfold(std::string text) {
    for (std::size_t at = 0; (at = text.find("\r\n ", at)) != std::string::npos;) text.erase(at, 2);
    return text;
}

std::string subject_of(const DsnInput& in) {
    return take_apart(make_dsn(in)).header.find("Subject")->unfolded();
}

// Part 1 with its wrapping undone.
std::string words_of(const DsnInput& in) {
    std::string text = make_report_text(in, read_original(in.original_header));
    std::string out;
    for (const char c : text) {
        if (c == '\r' || ((c == ' ' || c == '\n') && out.ends_with(' '))) continue;
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

TEST(Dsn, is_a_report_in_three_parts) {
    const auto message = make_dsn(input());
    const auto parts = take_apart(message);
    EXPECT_EQ(parts.header.find("From")->unfolded(),
              "Mail Delivery <mailer-daemon@mail.example.com>");
    EXPECT_EQ(parts.header.find("To")->unfolded(), "bob@example.com");
    EXPECT_EQ(parts.header.find("Subject")->unfolded(),
              "Not delivered: \"Numbers for the quarter\" to alice@example.org");
    EXPECT_EQ(parts.header.find("Auto-Submitted")->unfolded(), "auto-replied");
    EXPECT_EQ(parts.header.find("In-Reply-To")->unfolded(), "<1@example.com>");
    EXPECT_EQ(parts.header.find("References")->unfolded(), "<1@example.com>");
    EXPECT_EQ(parts.header.find("Message-ID")->unfolded(),
              "<00000000000000000000000000@mail.example.com>");
    EXPECT_EQ(parts.header.find("Date")->unfolded(), format_rfc5322(kMorning + Seconds(3)));
    EXPECT_THAT(parts.header.find("Content-Type")->unfolded(),
                HasSubstr("multipart/report; report-type=delivery-status"));
    EXPECT_EQ(parts.part_headers[0].find("Content-Type")->unfolded(), "text/plain; charset=utf-8");
    EXPECT_EQ(parts.part_headers[1].find("Content-Type")->unfolded(), "message/delivery-status");
    EXPECT_EQ(parts.part_headers[2].find("Content-Type")->unfolded(), "text/rfc822-headers");
    EXPECT_EQ(parts.contents[2], input().original_header);
    EXPECT_FALSE(message.needs_8bit);
    EXPECT_FALSE(message.needs_utf8);
}

TEST(Dsn, status_part_names_every_recipient) {
    auto in = input();
    in.envid = "QQ+2B1";
    in.recipients[0].recipient.orcpt = "rfc822;Alice+2Bx+40example.org";
    in.recipients.push_back(
        refused("carol@b\xc3\xbc"
                "cher.example"));
    in.recipients[1].outcome = {.verdict = Verdict::failed,
                                .status = {4, 4, 1},
                                .reply = "no answer",
                                .remote_host = "mx.example.net",
                                .cause = Cause::no_answer};
    const auto parts = take_apart(make_dsn(in));
    EXPECT_EQ(unfold(parts.contents[1]),
              "Reporting-MTA: dns; mail.example.com\r\n"
              "Original-Envelope-Id: QQ+1\r\n"
              "X-Posthaste-Queue-Id: 00000000000000000000000000\r\n"
              "Arrival-Date: " +
                  format_rfc5322(kMorning) +
                  "\r\n"
                  "\r\n"
                  "Original-Recipient: rfc822; Alice+x@example.org\r\n"
                  "Final-Recipient: rfc822; alice@example.org\r\n"
                  "Action: failed\r\n"
                  "Status: 5.1.1\r\n"
                  "Remote-MTA: dns; mx.example.org\r\n"
                  "Diagnostic-Code: smtp; 550 5.1.1 <alice@example.org>: unknown user\r\n"
                  "Last-Attempt-Date: " +
                  format_rfc5322(kMorning + Seconds(2)) +
                  "\r\n"
                  "Final-Log-ID: 00000000000000000000000000/1\r\n"
                  "\r\n"
                  "Final-Recipient: rfc822; carol@xn--bcher-kva.example\r\n"
                  "Action: failed\r\n"
                  "Status: 4.4.1\r\n"
                  "Diagnostic-Code: X-Posthaste; no answer\r\n"
                  "Last-Attempt-Date: " +
                  format_rfc5322(kMorning + Seconds(2)) +
                  "\r\n"
                  "Final-Log-ID: 00000000000000000000000000/1\r\n");
    EXPECT_EQ(parts.header.find("Subject")->unfolded(),
              "Not delivered: \"Numbers for the quarter\" to 2 recipients");
}

TEST(Dsn, delay_says_until_when_and_asks_for_nothing) {
    auto in = input();
    in.action = DsnAction::delayed;
    in.retry_until = kMorning + std::chrono::days(5);
    in.tried_for = std::chrono::hours(4);
    in.recipients[0].attempts = 7;
    in.recipients[0].outcome = {.verdict = Verdict::deferred,
                                .status = {4, 4, 1},
                                .reply = "connection timed out",
                                .cause = Cause::no_answer};
    const auto parts = take_apart(make_dsn(in));
    EXPECT_EQ(parts.header.find("Subject")->unfolded(),
              "Not delivered yet: \"Numbers for the quarter\" to alice@example.org");
    EXPECT_THAT(parts.contents[1], HasSubstr("Action: delayed\r\nStatus: 4.4.1\r\n"));
    EXPECT_THAT(parts.contents[1],
                HasSubstr("Will-Retry-Until: " + format_rfc5322(*in.retry_until)));
    EXPECT_THAT(words_of(in),
                HasSubstr("not final: we go on trying for another 4 days 23 h, until " +
                          format_rfc5322(*in.retry_until)));
    EXPECT_THAT(words_of(in), HasSubstr("did not answer. We tried 7 times in 4 h."));
    EXPECT_THAT(words_of(in), HasSubstr("do not send it again"));
}

TEST(Dsn, success_needs_no_explanation) {
    auto in = input();
    in.recipients[0].outcome = {.verdict = Verdict::delivered,
                                .status = {2, 0, 0},
                                .code = 250,
                                .reply = "2.0.0 ok",
                                .remote_host = "mx.example.org"};
    in.action = DsnAction::delivered;
    EXPECT_THAT(make_dsn(in).body, HasSubstr("Action: delivered\r\nStatus: 2.0.0\r\n"));
    EXPECT_EQ(subject_of(in), "Delivered: \"Numbers for the quarter\" to alice@example.org");
    EXPECT_THAT(words_of(in), Not(HasSubstr("Who has to act")));
    in.action = DsnAction::relayed;
    EXPECT_THAT(make_dsn(in).body, HasSubstr("Action: relayed\r\nStatus: 2.0.0\r\n"));
    EXPECT_EQ(subject_of(in), "Passed on: \"Numbers for the quarter\" to alice@example.org");
    EXPECT_THAT(words_of(in), HasSubstr("was passed on to mx.example.org. "));
}

TEST(Dsn, status_never_contradicts_the_action) {
    auto in = input();
    in.action = DsnAction::delayed;
    EXPECT_THAT(make_dsn(in).body, HasSubstr("Status: 4.0.0"));
    in.action = DsnAction::failed;
    in.recipients[0].outcome.status = {};
    EXPECT_THAT(make_dsn(in).body, HasSubstr("Status: 5.0.0"));
}

class DsnCause : public testing::TestWithParam<int> {};

// Every cause has a sentence, a mend and somebody who acts, and no name is left unfilled.
TEST_P(DsnCause, is_explained) {
    for (const auto action : {DsnAction::failed, DsnAction::delayed}) {
        for (const int code : {0, 550}) {
            auto in = input();
            in.action = action;
            in.recipients[0].outcome.cause = static_cast<Cause>(GetParam());
            in.recipients[0].outcome.code = code;
            const auto story = explain(in, in.recipients[0]);
            for (const auto& text : {story.why, story.mend, story.actor}) {
                EXPECT_GT(text.size(), 2U);
                EXPECT_EQ(text.find_first_of("{}"), std::string::npos) << text;
            }
            EXPECT_FALSE(to_string(static_cast<Cause>(GetParam())).empty());
        }
    }
}

// The report names whom the one table names (delivery.md 6.4), in each language.
TEST_P(DsnCause, names_who_acts_as_everybody_does) {
    const std::map<Actor, Phrase> said{{Actor::sender, Phrase::actor_you},
                                       {Actor::recipient, Phrase::actor_recipient},
                                       {Actor::our_administrator, Phrase::actor_our_admin},
                                       {Actor::remote_administrator, Phrase::actor_their_admin}};
    for (const Language language : kLanguages) {
        auto in = input();
        in.language = language;
        in.recipients[0].outcome.cause = static_cast<Cause>(GetParam());
        in.recipients[0].outcome.code = 550;
        in.recipients[0].outcome.verdict = Verdict::failed;
        const Actor actor = judge(in.recipients[0].outcome).actor;
        ASSERT_TRUE(said.contains(actor));
        EXPECT_EQ(explain(in, in.recipients[0]).actor,
                  fill(phrase(language, said.at(actor)),
                       {{"domain", "example.org"}, {"admin", in.admin}}));
    }
}

TEST(Dsn, an_operators_words_stand_as_they_were_written) {
    auto in = input();
    Outcome& outcome = in.recipients[0].outcome;
    outcome = {
        .verdict = Verdict::failed, .status = {5, 7, 1}, .code = 550, .cause = Cause::policy};
    in.recipients[0].rule = RuleWords{Cause::policy, Actor::our_administrator,
                                      "Their {domain} filter\x1b[2J stops invoices.",
                                      "Tell the accounts department.", true};
    EXPECT_THAT(words_of(in), HasSubstr("Their {domain} filter"));
    EXPECT_THAT(words_of(in), HasSubstr("stops invoices."));
    EXPECT_THAT(words_of(in), HasSubstr("Tell the accounts department."));
    EXPECT_THAT(words_of(in), Not(HasSubstr("\x1b")));
    EXPECT_THAT(words_of(in), HasSubstr("Who has to act: your administrator"));
    // Those the program brings along are English only: the language's own words stand.
    in.recipients[0].rule->of_operator = false;
    EXPECT_THAT(words_of(in), Not(HasSubstr("invoices")));
    // It is another thing by now.
    in.recipients[0].rule->of_operator = true;
    outcome.cause = Cause::expired;
    EXPECT_THAT(words_of(in), Not(HasSubstr("invoices")));
}

std::set<std::string> marks_in(std::string_view text) {
    std::set<std::string> marks;
    for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1))
        marks.insert(std::string(text.substr(at, text.find('}', at) - at)));
    return marks;
}

TEST_P(DsnCause, has_words_of_its_own_in_every_language) {
    const auto cause = static_cast<Cause>(GetParam());
    if (cause == Cause::none) return;
    const CauseText& english = cause_text(Language::english, cause);
    for (const Language language : kLanguages) {
        const auto& rows = texts(language).causes;
        EXPECT_EQ(std::ranges::count(rows, cause, &CauseText::cause), 1)
            << language_code(language) << ' ' << to_string(cause);
        const CauseText& own = cause_text(language, cause);
        EXPECT_EQ(marks_in(own.why), marks_in(english.why)) << own.why;
        EXPECT_EQ(marks_in(own.mend), marks_in(english.mend)) << own.mend;
        auto in = input();
        in.language = language;
        in.recipients[0].outcome.cause = cause;
        const auto story = explain(in, in.recipients[0]);
        EXPECT_EQ((story.why + story.mend + story.actor).find_first_of("{}"), std::string::npos);
        if (language != Language::english) EXPECT_NE(own.why, english.why);
    }
}

TEST(Dsn, every_phrase_is_there_in_every_language_with_the_same_names) {
    for (const Language language : kLanguages) {
        for (int i = 0; i < static_cast<int>(Phrase::count_of_phrases); ++i) {
            const auto which = static_cast<Phrase>(i);
            EXPECT_FALSE(phrase(language, which).empty()) << i;
            // A language may leave {until} and the like at another place, but not out.
            EXPECT_EQ(marks_in(phrase(language, which)), marks_in(phrase(Language::english, which)))
                << phrase(language, which);
        }
        EXPECT_EQ(parse_language(language_code(language)), language);
    }
    EXPECT_EQ(parse_language("de-AT"), Language::german);
    EXPECT_EQ(parse_language("FR_ca"), Language::french);
    EXPECT_EQ(parse_language("it"), std::nullopt);
    EXPECT_EQ(parse_language(""), std::nullopt);
    EXPECT_EQ(tell_duration(Language::german, Seconds(4 * 86'400 + 3'600)), "4 Tage 1 h");
    EXPECT_EQ(tell_duration(Language::spanish, Seconds(86'400)),
              tell_duration(Language::english, Seconds(86'400)).replace(2, 3, "día"));
}

TEST(Dsn, the_technical_part_speaks_the_language_too) {
    auto in = input();
    in.language = Language::german;
    const std::string text = make_report_text(in, read_original(in.original_header));
    for (const char* label :
         {"  Unser Server:     mail", "  Unsere Kennung:   ", "  Angenommen:       ",
          "  Letzter Versuch:  ", "  Antwort von dort: 550"})
        EXPECT_TRUE(text.contains(label)) << label << "\n" << text;
    for (const char* english : {"Our server", "Accepted", "Last attempt", "Its answer"})
        EXPECT_FALSE(text.contains(english)) << text;
}

// The first lines of a bounce, as the person reads them.
TEST(Dsn, speaks_the_language_of_the_account) {
    const std::pair<Language, std::string> kFirst[] = {
        {Language::german,
         "Ihre Nachricht „Numbers for the quarter“ an alice@example.org wurde nicht zugestellt. "
         "Das "
         "ist endgültig: Es wird nicht weiter versucht. Warum: example.org sagt, dass es das "
         "Postfach alice@example.org nicht gibt."},
        {Language::french,
         "Votre message « Numbers for the quarter » n'a pas été remis à alice@example.org. C'est "
         "définitif : aucun nouvel essai ne sera fait. Pourquoi: example.org indique que la boîte "
         "alice@example.org n'existe pas."},
        {Language::spanish,
         "Su mensaje «Numbers for the quarter» no se entregó a alice@example.org. Es definitivo: "
         "no "
         "se hará ningún otro intento. Por qué: example.org dice que el buzón alice@example.org no "
         "existe."}};
    for (const auto& [language, first] : kFirst) {
        auto in = input();
        in.language = language;
        EXPECT_THAT(words_of(in), testing::StartsWith(first));
        const auto parts = take_apart(make_dsn(in));
        EXPECT_EQ(parts.header.find("Content-Language")->unfolded(), language_code(language));
    }
}

INSTANTIATE_TEST_SUITE_P(all, DsnCause, testing::Range(0, static_cast<int>(Cause::unknown) + 1),
                         [](const auto& row) {
                             return std::string(to_string(static_cast<Cause>(row.param)));
                         });

TEST(Dsn, one_story_is_told_once) {
    auto in = input();
    in.recipients.push_back(refused("carol@example.org"));
    in.recipients.push_back(refused("dave@example.org"));
    in.recipients[1].outcome.cause = in.recipients[2].outcome.cause = Cause::block_ip;
    const std::string words = words_of(in);
    EXPECT_THAT(words, HasSubstr("was not delivered to 3 recipients."));
    EXPECT_THAT(words,
                HasSubstr("* carol@example.org * dave@example.org Why: example.org refuses mail"));
    EXPECT_EQ(words.find("refuses mail"), words.rfind("refuses mail"));
}

TEST(Dsn, a_thousand_recipients_are_reported_and_fifty_told_of) {
    auto in = input();
    in.recipients.clear();
    for (int i = 0; i < 1000; ++i)
        in.recipients.push_back(refused(fmt::format("u{}@example.org", i)));
    const auto parts = take_apart(make_dsn(in));
    EXPECT_THAT(parts.contents[1], HasSubstr("u999@example.org"));
    EXPECT_THAT(parts.contents[0], HasSubstr("And 950 more"));
    EXPECT_LT(parts.contents[0].size(), 40'000U);
}

TEST(Dsn, ambiguous_end_is_told) {
    auto in = input();
    in.recipients[0].outcome.ambiguous = true;
    EXPECT_THAT(words_of(in), HasSubstr("may have arrived all the same"));
}

TEST(Dsn, subject_is_decoded_clipped_and_encoded) {
    auto in = input();
    in.original_header = "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?Q?_an_alle?=\r\n";
    EXPECT_EQ(subject_of(in),
              "=?utf-8?Q?Not_delivered:_\"Gr=C3=BC=C3=9Fe_an_alle\"_to_alice@ex?="
              " =?utf-8?Q?ample.org?=");
    EXPECT_FALSE(take_apart(make_dsn(in)).header.find("In-Reply-To"));
    in.original_header = "Subject: say \"hi\" " + std::string(3000, 'x') + "\r\n";
    EXPECT_EQ(subject_of(in),
              "Not delivered: \"say 'hi' " + std::string(51, 'x') + "...\" to alice@example.org");
    in.original_header = "Subject: =?utf-8?B?DQpCY2M6IGV2aWxAeC5vcmcNCg0K?=\r\n";
    EXPECT_EQ(subject_of(in), "Not delivered: \"Bcc: evil@x.org\" to alice@example.org");
    for (const auto* none : {"", "Subject:\r\n", "no header at all\nx", "X: y\r\n"}) {
        in.original_header = none;
        EXPECT_EQ(subject_of(in), "Not delivered: your message to alice@example.org");
    }
}

TEST(Dsn, hostile_message_id_is_not_repeated) {
    for (const auto* id : {"<a b@c>", "a@b", "<a@b> <c@d>", "<a@b>x", "<>", "<\xc3\xbc@b>"}) {
        auto in = input();
        in.original_header = fmt::format("Message-ID: {}\r\n", id);
        EXPECT_EQ(take_apart(make_dsn(in)).header.find("References"), nullptr) << id;
    }
}

TEST(Dsn, hostile_remote_text_stays_in_its_place) {
    auto in = input();
    auto& outcome = in.recipients[0].outcome;
    for (const std::string& text :
         {std::string("5.1.1 no\r\nStatus: 2.0.0\r\n\r\nAction: delivered"), std::string(1024, 'x'),
          std::string(1024, ' ') + "x", std::string("\0\x1b[2J\xff", 6),
          "--=_0\r\n--" + std::string(70, '=')}) {
        outcome.reply = text;
        outcome.remote_host = text;
        outcome.remote_ip = text;
        outcome.tls = text;
        in.envid = text;
        in.recipients[0].recipient.orcpt = "rfc822;" + text;
        const auto parts = take_apart(make_dsn(in));
        const std::size_t gap = parts.contents[1].find("\r\n\r\n");
        const auto fields = HeaderBlock::parse(parts.contents[1].substr(gap + 4)).value();
        EXPECT_EQ(fields.count("Status"), 1U);
        EXPECT_EQ(fields.count("Action"), 1U);
    }
}

TEST(Dsn, eight_bit_header_is_made_seven_bit) {
    auto in = input();
    in.original_header = "Subject: caf\xe9\r\nX: " + std::string(2000, 'y') + "\r\n";
    const auto message = make_dsn(in);
    const auto parts = take_apart(message);
    EXPECT_FALSE(message.needs_8bit);
    EXPECT_EQ(parts.part_headers[2].find("Content-Type")->unfolded(), "text/rfc822-headers");
    EXPECT_EQ(parts.part_headers[2].find("Content-Transfer-Encoding")->unfolded(),
              "quoted-printable");
    EXPECT_THAT(parts.contents[2], HasSubstr("Subject: caf=E9\r\n"));
}

TEST(Dsn, huge_header_is_returned_in_part) {
    auto in = input();
    for (int i = 0; i < 20'000; ++i) in.original_header += "X-Field: some text\r\n";
    const auto parts = take_apart(make_dsn(in));
    EXPECT_LT(parts.contents[2].size(), 101U * 1024U);
    EXPECT_TRUE(parts.contents[2].ends_with("X-Field: some text\r\n"));
}

TEST(Dsn, returns_the_message_when_asked_and_possible) {
    auto in = input();
    in.return_full = true;
    in.original_body = "Hello\r\n.\r\n--x\r\nlast";
    auto message = make_dsn(in);
    auto parts = take_apart(message);
    EXPECT_EQ(parts.part_headers[2].find("Content-Type")->unfolded(), "message/rfc822");
    EXPECT_EQ(parts.contents[2], in.original_header + "\r\n" + in.original_body);
    EXPECT_FALSE(message.needs_8bit);

    in.original_body = "caf\xc3\xa9\r\n";
    message = make_dsn(in);
    parts = take_apart(message);
    EXPECT_FALSE(message.needs_8bit) << "a hop without 8BITMIME would refuse the report itself";
    EXPECT_EQ(parts.part_headers[2].find("Content-Type")->unfolded(), "text/rfc822-headers");

    in.sender = box("b\xc3\xb6@example.com");  // the way back has SMTPUTF8, and so 8BITMIME
    message = make_dsn(in);
    parts = take_apart(message);
    EXPECT_TRUE(message.needs_8bit);
    EXPECT_EQ(parts.part_headers[2].find("Content-Transfer-Encoding")->unfolded(), "8bit");
    in.sender = input().sender;

    for (const std::string& body : {std::string(103'000, 'x'), std::string(999, 'x') + "\r\n",
                                    std::string("a\nb\r\n"), std::string("a\0b\r\n", 5)}) {
        in.original_body = body;
        parts = take_apart(make_dsn(in));
        EXPECT_EQ(parts.part_headers[2].find("Content-Type")->unfolded(), "text/rfc822-headers");
    }
}

TEST(Dsn, boundary_does_not_occur_in_the_message) {
    auto in = input();
    in.return_full = true;
    in.original_body =
        "--=_00000000000000000000000000_0\r\n\r\nx\r\n--=_00000000000000000000000000_1--\r\n";
    const auto parts = take_apart(make_dsn(in));
    EXPECT_THAT(parts.header.find("Content-Type")->unfolded(), HasSubstr("_2\""));
    EXPECT_THAT(parts.contents[2], HasSubstr("x\r\n--="));
}

TEST(Dsn, recipient_beyond_ascii_keeps_the_report_in_ascii) {
    auto in = input("j\xc3\xb6rg+x@example.org");
    in.recipients[0].outcome.reply = "j\xc3\xb6rg unknown";
    const auto message = make_dsn(in);
    const auto parts = take_apart(message);
    EXPECT_FALSE(message.needs_utf8);
    EXPECT_FALSE(message.needs_8bit);
    EXPECT_THAT(parts.contents[1],
                HasSubstr("Final-Recipient: utf-8; j\\x{F6}rg\\x{2B}x@example.org\r\n"));
    EXPECT_THAT(parts.contents[1], HasSubstr("550 j\\xC3\\xB6rg unknown"));
    EXPECT_EQ(parts.part_headers[0].find("Content-Transfer-Encoding")->unfolded(),
              "quoted-printable");
    EXPECT_THAT(parts.contents[0], HasSubstr("j=C3=B6rg+x@example.org"));
}

// RFC 6533 §3: in a report in ASCII the letters are written \x{FC}, in a global one as they are,
// whichever way the client gave them.
TEST(Dsn, original_recipient_beyond_ascii_has_the_form_of_the_report) {
    for (const auto* orcpt : {"utf-8;j\xc3\xb6rg@z.test", "utf-8;j\\x{F6}rg@z.test"}) {
        auto in = input();
        in.recipients[0].recipient.orcpt = orcpt;
        EXPECT_THAT(take_apart(make_dsn(in)).contents[1],
                    HasSubstr("Original-Recipient: utf-8; j\\x{F6}rg@z.test\r\n"))
            << orcpt;
        in.sender = box("b\xc3\xb6@example.com");
        EXPECT_THAT(take_apart(make_dsn(in)).contents[1],
                    HasSubstr("Original-Recipient: utf-8; j\xc3\xb6rg@z.test\r\n"))
            << orcpt;
    }
    auto in = input();
    in.recipients[0].recipient.orcpt = "X400;+2Fc+3Dus";
    EXPECT_THAT(take_apart(make_dsn(in)).contents[1],
                HasSubstr("Original-Recipient: X400; /c=us\r\n"));
}

TEST(Dsn, subject_in_no_known_character_set_is_not_shown_raw) {
    auto in = input();
    in.original_header = "Subject: =?x-unknown?B?AAAA" + std::string(80, 'A') + "?=\r\n";
    EXPECT_EQ(subject_of(in), "Not delivered: your message to alice@example.org");
    in.original_header = "Subject: Re: =?x-unknown?B?AAAA?= and more\r\n";
    EXPECT_EQ(subject_of(in), "Not delivered: \"Re:...\" to alice@example.org");
    in.original_header = "Subject: =?windows-1252?Q?Angebot_=80_500?=\r\n";
    EXPECT_EQ(decode_words(subject_of(in)),
              "Not delivered: \"Angebot \xe2\x82\xac 500\" to alice@example.org");
}

TEST(Dsn, sender_beyond_ascii_gets_the_global_forms) {
    auto in = input("j\xc3\xb6rg@example.org");
    in.sender = box("b\xc3\xb6@example.com");
    in.original_header = "Subject: \xc3\xbc\r\n";
    auto message = make_dsn(in);
    auto parts = take_apart(message);
    EXPECT_TRUE(message.needs_utf8);
    EXPECT_TRUE(message.needs_8bit);
    EXPECT_EQ(parts.header.find("To")->unfolded(), "b\xc3\xb6@example.com");
    EXPECT_EQ(parts.part_headers[1].find("Content-Type")->unfolded(),
              "message/global-delivery-status");
    EXPECT_THAT(parts.contents[1],
                HasSubstr("Final-Recipient: utf-8; j\xc3\xb6rg@example.org\r\n"));
    EXPECT_EQ(parts.part_headers[2].find("Content-Type")->unfolded(), "message/global-headers");
    EXPECT_EQ(parts.contents[2], in.original_header);

    in.original_header = "Subject: \xfc\r\n";  // not UTF-8, so not global
    parts = take_apart(make_dsn(in));
    EXPECT_EQ(parts.part_headers[2].find("Content-Type")->unfolded(), "text/rfc822-headers");
    EXPECT_EQ(parts.contents[2], "Subject: =FC\r\n");
}

}  // namespace
}  // namespace posthaste::mail
