// A server that says anything at all, to a client that delivers a message.
#include "base/checksum.h"
#include "delivery/client/client.h"
#include "net/memory_stream.h"
#include "runtime/run.h"
#include "runtime/timer.h"

#include <cstdlib>
#include <fcntl.h>

namespace {

using namespace posthaste;

struct World {
    runtime::Worker worker{"fuzz"};
    Log log{{LogFormat::logfmt, LogLevel::error, ::open("/dev/null", O_WRONLY | O_CLOEXEC), 64}};
    runtime::BlockingPool blocking{"blocking", 1, 4};
};

runtime::Task<void> say(std::unique_ptr<net::Stream> stream, std::string octets) {
    stream->expires_after(Seconds(5));
    auto writing = stream->write(octets);
    auto written = co_await std::move(writing);
    static_cast<void>(written);
    // Reads what the client says; once it says nothing it waits for more than there is, and the end
    // comes.
    for (int quiet_turns = 0; quiet_turns < 50; ++quiet_turns) {
        auto yielding = runtime::yield();
        auto turn = co_await std::move(yielding);
        static_cast<void>(turn);
        auto peeking = stream->peek(1, Deadline{std::chrono::steady_clock::now()});
        auto seen = co_await std::move(peeking);
        if (!seen) co_return;
        if (seen->empty()) continue;
        quiet_turns = 0;
        auto filling = stream->fill();
        auto filled = co_await std::move(filling);
        if (!filled) co_return;
        stream->consume(stream->buffered().size());
    }
}

runtime::Task<void> converse(World& world, std::string octets) {
    auto [client, server] = net::make_memory_streams();
    runtime::TaskGroup group(world.worker, world.log);
    group.spawn(say(std::move(server), std::move(octets)));
    delivery::ClientSession session(std::move(client), "hop.example",
                                    {"mail.example.com", Seconds(5), Seconds(5), Seconds(5)});
    auto greeting = session.greet(true);
    auto greeted = co_await std::move(greeting);
    for (int i = 0; greeted && i < 3 && session.is_usable(); ++i) {
        store::Body stored;
        stored.octets = std::make_shared<const std::string>("Hello\r\n.\r\n");
        stored.size = stored.octets->size();
        stored.crc = crc32c(*stored.octets);
        delivery::ContentSource body(store::ContentReader("", stored), world.blocking);
        delivery::Outgoing outgoing;
        for (const char* local : {"a", "b"}) {
            outgoing.recipients.push_back(
                {mail::Mailbox::make(local, *mail::Domain::parse("example.net")),
                 mail::Notify::unset, ""});
        }
        outgoing.header = std::make_shared<const std::string>("Subject: x\r\n");
        outgoing.body = &body;
        auto sending = session.send(outgoing);
        const auto end = co_await std::move(sending);
        if (end.refused.size() != 2) std::abort();
        if (end.delivered && end.whole) std::abort();
        // Delivered means: somebody was taken, and a 2xx came for the whole.
        if (end.delivered && ((end.refused[0] && end.refused[1]) || !end.taken.positive())) {
            std::abort();
        }
    }
    session.abort();
    auto closing = group.close();
    co_await std::move(closing);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static World world;
    if (size > 32'768) return 0;
    std::string octets(reinterpret_cast<const char*>(data), size);
    runtime::run_to_end(world.worker, world.log, converse(world, std::move(octets)));
    return 0;
}
