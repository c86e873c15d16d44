"""delivery.md, criterion 6: a name that is gone ends the mail, unless mail was taken there of late: then it waits for hours."""

import pytest

from harness.dialogue import ANNA
from harness.fake_clock import fake, needs_fake_clock
from harness.network import Network

HOSTS = "mx2 A 127.0.0.2\n"


@pytest.fixture
def network(make):
    return Network(make)


def test_a_domain_that_took_mail_yesterday_is_waited_for(network):
    two = network.host(2)
    server = network.server({"example.net": "@ MX 10 mx2\nsub MX 10 mx2\n" + HOSTS}, retry=["1s"])
    server.submit("x@sub.example.net")
    two.wait("x@sub.example.net")
    server.log.wait_for("delivered")
    server.stop()
    server.nsd.change(example_net="@ MX 10 mx2\n" + HOSTS)
    server.start()
    server.submit("y@sub.example.net")
    server.log.wait_for("deferred", to="y@sub.example.net", count=2, status="4.1.2")
    server.submit("y@never.example.net")
    assert server.log.wait_for("failed", to="y@never.example.net")["status"] == "5.1.2"
    assert not server.log.find("failed", to="y@sub.example.net")


# Mail for the sender has a way of its own, so that what comes back can be read.
SENDERS = "@ MX 10 mx2\n" + HOSTS


def wait_for_missing_domain(network, two):
    """A server that delivered to sub.example.net once, with one message waiting for the name to come back."""
    server = network.server({"example.net": "@ MX 10 mx2\nsub MX 10 mx2\n" + HOSTS, "example.test": SENDERS}, retry=["1s"])
    server.submit("x@sub.example.net")
    two.wait("x@sub.example.net")
    server.log.wait_for("delivered", to="x@sub.example.net")
    server.stop()
    server.nsd.change(example_net="@ MX 10 mx2\n" + HOSTS)
    server.start()
    server.submit("y@sub.example.net")
    server.log.wait_for("deferred", to="y@sub.example.net", status="4.1.2")
    server.stop()
    return server


@needs_fake_clock
def test_four_hours_later_it_comes_back_with_the_reason(network):
    """The hours are counted from the first miss, over restarts, not from each one anew."""
    two = network.host(2)
    server = wait_for_missing_domain(network, two)

    server.start(env=fake("+230m"))
    waiting = server.log.wait_for("deferred", to="y@sub.example.net")
    assert waiting["status"] == "4.1.2" and waiting["attempt"] > 1
    assert not server.log.find("failed") and not two.to(ANNA)
    server.stop()

    server.start(env=fake("+245m"))
    failed = server.log.wait_for("failed", to="y@sub.example.net")
    assert failed["status"] == "5.1.2"
    # The other one says that it was late: four hours are also the time of that.
    reports = [message.data for message in two.wait(ANNA, count=2, seconds=20)]
    failures = [report for report in reports if b"Action: failed" in report]
    assert len(failures) == 1 and b"y@sub.example.net" in failures[0] and b"Status: 5.1.2" in failures[0]
    server.wait_empty()


@needs_fake_clock
def test_a_domain_that_is_back_within_the_hours_gets_its_mail(network):
    two = network.host(2)
    server = wait_for_missing_domain(network, two)
    server.nsd.change(example_net="@ MX 10 mx2\nsub MX 10 mx2\n" + HOSTS)
    server.start(env=fake("+3h"))
    two.wait("y@sub.example.net", seconds=20)
    server.wait_empty()
    assert not server.log.find("failed") and not two.to(ANNA)
