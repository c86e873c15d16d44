#include "delivery/login/login.h"

#include "base/ascii.h"
#include "base/base64.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace posthaste::delivery {

namespace {

using smtp::SaslExchange;
using smtp::SaslLogin;
using Answered = Result<Secret>;

constexpr int kMostTurns = 10;
constexpr Seconds kSlowAnswer{30};

std::unexpected<Incident> not_offered(std::string text, std::string mend) {
    Incident incident{Stage::auth, What::not_offered, {}, std::move(text)};
    incident.mend = std::move(mend);
    return std::unexpected(std::move(incident));
}

std::string mend_of_offer(SaslLogin::Kind kind) {
    switch (kind) {
        case SaslLogin::Kind::token:
            return "check host and port: logins by token are offered on a provider's submission "
                   "ports (587 or 465)";
        case SaslLogin::Kind::external:
            return "the relay must ask for a client certificate, and offer EXTERNAL to those whose "
                   "certificate it knows";
        case SaslLogin::Kind::password:
            return "the relay offers no login by password here: use its submission port (587 or "
                   "465) and tls = \"verify\"";
    }
    std::unreachable();
}

// What the relay made of our part of the exchange, where it broke a rule itself.
std::unexpected<Incident> untrusted(const Error& error) {
    Incident incident{Stage::auth, What::no_proof, {}, error.text};
    incident.mend = error.mend;
    return std::unexpected(std::move(incident));
}

std::string wanted(const LoginCall& call) {
    if (!call.allowed.empty()) return fmt::format("{}", fmt::join(call.allowed, ", "));
    switch (call.login.kind) {
        case SaslLogin::Kind::token:
            return "XOAUTH2, OAUTHBEARER";
        case SaslLogin::Kind::external:
            return "EXTERNAL";
        case SaslLogin::Kind::password:
            return "SCRAM-SHA-256, PLAIN, LOGIN";
    }
    std::unreachable();
}

// A mechanism that the server does not take after all; nothing of the login has been tried.
bool is_no_such_mechanism(const smtp::Reply& reply) {
    return reply.code == 504 || reply.code == 502;
}

runtime::Task<Answered> answer(std::shared_ptr<SaslExchange> talk, std::string challenge,
                               runtime::BlockingPool* blocking) {
    if (blocking == nullptr || !talk->is_slow()) co_return talk->answer(challenge);
    auto work = [talk, challenge = std::move(challenge)] { return talk->answer(challenge); };
    auto working = runtime::offload(*blocking, std::move(work), Deadline::after(kSlowAnswer));
    auto done = co_await std::move(working);
    co_return done;
}

// One mechanism to its end. Any final reply is a result; an incident breaks the login off.
runtime::Task<Step<smtp::Reply>> talk_through(ClientSession& session,
                                              std::shared_ptr<SaslExchange> talk,
                                              const std::string& mechanism,
                                              runtime::BlockingPool* blocking) {
    std::string line = "AUTH " + mechanism;
    if (const auto initial = talk->initial())
        line += " " + (initial->reveal().empty() ? "=" : base64::encode(initial->reveal()));
    auto asking = session.auth(std::move(line));
    auto reply = co_await std::move(asking);
    for (int turn = 0; reply && reply->code == 334; ++turn) {
        const auto challenge = base64::decode(ascii::trim(reply->text()));
        Answered next = fail(ErrorKind::syntax, "its challenge is not base64");
        if (turn >= kMostTurns) {
            next = fail(ErrorKind::syntax, "its login does not come to an end");
        } else if (challenge || mechanism == "LOGIN") {  // whatever LOGIN's prompts look like
            auto answering = answer(talk, challenge.value_or(""), blocking);
            next = co_await std::move(answering);
        }
        if (!next) {
            // RFC 4954 §4: given up with "*", to which 501 is the answer.
            auto leaving = session.auth("*");
            auto left = co_await std::move(leaving);
            if (!left) co_return std::unexpected(std::move(left).error());
            if (talk->harmless() && left->permanent()) {
                left->code = 504;  // the next mechanism may do
                left->lines = {next.error().text};
                co_return left;
            }
            co_return untrusted(next.error());
        }
        auto saying = session.auth(base64::encode(next->reveal()));
        reply = co_await std::move(saying);
    }
    if (!reply) co_return reply;
    if (reply->code != 235) co_return reply;
    if (auto proven = talk->finish(); !proven) {
        session.abort();  // who talks there is not who we took it for
        co_return untrusted(proven.error());
    }
    co_return reply;
}

Step<> check_encryption(const ClientSession& session, const LoginCall& call) {
    const net::TlsInfo* tls = session.stream().tls();
    if (tls == nullptr)
        return not_offered("the connection is not encrypted, so no password was sent",
                           "use the relay's submission port (587 or 465) and tls = \"verify\"");
    if (call.login.kind == SaslLogin::Kind::token && !tls->verified)
        return not_offered("its certificate was not verified, so no token was sent",
                           "set tls = \"verify\", and ca_file if its authority is an own one");
    return {};
}

}  // namespace

runtime::Task<Step<>> log_in(ClientSession& session, LoginCall call, LoginSaid& said) {
    if (auto safe = check_encryption(session, call); !safe) co_return safe;
    const auto& offered = session.offered().auth;
    call.login.channel_binding = session.stream().channel_binding();
    const auto order = smtp::sasl_order(call.login.kind, offered, call.allowed,
                                        !call.login.channel_binding.empty());
    if (order.empty()) {
        co_return not_offered(
            fmt::format(
                "it offers none of the logins that would do ({}), but {}", wanted(call),
                offered.empty() ? "no login at all" : fmt::format("{}", fmt::join(offered, ", "))),
            mend_of_offer(call.login.kind));
    }
    Step<smtp::Reply> reply;
    for (const std::string& mechanism : order) {
        auto talk = smtp::make_sasl_exchange(mechanism, call.login, offered);
        said.mechanism = mechanism;
        auto talking = talk_through(session, talk, mechanism, call.blocking);
        reply = co_await std::move(talking);
        said.complaint = talk->complaint();
        if (!reply) co_return std::unexpected(std::move(reply).error());
        if (reply->code == 235) co_return Step<>();
        if (!is_no_such_mechanism(*reply)) break;
    }
    co_return std::unexpected(Incident{Stage::auth, What::reply, std::move(*reply), {}});
}

}  // namespace posthaste::delivery
