// What the sign-in log hears of a session: how somebody signed in, what was refused and why.
#include "base/utf8.h"
#include "submission/session.h"

#include <utility>

namespace posthaste::submission {
namespace {

constexpr std::size_t kMaxShown = 120;  // octets of a login or an address

}  // namespace

// Fills in what is true of the connection.
void Session::remember(accounts::SignIn seen) {
    if (context_.sign_ins == nullptr || profile_->open) return;
    using Tls = accounts::SignIn::Tls;
    seen.when = now();
    seen.login = utf8::printable(seen.login, kMaxShown);
    // Somebody else's address, or the one that was typed: then there is nothing to tell.
    if (!seen.account.empty() && !seen.login.empty() && seen.account != seen.login)
        seen.normalised = seen.account;
    const auto peer = stream_->peer();
    seen.client = peer.address;
    seen.port = stream_->local().port;
    if (const auto* tls = stream_->tls()) {
        const bool implicit = tls_mode_ == TlsMode::implicit;
        seen.tls = implicit ? Tls::implicit : Tls::starttls;
        // SSL/TLS set for 587, or STARTTLS for 465, works here; elsewhere it would not.
        seen.usual_mode = implicit == (profile_->habit == net::PortHabit::implicit_tls);
        seen.tls_version = tls->version;
        seen.server_name = utf8::printable(tls->server_name, kMaxShown);
    }
    seen.ehlo = ehlo_;
    context_.sign_ins->add(std::move(seen));
}

void Session::remember_login(const std::string& login, smtp::Mechanism mechanism) {
    sender_remembered_ = false;
    remember({.account = identity_->account,
              .known = true,
              .login = login,
              .mechanism = std::string(name_of(mechanism)),
              .credential = identity_->credential});
}

// `from`: the sender it was about, if any.
void Session::remember_refusal(const Answer& answer, std::string from) {
    if (!answer.address.empty()) from = answer.address;
    remember({.account = identity_ ? identity_->account : std::string(),
              .known = identity_.has_value(),
              .credential = identity_ ? identity_->credential : std::string(),
              .outcome = answer.name(),
              .from = utf8::printable(from, kMaxShown)});
}

// R14, if the client's network is put off after many failed logins.
bool Session::turned_away() {
    if (profile_->open) return false;
    const auto address = stream_->peer().address;
    const auto ban = context_.backend.banned(address);
    if (!ban) return false;
    const Answer answer = context_.replies.make(
        Say::network_banned, {address.network_key().to_string(), mask_user(ban->last_user)});
    ended_ = true;
    say(std::string_view(answer.line));
    remember_refusal(answer);
    return true;
}

// Once a login: it is what the person set as their address that is told, not every message.
void Session::remember_sender(const mail::ReversePath& sender) {
    if (!identity_ || !sender || sender_remembered_ || context_.sign_ins == nullptr) return;
    sender_remembered_ = true;
    context_.sign_ins->add_sender(identity_->account, stream_->peer().address,
                                  utf8::printable(sender->to_string(), kMaxShown));
}

}  // namespace posthaste::submission
