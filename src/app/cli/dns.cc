// posthaste dns show: the records to publish, as a zone file or as rows for a provider's form.
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "discovery/texts.h"
#include "formats/url.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

std::string target(const Arguments& arguments) {
    std::string out = "/v1/dns?lang=" + formats::percent_encode(arguments.get("--lang", "en"));
    if (!arguments.words.empty())
        out += "&domain=" + formats::percent_encode(arguments.words.front());
    for (const auto& address : arguments.all("--address"))
        out += "&address=" + formats::percent_encode(address);
    return out;
}

// Comments stay comments of a zone file, so that all of the output can be loaded.
void print_domain(const formats::JsonValue& row, bool form) {
    if (form)
        fmt::print("{}\n\n{}", text(row, "domain"), text(row, "form"));
    else
        fmt::print("{}", text(row, "zone"));
    const auto* hints = row.find("hints");
    if (hints == nullptr) return;
    for (const auto& hint : hints->items())
        fmt::print("\n{}{}\n", form ? "" : "; ", hint.as_string().value_or(""));
}

}  // namespace

int run_dns_show(const Arguments& arguments) {
    const auto language = arguments.get("--lang", "en");
    if (!discovery::find_language(language)) {
        std::vector<std::string_view> codes;
        for (const auto known : discovery::kLanguages)
            codes.push_back(discovery::language_code(known));
        print_error({ErrorKind::syntax, fmt::format("there are no texts in \"{}\"", language),
                     fmt::format("one of: {}", fmt::join(codes, ", "))},
                    arguments.json());
        return kUsage;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(auto answer, admin.call("GET", target(arguments)));
        const auto* rows = answer.find("domains");
        if (rows == nullptr || rows->items().empty()) {
            if (!arguments.json()) fmt::print("no domains yet: posthaste domain add example.com\n");
            return kDone;
        }
        bool first = true;
        for (const auto& row : rows->items()) {
            if (arguments.json()) {
                const auto* records = row.find("records");
                for (const auto& record : records->items()) fmt::print("{}\n", to_json(record));
                continue;
            }
            if (!first) fmt::print("\n");
            first = false;
            print_domain(row, arguments.has("--form"));
        }
        return kDone;
    });
}

}  // namespace posthaste::app::cli
