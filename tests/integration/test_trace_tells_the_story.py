"""posthaste trace: what became of a message, by whatever a person has at hand, in words that need no expert."""

import re
import subprocess
import threading

import pytest

from harness import waiting
from harness.dialogue import ANNA


@pytest.fixture
def server(make, sink):
    """Gives everything to the sink; a second attempt comes after a second."""
    return make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})


def _story(server, what, *flags):
    (story,) = server.admin("trace", what, "--json", *flags).rows
    return story


def _until(server, what, state, address=None):
    """The story, once a recipient is in that state."""
    def there():
        story = _story(server, what)
        states = [r["state"] for r in story["recipients"] if address in (None, r["address"])]
        return story if states == [state] else None
    return waiting.until(there, 20, f"{what} to be {state}")


def test_delivered(server, sink):
    identity = server.submit("bob@example.net", subject="Invoice 1182 of =?utf-8?q?K=C3=B6ln?=")
    sink.wait("bob@example.net")
    story = _until(server, identity, "delivered")
    assert story["subject"] == "Invoice 1182 of Köln" and story["sender"] == ANNA and not story["waits"]
    assert story["client"] == "127.0.0.1" and story["tls"].startswith("TLSv1.")
    text = server.admin("trace", identity).out
    assert f"{identity}  {ANNA} -> bob@example.net" in text and "(times are UTC)" in text
    assert re.search(r"^\d\d:\d\d:\d\d  accepted +from " + re.escape(ANNA), text, re.M), text
    assert re.search(r"^\d\d:\d\d:\d\d  attempt 1 +127\.0\.0\.1:\d+, not encrypted: 250 ", text, re.M), text
    assert re.search(r"^now  bob@example\.net: delivered at 20", text, re.M), text


def test_found_by_everything(server, sink):
    message_id = "<x1182@mail.example.test>"
    first = server.submit("bob@example.net", content=f"From: <{ANNA}>\r\nTo: <bob@example.net>\r\nMessage-ID: {message_id}\r\n"
                                                       "Subject: the yearly Report\r\n\r\nx\r\n")
    second = server.submit(["carol@example.net", "dave@example.net"], subject="something else")
    sink.wait(count=2)
    for what in (first, first.lower(), message_id, message_id[1:-1], "bob@example.net", "BOB@EXAMPLE.NET", "yearly report", "REPORT"):
        assert _story(server, what)["id"] == first, what
    assert _story(server, "dave@example.net")["id"] == second
    newest_first = [row["id"] for row in server.admin("trace", ANNA, "--json").rows]
    assert newest_first == [second, first]
    assert [row["id"] for row in server.admin("trace", "--json").rows] == [second, first]
    assert [row["id"] for row in server.admin("trace", "--json", "--limit", "1").rows] == [second]
    assert "--limit" in server.admin("trace", "--limit", "1").out
    assert server.admin("trace", ANNA, "--since", "1h", "--json").rows
    nothing = server.cli("trace", ANNA, "--until", "yesterday")
    assert nothing.code == 1 and "in that time" in nothing.out
    server.stop()
    assert _story(server, "carol@example.net")["id"] == second, "without a server, from the store itself"


def test_nothing_is_found(server):
    answer = server.cli("trace", "nobody@example.net")
    assert answer.code == 1 and "nobody@example.net" in answer.out and "posthaste why" in answer.out
    assert server.cli("trace", "01JD8Q2VXK5T9C4R0M7N3B6H8W").code == 1
    wrong = server.cli("trace", "x", "--since", "soon")
    assert wrong.code == 2 and "yesterday" in wrong.err
    assert server.cli("trace", "--limit", "0").code == 2


def test_deferred_then_delivered(server, sink):
    identity = server.submit("rcpt451x1.bob@example.net")
    sink.wait("rcpt451x1.bob@example.net", seconds=20)
    story = _until(server, identity, "delivered")
    text = server.admin("trace", identity).out
    attempts = re.findall(r"attempt (\d)", text)
    assert attempts == ["1", "2"], text
    assert re.search(r"attempt 1 .*: 451 4\.7\.1", text) and "next try at 20" in text and story["recipients"][0]["attempts"] == 2


def test_what_waits_says_when_it_is_tried(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    identity = server.submit("rcpt451x1.bob@example.net")
    server.log.wait_for("deferred")
    story = _until(server, identity, "waiting")
    recipient = story["recipients"][0]
    assert 3000 < recipient["next_in_s"] < 4500 and recipient["code"] == 451
    text = server.admin("trace", identity).out
    assert re.search(r"^now  rcpt451x1\.bob@example\.net: waits for attempt 2, in .*; the last answer: 451 4\.7\.1", text, re.M), text
    assert "who must act" in text
    server.admin("queue", "retry", identity)
    sink.wait("rcpt451x1.bob@example.net")
    assert "tried anew" in server.admin("trace", identity).out


def test_bounced(server, sink):
    identity = server.submit(["rcpt550.gone@example.net", "bob@example.net"])
    sink.wait(ANNA)
    story = _until(server, identity, "failed", "rcpt550.gone@example.net")
    assert {r["address"]: r["state"] for r in story["recipients"]} == {"rcpt550.gone@example.net": "failed", "bob@example.net": "delivered"}
    text = server.admin("trace", identity).out
    assert "not delivered, and not tried again" in text and "who must act" in text
    report = re.search(r"sender told +it did not reach one recipient \(report (\w{26})\)", text)
    assert report, text
    told = _story(server, report[1])
    assert told["report"] and told["about"] == identity


def test_held_released_cancelled(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    first, second = (server.submit(f"rcpt451x1.{n}@example.net") for n in "ab")
    server.log.wait_for("deferred", count=2)
    server.admin("queue", "hold", first)
    text = server.admin("trace", first).out
    assert re.search(r"on hold +by a person", text) and f"posthaste queue release {first}" in text
    server.admin("queue", "release", first)
    assert re.search(r"released +by a person", server.admin("trace", first).out)
    server.admin("queue", "cancel", second)
    story = _until(server, second, "cancelled")
    assert not story["waits"]
    assert "cancelled by a person" in server.admin("trace", second).out


def test_nobody_answers(make):
    """The story of a smarthost that is down: what was tried, and the words for it."""
    server = make.posthaste(relay="127.0.0.1:9", config={"delivery": {"retry": ["1h"]}})
    identity = server.submit("bob@example.net")
    server.log.wait_for("deferred")
    text = server.admin("trace", identity).out
    assert re.search(r"attempt 1 +127\.0\.0\.1:9: .*refused", text), text


def test_the_dialogue_is_shown(server, sink):
    identity = server.submit(["rcpt550.gone@example.net", "bob@example.net"], body="the secret plan\r\n")
    sink.wait("bob@example.net")
    _until(server, identity, "delivered", "bob@example.net")
    text = server.admin("trace", identity, "--smtp").out
    for line in ("| S: 220 ", "| C: EHLO mail.example.test", "| C: RCPT TO:<bob@example.net>", "| S: 550 5.7.1", "| C: DATA", "| S: 354", "| C: (the message, "):
        assert line in text, (line, text)
    assert "secret plan" not in text
    assert "--smtp shows" not in text and "--smtp shows" in server.admin("trace", identity).out


class Follower:
    """`posthaste trace --live`, with its lines as they come."""

    def __init__(self, server, *words):
        command = [server.binary, "trace", "--live", *words, "--config", str(server.config_file)]
        self.lines = []
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,  # pylint: disable=consider-using-with
                                         env=server.environment(), **server._spawn_as())  # pylint: disable=protected-access
        threading.Thread(target=lambda: self.lines.extend(self._process.stdout), daemon=True).start()

    def wait(self, *words, seconds=20):
        """Until one line holds all of them."""
        return waiting.until(lambda: [line for line in self.lines if all(word in line for word in words)], seconds, words)

    def wait_until_it_looks(self, server, address):
        """Nobody can tell from outside: one message after another, until one is told."""
        def seen():
            identity = server.submit(address)
            try:
                return self.wait(identity, "attempt 1", seconds=2)
            except waiting.Late:
                return None
        waiting.until(seen, 30, "the story as it happens")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()  # not SIGINT: it is ignored below a shell that runs the tests in the background
        self._process.wait()


def test_live(server, sink):
    with Follower(server, "bob@example.net") as follower:
        other = server.submit("carol@example.net")
        sink.wait("carol@example.net")
        follower.wait_until_it_looks(server, "bob@example.net")
        text = "".join(follower.lines)
    assert "accepted" in text and "attempt 1" in text and other not in text


def test_live_goes_on_over_a_restart(server):
    with Follower(server, "bob@example.net") as follower:
        follower.wait_until_it_looks(server, "bob@example.net")
        server.stop()
        follower.wait("the server has stopped")
        server.start()
        identity = server.submit("bob@example.net")  # at once: what is told before it looks again is not missed
        follower.wait(identity, "attempt 1")
        said = [line for line in follower.lines if identity in line]
        assert len(said) == len(set(said)), said
        assert len([line for line in follower.lines if "has stopped" in line]) == 1


def test_live_without_a_server_says_that_nothing_happens(server):
    server.stop()
    answer = server.cli("trace", "--live")
    assert answer.code != 0 and "does not run" in answer.err and "posthaste serve" in answer.err, answer


def test_a_connection_lost_behind_the_dot_says_that_it_may_have_arrived(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    identity = server.submit("drop-after.bob@example.net")
    server.log.wait_for("deferred", id=identity)
    text = server.admin("trace", identity).out
    assert "perhaps" in text, text
