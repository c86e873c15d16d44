#include "delivery/login/token_source.h"

#include "base/mutex.h"
#include "base/random.h"
#include "runtime/callback.h"

#include <algorithm>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr Seconds kAnswerTime{30};
constexpr auto kTellAgain = std::chrono::hours(6);
constexpr std::size_t kMostWaiting = 10'000;

using Kind = TokenRefusal::Kind;
using Wake = runtime::Callback<bool>;

double jitter() {
    return static_cast<double>(random_below(1000)) / 1000.0;
}

TokenRefusal passing(std::string text, std::string mend = {}) {
    TokenRefusal refusal;
    refusal.text = std::move(text);
    refusal.mend = std::move(mend);
    return refusal;
}

Timestamp wall(SteadyTime at) {
    const auto ahead = at - std::chrono::steady_clock::now();
    return now() + std::chrono::duration_cast<Milliseconds>(ahead);
}

}  // namespace

struct TokenSource::Impl {
    Impl(std::shared_ptr<const OAuthSettings> s, store::Store& st, Log& l, Fetch f)
        : settings(std::move(s)), vault(st), log(l), fetch(std::move(f)) {}

    const std::shared_ptr<const OAuthSettings> settings;
    TokenVault vault;
    Log& log;
    Fetch fetch;
    std::unique_ptr<net::HttpClient> http;

    // The thread's.
    Secret refresh;        // empty: to be read
    bool unsaved = false;  // `refresh` is newer than what the vault has
    std::string told;
    SteadyTime told_at{};

    mutable Mutex mutex;
    std::condition_variable changed;
    bool stopping PH_GUARDED_BY(mutex) = false;
    bool wanted PH_GUARDED_BY(mutex) = false;
    bool reread PH_GUARDED_BY(mutex) = false;
    TokenState state PH_GUARDED_BY(mutex);
    std::vector<Wake> waiting PH_GUARDED_BY(mutex);
    std::uint64_t tokens PH_GUARDED_BY(mutex) = 0;
    std::uint64_t failures PH_GUARDED_BY(mutex) = 0;
    std::string doubt PH_GUARDED_BY(mutex);

    std::thread thread;

    void run();
    bool wait_until_due();
    void ask();
    std::expected<TokenAnswer, TokenRefusal> exchange();
    std::optional<TokenRefusal> load_refresh();
    std::optional<TokenRefusal> save_refresh(const Secret& next);
    void settle(std::expected<TokenAnswer, TokenRefusal> answer);
    void tell(const TokenRefusal& refusal);
    void wake_all();
};

// False when it stops.
bool TokenSource::Impl::wait_until_due() {
    MutexLock lock(mutex);
    for (;;) {
        if (stopping) return false;
        const SteadyTime moment = std::chrono::steady_clock::now();
        const bool needed = wanted && state.may_ask(moment);
        if (moment >= state.next() || needed) {
            wanted = false;
            return true;
        }
        // A year is no overflow of what the condition variable adds up.
        changed.wait_until(lock.native(),
                           std::min(state.next(), moment + std::chrono::hours(24 * 365)));
    }
}

void TokenSource::Impl::run() {
    while (wait_until_due()) ask();
    wake_all();
}

void TokenSource::Impl::wake_all() {
    std::vector<Wake> all;
    {
        MutexLock lock(mutex);
        all.swap(waiting);
    }
    for (const Wake& wake : all) wake(true);
}

std::optional<TokenRefusal> TokenSource::Impl::load_refresh() {
    bool anew = false;
    {
        MutexLock lock(mutex);
        anew = std::exchange(reread, false);
    }
    if (anew) {
        refresh = Secret();
        unsaved = false;
    }
    if (unsaved) return save_refresh(refresh);
    if (!refresh.empty()) return std::nullopt;
    auto kept = vault.get(settings->name());
    if (!kept) {
        TokenRefusal refusal = passing(kept.error().text, kept.error().mend);
        if (kept.error().kind == ErrorKind::denied) refusal.kind = Kind::sign_in;
        return refusal;
    }
    if (*kept) {
        refresh = std::move(**kept);
        return std::nullopt;
    }
    TokenRefusal refusal = passing(fmt::format("nobody has signed in for {} yet", settings->user),
                                   "sign in once: posthaste relay login");
    refusal.kind = Kind::sign_in;
    return refusal;
}

// The old one may be dead from now on, so the new one is kept in memory however long the disk
// takes.
std::optional<TokenRefusal> TokenSource::Impl::save_refresh(const Secret& next) {
    refresh = next;
    auto saved = vault.put(settings->name(), refresh);
    unsaved = !saved.has_value();
    if (saved) return std::nullopt;
    return passing("the new sign-in cannot be written to the store: " + saved.error().text,
                   saved.error().mend);
}

std::expected<TokenAnswer, TokenRefusal> TokenSource::Impl::exchange() {
    const bool by_refresh = settings->grant == Grant::refresh_token;
    if (by_refresh) {
        if (auto why = load_refresh()) return std::unexpected(std::move(*why));
    }
    auto call = token_request(*settings, refresh, now());
    if (!call) {
        TokenRefusal refusal = passing(call.error().text, call.error().mend);
        refusal.kind = Kind::setting;
        return std::unexpected(std::move(refusal));
    }
    auto answer = fetch(*call);
    if (!answer) return std::unexpected(unreachable(answer.error()));
    auto read = read_token_answer(*settings, *answer, refresh);
    if (read && by_refresh && !read->refresh_token.empty() &&
        read->refresh_token.reveal() != refresh.reveal()) {
        if (auto why = save_refresh(read->refresh_token)) return std::unexpected(std::move(*why));
        log.info("oauth.rotated", {{"user", settings->user}});
    }
    return read;
}

void TokenSource::Impl::ask() {
    auto answer = exchange();
    {
        // Signed in anew while the old sign-in was asked about: that answer counts no more.
        MutexLock lock(mutex);
        if (stopping) return;
        if (reread) {
            state.begin_anew();
            return;
        }
    }
    settle(std::move(answer));
    wake_all();
}

void TokenSource::Impl::settle(std::expected<TokenAnswer, TokenRefusal> answer) {
    const SteadyTime moment = std::chrono::steady_clock::now();
    if (!answer) {
        tell(answer.error());
        MutexLock lock(mutex);
        state.failed(std::move(answer).error(), moment, jitter());
        ++failures;
        return;
    }
    auto doubts = doubt_about_token(*settings, answer->access_token);
    if (!doubts.empty() && doubts != told)
        log.warning("oauth.doubt", {{"user", settings->user}, {"mend", doubts}});
    log.info("oauth.token", {{"user", settings->user},
                             {"from", settings->token_url},
                             {"lifetime_s", answer->lifetime.count()}});
    told = doubts;
    MutexLock lock(mutex);
    doubt = std::move(doubts);
    state.got(std::move(answer->access_token), answer->lifetime, moment, jitter());
    ++tokens;
}

// Once, and then every six hours.
void TokenSource::Impl::tell(const TokenRefusal& refusal) {
    const SteadyTime moment = std::chrono::steady_clock::now();
    if (refusal.text == told && moment - told_at < kTellAgain) return;
    told = refusal.text;
    told_at = moment;
    log.error("oauth.failed",
              {{"user", settings->user},
               {"why", refusal.text},
               {"mend", refusal.mend},
               {"what", "while there is no token, mail of this relay waits in the queue"}});
}

TokenSource::TokenSource(std::shared_ptr<const OAuthSettings> settings, store::Store& store,
                         Log& log, Fetch fetch)
    : impl_(std::make_unique<Impl>(std::move(settings), store, log, std::move(fetch))) {}

TokenSource::~TokenSource() {
    stop();
}

void TokenSource::start() {
    if (impl_->thread.joinable()) return;
    if (!impl_->fetch) {
        net::HttpClient::Options options;
        options.ca_file = impl_->settings->ca_file;
        options.max_body = kMostTokenAnswer;
        auto made = net::HttpClient::make(std::move(options));
        if (made) {
            impl_->http = std::move(*made);
            impl_->fetch = [http = impl_->http.get()](const net::HttpCall& call) {
                return http->fetch(call, Deadline::after(kAnswerTime));
            };
        } else {
            impl_->fetch = [error = made.error()](const net::HttpCall&) {
                return Result<net::HttpAnswer>(std::unexpected(error));
            };
        }
    }
    impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void TokenSource::stop() {
    {
        MutexLock lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->changed.notify_all();
    if (impl_->http) impl_->http->stop();
    if (impl_->thread.joinable()) impl_->thread.join();
    impl_->wake_all();
}

runtime::Task<std::expected<Secret, TokenRefusal>> TokenSource::token(Deadline deadline) {
    using Answer = std::expected<Secret, TokenRefusal>;
    for (;;) {
        Wake wake;
        {
            MutexLock lock(impl_->mutex);
            const SteadyTime moment = std::chrono::steady_clock::now();
            if (const Secret* good = impl_->state.usable(moment)) co_return Answer(*good);
            if (impl_->stopping) co_return std::unexpected(passing("our server is stopping"));
            if (const auto* trouble = impl_->state.trouble();
                trouble != nullptr && !impl_->state.may_ask(moment))
                co_return std::unexpected(*trouble);
            if (impl_->waiting.size() >= kMostWaiting)
                co_return std::unexpected(passing("too many wait for a token"));
            impl_->waiting.push_back(wake);
            impl_->wanted = true;
        }
        impl_->changed.notify_all();
        auto waiting = wake.wait(deadline);
        const auto woken = co_await std::move(waiting);
        if (!woken) {
            co_return std::unexpected(
                passing("no token came in time from " + impl_->settings->token_url));
        }
    }
}

void TokenSource::refused(const Secret& token) {
    {
        MutexLock lock(impl_->mutex);
        impl_->state.refused(token);
    }
    impl_->changed.notify_all();
}

bool TokenSource::takes_sign_in() const {
    return impl_->settings->grant == Grant::refresh_token;
}

void TokenSource::signed_in() {
    {
        MutexLock lock(impl_->mutex);
        impl_->reread = true;
        impl_->state.begin_anew();
    }
    impl_->changed.notify_all();
}

TokenSource::Report TokenSource::report() const {
    MutexLock lock(impl_->mutex);
    Report report;
    const SteadyTime moment = std::chrono::steady_clock::now();
    if (impl_->state.usable(moment) != nullptr) report.until = wall(impl_->state.valid_until());
    if (impl_->state.next() != SteadyTime::max())
        report.renewal = wall(std::max(impl_->state.next(), moment));
    if (const auto* trouble = impl_->state.trouble()) {
        report.trouble = trouble->text;
        report.mend = trouble->mend;
        report.trouble_kind = trouble->kind;
        report.sign_in_needed = trouble->kind == Kind::sign_in;
    }
    if (report.until) report.doubt = impl_->doubt;
    report.tokens = impl_->tokens;
    report.failures = impl_->failures;
    return report;
}

}  // namespace posthaste::delivery
