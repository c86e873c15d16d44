#include "discovery/explain.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "discovery/explain_tables.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace posthaste::discovery {
namespace {

using tables::OutlookRow;
using tables::PhraseRow;

constexpr std::size_t kMaxCodes = 16;  // that are told again

template <class T>
std::optional<T> number_of(std::string_view digits, int base = 10) {
    T number{};
    const char* begin = digits.data();
    const char* end = begin + digits.size();
    const auto result = std::from_chars(begin, end, number, base);
    if (digits.empty() || result.ec != std::errc() || result.ptr != end) return {};
    return number;
}

const OutlookRow* find_outlook(std::uint32_t number) {
    for (const OutlookRow& row : tables::outlook_numbers()) {
        if (number >= row.first && number <= row.last) return &row;
    }
    return nullptr;
}

std::string_view find_smtp(int code) {
    for (const auto& row : tables::smtp_codes()) {
        if (row.code == code) return row.topic;
    }
    return {};
}

std::string_view find_status(std::span<const tables::StatusRow> rows, std::string_view status) {
    for (const auto& row : rows) {
        if (row.status == status) return row.topic;
    }
    return {};
}

std::string outlook_code(std::uint32_t number) {
    return fmt::format("0x{:08X}", number);
}

// "0x800ccc0f" or "800ccc0f", also with the letter O where a zero belongs, as people type it. The
// 0x alone makes an unknown number one of Outlook's: eight digits may be anything.
std::optional<std::uint32_t> outlook_hex(std::string token) {
    std::ranges::replace(token, 'o', '0');
    const bool marked = token.starts_with("0x");
    const std::string_view digits = std::string_view(token).substr(marked ? 2 : 0);
    if (digits.size() != 8 || digits.front() != '8') return {};
    const auto number = number_of<std::uint32_t>(digits, 16);
    if (!number || (!marked && find_outlook(*number) == nullptr)) return {};
    return number;
}

// -2146644978, or 2148322318 for the same: how some logs print 0x800CCC0E.
std::optional<std::uint32_t> outlook_decimal(std::string_view token, bool is_negative) {
    if (token.size() != 10) return {};
    const auto number = number_of<std::uint64_t>(token);
    if (!number) return {};
    constexpr std::uint64_t kWhole = 1ULL << 32;
    const std::uint64_t value = is_negative ? kWhole - *number : *number;
    if (value >= kWhole) return {};
    const auto candidate = static_cast<std::uint32_t>(value);
    return find_outlook(candidate) == nullptr ? std::nullopt : std::optional(candidate);
}

// Class, subject and detail of RFC 3463: "5.7.139".
bool is_status(std::string_view token) {
    if (token.size() < 5 || token[1] != '.' || (token[0] != '4' && token[0] != '5')) return false;
    const std::size_t second = token.find('.', 2);
    if (second == std::string_view::npos) return false;
    const std::string_view subject = token.substr(2, second - 2);
    const std::string_view detail = token.substr(second + 1);
    return subject.size() <= 3 && detail.size() <= 3 && number_of<int>(subject) &&
           number_of<int>(detail);
}

// What stands in a text.
class Found {
  public:
    explicit Found(std::string_view error_text) {
        const std::string_view clipped = utf8::clip(error_text, kMaxErrorText);
        text_.reserve(clipped.size());
        // On one line in lower case, as windows break lines anywhere and set blanks that do not.
        constexpr std::string_view kNoBreakSpace = "\xc2\xa0";
        for (std::size_t i = 0; i < clipped.size(); ++i) {
            char c = ascii::lower(clipped[i]);
            if (clipped.substr(i, 2) == kNoBreakSpace) {
                c = ' ';
                ++i;
            }
            if (c == '\t' || c == '\r' || c == '\n') c = ' ';
            if (c == ' ' && text_.ends_with(' ')) continue;
            text_ += c;
        }
        read_tokens();
        read_own_marks();
    }

    bool has(std::string_view phrase) const { return text_.find(phrase) != std::string::npos; }

    bool matches(const PhraseRow& row) const {
        return (row.code == 0 || std::ranges::find(codes, row.code) != codes.end()) &&
               (row.status.empty() || has_status(row.status)) &&
               (row.phrase.empty() || has(row.phrase));
    }

    bool has_status(std::string_view status) const {
        return std::ranges::find(statuses, status) != statuses.end();
    }

    void add_told(std::string code) {
        if (told.size() < kMaxCodes && std::ranges::find(told, code) == told.end())
            told.push_back(std::move(code));
    }

    std::optional<int> own;  // the number of a reply of ours
    std::vector<std::uint32_t> numbers;
    std::vector<int> codes;
    std::vector<std::string> statuses;
    std::vector<std::string> told;

  private:
    void read_tokens() {
        std::size_t at = 0;
        while (at < text_.size()) {
            std::size_t end = at;
            while (end < text_.size() && (ascii::is_alnum(text_[end]) || text_[end] == '.')) ++end;
            if (end == at) {
                ++at;
                continue;
            }
            std::string_view token = std::string_view(text_).substr(at, end - at);
            while (token.ends_with('.')) token.remove_suffix(1);
            read_token(token, at > 0 && text_[at - 1] == '-');
            at = end;
        }
        tell_code({});
    }

    void read_token(std::string_view token, bool is_negative) {
        if (codes.size() + numbers.size() + statuses.size() >= 64) return;
        if (is_status(token)) {
            statuses.emplace_back(token);
            tell_code(token);
            return;
        }
        tell_code({});
        if (token.size() == 3 && (token[0] == '4' || token[0] == '5')) {
            const auto code = number_of<int>(token);
            if (!code || find_smtp(*code).empty()) return;
            codes.push_back(*code);
            code_ = token;
            return;
        }
        read_outlook(token, is_negative);
    }

    // The code before this one, with the status that follows it: "550 5.1.1". A code alone is left
    // out when it has been told with its status.
    void tell_code(std::string_view status) {
        const std::string code = std::exchange(code_, {});
        if (!status.empty()) {
            add_told(code.empty() ? std::string(status) : fmt::format("{} {}", code, status));
        } else if (!code.empty()) {
            const auto is_same = [&code](const std::string& one) {
                return one.starts_with(code + " ");
            };
            if (std::ranges::none_of(told, is_same)) add_told(code);
        }
    }

    void read_outlook(std::string_view token, bool is_negative) {
        if (token.size() > 64) return;
        auto number = outlook_decimal(token, is_negative);
        if (!number) number = outlook_hex(std::string(token));
        const std::size_t inside = token.find("0x");
        if (!number && inside != std::string_view::npos && inside > 0)
            number = outlook_hex(std::string(token.substr(inside)));
        if (!number) return;
        numbers.push_back(*number);
        add_told(outlook_code(*number));
    }

    // "[R8]" at the end of our replies, or "https://mail.example.com/h/8".
    void read_own_marks() {
        for (const std::string_view mark : {"[r", "/h/r", "/h/"}) {
            for (std::size_t at = text_.find(mark); at != std::string::npos;
                 at = text_.find(mark, at + 1)) {
                std::size_t end = at + mark.size();
                while (end < text_.size() && ascii::is_digit(text_[end])) ++end;
                const std::size_t begin = at + mark.size();
                if (end - begin > 2) continue;
                const auto number =
                    number_of<int>(std::string_view(text_).substr(begin, end - begin));
                if (!number || *number < 1 || *number > tables::kLastReply) continue;
                own = number;
                return;
            }
        }
    }

    std::string text_;
    std::string code_;  // an SMTP code that its status may follow
};

struct Choice {
    std::string topic;
    std::string code;
};

std::optional<Choice> choose_phrase(const Found& found, std::span<const PhraseRow> rows) {
    for (const PhraseRow& row : rows) {
        if (found.matches(row)) return Choice{std::string(row.topic), std::string(row.topic)};
    }
    return {};
}

std::optional<Choice> choose_own(const Found& found) {
    std::optional<int> number = found.own;
    if (!number) {
        for (const auto& row : tables::own_phrases()) {
            if (!found.has(row.phrase) || !found.has(row.also)) continue;
            number = row.number;
            break;
        }
    }
    if (!number) return {};
    return Choice{fmt::format("r{}", *number), fmt::format("R{}", *number)};
}

std::optional<Choice> choose_outlook(const Found& found, bool is_vague) {
    for (const std::uint32_t number : found.numbers) {
        const OutlookRow* row = find_outlook(number);
        if (row != nullptr && row->is_vague == is_vague)
            return Choice{std::string(row->topic), outlook_code(number)};
    }
    return {};
}

std::optional<Choice> choose_status(const Found& found, std::span<const tables::StatusRow> rows) {
    for (const std::string& status : found.statuses) {
        const std::string_view topic = find_status(rows, status);
        if (!topic.empty()) return Choice{std::string(topic), std::string(topic)};
    }
    return {};
}

std::optional<Choice> choose_code(const Found& found) {
    if (found.codes.empty()) return {};
    return Choice{std::string(find_smtp(found.codes.front())), std::to_string(found.codes.front())};
}

// The most telling part first.
std::optional<Choice> choose(const Found& found) {
    if (found.own) return choose_own(found);
    if (auto choice = choose_phrase(found, tables::microsoft_phrases())) return choice;
    if (auto choice = choose_own(found)) return choice;
    if (auto choice = choose_phrase(found, tables::server_phrases())) return choice;
    if (auto choice = choose_status(found, tables::telling_statuses())) return choice;
    if (auto choice = choose_outlook(found, false)) return choice;
    if (auto choice = choose_code(found)) return choice;
    if (auto choice = choose_status(found, tables::other_statuses())) return choice;
    if (auto choice = choose_outlook(found, true)) return choice;
    return choose_phrase(found, tables::window_phrases());
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return lines;
}

// Values are shown on pages and in terminals: hostile ones lose their controls.
std::string value_or(std::string_view value, std::string_view otherwise) {
    return value.empty() ? std::string(otherwise) : utf8::printable(value, 254);
}

Explanation describe(const Topic& topic, Language language, const ExplainNames& names) {
    const std::string host = value_or(names.host, text(language, "word.host"));
    const std::string incoming = value_or(names.incoming, text(language, "word.incoming"));
    const std::string admin = value_or(names.admin, text(language, "word.admin"));
    // A port that is not offered is not named either: the other one takes both ways of encryption
    // (net/demux.h). With neither, they are not known here.
    const bool none = names.tls_port == 0 && names.starttls_port == 0;
    const std::uint16_t tls = none                  ? 465
                              : names.tls_port != 0 ? names.tls_port
                                                    : names.starttls_port;
    const std::uint16_t starttls = none                       ? 587
                                   : names.starttls_port != 0 ? names.starttls_port
                                                              : names.tls_port;
    const std::string tls_port = std::to_string(tls);
    const std::string starttls_port = std::to_string(starttls);
    const auto fill = [&](std::string_view pattern) {
        return fill_text(pattern, {{"host", host},
                                   {"incoming", incoming},
                                   {"admin", admin},
                                   {"tls_port", tls_port},
                                   {"starttls_port", starttls_port}});
    };
    Explanation explanation;
    explanation.topic = topic.id;
    explanation.title = fill(topic.title);
    explanation.cause = fill(topic.cause);
    for (const std::string& step : lines_of(topic.steps)) explanation.steps.push_back(fill(step));
    return explanation;
}

Explanation make(const Choice& choice, Language language, const ExplainNames& names) {
    const Topic* topic = find_topic(language, choice.topic);
    const bool known = topic != nullptr && choice.topic != "unknown";
    Explanation explanation = topic == nullptr ? Explanation{} : describe(*topic, language, names);
    explanation.known = known;
    explanation.code = choice.code;
    return explanation;
}

std::optional<Choice> find_page(std::string_view code) {
    const std::string name = ascii::to_lower(code);
    const std::string_view digits = std::string_view(name).substr(name.starts_with('r') ? 1 : 0);
    if (const auto number = number_of<unsigned>(digits); number && digits.size() <= 3) {
        if (*number >= 1 && *number <= tables::kLastReply && digits.front() != '0')
            return Choice{fmt::format("r{}", *number), fmt::format("R{}", *number)};
        const auto topic = find_smtp(static_cast<int>(*number));
        if (topic.empty() || name.starts_with('r')) return {};
        return Choice{std::string(topic), std::string(digits)};
    }
    if (const auto number = outlook_hex(name)) {
        const OutlookRow* row = find_outlook(*number);
        if (row != nullptr) return Choice{std::string(row->topic), outlook_code(*number)};
        return {};
    }
    if (name == "unknown" || find_topic(Language::en, name) == nullptr) return {};
    return Choice{name, name};
}

}  // namespace

ExplainNames names_of(const MailSettings& settings, std::string_view admin) {
    return {.host = settings.host,
            .incoming = settings.incoming.empty() ? "" : settings.incoming.front().host,
            .admin = std::string(admin),
            .tls_port = settings.tls_port,
            .starttls_port = settings.starttls_port};
}

Explanation explain(std::string_view error_text, Language language, const ExplainNames& names) {
    // "R8" or "550" alone is the name of a page.
    const std::string_view trimmed = ascii::trim(error_text.substr(0, kMaxErrorText));
    if (trimmed.size() <= 4) {
        if (const auto page = find_page(trimmed)) {
            Explanation explanation = make(*page, language, names);
            if (is_number(page->code)) explanation.codes.push_back(page->code);
            return explanation;
        }
    }
    const Found found(error_text);
    const auto choice = choose(found);
    Explanation explanation = make(choice.value_or(Choice{"unknown", ""}), language, names);
    if (choice && choice->code.starts_with('R')) explanation.codes.push_back(choice->code);
    for (const std::string& code : found.told) explanation.codes.push_back(code);
    return explanation;
}

std::optional<Explanation> explain_code(std::string_view code, Language language,
                                        const ExplainNames& names) {
    if (code.size() > 64) return {};
    const auto page = find_page(code);
    if (!page) return {};
    Explanation explanation = make(*page, language, names);
    if (is_number(page->code)) explanation.codes.push_back(page->code);
    return explanation;
}

bool is_number(std::string_view code) {
    return code.starts_with('R') || (!code.empty() && ascii::is_digit(code.front()));
}

std::vector<HelpPage> help_pages() {
    std::vector<HelpPage> pages;
    std::set<std::string_view> shown;
    const auto add = [&pages, &shown](std::string code, std::string_view topic) {
        pages.push_back({std::move(code), topic});
        shown.insert(topic);
    };
    for (int number = 1; number <= tables::kLastReply; ++number) {
        const Topic* topic = find_topic(Language::en, fmt::format("r{}", number));
        if (topic != nullptr) add(fmt::format("R{}", number), topic->id);
    }
    for (const OutlookRow& row : tables::outlook_numbers()) {
        for (std::uint32_t number = row.first; number <= row.last; ++number)
            add(outlook_code(number), row.topic);
    }
    for (const auto& row : tables::smtp_codes()) add(std::to_string(row.code), row.topic);
    for (const std::string_view id : topic_ids(Language::en)) {
        if (id != "unknown" && !shown.contains(id)) add(std::string(id), id);
    }
    return pages;
}

}  // namespace posthaste::discovery
