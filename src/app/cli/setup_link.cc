// posthaste account setup-link
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "app/config/units.h"
#include "formats/url.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

int run_account_setup_link(const Arguments& arguments) {
    const auto valid = parse_duration(arguments.get("--valid", "24h"));
    if (!valid) {
        print_error({ErrorKind::syntax,
                     fmt::format("--valid {}: that is no time", arguments.get("--valid")),
                     "a number with its unit, up to 30 days: --valid 24h"},
                    arguments.json());
        return kUsage;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        formats::JsonWriter body;
        body.begin_object().member("valid_s", valid->count()).end_object();
        const auto target =
            fmt::format("/v1/accounts/{}/setup-link", formats::percent_encode(arguments.words[0]));
        PH_TRY(const auto answer, admin.call("POST", target, std::move(body).take()));
        if (arguments.json()) {
            fmt::print("{}\n", formats::to_json(answer));
            return kDone;
        }
        fmt::print("{}\n", text(answer, "url"));
        say(
            fmt::format("for {}, until {}; the first browser that opens it keeps it, and a newer "
                        "link ends it\n",
                        arguments.words[0], text(answer, "until")));
        return kDone;
    });
}

}  // namespace posthaste::app::cli
