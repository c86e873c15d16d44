// Documents, profile and help over a real store; the integration tests ask them over TLS.
#include "web/pages/public_pages.h"

#include "accounts/testing.h"
#include "formats/json.h"
#include "runtime/run.h"
#include "web/setup/setup_pages.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class PublicPagesTest : public ::testing::Test {
  protected:
    PublicPagesTest() : services_(std::make_shared<PublicServices>(store_.store(), blocking_)) {
        services_->settings.host = "smtp.example.com";
        services_->settings.https_base = "https://smtp.example.com";
        services_->settings.incoming = {{.host = "imap.example.com"}};
        services_->admin = "postmaster@example.com";
        add_public_pages(router_, services_);
        store_.add_domain("example.com");
    }

    ~PublicPagesTest() override { blocking_.stop(); }

    HttpResponse ask(std::string method, std::string_view target, std::string host = "x",
                     std::string body = {}) {
        runtime::Worker worker("client");
        HttpRequest request;
        request.method = std::move(method);
        request.body = std::move(body);
        request.headers.emplace_back("Host", std::move(host));
        EXPECT_TRUE(request.set_target(target).has_value()) << target;
        return runtime::run_to_end(worker, store_.log(), router_.route(request)).value();
    }

    HttpResponse get(std::string_view target, std::string host = "x") {
        return ask("GET", target, std::move(host));
    }

    static std::string pox(std::string_view address) {
        return fmt::format(
            "<Autodiscover><Request><EMailAddress>{}</EMailAddress></Request></Autodiscover>",
            address);
    }

    accounts::testing::TempStore store_;
    runtime::BlockingPool blocking_{"test", 2, 64};
    std::shared_ptr<PublicServices> services_;
    Router router_;
};

TEST_F(PublicPagesTest, the_setup_page_knows_whose_addresses_are_served) {
    add_setup_pages(router_,
                    {.settings = services_->settings,
                     .admin = services_->admin,
                     .domains = std::shared_ptr<ServedDomains>(services_, &services_->domains)});
    const auto ours = get("/setup?program=apple&address=foo@example.com").body;
    EXPECT_THAT(ours, AllOf(HasSubstr("foo%40example.com.mobileconfig"), HasSubstr("<svg")));
    const auto other = get("/setup?program=apple&address=foo@other.test").body;
    EXPECT_THAT(other, AllOf(HasSubstr("Addresses of other.test are not served here"),
                             HasSubstr("aria-invalid"), Not(HasSubstr(".mobileconfig")),
                             Not(HasSubstr("<svg"))));
}

TEST_F(PublicPagesTest, help_shows_no_ids_of_ours) {
    EXPECT_THAT(get("/h/cert_untrusted").body,
                AllOf(HasSubstr("issuer is not trusted"), Not(HasSubstr(">cert_untrusted<"))));
    EXPECT_THAT(get("/h/").body, AllOf(HasSubstr("href=\"/h/cert_untrusted\">The certificate"),
                                       Not(HasSubstr(">cert_untrusted<"))));
    EXPECT_THAT(get("/h/550").body, HasSubstr("<p class=\"codes\">550</p>"));
}

TEST_F(PublicPagesTest, autodiscover_answers_200_whatever_is_wrong) {
    const struct {
        const char* name;
        const char* method;
        std::string body;
        const char* holds;
    } rows[] = {
        {"ours", "POST", pox("anna@example.com"), "<Server>smtp.example.com</Server>"},
        {"no such account", "POST", pox("nobody@example.com"), "<LoginName>nobody@example.com<"},
        {"not ours", "POST", pox("anna@example.net"), "<ErrorCode>500<"},
        {"below ours", "POST", pox("anna@sub.example.com"), "<ErrorCode>500<"},
        {"a literal", "POST", pox("anna@[192.0.2.1]"), "<ErrorCode>500<"},
        {"empty", "POST", "", "<ErrorCode>600<"},
        {"a GET with a body", "GET", pox("anna@example.com"), "<ErrorCode>600<"},
    };

    for (const auto& row : rows) {
        const auto answer = ask(row.method, "/AutoDiscover/autodiscover.XML", "x", row.body);
        EXPECT_EQ(answer.status, 200) << row.name;
        EXPECT_THAT(answer.body, HasSubstr(row.holds)) << row.name;
    }
}

TEST_F(PublicPagesTest, a_domain_counts_from_when_it_is_added) {
    constexpr auto kTarget = "/mail/config-v1.1.xml?emailaddress=a%40example.org";
    EXPECT_EQ(get(kTarget).status, 404);
    store_.add_domain("example.org");
    EXPECT_THAT(get(kTarget).body, HasSubstr("<emailProvider id=\"example.org\">"));
}

TEST_F(PublicPagesTest, the_host_says_which_domain_where_no_address_does) {
    const struct {
        const char* host;
        int autoconfig;
        int pacc;
    } rows[] = {
        {"autoconfig.example.com", 200, 404},
        {"ua-auto-config.example.com:443", 200, 200},
        {"example.com.", 200, 200},
        {"smtp.example.com", 200, 404},
        {"other.example.com", 404, 404},
        {"example.net", 404, 404},
        {"[::1]", 404, 404},
        {"", 404, 404},
    };

    for (const auto& row : rows) {
        EXPECT_EQ(get("/.well-known/autoconfig/mail/config-v1.1.xml", row.host).status,
                  row.autoconfig)
            << row.host;
        EXPECT_EQ(get("/.well-known/user-agent-configuration.json", row.host).status, row.pacc)
            << row.host;
    }
}

TEST_F(PublicPagesTest, the_json_look_up_names_us_even_where_nobody_said_how_we_are_reached) {
    services_->settings.https_base.clear();
    EXPECT_THAT(get("/autodiscover/autodiscover.json?PROTOCOL=AutodiscoverV1").body,
                HasSubstr("\"https://smtp.example.com/autodiscover/autodiscover.xml\""));
    EXPECT_EQ(get("/autodiscover/autodiscover.json").status, 400);
}

TEST_F(PublicPagesTest, a_profile_goes_unsigned_without_certificates) {
    const auto profile = get("/m/anna%40example.com.mobileconfig");
    EXPECT_EQ(profile.status, 200);
    EXPECT_EQ(profile.content_type, "application/x-apple-aspen-config");
    EXPECT_THAT(profile.body, StartsWith("<?xml"));
    // Decoded once: "%2541" is the text "%41", not "A".
    EXPECT_THAT(get("/m/x%2541%40example.com.mobileconfig").body,
                AllOf(HasSubstr("x%41@example.com"), Not(HasSubstr("xA@example.com"))));
}

TEST_F(PublicPagesTest, what_is_no_profile_is_said_on_a_page) {
    services_->settings.incoming.clear();
    for (const char* target : {"/m/anna.mobileconfig", "/m/anna%40example.net.mobileconfig",
                               "/m/anna%40example.com.mobileconfig", "/m/x"}) {
        const auto page = get(target);
        EXPECT_EQ(page.status, 404) << target;
        EXPECT_THAT(page.content_type, StartsWith("text/html")) << target;
    }
}

TEST_F(PublicPagesTest, help_pages_escape_what_they_repeat) {
    for (const char* target : {"/h/%3Cb%3E%22", "/h/?error=%3Cb%3E%22"})
        EXPECT_THAT(get(target).body, AllOf(HasSubstr("&lt;b&gt;"), Not(HasSubstr("<b>"))))
            << target;
    EXPECT_EQ(get("/h/%3Cb%3E%22").status, 404);
    EXPECT_EQ(get("/h/2148322319").status, 200);
    EXPECT_THAT(get("/h/r8?lang=de").body, HasSubstr("<html lang=\"de\""));
}

}  // namespace
}  // namespace posthaste::web
