#include "discovery/autodiscover.h"

#include "discovery/golden_testing.h"
#include "formats/xml.h"

#include <gtest/gtest.h>

namespace posthaste::discovery {
namespace {

using namespace std::chrono_literals;

// 2026-11-23T14:03:22.123456Z
constexpr PoxStamp kStamp{std::chrono::sys_time<std::chrono::microseconds>(1795442602123456us),
                          2477272013};

std::optional<MailSettings> find_example(const mail::Domain& domain) {
    if (domain.ascii() != "example.com") return {};
    return example_settings();
}

struct Recorded {
    const char* name;
    const char* request;  // file, or nullptr for an empty body (a GET, the analyzer's first POST)
    const char* answer;
};

class RecordedRequest : public testing::TestWithParam<Recorded> {};

TEST_P(RecordedRequest, is_answered_to_the_octet) {
    const Recorded& row = GetParam();
    const std::string body =
        row.request == nullptr
            ? ""
            : source_file(std::string("discovery/testdata/requests/") + row.request);
    const std::string answer = answer_pox(body, find_example, kStamp);
    expect_golden(row.answer, answer);
    EXPECT_TRUE(formats::parse_xml(answer));
}

const Recorded kRecorded[] = {
    {"outlook_2016", "outlook_2016.xml", "pox_settings.xml"},
    {"get", nullptr, "pox_600.xml"},
    {"empty_post", nullptr, "pox_600.xml"},
    {"malformed", "malformed.xml", "pox_600.xml"},
    {"dtd", "dtd.xml", "pox_600.xml"},
    {"mobilesync", "mobilesync.xml", "pox_601.xml"},
    {"legacy_dn", "legacy_dn.xml", "pox_500.xml"},
    {"other_letter_case", "other_letter_case.xml", "pox_settings.xml"},
    {"unknown_schema", "unknown_schema.xml", "pox_601.xml"},
    {"connectivity_analyzer", "connectivity_analyzer.xml", "pox_settings.xml"},
};

INSTANTIATE_TEST_SUITE_P(rows, RecordedRequest, testing::ValuesIn(kRecorded),
                         [](const auto& row) { return std::string(row.param.name); });

std::string request(std::string_view inside, std::string_view space = "outlook") {
    return "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/" +
           std::string(space) + "/requestschema/2006\"><Request>" + std::string(inside) +
           "</Request></Autodiscover>";
}

struct Read {
    const char* name;
    std::string body;
    std::optional<PoxError> error;
};

class PoxRequestText : public testing::TestWithParam<Read> {};

TEST_P(PoxRequestText, is_read) {
    const auto read = parse_pox_request(GetParam().body);
    if (!GetParam().error) {
        ASSERT_TRUE(read);
        EXPECT_EQ(read->address.to_string(), "anna@example.com");
        return;
    }
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), *GetParam().error);
}

const std::string kAnna = "<EMailAddress>anna@example.com</EMailAddress>";
const std::string kOutlook =
    "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/"
    "responseschema/2006a</AcceptableResponseSchema>";
const std::string kMobile =
    "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
    "responseschema/2006</AcceptableResponseSchema>";

const Read kRead[] = {
    {"no_schema", request(kAnna), {}},
    {"empty_schema", request(kAnna + "<AcceptableResponseSchema/>"), {}},
    {"no_schema_mobile", request(kAnna, "mobilesync"), PoxError::no_such_schema},
    {"outlook_after_mobile", request(kAnna + kMobile + kOutlook), {}},
    {"schema_2006_without_a",
     request(kAnna + "<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/"
                     "outlook/responseschema/2006</AcceptableResponseSchema>"),
     {}},
    {"prefixed_elements",
     "<a:Autodiscover xmlns:a='urn:x'><a:Request><a:EMailAddress>anna@example.com</a:EMailAddress>"
     "</a:Request></a:Autodiscover>",
     {}},
    {"address_and_legacy_dn", request(kAnna + "<LegacyDN>/o=x</LegacyDN>" + kOutlook), {}},
    {"no_address", request(kOutlook), PoxError::invalid_request},
    {"empty_address", request("<EMailAddress/>" + kOutlook), PoxError::invalid_request},
    {"no_request", "<Autodiscover/>", PoxError::invalid_request},
    {"other_root", "<Request>" + kAnna + "</Request>", PoxError::invalid_request},
    {"html", "<!DOCTYPE html><html><body></body></html>", PoxError::invalid_request},
    {"no_domain", request("<EMailAddress>anna</EMailAddress>" + kOutlook), PoxError::bad_address},
    {"two_at", request("<EMailAddress>a@b@example.com</EMailAddress>" + kOutlook),
     PoxError::bad_address},
    {"display_name",
     request("<EMailAddress>Anna &lt;anna@example.com&gt;</EMailAddress>" + kOutlook),
     PoxError::bad_address},
    {"too_long", request(kAnna + std::string(kMaxPoxRequest, ' ')), PoxError::invalid_request},
};

INSTANTIATE_TEST_SUITE_P(rows, PoxRequestText, testing::ValuesIn(kRead),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Autodiscover, a_domain_not_served_is_an_address_not_found) {
    const std::string body = request("<EMailAddress>anna@example.net</EMailAddress>" + kOutlook);
    expect_golden("pox_500.xml", answer_pox(body, find_example, kStamp));
}

TEST(Autodiscover, every_address_of_a_domain_is_answered) {
    const std::string body = request("<EMailAddress>nobody@example.com</EMailAddress>" + kOutlook);
    const std::string answer = answer_pox(body, find_example, kStamp);
    EXPECT_NE(answer.find("<LoginName>nobody@example.com</LoginName>"), std::string::npos);
}

TEST(Autodiscover, starttls_is_called_tls_and_pop_follows_imap) {
    MailSettings settings = example_settings();
    settings.tls_port = 0;
    settings.incoming = {
        {IncomingKind::pop3, "pop.example.com", 995, Security::implicit_tls},
        {IncomingKind::imap, "imap.example.com", 143, Security::starttls},
    };
    expect_golden("pox_starttls.xml", make_pox_response(settings, mailbox("anna@example.com")));
}

TEST(Autodiscover, without_an_incoming_server_the_smtp_part_stands_alone) {
    MailSettings settings = example_settings();
    settings.incoming.clear();
    const std::string answer = make_pox_response(settings, mailbox("anna@example.com"));
    EXPECT_EQ(answer.find("IMAP"), std::string::npos);
    EXPECT_NE(answer.find("<Type>SMTP</Type>"), std::string::npos);
}

TEST(Autodiscover, a_hostile_address_stays_text) {
    for (const char* address :
         {"\"<x>&'\"@example.com", "a&b'c@example.com", "{address}@example.com",
          "\"]]>\"@example.com", "\xc3\xa4@example.com"}) {
        const std::string answer = make_pox_response(example_settings(), mailbox(address));
        const auto root = formats::parse_xml(answer);
        ASSERT_TRUE(root) << address;
        const auto* account = root->child("Response")->child("Account");
        ASSERT_EQ(account->children.size(), 4U);
        for (const auto& part : account->children) {
            if (part.name == "Protocol")
                EXPECT_EQ(part.child("LoginName")->text, mailbox(address).to_string());
        }
    }
}

TEST(Autodiscover, time_of_an_error_has_six_digits) {
    const std::string early = make_pox_error(PoxError::server_failed, {{}, 1});
    EXPECT_NE(early.find("Time=\"00:00:00.000000\" Id=\"1\""), std::string::npos);
    EXPECT_NE(early.find("<ErrorCode>603</ErrorCode>"), std::string::npos);
}

struct Json {
    const char* name;
    std::optional<std::string_view> protocol;
    int status;
    const char* body;
};

class AutodiscoverJson : public testing::TestWithParam<Json> {};

TEST_P(AutodiscoverJson, is_answered) {
    const auto answer =
        answer_autodiscover_json(GetParam().protocol, "https://autodiscover.example.com");
    EXPECT_EQ(answer.status, GetParam().status);
    EXPECT_EQ(answer.body, GetParam().body);
}

const Json kJson[] = {
    {"v1", "AutodiscoverV1", 200,
     R"({"Protocol":"AutodiscoverV1","Url":"https://autodiscover.example.com/autodiscover/autodiscover.xml"})"},
    {"other_letter_case", "autodiscoverv1", 200,
     R"({"Protocol":"AutodiscoverV1","Url":"https://autodiscover.example.com/autodiscover/autodiscover.xml"})"},
    {"active_sync", "ActiveSync", 400,
     R"({"ErrorCode":"InvalidProtocol","ErrorMessage":"The given protocol value 'ActiveSync' is invalid. Supported values are 'AutodiscoverV1'"})"},
    {"hostile", "<script>\"'\r\n", 400,
     R"({"ErrorCode":"InvalidProtocol","ErrorMessage":"The given protocol value 'script' is invalid. Supported values are 'AutodiscoverV1'"})"},
    {"missing", std::nullopt, 400,
     R"({"ErrorCode":"MandatoryParameterMissing","ErrorMessage":"A value is needed for the query parameter 'Protocol'."})"},
    {"empty", "", 400,
     R"({"ErrorCode":"MandatoryParameterMissing","ErrorMessage":"A value is needed for the query parameter 'Protocol'."})"},
};

INSTANTIATE_TEST_SUITE_P(rows, AutodiscoverJson, testing::ValuesIn(kJson),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace posthaste::discovery
