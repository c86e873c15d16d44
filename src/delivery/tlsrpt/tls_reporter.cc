#include "delivery/tlsrpt/tls_reporter.h"

#include "base/checksum.h"
#include "formats/gzip.h"
#include "mail/dkim/dkim_body.h"
#include "runtime/timer.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

using namespace std::chrono_literals;
using Key = TlsReportLedger::Key;

constexpr auto kRound = 1min;
constexpr std::uint32_t kSpreadSeconds = 4 * 3600;
constexpr auto kGiveUp = 24h;
constexpr auto kFirstRetry = 10min;
constexpr unsigned kMostDoublings = 5;
constexpr auto kRecord = 10s;
constexpr auto kPost = 60s;
constexpr auto kWrite = 60s;
constexpr std::size_t kInARound = 500;

Result<store::Body> store_body(store::Store& store, const QueueId& id, std::string_view octets) {
    auto writer = store.write_content(id);
    while (!octets.empty()) {
        const auto piece = octets.substr(0, store::kContentPiece);
        octets.remove_prefix(piece.size());
        writer.append(piece);
        if (writer.wants_flush()) PH_CHECK(writer.flush());
    }
    return writer.finish();
}

bool has_failures(const TlsDay& day) {
    return std::ranges::any_of(day, [](const auto& count) { return count.failed() > 0; });
}

// "in.example.net" of "https://in.example.net:8443/tls".
std::string host_of(const std::string& url) {
    const auto begin = url.find("://") + 3;
    return url.substr(begin, url.find_first_of(":/?#", begin) - begin);
}

}  // namespace

TlsReporter::TlsReporter(Options options, Parts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      group_(std::make_unique<runtime::TaskGroup>(parts_.workers[0], parts_.log)),
      closer_(std::make_unique<runtime::TaskGroup>(parts_.workers[0], parts_.log)) {}

TlsReporter::~TlsReporter() {
    // Their worker has ended before them; the process is about to.
    for (auto* group : {&group_, &closer_}) {
        // NOLINTNEXTLINE(bugprone-unused-return-value): left to the process
        if ((*group)->size() > 0) group->release();
    }
}

void TlsReporter::start() {
    parts_.workers[0].post([this] { group_->spawn(run()); });
}

runtime::Task<void> TlsReporter::close(runtime::TaskGroup& group, std::function<void()> done) {
    auto closing = group.close();
    co_await std::move(closing);
    done();
}

void TlsReporter::stop(const std::function<void()>& done) {
    parts_.workers[0].post([this, done] { closer_->spawn(close(*group_, done)); });
}

runtime::Task<void> TlsReporter::run() {
    for (;;) {
        auto sending = send_due();
        co_await std::move(sending);
        auto sleeping = runtime::sleep_for(kRound);
        const auto slept = co_await std::move(sleeping);
        if (!slept) co_return;
    }
}

Timestamp TlsReporter::due_at(const Key& key) const {
    const auto spread = crc32c(key.second + '\n' + options_.hostname) % kSpreadSeconds;
    return Timestamp(key.first + std::chrono::days(1)) + Seconds(spread);
}

runtime::Task<void> TlsReporter::send_due() {
    std::size_t handled = 0;
    for (const Key& key : parts_.ledger.complete()) {
        const Timestamp at = options_.clock();
        const Timestamp due = due_at(key);
        if (at < due) continue;
        Trial& trial = trials_[key];
        if (trial.tries > 0 && at < trial.next && trial.next - at <= kGiveUp) continue;
        if (++handled > kInARound) co_return;
        auto sending = send(key);
        const Came came = co_await std::move(sending);
        if (came == Came::again && at - due < kGiveUp) {
            trial.next = at + kFirstRetry * (1u << std::min(trial.tries, kMostDoublings));
            ++trial.tries;
            put_off_.add();
            continue;
        }
        if (came == Came::again)
            parts_.log.info("tls_report.given_up",
                            {{"domain", key.second}, {"why", "for a day it could not be sent"}});
        trials_.erase(key);
        const auto end = came == Came::sent         ? TlsReportEnd::sent
                         : came == Came::not_wanted ? TlsReportEnd::not_wanted
                                                    : TlsReportEnd::given_up;
        auto forgetting = forget(key, end);
        co_await std::move(forgetting);
    }
}

Result<void> TlsReporter::load() {
    return sums_.load(parts_.store.engine());
}

TlsReporter::Day TlsReporter::reports_of(UtcDay day) const {
    Day told{sums_.of(day)};
    for (const Key& key : parts_.ledger.complete()) told.waiting += key.first == day ? 1 : 0;
    return told;
}

void TlsReporter::register_metrics(MetricsRegistry& registry) const {
    registry.add("posthaste_tls_reports_total",
                 "TLS reports (RFC 8460), by what became of them; failed: none of the addresses "
                 "took it for a day",
                 MetricKind::counter, [this] {
                     const TlsReportSum sum = sums_.since_start();
                     const auto sample = [](const char* what, std::uint64_t value) {
                         return MetricSample{{{"what", what}}, static_cast<std::int64_t>(value)};
                     };
                     return std::vector<MetricSample>{
                         sample("made", made_.value()), sample("sent", sum.sent),
                         sample("put_off", put_off_.value()), sample("failed", sum.given_up)};
                 });
}

// At once and durable: a report that has been sent is not to be sent again by a later process.
runtime::Task<void> TlsReporter::forget(Key key, TlsReportEnd end) {
    runtime::Callback<void> done;
    store::Changes changes = parts_.ledger.remove(key);
    std::ranges::move(sums_.note(key.first, end), std::back_inserter(changes));
    parts_.store.committer().submit(std::move(changes),
                                    [done](Result<void> result) { done(std::move(result)); });
    auto waiting = done.wait(Deadline::after(kWrite));
    const auto written = co_await std::move(waiting);
    if (!written && written.error().kind != ErrorKind::cancelled)
        parts_.log.warning("tls_report.not_forgotten", {{"domain", key.second},
                                                        {"why", written.error().text},
                                                        {"mend", written.error().mend}});
}

runtime::Task<TlsReporter::Came> TlsReporter::send(Key key) {
    auto sessions = parts_.ledger.find(key);
    if (!sessions || (!options_.successes && !has_failures(*sessions))) co_return Came::not_wanted;
    auto asking = parts_.resolver.txt("_smtp._tls." + key.second, Deadline::after(kRecord));
    const auto answer = co_await std::move(asking);
    if (answer.status == net::DnsStatus::failed) co_return Came::again;
    auto addresses = read_tls_report_record(answer.texts);
    if (!addresses) co_return Came::not_wanted;
    if (const auto trial = trials_.find(key); trial == trials_.end() || trial->second.tries == 0)
        made_.add();
    auto sending = send_to(describe(key, std::move(*sessions)), std::move(*addresses));
    const Came came = co_await std::move(sending);
    co_return came;
}

// One address that takes it is enough for not trying again (RFC 8460 §3).
runtime::Task<TlsReporter::Came> TlsReporter::send_to(TlsReportInput input,
                                                      std::vector<ReportAddress> addresses) {
    const std::string packed = formats::gzip(tls_report_json(input));
    bool taken = false;
    for (const ReportAddress& address : addresses) {
        const bool by_mail = address.kind == ReportAddress::Kind::mail;
        auto going =
            by_mail ? mail_it(input, packed, address.target) : post_it(packed, address.target);
        const auto gone = co_await std::move(going);
        taken = taken || gone.has_value();
        if (gone) {
            parts_.log.info("tls_report.sent", {{"domain", input.domain}, {"to", address.target}});
        } else if (gone.error().kind != ErrorKind::cancelled) {
            tell_unsent(input.domain, address.target, gone.error());
        }
    }
    co_return taken ? Came::sent : Came::again;
}

// That no key signs is for the operator, once a day; everything else is the other side's trouble.
void TlsReporter::tell_unsent(const std::string& domain, const std::string& to,
                              const Error& error) {
    const UtcDay today = std::chrono::floor<std::chrono::days>(options_.clock());
    const bool unsigned_mail = error.kind == ErrorKind::unsupported;
    const bool news = unsigned_mail && std::exchange(told_unsigned_, today) != today;
    parts_.log.write(news ? LogLevel::warning : LogLevel::info, "tls_report.not_sent",
                     {{"domain", domain}, {"to", to}, {"why", error.text}, {"mend", error.mend}});
}

std::optional<mail::Mailbox> TlsReporter::sender() const {
    const auto admin = mail::Mailbox::parse(options_.admin);
    if (admin && parts_.signs(admin->domain())) return *admin;
    const auto own = mail::Domain::parse(options_.hostname);
    if (own && parts_.signs(*own)) return mail::Mailbox::make("postmaster", *own);
    return std::nullopt;
}

TlsReportInput TlsReporter::describe(const Key& key, TlsDay sessions) const {
    TlsReportInput input;
    input.domain = key.second;
    input.day = key.first;
    input.sessions = std::move(sessions);
    input.hostname = options_.hostname;
    const auto from = sender();
    input.contact = from ? from->to_string() : options_.admin;
    input.submitter = input.contact.substr(input.contact.rfind('@') + 1);
    input.organization = input.submitter;
    input.now = options_.clock();
    return input;
}

runtime::Task<Result<void>> TlsReporter::mail_it(TlsReportInput input, std::string packed,
                                                 std::string to) {
    if (!sender())
        co_return fail(ErrorKind::unsupported,
                       "a report by mail must be signed, and no key signs "
                       "for the domain of [admin] or for the host name",
                       fmt::format("posthaste dkim new {}", input.submitter));
    PH_CO_TRY(auto recipient, mail::Mailbox::parse(to));
    auto message = make_tls_report_message(input, packed, to);
    queue::Submission submission;
    submission.id = QueueId::make();
    // The null sender: a report that cannot be delivered is nobody's worry.
    submission.envelope.recipients.push_back({std::move(recipient), mail::Notify::never, {}});
    submission.envelope.smtputf8 = !submission.envelope.recipients.front().address.is_ascii();
    submission.tls_wish = store::TlsWish::optional;
    submission.expire = kGiveUp;
    mail::DkimBodyHash hash;
    hash.update(message.body);
    submission.body_hash = hash.finish();
    submission.header = std::move(message.header);
    auto write = [&store = parts_.store, id = submission.id, body = std::move(message.body)] {
        return store_body(store, id, body);
    };
    auto writing = runtime::offload(parts_.blocking, std::move(write), Deadline::after(kWrite));
    PH_CO_TRY(submission.body, co_await std::move(writing));
    auto submitting = parts_.submit(std::move(submission));
    auto submitted = co_await std::move(submitting);
    co_return submitted;
}

runtime::Task<Result<void>> TlsReporter::post_it(std::string packed, std::string url) {
    net::HttpCall call;
    call.method = "POST";
    call.url = url;
    call.content_type = "application/tlsrpt+gzip";
    call.body = std::move(packed);
    auto asking = parts_.https.ask(host_of(url), std::move(call), Deadline::after(kPost));
    PH_CO_TRY(const auto answer, co_await std::move(asking));
    if (answer.status >= 200 && answer.status < 300) co_return Result<void>();
    co_return fail(ErrorKind::refused, fmt::format("{} answered {}", host_of(url), answer.status));
}

}  // namespace posthaste::delivery
