#include "web/setup/setup_pages.h"

#include "runtime/run.h"
#include "web/setup/setup_view.h"
#include "web/testing.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SetupPagesTest : public ::testing::Test {
  protected:
    SetupPagesTest() {
        discovery::MailSettings settings;
        settings.host = "smtp.example.com";
        settings.incoming.push_back({.host = "imap.example.com"});
        settings.https_base = "https://smtp.example.com";
        settings.help_base = "https://smtp.example.com/h/";
        add_setup_pages(router_, {settings, "postmaster@example.com"});
    }

    // As a browser asks.
    HttpResponse browse(std::string_view target) { return ask(target, "en", {}, "text/html,*/*"); }

    HttpResponse ask(std::string_view target, const std::string& accept = {},
                     const std::string& agent = {}, const std::string& wanted = {}) {
        runtime::Worker worker("test");
        HttpRequest request;
        request.method = "GET";
        if (!accept.empty()) request.headers.emplace_back("Accept-Language", accept);
        if (!wanted.empty()) request.headers.emplace_back("Accept", wanted);
        if (!agent.empty()) request.headers.emplace_back("User-Agent", agent);
        EXPECT_TRUE(request.set_target(target).has_value()) << target;
        return runtime::run_to_end(worker, testing::quiet_log(), router_.route(request)).value();
    }

    static std::string field(const HttpResponse& response, std::string_view name) {
        for (const auto& [key, value] : response.headers)
            if (key == name) return value;
        return {};
    }

    Router router_;
};

TEST_F(SetupPagesTest, every_program_has_a_page_in_every_language) {
    for (const auto program : discovery::kPrograms) {
        for (const auto language : discovery::kLanguages) {
            const auto page = ask(fmt::format("/setup?program={}&lang={}&address=anna@example.com",
                                              discovery::program_id(program),
                                              discovery::language_code(language)));
            EXPECT_EQ(page.status, 200);
            EXPECT_THAT(page.body, HasSubstr(fmt::format("<html lang=\"{}\"",
                                                         discovery::language_code(language))));
            EXPECT_THAT(page.body, HasSubstr("smtp.example.com"));
            EXPECT_THAT(page.body, HasSubstr("anna@example.com"));
            // No text is missing: a key without one stands as itself.
            EXPECT_THAT(page.body, Not(HasSubstr("page.setup.")));
            EXPECT_THAT(page.body, Not(HasSubstr("card.")));
            EXPECT_THAT(page.body, Not(HasSubstr("style=")));
            EXPECT_THAT(page.body, Not(HasSubstr("onclick")));
        }
    }
}

TEST_F(SetupPagesTest, the_likely_program_comes_first) {
    const auto page = ask("/setup", "en", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)");
    EXPECT_LT(page.body.find("value=\"apple\""), page.body.find("value=\"outlook-classic\""));
    EXPECT_THAT(page.body, HasSubstr("probably yours"));
    const auto nobody = ask("/setup", "en", "curl/7");
    EXPECT_THAT(nobody.body, Not(HasSubstr("probably yours")));
    EXPECT_LT(nobody.body.find("value=\"outlook-classic\""), nobody.body.find("value=\"apple\""));
}

TEST_F(SetupPagesTest, the_language_is_the_readers_and_can_be_changed) {
    EXPECT_THAT(ask("/setup", "de-AT,de;q=0.9").body, HasSubstr("Mailprogramm einrichten"));
    EXPECT_THAT(ask("/setup?lang=en", "de").body, HasSubstr("Set up your mail program"));
    const auto page = ask("/setup?lang=de&program=gmail&address=anna%40example.com&error=550");
    EXPECT_THAT(page.body, HasSubstr("hreflang=\"en\" href=\"/setup?lang=en&amp;program=gmail&amp;"
                                     "address=anna%40example.com&amp;error=550\""));
    EXPECT_EQ(field(page, "Content-Language"), "de");
    EXPECT_EQ(field(page, "Vary"), "Accept-Language, User-Agent");
}

TEST_F(SetupPagesTest, an_error_is_answered_on_the_page) {
    const auto page = ask("/setup?program=outlook-classic&lang=en&error=0x800ccc0f");
    EXPECT_THAT(page.body, HasSubstr("0x800CCC0F"));
    EXPECT_THAT(page.body, HasSubstr("What to do"));
    EXPECT_THAT(page.body, HasSubstr("465 with SSL/TLS"));
    EXPECT_THAT(page.body, HasSubstr("href=\"/h/0x800CCC0F?lang=en\""));
    const auto nonsense = ask("/setup?lang=en&error=my+cat");
    EXPECT_EQ(nonsense.status, 200);
    EXPECT_THAT(nonsense.body, HasSubstr("postmaster@example.com"));
}

TEST_F(SetupPagesTest, what_is_typed_is_text) {
    const std::string hostile = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27";
    const auto page = ask("/setup?address=" + hostile + "&error=" + hostile + "&lang=" + hostile +
                          "&program=" + hostile);
    EXPECT_THAT(page.body, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;alert"));
    EXPECT_THAT(page.body, HasSubstr("aria-invalid"));
}

TEST_F(SetupPagesTest, nobody_learns_who_has_an_account) {
    auto known = ask("/setup?program=thunderbird&address=anna@example.com").body;
    auto unknown = ask("/setup?program=thunderbird&address=bert@example.com").body;
    for (auto at = unknown.find("bert"); at != std::string::npos; at = unknown.find("bert"))
        unknown.replace(at, 4, "anna");
    EXPECT_EQ(known, unknown);
}

TEST_F(SetupPagesTest, codes_to_scan) {
    EXPECT_THAT(ask("/setup?program=apple").body, Not(HasSubstr("<svg")));
    EXPECT_THAT(ask("/setup?program=apple&address=anna@example.com").body, HasSubstr("<svg"));
    EXPECT_THAT(ask("/setup?program=thunderbird-android&address=anna@example.com").body,
                HasSubstr("<svg"));
}

TEST_F(SetupPagesTest, mistyped_addresses_lead_on) {
    const std::pair<const char*, const char*> slips[] = {
        {"/setup/", "/setup"},
        {"/Setup", "/setup"},
        {"/SETUP/?lang=de&error=a%26b", "/setup?lang=de&error=a%26b"},
        {"/Setup/AbC", "/setup/AbC"},
        {"/help", "/h/"},
        {"/H", "/h/"},
        {"/help/550/", "/h/550"},
        {"/help/%2F%2Fx", "/h/%2F%2Fx"},
    };
    for (const auto& [target, meant] : slips) {
        const auto response = browse(target);
        EXPECT_EQ(response.status, 303) << target;
        EXPECT_EQ(field(response, "Location"), meant) << target;
    }
    const auto page = browse("/no%3Cthing");
    EXPECT_EQ(page.status, 404);
    EXPECT_THAT(page.body, HasSubstr("There is no page here"));
    EXPECT_THAT(page.body, HasSubstr("/no&lt;thing"));
    EXPECT_THAT(page.body, HasSubstr("href=\"/setup\""));
    const auto program = ask("/nothing");
    EXPECT_EQ(program.status, 404);
    EXPECT_THAT(program.content_type, HasSubstr("json"));
}

TEST_F(SetupPagesTest, ids_of_ours_are_not_shown) {
    for (const char* error : {"self-signed+certificate", "relay+access+denied", "winmail.dat",
                              "spa", "wrong+password"}) {
        const auto page = ask(fmt::format("/setup?lang=en&error={}", error));
        EXPECT_THAT(page.body, HasSubstr("More about this")) << error;
        EXPECT_THAT(page.body, Not(HasSubstr("All about"))) << error;
        EXPECT_THAT(page.body, Not(HasSubstr("Recognised"))) << error;
    }
    // Nothing is "recognised" above the sentence that we do not know it.
    const auto unknown = ask("/setup?lang=en&error=0x8ABCDEF0");
    EXPECT_THAT(unknown.body, Not(HasSubstr("Recognised")));
    EXPECT_THAT(ask("/setup?lang=en&error=550+5.1.1").body, HasSubstr("Recognised: 550 5.1.1"));
}

TEST_F(SetupPagesTest, files_are_named_after_their_content_and_kept) {
    const auto page = ask("/setup");
    const auto at = page.body.find("/setup.css?v=");
    ASSERT_NE(at, std::string::npos);
    const auto style = ask(page.body.substr(at, page.body.find('"', at) - at));
    EXPECT_EQ(style.status, 200);
    EXPECT_THAT(field(style, "Cache-Control"), HasSubstr("immutable"));
    EXPECT_THAT(field(page, "Content-Security-Policy"), HasSubstr("script-src 'self';"));
    EXPECT_THAT(field(page, "Content-Security-Policy"), Not(HasSubstr("unsafe")));
    EXPECT_EQ(ask("/setup.js").content_type, "text/javascript; charset=utf-8");
    EXPECT_EQ(ask("/").status, 303);
}

}  // namespace
}  // namespace posthaste::web
