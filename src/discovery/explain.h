// The answer box: any error number of Outlook, any reply of ours, of Microsoft 365 or of some other
// server, or a whole error window pasted in, becomes one explanation with its mend. The same texts
// are the help pages. Pure look-up in tables; every text is bounded and read in linear time.
#pragma once

#include "discovery/settings.h"
#include "discovery/texts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::discovery {

inline constexpr std::size_t kMaxErrorText = 8192;  // octets; what is longer is cut off

// What the texts name. Empty ones are said in general words.
struct ExplainNames {
    std::string host{};      // of sending
    std::string incoming{};  // host of the incoming server
    std::string admin{};     // address of whoever runs the server
    std::uint16_t tls_port = 465;
    std::uint16_t starttls_port = 587;
};

ExplainNames names_of(const MailSettings& settings, std::string_view admin);

struct Explanation {
    bool known = false;   // else it says what to send to whom
    std::string topic{};  // stable: "dropped", "r8", "m365_basic_off"
    std::string code{};  // of its help page: "0x800CCC0F", "R8", "550", or the topic; see is_number
    std::string title{};
    std::string cause{};
    std::vector<std::string> steps{};
    std::vector<std::string>
        codes;  // all that was recognised in the text: "0x800CCC78", "550 5.7.1"
};

// Numbers may be hexadecimal with or without 0x, or signed or unsigned decimals, in any letter
// case. The most telling part of the text decides: our own reply's number, then Microsoft 365's,
// then the words of a server, then Outlook's number, then the SMTP code.
Explanation explain(std::string_view error_text, Language language, const ExplainNames& names = {});

// One help page: "8" or "R8", "0x800CCC0F", "550", or a topic. Nothing for what has no page.
std::optional<Explanation> explain_code(std::string_view code, Language language,
                                        const ExplainNames& names = {});

// Whether the name of a help page is one that people meet: "R8", "0x800CCC0F", "550". Else it is an
// id of ours, which is never shown.
bool is_number(std::string_view code);

struct HelpPage {
    std::string code;
    std::string_view topic;
};

// Every help page, for an index and for tests: replies of ours, then Outlook's numbers, then SMTP's
// codes, then topics that have no number.
std::vector<HelpPage> help_pages();

}  // namespace posthaste::discovery
