// The sentences for each cause. A new cause needs one row here.
#include "base/assert.h"
#include "mail/dsn_words.h"
#include "mail/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::string_view kYou = "you";
constexpr std::string_view kRecipient = "the recipient";
constexpr std::string_view kTheirAdmin = "the administrator of {domain}";
constexpr std::string_view kOurAdmin = "your administrator ({admin})";
constexpr std::string_view kNobody = "nobody, waiting is enough";

struct Row {
    Cause cause;
    std::string_view why;
    std::string_view mend;  // when it is final
    std::string_view actor;
};

constexpr auto kRows = std::to_array<Row>({
    {Cause::invalid_recipient, "{domain} says that there is no mailbox {address}.",
     "Check the spelling of the address, or ask the recipient for the current one. Then send the "
     "message again.",
     kYou},
    {Cause::inactive_mailbox, "{domain} says that the mailbox {address} is no longer in use.",
     "Reach the recipient another way and ask for the current address.", kYou},
    {Cause::mailbox_full, "The mailbox {address} is full.",
     "Reach the recipient another way, or send the message again when there is room in the "
     "mailbox.",
     kRecipient},
    {Cause::bad_domain, "The domain {domain} does not exist.",
     "Check what stands behind the @: a letter may be missing or wrong. Then send the message "
     "again.",
     kYou},
    {Cause::null_mx, "The domain {domain} announces that it accepts no mail at all.",
     "Check what stands behind the @, or ask the recipient for another address.", kYou},
    {Cause::dns_failure,
     "The mail server of {domain} could not be found: the directory of names (DNS) gave no usable "
     "answer for it.",
     "Send the message again later. If that fails too, tell the recipient another way.",
     kTheirAdmin},
    {Cause::routing,
     "There is no way to the mail server of {domain}: its entries in the directory of names (DNS) "
     "lead nowhere.",
     "Check what stands behind the @. If it is right, tell the recipient another way.",
     kTheirAdmin},
    {Cause::relaying_denied,
     "The server that was asked to take the message says that it does not take mail for {domain}.",
     "Check what stands behind the @. If it is right, forward this report to your administrator.",
     kOurAdmin},
    {Cause::no_answer, "The mail server of {domain} did not answer.",
     "Send the message again later, or reach the recipient another way.", kTheirAdmin},
    {Cause::bad_connection,
     "The connection to the mail server of {domain} broke before the message was through.",
     "Send the message again later, or reach the recipient another way.", kTheirAdmin},
    {Cause::too_large, "The message is larger than {domain} allows.",
     "Send it again with smaller attachments, or share large files by a link.", kYou},
    {Cause::too_many_recipients, "{domain} takes a message for only so many recipients at once.",
     "Send the message again to fewer people at a time.", kYou},
    {Cause::invalid_sender, "{domain} does not accept mail from the address {sender}.",
     "Forward this report to your administrator. The message itself is fine.", kOurAdmin},
    {Cause::sender_auth,
     "{domain} refuses mail from {sender_domain}, because the proofs of where it comes from (SPF, "
     "DKIM, DMARC) are missing or wrong.",
     "Forward this report to your administrator. The message itself is fine.", kOurAdmin},
    {Cause::smarthost_auth,
     "The server that passes on our mail does not accept the password we log in with.",
     "Forward this report to your administrator, and send the message again when that is mended.",
     kOurAdmin},
    {Cause::policy,
     "{domain} refuses the message by a rule of its own. Its exact words stand under Technical "
     "details.",
     "If those words name something you can change, change it and send the message again. Else "
     "reach the recipient another way.",
     kYou},
    {Cause::block_ip, "{domain} refuses mail from our server. The message itself is fine.",
     "Forward this report to your administrator. Until it is mended, reach the recipient another "
     "way.",
     kOurAdmin},
    {Cause::block_domain,
     "{domain} refuses mail from {sender_domain}: it keeps that domain on a list of senders it "
     "does not "
     "trust. The message itself is fine.",
     "Forward this report to your administrator. Until it is mended, reach the recipient another "
     "way.",
     kOurAdmin},
    {Cause::spam_content, "{domain} takes the message for spam.",
     "Send it again with fewer links, pictures and attachments, or reach the recipient another "
     "way.",
     kYou},
    {Cause::attachment, "{domain} refuses an attachment of the message.",
     "Send it again without that attachment, or share the file by a link. Programs and archives "
     "are "
     "refused most often.",
     kYou},
    {Cause::rate_limited, "{domain} takes only so many messages from us at a time.",
     "Send the message again later.", kOurAdmin},
    {Cause::greylisted,
     "{domain} lets servers it does not know well wait before it takes their mail.",
     "Send the message again later, or reach the recipient another way.", kTheirAdmin},
    {Cause::protocol, "Our server and the mail server of {domain} did not understand each other.",
     "Forward this report to your administrator, or reach the recipient another way.", kOurAdmin},
    {Cause::tls,
     "No secure connection to the mail server of {domain} could be made, and the message must not "
     "travel without one.",
     "Forward this report to your administrator, or reach the recipient another way.", kOurAdmin},
    {Cause::no_8bit,
     "The message holds characters in a form (8-bit) that the mail server of {domain} cannot take.",
     "Set your mail program to send text as \"quoted-printable\" or \"base64\", and send the "
     "message "
     "again.",
     kYou},
    {Cause::no_smtputf8,
     "An address in the message has letters beyond a to z, and the mail server of {domain} cannot "
     "take such addresses.",
     "Use addresses with the letters a to z alone, yours and the recipient's, and send the message "
     "again.",
     kYou},
    {Cause::expired, "The mail server of {domain} did not take the message in the time we try.",
     "Send the message again later, or reach the recipient another way.", kTheirAdmin},
    {Cause::loop, "The message goes round in circles between servers and reaches no mailbox.",
     "Forward this report to your administrator. Sending it again would not help.", kOurAdmin},
    {Cause::auto_reply, "{domain} answered with an automatic reply in place of an acceptance.",
     "Read its words under Technical details. If it is urgent, reach the recipient another way.",
     kYou},
    {Cause::challenge,
     "{domain} wants a sender to prove that a person has written the message before it takes it.",
     "Follow the link or the advice in its words under Technical details, then send the message "
     "again.",
     kYou},
    {Cause::unsubscribe, "The recipient {address} wants no more messages like this one.",
     "Take the address off your list. A personal message may be sent from another mailbox.", kYou},
    {Cause::admin, "An administrator took the message off our queue.",
     "Ask your administrator for the reason.", kOurAdmin},
    {Cause::suppressed,
     "The address {address} refused mail before, or its owner complained, so nothing was sent to "
     "it.",
     "If the address is right, ask your administrator to take it off the list of refused "
     "addresses.",
     kOurAdmin},
    {Cause::unknown, "{domain} refuses the message. Its exact words stand under Technical details.",
     "If those words name something you can change, change it and send the message again. Else "
     "forward this report to your administrator.",
     kYou},
});

constexpr Row kNoReply{
    Cause::unknown, "The message could not be handed to the mail server of {domain}.",
    "Send the message again later. If that fails too, forward this report to your administrator.",
    kOurAdmin};

const Row& find_row(const Outcome& outcome) {
    const Cause cause = outcome.cause == Cause::none ? Cause::unknown : outcome.cause;
    if (cause == Cause::unknown && outcome.code == 0) return kNoReply;
    const auto row = std::ranges::find(kRows, cause, &Row::cause);
    PH_ASSERT(row != kRows.end());
    return *row;
}

std::string show_domain(const Mailbox& address) {
    return readable(address.domain().unicode(), 255);
}

// Fills in names in one pass, so that a name that looks like a placeholder stays a name.
std::string fill(std::string_view pattern, const DsnInput& input, const Mailbox& recipient) {
    std::string out;
    while (true) {
        const std::size_t open = pattern.find('{');
        out += pattern.substr(0, open);
        if (open == std::string_view::npos) return out;
        const std::size_t close = pattern.find('}', open);
        const std::string_view name = pattern.substr(open + 1, close - open - 1);
        pattern.remove_prefix(close + 1);
        if (name == "domain") {
            out += show_domain(recipient);
        } else if (name == "address") {
            out += show(recipient);
        } else if (name == "sender") {
            out += show(input.sender);
        } else if (name == "sender_domain") {
            out += show_domain(input.sender);
        } else {
            PH_ASSERT(name == "admin");
            out += readable(input.admin, 255);
        }
    }
}

std::string tried(const DsnInput& input, const DsnRecipient& recipient) {
    if (recipient.attempts < 2 || input.tried_for < Seconds(60)) return {};
    return fmt::format(" We tried {} times in {}.", recipient.attempts,
                       format_duration(input.tried_for));
}

}  // namespace

std::string show(const Mailbox& address) {
    return readable(address.to_display(), 400);
}

Explanation explain(const DsnInput& input, const DsnRecipient& recipient) {
    const Mailbox& address = recipient.recipient.address;
    Explanation out;
    if (input.action == DsnAction::delivered) return out;
    if (input.action == DsnAction::relayed) {
        out.why =
            "That server does not report deliveries, so we cannot know whether the message "
            "reached the mailbox. If it does not, that server will tell you.";
        return out;
    }
    const Row& row = find_row(recipient.outcome);
    out.why = fill(row.why, input, address) + tried(input, recipient);
    if (recipient.outcome.ambiguous) {
        out.why +=
            " The connection broke just before the last answer, so the message may have "
            "arrived all the same.";
    }
    if (input.action == DsnAction::failed) {
        out.mend = fill(row.mend, input, address);
        out.actor = fill(row.actor, input, address);
        return out;
    }
    // Still on its way: sending it again would only make two of it.
    out.mend =
        "Nothing now, and please do not send it again. If it is urgent, reach the recipient "
        "another way.";
    out.actor = fill(row.actor == kYou ? kNobody : row.actor, input, address);
    return out;
}

}  // namespace posthaste::mail
