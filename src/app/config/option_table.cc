#include "app/config/option_table.h"

#include "app/config/options/option_blocks.h"
#include "app/config/options/relay_options.h"
#include "base/ascii.h"

#include <iterator>

namespace posthaste::app {

namespace {

// Keys in the order of the sample file.
std::vector<Option> join_blocks() {
    std::vector<Option> all;
    for (auto block :
         {server_options(), listen_options(), tls_options(), incoming_options(), relay_options(),
          route_options(), route_relay_options(), source_options(), delivery_options(),
          report_options(), winmail_options(), limit_options(), admin_options()}) {
        all.insert(all.end(), std::make_move_iterator(block.begin()),
                   std::make_move_iterator(block.end()));
    }
    return all;
}

const std::vector<Option>& table() {
    static const std::vector<Option> options = join_blocks();
    return options;
}

}  // namespace

std::span<const Option> option_table() {
    return table();
}

const Option* find_option(std::string_view key) {
    for (const auto& option : table())
        if (option.key == key) return &option;
    return nullptr;
}

std::string environment_name(std::string_view key) {
    std::string name = "POSTHASTE_";
    for (char c : key) name.push_back(c == '.' ? '_' : ascii::upper(c));
    return name;
}

}  // namespace posthaste::app
