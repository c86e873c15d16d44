#include "acme/client.h"

#include "base/base64.h"
#include "formats/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::acme {

namespace {

using formats::JsonWriter;

constexpr int kNonceTries =
    20;  // Pebble refuses good ones on purpose; a CA that refuses all is ill
constexpr Seconds kPollAtMost{30};

std::unexpected<Failure> failure(Error error, bool everybody = false) {
    return std::unexpected(Failure{std::move(error), {}, everybody, {}});
}

Error stopped() {
    return {ErrorKind::cancelled, "the server stops", {}};
}

std::string_view name_of(ChallengeKind kind) {
    return kind == ChallengeKind::http_01 ? "http-01" : "tls-alpn-01";
}

std::string new_account_body(const std::string& contact) {
    JsonWriter json;
    json.begin_object().member("termsOfServiceAgreed", true);
    if (!contact.empty()) json.key("contact").begin_array().value("mailto:" + contact).end_array();
    json.end_object();
    return std::move(json).take();
}

std::string new_order_body(const std::vector<std::string>& names) {
    JsonWriter json;
    json.begin_object().key("identifiers").begin_array();
    for (const auto& name : names)
        json.begin_object().member("type", "dns").member("value", name).end_object();
    json.end_array().end_object();
    return std::move(json).take();
}

// What a whole answer of an unhappy kind means. Problems that name their identifiers are about
// these only.
Failure failure_of(const net::HttpAnswer& answer) {
    auto problem = parse_problem(answer.body);
    Failure told;
    told.error = explain(problem, {});
    if (problem.type.empty())
        told.error.text = fmt::format("the certificate authority answered {}", answer.status);
    if (answer.status == 429 || answer.status == 503) told.retry_after = answer.retry_after();
    if (told.error.kind == ErrorKind::busy && !told.retry_after)
        told.retry_after = answer.retry_after();
    for (const auto& part : problem.parts)
        if (!part.name.empty())
            told.names.push_back({part.name, explain({part.type, part.detail, {}}, part.name)});
    return told;
}

bool is_problem(const net::HttpAnswer& answer, std::string_view type) {
    return answer.status >= 400 && parse_problem(answer.body).type == type;
}

}  // namespace

Error explain(const Problem& problem, const std::string& name) {
    const auto& type = problem.type;
    const auto who = name.empty() ? std::string("the certificate authority")
                                  : fmt::format("{}: the certificate authority", name);
    const auto said = problem.detail.empty() ? std::string("no reason given") : problem.detail;
    if (type == "dns")
        return {
            ErrorKind::dns, fmt::format("{} cannot look the name up: {}", who, said),
            "make A and AAAA records of that name that point here, and check its CAA and DNSSEC"};
    if (type == "connection" || type == "unauthorized" || type == "incorrectResponse")
        return {ErrorKind::denied, fmt::format("{} did not find our answer there: {}", who, said),
                "let every A and AAAA record of that name point here, and let port 80 "
                "(listen.http_challenge) or 443 (listen.https) through the firewall"};
    if (type == "tls")
        return {
            ErrorKind::tls, fmt::format("{} could not speak TLS with us: {}", who, said),
            "let port 443 through to listen.https untouched: a proxy in front must pass TLS on"};
    if (type == "caa")
        return {ErrorKind::denied, fmt::format("{} may not issue for that name: {}", who, said),
                "add this authority to the CAA records of the domain"};
    if (type == "rateLimited")
        return {ErrorKind::busy, fmt::format("{} wants us to wait: {}", who, said),
                "nothing to do: it is tried again when the wait is over"};
    if (type == "rejectedIdentifier")
        return {ErrorKind::denied, fmt::format("{} does not issue for that name: {}", who, said),
                "use a public host name of yours as hostname, or another tls.acme_directory"};
    if (type == "externalAccountRequired")
        return {ErrorKind::unsupported, fmt::format("{} wants an account made at its site", who),
                "use an authority without that, such as Let's Encrypt: leave tls.acme_directory "
                "out"};
    if (type == "userActionRequired")
        return {ErrorKind::denied, fmt::format("{} asks you to do something first: {}", who, said),
                "read what it says there, then: posthaste cert renew"};
    return {ErrorKind::refused, fmt::format("{} said no: {}", who, said),
            "if it is not clear why, ask the authority with these words"};
}

Client::Client(Options options, Key account_key, Challenges& challenges, Ways ways)
    : options_(std::move(options)),
      key_(std::move(account_key)),
      challenges_(challenges),
      ways_(std::move(ways)) {}

// ---- requests

Outcome<std::string> Client::fresh_nonce() {
    if (!nonce_.empty()) return std::exchange(nonce_, {});
    auto answer = ways_.fetch({"HEAD", directory_.new_nonce, {}, {}});
    if (!answer) return failure(answer.error(), true);
    std::string nonce(answer->header("replay-nonce"));
    if (!nonce.empty()) return nonce;
    auto told = failure_of(*answer);
    told.everybody = true;
    return std::unexpected(std::move(told));
}

Result<std::string> Client::signed_body(const std::string& url, const std::string& payload,
                                        const std::string& nonce, bool by_key) const {
    // The flattened form of RFC 7515 §7.2.2; the JWK is already JSON.
    JsonWriter header;
    header.begin_object().member("alg", "ES256").member("nonce", nonce).member("url", url);
    if (!by_key) header.member("kid", account_);
    header.end_object();
    auto text = std::move(header).take();
    if (by_key) text.insert(text.size() - 1, ",\"jwk\":" + key_.jwk());
    const auto head = base64::encode_url(text);
    const auto body = base64::encode_url(payload);
    PH_TRY(auto signature, key_.sign(head + "." + body));
    JsonWriter json;
    json.begin_object().member("protected", head).member("payload", body);
    json.member("signature", base64::encode_url(signature)).end_object();
    return std::move(json).take();
}

Outcome<net::HttpAnswer> Client::post(const std::string& url, const std::string& payload,
                                      bool by_key) {
    for (int tries = 0;; ++tries) {
        auto nonce = fresh_nonce();
        if (!nonce) return std::unexpected(std::move(nonce).error());
        auto body = signed_body(url, payload, *nonce, by_key);
        if (!body) return failure(body.error(), true);
        auto answer = ways_.fetch({"POST", url, "application/jose+json", std::move(*body)});
        if (!answer) return failure(answer.error(), true);
        nonce_ = answer->header("replay-nonce");
        // RFC 8555 §6.5: the same request again, with the nonce that came with the refusal.
        if (tries < kNonceTries && is_problem(*answer, "badNonce")) continue;
        if (answer->status >= 200 && answer->status < 300) return std::move(*answer);
        if (is_problem(*answer, "accountDoesNotExist")) account_.clear();
        return std::unexpected(failure_of(*answer));
    }
}

// ---- the account

Outcome<void> Client::open() {
    if (directory_.new_order.empty()) {
        auto answer = ways_.fetch({"GET", options_.directory_url, {}, {}});
        if (!answer) return failure(answer.error(), true);
        if (answer->status != 200) {
            auto told = failure_of(*answer);
            told.everybody = true;
            return std::unexpected(std::move(told));
        }
        auto directory = parse_directory(answer->body);
        if (!directory) return failure(directory.error(), true);
        directory_ = std::move(*directory);
    }
    if (!account_.empty()) return {};
    if (directory_.external_account_required)
        return failure(explain({"externalAccountRequired", {}, {}}, {}), true);
    return make_account(true);
}

Outcome<void> Client::make_account(bool with_contact) {
    auto body = new_account_body(with_contact ? options_.contact : std::string());
    auto answer = post(directory_.new_account, body, true);
    if (!answer) {
        auto told = std::move(answer).error();
        // An address that the CA does not like must not cost the certificate (§7.3).
        if (with_contact && !options_.contact.empty() && told.error.kind == ErrorKind::refused) {
            ways_.note("acme.account_without_contact", told.error.text);
            return make_account(false);
        }
        told.everybody = true;
        told.names.clear();
        return std::unexpected(std::move(told));
    }
    std::string url(answer->header("location"));
    if (!url.starts_with("https://"))
        return failure({ErrorKind::syntax, "the certificate authority did not name the account",
                        "check tls.acme_directory"},
                       true);
    account_ = std::move(url);
    if (answer->status == 201) ways_.note("acme.account_made", directory_.terms);
    return {};
}

// ---- an order

Outcome<void> Client::pause(const net::HttpAnswer& answer, Deadline deadline) {
    auto wait = std::clamp(answer.retry_after().value_or(options_.poll), Seconds(1), kPollAtMost);
    if (deadline.passed())
        return failure({ErrorKind::timeout, "the certificate authority does not come to an end",
                        "nothing to do: it is tried again"});
    if (!ways_.wait(wait)) return failure(stopped(), true);
    return {};
}

Outcome<Order> Client::order(const std::vector<std::string>& names, std::string& url) {
    auto answer = post(directory_.new_order, new_order_body(names));
    if (!answer && account_.empty()) {
        // The CA has forgotten us (a test server that was started anew): introduce ourselves again.
        if (auto opened = open(); !opened) return std::unexpected(std::move(opened).error());
        answer = post(directory_.new_order, new_order_body(names));
    }
    if (!answer) return std::unexpected(std::move(answer).error());
    url = answer->header("location");
    auto made = parse_order(answer->body);
    if (!made) return failure(made.error());
    if (!url.starts_with("https://"))
        return failure({ErrorKind::syntax, "the certificate authority did not name the order",
                        "check tls.acme_directory"});
    return std::move(*made);
}

// True when one was answered, false when none was needed.
Outcome<bool> Client::answer_challenge(const Authorization& authorization,
                                       const std::vector<ChallengeKind>& allowed) {
    if (authorization.status != Status::pending) return false;
    for (const auto kind : allowed) {
        auto offered = std::ranges::find(authorization.challenges, name_of(kind), &Challenge::type);
        if (offered == authorization.challenges.end()) continue;
        auto proof = offered->token + "." + key_.thumbprint();
        if (kind == ChallengeKind::http_01) {
            challenges_.put_text(offered->token, std::move(proof));
        } else {
            auto pair = make_challenge_certificate(authorization.name, proof);
            if (!pair) return failure(pair.error());
            challenges_.put_certificate(authorization.name, std::move(*pair));
        }
        auto answer = post(offered->url, "{}");
        if (!answer) return std::unexpected(std::move(answer).error());
        return true;
    }
    Failure none;
    none.error = {ErrorKind::unsupported,
                  fmt::format("{}: the certificate authority offers no way of proof that is open "
                              "here",
                              authorization.name),
                  "open both ways: listen.http_challenge = \":80\" and listen.https = \":443\""};
    none.names.push_back({authorization.name, none.error});
    return std::unexpected(std::move(none));
}

Outcome<Authorization> Client::settle(const std::string& url, Deadline deadline) {
    for (;;) {
        auto answer = post(url, {});
        if (!answer) return std::unexpected(std::move(answer).error());
        auto authorization = parse_authorization(answer->body);
        if (!authorization) return failure(authorization.error());
        if (authorization->status == Status::valid || authorization->status == Status::invalid)
            return std::move(*authorization);
        auto waited = pause(*answer, deadline);
        if (!waited) {
            auto told = std::move(waited).error();
            if (told.error.kind == ErrorKind::timeout)
                told.names.push_back({authorization->name, told.error});
            return std::unexpected(std::move(told));
        }
    }
}

// All names are tried before the first failure is told: the next order then leaves all bad ones
// out at once.
Outcome<void> Client::prove(const Order& order, const std::vector<ChallengeKind>& allowed) {
    const auto deadline = Deadline::after(options_.patience);
    Failure all;
    std::vector<std::string> open;
    for (const auto& url : order.authorizations) {
        auto answer = post(url, {});
        if (!answer) return std::unexpected(std::move(answer).error());
        auto authorization = parse_authorization(answer->body);
        if (!authorization) return failure(authorization.error());
        auto asked = answer_challenge(*authorization, allowed);
        if (!asked) {
            if (asked.error().names.empty()) return std::unexpected(std::move(asked).error());
            all.names.push_back(asked.error().names.front());
        } else if (authorization->status != Status::valid) {
            open.push_back(url);
        }
    }
    for (const auto& url : open) {
        auto settled = settle(url, deadline);
        if (!settled && settled.error().names.empty())
            return std::unexpected(std::move(settled).error());
        if (!settled) {
            all.names.push_back(settled.error().names.front());
            continue;
        }
        if (settled->status == Status::valid) continue;
        Problem why;
        for (const auto& challenge : settled->challenges)
            if (challenge.error) why = *challenge.error;
        all.names.push_back({settled->name, explain(why, settled->name)});
    }
    if (all.names.empty()) return {};
    all.error = all.names.front().error;
    return std::unexpected(std::move(all));
}

Outcome<Order> Client::finish(Order order, const std::string& url,
                              const std::vector<std::string>& names, const Key& certificate_key) {
    const auto deadline = Deadline::after(options_.patience);
    bool asked = false;
    for (;;) {
        if (order.status == Status::valid) return order;
        if (order.status == Status::invalid) {
            auto why = order.error.value_or(Problem{{}, "the order became invalid", {}});
            return failure(explain(why, {}));
        }
        net::HttpAnswer answer;
        if (order.status == Status::ready && !asked) {
            asked = true;
            auto request = make_request(certificate_key, names);
            if (!request) return failure(request.error());
            JsonWriter json;
            json.begin_object().member("csr", base64::encode_url(*request)).end_object();
            auto posted = post(order.finalize, std::move(json).take());
            if (!posted) return std::unexpected(std::move(posted).error());
            answer = std::move(*posted);
        } else {
            auto polled = post(url, {});
            if (!polled) return std::unexpected(std::move(polled).error());
            answer = std::move(*polled);
        }
        auto next = parse_order(answer.body);
        if (!next) return failure(next.error());
        order = std::move(*next);
        if (order.status == Status::valid || (order.status == Status::ready && !asked)) continue;
        if (auto waited = pause(answer, deadline); !waited)
            return std::unexpected(std::move(waited).error());
    }
}

Outcome<std::string> Client::download(const Order& order, const std::vector<std::string>& names,
                                      const Key& certificate_key) {
    auto answer = post(order.certificate, {});
    if (!answer) return std::unexpected(std::move(answer).error());
    auto issued = read_chain(answer->body, certificate_key);
    if (!issued)
        return failure(
            {issued.error().kind,
             "what the certificate authority issued cannot be used: " + issued.error().text,
             "nothing to do: it is tried again"});
    for (const auto& name : names)
        if (std::ranges::find(issued->names, name) == issued->names.end())
            return failure({ErrorKind::syntax,
                            fmt::format("the certificate authority left {} out", name),
                            "nothing to do: it is tried again"});
    return std::move(answer->body);
}

Outcome<std::string> Client::obtain(const std::vector<std::string>& names,
                                    const Key& certificate_key,
                                    const std::vector<ChallengeKind>& allowed) {
    struct Forget {  // nobody may ask for a proof once the order has ended
        Challenges& challenges;

        ~Forget() { challenges.clear(); }
    } forget{challenges_};

    if (auto opened = open(); !opened) {
        directory_ = {};  // read anew the next time: it may be what was wrong
        return std::unexpected(std::move(opened).error());
    }
    std::string url;
    auto made = order(names, url);
    if (!made) return std::unexpected(std::move(made).error());
    if (made->status == Status::pending) {
        if (auto proved = prove(*made, allowed); !proved)
            return std::unexpected(std::move(proved).error());
    }
    auto finished = finish(std::move(*made), url, names, certificate_key);
    if (!finished) return std::unexpected(std::move(finished).error());
    return download(*finished, names, certificate_key);
}

}  // namespace posthaste::acme
