"""What was accepted survives a stop and a start: the mail, its recipients one by one, holds, attempts, accounts."""

import time

from harness.smtp_client import Closed


def test_mail_waits_for_a_hop_that_is_away(make, sink):
    port = sink.port
    sink.close()
    server = make.posthaste(relay=sink)
    identities = [server.submit(f"x{n}@example.net", body=f"message {n}\r\n") for n in range(20)]
    server.log.wait_for("deferred")
    server.restart()
    assert {row["id"] for row in server.queue()} == set(identities)
    again = make.sink(port=port)
    server.admin("queue", "retry", "--all")
    again.wait(count=20)
    server.wait_empty()
    assert len(again.messages) == 20
    for n in range(20):
        assert len(again.to(f"x{n}@example.net")) == 1


def test_each_recipient_ends_once(make, sink):
    """One is delivered, one refused, one deferred; a restart in between repeats only the deferred one."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["2s"]}})
    server.submit(["good@example.net", "rcpt550@example.net", "rcpt451x2@example.net"])
    server.log.wait_for("delivered", to="good@example.net")
    server.log.wait_for("failed", to="rcpt550@example.net")
    server.log.wait_for("deferred", to="rcpt451x2@example.net")
    server.restart()
    sink.wait("rcpt451x2@example.net", seconds=20)
    assert len(sink.to("good@example.net")) == 1
    assert sink.rcpt_count("good@example.net") == 1 and sink.rcpt_count("rcpt550@example.net") == 1
    server.wait_empty()


def test_a_hold_survives(make, sink):
    port = sink.port
    sink.close()
    server = make.posthaste(relay=sink)
    identity = server.submit("x@example.net")
    server.admin("queue", "hold", identity)
    server.restart()
    again = make.sink(port=port)
    assert server.cli("queue", "retry", "--all").code == 1, "held mail is not tried"
    assert [row["held"] for row in server.queue()] == [True]
    server.admin("queue", "release", identity)
    again.wait("x@example.net")


def test_attempts_are_counted_across_restarts(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})
    server.submit("rcpt451@example.net")
    server.log.wait_for("deferred", attempt=2)
    server.restart()
    assert server.log.wait_for("deferred", to="rcpt451@example.net")["attempt"] >= 3


def test_large_content_survives(make, sink):
    port = sink.port
    sink.close()
    server = make.posthaste(relay=sink)
    body = "".join(f"line {n} of a large message\r\n" for n in range(60_000))
    server.submit("large@example.net", body=body)
    server.restart()
    again = make.sink(port=port)
    server.admin("queue", "retry", "--all")
    assert again.wait("large@example.net", seconds=30)[0].body == body.encode()


def test_stop_says_421_and_lets_a_transaction_finish(make, sink):
    """SIGTERM: 421 4.3.2 at the next command, a message in transfer is taken."""
    server = make.posthaste(relay=sink)
    idle, busy = server.session(), server.session()
    assert busy.cmd("MAIL FROM:<anna@example.test>").code == 250
    assert busy.cmd("RCPT TO:<finishing@example.net>").code == 250
    assert busy.cmd("DATA").code == 354
    busy.send("From: <anna@example.test>\r\n\r\nhalf")
    server.process.terminate()
    server.log.wait_for("server.stopping")
    try:
        # The line in the log is written just before the sessions are told.
        give_up = time.monotonic() + 10
        while (reply := idle.cmd("NOOP")).code == 250 and time.monotonic() < give_up:
            pass
        assert (reply.code, reply.status) == (421, "4.3.2")
    except (Closed, OSError):
        pass
    busy.send(" and the rest\r\n.\r\n")
    assert busy.reply().code == 250
    assert server.process.wait(45) == 0
    server.start()
    sink.wait("finishing@example.net")


def test_a_second_signal_ends_it_at_once(make, sink):
    server = make.posthaste(relay=sink)
    busy = server.session()
    busy.cmd("MAIL FROM:<anna@example.test>")
    busy.cmd("RCPT TO:<x@example.net>")
    busy.cmd("DATA")
    server.process.terminate()
    server.log.wait_for("server.stopping")
    server.process.terminate()
    assert server.process.wait(5) == 0


def test_an_interrupt_stops_it_like_a_term(make, sink):
    import signal  # pylint: disable=import-outside-toplevel
    server = make.posthaste(relay=sink)
    assert server.stop(seconds=10, sig=signal.SIGINT) == 0


def test_nothing_is_left_behind_by_an_idle_server(make, sink):
    server = make.posthaste(relay=sink)
    server.submit("x@example.net", body="y" * 70 + "\r\n" + "z" * 400_000)
    sink.wait("x@example.net")
    server.wait_empty()
    server.stop()
    left = [p for p in server.store.rglob("*") if p.is_file() and "content" in p.parts]
    assert not left, left
