#include "app/cli/admin_client.h"

#include "accounts/suppressions.h"
#include "app/cli/configuration.h"
#include "app/cli/json_members.h"
#include "app/layer_options.h"
#include "app/process.h"
#include "app/services/certificates.h"
#include "app/services/relay_desk.h"
#include "app/services/reply_rules.h"
#include "base/file.h"
#include "base/time.h"
#include "net/dialer.h"
#include "net/resolver.h"
#include "queue/courier.h"
#include "runtime/task_group.h"
#include "web/admin/api.h"
#include "web/http/http_client.h"

#include <cstring>
#include <future>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::cli {

namespace {

// A queue that is not started asks nobody to carry anything.
class NoCourier final : public queue::Courier {
    runtime::Task<queue::Location> locate(mail::Domain, std::string) override {
        co_return queue::Location{};
    }

    runtime::Task<queue::ParcelReport> deliver(queue::Parcel) override {
        co_return queue::ParcelReport{};
    }
};

constexpr Seconds kPatience{5};
constexpr Seconds kSignOfLife{10};  // a server that is well answers at once, however busy
constexpr Milliseconds kLookAgain{100};

enum class Presence { running, absent, forbidden };

// `listener` gets the id of the process that listens, as the kernel has it.
Presence look(const std::string& path, int* listener = nullptr) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return Presence::absent;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return Presence::absent;
    bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ucred peer{};
    socklen_t length = sizeof peer;
    if (connected && listener != nullptr &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0)
        *listener = peer.pid;
    bool forbidden = !connected && (errno == EACCES || errno == EPERM);
    close(fd);
    return connected ? Presence::running : forbidden ? Presence::forbidden : Presence::absent;
}

// 'T' for stopped, 'D' for waiting for a disk, 0 when it cannot be read (proc(5), stat).
char state_of(int pid) {
    auto stat = read_file(fmt::format("/proc/{}/stat", pid), 4096);
    if (!stat) return 0;
    const auto name_ends = stat->rfind(") ");  // the name may hold anything
    if (name_ends == std::string::npos || name_ends + 2 >= stat->size()) return 0;
    return (*stat)[name_ends + 2];
}

Error no_sign_of_life(const std::string& socket, int pid, Seconds waited) {
    const auto who = pid > 0 ? fmt::format("process {}", pid) : std::string("it");
    const char state = pid > 0 ? state_of(pid) : '\0';
    auto text = fmt::format("the server does not answer: {} listens on {}, but said nothing in {}",
                            who, socket, format_duration(waited));
    if (state == 'T' || state == 't')
        return {ErrorKind::timeout, text + "; it is stopped (SIGSTOP, Ctrl-Z or a debugger)",
                fmt::format("let it go on: kill -CONT {}", pid)};
    return {ErrorKind::timeout, text + (state == 'D' ? "; it waits for a disk" : ""),
            "look at its log and at the disk of the store; if it hangs, restart it: what it has "
            "accepted is not lost"};
}

using Answer = Result<web::HttpResponse>;

runtime::Task<void> ask_socket(std::string path, web::HttpRequest request, Deadline deadline,
                               Answer& answer, runtime::Worker& worker) {
    auto stream = co_await net::dial_unix(path, deadline);
    if (!stream) {
        answer = std::unexpected(std::move(stream).error());
    } else {
        answer = co_await web::http_request(**stream, request.method, request.path, request.body,
                                            deadline);
        co_await (*stream)->close();
    }
    worker.stop();
}

runtime::Task<void> ask_router(const web::Router& router, web::HttpRequest request, Answer& answer,
                               runtime::Worker& worker) {
    answer = co_await router.route(request);
    worker.stop();
}

}  // namespace

struct AdminClient::Impl {
    std::string socket;  // of the running server, else empty
    int listener = 0;    // its process, if known
    Log quiet{{.level = LogLevel::warning}};

    // In process, when no server runs.
    std::unique_ptr<store::Store> store;
    NoCourier courier;
    std::unique_ptr<runtime::BlockingPool> blocking;
    std::unique_ptr<runtime::WorkerPool> workers;
    std::unique_ptr<queue::Queue> queue;
    std::unique_ptr<web::CertificateDesk> certificates;
    std::unique_ptr<web::RelayDesk> relays;
    std::unique_ptr<net::Resolver> resolver;  // null when the system has none that works
    std::unique_ptr<delivery::Automation> automation;
    std::unique_ptr<accounts::Suppressions> suppressions;
    std::unique_ptr<delivery::Carrier> carrier;  // of plans; made when the first is asked for
    std::unique_ptr<web::Router> router;

    Answer ask(const std::string& method, const std::string& target, const std::string& body,
               Seconds wait) {
        runtime::Worker worker("command");
        runtime::TaskGroup tasks(worker, quiet);
        Answer answer = fail(ErrorKind::closed, "no answer came");
        web::HttpRequest request;
        request.method = method;
        request.body = body;
        if (socket.empty()) {
            PH_CHECK(request.set_target(target));
        } else {
            request.path = target;  // goes out as it is
        }
        worker.post([&] {
            if (socket.empty()) {
                tasks.spawn(ask_router(*router, std::move(request), answer, worker));
            } else {
                tasks.spawn(
                    ask_socket(socket, std::move(request), Deadline::after(wait), answer, worker));
            }
        });
        worker.run();
        return answer;
    }

    Result<delivery::Carrier*> make_planner(const Settings& settings) {
        if (!resolver)
            return fail(ErrorKind::io, "DNS cannot be asked on this machine",
                        "look at /etc/resolv.conf, or set [delivery] resolver");
        if (!carrier) {
            PH_TRY(auto options, delivery_options(settings));
            carrier = delivery::make_courier(std::move(options), *store, *resolver, nullptr,
                                             *workers, *blocking, quiet);
        }
        return carrier.get();
    }

    Result<void> open_store(const Settings& settings) {
        PH_TRY(auto user, service_user(settings.admin_user, settings.store_path));
        PH_CHECK(prepare_folder(settings.store_path, user));
        PH_CHECK(become(user));
        PH_TRY(store, store::Store::open(store_options(settings), quiet));
        blocking = std::make_unique<runtime::BlockingPool>("command", 1, 64);
        workers = std::make_unique<runtime::WorkerPool>(1);
        workers->start();
        queue = std::make_unique<queue::Queue>(queue_options(settings), *store, courier, *workers,
                                               *blocking, quiet, [](const Event&) {});
        PH_CHECK(queue->open_for_admin());
        certificates = offline_certificates(settings, *store);
        relays = offline_relays(settings, *store);
        router = std::make_unique<web::Router>();
        web::AdminServices services{*store,
                                    *queue,
                                    *blocking,
                                    nullptr,
                                    settings.hostname,
                                    POSTHASTE_VERSION,
                                    dns_facts(settings)};
        services.public_base = public_base(settings);
        services.certificates = certificates.get();
        services.relays = relays.get();
        // A command may ask DNS for a text or two: nothing is validated, so nothing is tested.
        auto dns = resolver_options(settings);
        dns.validate = false;
        if (auto made = net::Resolver::make(std::move(dns), quiet)) resolver = std::move(*made);
        services.resolver = resolver.get();
        PH_TRY(const auto rules, reply_rules(settings));
        automation = std::make_unique<delivery::Automation>(
            rules.automation, rules.verdicts, [this] { return store->clock().now_queue(); }, quiet);
        PH_CHECK(automation->load(store->engine()));
        services.verdicts = rules.verdicts;
        services.automation = automation.get();
        suppressions = std::make_unique<accounts::Suppressions>(*store, quiet);
        services.suppressions = suppressions.get();
        services.planner = [this, settings] { return make_planner(settings); };
        web::add_admin_api(*router, std::move(services));
        return {};
    }
};

bool server_runs(const Settings& settings) {
    return look(settings.admin_socket) != Presence::absent;
}

AdminClient::AdminClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AdminClient::~AdminClient() {
    if (!impl_->workers) return;
    if (impl_->queue) {
        // What was decided is written before the store closes.
        auto stopped = std::make_shared<std::promise<void>>();
        impl_->queue->stop(Deadline::after(Seconds(10)), [stopped] { stopped->set_value(); });
        stopped->get_future().wait_for(Seconds(15));
    }
    impl_->workers->stop_and_join();
}

Result<std::unique_ptr<AdminClient>> AdminClient::open(const Settings& settings) {
    auto client = running(settings);
    if (client || client.error().kind != ErrorKind::not_found) return client;
    auto impl = std::make_unique<Impl>();
    PH_CHECK(impl->open_store(settings));
    return std::unique_ptr<AdminClient>(new AdminClient(std::move(impl)));
}

Result<std::unique_ptr<AdminClient>> AdminClient::running(const Settings& settings) {
    int listener = 0;
    const auto presence = look(settings.admin_socket, &listener);
    if (presence == Presence::forbidden)
        return fail(ErrorKind::refused,
                    fmt::format("you may not use the admin socket {}", settings.admin_socket),
                    "run this as root or as the server's user: sudo posthaste …");
    if (presence == Presence::absent)
        return fail(ErrorKind::not_found, "the server does not run", "posthaste serve");
    auto impl = std::make_unique<Impl>();
    impl->socket = settings.admin_socket;
    impl->listener = listener;
    // Any answer will do, and this one needs no store: the kernel takes connections for a process
    // that does nothing any more.
    auto alive = impl->ask("GET", "/v1/", {}, kSignOfLife);
    if (!alive && alive.error().kind == ErrorKind::timeout)
        return std::unexpected(no_sign_of_life(impl->socket, listener, kSignOfLife));
    return std::unique_ptr<AdminClient>(new AdminClient(std::move(impl)));
}

bool AdminClient::live() const {
    return !impl_->socket.empty();
}

bool AdminClient::is_there() const {
    return live() && look(impl_->socket) != Presence::absent;
}

Result<formats::JsonValue> AdminClient::call(const std::string& method, const std::string& target,
                                             const std::string& body, Seconds wait) {
    auto asked = impl_->ask(method, target, body, wait);
    if (!asked && asked.error().kind == ErrorKind::timeout && live())
        return std::unexpected(no_sign_of_life(impl_->socket, impl_->listener, wait));
    PH_TRY(auto response, std::move(asked));
    PH_TRY(auto answer, formats::JsonValue::parse(
                            response.body, {.max_octets = 64u << 20, .max_values = 2'000'000}));
    if (response.status < 400) return answer;
    auto kind = error_kind(text(answer, "kind")).value_or(ErrorKind::denied);
    return fail(kind, text(answer, "error"), text(answer, "mend"));
}

namespace {

// A server that is just starting, or stopping, has the store and no socket; that passes.
Result<std::unique_ptr<AdminClient>> open_patiently(const Settings& settings) {
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        auto client = AdminClient::open(settings);
        if (client || client.error().kind != ErrorKind::conflict ||
            std::chrono::steady_clock::now() > give_up)
            return client;
        std::this_thread::sleep_for(kLookAgain);
    }
}

}  // namespace

int with_admin(const Arguments& arguments, const std::function<Result<int>(AdminClient&)>& work) {
    auto settings = configuration(arguments);
    if (!settings) return kConfiguration;
    auto client = open_patiently(*settings);
    if (!client) {
        print_error(client.error(), arguments.json());
        return client.error().kind == ErrorKind::conflict ? kUnreachable
                                                          : exit_code_of(client.error());
    }
    auto code = work(**client);
    if (code) return *code;
    print_error(code.error(), arguments.json());
    return exit_code_of(code.error());
}

}  // namespace posthaste::app::cli
