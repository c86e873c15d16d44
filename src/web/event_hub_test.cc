#include "web/event_hub.h"

#include "runtime/run.h"
#include "runtime/timer.h"

#include <fcntl.h>
#include <thread>

#include <gtest/gtest.h>

namespace posthaste::web {
namespace {

class EventHubTest : public testing::Test {
  protected:
    static Event event(QueueId id, EventType type) {
        Event e;
        e.id = id;
        e.type = type;
        return e;
    }

    Result<std::vector<EventHub::Numbered>> ask(EventHub& hub, QueueId id, std::uint64_t after,
                                                Milliseconds wait) {
        runtime::Worker worker("test");
        return runtime::run_to_end(worker, log_, hub.of_message(id, after, Deadline::after(wait)))
            .value();
    }

    Log log_{{.level = LogLevel::error, .fd = open("/dev/null", O_WRONLY | O_CLOEXEC)}};
    const QueueId id_ = QueueId::make();
};

TEST_F(EventHubTest, gives_what_was_in_order_and_only_of_that_message) {
    EventHub hub;
    hub.publish(event(id_, EventType::accepted));
    hub.publish(event(QueueId::make(), EventType::accepted));
    hub.publish(event(id_, EventType::delivered));
    const auto all = ask(hub, id_, 0, Milliseconds(5));
    ASSERT_EQ(all.value().size(), 2u);
    EXPECT_EQ(all.value()[0].event.type, EventType::accepted);
    EXPECT_EQ(ask(hub, id_, all.value()[0].number, Milliseconds(5)).value().size(), 1u);
    EXPECT_EQ(ask(hub, id_, all.value()[1].number, Milliseconds(5)).error().kind,
              ErrorKind::timeout);
}

TEST_F(EventHubTest, wakes_who_waits) {
    EventHub hub;
    runtime::Worker worker("test");
    std::thread publisher;
    worker.post([&] {
        publisher = std::thread([&] {
            hub.publish(event(QueueId::make(), EventType::accepted));
            hub.publish(event(id_, EventType::failed));
        });
    });
    const auto found =
        runtime::run_to_end(worker, log_, hub.of_message(id_, 0, Deadline::after(Seconds(20))))
            .value();
    publisher.join();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->at(0).event.type, EventType::failed);
}

TEST_F(EventHubTest, keeps_a_bounded_ring) {
    EventHub hub(3);
    for (int i = 0; i < 10; ++i) hub.publish(event(id_, EventType::deferred));
    const auto found = ask(hub, id_, 0, Milliseconds(5)).value();
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].number, 8u);
}

runtime::Task<void> wait_long(EventHub& hub, QueueId id, int& ended, ErrorKind& last) {
    auto found = co_await hub.of_message(id, 0, Deadline::after(Seconds(60)));
    ++ended;
    if (!found) last = found.error().kind;
}

TEST_F(EventHubTest, bounds_who_waits_and_forgets_who_was_cancelled) {
    EventHub hub;
    runtime::Worker worker("test");
    int ended = 0;
    auto last = ErrorKind::io;
    runtime::TaskGroup group(worker, log_);
    runtime::run_to_end(worker, log_,
                        [](EventHub& h, runtime::TaskGroup& g, QueueId id, int& count,
                           ErrorKind& kind) -> runtime::Task<void> {
                            for (int i = 0; i < 1000; ++i) g.spawn(wait_long(h, id, count, kind));
                            EXPECT_EQ(count, 0);
                            g.spawn(wait_long(h, id, count, kind));
                            EXPECT_EQ(count, 1);
                            EXPECT_EQ(kind, ErrorKind::busy);
                            co_await g.close();
                        }(hub, group, id_, ended, last));
    EXPECT_EQ(ended, 1001);
    EXPECT_EQ(last, ErrorKind::cancelled);
    EXPECT_EQ(ask(hub, id_, 0, Milliseconds(5)).error().kind, ErrorKind::timeout);
}

}  // namespace
}  // namespace posthaste::web
