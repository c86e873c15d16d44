"""kill -9 at random moments under load. Nothing that was acknowledged is lost; what comes twice was in flight.

POSTHASTE_KILLS kills (10 by default, 200 in ./dev stress), POSTHASTE_SEED repeats a run.
"""

import os
import random
import time

import pytest

from harness import load as loads

KILLS = int(os.environ.get("POSTHASTE_KILLS") or 10)
SEED = int(os.environ.get("POSTHASTE_SEED") or random.SystemRandom().randrange(1 << 32))


@pytest.mark.parametrize("body", [b"x" * 70 + b"\r\n", (b"y" * 78 + b"\r\n") * 4000], ids=["small", "in files"])
def test_kill_nine(make, sink, body, capsys):
    with capsys.disabled():
        print(f"\n[seed {SEED}, {KILLS} kills] ", end="")
    chance = random.Random(SEED)
    server = make.posthaste(relay=sink)
    load = loads.Load(server, threads=6, recipients=2, body=body, per_connection=5)
    kills = []
    try:
        for number in range(KILLS if len(body) < 1000 else max(3, KILLS // 4)):
            load.wait_count(load.count() + chance.randrange(1, 25))
            time.sleep(chance.random() * 0.25)  # a random moment, not a wait for something
            server.kill()
            kills.append(time.time())
            server.start()
            load.wait_count(load.count() + 1)
            if number % 10 == 9:
                with capsys.disabled():
                    print(".", end="", flush=True)
    finally:
        load.stop()
    missing = loads.settle(load, sink, seconds=120)
    assert not missing, f"seed {SEED}: {len(missing)} of {load.count()} acknowledged messages are lost: {sorted(missing)[:5]}"
    assert not load.refused, f"refusals under load: {load.refused[:3]}"
    server.wait_empty(60)
    arrived = loads.arrivals(sink)
    for recipient, times in arrived.items():
        for early in times[:-1]:
            after = min((kill - early for kill in kills if kill >= early - 0.5), default=None)
            assert after is not None and after < 5.0, f"seed {SEED}: {recipient} came twice and was not in flight at a kill ({times}, {kills})"
    doubles = sum(len(times) - 1 for times in arrived.values())
    # Ten transactions at a site at most, each with two recipients.
    assert doubles <= len(kills) * 10 * 2, doubles
    with capsys.disabled():
        print(f" {load.count()} acknowledged, none lost, {doubles} twice ", end="")
    assert server.stop() == 0


def test_a_message_is_never_half(make, sink):
    """Content and envelope are one: every message that arrives after a kill is whole."""
    chance = random.Random(SEED + 1)
    body = b"".join(b"%06d of this body\r\n" % n for n in range(20_000))
    server = make.posthaste(relay=sink)
    load = loads.Load(server, threads=3, body=body, per_connection=3)
    try:
        for _ in range(4):
            load.wait_count(load.count() + chance.randrange(1, 6))
            server.kill()
            server.start()
    finally:
        load.stop()
    assert not loads.settle(load, sink, seconds=90)
    assert all(message.body == body for message in sink.messages)
