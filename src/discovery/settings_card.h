// The settings card: for each mail program where to click and what to enter, in the words of that
// program. Values, so that a page can give each field a copy button; printed as text for terminals.
#pragma once

#include "discovery/settings.h"
#include "discovery/texts.h"
#include "mail/mailbox.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::discovery {

enum class Program : std::uint8_t {
    outlook_classic,
    outlook_new,  // new Outlook, Outlook for Mac, iOS and Android
    apple,        // Apple Mail, iPhone, iPad
    thunderbird,
    thunderbird_android,  // and K-9 Mail
    gmail,                // "Send mail as"
    device,               // printers, scanners
    app,                  // programs and scripts
};

inline constexpr Program kPrograms[] = {
    Program::outlook_classic,     Program::outlook_new, Program::apple,  Program::thunderbird,
    Program::thunderbird_android, Program::gmail,       Program::device, Program::app};

std::string_view program_id(Program program);  // "outlook-classic", for addresses of pages
std::optional<Program> find_program(std::string_view id);

// What somebody with this User-Agent most likely uses; nothing when it says nothing.
std::optional<Program> likely_program(std::string_view user_agent);

struct Field {
    enum class Kind : std::uint8_t {
        value,      // type it in, or choose it from a list
        checked,    // tick the box
        unchecked,  // take the tick away
        chosen,     // the one of several circles
    };

    Kind kind = Kind::value;
    std::string label;
    std::string value;      // for Kind::value only
    bool is_exact = false;  // to be copied as it stands; else words for the reader
};

struct FieldGroup {
    std::string place;  // the tab or page it is on; may be empty
    std::vector<Field> fields;
};

struct Snippet {
    std::string name;  // "Python"
    std::string code;
};

struct Card {
    Program program = Program::outlook_classic;
    std::string name{};
    std::string automatic{};  // what to do first; empty where there is no automatic way
    std::string link{};       // that goes with it (profile), or empty
    std::string path{};       // where the fields are: "File > Account Settings > …"
    std::vector<FieldGroup> groups{};
    std::vector<Snippet> snippets{};
    std::vector<std::string> notes{};
};

// `user` fills in the names; without one the card says what belongs there.
Card make_card(Program program, const MailSettings& settings,
               const std::optional<mail::Mailbox>& user, Language language);

// For a terminal or a plain mail; lines may be long, values are never cut.
std::string card_text(const Card& card, Language language);

}  // namespace posthaste::discovery
