// AttemptStory: who was asked in the course of one attempt, how far each came, how long it took and
// what was said: for the history. Lives with its attempt, on its worker.
#pragma once

#include "delivery/client/client.h"
#include "store/record.h"

#include <atomic>
#include <string>
#include <vector>

namespace posthaste::delivery {

// Dialogues of transactions that went well are kept while there are few: a server with little mail
// has all of them, a busy one a sample. Any thread; one for the process.
class DialogueAllowance {
  public:
    static constexpr int kEachSecond = 10;

    bool take(SteadyTime now);

  private:
    std::atomic<std::int64_t> second_{0};
    std::atomic<int> taken_{0};
};

class AttemptStory {
  public:
    explicit AttemptStory(DialogueAllowance& allowance) : allowance_(allowance) {}

    // An address is tried; then one of the two.
    void connecting(const std::string& host, const net::Endpoint& to, std::string policy);
    void connected(const net::Stream& stream);
    // It came to nothing: no connection, no TLS, no login. `session` where there is one.
    void came_to_nothing(ClientSession* session);
    void failed(const Incident& incident, const std::string& words);

    // Nobody was connected to at all.
    void passed_over(const std::string& host, const mail::Outcome& outcome);

    // The host cannot take the mail as it is, and was not asked.
    void misfit(const ClientSession& session, const std::string& words);

    // A transaction over a session, new or kept; then what became of it.
    void transaction(const ClientSession& session, bool reused, std::size_t recipients);
    void ended(ClientSession& session, const TransactionEnd& end, const std::string& words);

    std::vector<store::TryFacts> take();

  private:
    using Steady = std::chrono::steady_clock;

    store::TryFacts& present();
    void about(const ClientSession& session);
    void close();

    DialogueAllowance& allowance_;
    std::vector<store::TryFacts> tries_;
    bool open_ = false;  // the last of them still goes on
    SteadyTime began_{};
};

}  // namespace posthaste::delivery
