// The verb table and the commands that need no waiting; AUTH is in login.cc, DATA and BDAT are in
// transfer.cc.
#include "base/ascii.h"
#include "base/utf8.h"
#include "smtp/extensions.h"
#include "smtp/params.h"
#include "submission/rights.h"
#include "submission/verb_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::submission {

using smtp::Order;
using smtp::Transaction;
using smtp::Verb;

const VerbTable::Row& VerbTable::find(smtp::Verb verb) {
    // BDAT looks at the order itself, because it must take the chunk in any case. HELO, EHLO and
    // the rest without an order may come at any time; EHLO in a transaction ends it (RFC 5321
    // §4.1.4).
    static constexpr Row kRows[] = {
        {.verb = Verb::ehlo, .now = &Session::on_ehlo, .last_in_group = true, .idle = true},
        {.verb = Verb::helo, .now = &Session::on_helo, .last_in_group = true, .idle = true},
        {.verb = Verb::starttls,
         .order = &Transaction::may_starttls,
         .later = &Session::on_starttls,
         .last_in_group = true,
         .idle = true},
        {.verb = Verb::auth,
         .order = &Transaction::may_auth,
         .later = &Session::on_auth,
         .last_in_group = true,
         .idle = true},
        {.verb = Verb::mail, .order = &Transaction::may_mail, .now = &Session::on_mail},
        {.verb = Verb::rcpt, .order = &Transaction::may_rcpt, .now = &Session::on_rcpt},
        {.verb = Verb::data, .order = &Transaction::may_data, .later = &Session::on_data},
        {.verb = Verb::bdat, .later = &Session::on_bdat},
        {.verb = Verb::rset, .now = &Session::on_rset, .idle = true},
        {.verb = Verb::noop, .now = &Session::on_noop, .idle = true},
        {.verb = Verb::quit, .now = &Session::on_quit},
        {.verb = Verb::vrfy, .now = &Session::on_vrfy, .idle = true},
        {.verb = Verb::expn, .now = &Session::on_expn, .idle = true},
        {.verb = Verb::help, .now = &Session::on_help, .idle = true},
        {.verb = Verb::http, .now = &Session::on_http},
        {.verb = Verb::foreign, .now = &Session::on_foreign},
    };
    static constexpr Row kUnknown = {.verb = Verb::unknown, .now = &Session::on_unknown};
    const auto* row = std::ranges::find(kRows, verb, &Row::verb);
    return row == std::end(kRows) ? kUnknown : *row;
}

// What must come first, said so that a person can set it (R1, R2) or a programmer can see it.
void Session::refuse_order(Order order, Verb verb) {
    switch (order) {
        case Order::need_tls:
            reject(context_.replies.make(verb == Verb::auth ? Say::encrypt_before_auth
                                                            : Say::encrypt_before_mail));
            return;
        case Order::need_auth:
            reject(context_.replies.make(Say::login_first));
            return;
        case Order::need_greeting:
            say(Say::greet_first);
            return;
        case Order::need_mail:
            say(Say::mail_first);
            return;
        case Order::need_recipient:
            say(refused_recipients_ > 0 ? Say::no_recipient_left : Say::recipient_first);
            return;
        case Order::nested_mail:
            say(Say::nested_mail);
            return;
        case Order::in_chunks:
            say(Say::in_chunks);
            return;
        case Order::already_tls:
            say(Say::already_tls);
            return;
        case Order::already_authenticated:
            say(Say::already_logged_in);
            return;
        case Order::ok:
            return;
    }
}

namespace {

constexpr std::size_t kMaxEhloShown = 100;

}  // namespace

// Whatever the argument is: Outlook says the name of its computer, others nothing or an odd literal
// (clients.md 3.1).
void Session::on_ehlo(std::string_view argument) {
    ehlo_ = utf8::printable(argument, kMaxEhloShown);
    transaction_.greeted();
    forget_message();
    esmtp_ = true;
    const bool clear = stream_->tls() == nullptr;
    const smtp::Offer offer{.hostname = context_.options.hostname,
                            .max_size = context_.options.message_size,
                            .starttls = clear && speaks_tls(),
                            .auth = !clear || profile_->open,
                            .max_recipients = context_.options.recipients,
                            .requiretls = !clear && context_.options.requiretls,
                            .max_hold = context_.options.max_hold > Seconds(0)
                                            ? std::optional(context_.options.max_hold)
                                            : std::nullopt,
                            .now = now(),
                            .schedules = true,
                            .auth_equals = profile_->legacy};
    say(smtp::make_ehlo_reply(offer).to_wire());
}

void Session::on_helo(std::string_view argument) {
    ehlo_ = utf8::printable(argument, kMaxEhloShown);
    transaction_.greeted();
    forget_message();
    esmtp_ = false;
    say(context_.replies.greeting());
}

runtime::Task<void> Session::on_starttls(std::string_view argument) {
    if (!argument.empty()) {
        say(Say::no_argument_wanted);
        co_return;
    }
    if (!speaks_tls()) {
        say(Say::starttls_not_offered);
        co_return;
    }
    if (!stream_->buffered().empty()) {
        // They would run inside of TLS as if the client had encrypted them (threats.md S5).
        context_.log.warning("client.starttls_injection", {{"client", client()}});
        hang_up(Say::behind_starttls);
        co_return;
    }
    say(kReadyForTls);
    auto written = co_await flush();
    if (!written) {
        ended_ = true;
        co_return;
    }
    const bool secured = co_await start_tls(TlsMode::starttls);
    if (!secured) ended_ = true;
}

// Why nothing can be stored now, if so. Asked before the client sends a large message for nothing.
std::optional<Answer> Session::store_refusal() const {
    switch (context_.backend.health()) {
        case store::Health::ok:
            return std::nullopt;
        case store::Health::full:
            return context_.replies.make(Say::disk_full);
        case store::Health::failed:
            return context_.replies.make(Say::store_failed);
    }
    return std::nullopt;
}

namespace {

constexpr std::size_t kMaxPathShown = 254;
constexpr std::size_t kMaxBadRecipients = 50;
constexpr std::int8_t kHighestPriority = 9;  // RFC 6710

std::string reason_of(const Error& error) {
    return error.mend.empty() ? error.text : error.text + ". " + error.mend;
}

Answer path_answer(const Catalogue& replies, const Error& error) {
    return replies.make(Say::bad_argument, {reason_of(error)});
}

Answer parameter_answer(const Catalogue& replies, const Error& error) {
    const bool unknown = error.kind == ErrorKind::unsupported;
    return replies.make(unknown ? Say::unknown_parameter : Say::bad_parameter, {reason_of(error)});
}

// When it may be sent at the earliest (RFC 4865 §4). Nothing: at once.
Result<std::optional<Timestamp>> find_release(const smtp::MailParameters& parameters,
                                              const Options& options, Timestamp at) {
    if (!parameters.hold_for && !parameters.hold_until) return std::nullopt;
    const char* name = parameters.hold_for ? "HOLDFOR" : "HOLDUNTIL";
    if (options.max_hold == Seconds(0)) {
        return fail(ErrorKind::unsupported,
                    fmt::format("The parameter {} is not offered here", name),
                    "Use the extensions named in the reply to EHLO only");
    }
    const Timestamp until =
        parameters.hold_for ? at + *parameters.hold_for : *parameters.hold_until;
    if (until > at + options.max_hold) {
        return fail(ErrorKind::syntax,
                    fmt::format("{} is longer than the {} for which messages are kept back", name,
                                format_duration(options.max_hold)),
                    "Ask for less, or send it later");
    }
    // Both cannot be kept, and which of them was meant nobody knows.
    if (parameters.by.mode != mail::ByMode::none && until > at + parameters.by.within) {
        return fail(ErrorKind::syntax,
                    fmt::format("{} ends after the time of BY, at which it is to be there", name),
                    "Send one of them, or a later BY");
    }
    return until;
}

bool is_postmaster(std::string_view path) {
    return ascii::equals_ignore_case(path, "postmaster");
}

}  // namespace

void Session::on_mail(std::string_view argument) {
    const auto parsed = smtp::parse_path_argument(argument, "FROM:");
    if (!parsed) return say(path_answer(context_.replies, parsed.error()));
    const auto parameters = smtp::parse_mail_parameters(parsed->parameters);
    if (!parameters) return say(parameter_answer(context_.replies, parameters.error()));

    const bool may_require = context_.options.requiretls && stream_->tls() != nullptr;
    if (parameters->requiretls && !may_require) {
        return say(context_.replies.make(
            Say::unknown_parameter,
            {"The parameter REQUIRETLS is not offered here. Use the extensions named in the reply "
             "to EHLO only"}));
    }

    const auto release = find_release(*parameters, context_.options, now());
    if (!release) return say(parameter_answer(context_.replies, release.error()));

    mail::Envelope envelope;
    envelope.release = *release;
    envelope.by = parameters->by;
    const std::int8_t most = identity_ ? identity_->priority : kHighestPriority;
    envelope.priority = std::min(parameters->priority.value_or(0), most);
    const bool lowered = envelope.priority != parameters->priority.value_or(0);
    envelope.body = parameters->body;
    envelope.smtputf8 = parameters->smtputf8;
    envelope.ret = parameters->ret;
    envelope.envid = parameters->envid;
    if (!parsed->path.empty()) {
        auto mailbox = mail::Mailbox::parse(parsed->path);
        if (!mailbox) {
            return reject(context_.replies.make(Say::bad_sender, {parsed->path}),
                          {.sender = utf8::printable(parsed->path, kMaxPathShown)});
        }
        envelope.sender = std::move(*mailbox);
    }
    std::string replaced;
    if (identity_ && identity_->device && envelope.sender &&
        !identity_->may_send_as(*envelope.sender)) {
        // clients.md 6.1 no. 9: a printer sends as scanner@localhost for ever.
        if (auto own = mail::Mailbox::parse(identity_->account)) {
            replaced = utf8::printable(envelope.sender->to_string(), kMaxPathShown);
            envelope.sender = std::move(*own);
        }
    }
    if (const auto refusal = check_mail(envelope, parameters->size)) {
        return reject(*refusal, {.sender = mail::to_string(envelope.sender)});
    }
    remember_sender(envelope.sender);
    transaction_.begin(std::move(envelope));
    requiretls_ = parameters->requiretls;
    replaced_sender_ = std::move(replaced);
    if (lowered) return say(lowered_priority(most));
    say(kSenderOk);
}

std::optional<Answer> Session::check_mail(const mail::Envelope& envelope,
                                          std::optional<std::uint64_t> size) const {
    if (auto refusal = store_refusal()) return refusal;
    const auto& replies = context_.replies;
    if (envelope.sender && !envelope.sender->is_ascii() && !envelope.smtputf8) {
        return replies.make(Say::needs_smtputf8, {envelope.sender->to_string()});
    }
    if (size && *size > context_.options.message_size) {
        return too_large(replies, *size, context_.options.message_size);
    }
    if (!identity_) return std::nullopt;  // an open port
    return check_sender(*identity_, envelope.sender, replies);
}

namespace {

// delivery.md R-3: never into this machine or its network.
bool is_taken(const mail::Domain& literal, const Options& options) {
    const auto address = IpAddress::parse(literal.literal_address());
    return options.address_literals && address && !address->is_loopback() &&
           !address->is_private() && !address->is_link_local() && !address->is_multicast() &&
           !address->is_unspecified();
}

}  // namespace

// A list with some bad addresses in it is no attack, one of nothing else is (threats.md D4).
void Session::refuse_recipient(const Answer& answer, std::string_view path) {
    ++refused_recipients_;
    reject(answer, {.recipient = utf8::printable(path, kMaxPathShown)});
    if (answer.code >= 500 && ++bad_recipients_ >= kMaxBadRecipients) hang_up(Say::too_many_errors);
}

void Session::on_rcpt(std::string_view argument) {
    const auto& replies = context_.replies;
    const auto parsed = smtp::parse_path_argument(argument, "TO:");
    if (!parsed) return refuse_recipient(path_answer(replies, parsed.error()), {});
    const auto parameters = smtp::parse_rcpt_parameters(parsed->parameters);
    if (!parameters) {
        return refuse_recipient(parameter_answer(replies, parameters.error()), parsed->path);
    }
    // RFC 5321 §4.5.1: the one name that needs no domain.
    const std::string& path = is_postmaster(parsed->path) ? context_.options.admin : parsed->path;
    auto mailbox = mail::Mailbox::parse(path);
    if (!mailbox) return refuse_recipient(replies.make(Say::bad_recipient, {path}), path);
    if (mailbox->domain().is_literal() && !is_taken(mailbox->domain(), context_.options)) {
        return refuse_recipient(replies.make(Say::literal_recipient), path);
    }
    if (!mailbox->is_ascii() && !transaction_.envelope().smtputf8) {
        return refuse_recipient(replies.make(Say::needs_smtputf8, {path}), path);
    }
    // An ORCPT of type utf-8 may be written with \x{FC} instead (RFC 6533 §3; threats.md P9).
    if (!ascii::is_ascii(parameters->orcpt) && !transaction_.envelope().smtputf8) {
        return refuse_recipient(replies.make(Say::needs_smtputf8, {parameters->orcpt}), path);
    }
    if (context_.options.refuse_suppressed && identity_ &&
        context_.backend.suppressed(identity_->account, *mailbox)) {
        return refuse_recipient(replies.make(Say::suppressed_recipient, {path}), path);
    }
    add_recipient({std::move(*mailbox), parameters->notify, parameters->orcpt});
}

// One that is there already stays as it was given first.
void Session::add_recipient(mail::Recipient recipient) {
    std::string key = recipient.address.to_string();
    if (recipients_.contains(key)) return say(kRecipientOk);
    // Without a sender it is a receipt or report, which is for one person; whoever sends to many
    // wants to hear of no bounce (clients.md 6.1 no. 8).
    const bool report = !transaction_.envelope().sender && !profile_->open;
    const std::size_t limit = report ? 1 : context_.options.recipients;
    if (transaction_.envelope().recipients.size() >= limit) {
        const auto text = limit == 1 ? "1 recipient" : fmt::format("{} recipients", limit);
        return refuse_recipient(context_.replies.make(Say::too_many_recipients, {text}), key);
    }
    recipients_.insert(std::move(key));
    transaction_.add(std::move(recipient));
    say(kRecipientOk);
}

void Session::on_rset(std::string_view argument) {
    if (!argument.empty()) return say(Say::no_argument_wanted);
    forget_message();
    say(kOk);
}

void Session::on_noop(std::string_view) {
    say(kOk);
}

void Session::on_quit(std::string_view) {
    say(context_.replies.goodbye());
    ended_ = true;
}

void Session::on_vrfy(std::string_view) {
    say(kNotVerified);
}

void Session::on_expn(std::string_view) {
    say(Say::not_implemented);
}

void Session::on_help(std::string_view) {
    say(kHelp);
}

void Session::on_http(std::string_view) {
    reject(context_.replies.make(Say::wrong_server));
    ended_ = true;
}

void Session::on_foreign(std::string_view) {
    refuse_setting(Say::wrong_server);
}

void Session::on_unknown(std::string_view) {
    say(Say::unknown_command);
}

}  // namespace posthaste::submission
