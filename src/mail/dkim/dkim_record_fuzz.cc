// Any text may stand in DNS. What is told of it is one line, and our own record is always right.
#include "base/ascii.h"
#include "base/assert.h"
#include "mail/dkim/dkim_record.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace posthaste;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const std::string ours = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const auto check = mail::check_dkim_record({&text, 1}, ours);
    PH_ASSERT(check.verdict != mail::DkimVerdict::missing);
    PH_ASSERT((check.verdict == mail::DkimVerdict::ok) == check.problem.empty());
    PH_ASSERT(check.problem.empty() == check.mend.empty());
    PH_ASSERT(check.problem.size() < 500);
    PH_ASSERT(std::ranges::none_of(check.problem, ascii::is_control));
    return 0;
}
