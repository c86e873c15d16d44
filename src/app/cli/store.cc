// posthaste store upgrade
#include "app/cli/store.h"

#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/process.h"
#include "base/ascii.h"
#include "base/time.h"
#include "formats/json.h"
#include "store/upgrade.h"

#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

namespace posthaste::app::cli {

std::string default_snapshot(const std::string& store) {
    std::string stamp = format_iso8601(now()).substr(0, 19);
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    std::ranges::replace(stamp, 'T', '-');
    auto beside = store;
    while (beside.size() > 1 && beside.ends_with('/')) beside.pop_back();
    return fmt::format("{}.before-{}", beside, stamp);
}

Result<store::Upgraded> upgrade_store(const Settings& settings, std::string snapshot) {
    if (server_runs(settings))
        return fail(ErrorKind::conflict, "a server runs on this store",
                    "stop it first: systemctl stop posthaste");
    std::error_code error;
    snapshot = std::filesystem::absolute(snapshot, error).lexically_normal().string();
    PH_TRY(auto user, service_user(settings.admin_user, settings.store_path));
    // Beside the store only root may make a folder; what is in it is the server's.
    const bool made = !std::filesystem::exists(snapshot, error);
    PH_CHECK(prepare_folder(snapshot, user));
    PH_CHECK(become(user));
    auto done = store::upgrade(settings.store_path, snapshot);
    // Empty, and of no use to anybody. Who owns the folder above may not let us: then it stays.
    if (made && (!done || done->snapshot.empty())) std::filesystem::remove(snapshot, error);
    return done;
}

int run_store_upgrade(const Arguments& arguments) {
    const auto settings = configuration(arguments);
    if (!settings) return kConfiguration;
    const auto done = upgrade_store(
        *settings, arguments.get("--snapshot", default_snapshot(settings->store_path)));
    if (!done) {
        print_error(done.error(), arguments.json());
        return exit_code_of(done.error());
    }
    if (arguments.json()) {
        formats::JsonWriter out;
        out.begin_object().member("from", done->from).member("to", done->to);
        out.member("snapshot", done->snapshot).end_object();
        fmt::print("{}\n", std::move(out).take());
    } else if (done->from == done->to) {
        fmt::print("nothing to do: {} has format {}\n", settings->store_path, done->to);
    } else if (done->finished_earlier) {
        fmt::print(
            "{} has format {} now: an earlier run was broken off in the middle, this one did the "
            "rest\nthe copy that the earlier run made is beside the store\n",
            settings->store_path, done->to);
    } else {
        fmt::print(
            "{} had format {} and has format {} now\na copy of before is in {}\n"
            "next: posthaste serve; when all is well, the copy may be removed\n",
            settings->store_path, done->from, done->to, done->snapshot);
    }
    return kDone;
}

}  // namespace posthaste::app::cli
