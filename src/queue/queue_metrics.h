// What the queue counts.
#pragma once

#include "base/metrics.h"

namespace posthaste::queue {

struct QueueMetrics {
    Counter accepted, delivered, deferred, failed, expired, cancelled, delayed, postponed, reports,
        attempts, suppressed, digests;
    Gauge unaccounted;  // open in the store or in the scheduler alone; see reconcile.cc
    Gauge waiting, in_flight, held;

    void add_to(MetricsRegistry& registry) {
        registry.add("posthaste_messages_accepted_total",
                     "messages taken over, reports of our own included", accepted);
        registry.add("posthaste_recipients_delivered_total", "recipients that ended well",
                     delivered);
        registry.add("posthaste_recipients_deferred_total",
                     "attempts after which a recipient waits", deferred);
        registry.add("posthaste_recipients_failed_total", "recipients refused for good", failed);
        registry.add("posthaste_recipients_expired_total", "recipients whose time was up", expired);
        registry.add("posthaste_recipients_cancelled_total", "recipients ended by a person",
                     cancelled);
        registry.add("posthaste_delay_reports_total", "recipients whose sender was told of a delay",
                     delayed);
        registry.add("posthaste_recipients_postponed_total",
                     "recipients that came while their site was down", postponed);
        registry.add("posthaste_reports_total", "delivery reports made", reports);
        registry.add("posthaste_digests_total", "digests made in place of reports", digests);
        registry.add("posthaste_recipients_suppressed_total",
                     "recipients ended untried: on a suppression list", suppressed);
        registry.add("posthaste_transactions_total", "transactions with next hops", attempts);
        registry.add("posthaste_queue_waiting", "recipients that wait", waiting);
        registry.add("posthaste_queue_in_flight", "recipients being tried", in_flight);
        registry.add("posthaste_queue_unaccounted",
                     "recipients that the store or the scheduler alone has open; should be 0",
                     unaccounted);
        registry.add("posthaste_queue_held", "recipients on hold", held);
    }
};

}  // namespace posthaste::queue
