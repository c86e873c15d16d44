"""Programs' accounts learn which addresses are no good: from refusals and in a row, over restarts; people's never do."""

import pytest

from harness.dialogue import ANNA, BOB

GONE = "rcpt550-1-1.gone@example.net"
ODD = "rcpt550x3.odd@example.net"       # refused by policy three times, then taken


def make_program(server, profile="application", account=ANNA):
    server.admin("account", "set", account, "--profile", profile)


@pytest.mark.parametrize("profile", ["application", "bulk"])
def test_an_unknown_recipient_is_listed_at_once(make, sink, profile):
    server = make.posthaste(relay=sink)
    make_program(server, profile)
    first = server.submit(GONE)
    added = server.log.wait_for("suppression.added", seconds=20, address=GONE)
    assert added["reason"] == "invalid_recipient" and first in added["by"] and added["expires"] != "never"
    server.submit(GONE.upper().replace("EXAMPLE.NET", "example.net"))
    server.log.wait_for("suppressed")
    assert sink.rcpt_count(GONE) == 1, "the other server is not asked again"
    (row,) = server.admin("suppression", "show", GONE, "--json").rows
    assert row["message"] == first and "550" in row["text"] or "as you asked" in row["text"]
    # Over a kill -9, once it is written.
    server.log.wait_for("suppression.added")
    server.admin("suppression", "list")
    server.kill()
    server.start()
    if server.admin("suppression", "list", "--json").rows:
        server.submit(GONE)
        server.log.wait_for("suppressed", to=GONE)


def test_a_person_decides_for_themselves(make, sink):
    server = make.posthaste(relay=sink)
    for _ in range(4):
        server.submit(ODD)
    server.submit(GONE)
    server.log.wait_for("failed", count=4)
    server.stop()
    assert not server.admin("suppression", "list", "--json").rows


def test_three_refusals_in_a_row_over_restarts(make, sink):
    server = make.posthaste(relay=sink)
    make_program(server)
    odd = "rcpt550.odd@example.net"
    for count in range(1, 4):
        assert server.cli("suppression", "show", odd).code == 1
        server.submit(odd)
        server.log.wait_for("failed", to=odd)
        server.restart()
    (row,) = server.admin("suppression", "show", odd, "--json").rows
    assert row["failures"] == 3 and row["reason"] == "policy"
    # Taken off, it begins anew.
    server.admin("suppression", "remove", ANNA, odd)
    server.submit(odd)
    server.log.wait_for("failed", to=odd)
    server.stop()
    assert server.cli("suppression", "show", odd).code == 1


def test_a_success_between_takes_the_failures_back(make, sink):
    server = make.posthaste(relay=sink)
    make_program(server)
    address = "rcpt550x2.odd@example.net"
    for _ in range(2):
        server.submit(address)
        server.log.wait_for("failed", to=address)
        server.restart()
    server.submit(address)
    server.log.wait_for("delivered", to=address)
    server.restart()
    sink.behaviour.replies["RCPT"] = b"550 5.7.1 not you\r\n"
    for _ in range(2):
        server.submit(address)
        server.log.wait_for("failed", to=address)
        server.restart()
    assert server.cli("suppression", "show", address).code == 1


def test_a_block_of_ours_empties_no_list(make, sink):
    server = make.posthaste(relay=sink)
    make_program(server)
    sink.behaviour.replies["RCPT"] = b"550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using zen.spamhaus.org\r\n"
    server.submit("someone@example.net")
    server.log.wait_for("deferred", to="someone@example.net")
    server.stop()
    assert not server.admin("suppression", "list", "--json").rows


def test_the_lists_are_of_one_account(make, sink):
    server = make.posthaste(relay=sink)
    make_program(server)
    make_program(server, account=BOB)
    server.submit(GONE)
    server.log.wait_for("suppression.added", seconds=20)
    server.submit(GONE, sender=BOB)
    server.log.wait_for("failed", count=2, to=GONE)
    assert sink.rcpt_count(GONE) == 2
