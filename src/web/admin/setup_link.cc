#include "web/admin/setup_link.h"

#include "accounts/setup_links.h"
#include "web/admin/body.h"

#include <cstdlib>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;

constexpr std::int64_t kMostSeconds = 1LL << 40;  // the rest is SetupLinks' to judge

Result<Seconds> valid_time(const HttpRequest& request) {
    PH_TRY(const auto body, json_body(request));
    const auto* const found = body.find("valid_s");
    if (found == nullptr || found->is_null()) return accounts::SetupLinks::kUsual;
    const auto seconds = found->as_int();
    if (!seconds || std::abs(*seconds) > kMostSeconds)
        return fail(ErrorKind::syntax, "\"valid_s\" is no number of seconds",
                    "leave it out for one day");
    return Seconds(*seconds);
}

Result<HttpResponse> make_link(const AdminServices& services, const std::string& address,
                               Seconds valid) {
    if (services.public_base.empty())
        return fail(ErrorKind::denied, "a set-up link needs HTTPS, and listen.https is not set",
                    "add https = \":443\" under [listen] and restart");
    accounts::SetupLinks links(services.store);
    PH_TRY(const auto made, links.make(address, valid));
    formats::JsonWriter out;
    out.begin_object()
        .member("address", address)
        .member("url", services.public_base + "/setup/" + made.token)
        .member("until", format_iso8601(made.until))
        .end_object();
    return HttpResponse::json(std::move(out).take(), 201);
}

runtime::Task<HttpResponse> answer_link(Services services, const HttpRequest& request,
                                        std::string address) {
    auto valid = valid_time(request);
    if (!valid) co_return HttpResponse::error(valid.error());
    auto job = [services, address = std::move(address), valid = *valid] {
        return make_link(*services, address, valid);
    };
    auto response = co_await runtime::offload(services->blocking, std::move(job),
                                              Deadline::after(kAdminDeadline));
    if (!response) co_return HttpResponse::error(response.error());
    co_return std::move(*response);
}

}  // namespace

void add_setup_link_resource(Router& router, const Services& services) {
    router.add("POST", "/v1/accounts/{address}/setup-link",
               [services](const HttpRequest& request, const PathValues& values) {
                   return answer_link(services, request, values.at("address"));
               });
}

}  // namespace posthaste::web
