// Whatever is typed into the set-up page, or said by a client of somebody's account, is text on it:
// no octet of it becomes markup.
#include "base/assert.h"
#include "web/setup/setup_live.h"
#include "web/setup/setup_view.h"

#include <algorithm>
#include <cstdint>

namespace {

using namespace posthaste;

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

void check_page(std::string_view typed) {
    web::HttpRequest request;
    request.method = "GET";
    for (const char* name : {"address", "error", "lang", "program"})
        request.query.emplace_back(name, typed);
    web::SetupView view;
    web::read_query(request, view);
    view.program = discovery::Program::app;
    const auto page = web::setup_page(view);
    PH_ASSERT(count(page.body, "<script") == 1);
    PH_ASSERT(count(page.body, "<main") == 1 && count(page.body, "</main>") == 1);
}

void check_line(std::string_view said) {
    accounts::SignIn one;
    one.login = one.ehlo = one.credential = one.normalised = one.from = said;
    one.outcome = said.substr(0, std::min<std::size_t>(said.size(), 3));
    web::LiveLine line;
    line.account = "anna@example.com";
    line.sign_ins = {one, one};
    if (web::is_near_miss(one, line.account)) line.near_miss = one;
    const auto html = web::live_html(line, Timestamp());
    PH_ASSERT(count(html, "<script") == 0 && count(html, "<section") == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_page(input);
    check_line(input);
    return 0;
}
