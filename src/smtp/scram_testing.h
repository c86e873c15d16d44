// SCRAM, the server's side, for tests: with OpenSSL and nothing of scram.cc, so that the two sides
// check each other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace posthaste::smtp::testing {

// SCRAM-SHA-256, with or without channel binding.
class ScramServer {
  public:
    ScramServer(std::string password, std::string channel_binding)
        : password_(std::move(password)), binding_(std::move(channel_binding)) {}

    std::string answer(std::string_view client_first);  // the server's first message
    // The server's last message; nothing when the proof is wrong.
    std::optional<std::string> judge(const std::string& client_final) const;

  private:
    std::string password_, binding_, gs2_, bare_, nonce_, first_;
};

}  // namespace posthaste::smtp::testing
