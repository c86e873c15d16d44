// Certificates: where those that we show come from (files, an own CA, ACME), and what keeps them
// fresh. Owns the TLS contexts of the submission ports, of listen.https and of the port for old
// devices, and the ACME keeper's thread.
//
// Made, loaded, begun, looked at and stopped on the main thread; `report`, `renew` and
// `challenge_text` from any thread.
#pragma once

#include "acme/keeper.h"
#include "app/config/settings.h"
#include "base/log.h"
#include "base/mutex.h"
#include "net/resolver.h"
#include "net/tls.h"
#include "store/store.h"
#include "web/admin/certificates.h"

#include <memory>
#include <string>
#include <vector>

namespace posthaste::app {

class Certificates final : public web::CertificateDesk {
  public:
    Certificates(const Settings& settings, Log& log);
    ~Certificates() override;

    // The contexts, from what is there. Before the user changes for files that only root may read;
    // else after `prepare`.
    Result<void> load();
    bool loaded() const;

    // With ACME: its folder, the account's key and what it has obtained before. `store` and
    // `resolver` live until `stop`.
    Result<void> prepare(store::Store& store, net::Resolver& resolver);

    void start();           // ordering may begin: the listeners answer
    void look(bool asked);  // every few seconds, or because of SIGHUP: have files changed?
    void stop();            // ordering ends; takes a few seconds at most

    std::shared_ptr<net::TlsServerContext> mail() const { return mail_; }

    std::shared_ptr<net::TlsServerContext> web() const { return web_; }

    // For old devices; null when there is no port for them.
    std::shared_ptr<net::TlsServerContext> legacy() const { return legacy_; }

    std::optional<std::string> challenge_text(std::string_view token) const;

    Result<web::CertificateReport> report() override;
    Result<void> renew() override;

  private:
    Result<std::vector<net::CertificateFiles>> current_files();
    Result<std::vector<net::CertificateFiles>> legacy_files();
    Result<std::vector<acme::NameSet>> wanted_names() const;
    Result<void> look_up(const std::string& name) const;
    void take_over();  // the keeper has something new
    std::vector<net::TlsServerContext*> contexts() const;

    const Settings& settings_;
    Log& log_;
    store::Store* store_ = nullptr;
    net::Resolver* resolver_ = nullptr;
    acme::Challenges challenges_;
    std::shared_ptr<net::TlsServerContext> mail_, web_, legacy_;
    std::unique_ptr<acme::Keeper> keeper_;  // with ACME only
    SteadyTime next_own_look_{};
    std::string told_trouble_;
    Mutex files_;  // the own CA's are made by one at a time
};

// For commands while no server runs: what the files say.
std::unique_ptr<web::CertificateDesk> offline_certificates(const Settings& settings,
                                                           store::Store& store);

}  // namespace posthaste::app
