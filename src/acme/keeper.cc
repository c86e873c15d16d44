#include "acme/keeper.h"

#include "acme/set_files.h"
#include "base/ascii.h"
#include "base/file.h"
#include "base/mutex.h"

#include <algorithm>
#include <thread>

#include <fmt/ranges.h>

namespace posthaste::acme {

namespace {

constexpr Seconds kCallTime{45};
constexpr std::size_t kSetsAtMost = 10'000;
constexpr std::size_t kNameAtMost = 253;

bool holds(const std::vector<std::string>& list, const std::string& name) {
    return std::ranges::find(list, name) != list.end();
}

struct Set {
    NameSet names;
    SetState state;
    std::optional<Issued> issued;
};

SetView view_of(const Set& set) {
    if (!set.issued) return {set.names, {}, {}, {}};
    return {set.names, set.issued->names, set.issued->not_before, set.issued->not_after};
}

Set read_set(const std::string& folder, const NameSet& names) {
    SetFiles files(folder, names);
    return {names, files.state(), files.issued()};
}

Keeper::Report report_of(const std::string& folder, const Set& set) {
    Keeper::Report report;
    report.names = set.names;
    report.trouble = set.state.trouble;
    for (const auto& [name, trouble] : set.state.names)
        if (holds(set.names, name)) report.left_out.emplace_back(name, trouble);
    if (!set.issued) return report;
    report.files = SetFiles(folder, set.names).paths();
    report.certified = set.issued->names;
    report.until = set.issued->not_after;
    report.renewal =
        std::max(renewal_time(set.issued->not_before, set.issued->not_after), report.trouble.next);
    return report;
}

}  // namespace

struct Keeper::Impl {
    Impl(Options o, Hooks h, Challenges& c, Log& l)
        : options(std::move(o)), hooks(std::move(h)), challenges(c), log(l) {}

    Options options;
    Hooks hooks;
    Challenges& challenges;
    Log& log;

    // The thread's, once it runs.
    std::unique_ptr<net::HttpClient> http;
    std::optional<Client> client;
    std::vector<Set> sets;
    Trouble account;  // what befalls every order: the directory does not answer
    std::string told_wanted;

    mutable Mutex mutex;
    std::condition_variable changed;
    bool stopping PH_GUARDED_BY(mutex) = false;
    bool hurried PH_GUARDED_BY(mutex) = false;
    std::vector<Set> published PH_GUARDED_BY(mutex);
    Trouble published_account PH_GUARDED_BY(mutex);
    std::string terms PH_GUARDED_BY(mutex);

    std::thread thread;

    Result<void> open();
    void run();
    bool wait(Seconds time, bool until_hurried);
    bool stopped() const;
    Seconds until_next() const;
    void publish();
    void refresh();
    void forget_waits();
    void tend(Set& set);
    bool drop_absent(Set& set, Plan& plan);
    void place_order(Set& set, Plan plan);
    // What to order after that failure; empty: nothing more now.
    Plan after_failure(Set& set, Plan plan, const Failure& failure);
    void accept(Set& set, const std::vector<std::string>& names, const std::string& chain);
    void note_set(Set& set, const Failure& failure);
    void note_name(Set& set, const std::string& name, const Error& error, Seconds at_most);
    void note_everybody(const Failure& failure);
    void save(Set& set);
    void save_account();
    std::vector<ChallengeKind> ways(const Set& set) const;
};

// ---- beginning and end

Result<void> Keeper::Impl::open() {
    PH_CHECK(make_private_folder(options.folder));
    if (!hooks.fetch) {
        PH_TRY(http, net::HttpClient::make(
                         {.ca_file = options.ca_file, .user_agent = options.user_agent}));
        hooks.fetch = [this](const net::HttpCall& call) {
            return http->fetch(call, Deadline::after(kCallTime));
        };
    }
    PH_TRY(auto key, Key::load_or_make(options.folder + "/account.pem"));
    client.emplace(
        Client::Options{.directory_url = options.directory_url, .contact = options.contact},
        std::move(key), challenges,
        Client::Ways{
            .fetch = hooks.fetch,
            .wait = [this](Seconds time) { return wait(time, false); },
            .note = [this](const std::string& event,
                           const std::string& text) { log.info(event, {{"text", text}}); }});
    if (auto text = read_file(options.folder + "/state.json", 1 << 20))
        account = parse_state(*text).value_or(SetState{}).trouble;
    refresh();
    publish();
    return {};
}

// False when the keeper stops. `hurry` cuts the wait between two rounds short, never one inside an
// order, where the CA is asked after each.
bool Keeper::Impl::wait(Seconds time, bool until_hurried) {
    const auto until = std::chrono::steady_clock::now() + time;
    MutexLock lock(mutex);
    while (!stopping && !(until_hurried && hurried) && std::chrono::steady_clock::now() < until)
        changed.wait_until(lock.native(), until);
    return !stopping;
}

// Until something falls due, at most until the next look at what is wanted.
Seconds Keeper::Impl::until_next() const {
    const auto moment = now();
    auto next = moment + options.look;
    const auto consider = [&](Timestamp at) {
        if (at > moment) next = std::min(next, at);
    };
    consider(account.next);
    for (const auto& set : sets) {
        consider(set.state.trouble.next);
        for (const auto& [name, trouble] : set.state.names) consider(trouble.next);
        if (set.issued) consider(renewal_time(set.issued->not_before, set.issued->not_after));
    }
    return std::max(std::chrono::ceil<Seconds>(next - moment), Seconds(1));
}

bool Keeper::Impl::stopped() const {
    MutexLock lock(mutex);
    return stopping;
}

void Keeper::Impl::run() {
    do {
        forget_waits();
        refresh();
        for (auto& set : sets) {
            if (stopped() || !account.may_try(now())) break;
            tend(set);
            publish();
        }
        publish();
    } while (wait(until_next(), true));
}

void Keeper::Impl::publish() {
    MutexLock lock(mutex);
    published = sets;
    published_account = account;
    if (client && !client->terms().empty()) terms = client->terms();
}

void Keeper::Impl::forget_waits() {
    {
        MutexLock lock(mutex);
        if (!std::exchange(hurried, false)) return;
    }
    account.next = {};
    for (auto& set : sets) {
        set.state.trouble.next = {};
        for (auto& [name, trouble] : set.state.names) trouble.next = {};
    }
}

void Keeper::Impl::refresh() {
    auto wanted = hooks.wanted();
    if (!wanted) {
        if (wanted.error().text != told_wanted)
            log.warning("acme.domains_unknown",
                        {{"why", wanted.error().text}, {"mend", wanted.error().mend}});
        told_wanted = wanted.error().text;
        return;
    }
    told_wanted.clear();
    if (wanted->size() > kSetsAtMost) wanted->resize(kSetsAtMost);
    std::vector<Set> next;
    bool other = wanted->size() != sets.size();
    for (std::size_t i = 0; i < wanted->size(); ++i) {
        auto& names = (*wanted)[i];
        auto known = std::ranges::find(sets, names, &Set::names);
        other = other || known == sets.end() || known != sets.begin() + static_cast<long>(i);
        next.push_back(known != sets.end() ? *known : read_set(options.folder, names));
    }
    sets = std::move(next);
    if (other && thread.joinable()) {
        publish();
        hooks.changed();
    }
}

// ---- one certificate

std::vector<ChallengeKind> Keeper::Impl::ways(const Set& set) const {
    auto kinds = options.challenges;
    auto failures = set.state.trouble.failures;
    for (const auto& [name, trouble] : set.state.names)
        failures = std::max(failures, trouble.failures);
    // What did not work may be the way, not the name.
    if (failures % 2 == 1) std::ranges::reverse(kinds);
    return kinds;
}

void Keeper::Impl::tend(Set& set) {
    auto plan = plan_order(view_of(set), set.state, options.directory_url, now());
    if (plan.names.empty()) return;
    const bool noted = drop_absent(set, plan);
    if (!plan.names.empty()) place_order(set, std::move(plan));
    if (noted) save(set);
}

// Leaves names out of which it is certain that nobody finds them; true when there are some. The
// names that are certified already are the CA's to judge.
bool Keeper::Impl::drop_absent(Set& set, Plan& plan) {
    bool noted = false;
    std::vector<std::string> names;
    bool gain = plan.due;
    for (const auto& name : plan.names) {
        const bool certified = set.issued && holds(set.issued->names, name);
        if (!certified) {
            if (auto found = hooks.look_up(name); !found) {
                note_name(set, name, found.error(), options.pace.look_at_most);
                noted = true;
                continue;
            }
            gain = true;
        }
        names.push_back(name);
    }
    if (!gain) names.clear();
    plan.names = std::move(names);
    return noted;
}

void Keeper::Impl::place_order(Set& set, Plan plan) {
    SetFiles files(options.folder, set.names);
    auto key = files.key();
    if (!key) {
        note_set(set, {key.error(), {}, false, {}});
        return;
    }
    while (!plan.names.empty()) {
        log.info("acme.ordering", {{"names", fmt::format("{}", fmt::join(plan.names, " "))}});
        auto chain = client->obtain(plan.names, *key, ways(set));
        if (chain) {
            accept(set, plan.names, *chain);
            return;
        }
        if (chain.error().error.kind == ErrorKind::cancelled) return;
        plan = after_failure(set, std::move(plan), chain.error());
    }
}

Plan Keeper::Impl::after_failure(Set& set, Plan plan, const Failure& failure) {
    const auto asked = plan.names.size();
    bool keep = false;
    for (const auto& [name, error] : failure.names) {
        if (failure.everybody || !holds(plan.names, name)) continue;
        keep = keep || (!plan.may_drop && set.issued && holds(set.issued->names, name));
        note_name(set, name, error, options.pace.at_most);
        std::erase(plan.names, name);
    }
    const bool judged = plan.names.size() < asked;
    const bool gain = plan.due || std::ranges::any_of(plan.names, [&](const auto& name) {
                          return !set.issued || !holds(set.issued->names, name);
                      });
    if (failure.everybody) {
        note_everybody(failure);
    } else if (!judged || keep) {
        // Not about single names; or one that is certified still, and may mend in time.
        note_set(set, failure);
    } else {
        save(set);
        if (gain) return plan;
    }
    plan.names.clear();
    return plan;
}

void Keeper::Impl::accept(Set& set, const std::vector<std::string>& names,
                          const std::string& chain) {
    SetFiles files(options.folder, set.names);
    if (auto written = files.write_chain(chain); !written) {
        note_set(set, {written.error(), {}, false, {}});
        return;
    }
    set.issued = files.issued();
    set.state.directory = options.directory_url;
    set.state.trouble = {};
    for (const auto& name : names) set.state.names.erase(name);
    std::erase_if(set.state.names,
                  [&](const auto& entry) { return !holds(set.names, entry.first); });
    save(set);
    if (!account.none()) {
        account = {};
        save_account();
    }
    log.info("acme.issued",
             {{"names", fmt::format("{}", fmt::join(names, " "))},
              {"until", set.issued ? format_iso8601(set.issued->not_after) : std::string()}});
    publish();
    hooks.changed();
}

// ---- what goes wrong

void Keeper::Impl::note_name(Set& set, const std::string& name, const Error& error,
                             Seconds at_most) {
    auto& trouble = set.state.names[name];
    auto wait = with_jitter(wait_after(trouble.failures + 1, options.pace.first, at_most));
    trouble.note(error, now(), wait);
    log.warning("acme.name_left_out", {{"name", name},
                                       {"why", error.text},
                                       {"mend", error.mend},
                                       {"next", format_iso8601(trouble.next)}});
}

void Keeper::Impl::note_set(Set& set, const Failure& failure) {
    auto& trouble = set.state.trouble;
    auto wait =
        with_jitter(wait_after(trouble.failures + 1, options.pace.first, options.pace.at_most));
    if (failure.retry_after) wait = std::max(wait, std::min(*failure.retry_after, kWaitAtMost));
    trouble.note(failure.error, now(), wait);
    log.warning("acme.failed", {{"names", fmt::format("{}", fmt::join(set.names, " "))},
                                {"why", failure.error.text},
                                {"mend", failure.error.mend},
                                {"next", format_iso8601(trouble.next)}});
    save(set);
}

void Keeper::Impl::note_everybody(const Failure& failure) {
    auto wait =
        with_jitter(wait_after(account.failures + 1, options.pace.first, options.pace.at_most));
    if (failure.retry_after) wait = std::max(wait, std::min(*failure.retry_after, kWaitAtMost));
    account.note(failure.error, now(), wait);
    log.warning("acme.unavailable",
                {{"directory", options.directory_url},
                 {"why", failure.error.text},
                 {"mend", failure.error.mend.empty()
                              ? "is the directory reached from here? tls.acme_directory "
                                "names it, tls.acme_ca_file an authority of your own"
                              : failure.error.mend},
                 {"next", format_iso8601(account.next)}});
    save_account();
}

void Keeper::Impl::save(Set& set) {
    if (auto saved = SetFiles(options.folder, set.names).write_state(set.state); !saved)
        log.error("acme.state_not_written",
                  {{"why", saved.error().text}, {"mend", saved.error().mend}});
}

void Keeper::Impl::save_account() {
    SetState state;
    state.trouble = account;
    if (auto saved = write_file_durably(options.folder + "/state.json", to_json(state), 0600);
        !saved)
        log.error("acme.state_not_written",
                  {{"why", saved.error().text}, {"mend", saved.error().mend}});
}

// ---- the outside

Keeper::Keeper(Options options, Hooks hooks, Challenges& challenges, Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(hooks), challenges, log)) {}

Keeper::~Keeper() {
    stop();
}

Result<void> Keeper::open() {
    return impl_->open();
}

void Keeper::start() {
    impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void Keeper::stop() {
    {
        MutexLock lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->changed.notify_all();
    if (impl_->http) impl_->http->stop();
    if (impl_->thread.joinable()) impl_->thread.join();
}

void Keeper::hurry() {
    {
        MutexLock lock(impl_->mutex);
        impl_->hurried = true;
    }
    impl_->changed.notify_all();
}

std::vector<Keeper::Files> Keeper::certificates() const {
    MutexLock lock(impl_->mutex);
    std::vector<Files> files;
    for (const auto& set : impl_->published)
        if (set.issued) files.push_back(SetFiles(impl_->options.folder, set.names).paths());
    return files;
}

std::vector<Keeper::Report> Keeper::report() const {
    MutexLock lock(impl_->mutex);
    std::vector<Report> reports;
    for (const auto& set : impl_->published) {
        reports.push_back(report_of(impl_->options.folder, set));
        auto& trouble = reports.back().trouble;
        if (trouble.none() && !impl_->published_account.none() && !set.issued)
            trouble = impl_->published_account;
    }
    return reports;
}

std::string Keeper::terms() const {
    MutexLock lock(impl_->mutex);
    return impl_->terms;
}

std::vector<Keeper::Report> read_reports(const std::string& folder,
                                         const std::vector<NameSet>& wanted) {
    std::vector<Keeper::Report> reports;
    reports.reserve(wanted.size());
    for (const auto& names : wanted) reports.push_back(report_of(folder, read_set(folder, names)));
    return reports;
}

std::vector<NameSet> name_sets(const std::string& hostname, const std::vector<std::string>& domains,
                               const std::vector<std::string>& further) {
    std::vector<NameSet> sets{{ascii::to_lower(hostname)}};
    std::vector<std::string> taken = sets.front();
    for (const auto& other : further) {
        auto name = ascii::to_lower(other);
        if (holds(taken, name)) continue;
        taken.push_back(name);
        sets.push_back({std::move(name)});
    }
    for (const auto& domain : domains) {
        NameSet names;
        // The first gives the folder its name.
        for (const char* prefix : {"autoconfig.", "autodiscover.", "ua-auto-config."}) {
            auto name = prefix + ascii::to_lower(domain);
            if (name.size() <= kNameAtMost && !holds(taken, name)) names.push_back(name);
        }
        if (names.empty() || domain.starts_with('[')) continue;
        taken.insert(taken.end(), names.begin(), names.end());
        sets.push_back(std::move(names));
    }
    return sets;
}

}  // namespace posthaste::acme
