"""delivery.md 1.1: a route that takes over when no host of another is reached, and only then."""

import pytest

from harness.network import Network


@pytest.fixture
def network(make):
    return Network(make)


@pytest.fixture
def pair(make):
    """A relay that is dead, its port, and a spare one."""
    dead = make.sink()
    dead.close()
    return dead, make.sink()


def routes(dead, spare, **more):
    return [{"name": "spare", "via": spare.address, "tls": "none"},
            {"name": "usual", "to": ["*"], "via": dead.address, "tls": "none", "fallback": "spare", **more}]


def test_the_spare_takes_over_and_the_usual_comes_back(make, pair):
    dead, spare = pair
    server = make.posthaste(config={"route": routes(dead, spare)})
    for n in range(20):
        server.submit(f"x{n}@x.test")
    for n in range(20):
        server.log.wait_for("delivered", to=f"x{n}@x.test")
    assert len(spare.messages) == 20
    assert not server.log.find("deferred"), "the first attempt ended well"


def test_patience_is_kept(make, pair):
    dead, spare = pair
    server = make.posthaste(config={"route": routes(dead, spare, fallback_after=2)})
    server.submit("x@x.test")
    spare.wait("x@x.test")
    deferred, = server.log.find("deferred", to="x@x.test")
    # Each record names the route that it was about (delivery.md 1.1).
    assert deferred["route"] == "usual"
    delivered = server.log.wait_for("delivered", to="x@x.test")
    assert delivered["route"] == "spare"
    story = server.admin("trace", delivered["id"]).out
    assert "(route usual)" in story and "(route spare)" in story, story


def test_what_a_host_said_about_the_mail_is_no_reason(make):
    usual, spare = make.sink(), make.sink()
    server = make.posthaste(config={"route": routes(usual, spare), "delivery": {"retry": ["1h"]}})
    server.submit("rcpt550.a@x.test")
    assert server.log.wait_for("failed", to="rcpt550.a@x.test")
    server.submit("rcpt451.b@x.test")
    server.log.wait_for("deferred", to="rcpt451.b@x.test")
    assert not any("x.test" in r for message in spare.messages for r in message.recipients)


def test_hosts_of_one_route_stand_in_for_each_other(make, pair):
    dead, spare = pair
    server = make.posthaste(config={"route": [{"to": ["*"], "via": [dead.address, spare.address], "tls": "none"}]})
    server.submit("x@x.test")
    spare.wait("x@x.test")
    assert server.log.wait_for("delivered", to="x@x.test")["attempt"] <= 1


def test_a_relay_behind_mx_records(network):
    three = network.host(3)
    server = network.server({"pool.test": "@ MX 10 mx2\n@ MX 20 mx3\nmx2 A 127.0.0.2\nmx3 A 127.0.0.3\n"})
    server.stop()
    server.configure({"route": [{"to": ["*"], "via": f"mx:pool.test:{network.port}", "tls": "none"}]})
    server.start()
    server.submit("x@anywhere.test")
    three.wait("x@anywhere.test")


def test_direct_delivery_with_a_spare_way(network, pair):
    _, spare = pair
    server = network.server({"example.net": "@ MX 10 mx2\nmx2 A 127.0.0.2\n"})
    server.stop()
    server.configure({"route": [{"name": "spare", "via": spare.address, "tls": "none"},
                                {"to": ["*"], "via": "mx", "fallback": "spare"}]})
    server.start()
    server.submit("x@example.net")
    spare.wait("x@example.net")
    server.submit("x@nothere.example.net")
    assert server.log.wait_for("failed", to="x@nothere.example.net")["status"] == "5.1.2"
    assert not spare.to("x@nothere.example.net")
