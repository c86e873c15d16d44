// For the tests of TLS: handshakes between our two ends, and with a client that is OpenSSL alone.
#pragma once

#include "net/detail/openssl.h"
#include "net/test_support.h"
#include "runtime/task.h"

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace posthaste::net::testing {

// What came of one side of a handshake: "TLSv1.3 …" or the kind and text of the error.
struct Outcome {
    bool ok = false;
    TlsInfo info;
    Error error;
    std::optional<TlsFailure> failure;
    std::string binding;
};

// Serves one connection: a line each way, then the end.
runtime::Task<void> serve(std::unique_ptr<Stream> stream, std::shared_ptr<TlsServerContext> context,
                          Outcome& outcome);

// Our two ends meet: what came of the server, and of the client.
runtime::Task<std::pair<Outcome, Outcome>> meet(runtime::Worker& worker, Log& log,
                                                std::shared_ptr<TlsServerContext> server,
                                                std::shared_ptr<TlsClientContext> client,
                                                TlsClientPolicy policy);

class TlsTest : public ::testing::Test {
  protected:
    TlsTest() { ignore_sigpipe(); }

    std::pair<Outcome, Outcome> handshake(TlsClientPolicy policy) {
        const auto& certificates = Certificates::get();
        return *runtime::run_to_end(
            worker_, log_,
            meet(worker_, log_, certificates.server, certificates.client, std::move(policy)));
    }

    Log log_{{}};
    runtime::Worker worker_{"test"};
};

struct RawClient {
    int min_version = TLS1_2_VERSION;
    int max_version = TLS1_3_VERSION;
    const char* ciphers = "ALL:@SECLEVEL=0";
    const char* server_name = nullptr;
    std::function<void(SSL*, int fd)> then = nullptr;  // after the handshake
};

struct RawOutcome {
    bool ok = false;
    std::string reason, cipher, leaf_name;
    std::size_t session_id = 0;
    bool rsa = false;
    bool ticket = false;
};

// Blocks: on a thread of its own.
RawOutcome raw_client(FileDescriptor fd, const RawClient& client);

class RawTlsTest : public TlsTest {
  protected:
    RawOutcome connect(const RawClient& client,
                       std::shared_ptr<TlsServerContext> context = nullptr) {
        auto [near, far] = socket_pair();
        auto outcome = std::async(std::launch::async, [&client, fd = std::move(far)]() mutable {
            return raw_client(std::move(fd), client);
        });
        if (!context) context = Certificates::get().server;
        runtime::run_to_end(worker_, log_,
                            serve(adopt(worker_, std::move(near)), context, server_));
        return outcome.get();
    }

    Outcome server_;
};

}  // namespace posthaste::net::testing
