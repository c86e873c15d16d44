// The admin API's view of the history.
//
//   GET /v1/trace?what=&since=&until=&limit=&before=&smtp=1   the stories of messages, newest
//   first.
//       what: a queue id, an address, a Message-ID, or words of the subject; empty: the latest
//       since, until: "2h", "3d", "today", "yesterday", "2026-11-23", "2026-11-23T14:00:00Z"
//   GET /v1/trace/live?after=N&timeout=SECONDS                records as they are written
#pragma once

#include "web/admin/api.h"

namespace posthaste::web {

void add_trace_resources(Router& router, std::shared_ptr<const AdminServices> services);

// Errors: syntax. `now` for relative ones; a day stands for its beginning, or its end.
Result<Timestamp> parse_moment(std::string_view text, Timestamp now, bool end_of_day);

}  // namespace posthaste::web
