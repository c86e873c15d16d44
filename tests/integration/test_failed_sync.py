"""A write or a sync that fails with EIO: 451 at once, then nothing is taken and nothing goes out until a restart, no file
is synced a second time, and everything that was acknowledged is there."""

import os

import pytest

from harness import load as loads
from harness import waiting
from harness.daemon import StartFailed
from harness.dialogue import ANNA


@pytest.fixture
def faulty(make, sink, fault_library):
    """A server whose disk does what `rules` say."""
    server = make.posthaste(relay=sink, start=False)
    control, report = server.folder / "rules", server.folder / "report"
    report.touch()
    report.chmod(0o666)
    environment = {"LD_PRELOAD": fault_library("failing_io"), "FAILING_IO_FOLDER": str(server.store), "FAILING_IO_CONTROL": str(control),
                   "FAILING_IO_REPORT": str(report), "ASAN_OPTIONS": "verify_asan_link_order=0:abort_on_error=1:detect_leaks=0"}

    def rules(text):
        fresh = control.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o644)
        os.rename(fresh, control)
    server.rules, server.report, server.environment_of_faults = rules, report, environment
    server.make_accounts()
    return server.start(env=environment)


def _try(server, body="x\r\n", recipient="x@example.net"):
    with server.session() as client:
        return client.transaction(ANNA, recipient, f"From: <{ANNA}>\r\n\r\n{body}")


def _stopped(server):
    """The reply, once mail is refused."""
    def refused():
        reply = _try(server)
        return reply if reply.code != 250 else None
    return waiting.until(refused, 10, "a refusal")


@pytest.mark.parametrize("rule", ["sync 1 EIO", "sync 1+ EIO", "write 1 EIO", "write 1+ EIO", "write 1 EIO -wal$", "sync 1 EIO -wal$"])
def test_mail_is_refused_until_a_restart(faulty, sink, rule):
    assert _try(faulty).code == 250
    sink.wait("x@example.net")
    faulty.wait_empty()
    faulty.rules(rule + "\n")
    reply = _stopped(faulty)
    assert (reply.code, reply.status) == (451, "4.3.0"), reply
    # The trouble is over; that changes nothing: pages of a failed sync are gone, whatever a second one says.
    faulty.rules("")
    for _ in range(3):
        assert _try(faulty).code == 451
    assert faulty.running(), "it stays up, to say what is wrong"
    status = faulty.cli("status")
    assert "restart" in (status.out + status.err).lower(), status
    assert "again" not in faulty.report.read_text(), "no file is synced again after a failed sync"
    before = len(sink.messages)
    assert faulty.stop() == 0
    faulty.start(env=faulty.environment_of_faults)
    assert _try(faulty, recipient="after@example.net").code == 250
    sink.wait("after@example.net")
    assert len(sink.messages) >= before


def test_nothing_is_delivered_after_a_failure(faulty, sink):
    """An outcome that cannot be written down would be repeated for ever."""
    faulty.configure({"delivery": {"retry": ["1s"]}})
    for n in range(5):
        faulty.submit(f"rcpt451x2.{n}@example.net")
    faulty.log.wait_for("deferred", count=5)
    faulty.rules("sync 1+ EIO\n")
    _stopped(faulty)
    tried = len(sink.attempts)
    with pytest.raises(waiting.Late):
        waiting.until(lambda: len(sink.attempts) > tried + 10, 4)
    faulty.rules("")
    faulty.restart(env=faulty.environment_of_faults)
    for n in range(5):
        sink.wait(f"rcpt451x2.{n}@example.net", seconds=30)


@pytest.mark.parametrize("rule", ["sync 20 EIO", "write 60 EIO", "sync 7+ EIO", "create 2 EIO"])
def test_under_load_nothing_acknowledged_is_lost(faulty, sink, rule):
    load = loads.Load(faulty, threads=5, body=(b"z" * 78 + b"\r\n") * 4000)
    try:
        load.wait_count(10)
        faulty.rules(rule + "\n")
        waiting.until(lambda: any("451" in reply for reply in load.refused), 30, "a refusal")
    finally:
        load.stop()
    assert all(reply.startswith(("451", "454")) for reply in load.refused), load.refused[:3]
    faulty.rules("")
    faulty.restart(env=faulty.environment_of_faults)
    assert not loads.settle(load, sink)
    faulty.wait_empty(30)


def test_a_start_on_a_failing_disk(faulty, sink):
    """It says so and ends with 75, or starts and refuses; the store is as good as before afterwards."""
    faulty.submit("rcpt451x1@example.net")
    faulty.log.wait_for("deferred")
    faulty.kill()
    faulty.rules("sync 1+ EIO\nwrite 1+ EIO\n")
    try:
        faulty.start(env=faulty.environment_of_faults)
    except StartFailed as failed:
        assert failed.code == 75, failed.output
    else:
        assert _try(faulty).code == 451
        faulty.stop()
    faulty.rules("")
    faulty.start(env=faulty.environment_of_faults)
    sink.wait("rcpt451x1@example.net", seconds=30)


@pytest.mark.parametrize("error", ["ENOSPC", "EDQUOT"])
def test_a_full_disk_is_no_broken_disk(faulty, sink, error):
    """A quota or a last block: 452, and by itself all is well again."""
    assert _try(faulty).code == 250
    faulty.rules(f"write 1+ {error}\n")
    reply = _stopped(faulty)
    assert (reply.code, reply.status) == (452, "4.3.1"), reply
    faulty.rules("")
    waiting.until(lambda: _try(faulty).code == 250, 15, "mail is taken again")
    assert faulty.running()
