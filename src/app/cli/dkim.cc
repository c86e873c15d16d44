// posthaste dkim …: the keys that sign what leaves, and the records that publish them.
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "base/file.h"
#include "formats/url.h"

#include <charconv>
#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;
using formats::JsonWriter;
using formats::percent_encode;

constexpr std::size_t kMostKeyFile = 64 << 10;
// DNS is asked for up to twenty keys in one call.
constexpr Seconds kPatience{110};

std::string key_target(const std::string& domain, const std::string& selector,
                       std::string_view rest = {}) {
    return "/v1/dkim/" + percent_encode(domain) + "/" + percent_encode(selector) +
           std::string(rest);
}

Result<JsonValue> keys_of(AdminClient& admin, const std::string& domain, bool check = false) {
    return admin.call("GET",
                      "/v1/dkim?domain=" + percent_encode(domain) + (check ? "&check=1" : ""), {},
                      kPatience);
}

std::string day(const std::string& iso) {
    return iso.substr(0, 10);
}

std::string kind_of(const JsonValue& key) {
    if (!text(key, "broken").empty()) return "unusable";
    const auto algorithm = text(key, "algorithm");
    return algorithm == "rsa" ? fmt::format("rsa {}", number(key, "bits")) : algorithm;
}

// Both forms, and what comes next: whoever reads this has a provider's page open.
void print_record(const JsonValue& key) {
    fmt::print("for a zone file:\n\n{}\n", text(key, "zone"));
    fmt::print("for a provider's form (type TXT; no quotation marks, one line):\n\n");
    const auto domain = text(key, "domain");
    fmt::print("  name   {}._domainkey     (under {}; the whole name is {})\n",
               text(key, "selector"), domain, text(key, "name"));
    fmt::print("  value  {}\n", text(key, "record"));
    if (!text(key, "warning").empty()) fmt::print("\nwarning: {}\n", text(key, "warning"));
}

void print_next(const JsonValue& key) {
    fmt::print(
        "\nIt signs nothing yet. next: publish this record, then\n  posthaste dkim activate {} "
        "{}\n",
        text(key, "domain"), text(key, "selector"));
}

void print_made(const JsonValue& key, std::string_view done, bool json) {
    if (json) {
        fmt::print("{}\n", to_json(key));
        return;
    }
    fmt::print("key {} of {} {} ({})\n\n", text(key, "selector"), text(key, "domain"), done,
               kind_of(key));
    print_record(key);
    print_next(key);
}

Result<JsonValue> make_key(AdminClient& admin, const std::string& domain,
                           const std::string& algorithm, std::int64_t bits,
                           const std::string& selector) {
    JsonWriter body;
    body.begin_object().member("domain", domain).member("algorithm", algorithm);
    if (bits != 0) body.member("bits", bits);
    body.member("selector", selector).end_object();
    return admin.call("POST", "/v1/dkim", std::move(body).take());
}

int usage(const Arguments& arguments, std::string text, std::string mend) {
    print_error({ErrorKind::syntax, std::move(text), std::move(mend)}, arguments.json());
    return kUsage;
}

// ---- publish

std::string verdict_of(const JsonValue& key) {
    const auto* dns = key.find("dns");
    return dns == nullptr ? std::string() : text(*dns, "verdict");
}

void print_published(const JsonValue& key) {
    fmt::print("{}   {}, {}\n", text(key, "name"), kind_of(key), text(key, "state"));
    const auto verdict = verdict_of(key);
    const auto* dns = key.find("dns");
    if (verdict == "ok") {
        fmt::print("  DNS     ok\n");
        if (!text(*dns, "note").empty()) fmt::print("  note    {}\n", text(*dns, "note"));
        if (text(key, "state") == "pending")
            fmt::print("  next    posthaste dkim activate {} {}\n", text(key, "domain"),
                       text(key, "selector"));
        return;
    }
    fmt::print("  DNS     {}: {}\n", verdict, text(*dns, "problem"));
    for (const auto& found : items(*dns, "found"))
        fmt::print("  found   {}\n", found.as_string().value_or(std::string_view()));
    fmt::print("  mend    {}\n\n", text(*dns, "mend"));
    print_record(key);
}

// True when DNS shows all that it has to.
Result<bool> publish_domain(AdminClient& admin, const std::string& domain, bool json, bool& any) {
    PH_TRY(const auto answer, keys_of(admin, domain, true));
    bool well = true;
    for (const auto& key : items(answer, "keys")) {
        if (verdict_of(key).empty()) continue;  // unusable: `list` says so
        const bool needed = text(key, "state") != "retiring" || flag(key, "dns_needed");
        well = well && (!needed || verdict_of(key) == "ok");
        if (any && !json) fmt::print("\n");
        any = true;
        if (json)
            fmt::print("{}\n", to_json(key));
        else if (needed)
            print_published(key);
        else
            fmt::print("{}   retired: the record may go, and the key (posthaste dkim rm {} {})\n",
                       text(key, "name"), domain, text(key, "selector"));
    }
    return well;
}

// ---- activate

Result<std::string> only_pending(AdminClient& admin, const std::string& domain) {
    PH_TRY(const auto answer, keys_of(admin, domain));
    std::vector<std::string> pending;
    for (const auto& key : items(answer, "keys"))
        if (text(key, "state") == "pending") pending.push_back(text(key, "selector"));
    if (pending.size() == 1) return pending.front();
    if (pending.empty())
        return fail(ErrorKind::not_found, fmt::format("no key of {} is pending", domain),
                    fmt::format("make one: posthaste dkim new {}", domain));
    return fail(ErrorKind::conflict,
                fmt::format("{} has several pending keys: {}", domain, fmt::join(pending, ", ")),
                fmt::format("name one: posthaste dkim activate {} {}", domain, pending.front()));
}

// ---- rotate

// A key of that algorithm that waits already, or a new one.
Result<JsonValue> successor(AdminClient& admin, const JsonValue& answer, const JsonValue& active) {
    for (const auto& key : items(answer, "keys")) {
        if (text(key, "state") == "pending" && text(key, "algorithm") == text(active, "algorithm"))
            return key;
    }
    const bool rsa = text(active, "algorithm") == "rsa";
    const auto bits = rsa ? std::max<std::int64_t>(number(active, "bits"), 2048) : 0;
    return make_key(admin, text(active, "domain"), text(active, "algorithm"), bits, {});
}

}  // namespace

int run_dkim_new(const Arguments& arguments) {
    std::int64_t bits = 0;
    const auto algorithm = arguments.get("--algorithm", "rsa");
    if (arguments.has("--bits")) {
        const auto digits = arguments.get("--bits");
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (error != std::errc() || end != digits.data() + digits.size() || bits <= 0)
            return usage(arguments, fmt::format("\"{}\" is no number of bits", digits),
                         "2048 is what every receiver takes");
        if (algorithm == "ed25519")
            return usage(arguments, "an Ed25519 key has one size", "leave --bits out");
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(const auto key, make_key(admin, arguments.words.at(0), algorithm, bits,
                                        arguments.get("--selector")));
        print_made(key, "made", arguments.json());
        return kDone;
    });
}

int run_dkim_import(const Arguments& arguments) {
    if (!arguments.has("--selector") || !arguments.has("--key-file"))
        return usage(arguments, "posthaste dkim import needs --selector and --key-file",
                     "for example: posthaste dkim import example.com --selector mail --key-file "
                     "mail.private");
    const auto file = arguments.get("--key-file");
    auto octets = read_file(file, kMostKeyFile);  // before the client becomes the store's owner
    if (!octets) {
        print_error(octets.error(), arguments.json());
        return kUsage;
    }
    const Secret pem(std::move(*octets));
    if (pem.empty())
        return usage(arguments, fmt::format("{} is empty", file), "name the key's file");
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        JsonWriter body;
        body.begin_object().member("domain", arguments.words.at(0));
        body.member("selector", arguments.get("--selector")).member("pem", pem.reveal());
        body.end_object();
        PH_TRY(const auto key, admin.call("POST", "/v1/dkim", std::move(body).take()));
        print_made(key, "taken over", arguments.json());
        return kDone;
    });
}

int run_dkim_list(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto domain = arguments.words.empty() ? std::string() : arguments.words[0];
        PH_TRY(const auto answer, keys_of(admin, domain));
        const auto keys = items(answer, "keys");
        if (keys.empty() && !arguments.json())
            fmt::print("no DKIM keys yet, so mail leaves unsigned: posthaste dkim new {}\n",
                       domain.empty() ? "example.com" : domain);
        for (const auto& key : keys) {
            if (arguments.json()) {
                fmt::print("{}\n", to_json(key));
                continue;
            }
            fmt::print("{:<28} {:<14} {:<9} {:<9} since {}", text(key, "domain"),
                       text(key, "selector"), text(key, "state"), kind_of(key),
                       day(text(key, "changed")));
            if (!text(key, "broken").empty()) fmt::print("   {}", text(key, "broken"));
            if (text(key, "state") == "retiring")
                fmt::print("   {} {}", flag(key, "dns_needed") ? "in DNS until" : "may go since",
                           day(text(key, "dns_until")));
            fmt::print("\n");
        }
        return kDone;
    });
}

int run_dkim_publish(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        std::vector<std::string> domains = arguments.words;
        if (domains.empty()) {
            PH_TRY(const auto answer, admin.call("GET", "/v1/domains"));
            for (const auto& row : items(answer, "domains")) domains.push_back(text(row, "name"));
        }
        bool well = true;
        bool any = false;
        for (const auto& domain : domains) {
            PH_TRY(const bool shown, publish_domain(admin, domain, arguments.json(), any));
            well = well && shown;
        }
        if (!any && !arguments.json())
            fmt::print("nothing to publish: posthaste dkim new {}\n",
                       domains.empty() ? "example.com" : domains.front());
        return well ? kDone : kNo;
    });
}

int run_dkim_activate(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto& domain = arguments.words.at(0);
        std::string selector;
        if (arguments.words.size() > 1) {
            selector = arguments.words[1];
        } else {
            PH_TRY(selector, only_pending(admin, domain));
        }
        const bool checked = !arguments.has("--unchecked");
        PH_TRY(const auto answer, admin.call("POST", key_target(domain, selector, "/activate"),
                                             fmt::format("{{\"checked\":{}}}", checked)));
        if (arguments.json()) {
            fmt::print("{}\n", to_json(answer));
            return kDone;
        }
        fmt::print("{} signs the mail of {} from now on{}\n", text(answer, "selector"),
                   text(answer, "domain"), checked ? "; DNS shows it" : " (DNS was not asked)");
        if (!text(answer, "note").empty()) fmt::print("note: {}\n", text(answer, "note"));
        const auto retired = text(answer, "retired");
        if (!retired.empty())
            fmt::print(
                "{} is retiring: leave its record in DNS for 7 days, since mail that it signed is "
                "on its way; then posthaste dkim rm {} {}\n",
                retired, text(answer, "domain"), retired);
        return kDone;
    });
}

int run_dkim_rotate(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto& domain = arguments.words.at(0);
        PH_TRY(const auto answer, keys_of(admin, domain));
        bool any = false;
        for (const auto& active : items(answer, "keys")) {
            if (text(active, "state") != "active") continue;
            if (!text(active, "broken").empty()) continue;
            PH_TRY(const auto key, successor(admin, answer, active));
            if (any && !arguments.json()) fmt::print("\n");
            any = true;
            print_made(key, fmt::format("is to follow {}", text(active, "selector")),
                       arguments.json());
            if (!arguments.json())
                fmt::print("Until then {} goes on signing; afterwards its record stays 7 days.\n",
                           text(active, "selector"));
        }
        if (any) return kDone;
        return fail(ErrorKind::denied, fmt::format("no key of {} is active", domain),
                    fmt::format("make a first one: posthaste dkim new {}", domain));
    });
}

int run_dkim_retire(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto& domain = arguments.words.at(0);
        const auto& selector = arguments.words.at(1);
        PH_TRY(const auto answer, admin.call("POST", key_target(domain, selector, "/retire")));
        if (arguments.json()) {
            fmt::print("{}\n", to_json(answer));
            return kDone;
        }
        fmt::print("{} signs no more; leave its record in DNS for 7 days\n", selector);
        if (!flag(answer, "signed"))
            fmt::print("mail of {} leaves unsigned from now on: posthaste dkim new {}\n", domain,
                       domain);
        return kDone;
    });
}

int run_dkim_rm(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY([[maybe_unused]] const auto answer,
               admin.call("DELETE", key_target(arguments.words.at(0), arguments.words.at(1))));
        if (arguments.json())
            fmt::print("{{\"done\":true}}\n");
        else
            fmt::print(
                "key {} of {} removed; its record in DNS may go when no mail that it signed "
                "is on its way\n",
                arguments.words[1], arguments.words[0]);
        return kDone;
    });
}

}  // namespace posthaste::app::cli
