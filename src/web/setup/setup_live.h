// The live line of a personal set-up page: what the server saw of one account since its link was
// made, in words, with the mend for what it refused. Pure.
#pragma once

#include "accounts/sign_in_log.h"
#include "base/event.h"
#include "discovery/explain.h"
#include "discovery/settings_card.h"
#include "discovery/texts.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace posthaste::web {

struct LiveLine {
    discovery::Language language = discovery::Language::en;
    discovery::ExplainNames names{};
    std::string account{};                        // its address
    std::optional<discovery::Program> program{};  // the one that was picked
    std::vector<accounts::SignIn> sign_ins{};     // newest first
    std::optional<accounts::SignIn> near_miss{};  // of a name that is nobody's, nearly this one
    bool test_sent = false;
    bool trap = false;          // mail goes no further than the server's own inbox
    std::vector<Event> test{};  // what became of it, oldest first
    bool ended = false;

    // Addresses of the page's own: where it is, and what its forms and its script add to that.
    std::string path{};   // "/setup/TOKEN"
    std::string query{};  // "?lang=de", or empty
};

// Two lines of one version read the same but for the time that has passed.
std::string live_version(const LiveLine& line);
// Nothing more will happen.
bool is_final(const LiveLine& line);
bool has_signed_in(const LiveLine& line);

std::string live_html(const LiveLine& line, Timestamp now);

// What the server saw, as labels and values: plain text.
std::vector<std::pair<std::string, std::string>> facts_of(const accounts::SignIn& sign_in,
                                                          discovery::Language language);

// "3 seconds ago"
std::string ago(Timestamp then, Timestamp now, discovery::Language language);

// Whether it can have been that program and hardly another one. Most programs cannot be told apart
// by how they sign in, and then this is false: a phone must not pass for the Outlook that still
// fails.
bool is_of(const accounts::SignIn& sign_in, discovery::Program program);

// A login that somebody may have meant as that address: the nearest thing to "your user name is
// misspelt" that can be said without saying who else has an account.
bool is_near_miss(const accounts::SignIn& sign_in, std::string_view account);

}  // namespace posthaste::web
