// posthaste serve: the server in the foreground.
#include "app/cli/commands.h"
#include "app/cli/configuration.h"
#include "app/daemon.h"
#include "app/process.h"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::cli {

namespace {

// One screen for a person at a terminal; a supervisor reads the log.
void print_ready(const Settings& settings, const Bound& bound) {
    fmt::print("posthaste {}  config {}  store {}\n", POSTHASTE_VERSION, settings.file,
               settings.store_path);
    fmt::print("  submission   {}   (STARTTLS and TLS on each; AUTH PLAIN LOGIN)\n",
               fmt::join(bound.submission, "  "));
    if (!bound.trap.empty()) fmt::print("  trap         {}   (no TLS, no login)\n", bound.trap);
    if (!bound.http.empty()) fmt::print("  inbox        http://{}/\n", bound.http);
    fmt::print("ready\n");
    std::fflush(stdout);
}

}  // namespace

int run_serve(const Arguments& arguments) {
    auto settings = configuration(arguments);
    if (!settings) return kConfiguration;
    block_signals();
    Log::Options log_options;
    log_options.format = settings->log_format;
    auto format = arguments.get("--log");
    if (format == "json") log_options.format = LogFormat::json;
    if (format == "logfmt") log_options.format = LogFormat::logfmt;
    Log log(log_options);
    DaemonOptions options;
    options.ephemeral = arguments.has("--ephemeral");
    if (isatty(STDOUT_FILENO))
        options.ready = [&](const Bound& bound) { print_ready(*settings, bound); };
    return run_daemon(*settings, options, log);
}

}  // namespace posthaste::app::cli
