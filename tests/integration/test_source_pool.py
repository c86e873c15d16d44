"""Source addresses: a pool shares the mail, a message keeps its address (criterion 31), and one that is not there is told once."""

import pytest

from harness import waiting
from harness.sink import first

POOL = [{"name": f"out{n}", "address": f"127.0.0.{n}", "ehlo": f"out{n}.example.test"} for n in (21, 22, 23, 24)]
NAMES = [source["name"] for source in POOL]


def test_a_pool_shares_the_mail_and_greets_by_name(make, sink):
    server = make.posthaste(relay=sink, config={"source": POOL, "delivery": {"source": NAMES}})
    with server.session() as client:
        for n in range(60):
            assert client.transaction("anna@example.test", f"x{n}@x.test", "From: <anna@example.test>\r\n\r\nx\r\n").code == 250
    sink.wait(count=60)
    assert set(sink.peers.values()) == {source["address"] for source in POOL}
    for connection, line in sink.commands:
        if line.startswith("EHLO"):
            assert line == f"EHLO out{sink.peers[connection].rpartition('.')[2]}.example.test"


def test_a_message_keeps_its_address_for_greylisting(make, sink):
    server = make.posthaste(relay=sink, config={"source": POOL, "delivery": {"source": NAMES, "retry": ["1s"]}})
    recipients = [f"rcpt451x3.{n}@x.test" for n in range(12)]
    for recipient in recipients:
        server.submit(recipient)
    for recipient in recipients:
        sink.wait(recipient, seconds=30)
    server.restart()
    used = {}
    with_rcpt = [(connection, line) for connection, line in sink.commands if line.startswith("RCPT")]
    for connection, line in with_rcpt:
        used.setdefault(line.partition("<")[2].partition(">")[0], set()).add(sink.peers[connection])
    assert all(len(addresses) == 1 for addresses in used.values()), used
    assert len(set().union(*used.values())) > 1, "several addresses were used"


def test_an_address_that_is_not_there_is_told_once_and_costs_nothing(make, sink):
    gone = {"name": "gone", "address": "192.0.2.200"}
    server = make.posthaste(relay=sink, config={"source": [gone, POOL[0]], "delivery": {"source": ["gone", "out21"]}})
    for n in range(12):
        server.submit(f"x{n}@x.test")
    sink.wait(count=12)
    assert set(sink.peers.values()) == {"127.0.0.21"}
    server.log.wait_for("source.not_here")
    told = server.log.find("source.not_here")
    assert len(told) == 1 and told[0]["source"] == "gone" and told[0]["mend"]
    assert not server.log.find("deferred")


def test_without_any_address_the_mail_waits_and_the_site_is_not_blamed(make, sink):
    gone = {"name": "gone", "address": "192.0.2.200"}
    server = make.posthaste(relay=sink, config={"source": [gone], "route": [
        {"to": ["x.test"], "via": sink.address, "tls": "none", "source": ["gone"]}], "delivery": {"retry": ["1h"]}})
    server.submit("a@x.test")
    deferred = server.log.wait_for("deferred", to="a@x.test")
    assert deferred["status"].startswith("4.3")
    server.submit("b@y.test")
    sink.wait("b@y.test")


@pytest.mark.parametrize("address", ["127.0.0.31", "::1"])
def test_a_route_has_its_own_address(make, address):
    sink = make.sink(host="::1" if ":" in address else "127.0.0.1")
    server = make.posthaste(config={"source": [{"name": "own", "address": address}],
                                    "route": [{"to": ["*"], "via": sink.address, "tls": "none", "source": "own"}]})
    server.submit("x@x.test")
    sink.wait("x@x.test")
    waiting.until(lambda: sink.peers, 5)
    assert sink.peers[1] == address


def test_check_names_the_address_that_is_not_there(make, sink):
    server = make.posthaste(relay=sink, start=False, config={"source": [{"name": "gone", "address": "192.0.2.200"}, POOL[0]]})
    answer = server.cli("check")
    assert 'source "gone": this machine has no address 192.0.2.200' in answer.out + answer.err
    assert "out21" not in answer.out


OTHER_SOURCE = """
[[automation]]
id = "not-from-there"
text = "as you asked"
trigger = "immediate"
scope = "path"
duration = "30m"
actions = [{ do = "use_other_source" }]
"""

BOUNCE = """
[[automation]]
id = "no-more-of-that"
text = "no more of that"
trigger = "immediate"
scope = "account+site"
duration = "30m"
actions = [{ do = "bounce_account_at_site" }]
"""


def test_a_rule_calls_one_address_off_and_another_takes_its_mail(make):
    """Whatever that address is told, the other is not."""
    sink = make.sink()
    server = make.posthaste(relay=sink, start=False, config={"source": POOL[:2], "delivery": {
        "source": NAMES[:2], "rules_file": "rules.toml", "retry": ["1s"]}})
    (server.folder / "rules.toml").write_text(OTHER_SOURCE)
    (server.folder / "rules.toml").chmod(0o644)
    server.start()
    for n in range(12):
        server.submit(f"before{n}@x.test")
    sink.wait(count=12)
    server.submit("rcpt451x1.told@x.test")
    (row,) = waiting.until(lambda: server.admin("overrides", "list", "--json").rows, 20)
    called_off = {"out21": "127.0.0.21", "out22": "127.0.0.22"}[row["applies"].rpartition(" ")[2]]
    sink.wait("rcpt451x1.told@x.test", seconds=20)
    begin = len(sink.messages)
    for n in range(12):
        server.submit(f"after{n}@x.test")
    sink.wait(count=begin + 12, seconds=30)
    assert called_off not in {message.client for message in sink.messages[begin:]}
    server.admin("overrides", "clear", "not-from-there")
    for n in range(24):
        server.submit(f"again{n}@x.test")
    sink.wait(count=begin + 36, seconds=30)
    assert called_off in {message.client for message in sink.messages[begin + 12:]}


def test_an_address_that_is_turned_away_does_not_slow_the_others(make):
    """Windows and probes belong to one address at one site."""
    sink = make.sink(turns_away=("127.0.0.21",))
    server = make.posthaste(relay=sink, config={"source": POOL[:2], "delivery": {"source": NAMES[:2], "retry": ["1h"]}})
    for n in range(40):
        server.submit(f"x{n}@x.test")
    waiting.until(lambda: len(sink.messages) + len(server.queue()) == 40, 30)
    assert len(sink.messages) >= 10, "the other's share went"
    server.log.wait_for("delayed", seconds=20)
    server.submit("late@x.test")
    state = server.admin("queue", "show", "x.test", "--plan", "--json").rows[0]["state"]
    assert state["state"] == "partly down", state


def test_an_account_gets_its_mail_back_where_a_rule_says_so(make, sink):
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"rules_file": "rules.toml", "retry": ["1h"]}})
    (server.folder / "rules.toml").write_text(BOUNCE)
    (server.folder / "rules.toml").chmod(0o644)
    server.start()
    sink.behaviour.replies = {"RCPT": first(b"450 4.7.1 no more of that\r\n")}
    server.submit("first@x.test")
    server.log.wait_for("deferred", to="first@x.test")
    server.submit("second@x.test")
    failed = server.log.wait_for("failed", to="second@x.test")
    assert "no-more-of-that" in failed["text"] and failed["status"] == "5.7.1"
    (row,) = server.admin("overrides", "list", "--json").rows
    assert "comes back" in row["what"] and row["left_s"] > 1700
