#include "mail/dkim/dkim.h"

#include "base/ascii.h"
#include "base/base64.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kLine = 76;  // of the folded field

struct Signed {
    std::string_view name;
    bool once_more = false;  // and that there is no further one
};

// delivery.md 5.4. Not what is added on the way: Received, Return-Path, Authentication-Results.
constexpr Signed kFields[] = {
    {"From", true},
    {"Sender", true},
    {"Reply-To", true},
    {"Subject", true},
    {"Date", true},
    {"Message-ID", true},
    {"To", true},
    {"Cc", true},
    {"MIME-Version", true},
    {"Content-Type", true},
    {"List-Unsubscribe", true},
    {"List-Unsubscribe-Post", true},
    {"Content-Transfer-Encoding"},
    {"Content-ID"},
    {"Content-Description"},
    {"Content-Disposition"},
    {"In-Reply-To"},
    {"References"},
    {"Resent-From"},
    {"Resent-Sender"},
    {"Resent-Date"},
    {"Resent-Message-ID"},
    {"Resent-To"},
    {"Resent-Cc"},
    {"List-Id"},
    {"List-Help"},
    {"List-Subscribe"},
    {"List-Post"},
    {"List-Owner"},
    {"List-Archive"},
    {"Auto-Submitted"},
    {"Feedback-ID"},
    {"TLS-Report-Domain"},
    {"TLS-Report-Submitter"},
};

// RFC 6376 §3.4.2, without the final CR LF. `body`: behind the colon.
void append_relaxed(std::string& out, std::string_view name, std::string_view body) {
    for (const char c : name) out.push_back(ascii::lower(c));
    out.push_back(':');
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    bool any = false;
    for (std::size_t at = 0; at < body.size();) {
        if (is_space(body[at])) {
            ++at;
            continue;
        }
        const std::size_t begin = at;
        while (at < body.size() && !is_space(body[at])) ++at;
        if (any) out.push_back(' ');
        out.append(body, begin, at - begin);
        any = true;
    }
}

// What h= names, in order, and the signed fields in canonical form. The n-th mention of a name is
// its n-th field counted from below (RFC 6376 §5.4.2); one mention more is the absence of another.
struct Selection {
    std::vector<std::string_view> names;
    std::string canonical;
};

Selection select(const HeaderBlock& header) {
    Selection selection;
    const auto& fields = header.fields();
    for (const Signed& wanted : kFields) {
        for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
            if (!field->is(wanted.name)) continue;
            selection.names.push_back(wanted.name);
            append_relaxed(selection.canonical, field->name, field->body());
            selection.canonical += "\r\n";
        }
        if (wanted.once_more) selection.names.push_back(wanted.name);
    }
    return selection;
}

std::string folded_names(const std::vector<std::string_view>& names, std::size_t column) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string_view separator = i == 0 ? "" : ":";
        if (column + separator.size() + names[i].size() + 1 > kLine) {
            out += separator;
            out += "\r\n\t";
            column = 1;
        } else {
            out += separator;
            column += separator.size();
        }
        out += names[i];
        column += names[i].size();
    }
    return out;
}

std::string folded_value(std::string_view value, std::size_t column) {
    std::string out;
    while (!value.empty()) {
        const std::size_t room = std::min(value.size(), kLine - column);
        out += value.substr(0, room);
        value.remove_prefix(room);
        if (!value.empty()) out += "\r\n\t";
        column = 1;
    }
    return out;
}

}  // namespace

bool is_dkim_selector(std::string_view selector) {
    if (selector.empty() || selector.size() > 63) return false;
    char before = '.';
    for (const char c : selector) {
        const bool sound = ascii::is_alnum(c) || c == '-' || c == '.';
        if (!sound || (c == '.' && (before == '.' || before == '-'))) return false;
        if (c == '-' && before == '.') return false;
        before = c;
    }
    return before != '.' && before != '-';
}

Result<std::string> make_dkim_signature(const HeaderBlock& header, std::string_view body_hash,
                                        const DkimIdentity& identity, const DkimSigner& signer,
                                        Timestamp now) {
    Selection selection = select(header);
    const auto seconds = std::chrono::floor<Seconds>(now).time_since_epoch().count();
    std::string body =
        fmt::format(" v=1; a={}; c=relaxed/relaxed; t={};\r\n\td={};\r\n\ts={};\r\n\th=",
                    to_string(signer.algorithm()), seconds, identity.domain, identity.selector);
    body += folded_names(selection.names, 3);
    body += fmt::format(";\r\n\tbh={};\r\n\tb=", body_hash);
    append_relaxed(selection.canonical, "DKIM-Signature", body);
    PH_TRY(const std::string signature, signer.sign(selection.canonical));
    body += folded_value(base64::encode(signature), 3);
    return "DKIM-Signature:" + body + "\r\n";
}

}  // namespace posthaste::mail
