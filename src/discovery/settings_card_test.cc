#include "discovery/settings_card.h"

#include "discovery/golden_testing.h"
#include "discovery/snippets.h"

#include <set>

#include <gtest/gtest.h>

namespace posthaste::discovery {
namespace {

std::string all_cards(const MailSettings& settings, const std::optional<mail::Mailbox>& user,
                      Language language) {
    std::string text;
    for (const Program program : kPrograms)
        text += card_text(make_card(program, settings, user, language), language) + "\n";
    return text;
}

TEST(SettingsCard, in_english) {
    expect_golden("cards_en.txt",
                  all_cards(example_settings(), mailbox("anna@example.com"), Language::en));
}

TEST(SettingsCard, in_german_for_nobody_in_particular) {
    expect_golden("cards_de.txt", all_cards(example_settings(), {}, Language::de));
}

TEST(SettingsCard, with_starttls_alone_and_no_incoming_server) {
    MailSettings settings = example_settings();
    settings.tls_port = 0;
    settings.incoming.clear();
    settings.https_base.clear();
    const std::string text = all_cards(settings, {}, Language::en);
    EXPECT_EQ(text.find("465"), std::string::npos);
    EXPECT_EQ(text.find("imap"), std::string::npos);
    EXPECT_EQ(text.find("works too"), std::string::npos);
    EXPECT_NE(text.find("STARTTLS"), std::string::npos);
}

TEST(SettingsCard, without_an_incoming_server_there_is_no_automatic_way) {
    MailSettings settings = example_settings();
    settings.incoming.clear();
    for (const Program program : {Program::outlook_classic, Program::outlook_new, Program::apple,
                                  Program::thunderbird, Program::thunderbird_android}) {
        const Card card = make_card(program, settings, mailbox("anna@example.com"), Language::en);
        EXPECT_EQ(card.automatic, "") << card.name;
        const std::string text = card_text(card, Language::en);
        EXPECT_EQ(text.find("QR"), std::string::npos) << text;
        EXPECT_NE(text.find("wants an incoming server"), std::string::npos) << text;
    }
}

TEST(SettingsCard, programs_that_fetch_mail_are_told_from_where) {
    MailSettings settings = example_settings();
    settings.incoming.push_back({IncomingKind::pop3, "pop.example.com", 995});
    for (const Program program : {Program::outlook_classic, Program::outlook_new, Program::apple,
                                  Program::thunderbird, Program::thunderbird_android}) {
        const std::string text = card_text(
            make_card(program, settings, mailbox("anna@example.com"), Language::en), Language::en);
        EXPECT_NE(text.find("imap.example.com"), std::string::npos) << text;
        EXPECT_NE(text.find("POP3 works too: pop.example.com, port 995 with SSL/TLS"),
                  std::string::npos)
            << text;
    }
}

TEST(SettingsCard, every_text_of_a_card_is_in_the_tables) {
    for (const Language language : kLanguages) {
        for (const Program program : kPrograms) {
            for (const bool tls : {true, false}) {
                MailSettings settings = example_settings();
                if (!tls) settings.tls_port = 0;
                const Card card = make_card(program, settings, {}, language);
                const std::string text = card_text(card, language);
                EXPECT_EQ(text.find("card."), std::string::npos) << text;
                EXPECT_EQ(text.find('{'), std::string::npos) << text;
                EXPECT_FALSE(card.groups.empty());
            }
        }
    }
}

TEST(SettingsCard, values_to_copy_are_exact) {
    const Card card = make_card(Program::outlook_classic, example_settings(),
                                mailbox("anna@example.com"), Language::en);
    std::set<std::string> exact;
    for (const FieldGroup& group : card.groups) {
        for (const Field& field : group.fields) {
            if (field.is_exact) exact.insert(field.value);
        }
    }
    EXPECT_EQ(exact, (std::set<std::string>{"imap.example.com", "smtp.example.com",
                                            "anna@example.com", "993", "465"}));
}

TEST(SettingsCard, programs_have_ids) {
    for (const Program program : kPrograms) EXPECT_EQ(find_program(program_id(program)), program);
    EXPECT_FALSE(find_program("nonsense"));
}

TEST(SettingsCard, the_likely_program_comes_first) {
    EXPECT_EQ(likely_program("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)"),
              Program::apple);
    EXPECT_EQ(likely_program("Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
              Program::outlook_classic);
    EXPECT_EQ(likely_program("Mozilla/5.0 (Linux; Android 15)"), Program::thunderbird_android);
    EXPECT_FALSE(likely_program(""));
}

TEST(Snippets, hold_no_password_and_no_mark) {
    for (const bool tls : {true, false}) {
        MailSettings settings = example_settings();
        if (!tls) settings.tls_port = 0;
        const auto snippets = app_snippets(settings, mailbox("anna+x@example.com"));
        EXPECT_EQ(snippets.size(), 8U);
        for (const Snippet& one : snippets) {
            EXPECT_NE(one.code.find("smtp.example.com"), std::string::npos) << one.name;
            EXPECT_NE(one.code.find("anna+x@example.com"), std::string::npos) << one.name;
            for (const char* mark : {"{host}", "{port}", "{user}"})
                EXPECT_EQ(one.code.find(mark), std::string::npos) << one.name;
        }
    }
}

TEST(Snippets, an_address_that_could_end_a_string_is_not_put_in) {
    for (const char* address : {"\"'; rm -rf\"@example.com", "a'b@example.com", "$x@example.com"}) {
        for (const Snippet& one : app_snippets(example_settings(), mailbox(address))) {
            EXPECT_EQ(one.code.find(mailbox(address).to_string()), std::string::npos);
            EXPECT_NE(one.code.find("app@example.com"), std::string::npos);
        }
    }
    EXPECT_EQ(app_url(example_settings(), mailbox("a'b@example.com")),
              "smtps://a%27b%40example.com@smtp.example.com:465");
}

}  // namespace
}  // namespace posthaste::discovery
