#include "net/detail/system_addresses.h"

#include "base/ascii.h"
#include "base/mutex.h"
#include "net/detail/socket_address.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <netdb.h>
#include <pthread.h>
#include <system_error>
#include <thread>

#include <fmt/format.h>

namespace posthaste::net::detail {

namespace {

constexpr std::size_t kAddressesAtMost = 100;
constexpr std::size_t kThreadsAtMost = 2;
constexpr std::size_t kWaitingAtMost = 64;

std::string_view next_word(std::string_view& line) {
    auto start = std::min(line.find_first_not_of(" \t\r"), line.size());
    line.remove_prefix(start);
    auto word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(word.size());
    return word;
}

void add_once(std::vector<IpAddress>& addresses, const IpAddress& address) {
    if (addresses.size() >= kAddressesAtMost) return;
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

}  // namespace

struct SystemThreads::State {
    void work();

    Mutex mutex;
    std::deque<std::move_only_function<void()>> waiting PH_GUARDED_BY(mutex);
    std::size_t running PH_GUARDED_BY(mutex) = 0;
};

void SystemThreads::State::work() {
    pthread_setname_np(pthread_self(), "dns-system");
    for (;;) {
        std::move_only_function<void()> job;
        {
            MutexLock lock(mutex);
            if (waiting.empty()) {
                --running;
                return;
            }
            job = std::move(waiting.front());
            waiting.pop_front();
        }
        job();
    }
}

SystemThreads::SystemThreads() : state_(std::make_shared<State>()) {}

SystemThreads::~SystemThreads() {
    MutexLock lock(state_->mutex);
    state_->waiting.clear();
}

bool SystemThreads::try_run(std::move_only_function<void()> work) {
    MutexLock lock(state_->mutex);
    if (state_->waiting.size() >= kWaitingAtMost) return false;
    state_->waiting.push_back(std::move(work));
    if (state_->running >= kThreadsAtMost) return true;
    try {
        std::thread([state = state_] { state->work(); }).detach();
    } catch (const std::system_error&) {  // no thread to be had now
        if (state_->running > 0) return true;
        state_->waiting.pop_back();
        return false;
    }
    ++state_->running;
    return true;
}

DnsAnswer ask_system(const std::string& host) {
    DnsAnswer answer;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    switch (error) {
        case 0:
            break;
        case EAI_NONAME:
            answer.status = DnsStatus::no_name;
            return answer;
        case EAI_NODATA:
            answer.status = DnsStatus::no_data;
            return answer;
        default:
            answer.why =
                fmt::format("the name {} cannot be looked up now: {}", host,
                            error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error));
            return answer;
    }
    for (auto* one = found; one != nullptr; one = one->ai_next) {
        SocketAddress address;
        std::memcpy(address.get(), one->ai_addr,
                    std::min<std::size_t>(one->ai_addrlen, *address.length()));
        add_once(answer.addresses, address.endpoint().address);
    }
    ::freeaddrinfo(found);
    answer.status = answer.addresses.empty() ? DnsStatus::no_data : DnsStatus::ok;
    return answer;
}

std::vector<IpAddress> find_in_hosts(std::string_view hosts_file, std::string_view host) {
    std::vector<IpAddress> addresses;
    while (!hosts_file.empty()) {
        auto line = hosts_file.substr(0, hosts_file.find('\n'));
        hosts_file.remove_prefix(std::min(hosts_file.size(), line.size() + 1));
        line = line.substr(0, line.find('#'));
        auto address = IpAddress::parse(next_word(line));
        if (!address) continue;
        for (auto name = next_word(line); !name.empty(); name = next_word(line)) {
            if (ascii::equals_ignore_case(name, host)) add_once(addresses, *address);
        }
    }
    return addresses;
}

}  // namespace posthaste::net::detail
