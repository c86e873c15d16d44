#include "net/detail/validation.h"

#include <algorithm>

namespace posthaste::net::detail {

namespace {

using namespace std::chrono_literals;

constexpr Seconds kTestEvery = 10min;
constexpr Seconds kRetryFirst = 30s;  // at boot the network comes after the server
constexpr Seconds kDoubtAtMostEvery = 1min;

std::string why_not(const RawAnswer& answer) {
    if (answer.bogus) return "a signed name does not verify: " + answer.why_bogus.substr(0, 200);
    if (answer.rcode != 0) return "a signed name cannot be looked up";
    return "answers for a signed name come without signatures";
}

}  // namespace

bool Validation::works() const {
    MutexLock lock(mutex_);
    return works_;
}

DnsValidation Validation::state() const {
    MutexLock lock(mutex_);
    return {works_, works_ ? std::string() : why_not_};
}

std::optional<runtime::Callback<bool>> Validation::first_test() {
    MutexLock lock(mutex_);
    if (told_) return std::nullopt;
    return waiting_.emplace_back();
}

void Validation::give_up_waiting() {
    std::vector<runtime::Callback<bool>> waiting;
    {
        MutexLock lock(mutex_);
        told_ = true;
        if (why_not_.empty()) why_not_ = "no trust anchor is at hand";
        waiting.swap(waiting_);
    }
    for (auto& one : waiting) one(false);
}

SteadyTime Validation::next_test() const {
    MutexLock lock(mutex_);
    return next_;
}

void Validation::other_servers() {
    MutexLock lock(mutex_);
    good_ = SteadyTime{};
}

bool Validation::tested(const RawAnswer& answer, SteadyTime moment) {
    bool changed = false;
    bool tell = false;
    bool kept_up = false;
    std::vector<runtime::Callback<bool>> waiting;
    {
        MutexLock lock(mutex_);
        last_ = moment;
        if (answer.secure) good_ = moment;
        kept_up = !answer.secure && works_ && good_ != SteadyTime{} && moment - good_ < kKeptUp;
        const bool works = answer.secure || kept_up;
        changed = works_ != works;
        tell = changed || !told_ || kept_up_ != kept_up;
        works_ = works;
        kept_up_ = kept_up;
        failures_ = answer.secure ? 0 : std::min(failures_ + 1, 10);
        next_ =
            last_ + (answer.secure ? kTestEvery
                                   : std::min(kTestEvery, kRetryFirst * (1 << (failures_ - 1))));
        told_ = true;
        why_not_ = works_ ? std::string() : why_not(answer);
        waiting.swap(waiting_);
    }
    for (auto& one : waiting) one(answer.secure);
    if (tell) say(answer, kept_up);
    return changed;
}

void Validation::say(const RawAnswer& answer, bool kept_up) const {
    if (answer.secure) {
        log_.info("dns.validation", {{"works", true}});
        return;
    }
    log_.warning(
        "dns.validation",
        {{"works", false},
         {"why", why_not(answer)},
         {"effect", kept_up ? "mail to signed domains waits; if this lasts for 4 hours, it "
                              "goes on without DNSSEC and DANE"
                            : "mail goes on; DNSSEC is not used, so DANE is off"},
         {"mend",
          "use a DNS server that passes DNSSEC records (delivery.resolver), and check the "
          "clock"}});
}

void Validation::doubt() {
    MutexLock lock(mutex_);
    auto moment = std::chrono::steady_clock::now();
    if (works_ && moment - last_ >= kDoubtAtMostEvery) next_ = std::min(next_, moment);
}

std::string anchor_owner(std::string_view file) {
    while (!file.empty()) {
        auto line = file.substr(0, file.find('\n'));
        file.remove_prefix(std::min(file.size(), line.size() + 1));
        auto start = line.find_first_not_of(" \t\r");
        if (start == std::string_view::npos || line[start] == ';') continue;
        line.remove_prefix(start);
        return std::string(line.substr(0, line.find_first_of(" \t")));
    }
    return ".";
}

}  // namespace posthaste::net::detail
