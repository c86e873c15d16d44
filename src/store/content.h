// Content in pieces: a body comes in without being held in memory whole, and goes out the same way.
//
// Writing: up to kInlineBody octets stay in memory; more, or whatever exceeds the global budget,
// goes to a file of its own in 64 KiB pieces. `append` never blocks; when `wants_flush`, call
// `flush` on a blocking pool.
#pragma once

#include "base/result.h"
#include "store/values.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace posthaste::store {

constexpr std::size_t kContentPiece = 64 << 10;

// Octets of content held in memory by all writers together. Thread-safe.
class ContentBudget {
  public:
    explicit ContentBudget(std::size_t octets) : limit_(octets) {}

    bool try_take(std::size_t octets);
    void give_back(std::size_t octets);

    std::size_t used() const { return used_.load(); }

  private:
    std::size_t limit_;
    std::atomic<std::size_t> used_{0};
};

// How a content file and the rest of the store learn of each other's failed writes. Any thread.
struct StoreWatch {
    std::function<void(const Error&)>
        on_failure;                    // store_failed of a content file: the whole store must stop
    std::function<bool()> has_failed;  // then nothing is written or synced here either
};

// One thread at a time. `budget` outlives it. The budget is given back by `finish`: from then on
// what is in memory counts among what waits for the committer.
class ContentWriter {
  public:
    ContentWriter(std::string content_folder, QueueId id, ContentBudget& budget,
                  StoreWatch watch = {});
    ~ContentWriter();  // a file that was not finished is removed
    ContentWriter(ContentWriter&&) noexcept;

    void append(std::string_view octets);  // after an error: counted, not kept
    bool wants_flush() const;              // a piece waits for the file
    std::uint64_t size() const;

    // Blocking. Errors: store_full, store_failed (a failed write is never tried again on that
    // file). After an error the file is gone and every further call gives the same error.
    Result<void> flush();
    bool needs_sync() const;  // finish will block
    Result<Body> finish();    // once; the file and its folder are synced when this returns

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Reads a body piece by piece; verifies size and checksum at the end. Blocking when in a file. One
// thread at a time.
class ContentReader {
  public:
    ContentReader(std::string content_folder, Body body);  // Body with octets, or with a file
    ~ContentReader();
    ContentReader(ContentReader&&) noexcept;

    bool blocks() const;
    // Empty at the end. The view is good until the next call. Errors: io (gone, cut, or the
    // checksum differs: the text says which).
    Result<std::string_view> next();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Removes a finished file that no change will name (the session ended before it submitted). Best
// effort: what stays is swept at the next start.
void discard_content(const std::string& content_folder, const Body& body);

}  // namespace posthaste::store
