// Socket: a non-blocking descriptor and the waits for its readiness, on one worker. For sources of
// net/ only.
#pragma once

#include "base/file.h"
#include "base/result.h"
#include "runtime/detail/waiter.h"
#include "runtime/detail/worker_impl.h"

namespace posthaste::net::detail {

using Descriptor = boost::asio::posix::basic_stream_descriptor<runtime::detail::Executor>;

// Waits until the descriptor can be read or written. Errors: timeout, cancelled. It always ends by
// the handler of the wait, cancelled or not, so that no handler outlives the coroutine's frame.
class ReadinessWait final : public runtime::detail::Waiter {
  public:
    ReadinessWait(Descriptor& descriptor, Descriptor::wait_type what, Deadline deadline)
        : Waiter(deadline), descriptor_(descriptor), what_(what) {}

  private:
    bool start() override;
    void interrupt() override;

    Descriptor& descriptor_;
    Descriptor::wait_type what_;
};

class Socket {
  public:
    // Errors: io (the kernel's bound on watched descriptors).
    static Result<Socket> adopt(runtime::Worker& worker, FileDescriptor fd);

    int fd() { return descriptor_.native_handle(); }

    runtime::Worker& worker() const { return *worker_; }

    bool is_open() const { return descriptor_.is_open(); }

    ReadinessWait readable(Deadline deadline) {
        return {descriptor_, Descriptor::wait_read, deadline};
    }

    ReadinessWait writable(Deadline deadline) {
        return {descriptor_, Descriptor::wait_write, deadline};
    }

    // For the listener: `handler(error)` once it can be read, or never after `close`.
    template <class Handler>
    void when_readable(Handler handler) {
        descriptor_.async_wait(Descriptor::wait_read, std::move(handler));
    }

    void close();

  private:
    Socket(runtime::Worker& worker, Descriptor descriptor)
        : worker_(&worker), descriptor_(std::move(descriptor)) {}

    runtime::Worker* worker_;
    Descriptor descriptor_;
};

}  // namespace posthaste::net::detail
