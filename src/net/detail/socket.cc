#include "net/detail/socket.h"

namespace posthaste::net::detail {

bool ReadinessWait::start() {
    descriptor_.async_wait(what_, [this](const boost::system::error_code&) { complete(); });
    return true;
}

void ReadinessWait::interrupt() {
    boost::system::error_code ignored;
    descriptor_.cancel(ignored);
}

Result<Socket> Socket::adopt(runtime::Worker& worker, FileDescriptor fd) {
    Descriptor descriptor(worker.impl().io.get_executor());
    boost::system::error_code error;
    descriptor.assign(fd.get(), error);
    if (error) return std::unexpected(system_error(error.value(), "cannot watch a connection"));
    static_cast<void>(fd.release());
    return Socket(worker, std::move(descriptor));
}

void Socket::close() {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
}

}  // namespace posthaste::net::detail
