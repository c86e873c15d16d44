// Inbox: the local catch-all. A FinalHop that keeps every message in a folder of its own, bounded
// by count, age and octets; what it drops it says (a notice with count and time). Survives
// restarts. Thread-safe.
//
// Some local parts answer like a server in trouble, to show retries and bounces: 451@ defers, 550@
// refuses, slow@ takes 10 s, quota@ is full, greylist@ defers the first time only. See magic.h.
#pragma once

#include "base/id.h"
#include "base/log.h"
#include "base/result.h"
#include "delivery/final_hop.h"
#include "runtime/offload.h"
#include "trap/display_address.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::trap {

struct TrappedMessage {
    QueueId id;  // of its own: one message taken twice (two attempts) is two entries
    QueueId queue_id;
    std::string account;
    std::string sender;  // "" for the null sender
    std::vector<std::string> recipients;
    std::vector<DisplayAddress> from, to, cc, reply_to;
    std::string subject, date, message_id;  // header values on one line, encoded words decoded
    std::string snippet;                    // how the text begins
    std::size_t attachments = 0;
    std::uint64_t size = 0;
    std::int64_t arrived_ms = 0;  // wall clock
    bool read = false;
};

struct Dropped {
    std::uint64_t messages = 0;  // since the inbox was made or cleared
    std::int64_t last_ms = 0;
};

class Inbox final : public delivery::FinalHop {
  public:
    struct Options {
        std::string folder;
        std::size_t max_messages = 1000;
        Seconds max_age = std::chrono::days(7);
        std::uint64_t max_octets = 512u << 20;
    };

    // Reads what is there (damaged files are skipped, a warning each). Errors: io, denied.
    static Result<std::unique_ptr<Inbox>> open(Options options, runtime::BlockingPool& blocking,
                                               Log& log);
    ~Inbox() override;

    // The message is on disk, and found by the calls below, when this says delivered.
    runtime::Task<std::vector<mail::Outcome>> take(const queue::Parcel& parcel,
                                                   store::ContentReader content) override;

    // Newest first. `query` matches sender, recipients and subject, ignoring ASCII case; empty
    // matches all.
    std::vector<TrappedMessage> list(std::size_t start, std::size_t limit,
                                     const std::string& query) const;
    std::size_t count(const std::string& query) const;
    std::size_t unread() const;
    std::optional<TrappedMessage> find(const QueueId& id) const;
    std::optional<TrappedMessage> latest() const;
    Dropped dropped() const;

    // The raw message with its header (blocking). Errors: not_found, io.
    Result<std::string> raw(const QueueId& id) const;
    void mark_read(const QueueId& id);                     // blocking
    Result<void> remove(const std::vector<QueueId>& ids);  // blocking; empty: all

    // The first message to that address (any, if empty) that arrived at or after `since_ms`,
    // waiting for it. Errors: timeout, cancelled, busy (more than 1,000 wait).
    runtime::Task<Result<TrappedMessage>> wait_for(std::string to, std::int64_t since_ms,
                                                   Deadline deadline);

  private:
    struct Impl;
    explicit Inbox(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

}  // namespace posthaste::trap
