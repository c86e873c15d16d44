#include "discovery/settings_card.h"

#include "base/ascii.h"
#include "discovery/mobileconfig.h"
#include "discovery/snippets.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::discovery {
namespace {

constexpr std::pair<Program, std::string_view> kIds[] = {
    {Program::outlook_classic, "outlook-classic"},
    {Program::outlook_new, "outlook-new"},
    {Program::apple, "apple"},
    {Program::thunderbird, "thunderbird"},
    {Program::thunderbird_android, "thunderbird-android"},
    {Program::gmail, "gmail"},
    {Program::device, "device"},
    {Program::app, "app"},
};

std::string_view security_name(Security security) {
    return security == Security::implicit_tls ? "SSL/TLS" : "STARTTLS";
}

// Builds one card: what its functions have in common.
class Builder {
  public:
    Builder(Program program, const MailSettings& settings, const std::optional<mail::Mailbox>& user,
            Language language)
        : settings_(settings),
          user_(user),
          language_(language),
          ports_(submission_ports(settings)),
          key_(program_key(program)) {
        card_.program = program;
        card_.name = own("name");
        card_.path = own("path");
    }

    Card build() {
        switch (card_.program) {
            case Program::outlook_classic:
                outlook_classic();
                break;
            case Program::outlook_new:
                outlook_new();
                break;
            case Program::apple:
                apple();
                break;
            case Program::thunderbird:
                thunderbird();
                break;
            case Program::thunderbird_android:
                thunderbird_android();
                break;
            case Program::gmail:
                gmail();
                break;
            case Program::device:
                device();
                break;
            case Program::app:
                app();
                break;
        }
        return std::move(card_);
    }

  private:
    static std::string program_key(Program program) {
        return fmt::format("card.{}.", program_id(program));
    }

    std::string own(std::string_view key) const {
        return std::string(text(language_, key_ + std::string(key)));
    }

    std::string common(std::string_view key) const {
        return std::string(text(language_, fmt::format("card.{}", key)));
    }

    const SubmissionPort& preferred() const {
        static constexpr SubmissionPort kNone;
        return ports_.empty() ? kNone : ports_[0];
    }

    void group(std::string place) { card_.groups.push_back({std::move(place), {}}); }

    void add(Field field) {
        if (card_.groups.empty()) group("");
        card_.groups.back().fields.push_back(std::move(field));
    }

    void exact(std::string label, std::string_view value) {
        add({Field::Kind::value, std::move(label), std::string(value), true});
    }

    void exact(std::string label, std::uint16_t port) {
        exact(std::move(label), std::to_string(port));
    }

    void words(std::string label, std::string value) {
        add({Field::Kind::value, std::move(label), std::move(value), false});
    }

    void mark(Field::Kind kind, std::string label) { add({kind, std::move(label), "", false}); }

    void address(std::string label) {
        if (user_) {
            exact(std::move(label), user_->to_string());
        } else {
            words(std::move(label), common("full_address"));
        }
    }

    void note(std::string_view key) { card_.notes.push_back(common(key)); }

    // "For sending, port 587 with STARTTLS works too."
    void other_port() {
        if (ports_.size() < 2) return;
        card_.notes.push_back(
            fill_text(common("other_port"), {{"port", std::to_string(ports_[1].port)},
                                             {"security", security_name(ports_[1].security)}}));
    }

    // No mail program makes an account by itself without an incoming server (clients.md 1.4).
    void automatic() {
        if (incoming() != nullptr) {
            card_.automatic = own("automatic");
        } else {
            note("no_incoming");
        }
    }

    std::string kind() const { return incoming()->kind == IncomingKind::imap ? "IMAP" : "POP3"; }

    // A label that names the protocol.
    std::string of_kind(std::string_view key) const {
        return fill_text(own(key), {{"kind", kind()}});
    }

    // "Fetching mail with POP3 works too: pop.example.com, port 995 with SSL/TLS."
    void other_incoming() {
        for (const IncomingServer& one : settings_.incoming) {
            if (&one == incoming()) continue;
            card_.notes.push_back(
                fill_text(common("other_incoming"),
                          {{"kind", one.kind == IncomingKind::imap ? "IMAP" : "POP3"},
                           {"host", one.host},
                           {"port", std::to_string(one.port)},
                           {"security", security_name(one.security)}}));
        }
    }

    const IncomingServer* incoming() const {
        return settings_.incoming.empty() ? nullptr : &settings_.incoming.front();
    }

    void outlook_classic() {
        automatic();
        group(own("account"));
        if (incoming() != nullptr) exact(own("incoming"), incoming()->host);
        exact(own("outgoing"), settings_.host);
        address(own("user"));
        words(own("password"), common("your_password"));
        mark(Field::Kind::unchecked, own("spa"));
        group(own("outgoing_tab"));
        mark(Field::Kind::checked, own("requires"));
        mark(Field::Kind::chosen, own("same"));
        group(own("advanced_tab"));
        if (incoming() != nullptr) {
            const bool imap = incoming()->kind == IncomingKind::imap;
            exact(own(imap ? "imap_port" : "pop_port"), incoming()->port);
            words(own("encryption"), std::string(security_name(incoming()->security)));
        }
        exact(own("smtp_port"), preferred().port);
        words(own("encryption"), std::string(security_name(preferred().security)));
        other_port();
        other_incoming();
    }

    void outlook_new() {
        automatic();
        if (incoming() != nullptr) {
            group(kind());
            exact(own("server"), incoming()->host);
            exact(own("port"), incoming()->port);
            words(own("security"), std::string(security_name(incoming()->security)));
            address(of_kind("incoming_user"));
            words(of_kind("incoming_password"), common("your_password"));
        }
        group(own("outgoing_part"));
        exact(own("server"), settings_.host);
        exact(own("port"), preferred().port);
        words(own("security"), std::string(security_name(preferred().security)));
        address(own("user"));
        words(own("password"), common("your_password"));
        other_port();
        other_incoming();
        note("labels_differ");
        note("outlook_new_cloud");
    }

    void apple() {
        if (!settings_.https_base.empty()) automatic();
        if (!card_.automatic.empty() && user_) card_.link = mobileconfig_url(settings_, *user_);
        exact(own("host"), settings_.host);
        address(own("user"));
        words(own("password"), common("your_password"));
        mark(Field::Kind::checked, own("ssl"));
        words(own("authentication"), own("authentication_value"));
        exact(own("port"), preferred().port);
        if (incoming() != nullptr) {
            group(own("incoming_path"));
            exact(own("host"), incoming()->host);
            address(own("user"));
            words(own("password"), common("your_password"));
            mark(Field::Kind::checked, own("ssl"));
            words(own("authentication"), own("authentication_value"));
            exact(own("port"), incoming()->port);
        }
        other_port();
        other_incoming();
    }

    void thunderbird() {
        automatic();
        exact(own("server"), settings_.host);
        exact(own("port"), preferred().port);
        words(own("security"), std::string(security_name(preferred().security)));
        words(own("method"), own("method_value"));
        address(own("user"));
        if (incoming() != nullptr) {
            group(own("incoming_path"));
            exact(own("server"), incoming()->host);
            exact(own("port"), incoming()->port);
            address(own("user"));
            words(own("security"), std::string(security_name(incoming()->security)));
            words(own("method"), own("method_value"));
        }
        other_port();
        other_incoming();
    }

    void thunderbird_android() {
        automatic();
        exact(own("server"), settings_.host);
        words(own("security"), std::string(security_name(preferred().security)));
        exact(own("port"), preferred().port);
        mark(Field::Kind::checked, own("requires"));
        words(own("method"), own("method_value"));
        address(own("user"));
        words(own("password"), common("your_password"));
        if (incoming() != nullptr) {
            group(own("incoming_path"));
            exact(of_kind("incoming_server"), incoming()->host);
            words(own("security"), std::string(security_name(incoming()->security)));
            exact(own("port"), incoming()->port);
            words(own("method"), own("method_value"));
            address(own("user"));
            words(own("password"), common("your_password"));
        }
        other_port();
        other_incoming();
        if (incoming() != nullptr) note("qr_in_the_app");
    }

    void gmail() {
        exact(own("server"), settings_.host);
        exact(own("port"), preferred().port);
        address(own("user"));
        words(own("password"), common("your_password"));
        const bool implicit = preferred().security == Security::implicit_tls;
        mark(Field::Kind::chosen, own(implicit ? "ssl" : "tls"));
        note("app_password");
    }

    void device() {
        // Devices know STARTTLS on 587 more often than TLS from the first octet.
        const SubmissionPort& port = ports_.size() > 1 ? ports_[1] : preferred();
        exact(own("server"), settings_.host);
        exact(own("port"), port.port);
        words(own("security"), std::string(security_name(port.security)));
        mark(Field::Kind::checked, own("requires"));
        address(own("user"));
        words(own("password"), common("device_password"));
        address(own("from"));
        if (ports_.size() > 1)
            card_.notes.push_back(
                fill_text(common("other_port"), {{"port", std::to_string(ports_[0].port)},
                                                 {"security", security_name(ports_[0].security)}}));
        note("device_from");
        note("device_old");
    }

    void app() {
        exact(own("url"), app_url(settings_, user_));
        exact(own("server"), settings_.host);
        exact(own("port"), preferred().port);
        words(own("security"), std::string(security_name(preferred().security)));
        address(own("user"));
        words(own("password"), common("device_password"));
        address(own("from"));
        card_.snippets = app_snippets(settings_, user_);
        other_port();
        note("app_env");
    }

    const MailSettings& settings_;
    const std::optional<mail::Mailbox>& user_;
    Language language_;
    std::vector<SubmissionPort> ports_;
    std::string key_;
    Card card_;
};

std::string_view mark_of(Field::Kind kind) {
    switch (kind) {
        case Field::Kind::checked:
            return "[x] ";
        case Field::Kind::unchecked:
            return "[ ] ";
        case Field::Kind::chosen:
            return "(o) ";
        case Field::Kind::value:
            break;
    }
    return "";
}

// Characters, as a terminal counts them.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

void append_group(std::string& out, const FieldGroup& group) {
    if (!group.place.empty()) out += fmt::format("  {}\n", group.place);
    std::size_t width = 30;
    for (const Field& field : group.fields) {
        if (field.kind == Field::Kind::value) width = std::max(width, width_of(field.label) + 4);
    }
    for (const Field& field : group.fields) {
        if (field.kind != Field::Kind::value) {
            out += fmt::format("    {}{}\n", mark_of(field.kind), field.label);
            continue;
        }
        const std::string dots(width - width_of(field.label) - 1, '.');
        out += fmt::format("    {} {} {}\n", field.label, dots, field.value);
    }
}

}  // namespace

std::string_view program_id(Program program) {
    return kIds[static_cast<std::size_t>(program)].second;
}

std::optional<Program> find_program(std::string_view id) {
    for (const auto& [program, name] : kIds) {
        if (name == id) return program;
    }
    return {};
}

std::optional<Program> likely_program(std::string_view user_agent) {
    const std::string agent = ascii::to_lower(user_agent.substr(0, 512));
    const auto has = [&agent](std::string_view word) {
        return agent.find(word) != std::string::npos;
    };
    if (has("thunderbird")) return Program::thunderbird;
    if (has("iphone") || has("ipad")) return Program::apple;
    if (has("android")) return Program::thunderbird_android;
    if (has("macintosh")) return Program::apple;
    if (has("windows")) return Program::outlook_classic;
    if (has("linux") || has("bsd")) return Program::thunderbird;
    return {};
}

Card make_card(Program program, const MailSettings& settings,
               const std::optional<mail::Mailbox>& user, Language language) {
    return Builder(program, settings, user, language).build();
}

std::string card_text(const Card& card, Language language) {
    std::string out = card.name + "\n";
    if (!card.automatic.empty())
        out += fmt::format("  {}: {}\n", text(language, "card.automatic"), card.automatic);
    if (!card.link.empty()) out += fmt::format("  {}\n", card.link);
    if (!card.path.empty()) out += fmt::format("  {}\n", card.path);
    for (const FieldGroup& group : card.groups) append_group(out, group);
    for (const std::string& note : card.notes) out += fmt::format("  {}\n", note);
    return out;
}

}  // namespace posthaste::discovery
