// Transcript: what was said over one connection, for people to read: "C: …" is ours, "S: …" theirs,
// "-- …" happened between. Message content is counted, not kept; what proves who we are is not
// shown, in no form, also where the other side repeats it. Bounded: of a long dialogue the
// beginning and the end. One thread.
#pragma once

#include "base/secret.h"
#include "delivery/attempt/failure.h"

#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

class Transcript {
  public:
    static constexpr std::size_t kHead = 12 << 10;
    static constexpr std::size_t kTail = 4 << 10;

    void sent(Stage stage, std::string_view octets);
    void received(Stage stage, std::string_view line);
    void note(std::string_view what);

    // The line without any of our secrets in it. Those are what was sent at Stage::auth, as it was
    // sent and as it means.
    std::string without_secrets(std::string_view line) const;

    bool has_secrets() const { return !secrets_.empty(); }

    // All lines since the last call, each ended by LF; begins anew. What must not be shown is
    // remembered.
    std::string take();

  private:
    void add(std::string_view who, std::string_view text);
    void sent_login(std::string_view line);
    void hide(std::string_view text);
    void end_content();

    std::string head_;
    std::string tail_;
    std::size_t left_out_ = 0;  // lines
    std::uint64_t content_ = 0;
    std::vector<Secret> secrets_;
};

}  // namespace posthaste::delivery
