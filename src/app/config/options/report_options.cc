#include "app/config/options/option_blocks.h"
#include "app/config/options/option_setters.h"
#include "mail/mailbox.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

using enum OptionType;

Result<void> set_digest_every(Settings& s, const OptionValue& v) {
    if (v.numbers[0] < 1 || v.numbers[0] > 7 * 86'400)
        return fail(ErrorKind::syntax, "a digest is sent after 1 second to 7 days",
                    "write digest_every = \"1h\"");
    s.digest_every = Seconds(v.numbers[0]);
    return {};
}

Result<void> set_report_language(Settings& s, const OptionValue& v) {
    s.report_language = mail::parse_language(v.texts[0]).value_or(mail::Language::english);
    return {};
}

Result<void> set_suppression_answer(Settings& s, const OptionValue& v) {
    s.refuse_suppressed = v.texts[0] == "refuse";
    return {};
}

Result<void> set_history_days(Settings& s, const OptionValue& v) {
    if (v.numbers[0] < 1 || v.numbers[0] > 3650)
        return fail(ErrorKind::syntax, "the history is kept for 1 to 3650 days",
                    "write days = 30; what mail is on its way needs a day at least");
    s.history_days = static_cast<std::uint32_t>(v.numbers[0]);
    return {};
}

Result<void> set_history_size(Settings& s, const OptionValue& v) {
    constexpr std::int64_t kLeast = 8 << 20;
    if (v.numbers[0] < kLeast)
        return fail(ErrorKind::syntax, "the history needs 8 MB at least", "write size = \"4 GB\"");
    s.history_size = static_cast<std::uint64_t>(v.numbers[0]);
    return {};
}

// A domain is in one of the lists at most.
template <std::vector<std::string> WinmailSettings::* Member>
Result<void> set_winmail_domains(Settings& s, const OptionValue& v) {
    (s.winmail.*Member).clear();
    for (const auto& text : v.texts) {
        const bool below = text.starts_with('.');
        PH_TRY(const auto domain, mail::Domain::parse(below ? text.substr(1) : text));
        const std::string name = (below ? "." : "") + domain.ascii();
        for (const auto list :
             {&WinmailSettings::keep, &WinmailSettings::notify, &WinmailSettings::convert}) {
            if (std::ranges::find(s.winmail.*list, name) != (s.winmail.*list).end())
                return fail(ErrorKind::conflict,
                            fmt::format("\"{}\" is named twice in [winmail]", text),
                            "leave it in one of keep, notify and convert");
        }
        (s.winmail.*Member).push_back(name);
    }
    return {};
}

}  // namespace

std::vector<Option> report_options() {
    return {
        {"reports.tls", flag, "true",
         "tell domains that ask for it (_smtp._tls) once a day how TLS with their servers went: "
         "numbers of sessions, server names and addresses, ours too; no senders, recipients or "
         "content (RFC 8460)",
         "", true, assign(&Settings::tls_reports)},
        {"reports.tls_successes", flag, "true",
         "also when every session of the day went well; false: only failures", "", true,
         assign(&Settings::tls_report_successes)},
        {"reports.per_hour", number, "100",
         "delivery reports that an account gets in an hour; further ones come together in a digest",
         "", true, assign(&Settings::reports_per_hour)},
        {"reports.digest_every", duration, "\"1h\"",
         "how long after the first report that waits for it a digest is sent", "", true,
         set_digest_every},
        {"reports.language", choice, "en",
         "of reports, where neither the account nor the message says one", "en de fr es", true,
         set_report_language},

        {"suppression.answer", choice, "accept",
         "to a recipient on the account's suppression list: accept takes the message, sends that "
         "recipient nothing and reports it; refuse says 550 at once",
         "accept refuse", true, set_suppression_answer},

        {"history.days", number, "30",
         "days for which posthaste trace knows what became of mail; older ones are removed", "",
         true, set_history_days},
        {"history.size", size, "\"4 GB\"", "most that these days take on disk; the oldest go first",
         "", true, set_history_size},
    };
}

std::vector<Option> winmail_options() {
    return {
        {"winmail.policy", choice, "notify",
         "the file in which Outlook wraps messages in Rich Text, which only Outlook reads: leave "
         "it, "
         "tell the sender how to stop it, or unpack it",
         "keep notify convert", true,
         [](Settings& s, const OptionValue& v) -> Result<void> {
             s.winmail.policy = v.texts[0];
             return {};
         }},
        {"winmail.keep", texts, "",
         "domains of senders for whom it is left: \"example.com\", \".example.com\" (below it)", "",
         true, set_winmail_domains<&WinmailSettings::keep>},
        {"winmail.notify", texts, "", "... who are told, once a week at most", "", true,
         set_winmail_domains<&WinmailSettings::notify>},
        {"winmail.convert", texts, "",
         "... whose recipients get body and attachments in its place; never in signed mail", "",
         true, set_winmail_domains<&WinmailSettings::convert>},
    };
}

}  // namespace posthaste::app
