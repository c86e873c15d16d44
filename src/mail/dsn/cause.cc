#include "mail/dsn/cause.h"

#include "base/assert.h"

#include <algorithm>
#include <array>
#include <utility>

namespace posthaste::mail {

namespace {

using enum Actor;

constexpr auto kFacts = std::to_array<CauseFacts>({
    {Cause::none, true, false, nobody, nobody, {}, "Nothing went wrong.", "Nothing."},
    {Cause::invalid_recipient,
     false,
     false,
     sender,
     sender,
     {0, 1, 1},
     "The receiving server has no such mailbox.",
     "Check the spelling of the address, or ask the recipient for the current one."},
    {Cause::inactive_mailbox,
     false,
     false,
     sender,
     sender,
     {0, 2, 1},
     "The mailbox exists but is no longer in use.",
     "Reach the recipient another way and ask for the current address."},
    {Cause::mailbox_full,
     true,
     false,
     recipient,
     recipient,
     {0, 2, 2},
     "The recipient's mailbox is full.",
     "The recipient has to make room; the message is tried again until it expires."},
    {Cause::bad_domain,
     false,
     false,
     sender,
     sender,
     {0, 1, 2},
     "The domain of the address does not exist.",
     "Check what stands behind the @."},
    {Cause::null_mx,
     false,
     false,
     sender,
     sender,
     {0, 1, 10},
     "The domain announces that it takes no mail.",
     "Check what stands behind the @, or ask the recipient for another address."},
    {Cause::dns_failure,
     true,
     false,
     remote_administrator,
     remote_administrator,
     {0, 4, 3},
     "The directory of names (DNS) gave no usable answer for the domain.",
     "It is tried again. If it lasts, look at the domain's name servers and at our resolver."},
    {Cause::routing,
     true,
     false,
     remote_administrator,
     remote_administrator,
     {0, 4, 4},
     "The domain's entries in DNS lead to no mail server.",
     "Tell the domain's administrator: its MX records are wrong."},
    {Cause::relaying_denied,
     false,
     false,
     our_administrator,
     our_administrator,
     {0, 7, 1},
     "The server that was asked does not take mail for that domain.",
     "Check the route of the mail: it went to a server that is not responsible. With a relay, let "
     "the "
     "relay know this server or log in."},
    {Cause::no_answer,
     true,
     false,
     remote_administrator,
     remote_administrator,
     {0, 4, 1},
     "The mail server did not answer.",
     "It is tried again until the message expires."},
    {Cause::bad_connection,
     true,
     false,
     remote_administrator,
     remote_administrator,
     {0, 4, 2},
     "The connection broke before the message was through.",
     "It is tried again. If it lasts with large messages only, suspect a firewall or the MTU."},
    {Cause::too_large,
     false,
     false,
     sender,
     sender,
     {0, 3, 4},
     "The message is larger than the receiver allows.",
     "Send it with smaller attachments, or share large files by a link."},
    {Cause::too_many_recipients,
     true,
     false,
     nobody,
     sender,
     {0, 5, 3},
     "The receiver takes fewer recipients at once.",
     "Nothing: the others follow in further transactions."},
    {Cause::invalid_sender,
     false,
     false,
     our_administrator,
     our_administrator,
     {0, 1, 8},
     "The receiver does not take mail from this sender address.",
     "Check that the sender's domain exists in DNS and has an MX, and that the relay lets this "
     "login "
     "use the address."},
    {Cause::sender_auth,
     false,
     true,
     our_administrator,
     our_administrator,
     {0, 7, 26},
     "The proofs of where the mail comes from (SPF, DKIM, DMARC) are missing or wrong.",
     "Compare the domain's records with `posthaste dns show` and `posthaste dkim publish`."},
    {Cause::smarthost_auth,
     true,
     true,
     our_administrator,
     our_administrator,
     {0, 7, 8},
     "The relay does not take our login.",
     "Check the login (`posthaste relay status` tells it); the mail waits meanwhile."},
    {Cause::policy,
     false,
     false,
     sender,
     sender,
     {0, 7, 1},
     "The receiver refuses the message by a rule of its own.",
     "Its words may name the rule. If not, ask the receiver's administrator."},
    {Cause::block_ip,
     true,
     true,
     our_administrator,
     our_administrator,
     {0, 7, 1},
     "The receiver refuses mail from our server's address.",
     "Find the block list or the reason in its words, remove the cause, then ask for the removal "
     "of "
     "the entry. A relay or another source address helps meanwhile."},
    {Cause::block_domain,
     false,
     true,
     our_administrator,
     our_administrator,
     {0, 7, 1},
     "The receiver refuses mail from the sender's domain, or with a domain that the message names.",
     "Find the list in its words, remove the cause, then ask for the removal of the entry."},
    {Cause::spam_content,
     false,
     false,
     sender,
     sender,
     {0, 7, 1},
     "The receiver takes the message for spam.",
     "Send it with fewer links, pictures and attachments. If that happens to all mail, check SPF, "
     "DKIM "
     "and the server's name in DNS."},
    {Cause::attachment,
     false,
     false,
     sender,
     sender,
     {0, 6, 1},
     "The receiver refuses an attachment of the message.",
     "Leave it out, or share the file by a link."},
    {Cause::rate_limited,
     true,
     true,
     nobody,
     our_administrator,
     {0, 7, 28},
     "The receiver takes only so much mail from us at a time.",
     "Nothing: the rest follows more slowly. If it lasts, lower the limits for that provider."},
    {Cause::greylisted,
     true,
     false,
     nobody,
     remote_administrator,
     {0, 7, 1},
     "The receiver lets servers it does not know wait before it takes their mail.",
     "Nothing: it is tried again when the wait is over."},
    {Cause::protocol,
     true,
     false,
     our_administrator,
     our_administrator,
     {0, 5, 0},
     "The two servers did not understand each other.",
     "Look at the dialogue with `posthaste trace`; a firewall that rewrites SMTP is a common "
     "cause."},
    {Cause::tls,
     true,
     false,
     our_administrator,
     our_administrator,
     {0, 7, 10},
     "No secure connection could be made, and one is needed.",
     "Its words say which side asks for it. Check the receiver's certificate and our TLS level for "
     "that route."},
    {Cause::no_8bit,
     false,
     false,
     sender,
     sender,
     {0, 6, 3},
     "The receiver takes no 8-bit text, and the message cannot be changed.",
     "Have the mail program send quoted-printable or base64."},
    {Cause::no_smtputf8,
     false,
     false,
     sender,
     sender,
     {0, 6, 7},
     "The receiver takes no addresses with letters beyond a to z.",
     "Use a plain address."},
    {Cause::expired,
     false,
     false,
     remote_administrator,
     remote_administrator,
     {0, 4, 7},
     "The message was tried until its time was up.",
     "Send it again later."},
    {Cause::loop,
     false,
     false,
     our_administrator,
     our_administrator,
     {0, 4, 6},
     "The message goes round in circles between servers.",
     "Check the routes and the MX records of the domain: one leads back to us."},
    {Cause::auto_reply,
     false,
     false,
     sender,
     sender,
     {0, 0, 0},
     "An automatic reply came in place of an acceptance.",
     "Read its words."},
    {Cause::challenge,
     false,
     false,
     sender,
     sender,
     {0, 7, 1},
     "The receiver wants a person to confirm the message first.",
     "Follow the link in its words."},
    {Cause::unsubscribe,
     false,
     false,
     sender,
     sender,
     {0, 7, 1},
     "The recipient wants no more messages of this kind.",
     "Take the address off the list."},
    {Cause::admin,
     false,
     false,
     our_administrator,
     our_administrator,
     {0, 7, 0},
     "An administrator took the message off the queue.",
     "Ask the administrator."},
    {Cause::suppressed,
     false,
     false,
     our_administrator,
     our_administrator,
     {0, 1, 1},
     "The address is on our list of addresses that refused mail before.",
     "If the address is right, take it off that list."},
    {Cause::unknown,
     false,
     false,
     sender,
     sender,
     {0, 0, 0},
     "The receiver does not say why in words that are known.",
     "Its own words are all there is; ask the receiver's administrator what they mean."},
});

constexpr auto kActors = std::to_array<std::pair<Actor, std::string_view>>({
    {sender, "sender"},
    {recipient, "recipient"},
    {our_administrator, "our_administrator"},
    {remote_administrator, "remote_administrator"},
    {nobody, "nobody"},
});

}  // namespace

std::string_view to_string(Actor actor) {
    const auto found =
        std::ranges::find(kActors, actor, &std::pair<Actor, std::string_view>::first);
    PH_ASSERT(found != kActors.end());
    return found->second;
}

std::string_view describe(Actor actor) {
    switch (actor) {
        case sender:
            return "the sender";
        case recipient:
            return "the recipient";
        case our_administrator:
            return "the administrator of this server";
        case remote_administrator:
            return "the administrator of the receiving server";
        case nobody:
            return "nobody: waiting is enough";
    }
    std::unreachable();
}

const CauseFacts& facts_of(Cause cause) {
    const auto found = std::ranges::find(kFacts, cause, &CauseFacts::cause);
    PH_ASSERT(found != kFacts.end());
    return *found;
}

Judgement judge(const Outcome& outcome, const RuleWords* rule) {
    Judgement out;
    const bool delivered = outcome.verdict == Verdict::delivered;
    out.cause = outcome.cause == Cause::none && !delivered ? Cause::unknown : outcome.cause;
    out.silent = !delivered && out.cause == Cause::unknown && outcome.code == 0;
    out.permanent = outcome.verdict == Verdict::failed;
    const CauseFacts& facts = facts_of(out.cause);
    out.passes = facts.passes;
    out.status = outcome.status;
    if (out.status.cls == 0) {
        out.status = facts.status;
        out.status.cls = delivered ? 2 : out.permanent ? 5 : 4;
    }
    out.words = facts.words;
    out.advice = facts.advice;
    if (delivered) {
        out.actor = nobody;
        return out;
    }
    out.actor = out.permanent ? facts.in_the_end : facts.actor;
    if (out.silent) {
        out.actor = our_administrator;
        out.words = "The message could not be handed over, for no reason that is known.";
        out.advice = "Look at what this server's log says of that time.";
    }
    // What was advised while it was tried was to wait.
    if (out.permanent && facts.actor == nobody) {
        out.advice =
            "Waiting was not enough. Send it again later; if that happens to more of the mail, "
            "send "
            "less at a time.";
    }
    if (rule == nullptr || rule->cause != outcome.cause) return out;
    // A rule says who acts while it is tried. That nobody has to is wrong once it is not.
    if (rule->actor && (!out.permanent || *rule->actor != nobody)) out.actor = *rule->actor;
    if (!rule->note.empty()) out.words = rule->note;
    if (!rule->mend.empty()) out.advice = rule->mend;
    return out;
}

std::optional<Cause> cause_by_name(std::string_view name) {
    const auto found = std::ranges::find_if(
        kFacts, [&](const CauseFacts& facts) { return to_string(facts.cause) == name; });
    if (found == kFacts.end()) return std::nullopt;
    return found->cause;
}

std::optional<Actor> actor_by_name(std::string_view name) {
    const auto found =
        std::ranges::find(kActors, name, &std::pair<Actor, std::string_view>::second);
    if (found == kActors.end()) return std::nullopt;
    return found->first;
}

}  // namespace posthaste::mail
