#include "app/config/config.h"
#include "app/config/option_table.h"

#include <fmt/format.h>

namespace posthaste::app {

std::string sample_config() {
    std::string out;
    std::string section;
    for (const auto& option : option_table()) {
        if (!option.built) continue;
        auto dot = option.key.rfind('.');
        auto head =
            dot == std::string_view::npos ? std::string() : std::string(option.key.substr(0, dot));
        auto name = dot == std::string_view::npos ? option.key : option.key.substr(dot + 1);
        if (head != section) {
            section = head;
            const auto list = head.find("[]");
            out += head.ends_with("[]") ? fmt::format("\n# [[{}]]\n", head.substr(0, list))
                   : list != head.npos
                       ? fmt::format("\n# [{}{}]  # of the [[{}]] above\n", head.substr(0, list),
                                     head.substr(list + 2), head.substr(0, list))
                       : fmt::format("\n{}[{}]\n", head == "store" ? "" : "# ", head);
        }
        auto fallback = option.type == OptionType::choice && !option.fallback.empty()
                            ? fmt::format("\"{}\"", option.fallback)
                            : std::string(option.fallback);
        bool required = option.key == "hostname" || option.key == "store.path";
        auto value = option.key == "hostname"     ? "\"mail.example.com\""
                     : option.key == "store.path" ? "\"/var/lib/posthaste\""
                     : fallback.empty()           ? "…"
                                                  : fallback;
        out += fmt::format("{}{} = {}  # {}{}\n", required ? "" : "# ", name, value, option.text,
                           option.choices.empty() ? "" : fmt::format(" ({})", option.choices));
    }
    return out;
}

}  // namespace posthaste::app
