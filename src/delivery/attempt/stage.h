// The stages of a delivery, as replies and rules name them.
#pragma once

#include <optional>
#include <string_view>

namespace posthaste::delivery {

enum class Stage { connect, banner, ehlo, starttls, auth, mail, rcpt, data, content, final_dot };

std::string_view to_string(Stage stage);  // "MAIL FROM": for people

// "mail": as rule files name it.
std::string_view stage_key(Stage stage);
std::optional<Stage> stage_by_key(std::string_view key);

}  // namespace posthaste::delivery
