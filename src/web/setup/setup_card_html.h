// One program's card and one explanation, as HTML. Private to the set-up page.
#pragma once

#include "discovery/explain.h"
#include "discovery/settings_card.h"
#include "web/setup/setup_view.h"

#include <string>

namespace posthaste::web {

std::string card_html(const SetupView& view, const discovery::Card& card);

// Cause and steps, without the title; the heading between them is of that level.
std::string explanation_html(discovery::Language language, const discovery::Explanation& found,
                             int level = 4);

}  // namespace posthaste::web
