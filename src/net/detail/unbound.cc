#include "net/detail/unbound.h"

#include "base/file.h"
#include "base/ip.h"
#include "base/mutex.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <thread>
#include <unordered_set>

#include <fmt/format.h>
#include <unbound.h>
#include <unistd.h>

namespace posthaste::net::detail {

namespace {

constexpr int kClassInternet = 1;

// Answered NXDOMAIN by libunbound itself; asked for when servers are named, as a test set-up serves
// them.
constexpr const char* kSpecialZones[] = {"test.", "invalid.", "localhost.", "onion.", "home.arpa."};

RawAnswer copy_of(const ub_result& result) {
    RawAnswer raw;
    raw.rcode = result.rcode;
    raw.secure = result.secure != 0;
    raw.bogus = result.bogus != 0;
    if (result.why_bogus != nullptr) raw.why_bogus = result.why_bogus;
    raw.ttl = result.ttl;
    if (result.canonname != nullptr) raw.canonical = result.canonname;
    if (result.havedata != 0) {
        for (int i = 0; result.data[i] != nullptr; ++i) {
            raw.data.emplace_back(result.data[i], static_cast<std::size_t>(result.len[i]));
        }
    }
    return raw;
}

}  // namespace

struct Unbound::Impl {
    struct Query {
        Impl& owner;
        Done done;
    };

    static void on_answer(void* query, int error, ub_result* result);

    Result<void> set_up(const Options& options);
    Result<void> check(int error, std::string_view what);
    void take_answers();
    bool forget(Query* query);

    ub_ctx* context = nullptr;
    FileDescriptor wake;
    std::atomic<bool> stopping{false};
    std::thread taker;
    Mutex mutex;
    std::unordered_set<Query*> under_way PH_GUARDED_BY(mutex);
};

Result<void> Unbound::Impl::check(int error, std::string_view what) {
    if (error == 0) return {};
    return fail(ErrorKind::io,
                fmt::format("the resolver cannot be set up: {}: {}", what, ub_strerror(error)));
}

// The order matters: a local zone makes the context final, and nothing can be set after it.
Result<void> Unbound::Impl::set_up(const Options& options) {
    context = ub_ctx_create();
    if (context == nullptr) return fail(ErrorKind::io, "the resolver cannot be set up");
    ub_ctx_debugout(context, nullptr);  // it would write to stderr, between the lines of the log
    constexpr std::pair<const char*, const char*> kSettings[] = {
        {"do-not-query-localhost:", "no"},  // forwarders on 127.0.0.53 and the like
        // The default answers 190 unknown names a second, this 1,500 (dependencies.md 5).
        {"outgoing-range:", "1024"},
        {"num-queries-per-thread:", "4096"},
        // A server that was down is asked again soon after it is back, not after 15 minutes.
        {"infra-keep-probing:", "yes"},
        {"infra-host-ttl:", "60"},
    };
    for (const auto& [name, value] : kSettings)
        PH_CHECK(check(ub_ctx_set_option(context, name, value), name));
    constexpr const char* kCaches[] = {"cache-max-ttl:", "cache-max-negative-ttl:"};
    for (const char* name : kCaches) {
        if (options.keep) break;
        PH_CHECK(check(ub_ctx_set_option(context, name, "0"), name));
    }
    for (const auto& server : options.servers)
        PH_CHECK(check(ub_ctx_set_fwd(context, server.c_str()), server));
    if (options.servers.empty())
        ub_ctx_resolvconf(context, nullptr);  // without one: the root servers
    if (!options.trust_anchor_file.empty()) {
        PH_CHECK(check(ub_ctx_add_ta_file(context, options.trust_anchor_file.c_str()),
                       options.trust_anchor_file));
    }
    PH_CHECK(check(ub_ctx_async(context, 1), "its thread"));
    if (options.servers.empty()) return {};
    for (const char* zone : kSpecialZones)
        PH_CHECK(check(ub_ctx_zone_add(context, zone, "transparent"), zone));
    return {};
}

bool Unbound::Impl::forget(Query* query) {
    MutexLock lock(mutex);
    return under_way.erase(query) > 0;
}

void Unbound::Impl::on_answer(void* data, int error, ub_result* result) {
    auto* query = static_cast<Query*>(data);
    RawAnswer raw;
    if (error == 0 && result != nullptr) raw = copy_of(*result);
    ub_resolve_free(result);
    if (!query->owner.forget(query)) return;
    query->done(std::move(raw));
    delete query;
}

void Unbound::Impl::take_answers() {
    pthread_setname_np(pthread_self(), "dns");
    pollfd fds[] = {{ub_fd(context), POLLIN, 0}, {wake.get(), POLLIN, 0}};
    while (!stopping) {
        if (::poll(fds, 2, -1) <= 0 || stopping) continue;
        // Its thread ended, which it never should: without the wait this one would spin.
        if (ub_process(context) != 0) ::poll(&fds[1], 1, 1000);
    }
}

Unbound::Unbound(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Unbound>> Unbound::make(const Options& options) {
    auto impl = std::make_unique<Impl>();
    impl->wake = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!impl->wake) return std::unexpected(system_error(errno, "the resolver cannot be set up"));
    auto made = impl->set_up(options);
    std::unique_ptr<Unbound> unbound(new Unbound(std::move(impl)));
    if (!made) return std::unexpected(std::move(made).error());
    auto* raw = unbound->impl_.get();
    raw->taker = std::thread([raw] { raw->take_answers(); });
    return unbound;
}

Unbound::~Unbound() {
    impl_->stopping = true;
    std::uint64_t one = 1;
    static_cast<void>(::write(impl_->wake.get(), &one, sizeof one));
    if (impl_->taker.joinable()) impl_->taker.join();
    if (impl_->context != nullptr) ub_ctx_delete(impl_->context);
    std::unordered_set<Impl::Query*> left;
    {
        MutexLock lock(impl_->mutex);
        left.swap(impl_->under_way);
    }
    for (auto* query : left) {
        query->done(RawAnswer{});
        delete query;
    }
}

void Unbound::ask(DnsType type, const std::string& name, Done done) {
    auto* query = new Impl::Query{*impl_, std::move(done)};
    {
        MutexLock lock(impl_->mutex);
        impl_->under_way.insert(query);
    }
    int error = ub_resolve_async(impl_->context, name.c_str(), static_cast<int>(type),
                                 kClassInternet, query, &Impl::on_answer, nullptr);
    if (error == 0 || !impl_->forget(query)) return;
    query->done(RawAnswer{});
    delete query;
}

Result<std::string> unbound_server(const std::string& text) {
    auto bad = [&] {
        return fail(ErrorKind::syntax,
                    fmt::format("\"{}\" is no address of a DNS server", text.substr(0, 80)),
                    "write \"192.0.2.1\", \"127.0.0.1:5353\" or \"[::1]:5353\"");
    };
    if (auto address = IpAddress::parse(text)) return address->to_string() + "@53";
    std::string_view host = text;
    std::uint16_t port = 53;
    if (auto colon = host.rfind(':'); colon != std::string_view::npos && !host.ends_with(']')) {
        auto digits = host.substr(colon + 1);
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return bad();
        host = host.substr(0, colon);
    }
    bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    auto address = IpAddress::parse(host);
    if (!address || bracketed != address->is_v6()) return bad();
    return fmt::format("{}@{}", address->to_string(), port);
}

}  // namespace posthaste::net::detail
