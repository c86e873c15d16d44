#include "discovery/explain.h"

#include "base/ascii.h"
#include "discovery/explain_tables.h"
#include "discovery/golden_testing.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste::discovery {
namespace {

struct Row {
    const char* name;
    std::string text;
    const char* topic;
    std::vector<std::string> codes;
};

class ErrorText : public testing::TestWithParam<Row> {};

TEST_P(ErrorText, is_explained) {
    const Row& row = GetParam();
    for (const Language language : kLanguages) {
        const Explanation explanation = explain(row.text, language);
        EXPECT_EQ(explanation.topic, row.topic);
        EXPECT_EQ(explanation.codes, row.codes);
        EXPECT_EQ(explanation.known, std::string_view(row.topic) != "unknown");
        EXPECT_FALSE(explanation.title.empty());
        EXPECT_FALSE(explanation.cause.empty());
        EXPECT_FALSE(explanation.steps.empty());
    }
}

const Row kNumbers[] = {
    {"plain", "0x800CCC0F", "dropped", {"0x800CCC0F"}},
    {"without_0x", "800ccc0f", "dropped", {"0x800CCC0F"}},
    {"capital_x", "0X800CCC0F.", "dropped", {"0x800CCC0F"}},
    {"in_brackets", "error (0x800CCC0F) : The connection", "dropped", {"0x800CCC0F"}},
    {"letter_o_for_zero", "Ox8OOCCCOF", "dropped", {"0x800CCC0F"}},
    {"glued_to_a_word", "Fehler0x800CCC0F", "dropped", {"0x800CCC0F"}},
    {"decimal_0e", "-2146644978", "no_connection", {"0x800CCC0E"}},
    {"decimal_79", "code=-2146644871;", "recipient_refused", {"0x800CCC79"}},
    {"decimal_0119", "-2147221223", "mapi_extended", {"0x80040119"}},
    {"decimal_011d", "-2147221219", "mapi_provider", {"0x8004011D"}},
    {"unsigned_decimal", "2148322318", "no_connection", {"0x800CCC0E"}},
    {"other_decimal", "-2146000000 and 4000000000", "unknown", {}},
    {"winsock_range", "0x800CCC44", "winsock", {"0x800CCC44"}},
    {"pop_range", "0x800CCC92", "incoming_side", {"0x800CCC92"}},
    {"imap_range", "0x800cccdf", "incoming_side", {"0x800CCCDF"}},
    {"unknown_outlook_number", "0x800CCCFF", "unknown", {"0x800CCCFF"}},
    {"eight_digits_of_something_else", "80012345", "unknown", {}},
    {"empty", "", "unknown", {}},
    {"white_space", " \r\n\t", "unknown", {}},
    {"no_idea", "My cat sat on the keyboard", "unknown", {}},
    {"reply_number", "R8", "r8", {"R8"}},
    {"reply_number_small", " r11\n", "r11", {"R11"}},
    {"smtp_code_alone", "550", "smtp_550", {"550"}},
    {"port_is_no_code", "Port: 465, then 587", "unknown", {}},
    {"address_is_no_status", "from 5.7.1.2", "unknown", {}},
};

INSTANTIATE_TEST_SUITE_P(numbers, ErrorText, testing::ValuesIn(kNumbers),
                         [](const auto& row) { return std::string(row.param.name); });

const Row kWindows[] = {
    {"recipient_refused_by_relay",
     "The message could not be sent because one of the recipients was rejected by the server. The "
     "rejected\r\ne-mail address was 'x@example.net'. Subject 'a', Account: 'b', Server: 'c', "
     "Protocol: SMTP, Server Response: '550 5.7.1 Relaying\r\ndenied', Port: 25, Secure(SSL): No, "
     "Server Error: 550, Error Number: 0x800CCC79",
     "relay_denied",
     {"550 5.7.1", "0x800CCC79"}},
    {"our_reply_in_outlooks_window",
     "Unable to send the message. Please verify the e-mail address in your account properties. The "
     "server responded: 553 5.7.1 You logged in as anna@example.com and may not send as "
     "bob@example.com. Outlook: set E-mail Address to yours or choose another From. "
     "https://mail.example.com/h/8 (0x800CCC78)",
     "r8",
     {"R8", "553 5.7.1", "0x800CCC78"}},
    {"our_reply_by_its_mark",
     "Error 0x80040119: 530 5.7.0 Log in fir [R2]",
     "r2",
     {"R2", "0x80040119", "530 5.7.0"}},
    {"sender_refused", "0x800CCC78 553 sorry", "sender_refused", {"0x800CCC78", "553"}},
    {"authenticate_first",
     "The server responded: 451 user please authenticate before send",
     "smtp_530",
     {"451"}},
    {"vague_number_yields_to_a_code", "0x8004011D 452 later", "smtp_452", {"0x8004011D", "452"}},
    {"time_out_as_a_wrapper",
     "0x8004210B: The operation timed out waiting for a response from the sending (SMTP) server. "
     "The server responded: 550 5.1.0 <> sender rejected",
     "receipt_loop",
     {"0x8004210B", "550 5.1.0"}},
    {"time_out_alone",
     "0x8004210B: The operation timed out waiting for a response from the sending (SMTP) server.",
     "send_timeout",
     {"0x8004210B"}},
    {"no_common_login_in_words",
     "None of the authentication methods supported by this client are supported by your server.",
     "no_common_login",
     {}},
    {"certificate_name_in_german", "Der Zielprinzipalname ist falsch.", "cert_name", {}},
    {"no_such_user",
     "550-5.1.1 The email account that you tried to reach\n550 5.1.1 gone",
     "no_such_recipient",
     {"550 5.1.1"}},
    {"greylisted",
     "450 4.7.1 <a@b>: Recipient address rejected: Greylisted",
     "greylisted",
     {"450 4.7.1"}},
    {"blanks_that_do_not_break", "550 Relaying\xc2\xa0\r\n denied", "relay_denied", {"550"}},
    {"status_alone", "refused with 5.7.8", "smtp_535", {"5.7.8"}},
    {"code_in_text", "421-4.7.0 later", "smtp_421", {"421 4.7.0"}},
    {"apple_login",
     "Cannot Send Mail. The user name or password for “mail.example.com” is incorrect.",
     "login_refused",
     {}},
    {"iphone_in_german",
     "E-Mail kann nicht gesendet werden. Die Verbindung zum Server für ausgehende E-Mails ist "
     "fehlgeschlagen.",
     "program_cannot_connect",
     {}},
    {"thunderbird_in_german",
     "Senden der Nachricht fehlgeschlagen. Die Nachricht konnte nicht gesendet werden, weil die "
     "Verbindung mit dem Postausgangsserver (SMTP) mail.example.com fehlgeschlagen ist.",
     "program_cannot_connect",
     {}},
    {"thunderbird_login",
     "Unable to authenticate to Outgoing server (SMTP) mail.example.com.",
     "login_refused",
     {}},
    {"set_up_without_encryption",
     "An encrypted connection to your mail server is not available. Click Next to attempt using an "
     "unencrypted connection.",
     "setup_failed",
     {}},
    {"set_up_failed",
     "Something went wrong and Outlook couldn’t set up your account. Please try again.",
     "setup_failed",
     {}},
    {"openssl",
     "ssl.SSLError: [SSL] record layer: wrong version number (_ssl.c:1000)",
     "tls_on_starttls_port",
     {}},
    {"python", "[SSL: WRONG_VERSION_NUMBER]", "tls_on_starttls_port", {}},
    {"winmail", "They only see winmail.dat", "winmail", {}},
    {"data_file", "0x8004010F", "data_file_missing", {"0x8004010F"}},
    {"login_of_outlook", "0x800CCC81", "outlook_login", {"0x800CCC81"}},
    {"vague", "0x80040201", "mapi_extended", {"0x80040201"}},
    {"vague_with_words",
     "0x80040201: 550 5.1.1 gone",
     "no_such_recipient",
     {"0x80040201", "550 5.1.1"}},
    {"incoming_side_times_out",
     "Log onto incoming mail server (IMAP): The operation timed out waiting for a response from "
     "the server.",
     "incoming_timeout",
     {}},
    {"incoming_side", "Log onto incoming mail server (POP3): Cannot log on.", "incoming_side", {}},
};

INSTANTIATE_TEST_SUITE_P(windows, ErrorText, testing::ValuesIn(kWindows),
                         [](const auto& row) { return std::string(row.param.name); });

// clients.md 4.4, each reply as the server writes it.
const Row kMicrosoft[] = {
    {"basic_off",
     "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. "
     "[X.prod.outlook.com]",
     "m365_basic_off",
     {"535 5.7.139"}},
    {"tenant",
     "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
     "Tenant.",
     "m365_auth_off_tenant",
     {"535 5.7.139"}},
    {"mailbox",
     "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
     "Mailbox.",
     "m365_auth_off_mailbox",
     {"535 5.7.139"}},
    {"sts",
     "535 5.7.139 Authentication unsuccessful, federated STS service was unreachable",
     "m365_federation",
     {"535 5.7.139"}},
    {"sts_https",
     "535 5.7.139 ... STS URL does not support HTTPS",
     "m365_federation",
     {"535 5.7.139"}},
    {"generic",
     "535 5.7.3 Authentication unsuccessful [AM0.eurprd.prod.outlook.com]",
     "m365_login_failed",
     {"535 5.7.3"}},
    {"plain", "504 5.7.4 Unrecognized authentication type", "m365_no_plain", {"504 5.7.4"}},
    {"anonymous",
     "530 5.7.57 Client not authenticated to send mail. Error: 535 during MAIL FROM",
     "m365_not_logged_in",
     {"530 5.7.57", "535"}},
    {"send_as",
     "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
     "m365_send_as",
     {"550 5.7.60"}},
    {"send_as_denied",
     "554 5.2.252 SendAsDenied; relay@example.com",
     "m365_send_as",
     {"554 5.2.252"}},
    {"relay",
     "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",
     "m365_relay",
     {"550 5.7.54"}},
    {"retired",
     "550 5.7.30 Basic authentication is not supported for Client Submission.",
     "m365_basic_retired",
     {"550 5.7.30"}},
    {"old_tls",
     "421 4.7.66 TLS 1.0 and 1.1 are not supported. Please upgrade/update your client",
     "m365_old_tls",
     {"421 4.7.66"}},
    {"concurrent",
     "432 4.3.2 Concurrent connections limit exceeded. Visit",
     "m365_concurrent",
     {"432 4.3.2"}},
    {"threads",
     "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded",
     "m365_concurrent",
     {"432 4.3.2"}},
    {"permission",
     "430 4.2.0 STOREDRV; mailbox logon failure; MapiExceptionLogonFailed:",
     "m365_mailbox_permission",
     {"430 4.2.0"}},
    {"full", "554 5.2.2 mailbox full", "m365_mailbox_full", {"554 5.2.2"}},
    {"attribution",
     "550 5.7.64 TenantAttribution; Relay Access Denied",
     "m365_connector",
     {"550 5.7.64"}},
    {"region", "4.4.62 Mail sent to the wrong Office 365 region", "m365_connector", {"4.4.62"}},
    {"direct_send",
     "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from "
     "unauthorized sources",
     "m365_direct_send",
     {"550 5.7.68"}},
    {"group_136", "550 5.7.136 restricted", "m365_members_only", {"550 5.7.136"}},
    {"group_134", "550 5.7.134 x", "m365_members_only", {"550 5.7.134"}},
    {"group_133", "550 5.7.133 x", "m365_members_only", {"550 5.7.133"}},
    {"group_12", "550 5.7.12 x", "m365_members_only", {"550 5.7.12"}},
    {"bad_sender",
     "550 5.1.8 Access denied, bad outbound sender",
     "m365_restricted",
     {"550 5.1.8"}},
    {"hve", "550 5.5.105 x", "m365_hve_external", {"550 5.5.105"}},
    {"spam",
     "550 5.7.520 Message blocked because it contains content identified as spam",
     "m365_spam",
     {"550 5.7.520"}},
    {"banned",
     "550 5.7.606 Access denied, banned sending IP [192.0.2.1]",
     "m365_banned_ip",
     {"550 5.7.606"}},
    {"banned_511",
     "550 5.7.511 Access denied, banned sender[192.0.2.1]",
     "m365_banned_ip",
     {"550 5.7.511"}},
};

INSTANTIATE_TEST_SUITE_P(microsoft, ErrorText, testing::ValuesIn(kMicrosoft),
                         [](const auto& row) { return std::string(row.param.name); });

// The rows of the catalogue, read from its source: a reply without an explanation fails here.
struct Reply {
    int number = 0;
    int code = 0;
    std::string status;
    std::string text;
};

std::string take_strings(std::string_view& rest) {
    std::string text;
    while (true) {
        const std::size_t open = rest.find_first_not_of(" \n");
        if (open == std::string_view::npos || rest[open] != '"') return text;
        rest.remove_prefix(open + 1);
        while (rest.front() != '"') {
            if (rest.front() == '\\') rest.remove_prefix(1);
            text += rest.front();
            rest.remove_prefix(1);
        }
        rest.remove_prefix(1);
    }
}

int take_number(std::string_view& rest) {
    int number = 0;
    while (!rest.empty() && !ascii::is_digit(rest.front())) rest.remove_prefix(1);
    while (!rest.empty() && ascii::is_digit(rest.front())) {
        number = number * 10 + (rest.front() - '0');
        rest.remove_prefix(1);
    }
    return number;
}

std::vector<Reply> catalogue() {
    const std::string source = source_file("submission/replies.cc");
    std::string_view rest = source;
    std::vector<Reply> replies;
    constexpr std::string_view kRow = "{Say::";
    const std::size_t end = rest.find("static_assert");
    rest = rest.substr(0, end);
    for (std::size_t at = rest.find(kRow); at != std::string_view::npos; at = rest.find(kRow)) {
        rest.remove_prefix(rest.find(',', at));
        Reply reply;
        reply.number = take_number(rest);
        reply.code = take_number(rest);
        rest.remove_prefix(rest.find('"'));
        reply.status = take_strings(rest);
        rest.remove_prefix(rest.find('"'));
        reply.text = take_strings(rest);
        replies.push_back(std::move(reply));
    }
    return replies;
}

TEST(Explain, a_port_that_is_not_there_is_not_named) {
    ExplainNames names{.host = "mail.example.com", .tls_port = 0, .starttls_port = 2525};
    const auto all_of = [](const Explanation& e) {
        std::string text = e.title + e.cause;
        for (const auto& step : e.steps) text += "\n" + step;
        return text;
    };
    for (const Language language : {Language::en, Language::de}) {
        const auto explained = explain_code("R63", language, names);
        ASSERT_TRUE(explained.has_value());
        const auto text = all_of(*explained);
        EXPECT_EQ(text.find("465"), std::string::npos) << text;
        EXPECT_NE(text.find("2525"), std::string::npos) << text;
    }
}

TEST(Explain, every_reply_of_ours) {
    const auto replies = catalogue();
    EXPECT_GE(replies.size(), 65U);
    for (const Reply& reply : replies) {
        std::string text = reply.text;
        for (const auto& [mark, value] :
             {std::pair{"{0}", "anna@example.com"}, std::pair{"{1}", "bob@example.com"},
              std::pair{"{admin}", "postmaster@example.com"},
              std::pair{"{incoming}", "imap.example.com"}}) {
            const std::size_t at = text.find(mark);
            if (at != std::string::npos) text.replace(at, std::string_view(mark).size(), value);
        }
        const std::string line = fmt::format("{} {} {}", reply.code, reply.status, text);
        const std::string topic = fmt::format("r{}", reply.number);
        EXPECT_EQ(explain(fmt::format("{} [R{}]", line, reply.number), Language::en).topic, topic)
            << line;
        EXPECT_EQ(explain(fmt::format("{} https://mail.example.com/h/{}", line, reply.number),
                          Language::en)
                      .topic,
                  topic)
            << line;
        ASSERT_NE(find_topic(Language::de, topic), nullptr) << line;
        // By its words alone, unless they are a parser's.
        if (!reply.text.starts_with("{0}."))
            EXPECT_EQ(explain(line, Language::en).topic, topic) << line;
    }
}

TEST(Explain, every_help_page_in_every_language) {
    std::set<std::string> codes;
    for (const HelpPage& page : help_pages()) {
        EXPECT_TRUE(codes.insert(page.code).second) << page.code;
        for (const Language language : kLanguages) {
            const auto explanation = explain_code(page.code, language);
            ASSERT_TRUE(explanation) << page.code;
            EXPECT_TRUE(explanation->known);
            EXPECT_EQ(explanation->topic, page.topic);
            EXPECT_EQ(explanation->code, page.code);
            for (const std::string& step : explanation->steps)
                EXPECT_EQ(step.find('{'), std::string::npos) << page.code;
        }
    }
    // Every topic is reached by some page.
    std::set<std::string_view> topics;
    for (const HelpPage& page : help_pages()) topics.insert(page.topic);
    EXPECT_EQ(topics.size() + 1, topic_ids(Language::en).size());  // all but "unknown"
    for (int number = 1; number <= tables::kLastReply; ++number)
        EXPECT_TRUE(codes.contains(fmt::format("R{}", number)));
}

TEST(Explain, every_table_leads_to_a_topic) {
    const auto check = [](std::string_view topic) {
        EXPECT_NE(find_topic(Language::en, topic), nullptr) << topic;
    };
    for (const auto& row : tables::outlook_numbers()) check(row.topic);
    for (const auto& row : tables::smtp_codes()) check(row.topic);
    for (const auto& row : tables::telling_statuses()) check(row.topic);
    for (const auto& row : tables::other_statuses()) check(row.topic);
    for (const auto rows :
         {tables::microsoft_phrases(), tables::server_phrases(), tables::window_phrases()}) {
        for (const auto& row : rows) {
            check(row.topic);
            EXPECT_EQ(ascii::to_lower(row.phrase), row.phrase);
        }
    }
    for (const auto& row : tables::own_phrases())
        EXPECT_EQ(ascii::to_lower(row.phrase), row.phrase);
}

TEST(Explain, pages_are_found_by_what_replies_name) {
    EXPECT_EQ(explain_code("8", Language::en)->topic, "r8");
    EXPECT_EQ(explain_code("r8", Language::en)->code, "R8");
    EXPECT_EQ(explain_code("0X800ccc0f", Language::en)->code, "0x800CCC0F");
    EXPECT_EQ(explain_code("550", Language::en)->code, "550");
    EXPECT_EQ(explain_code("m365_basic_off", Language::de)->topic, "m365_basic_off");
    for (const char* code : {"", "0", "R0", "R68", "08", "R550", "200", "999", "unknown",
                             "0x800CCCFF", "../8", "8/", "-8", "+8", " 8"})
        EXPECT_FALSE(explain_code(code, Language::en)) << code;
    EXPECT_FALSE(explain_code(std::string(100'000, '8'), Language::en));
}

TEST(Explain, names_the_servers_of_the_person) {
    const Explanation explanation =
        explain("0x800CCC0D", Language::en, names_of(example_settings(), "admin@example.com"));
    EXPECT_EQ(explanation.steps.at(0),
              "Copy the name: Outgoing mail server (SMTP) is smtp.example.com.");
    ExplainNames hostile;
    hostile.host = "a\x1b[31m{admin}";
    const Explanation shown = explain("0x800CCC0D", Language::en, hostile);
    EXPECT_EQ(shown.steps.at(0).find('\x1b'), std::string::npos);
    EXPECT_NE(shown.steps.at(0).find("{admin}"), std::string::npos);
}

TEST(Explain, a_text_of_any_length_is_bounded) {
    std::string many;
    for (int i = 0; i < 10'000; ++i) many += "550 5.1.1 0x800CCC0F 421 ";
    const Explanation explanation = explain(many, Language::en);
    EXPECT_TRUE(explanation.known);
    EXPECT_LE(explanation.codes.size(), 17U);
    EXPECT_FALSE(explain(std::string(1'000'000, 'x'), Language::en).known);
}

}  // namespace
}  // namespace posthaste::discovery
