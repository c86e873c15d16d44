// What reports say in English: see dsn_texts.h for what goes into the braces.
#include "mail/dsn/dsn_texts.h"

#include <array>

namespace posthaste::mail::detail {
namespace {

constexpr std::string_view kPhrases[] = {
    "Not delivered",
    "Not delivered yet",
    "Delivered",
    "Passed on",
    "{opening}: {message} to {to}",
    "your message",
    "Your message",
    "Your message \"{subject}\"",
    "{count} recipients",
    "{message} was not delivered to {to}. This is final: nothing more will be tried.",
    "{message} has not been delivered to {to} yet. This is not final: we go on trying{until}.",
    " for another {duration}, until {time}",
    "{message} was delivered to {to}. Nothing more needs to be done.",
    "{message} to {to} was passed on to {host}.",
    "the next server",
    "That server does not report deliveries, so we cannot know whether the message reached the "
    "mailbox. If it does not, that server will tell you.",
    " We tried {attempts} times in {duration}.",
    " The connection broke just before the last answer, so the message may have arrived all the "
    "same.",
    "Nothing now, and please do not send it again. If it is urgent, reach the recipient another "
    "way.",
    "The message could not be handed to the mail server of {domain}.",
    "Send the message again later. If that fails too, forward this report to your administrator.",
    "Why",
    "What this means",
    "What you can do",
    "Who has to act",
    "you",
    "the recipient",
    "the administrator of {domain}",
    "your administrator ({admin})",
    "nobody, waiting is enough",
    "And {count} more; the attached report names them all.",
    "Technical details for your administrator ({admin})",
    "The server {host} had taken the message at first, and returned it {duration} later.",
    "A server had taken the message at first, and it came back {duration} later.",
    "Remote host",
    "Last attempt",
    "{time}, attempt {attempts}",
    "Status",
    "Its answer",
    "Our words",
    "Our server",
    "Our queue id",
    "Accepted",
    "What became of your mail ({count} in one message)",
    "Since {time} there were many reports about your mail. This one message takes the "
    "place of {count} of them.",
    "not delivered; this is final",
    "not delivered yet; we go on trying",
    "delivered",
    "passed on to the next server, which does not report deliveries",
    "Message",
    "(without a subject)",
    "And {count} more, which are too many to be listed here. Your administrator finds them in the "
    "history: posthaste trace.",
    "While so many reports are due you get them together, once an hour. Questions, and a wish for "
    "another way, go to your administrator ({admin}).",
};

static_assert(std::size(kPhrases) == static_cast<std::size_t>(Phrase::count_of_phrases));

constexpr CauseText kCauses[] = {
    {Cause::invalid_recipient, "{domain} says that there is no mailbox {address}.",
     "Check the spelling of the address, or ask the recipient for the current one. Then send the "
     "message again."},
    {Cause::inactive_mailbox, "{domain} says that the mailbox {address} is no longer in use.",
     "Reach the recipient another way and ask for the current address."},
    {Cause::mailbox_full, "The mailbox {address} is full.",
     "Reach the recipient another way, or send the message again when there is room in the "
     "mailbox."},
    {Cause::bad_domain, "The domain {domain} does not exist.",
     "Check what stands behind the @: a letter may be missing or wrong. Then send the message "
     "again."},
    {Cause::null_mx, "The domain {domain} announces that it accepts no mail at all.",
     "Check what stands behind the @, or ask the recipient for another address."},
    {Cause::dns_failure,
     "The mail server of {domain} could not be found: the directory of names (DNS) gave no usable "
     "answer for it.",
     "Send the message again later. If that fails too, tell the recipient another way."},
    {Cause::routing,
     "There is no way to the mail server of {domain}: its entries in the directory of names (DNS) "
     "lead nowhere.",
     "Check what stands behind the @. If it is right, tell the recipient another way."},
    {Cause::relaying_denied,
     "The server that was asked to take the message says that it does not take mail for {domain}.",
     "Check what stands behind the @. If it is right, forward this report to your administrator."},
    {Cause::no_answer, "The mail server of {domain} did not answer.",
     "Send the message again later, or reach the recipient another way."},
    {Cause::bad_connection,
     "The connection to the mail server of {domain} broke before the message was through.",
     "Send the message again later, or reach the recipient another way."},
    {Cause::too_large, "The message is larger than {domain} allows.",
     "Send it again with smaller attachments, or share large files by a link."},
    {Cause::too_many_recipients, "{domain} takes a message for only so many recipients at once.",
     "Send the message again to fewer people at a time."},
    {Cause::invalid_sender, "{domain} does not accept mail from the address {sender}.",
     "Forward this report to your administrator. The message itself is fine."},
    {Cause::sender_auth,
     "{domain} refuses mail from {sender_domain}, because the proofs of where it comes from (SPF, "
     "DKIM, DMARC) are missing or wrong.",
     "Forward this report to your administrator. The message itself is fine."},
    {Cause::smarthost_auth,
     "The server that passes on our mail does not accept the password we log in with.",
     "Forward this report to your administrator, and send the message again when that is mended."},
    {Cause::policy,
     "{domain} refuses the message by a rule of its own. Its exact words stand under Technical "
     "details.",
     "If those words name something you can change, change it and send the message again. Else "
     "reach the recipient another way."},
    {Cause::block_ip, "{domain} refuses mail from our server. The message itself is fine.",
     "Forward this report to your administrator. Until it is mended, reach the recipient another "
     "way."},
    {Cause::block_domain,
     "{domain} refuses mail from {sender_domain}: it keeps that domain on a list of senders it "
     "does not trust. The message itself is fine.",
     "Forward this report to your administrator. Until it is mended, reach the recipient another "
     "way."},
    {Cause::spam_content, "{domain} takes the message for spam.",
     "Send it again with fewer links, pictures and attachments, or reach the recipient another "
     "way."},
    {Cause::attachment, "{domain} refuses an attachment of the message.",
     "Send it again without that attachment, or share the file by a link. Programs and archives "
     "are refused most often."},
    {Cause::rate_limited, "{domain} takes only so many messages from us at a time.",
     "Send the message again later."},
    {Cause::greylisted,
     "{domain} lets servers it does not know well wait before it takes their mail.",
     "Send the message again later, or reach the recipient another way."},
    {Cause::protocol, "Our server and the mail server of {domain} did not understand each other.",
     "Forward this report to your administrator, or reach the recipient another way."},
    {Cause::tls,
     "No secure connection to the mail server of {domain} could be made, and the message must not "
     "travel without one.",
     "Forward this report to your administrator, or reach the recipient another way."},
    {Cause::no_8bit,
     "The message holds characters in a form (8-bit) that the mail server of {domain} cannot take.",
     "Set your mail program to send text as \"quoted-printable\" or \"base64\", and send the "
     "message again."},
    {Cause::no_smtputf8,
     "An address in the message has letters beyond a to z, and the mail server of {domain} cannot "
     "take such addresses.",
     "Use addresses with the letters a to z alone, yours and the recipient's, and send the message "
     "again."},
    {Cause::expired, "The mail server of {domain} did not take the message in the time we try.",
     "Send the message again later, or reach the recipient another way."},
    {Cause::loop, "The message goes round in circles between servers and reaches no mailbox.",
     "Forward this report to your administrator. Sending it again would not help."},
    {Cause::auto_reply, "{domain} answered with an automatic reply in place of an acceptance.",
     "Read its words under Technical details. If it is urgent, reach the recipient another way."},
    {Cause::challenge,
     "{domain} wants a sender to prove that a person has written the message before it takes it.",
     "Follow the link or the advice in its words under Technical details, then send the message "
     "again."},
    {Cause::unsubscribe, "The recipient {address} wants no more messages like this one.",
     "Take the address off your list. A personal message may be sent from another mailbox."},
    {Cause::admin, "An administrator took the message off our queue.",
     "Ask your administrator for the reason."},
    {Cause::suppressed,
     "The address {address} refused mail before, or its owner complained, so nothing was sent to "
     "it.",
     "If the address is right, ask your administrator to take it off the list of refused "
     "addresses."},
    {Cause::unknown, "{domain} refuses the message. Its exact words stand under Technical details.",
     "If those words name something you can change, change it and send the message again. Else "
     "forward this report to your administrator."},
};

}  // namespace

const Texts kEnglish{kPhrases, kCauses};

}  // namespace posthaste::mail::detail
