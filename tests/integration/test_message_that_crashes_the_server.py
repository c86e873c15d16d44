"""A message over which the server crashes each time is found out and held; all other mail gets through (threats.md F8)."""

import signal

import pytest

from harness import waiting


@pytest.fixture
def crashing(make, sink, fault_library):
    """A server that dies by a fault when it says the poisonous recipient to the next hop."""
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"retry": ["1s"]}})
    server.poison = {"LD_PRELOAD": fault_library("poison"), "POISON": "RCPT TO:<poison@", "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
    server.make_accounts()
    return server


def _crash(server):
    """Waits for it."""
    waiting.until(lambda: not server.running(), 30, "the crash")
    return server.process.returncode


def test_it_is_held_and_the_others_go_out(crashing, make, sink):
    # The next hop is away until all is in the queue, so that the first crash finds many in flight.
    port = sink.port
    sink.close()
    crashing.start()
    for n in range(12):
        crashing.submit(f"slow2.good{n}@example.net")
    identity = crashing.submit("poison@example.net")
    crashing.stop()
    sink = make.sink(port=port)
    codes = []
    for _ in range(6):
        crashing.start(env=crashing.poison, wait=False)
        # Mail for a hop that was away is put off until it is probed, a minute later.
        found = waiting.until(lambda: not crashing.running() or crashing.log.find("queue.quarantined", id=identity), 100, "a crash or a verdict")
        assert found
        if crashing.running():
            break
        codes.append(_crash(crashing))
    assert codes and set(codes) == {-signal.SIGSEGV}, codes
    assert 3 <= len(codes) <= 5, codes
    told = crashing.log.wait_for("queue.quarantined", id=identity)
    assert "queue release " + identity in told["mend"]
    for n in range(12):
        sink.wait(f"slow2.good{n}@example.net", seconds=90)
    waiting.until(lambda: [(row["id"], row["held"]) for row in crashing.queue()] == [(identity, True)], 90, "only that one is left")
    # A restart later it is still held, and the server lives.
    crashing.restart(env=crashing.poison)
    assert crashing.running()
    assert "on hold: the server crashed again and again" in crashing.admin("queue", "show", identity).out


def test_what_waits_in_quarantine_says_so_and_a_person_frees_it(crashing, sink):
    poison = {**crashing.poison, "POISON": "RCPT TO:<slow20.poison@"}
    crashing.start(env=poison)
    good = crashing.submit("slow20.good@example.net")
    waiting.until(lambda: sink.rcpt_count("slow20.good@example.net"), 20, "the first is under way")
    # Kept back until its session has ended: the crash would come before the answer to QUIT.
    poisonous = crashing.submit("slow20.poison@example.net", parameters="HOLDFOR=3600")
    crashing.cli("queue", "retry", poisonous)  # the server may be gone before it answers
    suspects = {good, poisonous}
    assert _crash(crashing) == -signal.SIGSEGV
    crashing.start()  # without the fault now; one is tried for 20 s, the other has to wait for what comes of it
    crashing.log.wait_for("queue.crashed")
    kept = [identity for identity in suspects if "in quarantine" in crashing.admin("queue", "show", identity).out]
    assert len(kept) == 1
    retried = crashing.cli("queue", "retry", kept[0])
    assert retried.code == 1 and "in quarantine" in retried.out and "queue release" in retried.out, retried
    freed = crashing.cli("queue", "release", kept[0])
    assert freed.code == 0 and freed.out == "1 message released\n", freed
    assert "quarantine" not in crashing.admin("queue", "show", kept[0]).out


def test_a_kill_is_no_crash(make, sink):
    """kill -9 in the middle of a delivery, three times: nobody is suspected."""
    server = make.posthaste(relay=sink)
    for _ in range(4):
        server.submit("slow3.good@example.net")
        waiting.until(lambda: sink.rcpt_count("slow3.good@example.net") > 0, 20, "the delivery")
        server.kill()
        server.start()
        assert not server.log.find("queue.crashed")
    sink.wait("slow3.good@example.net", seconds=30)
