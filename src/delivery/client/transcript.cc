#include "delivery/client/transcript.h"

#include "base/ascii.h"
#include "base/base64.h"
#include "base/utf8.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace posthaste::delivery {

namespace {

constexpr std::size_t kLongestLine = 512;
constexpr std::size_t kMostSecrets = 32;
constexpr std::size_t kShortestSecret = 4;  // shorter ones stand in any text by chance
constexpr std::string_view kHidden = "(not shown)";

std::string_view without_line_end(std::string_view line) {
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    return line;
}

}  // namespace

void Transcript::add(std::string_view who, std::string_view text) {
    std::string line(who);
    line += utf8::printable(without_line_end(text), kLongestLine);
    line += '\n';
    if (tail_.empty() && head_.size() + line.size() <= kHead) {
        head_ += line;
        return;
    }
    tail_ += line;
    if (tail_.size() <= 2 * kTail) return;
    // Whole lines, so that what is left begins with one.
    const std::size_t cut = tail_.find('\n', tail_.size() - kTail) + 1;
    left_out_ +=
        static_cast<std::size_t>(std::ranges::count(std::string_view(tail_).substr(0, cut), '\n'));
    tail_.erase(0, cut);
}

void Transcript::end_content() {
    if (content_ == 0) return;
    const std::uint64_t octets = std::exchange(content_, 0);
    add("C: ", fmt::format("(the message, {} octets with the dot that ends it)", octets));
}

void Transcript::sent(Stage stage, std::string_view octets) {
    if (stage == Stage::content) {
        content_ += octets.size();
        return;
    }
    end_content();
    // A pipelined group is several lines.
    while (!octets.empty()) {
        const std::size_t end = std::min(octets.find('\n'), octets.size() - 1) + 1;
        const std::string_view line = octets.substr(0, end);
        octets.remove_prefix(end);
        if (stage == Stage::auth) {
            sent_login(without_line_end(line));
        } else {
            add("C: ", line);
        }
    }
}

// "AUTH PLAIN" is told, what comes behind it is not; nor is any line that follows.
void Transcript::sent_login(std::string_view line) {
    std::string_view shown;
    std::string_view secret = line;
    if (ascii::equals_ignore_case(line.substr(0, 5), "AUTH ")) {
        const std::size_t end = std::min(line.find(' ', 5), line.size());
        shown = line.substr(0, end);
        secret = line.substr(std::min(end + 1, line.size()));
    }
    if (secret.empty() || secret == "*" || secret == "=") {
        add("C: ", line);
        return;
    }
    add("C: ", fmt::format("{}{}{}", shown, shown.empty() ? "" : " ", kHidden));
    hide(secret);
    const auto decoded = base64::decode(secret);
    if (!decoded) return;
    hide(*decoded);
    // The parts of PLAIN and of OAuth's messages, each by itself and as base64 of itself.
    constexpr std::string_view kBetween("\0\x01", 2);
    constexpr std::string_view kBearer = "auth=Bearer ";
    for (std::size_t at = 0; at <= decoded->size();) {
        const std::size_t end = std::min(decoded->find_first_of(kBetween, at), decoded->size());
        std::string_view part = std::string_view(*decoded).substr(at, end - at);
        if (part.starts_with(kBearer)) part.remove_prefix(kBearer.size());
        hide(part);
        if (!part.empty()) hide(base64::encode(part));
        at = end + 1;
    }
}

void Transcript::hide(std::string_view text) {
    if (text.size() < kShortestSecret || secrets_.size() >= kMostSecrets) return;
    secrets_.emplace_back(std::string(text));
    // The longest first: a part must not break up the whole.
    std::ranges::sort(secrets_, std::greater(),
                      [](const Secret& secret) { return secret.reveal().size(); });
}

std::string Transcript::without_secrets(std::string_view line) const {
    std::string clean(line);
    for (const Secret& secret : secrets_) {
        for (std::size_t at = clean.find(secret.reveal()); at != std::string::npos;
             at = clean.find(secret.reveal(), at + kHidden.size()))
            clean.replace(at, secret.reveal().size(), kHidden);
    }
    return clean;
}

void Transcript::received(Stage stage, std::string_view line) {
    end_content();
    line = without_line_end(line);
    // A challenge may hold what belongs to the proof.
    if (stage == Stage::auth && line.starts_with("334")) {
        add("S: ", line.size() > 4 ? fmt::format("334 {}", kHidden) : std::string("334"));
    } else if (secrets_.empty()) {
        add("S: ", line);
    } else {
        add("S: ", without_secrets(line));
    }
}

void Transcript::note(std::string_view what) {
    end_content();
    add("-- ", has_secrets() ? without_secrets(what) : std::string(what));
}

std::string Transcript::take() {
    end_content();
    std::string all = std::exchange(head_, {});
    if (tail_.size() > kTail) {
        const std::size_t cut = tail_.find('\n', tail_.size() - kTail) + 1;
        left_out_ += static_cast<std::size_t>(
            std::ranges::count(std::string_view(tail_).substr(0, cut), '\n'));
        tail_.erase(0, cut);
    }
    if (left_out_ > 0) all += fmt::format("-- ({} lines are left out here)\n", left_out_);
    all += std::exchange(tail_, {});
    left_out_ = 0;
    return all;
}

}  // namespace posthaste::delivery
