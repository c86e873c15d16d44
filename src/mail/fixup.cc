#include "mail/fixup.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/date.h"
#include "mail/text.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

std::unexpected<Error> refuse(std::string text) {
    return fail(ErrorKind::syntax, std::move(text),
                "the message needs exactly one From field that names who sends it");
}

Result<std::vector<Mailbox>> read_addresses(const HeaderField& field, std::string_view name) {
    auto found = parse_address_list(field.body());
    if (!found) {
        return refuse(fmt::format("the {} field cannot be read: {}", name, found.error().text));
    }
    if (found->empty()) return refuse(fmt::format("the {} field names nobody", name));
    return found;
}

// Names only the recipients of blind copies, or speaks to us alone, or is a receiver's to write.
bool is_private(const HeaderField& field) {
    return field.is("Bcc") || field.is("Resent-Bcc") || field.is("Return-Path") ||
           field.is("Delivered-To") || ascii::starts_with_ignore_case(field.name, "X-Posthaste-");
}

// "Authentication-Results: our-host; …": a reader would believe that we had found it so (RFC 8601
// §5).
bool is_our_verdict(const HeaderField& field, const std::string& hostname) {
    if (!field.is("Authentication-Results")) return false;
    const std::string body = field.unfolded();
    const std::string_view name = ascii::trim(std::string_view(body).substr(0, body.find(';')));
    return ascii::equals_ignore_case(name.substr(0, name.find(' ')), hostname);
}

// d= of a DKIM-Signature.
std::optional<Domain> signing_domain(const HeaderField& field) {
    const std::string body = field.unfolded();
    std::string_view rest = body;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        const std::string_view tag = ascii::trim(rest.substr(0, end));
        rest.remove_prefix(std::min(rest.size(), end + 1));
        if (!tag.starts_with('d')) continue;
        const std::string_view behind = ascii::trim(tag.substr(1));
        if (!behind.starts_with('=')) continue;
        auto domain = Domain::parse(ascii::trim(behind.substr(1)));
        if (domain) return std::move(*domain);
    }
    return std::nullopt;
}

bool is_resent(const HeaderField& field) {
    return ascii::starts_with_ignore_case(field.name, "Resent-");
}

// Where the topmost block of Resent-* fields begins and ends.
std::pair<std::size_t, std::size_t> resent_block(const HeaderBlock& header) {
    const auto& fields = header.fields();
    const auto begin = std::ranges::find_if(fields, is_resent);
    const auto end = std::find_if_not(begin, fields.end(), is_resent);
    return {static_cast<std::size_t>(begin - fields.begin()),
            static_cast<std::size_t>(end - fields.begin())};
}

class Fixer {
  public:
    Fixer(HeaderBlock& header, const FixUp& with) : header_(header), with_(with) {}

    ChangeList fix() {
        remove_fields();
        look_at_fields();
        fix_resent();
        add_fields();
        return std::move(changes_);
    }

  private:
    void told(std::string_view rule, std::string text) {
        changes_.push_back({std::string(rule), std::move(text)});
    }

    template <class Predicate>
    void remove(Predicate unwanted) {
        std::vector<std::string> names;
        for (const HeaderField& field : header_.fields()) {
            if (unwanted(field) && std::ranges::find(names, field.name) == names.end())
                names.push_back(field.name);
        }
        header_.remove_if(unwanted);
        constexpr std::size_t kMost = 10;
        for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
            told("F-6", fmt::format("{} was removed", utf8::printable(names[i], 60)));
    }

    void remove_fields() {
        remove([&](const HeaderField& field) {
            return is_private(field) || is_our_verdict(field, with_.hostname);
        });
        if (!with_.signs) return;
        remove([&](const HeaderField& field) {
            if (!field.is("DKIM-Signature")) return false;
            const auto domain = signing_domain(field);
            return domain && with_.signs(*domain);
        });
    }

    void look_at_fields() {
        for (std::size_t i = 0; i < header_.fields().size(); ++i) {
            const HeaderField& field = header_.fields()[i];
            const bool content = ascii::starts_with_ignore_case(field.name, "Content-");
            if (field.is("From") || field.is("Sender") || content || field.is("MIME-Version")) {
                // "From :" is From to us, but not to every reader behind us.
                if (field.raw[field.name.size()] != ':') header_.rename(i, field.name);
            }
            has_content_ = has_content_ || content;
            has_version_ = has_version_ || field.is("MIME-Version");
            if (field.is("Date"))
                look_at_date(i);
            else if (field.is("Message-ID"))
                look_at_id(i);
        }
    }

    void look_at_date(std::size_t i) {
        if (is_date(header_.fields()[i].body())) {
            has_date_ = true;
            return;
        }
        header_.rename(i, "X-Original-Date");
        told("F-3",
             "Date could not be read: it is kept as X-Original-Date, the present time is in "
             "its place");
    }

    // One without '@' is refused by large receivers as if there were none; letters beyond ASCII
    // have no form there.
    void look_at_id(std::size_t i) {
        const std::string_view body = header_.fields()[i].body();
        if (body.find('@') != std::string_view::npos && ascii::is_ascii(body)) {
            has_id_ = true;
            return;
        }
        header_.rename(i, "X-Original-Message-ID");
        told("F-4",
             "Message-ID was none: it is kept as X-Original-Message-ID, a new one is in its "
             "place");
    }

    void fix_resent() {
        auto [begin, end] = resent_block(header_);
        if (begin == end) return;
        bool has_from = false;
        bool has_date = false;
        for (std::size_t i = begin; i < end; ++i) {
            const HeaderField& field = header_.fields()[i];
            has_from = has_from || field.is("Resent-From");
            if (!field.is("Resent-Date")) continue;
            if (is_date(field.body())) {
                has_date = true;
            } else {
                header_.rename(i, "X-Original-Resent-Date");
                told("F-8", "Resent-Date could not be read: it is kept as X-Original-Resent-Date");
            }
        }
        if (!has_from || has_date) return;
        header_.insert(begin, "Resent-Date", format_rfc5322(with_.now));
        told("F-8", "Resent-Date was added");
    }

    void add_fields() {
        const auto who = authors(header_);
        if (!has_date_) {
            header_.append("Date", format_rfc5322(with_.now));
            told("F-3", "Date was added");
        }
        if (!has_id_) {
            const bool named = who && !who->front().domain().is_literal();
            const std::string domain = named ? who->front().domain().ascii() : with_.hostname;
            header_.append("Message-ID",
                           fmt::format("<{}@{}>", ascii::to_lower(with_.id.to_string()), domain));
            told("F-4", "Message-ID was added");
        }
        if (has_content_ && !has_version_) {
            header_.append("MIME-Version", "1.0");
            told("F-5", "MIME-Version was added");
        }
        // RFC 5322 §3.6.2: From may name several, but one of them has sent it.
        if (who && who->size() > 1 && header_.find("Sender") == nullptr) {
            header_.append("Sender", who->front().to_string());
            told("F-1", fmt::format("Sender was added, since From names {} people", who->size()));
        }
    }

    HeaderBlock& header_;
    const FixUp& with_;
    ChangeList changes_;
    bool has_date_ = false;
    bool has_id_ = false;
    bool has_version_ = false;
    bool has_content_ = false;
};

// The display name in front of the address, if it is plain to see.
std::string display_name(const HeaderField& from) {
    const std::string body = from.unfolded();
    const std::size_t angle = body.find('<');
    if (angle == std::string::npos) return {};
    std::string name(ascii::trim(std::string_view(body).substr(0, angle)));
    if (name.size() > 1 && name.front() == '"' && name.back() == '"')
        name = name.substr(1, name.size() - 2);
    const bool plain = ascii::is_ascii(name) && name.size() <= 200 &&
                       name.find_first_of("\"\\@<>(),:;[]") == std::string::npos;
    return plain ? name : std::string();
}

}  // namespace

Result<std::vector<Mailbox>> authors(const HeaderBlock& header) {
    const HeaderField* from = nullptr;
    const HeaderField* sender = nullptr;
    for (const HeaderField& field : header.fields()) {
        if (field.is("From")) {
            if (from != nullptr) return refuse("the message has more than one From field");
            from = &field;
        } else if (field.is("Sender")) {
            if (sender != nullptr) return refuse("the message has more than one Sender field");
            sender = &field;
        }
    }
    if (from == nullptr) return refuse("the message has no From field");
    PH_TRY(auto all, read_addresses(*from, "From"));
    if (sender != nullptr) {
        PH_TRY(auto senders, read_addresses(*sender, "Sender"));
        all.insert(all.end(), std::move_iterator(senders.begin()),
                   std::move_iterator(senders.end()));
    }
    return all;
}

Result<std::vector<Mailbox>> resenders(const HeaderBlock& header) {
    std::vector<Mailbox> all;
    const auto [begin, end] = resent_block(header);
    for (std::size_t i = begin; i < end; ++i) {
        const HeaderField& field = header.fields()[i];
        if (!field.is("Resent-From") && !field.is("Resent-Sender")) continue;
        PH_TRY(auto some, read_addresses(field, field.name));
        all.insert(all.end(), std::move_iterator(some.begin()), std::move_iterator(some.end()));
    }
    return all;
}

std::optional<std::string> find_duplicate(const HeaderBlock& header) {
    constexpr auto kOnce = std::to_array<std::string_view>(
        {"From", "Sender", "Date", "Subject", "To", "Content-Type", "Content-Transfer-Encoding"});
    std::array<bool, kOnce.size()> seen{};
    for (const HeaderField& field : header.fields()) {
        for (std::size_t i = 0; i < kOnce.size(); ++i) {
            if (!field.is(kOnce[i])) continue;
            if (seen[i]) return std::string(kOnce[i]);
            seen[i] = true;
        }
    }
    return std::nullopt;
}

ChangeList fix_up(HeaderBlock& header, const FixUp& with) {
    return Fixer(header, with).fix();
}

ChangeList rewrite_author(HeaderBlock& header, const Mailbox& own,
                          const std::function<bool(const Mailbox&)>& owns) {
    ChangeList changes;
    const auto told = [&](std::string text) { changes.push_back({"F-1", std::move(text)}); };
    const HeaderField* sender = header.find("Sender");
    if (sender != nullptr) {
        const auto named = parse_address_list(sender->body());
        if (!named || named->empty() || !std::ranges::all_of(*named, owns)) {
            header.remove("Sender");
            told("Sender named somebody else and was removed");
        }
    }
    const HeaderField* from = header.find("From");
    const auto named = from != nullptr ? parse_address_list(from->body())
                                       : Result<std::vector<Mailbox>>(std::vector<Mailbox>());
    const bool sound = named && !named->empty() && header.count("From") == 1;
    if (sound && std::ranges::all_of(*named, owns)) return changes;
    const std::string name = from != nullptr ? display_name(*from) : std::string();
    if (sound && header.find("Reply-To") == nullptr && named->front().is_ascii() &&
        !named->front().domain().is_literal()) {
        header.append("Reply-To", named->front().to_string());
    }
    const std::string body =
        name.empty() ? own.to_string() : fmt::format("\"{}\" <{}>", name, own.to_string());
    if (from == nullptr) {
        header.prepend("From", body);
        told("From was added: the device gave none");
        return changes;
    }
    const std::string former = sound ? named->front().to_string() : "one that cannot be read";
    const auto at = static_cast<std::size_t>(from - header.fields().data());
    header.replace(at, fmt::format("{}: {}\r\n", from->name, body));
    std::size_t index = 0;  // a further From would make it two senders
    bool first = true;
    while (index < header.fields().size()) {
        if (header.fields()[index].is("From") && !std::exchange(first, false))
            header.rename(index, "X-Original-From");
        ++index;
    }
    told(fmt::format("From was {}, which is not this device's: it became {}", former,
                     own.to_string()));
    return changes;
}

}  // namespace posthaste::mail
