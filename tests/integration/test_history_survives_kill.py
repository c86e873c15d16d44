"""kill -9 at random moments under load: the history tells of every acknowledged message that it was accepted and, for each
recipient, exactly one end; its numbers have no gap and no repetition."""

import os
import random
import time

from harness import history
from harness import load as loads

KILLS = int(os.environ.get("POSTHASTE_KILLS") or 8)
SEED = int(os.environ.get("POSTHASTE_SEED") or random.SystemRandom().randrange(1 << 32))


def test_every_message_has_one_beginning_and_one_end(make, sink):
    chance = random.Random(SEED)
    server = make.posthaste(relay=sink)
    load = loads.Load(server, threads=4, recipients=2, per_connection=5)
    try:
        for _ in range(KILLS):
            load.wait_count(load.count() + chance.randrange(5, 40))
            time.sleep(chance.random() * 1.5)  # the keeper writes once a second
            server.kill()
            server.start()
    finally:
        load.stop()
    assert not loads.settle(load, sink, seconds=120), f"seed {SEED}"
    server.wait_empty(60)
    assert server.stop() == 0
    records = history.rows(server.store)
    numbers = [number for number, *_ in records]
    assert numbers == list(range(1, len(numbers) + 1)), f"seed {SEED}: gaps"
    ledger = history.ledger(records)
    wrong = {message.hex(): ends for message, ends in ledger.items() if any(count != 1 for count in ends.values())}
    assert not wrong, f"seed {SEED}: {wrong}"
    told = {address for ends in ledger.values() for address in ends}
    missing = {r for recipients in load.acknowledged.values() for r in recipients} - told
    assert not missing, f"seed {SEED}: {missing}"


def test_what_waits_at_a_kill_is_in_a_file_after_the_next_start(make, sink):
    server = make.posthaste(relay=sink)
    identities = [server.submit(f"x{n}@example.net") for n in range(5)]
    sink.wait(count=5)
    server.kill()
    server.start()
    for identity in identities:
        answer = server.admin("trace", identity, "--json")
        assert answer.rows[0]["id"] == identity
    server.wait_empty()
    server.stop()
    assert len(history.ledger(history.rows(server.store))) == 5
