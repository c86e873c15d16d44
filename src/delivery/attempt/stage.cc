#include "delivery/attempt/stage.h"

#include <algorithm>
#include <array>
#include <utility>

namespace posthaste::delivery {

namespace {

struct Names {
    Stage stage;
    std::string_view key;
    std::string_view shown;
};

constexpr auto kNames = std::to_array<Names>({
    {Stage::connect, "connect", "connect"},
    {Stage::banner, "banner", "greeting"},
    {Stage::ehlo, "ehlo", "EHLO"},
    {Stage::starttls, "starttls", "STARTTLS"},
    {Stage::auth, "auth", "AUTH"},
    {Stage::mail, "mail", "MAIL FROM"},
    {Stage::rcpt, "rcpt", "RCPT TO"},
    {Stage::data, "data", "DATA"},
    {Stage::content, "content", "content"},
    {Stage::final_dot, "final_dot", "end of data"},
});

const Names& names_of(Stage stage) {
    return kNames[static_cast<std::size_t>(stage)];
}

}  // namespace

std::string_view to_string(Stage stage) {
    return names_of(stage).shown;
}

std::string_view stage_key(Stage stage) {
    return names_of(stage).key;
}

std::optional<Stage> stage_by_key(std::string_view key) {
    const auto found = std::ranges::find(kNames, key, &Names::key);
    if (found == kNames.end()) return std::nullopt;
    return found->stage;
}

}  // namespace posthaste::delivery
