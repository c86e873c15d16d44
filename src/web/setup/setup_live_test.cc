#include "web/setup/setup_live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using accounts::SignIn;
using discovery::Language;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Timestamp kNow(Milliseconds(1'763'900'000'000));

SignIn sign_in(std::string outcome = {}, Seconds age = Seconds(3)) {
    SignIn one;
    one.when = kNow - age;
    one.account = "anna@example.com";
    one.known = true;
    one.login = "anna@example.com";
    one.client = IpAddress::v4({192, 0, 2, 7});
    one.port = 587;
    one.tls = SignIn::Tls::starttls;
    one.tls_version = "TLSv1.3";
    one.credential = "password";
    one.ehlo = "DESKTOP3507CDS";
    one.mechanism = "LOGIN";
    one.outcome = std::move(outcome);
    return one;
}

LiveLine line_of(std::vector<SignIn> sign_ins) {
    LiveLine line;
    line.account = "anna@example.com";
    line.program = discovery::Program::outlook_classic;
    line.sign_ins = std::move(sign_ins);
    line.path = "/setup/token";
    return line;
}

Event event(EventType type, std::string text = {}) {
    Event one;
    one.type = type;
    one.text = std::move(text);
    return one;
}

TEST(SetupLive, waits) {
    const auto html = live_html(line_of({}), kNow);
    EXPECT_THAT(html,
                AllOf(HasSubstr("class=\"waiting\""), HasSubstr("Waiting for your mail"),
                      HasSubstr("data-live=\"/setup/token/live?\""), Not(HasSubstr("live-test"))));
}

TEST(SetupLive, turns_green) {
    auto one = sign_in();
    one.from = "anna@example.com";
    const auto html = live_html(line_of({one}), kNow);
    EXPECT_THAT(html,
                AllOf(HasSubstr("class=\"good\""), HasSubstr("We saw Outlook (classic) sign in"),
                      HasSubstr(">3 seconds ago</span>"), HasSubstr("587 with STARTTLS"),
                      HasSubstr("TLSv1.3"), HasSubstr("as it should be"),
                      HasSubstr("anna@example.com, allowed"), HasSubstr("192.0.2.7")));
    EXPECT_THAT(html, HasSubstr("action=\"/setup/token/test\""));
    auto german = line_of({one});
    german.language = Language::de;
    german.program.reset();
    german.query = "?lang=de";
    EXPECT_THAT(live_html(german, kNow),
                AllOf(HasSubstr("Ihr Mailprogramm hat sich"), HasSubstr("vor 3 Sekunden"),
                      HasSubstr("/setup/token/live?lang=de&amp;\"")));
}

TEST(SetupLive, a_program_is_named_only_when_it_was_that_one) {
    using discovery::Program;

    const struct {
        Program picked;
        const char* ehlo;
        const char* mechanism;
        bool is_of;
    } rows[] = {
        {Program::outlook_classic, "DESKTOP3507CDS", "LOGIN", true},
        {Program::outlook_classic, "DESKTOP3507CDS", "PLAIN", false},
        {Program::outlook_classic, "[192.0.2.7]", "LOGIN", false},
        {Program::outlook_classic, "galaxy-s24", "LOGIN", false},
        {Program::outlook_classic, "mail.example.com", "LOGIN", false},
        {Program::outlook_classic, "", "LOGIN", false},
        {Program::outlook_new, "AM0PR01MB4321.eurprd01.prod.exchangelabs.com", "LOGIN", true},
        {Program::outlook_new, "DESKTOP3507CDS", "LOGIN", false},
        {Program::thunderbird, "[IPV6:2001:db8::1]", "PLAIN", true},
        {Program::thunderbird, "[IPv6:2001:db8::1]", "PLAIN", false},
        {Program::apple, "[192.0.2.7]", "PLAIN", false},
        {Program::device, "printer", "LOGIN", false},
    };

    for (const auto& row : rows) {
        auto one = sign_in();
        one.ehlo = row.ehlo;
        one.mechanism = row.mechanism;
        EXPECT_EQ(is_of(one, row.picked), row.is_of) << row.ehlo;
    }
    auto phone = sign_in();
    phone.ehlo = "[192.0.2.7]";
    EXPECT_THAT(live_html(line_of({phone}), kNow),
                AllOf(HasSubstr("We saw your mail program sign"), Not(HasSubstr("Outlook"))));
}

TEST(SetupLive, a_refusal_has_its_reading_and_its_mend) {
    const auto html = live_html(line_of({sign_in("R3"), sign_in({}, Seconds(90))}), kNow);
    EXPECT_THAT(html, AllOf(HasSubstr("class=\"bad\""), HasSubstr("A sign-in was refused"),
                            HasSubstr("What to do"), HasSubstr("<li>"),
                            HasSubstr("Signed in <span data-age=\"90\"")));
    // It had worked before: the test is still offered.
    EXPECT_THAT(html, HasSubstr("live-test"));
    EXPECT_THAT(live_html(line_of({sign_in("R3")}), kNow), Not(HasSubstr("live-test")));
}

TEST(SetupLive, facts) {
    auto one = sign_in();
    one.login = "anna";
    one.normalised = "anna@example.com";
    one.port = 465;
    one.usual_mode = false;
    one.credential = "phone";
    const auto facts = facts_of(one, Language::en);
    const auto value = [&](std::string_view label) {
        for (const auto& [name, said] : facts)
            if (name == label) return said;
        return std::string("(none)");
    };
    EXPECT_EQ(value("User name"), "“anna”, taken for anna@example.com");
    EXPECT_EQ(
        value("Port"),
        "465 with STARTTLS. That works, though SSL/TLS is what programs expect on this port.");
    EXPECT_EQ(value("Password"), "app password “phone”");
    EXPECT_EQ(value("Sender address"), "no message sent yet");
    auto foreign = sign_in("R8");
    foreign.from = "boss@example.com";
    EXPECT_THAT(live_html(line_of({foreign}), kNow), HasSubstr("boss@example.com, not allowed"));
}

TEST(SetupLive, what_clients_say_is_text) {
    auto one = sign_in("R3");
    one.login = "<script>alert(1)</script>";
    const auto html = live_html(line_of({one}), kNow);
    EXPECT_THAT(html, AllOf(Not(HasSubstr("<script>")), HasSubstr("&lt;script&gt;")));
}

TEST(SetupLive, near_misses) {
    const auto nobody = [](std::string login) {
        auto one = sign_in("R3");
        one.known = false;
        one.login = std::move(login);
        return one;
    };
    EXPECT_TRUE(is_near_miss(nobody("ana@example.com"), "anna@example.com"));
    EXPECT_TRUE(is_near_miss(nobody("Anna@exmaple.com"), "anna@example.com"));
    EXPECT_TRUE(is_near_miss(nobody("anna@example.net"), "anna@example.com"));
    EXPECT_FALSE(is_near_miss(nobody("bob@example.com"), "anna-maria@example.com"));
    EXPECT_FALSE(is_near_miss(nobody(""), "anna@example.com"));
    EXPECT_FALSE(is_near_miss(sign_in("R3"), "anna@example.com"));  // somebody's
    auto line = line_of({});
    line.near_miss = nobody("ana@example.com");
    EXPECT_THAT(live_html(line, kNow), HasSubstr("“ana@example.com”"));
    line.sign_ins = {sign_in({}, Seconds(60))};
    EXPECT_THAT(live_html(line, kNow), HasSubstr("class=\"good\""));
}

TEST(SetupLive, the_test_message) {
    auto line = line_of({});
    line.test_sent = true;
    EXPECT_FALSE(is_final(line));
    EXPECT_THAT(live_html(line, kNow), HasSubstr("on its way"));
    line.test = {event(EventType::accepted), event(EventType::deferred, "451 4.7.1 greylisted")};
    EXPECT_FALSE(is_final(line));
    EXPECT_THAT(live_html(line, kNow), HasSubstr("451 4.7.1 greylisted"));
    line.test.push_back(event(EventType::delivered));
    EXPECT_TRUE(is_final(line));
    EXPECT_THAT(live_html(line, kNow),
                AllOf(HasSubstr("was delivered to anna@example.com"), Not(HasSubstr("data-live"))));
    line.trap = true;
    EXPECT_THAT(live_html(line, kNow), AllOf(HasSubstr("own inbox"), HasSubstr("mode = trap"),
                                             Not(HasSubstr("was delivered to"))));
    line.test.back() = event(EventType::failed, "550 5.1.1 no <b>such</b> user");
    EXPECT_THAT(live_html(line, kNow), AllOf(HasSubstr("class=\"bad\""), HasSubstr("&lt;b&gt;")));
}

TEST(SetupLive, versions_differ_when_something_is_new) {
    auto line = line_of({sign_in()});
    const auto first = live_version(line);
    EXPECT_EQ(live_version(line), first);
    line.sign_ins[0].from = "anna@example.com";
    const auto second = live_version(line);
    EXPECT_NE(second, first);
    line.sign_ins[0].times = 2;
    EXPECT_NE(live_version(line), second);
    line.ended = true;
    EXPECT_TRUE(is_final(line));
    EXPECT_THAT(live_html(line, kNow), HasSubstr("All is set up"));
}

TEST(SetupLive, ages) {
    const std::pair<Seconds, const char*> rows[] = {
        {Seconds(-5), "just now"},
        {Seconds(0), "just now"},
        {Seconds(1), "1 second ago"},
        {Seconds(59), "59 seconds ago"},
        {Seconds(60), "1 minute ago"},
        {Seconds(3599), "59 minutes ago"},
        {Seconds(7200), "2 hours ago"},
        {std::chrono::days(1), "1 day ago"},
        {std::chrono::days(9), "9 days ago"},
    };
    for (const auto& [age, text] : rows) EXPECT_EQ(ago(kNow - age, kNow, Language::en), text);
    EXPECT_EQ(ago(kNow - Seconds(1), kNow, Language::de), "vor 1 Sekunde");
}

}  // namespace
}  // namespace posthaste::web
