#include "web/admin/directory.h"

#include "accounts/directory.h"
#include "accounts/profile.h"
#include "accounts/suppressions.h"
#include "web/admin/body.h"

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using Services = std::shared_ptr<const AdminServices>;
using formats::JsonWriter;

// Directory calls block (Argon2, the store), so each runs on the pool with all it needs by value.
template <class F>
runtime::Task<HttpResponse> with_directory(Services services, F work) {
    auto job = [services, work = std::move(work)]() mutable -> Result<HttpResponse> {
        accounts::Directory directory(services->store);
        return work(directory);
    };
    auto response = co_await runtime::offload(services->blocking, std::move(job),
                                              Deadline::after(kAdminDeadline));
    if (!response) co_return HttpResponse::error(response.error());
    co_return std::move(*response);
}

Result<HttpResponse> done_or(Result<void> status) {
    if (!status) return std::unexpected(std::move(status).error());
    return done();
}

void write_account(JsonWriter& out, const store::AccountRow& row) {
    out.begin_object()
        .member("address", row.address)
        .member("name", row.name)
        .member("disabled", row.disabled)
        .member("profile", accounts::to_string(row.profile))
        .member("priority", int{row.priority});
    out.member("password", !row.password_hash.empty())
        .member("created", format_iso8601(row.created))
        .member("language", row.language.empty() ? "en" : row.language)
        .member("verp", accounts::to_string(row.verp))
        .member("reports", accounts::to_string(row.reports));
    out.key("also").begin_array();
    for (const auto& other : row.also) out.value(other);
    out.end_array().end_object();
}

Result<HttpResponse> list_domains(accounts::Directory& directory) {
    PH_TRY(auto rows, directory.domains());
    JsonWriter out;
    out.begin_object().key("domains").begin_array();
    for (const auto& row : rows)
        out.begin_object()
            .member("name", row.name)
            .member("created", format_iso8601(row.created))
            .end_object();
    out.end_array().end_object();
    return HttpResponse::json(std::move(out).take());
}

Result<HttpResponse> list_accounts(accounts::Directory& directory) {
    PH_TRY(auto rows, directory.accounts());
    JsonWriter out;
    out.begin_object().key("accounts").begin_array();
    for (const auto& row : rows) write_account(out, row);
    out.end_array().end_object();
    return HttpResponse::json(std::move(out).take());
}

Result<HttpResponse> list_app_passwords(accounts::Directory& directory,
                                        const std::string& address) {
    PH_TRY(auto rows, directory.app_passwords(address));
    JsonWriter out;
    out.begin_object().key("app_passwords").begin_array();
    for (const auto& row : rows)
        out.begin_object()
            .member("id", row.id)
            .member("name", row.name)
            .member("created", format_iso8601(row.created))
            .member("device", row.device)
            .end_object();
    out.end_array().end_object();
    return HttpResponse::json(std::move(out).take());
}

// With "password" it is that; without, an app password is made and shown this once.
Result<HttpResponse> add_account(accounts::Directory& directory, const std::string& address,
                                 const std::string& name, const Secret& password,
                                 store::Profile profile) {
    PH_CHECK(directory.add_account(address, name, password));
    if (profile != store::Profile::human) PH_CHECK(directory.set_profile(address, profile));
    JsonWriter out;
    out.begin_object().member("address", address);
    if (password.empty()) {
        PH_TRY(auto made, directory.new_app_password(address, "first device"));
        out.member("app_password", made.password.reveal());
    }
    out.end_object();
    return HttpResponse::json(std::move(out).take(), 201);
}

Result<HttpResponse> new_app_password(accounts::Directory& directory, const std::string& address,
                                      const std::string& name, bool device) {
    PH_TRY(auto made, directory.new_app_password(address, name, device));
    JsonWriter out;
    out.begin_object()
        .member("id", made.id)
        .member("name", name)
        .member("device", device)
        .member("app_password", made.password.reveal())
        .end_object();
    return HttpResponse::json(std::move(out).take(), 201);
}

Result<bool> body_flag(const HttpRequest& request, std::string_view key) {
    PH_TRY(auto body, json_body(request));
    return flag_member(body, key);
}

Result<std::string> body_text(const HttpRequest& request, std::string_view key) {
    PH_TRY(auto body, json_body(request));
    return text_member(body, key);
}

void add_domains(Router& router, const Services& services) {
    router.add("GET", "/v1/domains", [services](const auto&, const auto&) {
        return with_directory(services, list_domains);
    });
    router.add("POST", "/v1/domains", [services](const HttpRequest& request, const auto&) {
        auto name = body_text(request, "name");
        return with_directory(services, [name](auto& directory) -> Result<HttpResponse> {
            if (!name) return std::unexpected(name.error());
            return done_or(directory.add_domain(*name));
        });
    });
    router.add("DELETE", "/v1/domains/{name}", [services](const auto&, const PathValues& values) {
        return with_directory(services, [name = values.at("name")](auto& directory) {
            return done_or(directory.remove_domain(name));
        });
    });
}

struct NewAccount {
    std::string address, name;
    Secret password;
    store::Profile profile = store::Profile::human;
};

Result<NewAccount> new_account(const HttpRequest& request) {
    PH_TRY(auto body, json_body(request));
    PH_TRY(auto address, text_member(body, "address"));
    PH_TRY(auto name, optional_text(body, "name"));
    PH_TRY(auto password, optional_text(body, "password"));
    PH_TRY(const auto profile, optional_text(body, "profile"));
    PH_TRY(const auto parsed, accounts::parse_profile(profile));
    return NewAccount{std::move(address), std::move(name), Secret(std::move(password)), parsed};
}

void add_accounts(Router& router, const Services& services) {
    router.add("GET", "/v1/accounts", [services](const auto&, const auto&) {
        return with_directory(services, list_accounts);
    });
    router.add("POST", "/v1/accounts", [services](const HttpRequest& request, const auto&) {
        return with_directory(
            services, [wanted = new_account(request)](auto& directory) -> Result<HttpResponse> {
                if (!wanted) return std::unexpected(wanted.error());
                return add_account(directory, wanted->address, wanted->name, wanted->password,
                                   wanted->profile);
            });
    });
    router.add("GET", "/v1/accounts/{address}", [services](const auto&, const PathValues& values) {
        return with_directory(
            services, [address = values.at("address")](auto& directory) -> Result<HttpResponse> {
                PH_TRY(auto row, directory.account(address));
                JsonWriter out;
                write_account(out, row);
                return HttpResponse::json(std::move(out).take());
            });
    });
    router.add(
        "DELETE", "/v1/accounts/{address}", [services](const auto&, const PathValues& values) {
            return with_directory(
                services,
                [services, a = values.at("address")](auto& directory) -> Result<HttpResponse> {
                    PH_CHECK(directory.remove_account(a));
                    if (services->suppressions != nullptr)
                        PH_CHECK(services->suppressions->forget_account(a));
                    return done();
                });
        });
    for (bool disabled : {true, false}) {
        router.add("POST",
                   disabled ? "/v1/accounts/{address}/disable" : "/v1/accounts/{address}/enable",
                   [services, disabled](const auto&, const PathValues& values) {
                       return with_directory(
                           services, [a = values.at("address"), disabled](auto& directory) {
                               return done_or(directory.set_disabled(a, disabled));
                           });
                   });
    }
}

// POST /v1/accounts/{address}/NAME with {"NAME": "text"}.
struct TextSetting {
    std::string_view name;
    Result<void> (*set)(accounts::Directory& directory, const std::string& address,
                        const std::string& text);
};

constexpr TextSetting kTextSettings[] = {
    {"profile",
     [](auto& directory, const auto& address, const auto& text) -> Result<void> {
         PH_TRY(const auto profile, accounts::parse_profile(text));
         return directory.set_profile(address, profile);
     }},
    {"verp",
     [](auto& directory, const auto& address, const auto& text) -> Result<void> {
         PH_TRY(const auto verp, accounts::parse_verp(text));
         return directory.set_verp(address, verp);
     }},
    {"reports",
     [](auto& directory, const auto& address, const auto& text) -> Result<void> {
         PH_TRY(const auto wish, accounts::parse_report_wish(text));
         return directory.set_reports(address, wish);
     }},
    {"language", [](auto& directory, const auto& address,
                    const auto& text) { return directory.set_language(address, text); }},
    {"password", [](auto& directory, const auto& address,
                    const auto& text) { return directory.set_password(address, Secret(text)); }},
};

void add_account_settings(Router& router, const Services& services) {
    for (const TextSetting& setting : kTextSettings) {
        router.add("POST", fmt::format("/v1/accounts/{{address}}/{}", setting.name),
                   [services, setting](const HttpRequest& request, const PathValues& values) {
                       return with_directory(
                           services,
                           [a = values.at("address"), text = body_text(request, setting.name),
                            set = setting.set](auto& directory) -> Result<HttpResponse> {
                               if (!text) return std::unexpected(text.error());
                               return done_or(set(directory, a, *text));
                           });
                   });
    }
    router.add("POST", "/v1/accounts/{address}/priority",
               [services](const HttpRequest& request, const PathValues& values) {
                   return with_directory(
                       services,
                       [a = values.at("address"),
                        body = json_body(request)](auto& directory) -> Result<HttpResponse> {
                           if (!body) return std::unexpected(body.error());
                           const auto* value = body->find("priority");
                           const auto number = value ? value->as_int() : std::nullopt;
                           return done_or(directory.set_priority(a, number.value_or(-1)));
                       });
               });
}

void add_credentials(Router& router, const Services& services) {
    router.add("POST", "/v1/accounts/{address}/addresses/{other}",
               [services](const auto&, const PathValues& values) {
                   return with_directory(services, [a = values.at("address"),
                                                    o = values.at("other")](auto& directory) {
                       return done_or(directory.allow_address(a, o));
                   });
               });
    router.add("DELETE", "/v1/accounts/{address}/addresses/{other}",
               [services](const auto&, const PathValues& values) {
                   return with_directory(services, [a = values.at("address"),
                                                    o = values.at("other")](auto& directory) {
                       return done_or(directory.disallow_address(a, o));
                   });
               });
    router.add("GET", "/v1/accounts/{address}/app-passwords",
               [services](const auto&, const PathValues& values) {
                   return with_directory(services, [a = values.at("address")](auto& directory) {
                       return list_app_passwords(directory, a);
                   });
               });
    router.add(
        "POST", "/v1/accounts/{address}/app-passwords",
        [services](const HttpRequest& request, const PathValues& values) {
            return with_directory(
                services,
                [a = values.at("address"), name = body_text(request, "name"),
                 device = body_flag(request, "device")](auto& directory) -> Result<HttpResponse> {
                    if (!name) return std::unexpected(name.error());
                    if (!device) return std::unexpected(device.error());
                    return new_app_password(directory, a, *name, *device);
                });
        });
    router.add("DELETE", "/v1/accounts/{address}/app-passwords/{id}",
               [services](const auto&, const PathValues& values) {
                   return with_directory(
                       services, [a = values.at("address"), id = values.at("id")](auto& directory) {
                           return done_or(directory.revoke_app_password(a, id));
                       });
               });
}

}  // namespace

void add_directory_resources(Router& router, const Services& services) {
    add_domains(router, services);
    add_accounts(router, services);
    add_account_settings(router, services);
    add_credentials(router, services);
}

}  // namespace posthaste::web
