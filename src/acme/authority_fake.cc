#include "acme/authority_fake.h"

#include "base/assert.h"
#include "base/base64.h"
#include "formats/json.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace posthaste::acme::testing {

namespace {

using formats::JsonValue;

std::string decode_url(std::string_view text) {
    std::string standard(text);
    for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (standard.size() % 4 != 0) standard += '=';
    return base64::decode(standard).value_or(std::string());
}

std::string text_of(const JsonValue& value, std::string_view key) {
    const auto* found = value.find(key);
    return found == nullptr ? std::string()
                            : std::string(found->as_string().value_or(std::string_view()));
}

// Whether `signature` (r and s) is the JWK's own over `text`.
bool verifies(const JsonValue& jwk, std::string_view text, std::string_view signature) {
    auto point = "\x04" + decode_url(text_of(jwk, "x")) + decode_url(text_of(jwk, "y"));
    if (point.size() != 65 || signature.size() != 64) return false;
    OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX* from = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
    EVP_PKEY* key = nullptr;
    EVP_PKEY_fromdata_init(from);
    EVP_PKEY_fromdata(from, &key, EVP_PKEY_PUBLIC_KEY, params);
    const auto* octets = reinterpret_cast<const unsigned char*>(signature.data());
    ECDSA_SIG* pair = ECDSA_SIG_new();
    ECDSA_SIG_set0(pair, BN_bin2bn(octets, 32, nullptr), BN_bin2bn(octets + 32, 32, nullptr));
    unsigned char* der = nullptr;
    const int length = i2d_ECDSA_SIG(pair, &der);
    EVP_MD_CTX* digest = EVP_MD_CTX_new();
    const bool good =
        EVP_DigestVerifyInit(digest, nullptr, EVP_sha256(), nullptr, key) == 1 &&
        EVP_DigestVerify(digest, der, static_cast<std::size_t>(length),
                         reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
    EVP_MD_CTX_free(digest);
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(from);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return good;
}

// By itself signed, which nobody here minds.
std::string issue(EVP_PKEY* key, const std::vector<std::string>& names,
                  std::chrono::seconds lifetime) {
    auto own = Key::generate();
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(lifetime.count()));
    X509_set_pubkey(certificate, key);
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "DNS:" : ",DNS:") + name;
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, list.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, own->get(), EVP_sha256());
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* data = nullptr;
    const long length = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<std::size_t>(length));
    BIO_free(bio);
    X509_free(certificate);
    return pem;
}

net::HttpAnswer said(int status, std::string body) {
    return {status, {}, std::move(body)};
}

}  // namespace

struct FakeAuthority::Impl {
    struct Order {
        std::vector<std::string> names;
        std::string status = "pending";
        std::string chain;
        int looks = 0;
    };

    struct Authorization {
        std::string name;
        std::string status = "pending";
        std::string problem;
    };

    explicit Impl(FakeAuthority& o, Challenges& c) : owner(o), challenges(c) {}

    FakeAuthority& owner;
    Challenges& challenges;
    std::map<std::string, std::string> account_keys;  // URL -> JWK
    std::set<std::string> nonces;
    std::vector<Order> orders;
    std::vector<Authorization> authorizations;
    int next = 0;

    std::string fresh_nonce() {
        auto nonce = fmt::format("nonce{}", ++next);
        nonces.insert(nonce);
        return nonce;
    }

    net::HttpAnswer directory() const {
        return said(200, fmt::format(R"({{"newNonce":"https://ca.test/nonce",)"
                                     R"("newAccount":"https://ca.test/account",)"
                                     R"("newOrder":"https://ca.test/order","meta":)"
                                     R"({{"termsOfService":"https://ca.test/terms",)"
                                     R"("externalAccountRequired":{}}}}})",
                                     owner.external_account));
    }

    net::HttpAnswer posted(const std::string& path, const std::string& body);
    net::HttpAnswer account(const JsonValue& jwk, const JsonValue& payload);
    net::HttpAnswer new_order(const JsonValue& payload);
    net::HttpAnswer challenge(std::size_t index, std::string_view type, const std::string& jwk);
    net::HttpAnswer finalize(Order& order, const JsonValue& payload);
    std::string order_json(std::size_t index) const;
    std::string authorization_json(std::size_t index) const;
    bool proven(std::size_t index, std::string_view type, const std::string& jwk) const;
};

std::string FakeAuthority::Impl::order_json(std::size_t index) const {
    const auto& order = orders[index];
    std::string list;
    for (std::size_t i = 0; i < authorizations.size(); ++i)
        if (std::ranges::find(order.names, authorizations[i].name) != order.names.end())
            list += fmt::format("{}\"https://ca.test/authz/{}\"", list.empty() ? "" : ",", i);
    return fmt::format(R"({{"status":"{}","authorizations":[{}],)"
                       R"("finalize":"https://ca.test/finalize/{}"{}}})",
                       order.status, list, index,
                       order.status == "valid"
                           ? fmt::format(R"(,"certificate":"https://ca.test/cert/{}")", index)
                           : "");
}

std::string FakeAuthority::Impl::authorization_json(std::size_t index) const {
    const auto& one = authorizations[index];
    std::string list;
    for (const auto& type : owner.offered)
        list += fmt::format(R"({}{{"type":"{}","url":"https://ca.test/challenge/{}/{}",)"
                            R"("token":"token-{}-{}"{}}})",
                            list.empty() ? "" : ",", type, index, type, index, type,
                            one.problem.empty() ? "" : ",\"error\":" + one.problem);
    return fmt::format(
        R"({{"status":"{}","identifier":{{"type":"dns","value":"{}"}},"challenges":[{}]}})",
        one.status, one.name, list);
}

net::HttpAnswer FakeAuthority::Impl::account(const JsonValue& jwk, const JsonValue& payload) {
    const auto text = formats::to_json(jwk);
    for (const auto& [url, known] : account_keys) {
        if (known != text) continue;
        auto answer = said(200, "{}");
        answer.headers.emplace_back("location", url);
        return answer;
    }
    const auto* agreed = payload.find("termsOfServiceAgreed");
    if (agreed == nullptr || agreed->as_bool() != true)
        return problem(403, "userActionRequired", "agree to the terms");
    if (payload.find("contact") != nullptr && !owner.reject_contact.empty())
        return problem(400, owner.reject_contact, "no such address");
    ++owner.accounts;
    const auto url = fmt::format("https://ca.test/account/{}", owner.accounts);
    account_keys[url] = text;
    auto answer = said(201, "{}");
    answer.headers.emplace_back("location", url);
    return answer;
}

net::HttpAnswer FakeAuthority::Impl::new_order(const JsonValue& payload) {
    Order order;
    for (const auto& one : payload.find("identifiers")->items())
        order.names.push_back(text_of(one, "value"));
    owner.orders.push_back(order.names);
    authorizations.clear();  // of one order at a time
    for (const auto& name : order.names) authorizations.push_back({name, "pending", {}});
    orders.push_back(order);
    auto answer = said(201, order_json(orders.size() - 1));
    answer.headers.emplace_back("location",
                                fmt::format("https://ca.test/orders/{}", orders.size() - 1));
    return answer;
}

bool FakeAuthority::Impl::proven(std::size_t index, std::string_view type,
                                 const std::string& jwk) const {
    const auto& name = authorizations[index].name;
    if (owner.unproven.contains(name)) return false;
    const auto token = fmt::format("token-{}-{}", index, type);
    const auto wanted = token + "." + base64::encode_url(sha256(jwk));
    if (type == "http-01") return challenges.text(token) == wanted;
    return challenges.certificate(name).has_value();
}

net::HttpAnswer FakeAuthority::Impl::challenge(std::size_t index, std::string_view type,
                                               const std::string& jwk) {
    owner.proofs.emplace_back(type);
    auto& one = authorizations[index];
    if (proven(index, type, jwk)) {
        one.status = "valid";
    } else {
        one.status = "invalid";
        one.problem = R"({"type":"urn:ietf:params:acme:error:connection","detail":"no answer"})";
    }
    const bool all = std::ranges::all_of(authorizations,
                                         [](const auto& each) { return each.status == "valid"; });
    if (all) orders.back().status = "ready";
    return said(200, "{}");
}

net::HttpAnswer FakeAuthority::Impl::finalize(Order& order, const JsonValue& payload) {
    const auto der = decode_url(text_of(payload, "csr"));
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    X509_REQ* request = d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size()));
    if (request == nullptr || X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) != 1) {
        X509_REQ_free(request);
        return problem(400, "badCSR", "the request is not signed by its key");
    }
    auto names = order.names;
    std::erase(names, owner.leave_out);
    auto other = Key::generate();
    order.chain = issue(owner.wrong_key ? other->get() : X509_REQ_get0_pubkey(request), names,
                        owner.lifetime);
    X509_REQ_free(request);
    order.looks = owner.processing;
    order.status = order.looks > 0 ? "processing" : "valid";
    return said(200, order_json(static_cast<std::size_t>(&order - orders.data())));
}

net::HttpAnswer FakeAuthority::Impl::posted(const std::string& path, const std::string& body) {
    auto envelope = JsonValue::parse(body);
    if (!envelope) return problem(400, "malformed", "no JSON");
    const auto head_text = decode_url(text_of(*envelope, "protected"));
    auto head = JsonValue::parse(head_text);
    if (!head || text_of(*head, "alg") != "ES256" ||
        text_of(*head, "url") != "https://ca.test" + path)
        return problem(400, "malformed", "the protected header");
    if (nonces.erase(text_of(*head, "nonce")) == 0 || owner.refuse_nonces > 0) {
        --owner.refuse_nonces;
        return problem(400, "badNonce", "not one of ours");
    }
    const auto* by_key = head->find("jwk");
    std::string known;
    if (by_key == nullptr) {
        auto found = account_keys.find(text_of(*head, "kid"));
        if (found == account_keys.end()) return problem(400, "accountDoesNotExist", "who?");
        known = found->second;
    }
    auto jwk = by_key != nullptr ? *by_key : *JsonValue::parse(known);
    if (!verifies(jwk, text_of(*envelope, "protected") + "." + text_of(*envelope, "payload"),
                  decode_url(text_of(*envelope, "signature"))))
        return problem(403, "unauthorized", "the signature");
    const auto payload_text = decode_url(text_of(*envelope, "payload"));
    auto payload = JsonValue::parse(payload_text.empty() ? "{}" : payload_text);
    auto after = [&](std::string_view prefix) -> std::optional<std::size_t> {
        if (!path.starts_with(prefix)) return std::nullopt;
        return static_cast<std::size_t>(std::atoi(path.c_str() + prefix.size()));
    };
    if (path == "/account") return account(jwk, *payload);
    if (path == "/order") return new_order(*payload);
    if (auto i = after("/authz/")) return said(200, authorization_json(*i));
    if (auto i = after("/challenge/"))
        return challenge(*i, path.substr(path.rfind('/') + 1), formats::to_json(jwk));
    if (auto i = after("/finalize/")) return finalize(orders[*i], *payload);
    if (auto i = after("/cert/")) return said(200, orders[*i].chain);
    if (auto i = after("/orders/")) {
        if (orders[*i].status == "processing" && --orders[*i].looks <= 0)
            orders[*i].status = "valid";
        return said(200, order_json(*i));
    }
    return problem(404, "malformed", "nothing there");
}

FakeAuthority::FakeAuthority(Challenges& challenges)
    : impl_(std::make_unique<Impl>(*this, challenges)) {}

FakeAuthority::~FakeAuthority() = default;

Result<net::HttpAnswer> FakeAuthority::fetch(const net::HttpCall& call) {
    const auto path = call.url.substr(std::string_view("https://ca.test").size());
    paths.push_back(path);
    if (down) return fail(ErrorKind::refused, "ca.test cannot be asked: connection refused");
    net::HttpAnswer answer;
    if (auto found = instead.find(path); found != instead.end())
        answer = found->second;
    else if (path == "/dir")
        answer = impl_->directory();
    else if (path == "/nonce")
        answer.status = 200;
    else
        answer = impl_->posted(path, call.body);
    answer.headers.emplace_back("replay-nonce", impl_->fresh_nonce());
    return answer;
}

void FakeAuthority::forget_accounts() {
    impl_->account_keys.clear();
}

std::size_t FakeAuthority::count(std::string_view path) const {
    return static_cast<std::size_t>(std::ranges::count(paths, path));
}

net::HttpAnswer FakeAuthority::problem(int status, std::string_view type, std::string_view detail,
                                       std::string_view more) {
    return said(status, fmt::format(R"({{"type":"urn:ietf:params:acme:error:{}","detail":"{}"{}}})",
                                    type, detail, more));
}

}  // namespace posthaste::acme::testing
