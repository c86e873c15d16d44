// AUTH (RFC 4954): PLAIN and LOGIN in every form that clients use (clients.md 3.3).
#include "base/base64.h"
#include "base/checksum.h"
#include "base/random.h"
#include "base/utf8.h"
#include "runtime/timer.h"
#include "submission/session.h"

#include <utility>

namespace posthaste::submission {

std::string_view name_of(smtp::Mechanism mechanism) {
    return mechanism == smtp::Mechanism::login ? "LOGIN" : "PLAIN";
}

namespace {

constexpr std::size_t kLoginShown = 120;  // octets of a user name in the log

std::string_view name_of(accounts::Refusal refusal) {
    switch (refusal) {
        case accounts::Refusal::wrong_password:
            return "wrong user name or password";
        case accounts::Refusal::former_password:
            return "former password";
        case accounts::Refusal::locked:
            return "not looked at: many wrong passwords of late";
        case accounts::Refusal::name_needs_domain:
            return "user name without a domain";
        case accounts::Refusal::name_is_no_address:
            return "user name is no address";
        case accounts::Refusal::disabled:
            return "account disabled";
        case accounts::Refusal::busy:
            return "too many logins at once";
        case accounts::Refusal::unavailable:
            return "accounts cannot be read";
    }
    return {};
}

Say say_for(accounts::Refusal refusal) {
    switch (refusal) {
        case accounts::Refusal::wrong_password:
            return Say::wrong_login;
        case accounts::Refusal::former_password:
            return Say::old_password;
        case accounts::Refusal::locked:
            return Say::user_locked;
        case accounts::Refusal::name_needs_domain:
            return Say::name_needs_domain;
        case accounts::Refusal::name_is_no_address:
            return Say::name_is_no_address;
        case accounts::Refusal::disabled:
            return Say::account_closed;
        case accounts::Refusal::busy:
            return Say::login_busy;
        case accounts::Refusal::unavailable:
            return Say::accounts_unavailable;
    }
    return Say::accounts_unavailable;
}

// The same for the same attempt, and nothing to anybody who does not know the process's seed.
std::uint32_t fingerprint_of(const smtp::Credentials& credentials) {
    static const auto seed = static_cast<std::uint32_t>(random_below(std::uint64_t{1} << 32));
    std::uint32_t value = crc32c(credentials.login, seed);
    value = crc32c(std::string_view("\0", 1), value);
    return crc32c(credentials.password.reveal(), value);
}

}  // namespace

runtime::Task<void> Session::on_auth(std::string_view argument) {
    if (turned_away()) co_return;
    auto parsed = smtp::parse_auth(argument);
    if (!parsed) {
        say(Say::login_unreadable);
        co_return;
    }
    const smtp::Mechanism mechanism = parsed->mechanism;
    std::optional<smtp::Credentials> credentials;
    switch (mechanism) {
        case smtp::Mechanism::plain: {
            auto read = co_await read_plain(std::move(*parsed));
            credentials = std::move(read);
            break;
        }
        case smtp::Mechanism::login: {
            auto read = co_await read_login(std::move(*parsed));
            credentials = std::move(read);
            break;
        }
        case smtp::Mechanism::ntlm:
            refuse_setting(Say::no_spa);
            break;
        case smtp::Mechanism::other:
            refuse_setting(Say::only_plain_and_login);
            break;
    }
    if (!credentials) co_return;  // what was wrong has been said
    co_await log_in(std::move(*credentials), mechanism);
}

// In one step or two.
runtime::Task<std::optional<smtp::Credentials>> Session::read_plain(smtp::AuthArgument argument) {
    Secret response(std::move(argument.initial_response));
    if (!argument.has_initial_response) {
        auto asked = co_await ask("334 \r\n");  // the blank belongs there (RFC 4954 §4)
        if (!asked) co_return std::nullopt;
        response = std::move(*asked);
    }
    auto credentials = smtp::parse_plain(response.reveal());
    if (!credentials) {
        const bool readable = credentials.error().kind == ErrorKind::denied;
        if (readable) {
            refuse_setting(Say::acts_for_another);
        } else {
            say(Say::login_unreadable);
        }
        co_return std::nullopt;
    }
    co_return std::move(*credentials);
}

runtime::Task<std::optional<smtp::Credentials>> Session::read_login(smtp::AuthArgument argument) {
    smtp::Credentials credentials;
    if (argument.has_initial_response) {
        credentials.login = std::move(argument.initial_response);
    } else {
        // The prompts to the octet: Outlook, Thunderbird and printers go by nothing else.
        auto login = co_await ask("334 VXNlcm5hbWU6\r\n");
        if (!login) co_return std::nullopt;
        credentials.login = login->reveal();
    }
    auto password = co_await ask("334 UGFzc3dvcmQ6\r\n");
    if (!password) co_return std::nullopt;
    credentials.password = std::move(*password);
    const bool too_long = credentials.login.size() > smtp::kMaxLogin ||
                          credentials.password.reveal().size() > smtp::kMaxPassword;
    if (too_long || credentials.password.empty()) {
        say(Say::login_unreadable);  // an empty password is never one (threats.md A7)
        co_return std::nullopt;
    }
    co_return credentials;
}

// Sends a challenge; the decoded answer, or nothing when there is none and that has been said.
runtime::Task<std::optional<Secret>> Session::ask(std::string_view prompt) {
    say(prompt);
    auto line = take_line();
    if (!line) {
        auto read = co_await wait_for_line();
        if (!read) {
            cannot_go_on(read.error());
            co_return std::nullopt;
        }
        line = std::move(*read);
    }
    const Secret text(std::move(line->text));
    if (text.reveal() == "*") {
        say(Say::login_cancelled);
        co_return std::nullopt;
    }
    auto decoded = base64::decode(text.reveal());
    if (!decoded || line->bare_lf) {
        say(Say::login_unreadable);
        co_return std::nullopt;
    }
    co_return Secret(std::move(*decoded));
}

runtime::Task<void> Session::log_in(smtp::Credentials credentials, smtp::Mechanism mechanism) {
    if (profile_->open) {
        // As test suites expect of a local inbox: any user, any password.
        transaction_.authenticated();
        say(kLoggedIn);
        co_return;
    }
    const std::uint32_t fingerprint = fingerprint_of(credentials);
    accounts::LoginAttempt attempt{
        .login = credentials.login,
        .password = std::move(credentials.password),
        .server_name = stream_->tls() != nullptr ? stream_->tls()->server_name : std::string(),
        .client = stream_->peer().address};
    auto answer = co_await context_.backend.authenticate(std::move(attempt));
    if (answer) {
        welcome(std::move(*answer), credentials.login, mechanism);
        co_return;
    }
    FailedLogin failed{std::move(answer.error()), std::move(credentials.login), mechanism,
                       fingerprint};
    co_await refuse_login(std::move(failed));
}

void Session::welcome(accounts::Identity identity, const std::string& login,
                      smtp::Mechanism mechanism) {
    identity_ = std::move(identity);
    transaction_.authenticated();
    if (unit_) unit_->logged_in();
    idle_commands_ = 0;
    log_login("login.ok", login, name_of(mechanism));
    remember_login(login, mechanism);
    say(kLoggedIn);
}

runtime::Task<void> Session::refuse_login(FailedLogin failed) {
    const accounts::Refusal refusal = failed.rejection.why;
    log_login("login.failed", failed.login, name_of(refusal));
    const bool former = refusal == accounts::Refusal::former_password;
    const std::string day = format_iso8601(failed.rejection.changed).substr(0, 10);
    const Answer answer = former ? context_.replies.make(Say::old_password, {day})
                                 : context_.replies.make(say_for(refusal));
    if (failed.rejection.counted.ban_began) {
        context_.log.warning("login.network_banned",
                             {{"client", client()},
                              {"what", "too many distinct wrong passwords, and no login of late"},
                              {"for_s", 600}});
    }
    remember({.account = failed.rejection.account,
              .known = failed.rejection.known,
              .login = std::move(failed.login),
              .mechanism = std::string(name_of(failed.mechanism)),
              .outcome = answer.name(),
              .changed = failed.rejection.changed});
    const bool our_fault =
        refusal == accounts::Refusal::busy || refusal == accounts::Refusal::unavailable;
    if (!our_fault) {
        // Guessing on this connection slows down and ends; nobody else is slowed or locked out
        // (threats.md A6).
        const Milliseconds delay =
            login_failures_.add(failed.fingerprint, static_cast<int>(failed.mechanism));
        auto slept = co_await runtime::sleep_for(delay);
        if (!slept) {
            ended_ = true;
            co_return;
        }
    }
    say(answer);
    if (!our_fault && login_failures_.too_many() && !ended_) hang_up(Say::too_many_logins);
}

// The directory may have changed since the login: a disabled account, a changed password or a
// revoked app password ends the session before its next message.
runtime::Task<bool> Session::still_welcome() {
    if (identity_->generation == context_.backend.directory_generation()) co_return true;
    accounts::Identity before = *identity_;
    auto renewing = context_.backend.renew(std::move(before));
    auto renewed = co_await std::move(renewing);
    if (renewed) {
        identity_ = std::move(*renewed);
        co_return true;
    }
    log_login("login.ended", identity_->account, name_of(renewed.error()));
    hang_up(say_for(renewed.error()));
    co_return false;
}

// Never the password, nor anything made of it. `detail`: the mechanism, or why not.
void Session::log_login(std::string_view event, std::string_view login, std::string_view detail) {
    const std::string shown = utf8::printable(login, kLoginShown);
    const std::string from = client();
    const auto* tls = stream_->tls();
    const std::string version = tls != nullptr ? tls->version : std::string();
    if (!identity_) {
        context_.log.info(event, {{"login", shown},
                                  {"client", from},
                                  {"tls", version},
                                  {"reason", detail},
                                  {"legacy", profile_->legacy}});
        return;
    }
    // SSL/TLS set for 587, or STARTTLS for 465, works here; elsewhere it would not.
    const bool implicit = tls_mode_ == TlsMode::implicit;
    const bool usual = implicit == (profile_->habit == net::PortHabit::implicit_tls);
    context_.log.info(event, {{"account", identity_->account},
                              {"login", shown},
                              {"credential", identity_->credential},
                              {"mechanism", detail},
                              {"client", from},
                              {"tls", version},
                              {"mode", implicit ? "implicit" : "starttls"},
                              {"usual_mode_for_port", usual},
                              {"legacy", profile_->legacy}});
}

}  // namespace posthaste::submission
