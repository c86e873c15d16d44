#include "delivery/sts/strangers_https.h"

#include "delivery/route/destination.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr std::size_t kMostAddresses = 4;
constexpr Seconds kConnect{10};

}  // namespace

// What runs, so that it can be stopped.
struct StrangersHttps::Running {
    Mutex mutex;
    std::set<net::HttpClient*> clients PH_GUARDED_BY(mutex);
    bool stopped PH_GUARDED_BY(mutex) = false;

    bool add(net::HttpClient& client) {
        const MutexLock lock(mutex);
        if (!stopped) clients.insert(&client);
        return !stopped;
    }

    void remove(net::HttpClient& client) {
        const MutexLock lock(mutex);
        clients.erase(&client);
    }

    void stop() {
        const MutexLock lock(mutex);
        stopped = true;
        for (net::HttpClient* const client : clients) client->stop();
    }
};

StrangersHttps::StrangersHttps(Options options, net::Resolver& resolver, Get get)
    : options_(std::move(options)),
      resolver_(resolver),
      running_(std::make_shared<Running>()),
      get_(std::move(get)),
      pool_("https", options_.threads, options_.most_waiting) {
    if (get_) return;
    get_ = [running = running_, given = options_](const net::HttpCall& call, Deadline deadline) {
        return get_by_curl(running, given, call, deadline);
    };
}

StrangersHttps::~StrangersHttps() {
    stop();
}

void StrangersHttps::stop() {
    running_->stop();
}

Result<net::HttpAnswer> StrangersHttps::get_by_curl(const std::shared_ptr<Running>& running,
                                                    const Options& options,
                                                    const net::HttpCall& call, Deadline deadline) {
    net::HttpClient::Options how;
    how.ca_file = options.ca_file;
    how.user_agent = options.user_agent;
    how.max_body = options.max_body;
    how.connect_timeout = kConnect;
    how.direct = true;
    PH_TRY(const auto client, net::HttpClient::make(std::move(how)));
    if (!running->add(*client)) return fail(ErrorKind::cancelled, "the server stops");
    auto answer = client->fetch(call, deadline);
    running->remove(*client);
    return answer;
}

runtime::Task<Result<net::HttpAnswer>> StrangersHttps::ask(std::string host, net::HttpCall call,
                                                           Deadline deadline) {
    auto finding = resolver_.addresses(host, deadline);
    const auto found = co_await std::move(finding);
    for (const IpAddress& address : found.addresses) {
        if (call.addresses.size() < kMostAddresses &&
            is_allowed(address, options_.allow_private_addresses))
            call.addresses.push_back(address);
    }
    if (call.addresses.empty() && !found.addresses.empty())
        co_return fail(ErrorKind::denied,
                       fmt::format("{} lies inside a private network or on this machine", host));
    if (call.addresses.empty())
        co_return fail(ErrorKind::dns,
                       found.why.empty() ? fmt::format("{} has no address", host) : found.why);
    auto work = [get = get_, call = std::move(call), deadline] { return get(call, deadline); };
    auto asking = runtime::offload(pool_, std::move(work), deadline);
    auto answer = co_await std::move(asking);
    co_return answer;
}

}  // namespace posthaste::delivery
