#include "web/http/router.h"

#include "runtime/run.h"

#include <fcntl.h>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

class RouterTest : public testing::Test {
  protected:
    RouterTest() {
        const auto say = [](const std::string& what) {
            return
                [what](const HttpRequest&, const PathValues& values) { return text(what, values); };
        };
        router_.add("GET", "/", say("root"));
        router_.add("GET", "/things", say("list"));
        router_.add("POST", "/things", say("add"));
        router_.add("GET", "/things/{id}", say("one"));
        router_.add("DELETE", "/things/{id}/parts/{part}", say("part"));
        router_.add("GET", "/things/special",
                    say("never reached: the first pattern that fits wins"));
    }

    static runtime::Task<HttpResponse> text(std::string what, PathValues values) {
        for (const auto& [name, value] : values) what += fmt::format(" {}={}", name, value);
        co_return HttpResponse::text(what);
    }

    HttpResponse ask(std::string method, std::string_view target) {
        runtime::Worker worker("test");
        HttpRequest request;
        request.method = std::move(method);
        EXPECT_TRUE(request.set_target(target).has_value());
        return runtime::run_to_end(worker, log_, router_.route(request)).value();
    }

    Router router_;
    Log log_{{.level = LogLevel::error, .fd = open("/dev/null", O_WRONLY | O_CLOEXEC)}};
};

TEST_F(RouterTest, finds_by_method_and_path) {
    EXPECT_EQ(ask("GET", "/").body, "root");
    EXPECT_EQ(ask("GET", "/?x=1").body, "root");
    EXPECT_EQ(ask("POST", "/things").body, "add");
    EXPECT_EQ(ask("GET", "/things/7").body, "one id=7");
    EXPECT_EQ(ask("DELETE", "/things/a%2Fb/parts/x%20y").body, "part id=a/b part=x y");
    EXPECT_EQ(ask("HEAD", "/things").body, "list");
}

TEST_F(RouterTest, takes_a_path_without_segments_too) {
    runtime::Worker worker("test");
    HttpRequest request;
    request.method = "GET";
    request.path = "/things/7";
    EXPECT_EQ(runtime::run_to_end(worker, log_, router_.route(request)).value().body, "one id=7");
}

TEST_F(RouterTest, says_what_is_not_there) {
    for (const char* target : {"/nothing", "/things/", "/things//", "//", "/things/7/", "/Things"})
        EXPECT_EQ(ask("GET", target).status, 404) << target;
}

TEST_F(RouterTest, letter_case_counts_unless_told_otherwise) {
    router_.add_any_case("POST", "/auto/{name}/x.xml",
                         [](const HttpRequest&, const PathValues& v) { return text("any", v); });
    EXPECT_EQ(ask("POST", "/AUTO/Anna/X.Xml").body, "any name=Anna");
    EXPECT_EQ(ask("POST", "/auto/Anna/x.xml").body, "any name=Anna");
    EXPECT_EQ(ask("POST", "/autos/Anna/x.xml").status, 404);
    EXPECT_EQ(ask("GET", "/THINGS").status, 404);
}

TEST_F(RouterTest, another_one_stands_behind) {
    Router front;
    front.add("GET", "/", [](const HttpRequest&, const PathValues& v) { return text("front", v); });
    front.add_all(router_);
    HttpRequest request;
    EXPECT_TRUE(request.set_target("/things/7").has_value());
    EXPECT_TRUE(front.knows(request));
    request.method = "GET";
    runtime::Worker worker("test");
    EXPECT_EQ(runtime::run_to_end(worker, log_, front.route(request)).value().body, "one id=7");
    EXPECT_TRUE(request.set_target("/").has_value());
    runtime::Worker other("test");
    EXPECT_EQ(runtime::run_to_end(other, log_, front.route(request)).value().body, "front");
    EXPECT_TRUE(request.set_target("/nothing").has_value());
    EXPECT_FALSE(front.knows(request));
}

TEST_F(RouterTest, says_which_methods_there_are) {
    const auto response = ask("PUT", "/things");
    EXPECT_EQ(response.status, 405);
    ASSERT_EQ(response.headers.size(), 1u);
    EXPECT_EQ(response.headers[0].second, "GET, HEAD, POST");
}

}  // namespace
}  // namespace posthaste::web
