#include "net/resolver.h"

#include "base/ascii.h"
#include "base/file.h"
#include "base/mutex.h"
#include "net/detail/dns_cache.h"
#include "net/detail/host_name.h"
#include "net/detail/system_addresses.h"
#include "net/detail/unbound.h"
#include "net/detail/validation.h"

#include <atomic>
#include <pthread.h>
#include <sys/stat.h>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::net {

namespace {

using namespace std::chrono_literals;
using detail::DnsAnswer;
using detail::DnsAnswerPtr;
using detail::DnsType;
using detail::RawAnswer;
using detail::Unbound;

constexpr const char* kRootKey = "/usr/share/dns/root.key";
constexpr const char* kResolvConf = "/etc/resolv.conf";
constexpr const char* kHosts = "/etc/hosts";
constexpr std::size_t kFileAtMost = 1 << 20;

constexpr auto kLookAround = 30s;  // has /etc/resolv.conf changed, or the clock jumped?
constexpr auto kJump = 1min;
// How long the first questions wait for the self-test, so that a restart is no moment without DANE.
constexpr auto kFirstTest = 5s;
constexpr unsigned kTextsAtOnce = 100;
constexpr int kKeepSystem = 30;  // seconds; the system's library tells no TTL

// "Example.COM." as it is asked for.
std::string plain_name(const std::string& name) {
    std::string plain = ascii::to_lower(name);
    if (plain.ends_with('.')) plain.pop_back();
    return plain;
}

DnsAnswerPtr failed(std::string why) {
    DnsAnswer answer;
    answer.why = std::move(why);
    return std::make_shared<const DnsAnswer>(std::move(answer));
}

DnsAnswerPtr no_such_name(const std::string& name) {
    DnsAnswer answer;
    answer.status = DnsStatus::no_name;
    answer.why = fmt::format("\"{}\" cannot be the name of a host", name.substr(0, 80));
    return std::make_shared<const DnsAnswer>(std::move(answer));
}

std::int64_t modified(const char* path) {
    struct stat found{};
    if (::stat(path, &found) != 0) return 0;
    return static_cast<std::int64_t>(found.st_mtim.tv_sec) * 1'000'000'000 + found.st_mtim.tv_nsec;
}

// How far the wall clock is from the steady one: it changes only when somebody sets the clock.
std::chrono::nanoseconds clock_offset() {
    return std::chrono::system_clock::now().time_since_epoch() -
           std::chrono::steady_clock::now().time_since_epoch();
}

AddressAnswer address_answer(const DnsAnswer& answer) {
    return {answer.status, answer.addresses, answer.secure,
            answer.why,    answer.canonical, answer.bogus};
}

// Either family may stand in for the other; doubt about one is doubt about both only when the other
// has nothing.
AddressAnswer join(const DnsAnswer& v6, const DnsAnswer& v4) {
    AddressAnswer both;
    both.addresses = v6.addresses;
    both.addresses.insert(both.addresses.end(), v4.addresses.begin(), v4.addresses.end());
    if (!both.addresses.empty()) {
        both.status = DnsStatus::ok;
        both.name = v4.addresses.empty() ? v6.canonical : v4.canonical;
        both.secure = (v6.addresses.empty() || v6.secure) && (v4.addresses.empty() || v4.secure);
        both.incomplete = v6.status == DnsStatus::failed || v4.status == DnsStatus::failed;
        return both;
    }
    const DnsAnswer& worse = v4.status == DnsStatus::failed ? v4 : v6;
    both.why = worse.why;
    both.name = worse.canonical;
    both.bogus = v6.bogus || v4.bogus;
    both.secure = v6.secure && v4.secure;
    if (worse.status == DnsStatus::failed) return both;
    bool no_name = v6.status == DnsStatus::no_name || v4.status == DnsStatus::no_name;
    both.status = no_name ? DnsStatus::no_name : DnsStatus::no_data;
    return both;
}

class UnboundResolver final : public Resolver {
  public:
    UnboundResolver(Options options, Unbound::Options plain, Log& log);
    ~UnboundResolver() override;

    Result<void> start();

    runtime::Task<MxAnswer> mx(std::string domain, Deadline deadline) override;
    runtime::Task<AddressAnswer> addresses(std::string host, Deadline deadline) override;
    runtime::Task<AddressAnswer> system_addresses(std::string host, Deadline deadline) override;
    runtime::Task<TxtAnswer> txt(std::string name, Deadline deadline) override;
    runtime::Task<TxtAnswer> kept_txt(std::string name, Deadline deadline) override;
    runtime::Task<TlsaAnswer> tlsa(std::string name, Deadline deadline) override;
    runtime::Task<AliasAnswer> alias(std::string name, Deadline deadline) override;

    DnsValidation validation() const override { return validation_.state(); }

  private:
    using Waiting = detail::DnsCache::Waiting;

    Result<void> make_contexts();
    std::shared_ptr<Unbound> context();
    Result<std::shared_ptr<Unbound>> forgetful();
    detail::DnsCache::Look ask(DnsType type, const std::string& name);
    void on_answer(DnsType type, const std::string& name, const RawAnswer& raw);
    void ask_system_now(const std::string& name);
    void maintain();
    void test_validation();
    void wake();

    runtime::Task<void> be_ready(Deadline deadline);
    static runtime::Task<DnsAnswerPtr> get(detail::DnsCache::Look look, Deadline deadline);

    const Options options_;
    const Unbound::Options plain_options_;
    std::string anchor_file_;
    std::string anchor_name_;
    detail::Validation validation_;
    std::shared_ptr<detail::DnsCache> cache_;  // shared with the threads that ask the system
    detail::SystemThreads system_;

    Mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<Unbound> plain_ PH_GUARDED_BY(mutex_);
    std::shared_ptr<Unbound> validating_ PH_GUARDED_BY(mutex_);  // null without a trust anchor
    std::shared_ptr<Unbound> forgetful_
        PH_GUARDED_BY(mutex_);  // null until somebody asks for texts
    std::atomic<unsigned> texts_asked_{0};
    bool testing_ PH_GUARDED_BY(mutex_) = false;
    bool stopping_ PH_GUARDED_BY(mutex_) = false;
    std::thread maintainer_;
};

UnboundResolver::UnboundResolver(Options options, Unbound::Options plain, Log& log)
    : options_(std::move(options)),
      plain_options_(std::move(plain)),
      validation_(log),
      cache_(std::make_shared<detail::DnsCache>(std::max<std::size_t>(options_.cache_entries, 1))) {
}

Result<void> UnboundResolver::start() {
    anchor_file_ = options_.trust_anchor_file;
    if (!options_.validate) anchor_file_.clear();
    if (options_.validate && anchor_file_.empty() && ::access(kRootKey, R_OK) == 0)
        anchor_file_ = kRootKey;
    if (!anchor_file_.empty()) {
        PH_TRY(auto anchor, read_file(anchor_file_, kFileAtMost));
        anchor_name_ = detail::anchor_owner(anchor);
    }
    PH_CHECK(make_contexts());
    if (anchor_file_.empty()) validation_.give_up_waiting();
    maintainer_ = std::thread([this] { maintain(); });
    return {};
}

UnboundResolver::~UnboundResolver() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (maintainer_.joinable()) maintainer_.join();
    std::shared_ptr<Unbound> plain, validating, forgetful;
    {
        MutexLock lock(mutex_);
        plain.swap(plain_);
        validating.swap(validating_);
        forgetful.swap(forgetful_);
    }
    // What is under way ends here, while everything it touches is still there.
    plain.reset();
    validating.reset();
    forgetful.reset();
}

Result<void> UnboundResolver::make_contexts() {
    PH_TRY(auto plain, Unbound::make(plain_options_));
    std::shared_ptr<Unbound> validating;
    if (!anchor_file_.empty()) {
        auto options = plain_options_;
        options.trust_anchor_file = anchor_file_;
        PH_TRY(auto made, Unbound::make(options));
        validating = std::move(made);
    }
    std::shared_ptr<Unbound> next = std::move(plain), forgetful;
    {
        MutexLock lock(mutex_);
        plain_.swap(next);
        validating_.swap(validating);
        forgetful_.swap(forgetful);  // made again when it is asked
    }
    return {};  // the old ones end outside the lock: they call back
}

std::shared_ptr<Unbound> UnboundResolver::context() {
    bool validate = validation_.works();
    MutexLock lock(mutex_);
    return validate && validating_ ? validating_ : plain_;
}

Result<std::shared_ptr<Unbound>> UnboundResolver::forgetful() {
    MutexLock lock(mutex_);
    if (!forgetful_) {
        auto options = plain_options_;
        options.keep = false;
        PH_TRY(forgetful_, Unbound::make(options));
    }
    return forgetful_;
}

detail::DnsCache::Look UnboundResolver::ask(DnsType type, const std::string& name) {
    if (!detail::is_host_name(name)) return {no_such_name(name), std::nullopt, false};
    auto look = cache_->look(type, name, std::chrono::steady_clock::now());
    if (!look.start) return look;
    if (type == DnsType::system) {
        ask_system_now(name);
    } else {
        context()->ask(type, name,
                       [this, type, name](const RawAnswer& raw) { on_answer(type, name, raw); });
    }
    return look;
}

void UnboundResolver::on_answer(DnsType type, const std::string& name, const RawAnswer& raw) {
    if (raw.bogus) {
        validation_.doubt();
        wake();
    }
    auto answer = std::make_shared<const DnsAnswer>(detail::interpret(type, name, raw));
    auto until = std::chrono::steady_clock::now() + detail::time_to_keep(*answer, raw.ttl);
    cache_->land(type, name, std::move(answer), until);
}

void UnboundResolver::ask_system_now(const std::string& name) {
    bool own_servers = !options_.servers.empty();
    auto land = [cache = cache_, name](DnsAnswer found) {
        auto keep = detail::time_to_keep(found, kKeepSystem);
        cache->land(DnsType::system, name, std::make_shared<const DnsAnswer>(std::move(found)),
                    std::chrono::steady_clock::now() + keep);
    };
    auto work = [land, name, own_servers] {
        // With servers of our own a name with dots is theirs, unless the hosts file has it.
        if (own_servers && name.find('.') != std::string::npos) {
            DnsAnswer found{.status = DnsStatus::no_name,
                            .mx = {},
                            .addresses = {},
                            .texts = {},
                            .secure = false,
                            .why = {}};
            if (auto hosts = read_file(kHosts, kFileAtMost))
                found.addresses = detail::find_in_hosts(*hosts, name);
            if (!found.addresses.empty()) found.status = DnsStatus::ok;
            land(std::move(found));
            return;
        }
        land(detail::ask_system(name));
    };
    if (!system_.try_run(std::move(work))) {
        DnsAnswer busy;
        busy.why = "too many names wait to be looked up";
        land(std::move(busy));
    }
}

runtime::Task<DnsAnswerPtr> UnboundResolver::get(detail::DnsCache::Look look, Deadline deadline) {
    if (look.answer) co_return look.answer;
    if (!look.waiting) co_return failed("too many names are being looked up");
    auto answer = co_await look.waiting->wait(deadline);
    if (answer) co_return *answer;
    co_return failed(answer.error().kind == ErrorKind::timeout ? "DNS did not answer in time"
                                                               : std::move(answer).error().text);
}

runtime::Task<void> UnboundResolver::be_ready(Deadline deadline) {
    auto test = validation_.first_test();
    if (!test) co_return;
    const Deadline patience = Deadline::after(kFirstTest);
    auto waiting = test->wait(patience.at < deadline.at ? patience : deadline);
    const auto ended = co_await std::move(waiting);
    static_cast<void>(ended);  // without one: as if it had not passed
}

runtime::Task<MxAnswer> UnboundResolver::mx(std::string domain, Deadline deadline) {
    auto testing = be_ready(deadline);
    co_await std::move(testing);
    auto look = ask(DnsType::mx, plain_name(domain));
    auto answer = co_await get(std::move(look), deadline);
    co_return MxAnswer{answer->status, answer->mx,        answer->secure,
                       answer->why,    answer->canonical, answer->bogus};
}

runtime::Task<AddressAnswer> UnboundResolver::addresses(std::string host, Deadline deadline) {
    if (auto address = IpAddress::parse(host)) {
        co_return AddressAnswer{DnsStatus::ok, {*address}, false, {}};
    }
    auto testing = be_ready(deadline);
    co_await std::move(testing);
    auto name = plain_name(host);
    auto look_v6 = ask(DnsType::aaaa, name);
    auto look_v4 = ask(DnsType::a, name);
    auto v6 = co_await get(std::move(look_v6), deadline);
    auto v4 = co_await get(std::move(look_v4), deadline);
    co_return join(*v6, *v4);
}

runtime::Task<AddressAnswer> UnboundResolver::system_addresses(std::string host,
                                                               Deadline deadline) {
    if (auto address = IpAddress::parse(host)) {
        co_return AddressAnswer{DnsStatus::ok, {*address}, false, {}};
    }
    auto name = plain_name(host);
    auto look = ask(DnsType::system, name);
    auto answer = co_await get(std::move(look), deadline);
    bool ask_dns = !options_.servers.empty() && answer->addresses.empty();
    if (!ask_dns) co_return address_answer(*answer);
    co_return co_await addresses(std::move(name), deadline);
}

runtime::Task<TxtAnswer> UnboundResolver::txt(std::string name, Deadline deadline) {
    name = plain_name(name);
    if (!detail::is_host_name(name))
        co_return TxtAnswer{DnsStatus::no_name, {}, no_such_name(name)->why};

    struct Count {
        std::atomic<unsigned>& of;
        unsigned before = of++;

        ~Count() { --of; }
    } const count{texts_asked_};

    if (count.before >= kTextsAtOnce)
        co_return TxtAnswer{DnsStatus::failed, {}, "too many names are being looked up"};
    runtime::Callback<DnsAnswer> done;
    {
        // Not held while it is asked: the last holder waits for its threads.
        const auto asked = forgetful();
        if (!asked) co_return TxtAnswer{DnsStatus::failed, {}, asked.error().text};
        (*asked)->ask(DnsType::txt, name, [done, name](const RawAnswer& raw) {
            done(detail::interpret(DnsType::txt, name, raw));
        });
    }
    auto answer = co_await done.wait(deadline);
    if (answer) co_return TxtAnswer{answer->status, std::move(answer->texts), answer->why};
    co_return TxtAnswer{DnsStatus::failed,
                        {},
                        answer.error().kind == ErrorKind::timeout ? "DNS did not answer in time"
                                                                  : answer.error().text};
}

runtime::Task<TxtAnswer> UnboundResolver::kept_txt(std::string name, Deadline deadline) {
    auto look = ask(DnsType::txt, plain_name(name));
    auto answer = co_await get(std::move(look), deadline);
    co_return TxtAnswer{answer->status, answer->texts, answer->why};
}

runtime::Task<TlsaAnswer> UnboundResolver::tlsa(std::string name, Deadline deadline) {
    auto testing = be_ready(deadline);
    co_await std::move(testing);
    auto look = ask(DnsType::tlsa, plain_name(name));
    auto answer = co_await get(std::move(look), deadline);
    co_return TlsaAnswer{answer->status, answer->tlsa, answer->secure, answer->why, answer->bogus};
}

runtime::Task<AliasAnswer> UnboundResolver::alias(std::string name, Deadline deadline) {
    auto testing = be_ready(deadline);
    co_await std::move(testing);
    auto look = ask(DnsType::cname, plain_name(name));
    auto answer = co_await get(std::move(look), deadline);
    co_return AliasAnswer{answer->status, answer->secure, answer->why};
}

// ---- the self-test, /etc/resolv.conf, the clock

void UnboundResolver::wake() {
    MutexLock lock(mutex_);
    changed_.notify_all();
}

void UnboundResolver::test_validation() {
    std::shared_ptr<Unbound> validating;
    {
        MutexLock lock(mutex_);
        if (testing_ || !validating_) return;
        testing_ = true;
        validating = validating_;
    }
    validating->ask(DnsType::soa, anchor_name_, [this](const RawAnswer& raw) {
        {
            MutexLock lock(mutex_);
            testing_ = false;
            // Not asked: the context ended, with the program or for another one.
            if (stopping_ || raw.rcode == -1) return;
        }
        if (validation_.tested(raw)) cache_->clear();  // what is there was judged otherwise
    });
}

void UnboundResolver::maintain() {
    pthread_setname_np(pthread_self(), "dns-check");
    bool follow = options_.servers.empty();
    auto seen = modified(kResolvConf);
    auto offset = clock_offset();
    for (;;) {
        if (std::chrono::steady_clock::now() >= validation_.next_test()) test_validation();
        {
            MutexLock lock(mutex_);
            if (!stopping_) {
                auto next = std::chrono::steady_clock::now() + kLookAround;
                changed_.wait_until(lock.native(), next);
            }
            if (stopping_) return;
        }
        // libunbound keeps answers by the wall clock: after a jump back they would stay for as long
        // as it was.
        bool jumped = std::chrono::abs(clock_offset() - offset) > kJump;
        bool other_servers = follow && modified(kResolvConf) != seen;
        if (!jumped && !other_servers) continue;
        offset = clock_offset();
        seen = modified(kResolvConf);
        // After a long sleep, too, this may be another network.
        validation_.other_servers();
        if (make_contexts()) {
            cache_->clear();
            test_validation();
        }
    }
}

}  // namespace

Result<void> check_name_server(const std::string& text) {
    PH_CHECK(detail::unbound_server(text));
    return {};
}

Result<std::unique_ptr<Resolver>> Resolver::make(Options options, Log& log) {
    Unbound::Options plain;
    for (const auto& server : options.servers) {
        PH_TRY(auto address, detail::unbound_server(server));
        plain.servers.push_back(std::move(address));
    }
    auto resolver = std::make_unique<UnboundResolver>(std::move(options), std::move(plain), log);
    PH_CHECK(resolver->start());
    return resolver;
}

}  // namespace posthaste::net
