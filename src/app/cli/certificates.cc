// posthaste cert …
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "base/time.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kSoon = 21 * kDay;  // clients.md 8, D11

std::string joined(const JsonValue& value, std::string_view key) {
    std::string all;
    for (const auto& item : items(value, key)) {
        if (!all.empty()) all += ' ';
        all += item.as_string().value_or(std::string_view());
    }
    return all;
}

// "2027-01-02 14:07 UTC" of "2027-01-02T14:07:14.000Z"
std::string day_and_time(std::string iso) {
    if (iso.size() < 16) return iso;
    iso.resize(16);
    iso[10] = ' ';
    return iso + " UTC";
}

std::string_view source_of(const std::string& source) {
    if (source == "acme") return "by ACME";
    if (source == "own") return "of the own CA, which mail programs do not know";
    return "from a file";
}

// By us, some time before the end; one that should have been renewed by now is told.
bool is_well(const JsonValue& entry) {
    if (!text(entry, "warning").empty() || items(entry, "names").empty()) return false;
    if (!items(entry, "missing").empty() || !items(entry, "failures").empty()) return false;
    return text(entry, "source") != "file" || number(entry, "left_s") > kSoon;
}

void print_failures(const JsonValue& entry) {
    for (const auto& failure : items(entry, "failures")) {
        fmt::print("  FAILED    {}{}\n",
                   text(failure, "name").empty() ? "" : text(failure, "name") + ": ",
                   text(failure, "text"));
        const auto failures = number(failure, "failures");
        fmt::print(
            "            {}, last {}, next {}\n",
            failures == 1 ? std::string("once so far") : fmt::format("{} times in a row", failures),
            day_and_time(text(failure, "at")), day_and_time(text(failure, "next")));
        if (!text(failure, "mend").empty()) fmt::print("  mend      {}\n", text(failure, "mend"));
    }
}

void print_entry(const JsonValue& entry) {
    if (items(entry, "names").empty()) {
        fmt::print("{}   no certificate yet{}\n", joined(entry, "missing"),
                   text(entry, "file").empty() ? "" : "   " + text(entry, "file"));
    } else {
        fmt::print("{}   {}\n", joined(entry, "names"), text(entry, "kind"));
        fmt::print("  until     {}   {}\n", day_and_time(text(entry, "until")),
                   number(entry, "left_s") < 0
                       ? "EXPIRED"
                       : fmt::format("{} left", format_duration(Seconds(number(entry, "left_s")))));
        fmt::print("  issuer    {}   {}\n", text(entry, "issuer"),
                   source_of(text(entry, "source")));
        fmt::print("  file      {}\n", text(entry, "file"));
        if (!text(entry, "renewal").empty())
            fmt::print("  renewal   {}\n", day_and_time(text(entry, "renewal")));
        if (text(entry, "source") == "file" && number(entry, "left_s") <= kSoon)
            fmt::print("  mend      renew it soon; the file is read when it changes\n");
        if (!items(entry, "missing").empty())
            fmt::print("  without   {}\n", joined(entry, "missing"));
    }
    if (!text(entry, "warning").empty()) fmt::print("  WARNING   {}\n", text(entry, "warning"));
    print_failures(entry);
}

void print_uncovered(const JsonValue& answer) {
    if (items(answer, "uncovered").empty()) return;
    fmt::print("\nclients come under names that no certificate holds, and are warned:\n");
    for (const auto& entry : items(answer, "uncovered"))
        fmt::print("  {:<40} {:>6}x   last {}\n", text(entry, "name"), number(entry, "count"),
                   day_and_time(text(entry, "last")));
    if (text(answer, "authority").empty())
        fmt::print(
            "  mend      tell them the server's name, or have the name put into a certificate; "
            "with "
            "[tls] acme = true autoconfig and autodiscover get one\n");
    else
        fmt::print(
            "  mend      tell them the server's name, or add theirs to [tls] acme_names once it "
            "points here in DNS\n");
}

}  // namespace

int run_cert_status(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(auto answer, admin.call("GET", "/v1/certificates"));
        bool well = true;
        for (const auto& entry : items(answer, "certificates")) well = well && is_well(entry);
        if (arguments.json()) {
            fmt::print("{}\n", to_json(answer));
            return well ? kDone : kNo;
        }
        for (const auto& entry : items(answer, "certificates")) print_entry(entry);
        if (!text(answer, "authority").empty()) {
            fmt::print("\nauthority   {}\n", text(answer, "authority"));
            if (!text(answer, "terms").empty())
                fmt::print("its terms   {}\n", text(answer, "terms"));
        }
        print_uncovered(answer);
        if (!admin.live()) fmt::print("\n(the server does not run; this is what its files say)\n");
        return well ? kDone : kNo;
    });
}

int run_cert_renew(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY([[maybe_unused]] auto answer, admin.call("POST", "/v1/certificates/renew"));
        if (arguments.json())
            fmt::print("{{\"done\":true}}\n");
        else
            fmt::print("what waits after a failure is tried now: posthaste cert status\n");
        return kDone;
    });
}

}  // namespace posthaste::app::cli
