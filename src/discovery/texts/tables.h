// The tables of each language. Private to texts.cc.
#pragma once

#include "discovery/texts.h"

#include <span>
#include <string_view>

namespace posthaste::discovery::tables {

struct TextRow {
    std::string_view key;
    std::string_view text;
};

std::span<const TextRow> card_en();
std::span<const TextRow> card_de();
std::span<const TextRow> setup_en();
std::span<const TextRow> setup_de();
std::span<const TextRow> help_en();
std::span<const TextRow> help_de();
std::span<const Topic> outlook_en();
std::span<const Topic> outlook_de();
std::span<const Topic> programs_en();
std::span<const Topic> programs_de();
std::span<const Topic> smtp_en();
std::span<const Topic> smtp_de();
std::span<const Topic> replies_en();
std::span<const Topic> replies_de();
std::span<const Topic> microsoft_en();
std::span<const Topic> microsoft_de();

}  // namespace posthaste::discovery::tables
