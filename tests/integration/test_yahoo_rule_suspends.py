"""Yahoo says twice within an hour that it takes nothing: a rule holds all mail to Yahoo back for two hours, and only that.

The change is listed with the replies that caused it, is kept over a restart, ends by itself, and is cleared by a person.
"""

import email
import email.policy
import time

import pytest

from harness import waiting
from harness.dialogue import ANNA
from harness.fake_clock import fake, needs_fake_clock
from harness.ports import free_port
from harness.sink import Sink, first

TSS04 = b"421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints\r\n"

ZONES = {
    "yahoodns.net": "mta5.am0 A 127.0.0.2\nmta7.am0 A 127.0.0.3\n",
    "yahoo.test": "@ MX 10 mta5.am0.yahoodns.net.\n",
    "aol.test": "@ MX 10 mta7.am0.yahoodns.net.\n",
    "example.net": "@ MX 10 mx4\nmx4 A 127.0.0.4\n",
}


class Bed:
    """Two sites of Yahoo and one of somebody else."""

    def __init__(self, make):
        port = free_port()
        self.yahoo = Sink(port=port, host="127.0.0.2", replies={"MAIL": first(TSS04, 2)})
        self.aol = Sink(port=port, host="127.0.0.3")
        self.other = Sink(port=port, host="127.0.0.4", replies={"MAIL": first(TSS04, 2)})
        make.made += [self.yahoo, self.aol, self.other]
        nsd = make.nsd(ZONES)
        self.server = make.posthaste(config={"delivery": {"resolver": [nsd.address], "mx_port": port, "retry": ["1h"]}})

    def overrides(self):
        """What is in force."""
        return self.server.admin("overrides", "list", "--json").rows

    def provoke(self):
        """Two messages that Yahoo puts off."""
        for name in ("a", "b"):
            self.server.submit(f"{name}@yahoo.test")
            deferred = self.server.log.wait_for("deferred", to=f"{name}@yahoo.test")
            assert deferred["code"] == 421
            if name == "a":
                assert not self.overrides(), "once is not twice"
        began = self.server.log.wait_for("override.began")
        assert began["id"].startswith("yahoo-tss04")


@pytest.fixture
def bed(make):
    return Bed(make)


def test_all_sites_of_yahoo_are_held_back_and_nobody_else(bed):
    bed.provoke()
    (row,) = bed.overrides()
    assert row["rule"] == "yahoo-tss04" and row["replies"] == 2 and row["scope"] == "source+provider"
    assert "[TSS04]" in row["first_reply"] and "[TSS04]" in row["last_reply"]
    assert row["host"] == "mta5.am0.yahoodns.net" and 7000 < row["left_s"] <= 7200
    shown = bed.server.admin("overrides", "list").out
    assert "all mail to yahoo: nothing is sent" in shown and "[TSS04]" in shown

    tried = bed.yahoo.connections
    bed.server.submit("c@aol.test")
    bed.server.submit("d@yahoo.test")
    # The same words from a host that is not Yahoo's are no reason to hold anything back.
    for name in ("e", "f"):
        bed.server.submit(f"{name}@example.net")
    for name in ("e", "f"):
        bed.server.log.wait_for("deferred", to=f"{name}@example.net")
    bed.server.submit("g@example.net")
    bed.other.wait("g@example.net", seconds=30)
    time.sleep(1)
    assert bed.aol.connections == 0 and bed.yahoo.connections == tried
    (row,) = bed.overrides()
    assert row["replies"] == 2, "what the server says itself counts for nothing"
    assert len(bed.server.queue()) >= 4


@needs_fake_clock
def test_it_is_kept_over_a_restart_and_ends_after_two_hours(bed):
    bed.provoke()
    bed.server.submit("c@aol.test")
    bed.server.stop()
    bed.server.start(env=fake("+90m"))
    (row,) = bed.overrides()
    assert row["replies"] == 2 and row["left_s"] <= 1800
    assert bed.aol.connections == 0
    bed.server.stop()
    bed.server.start(env=fake("+125m"))
    assert bed.overrides() == []
    bed.aol.wait("c@aol.test", seconds=30)
    bed.yahoo.wait("a@yahoo.test", seconds=30)
    bed.server.wait_empty()


def test_a_person_clears_it(bed):
    bed.provoke()
    bed.server.submit("c@aol.test")
    answer = bed.server.cli("overrides", "clear", "nothing-of-that-name")
    assert answer.code != 0 and "overrides list" in answer.err
    assert bed.server.cli("overrides", "clear").code == 2
    answer = bed.server.admin("overrides", "clear", "yahoo", "--json")
    assert answer.rows == [{"cleared": 1}]
    assert bed.overrides() == []
    bed.server.admin("queue", "retry", "--all")
    bed.aol.wait("c@aol.test", seconds=30)
    bed.yahoo.wait("b@yahoo.test", seconds=30)
    bed.server.wait_empty()


def test_what_waited_for_it_goes_when_a_person_clears_it(bed):
    """Without another word: it was never tried, and nothing else keeps it back."""
    bed.provoke()
    bed.server.submit("c@aol.test")
    bed.server.log.wait_for("delayed", to="c@aol.test")
    bed.server.admin("overrides", "clear", "yahoo")
    bed.aol.wait("c@aol.test", seconds=10)


def test_without_a_server_the_store_tells_and_takes_orders(bed):
    bed.provoke()
    bed.server.stop()
    (row,) = bed.overrides()
    assert row["rule"] == "yahoo-tss04"
    bed.server.admin("overrides", "clear", "--all")
    assert bed.overrides() == []
    bed.server.start()
    assert bed.overrides() == []


OWN = """
[[rule]]
id = "partner-lunch"
class = "rate_limited"
text = "at lunch"
action = "defer"
note = "The partner's server rests at noon."

[[automation]]
id = "partner-rests"
text = "at lunch"
trigger = "immediate"
duration = "30m"
actions = [{ do = "suspend" }]
"""


def test_the_operators_own_rules(make, sink):
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"rules_file": "rules.toml", "retry": ["1s"]}})
    (server.folder / "rules.toml").write_text(OWN.replace("suspend", "suspnd"))
    checked = server.cli("check")
    assert "rules.toml:14" in checked.out + checked.err and 'did you mean "suspend"' in checked.out + checked.err
    (server.folder / "rules.toml").write_text(OWN)
    sink.behaviour.replies = {"RCPT": first(b"550 5.1.1 all of us are at lunch\r\n", 1)}
    server.start()
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net")
    assert deferred["code"] == 550, "an own rule turns a final reply"
    (row,) = server.admin("overrides", "list", "--json").rows
    assert row["rule"] == "partner-rests"
    said = server.admin("explain", "550 5.1.1 all of us are at lunch").out
    assert "rests at noon" in said and "partner-lunch" in said
    server.admin("overrides", "clear", "partner-rests")
    server.admin("queue", "retry", "--all")
    waiting.until(lambda: sink.to("x@example.net"), 30, "the message after lunch")


INVOICES = """
[[rule]]
id = "house-invoices"
class = "policy"
text = "no bills"
who = "our_administrator"
note = "Their filter stops invoices."
mend = "Ask Jane in accounting"
"""


def test_the_operators_words_are_told_everywhere(make, sink):
    """One reading of a reply (delivery.md 6.4): the log, the story and the report say the same."""
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"rules_file": "rules.toml", "retry": ["1s"]}})
    (server.folder / "rules.toml").write_text(INVOICES)
    sink.behaviour.replies = {"RCPT": first(b"550 5.7.1 no bills here\r\n", 1)}
    server.start()
    server.submit("x@example.net")
    failed = server.log.wait_for("failed", to="x@example.net")
    assert (failed["cause"], failed["rule"]) == ("policy", "house-invoices")
    assert failed["means"] == "Their filter stops invoices."
    story = server.admin("trace", failed["id"]).out
    assert "Their filter stops invoices." in story and "Ask Jane in accounting." in story
    assert "who must act: the administrator of this server" in story
    (report,) = sink.wait(ANNA, seconds=90)
    message = email.message_from_bytes(report.data, policy=email.policy.default)
    text = " ".join(message.get_body(("plain",)).get_content().split())
    assert "Their filter stops invoices." in text and "Ask Jane in accounting." in text
    assert "Who has to act: your administrator" in text
