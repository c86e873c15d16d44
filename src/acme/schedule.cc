#include "acme/schedule.h"

#include "base/random.h"
#include "base/utf8.h"
#include "formats/json.h"

#include <algorithm>

namespace posthaste::acme {

namespace {

using formats::JsonValue;
using formats::JsonWriter;

constexpr std::size_t kTextAtMost = 1000;
constexpr std::size_t kNamesAtMost = 1000;
constexpr std::uint32_t kFailuresAtMost = 1'000'000;

std::int64_t seconds_of(Timestamp t) {
    return std::chrono::duration_cast<Seconds>(t.time_since_epoch()).count();
}

void write(JsonWriter& json, const Trouble& trouble) {
    json.begin_object().member("failures", trouble.failures).member("at", seconds_of(trouble.at));
    json.member("next", seconds_of(trouble.next)).member("text", trouble.text);
    json.member("mend", trouble.mend).end_object();
}

std::string text_of(const JsonValue& object, std::string_view key) {
    const auto* found = object.find(key);
    return found == nullptr
               ? std::string()
               : utf8::printable(found->as_string().value_or(std::string_view()), kTextAtMost);
}

std::int64_t number_of(const JsonValue& object, std::string_view key, std::int64_t at_most) {
    const auto* found = object.find(key);
    return found == nullptr ? 0 : std::clamp<std::int64_t>(found->as_int().value_or(0), 0, at_most);
}

Trouble trouble_of(const JsonValue& object) {
    constexpr std::int64_t kYear3000 = 32'503'680'000;
    Trouble trouble;
    trouble.failures = static_cast<std::uint32_t>(number_of(object, "failures", kFailuresAtMost));
    trouble.at = Timestamp(Seconds(number_of(object, "at", kYear3000)));
    trouble.next = Timestamp(Seconds(number_of(object, "next", kYear3000)));
    trouble.text = text_of(object, "text");
    trouble.mend = text_of(object, "mend");
    return trouble;
}

}  // namespace

Timestamp renewal_time(Timestamp not_before, Timestamp not_after) {
    if (not_after <= not_before) return not_before;
    return not_before + (not_after - not_before) / 3 * 2;
}

Seconds wait_after(std::uint32_t failures, Seconds first, Seconds at_most) {
    auto wait = std::max(first, Seconds(1));
    for (std::uint32_t i = 1; i < failures && wait < at_most; ++i) wait *= 2;
    return std::min(wait, std::max(at_most, Seconds(1)));
}

Seconds with_jitter(Seconds wait) {
    auto quarter = static_cast<std::uint64_t>(std::max<std::int64_t>(wait.count() / 4, 0));
    return wait + Seconds(static_cast<std::int64_t>(random_below(quarter + 1)));
}

bool Trouble::may_try(Timestamp moment) const {
    if (next <= moment) return true;
    return next - moment > kWaitAtMost + kWaitAtMost / 4 || moment < at - Seconds(3600);
}

void Trouble::note(const Error& error, Timestamp moment, Seconds wait) {
    failures = std::min(failures + 1, kFailuresAtMost);
    at = std::chrono::floor<Seconds>(moment);
    next = std::chrono::ceil<Seconds>(moment + wait);
    text = utf8::printable(error.text, kTextAtMost);
    mend = utf8::printable(error.mend, kTextAtMost);
}

Plan plan_order(const SetView& set, const SetState& state, std::string_view directory_url,
                Timestamp moment) {
    Plan plan;
    if (!state.trouble.may_try(moment)) return plan;
    const bool have = !set.certified.empty();
    plan.due = !have || renewal_time(set.not_before, set.not_after) <= moment ||
               state.directory != directory_url;
    plan.may_drop = !have || set.not_after - moment < (set.not_after - set.not_before) / 6;
    bool gain = plan.due;
    for (const auto& name : set.wanted) {
        const bool certified = std::ranges::find(set.certified, name) != set.certified.end();
        const auto found = state.names.find(name);
        const bool may = found == state.names.end() || found->second.may_try(moment);
        if (!may && !(certified && !plan.may_drop)) continue;
        plan.names.push_back(name);
        gain = gain || !certified;
    }
    if (!gain) plan.names.clear();
    return plan;
}

std::string to_json(const SetState& state) {
    JsonWriter json;
    json.begin_object().member("directory", state.directory).key("trouble");
    write(json, state.trouble);
    json.key("names").begin_object();
    for (const auto& [name, trouble] : state.names) {
        json.key(name);
        write(json, trouble);
    }
    json.end_object().end_object();
    return std::move(json).take() + "\n";
}

Result<SetState> parse_state(std::string_view text) {
    PH_TRY(auto value, JsonValue::parse(text));
    if (!value.is_object()) return fail(ErrorKind::syntax, "it is no JSON object");
    SetState state;
    state.directory = text_of(value, "directory");
    if (const auto* trouble = value.find("trouble")) state.trouble = trouble_of(*trouble);
    if (const auto* names = value.find("names")) {
        for (const auto& [name, trouble] : names->members()) {
            if (state.names.size() >= kNamesAtMost || name.size() > 253) continue;
            state.names[name] = trouble_of(trouble);
        }
    }
    return state;
}

}  // namespace posthaste::acme
