"""delivery.md, criterion 6: a name that is gone ends the mail, unless mail was taken there of late: then it waits for hours."""

import pytest

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
