// A hostile server's challenges, in every mechanism (threats.md A7 seen from the other side).
#include "base/assert.h"
#include "smtp/sasl_client.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using namespace posthaste;
using Kind = smtp::SaslLogin::Kind;

struct Choice {
    std::string_view name;
    Kind kind;
};

constexpr std::array<Choice, 8> kChoices{{{"SCRAM-SHA-256", Kind::password},
                                          {"SCRAM-SHA-256-PLUS", Kind::password},
                                          {"SCRAM-SHA-1", Kind::password},
                                          {"PLAIN", Kind::password},
                                          {"LOGIN", Kind::password},
                                          {"XOAUTH2", Kind::token},
                                          {"OAUTHBEARER", Kind::token},
                                          {"EXTERNAL", Kind::external}}};

// One key for all salts, or most of the time would go into hashing.
std::shared_ptr<smtp::ScramKeys> keys() {
    static const auto made = std::make_shared<smtp::ScramKeys>();
    return made;
}

bool asks_for_much(std::string_view challenge) {
    const auto at = challenge.find("i=");
    return at != std::string_view::npos && challenge.size() - at > 6;  // more than 4 digits
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Choice& choice = kChoices[data[0] % kChoices.size()];
    std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
    smtp::SaslLogin login;
    login.kind = choice.kind;
    login.username = "user";
    login.secret = Secret("pencil");
    login.channel_binding = "0123456789abcdef0123456789abcdef";
    login.keys = keys();
    const auto talk = smtp::make_sasl_exchange(choice.name, login, {std::string(choice.name)});
    PH_ASSERT(talk != nullptr);
    (void)talk->initial();
    const bool scram = choice.name.starts_with("SCRAM");
    std::size_t answers = 0;
    for (int turn = 0; turn < 8; ++turn) {
        const auto end = std::min(rest.find('\n'), rest.size());
        const auto challenge = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (scram && asks_for_much(challenge)) return 0;
        const auto answer = talk->answer(challenge);
        if (!answer) {
            PH_ASSERT(!answer.error().text.empty());
            break;
        }
        PH_ASSERT(++answers <= 2);  // nobody says more than two things
        PH_ASSERT(answer->reveal().size() < 8192);
    }
    PH_ASSERT(talk->complaint().size() <= 2048);
    PH_ASSERT(!scram || !talk->finish());  // without the password nobody is verified
    return 0;
}
