// The set-up page as HTML: frame, programs to pick, the card of one, the box that answers errors.
// Pure. Whole without scripts; what a script adds (copy buttons, the live line) is marked by data
// attributes for /setup.js.
#pragma once

#include "discovery/settings.h"
#include "discovery/settings_card.h"
#include "discovery/texts.h"
#include "mail/mailbox.h"
#include "web/http/http.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::web {

struct SetupView {
    discovery::MailSettings settings;
    std::string admin;  // whom to ask
    discovery::Language language = discovery::Language::en;
    bool language_chosen = false;   // by the address of the page: links keep it
    std::string action = "/setup";  // where its forms go: the page itself
    std::string home{};             // where the name of the server leads; empty: to `action`
    std::optional<discovery::Program> program{};
    std::optional<discovery::Program> likely{};
    std::string address{};  // as typed
    std::optional<mail::Mailbox> user{};
    bool is_elsewhere = false;  // the domain of `address` is not served here
    bool is_personal = false;   // opened by a link: the address stands, nobody types one
    std::string name{};         // the account's, for QR codes
    std::string error{};        // asked about
    std::string live{};         // HTML of the live line; personal pages
};

// What the query says: lang, program, address, error; Accept-Language and User-Agent.
void read_query(const HttpRequest& request, SetupView& view);

HttpResponse setup_page(const SetupView& view);

// The box that answers errors, with the answer to `error`; asks `action`.
std::string error_box(const SetupView& view);

// A page of a few sentences in the same frame: links that cannot be opened, help.
struct SetupNote {
    std::string title;
    std::vector<std::string> paragraphs{};
    std::string more{};  // HTML behind them
    std::string head{};  // HTML for <head>
    int status = 200;
};

HttpResponse setup_note(const SetupView& view, const SetupNote& note);

// "?lang=de&program=apple": what addresses of the page keep, "" for nothing.
std::string kept_query(const SetupView& view);

// The text of that key, fit for HTML.
std::string html_text(discovery::Language language, std::string_view key,
                      discovery::TextValues values = {});

HttpResponse setup_style();   // /setup.css
HttpResponse setup_script();  // /setup.js

}  // namespace posthaste::web
