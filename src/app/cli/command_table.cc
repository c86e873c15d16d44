#include "app/cli/table/blocks.h"

#include <iterator>

namespace posthaste::app::cli {

namespace {

const std::vector<Command>& table() {
    static const std::vector<Command> commands = [] {
        std::vector<Command> all;
        for (auto block :
             {server_commands(), directory_commands(), mail_commands(), upkeep_commands()})
            all.insert(all.end(), std::make_move_iterator(block.begin()),
                       std::make_move_iterator(block.end()));
        return all;
    }();
    return commands;
}

}  // namespace

std::span<const Command> command_table() {
    return table();
}

}  // namespace posthaste::app::cli
