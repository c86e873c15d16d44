#include "web/setup/profile_page.h"

#include "base/mutex.h"
#include "discovery/mobileconfig.h"
#include "discovery/profile_signer.h"
#include "formats/url.h"
#include "web/setup/setup_view.h"

#include <atomic>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using discovery::text;
using runtime::Task;

using Services = std::shared_ptr<PublicServices>;

// A signature costs a millisecond of a thread that mail needs too, and nobody has to log in for
// one.
constexpr int kSignedAtOnce = 8;
constexpr Seconds kSigning{10};

class Turn {
  public:
    explicit Turn(std::atomic<int>& count) : count_(count), mine_(count.fetch_add(1)) {}

    ~Turn() { count_.fetch_sub(1); }

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    bool has() const { return mine_ < kSignedAtOnce; }

  private:
    std::atomic<int>& count_;
    int mine_;
};

// Signs with the certificate of the moment; reading its key costs ten times what signing does, so
// it is read again only when another certificate was loaded. Thread-safe.
class Signer {
  public:
    explicit Signer(Services services) : services_(std::move(services)) {}

    Result<std::string> sign(std::string_view profile) {
        PH_TRY(const auto signer, present());
        return signer->sign(profile);
    }

    std::atomic<int> at_once{0};

  private:
    Result<std::shared_ptr<const discovery::ProfileSigner>> present() {
        const auto& tls = *services_->tls;
        MutexLock lock(mutex_);
        // Before the identity is asked for: if it changes meanwhile, it is read once too often.
        const auto generation = tls.generation();
        if (signer_ != nullptr && generation == generation_) return signer_;
        PH_TRY(const auto identity, tls.identity(services_->settings.host));
        PH_TRY(signer_, discovery::ProfileSigner::make(identity.chain_pem, identity.key_pem));
        generation_ = generation;
        return signer_;
    }

    const Services services_;
    Mutex mutex_;
    std::shared_ptr<const discovery::ProfileSigner> signer_ PH_GUARDED_BY(mutex_);
    std::uint64_t generation_ PH_GUARDED_BY(mutex_) = 0;
};

// A person taps a link here, so what is wrong is said on a page.
HttpResponse trouble(const SetupView& view, std::string_view key, int status) {
    return setup_note(view, {.title = std::string(text(view.language, "page.profile.title")),
                             .paragraphs = {std::string(text(view.language, key))},
                             .status = status});
}

HttpResponse document(const mail::Mailbox& address, std::string octets) {
    HttpResponse response{
        200, std::string(discovery::kMobileconfigContentType), std::move(octets), {}};
    response.headers.emplace_back(
        "Content-Disposition",
        fmt::format("attachment; filename=\"{}\"", discovery::mobileconfig_file_name(address)));
    return response;
}

Task<HttpResponse> profile(Services services, std::shared_ptr<Signer> signer, std::string name,
                           SetupView view) {
    // The path is decoded already.
    const auto address = discovery::read_mobileconfig_name(formats::percent_encode(name));
    if (!address) co_return trouble(view, "page.profile.no_address", 404);
    auto names = co_await services->domains.get();
    if (!names) co_return trouble(view, "page.profile.later", 503);
    if (!(*names)->contains(address->domain().ascii()))
        co_return trouble(view, "page.profile.no_domain", 404);
    const auto settings = settings_for(services->settings, address->domain());
    auto plain =
        discovery::make_mobileconfig(settings, {.address = *address, .language = view.language});
    if (!plain) co_return trouble(view, "page.profile.no_incoming", 404);
    if (services->tls == nullptr) co_return document(*address, std::move(*plain));
    const Turn turn(signer->at_once);
    if (!turn.has()) co_return trouble(view, "page.profile.later", 503);
    auto job = [signer, plain = std::move(*plain)] { return signer->sign(plain); };
    auto octets =
        co_await runtime::offload(services->blocking, std::move(job), Deadline::after(kSigning));
    if (!octets) co_return trouble(view, "page.profile.later", 503);
    co_return document(*address, std::move(*octets));
}

}  // namespace

void add_profile_page(Router& router, const std::shared_ptr<PublicServices>& services) {
    auto signer = std::make_shared<Signer>(services);
    router.add("GET", "/m/{name}",
               [services, signer](const HttpRequest& request, const PathValues& values) {
                   SetupView view{.settings = services->settings, .admin = services->admin};
                   read_query(request, view);
                   return profile(services, signer, values.at("name"), std::move(view));
               });
}

}  // namespace posthaste::web
