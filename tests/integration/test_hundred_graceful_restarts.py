"""Restarts under load by SIGTERM: nothing lost, nothing twice, no refusal but 421. POSTHASTE_RESTARTS of them (10; 100 in ./dev stress)."""

import os

from harness import load as loads

RESTARTS = int(os.environ.get("POSTHASTE_RESTARTS") or 10)


def test_restarts_under_load(make, sink):
    server = make.posthaste(relay=sink)
    load = loads.Load(server, threads=4, per_connection=20)
    try:
        for _ in range(RESTARTS):
            load.wait_count(load.count() + 15)
            assert server.stop() == 0, server.log.tail()
            server.start()
    finally:
        load.stop()
    assert not loads.settle(load, sink)
    assert not load.refused, load.refused[:3]
    server.wait_empty(30)
    twice = {recipient for recipient, times in loads.arrivals(sink).items() if len(times) > 1}
    assert not twice, f"a graceful stop settles what it delivered: {sorted(twice)[:5]}"
