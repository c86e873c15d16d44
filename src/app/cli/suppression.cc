// posthaste suppression …: the addresses that accounts send nothing to any more.
#include "app/cli/admin_client.h"
#include "app/cli/commands.h"
#include "app/cli/json_members.h"
#include "base/ascii.h"
#include "base/time.h"
#include "formats/url.h"
#include "mail/mailbox.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::cli {

namespace {

using formats::JsonValue;
using formats::JsonWriter;
using formats::percent_encode;

constexpr std::size_t kBatch = 500;
constexpr std::size_t kLongestLine = 2000;

// Who types the command, for the log: the person behind sudo.
std::string by_whom() {
    for (const char* name : {"SUDO_USER", "USER", "LOGNAME"}) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value != '\0') return value;
    }
    return fmt::format("uid {}", getuid());
}

std::string day(const std::string& iso) {
    return iso.substr(0, 10);
}

void print_row(const JsonValue& row) {
    const auto expires = text(row, "expires");
    fmt::print("{}  {}  {} since {}, {}\n", text(row, "account"), text(row, "address"),
               text(row, "reason"), day(text(row, "first")),
               expires.empty() ? "for good" : "until " + day(expires));
    if (const auto why = text(row, "text"); !why.empty()) fmt::print("    {}\n", why);
}

// Page by page: a list may have millions of lines.
Result<std::size_t> each_row(AdminClient& admin, const std::string& account,
                             const std::function<void(const JsonValue&)>& visit) {
    std::string behind;
    std::size_t seen = 0;
    for (;;) {
        PH_TRY(const auto answer, admin.call("GET", fmt::format("/v1/suppressions?account={}{}",
                                                                percent_encode(account), behind)));
        for (const auto& row : items(answer, "suppressions")) {
            visit(row);
            ++seen;
        }
        const auto after = text(answer, "after");
        if (after.empty()) return seen;
        behind = fmt::format("&after_account={}&after={}",
                             percent_encode(text(answer, "after_account")), percent_encode(after));
    }
}

// "2027-05-22", "2027-05-22T10:00:00Z", also with fractions of a second.
std::optional<Timestamp> parse_moment(std::string_view text) {
    std::tm parts{};
    const std::string copy(text);
    const char* rest = strptime(copy.c_str(), "%Y-%m-%d", &parts);
    if (rest != nullptr && *rest == 'T') rest = strptime(rest, "T%H:%M:%S", &parts);
    if (rest == nullptr) return std::nullopt;
    const std::string_view end(rest);
    if (!end.empty() && end.find_first_not_of("0123456789.Z") != std::string_view::npos)
        return std::nullopt;
    return Timestamp(Seconds(timegm(&parts)));
}

// A line of an exported list, or of somebody else's: the address, then what else is known, parted
// by tabs (reason, until, words), or by the first comma or semicolon.
struct Line {
    std::string address;
    std::string source, cause, note;
    std::optional<Timestamp> expires;
    bool empty = false;
};

std::vector<std::string_view> split(std::string_view line, char separator) {
    std::vector<std::string_view> fields;
    for (;;) {
        const auto at = line.find(separator);
        fields.push_back(ascii::trim(line.substr(0, at)));
        if (at == std::string_view::npos) return fields;
        line.remove_prefix(at + 1);
    }
}

Result<Line> parse_line(std::string_view text) {
    Line line;
    if (text.ends_with('\r')) text.remove_suffix(1);
    const auto trimmed = ascii::trim(text);
    if (trimmed.empty() || trimmed.starts_with('#')) {
        line.empty = true;
        return line;
    }
    if (text.size() > kLongestLine)
        return fail(ErrorKind::syntax, "the line is too long", "one address a line");
    if (text.find('\t') == std::string_view::npos) {
        const auto at =
            trimmed.starts_with('"') ? std::string_view::npos : trimmed.find_first_of(",;");
        line.address = ascii::trim(trimmed.substr(0, at));
        if (at != std::string_view::npos) line.note = ascii::trim(trimmed.substr(at + 1));
    } else {
        const auto fields = split(text, '\t');
        line.address = fields[0];
        const std::string_view reason = fields.size() > 1 ? fields[1] : std::string_view();
        if (reason == "complaint" || reason == "unsubscribe" || reason == "person") {
            line.source = reason;
        } else if (!reason.empty()) {
            line.source = "bounce";
            line.cause = reason;
        }
        if (fields.size() > 2 && !fields[2].empty()) {
            line.expires = parse_moment(fields[2]);
            if (!line.expires)
                return fail(ErrorKind::syntax, fmt::format("\"{}\" is no time", fields[2]),
                            "write it like 2027-05-22T00:00:00Z, or leave it empty");
        }
        if (fields.size() > 3) line.note = fields[3];
    }
    const auto address = mail::Mailbox::parse(line.address);
    if (!address)
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no address", line.address),
                    address.error().text);
    return line;
}

using VisitLine = std::function<Result<void>(const Line&, std::size_t number)>;

// Line by line, whatever the size of the file. An error says which line.
Result<void> each_line(const std::string& file, const VisitLine& visit) {
    std::ifstream in(file);
    if (!in)
        return fail(ErrorKind::io, fmt::format("{} cannot be read", file),
                    "look at its name and rights");
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); ++number) {
        auto line = parse_line(text);
        if (!line) {
            auto error = std::move(line).error();
            error.text = fmt::format("{}:{}: {}", file, number, error.text);
            return std::unexpected(std::move(error));
        }
        if (!line->empty) PH_CHECK(visit(*line, number));
    }
    if (in.bad())
        return fail(ErrorKind::io, fmt::format("{} cannot be read to its end", file),
                    "look at its disk");
    return {};
}

class Batch {
  public:
    Batch(AdminClient& admin, std::string account)
        : admin_(admin), account_(std::move(account)), by_(by_whom()) {}

    Result<void> add(const Line& line) {
        if (line.expires && *line.expires <= now()) return {};  // over already
        if (count_ == 0) {
            out_ = JsonWriter();
            out_.begin_object().member("account", account_).member("by", by_);
            out_.key("entries").begin_array();
        }
        out_.begin_object().member("address", line.address).member("note", line.note);
        out_.member("source", line.source).member("cause", line.cause);
        if (line.expires)
            out_.member("expires_in_s", std::chrono::ceil<Seconds>(*line.expires - now()).count());
        out_.end_object();
        if (++count_ < kBatch) return {};
        return send();
    }

    Result<void> send() {
        if (count_ == 0) return {};
        out_.end_array().end_object();
        PH_TRY(const auto answer, admin_.call("POST", "/v1/suppressions", std::move(out_).take()));
        added_ += number(answer, "added");
        sent_ += count_;
        count_ = 0;
        return {};
    }

    std::int64_t added() const { return added_; }

    std::size_t sent() const { return sent_; }

  private:
    AdminClient& admin_;
    std::string account_, by_;
    JsonWriter out_;
    std::size_t count_ = 0, sent_ = 0;
    std::int64_t added_ = 0;
};

int print_added(const Arguments& arguments, const Batch& batch) {
    if (arguments.json()) {
        fmt::print("{{\"added\":{},\"listed_already\":{}}}\n", batch.added(),
                   static_cast<std::int64_t>(batch.sent()) - batch.added());
        return kDone;
    }
    fmt::print("{} added to the suppression list of {}", batch.added(), arguments.words[0]);
    const auto before = static_cast<std::int64_t>(batch.sent()) - batch.added();
    if (before > 0) fmt::print("; {} stood there already", before);
    fmt::print("\n");
    return kDone;
}

}  // namespace

int run_suppression_list(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const std::string account = arguments.words.empty() ? "" : arguments.words[0];
        PH_TRY(const auto seen, each_row(admin, account, [&](const JsonValue& row) {
                   if (arguments.json())
                       fmt::print("{}\n", to_json(row));
                   else
                       print_row(row);
               }));
        if (seen == 0 && !arguments.json()) fmt::print("no address is suppressed\n");
        return kDone;
    });
}

int run_suppression_show(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto& address = arguments.words.at(0);
        PH_TRY(const auto answer,
               admin.call("GET", "/v1/suppressions/of/" + percent_encode(address)));
        const auto rows = items(answer, "suppressions");
        for (const auto& row : rows) {
            if (arguments.json()) {
                fmt::print("{}\n", to_json(row));
                continue;
            }
            print_row(row);
            if (const auto message = text(row, "message"); !message.empty())
                fmt::print("    learned from {}: posthaste trace {}\n", message, message);
            fmt::print("    to take it off: posthaste suppression remove {} {}\n",
                       text(row, "account"), text(row, "address"));
        }
        if (rows.empty() && !arguments.json())
            fmt::print("{} is on no suppression list\n", address);
        return rows.empty() ? kNo : kDone;
    });
}

int run_suppression_add(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        Batch batch(admin, arguments.words.at(0));
        for (std::size_t i = 1; i < arguments.words.size(); ++i) {
            Line line;
            line.address = arguments.words[i];
            line.note = arguments.get("--note");
            PH_CHECK(batch.add(line));
        }
        PH_CHECK(batch.send());
        return print_added(arguments, batch);
    });
}

int run_suppression_remove(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto& account = arguments.words.at(0);
        const auto& address = arguments.words.at(1);
        PH_TRY(const auto answer,
               admin.call("DELETE",
                          fmt::format("/v1/suppressions/{}/{}?by={}", percent_encode(account),
                                      percent_encode(address), percent_encode(by_whom()))));
        if (arguments.json())
            fmt::print("{}\n", to_json(answer));
        else
            fmt::print("{} gets mail of {} again\n", address, account);
        return kDone;
    });
}

int run_suppression_import(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        const auto& file = arguments.words.at(1);
        // All of it is read before anything changes: a mistake in line 90,000 leaves no half.
        PH_CHECK(each_line(file, [](const Line&, std::size_t) -> Result<void> { return {}; }));
        Batch batch(admin, arguments.words.at(0));
        PH_CHECK(each_line(file, [&](const Line& line, std::size_t) { return batch.add(line); }));
        PH_CHECK(batch.send());
        return print_added(arguments, batch);
    });
}

int run_suppression_export(const Arguments& arguments) {
    return with_admin(arguments, [&](AdminClient& admin) -> Result<int> {
        PH_TRY(const auto seen, each_row(admin, arguments.words.at(0), [&](const JsonValue& row) {
                   if (arguments.json())
                       fmt::print("{}\n", to_json(row));
                   else
                       fmt::print("{}\t{}\t{}\t{}\n", text(row, "address"), text(row, "reason"),
                                  text(row, "expires"), text(row, "text"));
               }));
        static_cast<void>(seen);
        return kDone;
    });
}

}  // namespace posthaste::app::cli
