// posthaste try: the real server in a sandbox. Own CA and certificate, a demo account, the last hop
// replaced by the local inbox; everything on loopback.
#include "accounts/directory.h"
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/cli/store.h"
#include "app/config/config.h"
#include "app/daemon.h"
#include "app/layer_options.h"
#include "app/process.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::cli {

namespace {

constexpr std::string_view kDomain = "example.test";
constexpr std::string_view kLogin = "demo@example.test";
constexpr std::string_view kPassword =
    "demo-demo";  // on loopback, towards an inbox that anybody here may read

constexpr int kConnections = 500;  // fits any limit of open files

// As the person would call it from here: by its name where that finds this very program.
std::string program() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return "posthaste";
    const char* path = getenv("PATH");  // NOLINT(concurrency-mt-unsafe): read at start
    std::istringstream folders(path != nullptr ? path : "");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (std::filesystem::equivalent(folder + "/posthaste", self, error)) return "posthaste";
    const auto near = std::filesystem::proximate(self, error).string();
    return error || near.starts_with("..") ? self.string() : "./" + near;
}

std::string default_folder() {
    const char* state = getenv("XDG_STATE_HOME");  // NOLINT(concurrency-mt-unsafe): read at start
    if (state != nullptr && *state == '/') return std::string(state) + "/posthaste/try";
    const char* home = getenv("HOME");  // NOLINT(concurrency-mt-unsafe): read at start
    return std::string(home != nullptr ? home : "/tmp") + "/.local/state/posthaste/try";
}

Result<int> port_base(const Arguments& arguments) {
    auto text = arguments.get("--port-base", "1000");
    int base = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), base);
    if (error != std::errc() || end != text.data() + text.size() || base < 0 || base > 57'000)
        return fail(ErrorKind::syntax, fmt::format("--port-base cannot be \"{}\"", text),
                    "a number from 0 to 57000");
    return base;
}

std::string configuration_text(const std::string& folder, int base) {
    return fmt::format(
        "hostname = \"localhost\"\nadmin = \"{}\"\nmode = \"trap\"\n[store]\npath = "
        "\"{}/store\"\n[listen]\n"
        "submission = [\"127.0.0.1:{}\", \"127.0.0.1:{}\"]\ntrap = \"127.0.0.1:{}\"\nhttp = "
        "\"127.0.0.1:{}\"\n[limits]\nconnections = {}\n",
        kLogin, folder, 587 + base, 465 + base, 25 + base, 7025 + base, kConnections);
}

// Of whoever tried an earlier posthaste: nobody keeps a demo by hand.
Result<std::unique_ptr<store::Store>> open_store(const Settings& settings, Log& log) {
    auto store = store::Store::open(store_options(settings), log);
    if (store || store.error().kind != ErrorKind::unsupported) return store;
    if (server_runs(settings))
        return fail(ErrorKind::conflict,
                    fmt::format("a sandbox of another posthaste runs on {}", settings.store_path),
                    "stop it with Ctrl-C where it runs, or take another --folder");
    PH_TRY(const auto done, upgrade_store(settings, default_snapshot(settings.store_path)));
    fmt::print(
        "The demo's store was of an older posthaste (format {}, now {}): it is upgraded, and a "
        "copy of before is in {}\n\n",
        done.from, done.to, done.snapshot);
    return store::Store::open(store_options(settings), log);
}

// The demo account, made once.
Result<void> prepare(const Settings& settings) {
    Log quiet({.level = LogLevel::error});
    PH_TRY(auto store, open_store(settings, quiet));
    accounts::Directory directory(*store);
    if (auto added = directory.add_domain(kDomain);
        !added && added.error().kind != ErrorKind::conflict)
        return added;
    auto made = directory.add_account(kLogin, "Demo", Secret(std::string(kPassword)));
    if (!made && made.error().kind != ErrorKind::conflict) return made;
    return {};
}

std::string shell_word(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

// A demo that cannot be opened is begun anew, and no backup is looked for. Where somebody else has
// it, or the disk says no, the error's own mend stands.
Error for_a_demo(Error error, const Arguments& arguments) {
    if (error.kind == ErrorKind::conflict || error.kind == ErrorKind::denied ||
        error.kind == ErrorKind::store_full)
        return error;
    const auto folder = arguments.get("--folder");
    error.mend = fmt::format("begin with an empty one; what is in it is lost: {} try --fresh{}",
                             program(), folder.empty() ? "" : " --folder " + shell_word(folder));
    return error;
}

void print_ready(const std::string& folder, const Bound& bound) {
    fmt::print(
        "Posthaste sandbox: nothing leaves this machine.  All mail is kept in a local inbox.\n\n");
    const auto name = program();
    fmt::print("  inbox        http://{}/\n", bound.http);
    fmt::print("  set-up page  http://{}/setup\n", bound.http);
    fmt::print("  send with    smtp://{}        no TLS, no login needed\n", bound.trap);
    fmt::print("               {} and {}    STARTTLS or TLS on either, login {} / {}\n",
               bound.submission.at(0), bound.submission.at(1), kLogin, kPassword);
    fmt::print("  own CA       {}/store/tls/ca.pem\n\n", folder);
    fmt::print("Try it in another terminal:\n");
    fmt::print("  {} send --server {} --to bob@example.test\n", name, bound.trap);
    fmt::print("  {} send --server {} --to 451@example.test\n", name, bound.trap);
    fmt::print("  {} queue list --config {}/try.toml      # the second one waits for a retry\n\n",
               name, folder);
    fmt::print("Ctrl-C stops and keeps the data;  {} try --fresh starts clean.\n\n", name);
    std::fflush(stdout);
}

// The same configuration as a file, for `posthaste queue list --config …` beside the running
// sandbox.
Result<void> write_config(const std::string& file, const std::string& text) {
    std::FILE* out = std::fopen(file.c_str(), "we");
    if (out == nullptr)
        return fail(ErrorKind::io, fmt::format("cannot write {}", file), "choose another --folder");
    bool written = std::fputs(text.c_str(), out) >= 0;
    bool closed = std::fclose(out) == 0;
    if (!written || !closed)
        return fail(ErrorKind::store_full, fmt::format("cannot write {}", file),
                    "is the disk full?");
    return {};
}

}  // namespace

int run_try(const Arguments& arguments) {
    auto base = port_base(arguments);
    if (!base) {
        print_error(base.error(), arguments.json());
        return kUsage;
    }
    auto folder = std::filesystem::absolute(arguments.get("--folder", default_folder())).string();
    std::error_code ignored;
    auto text = configuration_text(folder, *base);
    auto file = folder + "/try.toml";
    auto loaded = parse_config(text, file, {});
    for (const auto& mistake : loaded.mistakes) say(mistake.to_string());
    if (!loaded.mistakes.empty()) return kConfiguration;
    if (arguments.has("--fresh")) {
        if (server_runs(loaded.settings)) {
            print_error({ErrorKind::conflict,
                         fmt::format("a sandbox runs in {}: its mail is not thrown away", folder),
                         "stop it first, with Ctrl-C where it runs; or take another --folder"},
                        arguments.json());
            return kRefused;
        }
        std::filesystem::remove_all(folder + "/store", ignored);
        std::filesystem::remove(file, ignored);
    }
    std::filesystem::create_directories(folder, ignored);
    auto prepared = write_config(file, text);
    if (prepared) prepared = prepare(loaded.settings);
    if (!prepared) {
        print_error(for_a_demo(std::move(prepared).error(), arguments), arguments.json());
        return kRefused;
    }
    block_signals();
    Log::Options log_options;
    if (arguments.get("--log") == "json") log_options.format = LogFormat::json;
    Log log(log_options);
    DaemonOptions options;
    options.ephemeral = true;
    options.ready = [&](const Bound& bound) { print_ready(folder, bound); };
    return run_daemon(loaded.settings, options, log);
}

}  // namespace posthaste::app::cli
