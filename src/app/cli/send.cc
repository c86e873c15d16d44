// posthaste send: a test message through the admin socket, followed to its end. With --server it
// is a mail program: send_as.cc.
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "app/cli/send_output.h"

#include <cstdio>

#include <fmt/format.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonWriter;

// Prints the events of a message until every recipient has ended. 0 delivered, 1 some failed, 5
// timed out.
Result<int> follow(AdminClient& admin, const Arguments& arguments, const std::string& id,
                   std::int64_t recipients, const Stopwatch& watch, Seconds limit) {
    std::int64_t after = 0;
    std::int64_t ended = 0;
    bool all_well = true;
    while (ended < recipients) {
        auto left = static_cast<std::int64_t>(static_cast<double>(limit.count()) - watch.seconds());
        if (left < 1) {
            tell(arguments, watch.seconds(), "waiting",
                 fmt::format("gave up after {} s; posthaste queue show {}", limit.count(), id));
            return kTimedOut;
        }
        auto target = fmt::format("/v1/events/{}?after={}&timeout={}", id, after,
                                  std::min<std::int64_t>(left, 60));
        PH_TRY(auto answer, admin.call("GET", target));
        const auto* events = answer.find("events");
        if (events == nullptr)
            return fail(ErrorKind::unsupported,
                        "the server speaks another version of the admin API");
        for (const auto& event : events->items()) {
            after = number(event, "number");
            auto name = text(event, "event");
            auto words = fmt::format(
                "{}{}{} {}", text(event, "recipient"),
                text(event, "remote").empty() ? "" : "  " + text(event, "remote"),
                text(event, "tls").empty() ? "" : " " + text(event, "tls"),
                number(event, "code") == 0
                    ? text(event, "text")
                    : fmt::format(" {} {}", number(event, "code"), text(event, "text")));
            if (number(event, "next_s") > 0)
                words += fmt::format("  next try in {}",
                                     format_duration(Seconds(number(event, "next_s"))));
            tell(arguments, watch.seconds(), name, words);
            bool last = name == "delivered" || name == "failed" || name == "expired" ||
                        name == "cancelled" || name == "suppressed";
            ended += last ? 1 : 0;
            all_well = all_well && (!last || name == "delivered");
        }
    }
    return all_well ? kDone : kNo;
}

int send_by_admin(const Arguments& arguments) {
    if (arguments.get("--from").empty()) {
        print_error(
            {ErrorKind::syntax, "who sends it?", "name an address of ours: --from ana@example.com"},
            arguments.json());
        return kUsage;
    }
    auto limit = send_timeout(arguments);
    if (!limit) {
        print_error(limit.error(), arguments.json());
        return kUsage;
    }
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        Stopwatch watch;
        JsonWriter body;
        body.begin_object().member("from", arguments.get("--from"));
        body.key("to").begin_array();
        for (const auto& to : arguments.all("--to")) body.value(to);
        body.end_array()
            .member("subject", arguments.get("--subject"))
            .member("text", arguments.get("--text"))
            .end_object();
        PH_TRY(auto answer, admin.call("POST", "/v1/send", std::move(body).take()));
        auto id = text(answer, "id");
        if (!arguments.has("--wait")) {
            tell(arguments, watch.seconds(), "accepted", id);
            return kDone;
        }
        return follow(admin, arguments, id, number(answer, "recipients"), watch, *limit);
    });
}

}  // namespace

int run_send(const Arguments& arguments) {
    if (arguments.all("--to").empty()) {
        print_error(
            {ErrorKind::syntax, "nobody to send to", "name at least one: --to bob@example.net"},
            arguments.json());
        return kUsage;
    }
    if (arguments.has("--server")) return send_by_smtp(arguments);
    if (arguments.has("--as")) {
        print_error({ErrorKind::syntax, "--as plays a mail program, and those have a server",
                     "name one: --server 127.0.0.1:587"},
                    arguments.json());
        return kUsage;
    }
    return send_by_admin(arguments);
}

}  // namespace posthaste::app::cli
