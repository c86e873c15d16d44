// A value as it was written, in the configuration file or the environment, made one of the type
// that the option table names.
#pragma once

#include "app/config/option.h"
#include "formats/toml.h"

#include <cstdint>
#include <string>
#include <vector>

namespace posthaste::app {

struct RawValue {
    formats::TomlKind kind = formats::TomlKind::string;  // of a list: of its items
    std::vector<std::string> texts;
    std::int64_t integer = 0;
    bool flag = false;
    bool list = false;
};

RawValue raw_value(const formats::TomlValue& value);
RawValue raw_value(const Option& option, const std::string& text);  // of the environment

// Paths start at `folder`. Errors: syntax, with the mend.
Result<OptionValue> typed_value(const Option& option, const RawValue& raw,
                                const std::string& folder);

}  // namespace posthaste::app
