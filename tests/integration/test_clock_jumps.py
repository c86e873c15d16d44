"""The wall clock may be wrong by ten years, either way, at the start or while the server runs: nothing expires, nothing
stops, nothing is lost. (libfaketime changes the wall clock and leaves the steady one.)"""

import subprocess
import time

import pytest

from harness.dialogue import ANNA
from harness.fake_clock import fake as _fake, needs_fake_clock

pytestmark = needs_fake_clock

JUMPS = {"ten years ahead": "+10y", "ten years back": "-10y", "a day back": "-1d", "a month ahead": "+40d"}


def test_the_tool_works():
    shown = subprocess.run(["date", "+%Y"], capture_output=True, text=True, env=_fake("+10y"), check=True).stdout
    assert int(shown) == time.gmtime().tm_year + 10


@pytest.mark.parametrize("offset", JUMPS.values(), ids=JUMPS.keys())
def test_at_start_with_mail_in_the_queue(make, sink, offset):
    port = sink.port
    sink.close()
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "1d"}})
    identities = {server.submit(f"x{n}@example.net") for n in range(5)}
    server.log.wait_for("deferred")
    server.stop()
    server.start(env=_fake(offset))
    assert {row["id"] for row in server.queue()} == identities, "nothing expired"
    again = make.sink(port=port)
    # Some were put off until the dead hop is probed, a minute later.
    again.wait(count=5, seconds=90)
    server.wait_empty()
    assert not server.log.find("expired") and not again.to(ANNA)


@pytest.mark.parametrize("offset", ["+10y", "-10y"])
def test_mail_is_taken_and_delivered_in_the_wrong_year(make, sink, offset, certificates):
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"retry": ["1s"]}})
    server.make_accounts()
    server.start(env=_fake(offset))
    server.submit("rcpt451x1@example.net")
    sink.wait("rcpt451x1@example.net", seconds=20)


@pytest.mark.parametrize("offset", ["+3650d", "-3650d"])
def test_while_it_runs(make, sink, offset, tmp_path):
    """The clock is set under a running server: retries go on in their own time."""
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"retry": ["1s"], "expire": "1d"}})
    stamp = server.folder / "faketimerc"
    stamp.write_text("+0\n")
    stamp.chmod(0o644)
    server.make_accounts()
    environment = _fake("+0", FAKETIME_TIMESTAMP_FILE=str(stamp))
    del environment["FAKETIME"]
    server.start(env=environment)
    server.submit("rcpt451x4@example.net")
    server.log.wait_for("deferred", attempt=1)
    stamp.write_text(offset + "\n")
    sink.wait("rcpt451x4@example.net", seconds=30)
    server.wait_empty()
    assert not server.log.find("expired")
    with server.session() as client:
        assert client.transaction(ANNA, "after@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    sink.wait("after@example.net")
    stamp.write_text("+0\n")
    server.submit("back@example.net")
    sink.wait("back@example.net")


def test_the_way_there_and_back_again(make, sink):
    """Started ten years ahead, then with the right clock: the mail of the future is not stuck for ten years."""
    port = sink.port
    sink.close()
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"retry": ["2s"], "expire": "5d"}})
    server.make_accounts()
    server.start(env=_fake("+10y"))
    server.submit("x@example.net")
    server.log.wait_for("deferred")
    server.stop()
    server.start()
    again = make.sink(port=port)
    again.wait("x@example.net", seconds=30)
    assert not server.log.find("expired")


def test_a_jump_is_said_in_the_log(make, sink):
    server = make.posthaste(relay=sink)
    server.stop()
    server.start(env=_fake("+10y"))
    server.log.wait_for("clock.jumped")
