#include "net/memory_stream.h"

#include "runtime/timer.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::net {

namespace {

constexpr std::size_t kPipeAtMost = 64 << 10;  // as a socket's buffer would be

// One direction.
struct Pipe {
    std::string octets;
    bool ended = false;   // the writer said its end
    bool broken = false;  // the reader is gone, or the writer aborted
    runtime::Notifier changed_for_reader;
    runtime::Notifier changed_for_writer;
};

class MemoryStream final : public Stream {
  public:
    MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, std::uint16_t local,
                 std::uint16_t peer)
        : in_(std::move(in)), out_(std::move(out)), local_(local), peer_(peer) {}

    ~MemoryStream() override { finish(); }

    runtime::Task<Result<void>> fill(std::size_t max_buffered) override;
    runtime::Task<Result<std::string>> peek(std::size_t octets, Deadline until) override;
    runtime::Task<Result<void>> write(std::string_view octets) override;

    runtime::Task<Result<void>> start_tls(const TlsServerContext&) override {
        co_return fail(ErrorKind::unsupported, "a stream in memory has no TLS");
    }

    runtime::Task<Result<void>> start_tls(const TlsClientContext&, TlsClientPolicy) override {
        co_return fail(ErrorKind::unsupported, "a stream in memory has no TLS");
    }

    const TlsInfo* tls() const override { return nullptr; }

    runtime::Task<void> close() override {
        finish();
        co_return;
    }

    void abort() override;

    Endpoint peer() const override { return loopback(peer_); }

    Endpoint local() const override { return loopback(local_); }

    Milliseconds round_trip() const override { return {}; }

  private:
    static Endpoint loopback(std::uint16_t port) { return {IpAddress::v4({127, 0, 0, 1}), port}; }

    void finish();
    Error closed();
    runtime::Task<Result<void>> await_octets(Deadline deadline);

    std::shared_ptr<Pipe> in_;
    std::shared_ptr<Pipe> out_;
    std::uint16_t local_;
    std::uint16_t peer_;
    bool dead_ = false;
};

Error MemoryStream::closed() {
    dead_ = true;
    return {ErrorKind::closed, "the connection was closed by the other side", {}};
}

// Until the pipe holds something.
runtime::Task<Result<void>> MemoryStream::await_octets(Deadline deadline) {
    while (in_->octets.empty()) {
        if (in_->broken) {
            dead_ = true;
            co_return fail(ErrorKind::io, "the connection was reset by the other side");
        }
        if (in_->ended) co_return std::unexpected(closed());
        if (deadline.passed()) co_return fail(ErrorKind::timeout, "nothing came in time");
        auto woken = co_await in_->changed_for_reader.wait(deadline);
        if (!woken && woken.error().kind == ErrorKind::cancelled) co_return woken;
    }
    co_return Result<void>();
}

runtime::Task<Result<void>> MemoryStream::fill(std::size_t max_buffered) {
    if (dead_) co_return std::unexpected(closed());
    if (buffered().size() >= max_buffered) {
        co_return fail(ErrorKind::too_large,
                       fmt::format("more than {} octets without an end", max_buffered));
    }
    if (deadline_.passed()) co_return fail(ErrorKind::timeout, "nothing came in time");
    release_idle_buffer();
    PH_CO_CHECK(co_await await_octets(deadline_));
    auto taken = std::min(in_->octets.size(), max_buffered - buffered().size());
    append(std::string_view(in_->octets).substr(0, taken));
    in_->octets.erase(0, taken);
    in_->changed_for_writer.notify();
    co_return Result<void>();
}

runtime::Task<Result<std::string>> MemoryStream::peek(std::size_t octets, Deadline until) {
    if (dead_) co_return std::unexpected(closed());
    if (!buffered().empty()) co_return std::string(buffered().substr(0, octets));
    Deadline earlier{std::min(until.at, deadline_.at)};
    auto there = co_await await_octets(earlier);
    if (!there && there.error().kind == ErrorKind::timeout && !deadline_.passed()) {
        co_return std::string();
    }
    if (!there) co_return std::unexpected(std::move(there).error());
    co_return in_->octets.substr(0, octets);
}

runtime::Task<Result<void>> MemoryStream::write(std::string_view octets) {
    if (dead_ || out_->ended) co_return std::unexpected(closed());
    while (!octets.empty()) {
        if (out_->broken) co_return std::unexpected(closed());
        auto room = kPipeAtMost - out_->octets.size();
        auto taken = std::min(room, octets.size());
        if (deadline_.passed()) {
            dead_ = true;
            co_return fail(ErrorKind::timeout, "the other side did not take what was sent in time");
        }
        if (taken == 0) {
            auto woken = co_await out_->changed_for_writer.wait(deadline_);
            if (woken || woken.error().kind == ErrorKind::timeout) continue;
            dead_ = true;
            co_return woken;
        }
        out_->octets.append(octets.substr(0, taken));
        octets.remove_prefix(taken);
        out_->changed_for_reader.notify();
    }
    co_return Result<void>();
}

void MemoryStream::finish() {
    dead_ = true;
    out_->ended = true;
    in_->broken = true;
    out_->changed_for_reader.notify();
    in_->changed_for_writer.notify();
}

void MemoryStream::abort() {
    out_->octets.clear();
    out_->broken = true;
    finish();
}

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams() {
    auto there = std::make_shared<Pipe>();
    auto back = std::make_shared<Pipe>();
    return {std::make_unique<MemoryStream>(back, there, 1, 2),
            std::make_unique<MemoryStream>(there, back, 2, 1)};
}

}  // namespace posthaste::net
