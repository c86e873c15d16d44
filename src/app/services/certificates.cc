#include "app/services/certificates.h"

#include "app/layer_options.h"
#include "app/services/legacy_port.h"
#include "runtime/run.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::app {

namespace {

constexpr std::chrono::hours kOwnRenewal{1};
constexpr Seconds kLookUp{5};
constexpr std::string_view kAcmeProtocol = "acme-tls/1";  // RFC 8737 §6.2

std::string acme_folder(const Settings& settings) {
    return settings.store_path + "/acme";
}

Result<std::vector<acme::NameSet>> names_wanted(const Settings& settings, store::Store& store) {
    PH_TRY(auto rows, store.engine().domains());
    std::vector<std::string> domains;
    for (auto& row : rows) domains.push_back(std::move(row.name));
    return acme::name_sets(settings.hostname, domains, settings.acme_names);
}

// What the two kinds of ports can answer: the plain one first, since a proxy in front of https
// would not pass "acme-tls/1" on.
std::vector<acme::ChallengeKind> challenge_kinds(const Settings& settings) {
    std::vector<acme::ChallengeKind> kinds;
    if (settings.http_challenge) kinds.push_back(acme::ChallengeKind::http_01);
    if (settings.https) kinds.push_back(acme::ChallengeKind::tls_alpn_01);
    return kinds;
}

acme::Keeper::Options keeper_options(const Settings& settings) {
    acme::Keeper::Options options;
    options.folder = acme_folder(settings);
    options.directory_url = settings.acme_directory;
    options.contact = settings.acme_contact.empty() ? settings.admin : settings.acme_contact;
    options.ca_file = settings.acme_ca_file;
    options.user_agent = "posthaste/" POSTHASTE_VERSION;
    options.challenges = challenge_kinds(settings);
    options.pace.first = settings.acme_retry;
    return options;
}

// ---- the report

void describe(web::CertificateReport::Entry& entry, const net::CertificateFiles& files) {
    entry.file = files.cert_file;
    auto facts = net::describe_certificate(files);
    if (!facts) {
        entry.warning = facts.error().text;
        return;
    }
    entry.names = facts->names;
    entry.kind = facts->rsa ? "RSA" : "ECDSA";
    entry.issuer = facts->issuer;
    entry.fingerprint = facts->fingerprint;
    entry.warning = facts->warning;
    entry.until = facts->not_after;
}

web::CertificateReport::Failure failure_of(std::string name, const acme::Trouble& trouble) {
    return {std::move(name), trouble.failures, trouble.at,
            trouble.next,    trouble.text,     trouble.mend};
}

web::CertificateReport::Entry entry_of(const acme::Keeper::Report& known) {
    web::CertificateReport::Entry entry;
    entry.source = "acme";
    if (known.files) {
        describe(entry, {known.files->cert_file, known.files->key_file});
        entry.renewal = known.renewal;
    }
    for (const auto& name : known.names)
        if (std::ranges::find(known.certified, name) == known.certified.end())
            entry.missing.push_back(name);
    if (!known.trouble.none()) entry.failures.push_back(failure_of({}, known.trouble));
    for (const auto& [name, trouble] : known.left_out)
        entry.failures.push_back(failure_of(name, trouble));
    return entry;
}

void add_entries(web::CertificateReport& report, const std::vector<net::CertificateFiles>& files,
                 std::string_view source) {
    for (const auto& pair : files) {
        web::CertificateReport::Entry entry;
        entry.source = source;
        describe(entry, pair);
        report.entries.push_back(std::move(entry));
    }
}

// What is there without ACME, or as long as ACME has not come to the mail host's own.
Result<void> add_configured(web::CertificateReport& report, const Settings& settings) {
    PH_TRY(auto files, certificate_files(settings));
    add_entries(report, files, settings.cert_files.empty() ? "own" : "file");
    return {};
}

Result<web::CertificateReport> report_of(const Settings& settings,
                                         const std::vector<acme::Keeper::Report>& known) {
    web::CertificateReport report;
    if (!settings.acme || known.empty() || !known.front().files)
        PH_CHECK(add_configured(report, settings));
    for (const auto& one : known) report.entries.push_back(entry_of(one));
    if (settings.acme) report.authority = settings.acme_directory;
    return report;
}

class Offline final : public web::CertificateDesk {
  public:
    Offline(const Settings& settings, store::Store& store) : settings_(settings), store_(store) {}

    Result<web::CertificateReport> report() override {
        if (!settings_.acme) return report_of(settings_, {});
        PH_TRY(auto wanted, names_wanted(settings_, store_));
        return report_of(settings_, acme::read_reports(acme_folder(settings_), wanted));
    }

    Result<void> renew() override {
        return fail(ErrorKind::refused, "no server runs that could renew them",
                    "start it: it orders by itself what is missing");
    }

  private:
    const Settings settings_;
    store::Store& store_;
};

}  // namespace

Certificates::Certificates(const Settings& settings, Log& log) : settings_(settings), log_(log) {}

Certificates::~Certificates() {
    stop();
}

// ---- what is shown

Result<std::vector<net::CertificateFiles>> Certificates::current_files() {
    MutexLock lock(files_);
    if (!keeper_) return certificate_files(settings_);
    std::vector<net::CertificateFiles> files;
    auto reports = keeper_->report();
    // Nobody is turned away while the mail host's certificate is not there yet.
    if (reports.empty() || !reports.front().files) {
        PH_TRY(files, certificate_files(settings_));
    }
    for (const auto& [cert_file, key_file] : keeper_->certificates())
        files.push_back({cert_file, key_file});
    return files;
}

// Devices of that age know RSA certificates alone, and ACME brings ECDSA: on their port the own
// CA's RSA one stands beside it. Most of them verify nothing.
Result<std::vector<net::CertificateFiles>> Certificates::legacy_files() {
    PH_TRY(auto files, current_files());
    if (!settings_.acme) return files;
    MutexLock lock(files_);
    PH_TRY(auto own, certificate_files(settings_));
    const auto& rsa = own.back();  // ECDSA first
    if (std::ranges::find(files, rsa.cert_file, &net::CertificateFiles::cert_file) == files.end())
        files.push_back(rsa);
    return files;
}

Result<void> Certificates::load() {
    PH_TRY(auto files, current_files());
    if (settings_.legacy.listen) {
        PH_TRY(auto for_devices, legacy_files());
        PH_TRY(legacy_, legacy_tls(std::move(for_devices)));
    }
    net::TlsServerContext::Options options;
    options.certificates = std::move(files);
    PH_TRY(mail_, net::TlsServerContext::make(options));
    options.alpn = {"http/1.1"};
    if (settings_.acme) {
        options.special.protocol = kAcmeProtocol;
        options.special.find = [this](const std::string& name) {
            return challenges_.certificate(name);
        };
    }
    PH_TRY(web_, net::TlsServerContext::make(std::move(options)));
    next_own_look_ = std::chrono::steady_clock::now() + kOwnRenewal;
    return {};
}

std::vector<net::TlsServerContext*> Certificates::contexts() const {
    std::vector<net::TlsServerContext*> all{mail_.get(), web_.get()};
    if (legacy_) all.push_back(legacy_.get());
    return all;
}

bool Certificates::loaded() const {
    return mail_ != nullptr;
}

// ---- ACME

Result<void> Certificates::prepare(store::Store& store, net::Resolver& resolver) {
    if (!settings_.acme) return {};
    store_ = &store;
    resolver_ = &resolver;
    acme::Keeper::Hooks hooks;
    hooks.wanted = [this] { return wanted_names(); };
    hooks.look_up = [this](const std::string& name) { return look_up(name); };
    hooks.changed = [this] { take_over(); };
    keeper_ = std::make_unique<acme::Keeper>(keeper_options(settings_), std::move(hooks),
                                             challenges_, log_);
    return keeper_->open();
}

void Certificates::start() {
    if (!keeper_) return;
    auto reports = keeper_->report();
    if (reports.empty() || !reports.front().files)
        log_.warning("tls.own_certificate",
                     {{"what",
                       "until the first certificate comes by ACME, one of an own CA is "
                       "shown, which mail programs do not know"},
                      {"mend", "posthaste cert status says how it goes"}});
    keeper_->start();
}

void Certificates::stop() {
    if (keeper_) keeper_->stop();
}

Result<std::vector<acme::NameSet>> Certificates::wanted_names() const {
    return names_wanted(settings_, *store_);
}

// On the keeper's thread. Only what is certain counts: a name server that does not answer proves
// nothing.
Result<void> Certificates::look_up(const std::string& name) const {
    if (name == settings_.hostname) return {};  // named by a person; the authority may see more
    runtime::Worker worker("acme-dns");
    auto answer =
        runtime::run_to_end(worker, log_, resolver_->addresses(name, Deadline::after(kLookUp)));
    if (!answer ||
        (answer->status != net::DnsStatus::no_name && answer->status != net::DnsStatus::no_data))
        return {};
    return fail(ErrorKind::dns, name + " has no address in DNS",
                fmt::format("add to DNS: {}. CNAME {}.", name, settings_.hostname));
}

void Certificates::take_over() {
    auto files = current_files();
    Result<void> replaced;
    if (!files) replaced = std::unexpected(files.error());
    for (auto* context : {mail_.get(), web_.get()})
        if (replaced) replaced = context->replace_certificates(*files);
    if (replaced && legacy_) {
        auto for_devices = legacy_files();
        replaced = for_devices ? legacy_->replace_certificates(std::move(*for_devices))
                               : Result<void>(std::unexpected(for_devices.error()));
    }
    if (replaced)
        log_.info("tls.reloaded", {{"certificates", mail_->certificates().size()}});
    else
        log_.error("tls.reload_failed",
                   {{"why", replaced.error().text}, {"mend", replaced.error().mend}});
}

std::optional<std::string> Certificates::challenge_text(std::string_view token) const {
    return challenges_.text(token);
}

// ---- files that change

void Certificates::look(bool asked) {
    const auto moment = std::chrono::steady_clock::now();
    if (settings_.cert_files.empty() && moment >= next_own_look_) {
        next_own_look_ = moment + kOwnRenewal;
        auto own = current_files();  // made anew a month before they end
        if (!own) log_.error("tls.renewal_failed", {{"why", own.error().text}});
    }
    // All of the same files; what changes between two of them is seen at the next look by both.
    Result<bool> changed = false;
    for (auto* context : contexts()) {
        auto one = context->reload_if_changed();
        if (changed && (!one || *one)) changed = std::move(one);
    }
    // A broken file is told once, not every five seconds until somebody mends it.
    auto trouble = changed ? std::string() : changed.error().text;
    const bool told = trouble == told_trouble_;
    told_trouble_ = trouble;
    if (!changed) {
        if (told && !asked) return;
        log_.error("tls.reload_failed",
                   {{"why", changed.error().text}, {"mend", changed.error().mend}});
    } else if (*changed) {
        log_.info("tls.reloaded", {{"certificates", mail_->certificates().size()}});
    } else if (asked) {
        log_.info("tls.unchanged", {});
    }
}

// ---- for people

Result<web::CertificateReport> Certificates::report() {
    Result<web::CertificateReport> made;
    {
        MutexLock lock(files_);
        made =
            report_of(settings_, keeper_ ? keeper_->report() : std::vector<acme::Keeper::Report>());
    }
    if (!made) return made;
    if (keeper_) made->terms = keeper_->terms();
    std::map<std::string, web::CertificateReport::Uncovered> names;
    for (const auto* context : contexts()) {
        for (const auto& [name, count, last] : context->uncovered()) {
            auto& entry = names.try_emplace(name, name, 0, last).first->second;
            entry.count += count;
            entry.last = std::max(entry.last, last);
        }
    }
    for (auto& [name, entry] : names) made->uncovered.push_back(std::move(entry));
    std::ranges::sort(made->uncovered,
                      [](const auto& a, const auto& b) { return a.count > b.count; });
    return made;
}

Result<void> Certificates::renew() {
    if (!keeper_)
        return fail(ErrorKind::unsupported, "the certificates here do not come by ACME",
                    settings_.cert_files.empty()
                        ? "those of the own CA are renewed by themselves"
                        : "renew the files by what made them; they are read when they change");
    keeper_->hurry();
    return {};
}

std::unique_ptr<web::CertificateDesk> offline_certificates(const Settings& settings,
                                                           store::Store& store) {
    return std::make_unique<Offline>(settings, store);
}

}  // namespace posthaste::app
