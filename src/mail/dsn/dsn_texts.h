// The one table of what reports say, by language: a sentence for each cause and each place
// (delivery.md 6.3). Names in braces are filled in by dsn_explain and dsn_words. Pure.
#pragma once

#include "base/time.h"
#include "mail/dsn/language.h"
#include "mail/outcome.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace posthaste::mail {

// {domain}, {address}: the recipient's; {sender}, {sender_domain}.
struct CauseText {
    Cause cause;
    std::string_view why;
    std::string_view mend;  // when it is final
};

// The place of a sentence, and what goes into it.
enum class Phrase : std::uint8_t {
    not_delivered,  // of the subject
    not_delivered_yet,
    delivered,
    passed_on,
    subject,             // {opening} {message} {to}
    your_message_short,  // in the subject
    your_message,        // opens a sentence
    your_message_named,  // {subject}
    recipients,          // {count}
    result_failed,       // {message} {to}
    result_delayed,      // {message} {to} {until}
    until,               // {duration} {time}
    result_delivered,    // {message} {to}
    result_relayed,      // {message} {to} {host}
    next_server,
    relayed_why,
    tried,  // {attempts} {duration}
    ambiguous,
    delay_mend,
    no_reply_why,  // {domain}
    no_reply_mend,
    label_why,
    label_meaning,
    label_mend,
    label_actor,
    actor_you,
    actor_recipient,
    actor_their_admin,  // {domain}
    actor_our_admin,    // {admin}
    actor_nobody,
    more,                  // {count}
    details,               // {admin}
    returned,              // {host} {duration}
    returned_by_somebody,  // {duration}
    // Labels of the technical part.
    detail_host,
    detail_attempt,
    detail_attempt_of,  // {time} {attempts}
    detail_status,
    detail_answer,
    detail_words,
    detail_server,
    detail_queue_id,
    detail_accepted,
    // Of a digest.
    digest_subject,  // {count}
    digest_opening,  // {count} {time}
    digest_failed,
    digest_delayed,
    digest_delivered,
    digest_relayed,
    digest_subject_label,
    digest_no_subject,
    digest_more,  // {count}
    digest_end,   // {admin}
    count_of_phrases,
};

struct Texts {
    std::span<const std::string_view> phrases;  // by Phrase
    std::span<const CauseText> causes;
};

const Texts& texts(Language language);
std::string_view phrase(Language language, Phrase which);
// "4 days 23 h" in that language.
std::string tell_duration(Language language, Seconds duration);
const CauseText& cause_text(Language language, Cause cause);  // not of Cause::none

namespace detail {

extern const Texts kEnglish, kGerman, kFrench, kSpanish;

}  // namespace detail

}  // namespace posthaste::mail
