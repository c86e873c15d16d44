"""Delivery without a smarthost: which host of a domain gets the mail, and what is said when none does."""

import pytest

from harness import waiting
from harness.network import Network
from harness.sink import Sink

GREETING_421 = {"banner": b"421 4.3.2 too busy\r\n"}
GREETING_554 = {"banner": b"554 5.7.1 not you\r\n"}


@pytest.fixture
def network(make):
    return Network(make)


HOSTS = "mx2 A 127.0.0.2\nmx3 A 127.0.0.3\nmx4 A 127.0.0.4\n"


@pytest.mark.parametrize("first", [GREETING_421, GREETING_554], ids=["421", "554"])
def test_the_second_takes_over_in_the_same_attempt(network, first):
    two, three = network.host(2, replies=first), network.host(3)
    server = network.server({"example.net": "@ MX 10 mx2\n@ MX 20 mx3\n" + HOSTS})
    server.submit("x@example.net")
    three.wait("x@example.net")
    assert two.connections >= 1 and not two.messages
    delivered = server.log.wait_for("delivered", to="x@example.net")
    assert delivered["attempt"] <= 1 and "127.0.0.3" in delivered["remote"]


def test_nobody_listens_at_the_first(network):
    three = network.host(3)
    server = network.server({"example.net": "@ MX 10 mx2\n@ MX 20 mx3\n" + HOSTS})
    server.submit("x@example.net")
    three.wait("x@example.net")


def test_cut_before_the_final_dot_goes_to_the_next_host(network):
    two, three = network.host(2, drop_content=True), network.host(3)
    server = network.server({"example.net": "@ MX 10 mx2\n@ MX 20 mx3\n" + HOSTS})
    server.submit("x@example.net", body="line\r\n" * 600_000)
    three.wait("x@example.net", seconds=20)
    assert two.connections and not two.messages


def test_preference_decides(network):
    two, three, four = network.host(2), network.host(3), network.host(4)
    server = network.server({"example.net": "@ MX 30 mx2\n@ MX 5 mx3\n@ MX 20 mx4\n" + HOSTS})
    for n in range(5):
        server.submit(f"x{n}@example.net")
    three.wait(count=5)
    assert not two.messages and not four.messages


def test_equal_preferences_share(network):
    two, three = network.host(2), network.host(3)
    zones = {f"d{n}.test": "@ MX 10 mx2\n@ MX 10 mx3\n" + HOSTS for n in range(16)}
    server = network.server(zones)
    with server.session() as client:
        for n in range(16):
            assert client.transaction("anna@example.test", f"x@d{n}.test", "From: <anna@example.test>\r\n\r\nx\r\n").code == 250
    for n in range(16):
        server.log.wait_for("delivered", to=f"x@d{n}.test")
    # Sixteen fair coins fall on one side once in 32,768 runs.
    assert two.messages and three.messages


def test_without_mx_the_address_is_used(network):
    two = network.host(2)
    server = network.server({"example.net": "@ A 127.0.0.2\n"})
    server.submit("x@example.net")
    two.wait("x@example.net")


def test_an_mx_without_address_never_falls_back_to_the_domain(network):
    two = network.host(2)
    server = network.server({"example.net": "@ MX 10 gone\n@ A 127.0.0.2\n"})
    server.submit("x@example.net")
    deferred = server.log.wait_for("deferred", to="x@example.net")
    assert deferred["status"] == "4.4.4"
    assert not two.connections


def test_an_mx_that_is_an_alias_is_borne(network):
    two = network.host(2)
    server = network.server({"example.net": "@ MX 10 alias\nalias CNAME mx2\n" + HOSTS})
    server.submit("x@example.net")
    two.wait("x@example.net")


def test_a_mail_domain_that_is_an_alias(network):
    two = network.host(2)
    server = network.server({"example.net": "www CNAME real\nreal MX 10 mx2\n" + HOSTS})
    server.submit("x@www.example.net")
    two.wait("x@www.example.net")


def test_a_loop_of_aliases_is_deferred_without_hanging(network):
    server = network.server({"example.net": "a CNAME b\nb CNAME a\n"})
    server.submit("x@a.example.net")
    deferred = server.log.wait_for("deferred", seconds=20, to="x@a.example.net")
    assert deferred["status"].startswith("4.4")


def test_a_domain_that_does_not_exist_fails_at_once(network):
    server = network.server({"example.net": HOSTS})
    server.submit("x@nothere.example.net")
    failed = server.log.wait_for("failed", to="x@nothere.example.net")
    assert failed["status"] == "5.1.2"


def test_a_broken_zone_is_tried_again(network):
    server = network.server({"example.net": HOSTS, "broken.test": None})
    server.submit("x@broken.test")
    deferred = server.log.wait_for("deferred", to="x@broken.test", seconds=30)
    assert deferred["status"].startswith("4.4")
    assert not server.log.find("failed", to="x@broken.test")


def test_a_silent_name_server_is_tried_again(network):
    two = network.host(2)
    server = network.server({"example.net": "@ MX 10 mx2\n" + HOSTS})
    server.nsd.stop()
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net", seconds=90)
    server.nsd.start()

    def arrived():
        server.cli("queue", "retry", "--all")
        return two.messages
    waiting.until(arrived, 60, "the mail, once names are answered again", step=1.0)


def test_mx_at_ourselves_is_a_loop(network):
    network.host(2)
    server = network.server({"example.net": "@ MX 10 mail.example.test.\n", "example.test": "mail A 127.0.0.2\n"})
    server.submit("x@example.net")
    failed = server.log.wait_for("failed", to="x@example.net")
    assert failed["status"] == "5.4.6"


def test_hosts_behind_ourselves_are_not_tried(network):
    two, three = network.host(2), network.host(3)
    server = network.server({"example.net": "@ MX 10 mx2\n@ MX 20 mail.example.test.\n@ MX 30 mx3\n" + HOSTS, "example.test": "mail A 127.0.0.9\n"})
    server.submit("x@example.net")
    two.wait("x@example.net")
    assert not three.connections


def test_a_host_that_greets_with_our_name_is_a_loop(network):
    network.host(2, replies={"EHLO": b"250-mail.example.test\r\n250 8BITMIME\r\n", "banner": b"220 mail.example.test ESMTP\r\n"})
    server = network.server({"example.net": "@ MX 10 mx2\n" + HOSTS})
    server.submit("x@example.net")
    outcome = server.log.wait_for(("failed", "deferred"), to="x@example.net")
    assert outcome["status"].endswith(".4.6")


def test_private_addresses_are_not_connected_to_by_default(network):
    two = network.host(2)
    server = network.server({"example.net": "@ MX 10 mx2\n" + HOSTS}, allow_private_addresses=False)
    server.submit("x@example.net")
    outcome = server.log.wait_for("failed", to="x@example.net")
    assert outcome["status"] == "5.4.4"
    assert not two.connections


def test_opportunistic_tls_is_used_where_offered(network, certificates):
    two = network.host(2, certificate=certificates[0])
    server = network.server({"example.net": "@ MX 10 mx2\n" + HOSTS})
    server.submit("x@example.net")
    assert two.wait("x@example.net")[0].tls.startswith("TLSv1.")
    assert server.log.wait_for("delivered", to="x@example.net")["tls"].startswith("TLSv1.")


@pytest.mark.parametrize("trouble", ["refused", "garbage", "dropped"])
def test_opportunistic_tls_that_fails_does_not_stop_the_mail(network, certificates, trouble):
    two = network.host(2, certificate=certificates[0], starttls=trouble)
    server = network.server({"example.net": "@ MX 10 mx2\n" + HOSTS})
    server.submit("x@example.net")
    message = two.wait("x@example.net", seconds=30)[0]
    assert message.tls == ""


def test_injected_replies_behind_starttls_are_not_believed(network, certificates):
    """The 220's segment carries a fake EHLO answer; a client that keeps it believes an attacker."""
    two = network.host(2, certificate=certificates[0], starttls="injected")
    server = network.server({"example.net": "@ MX 10 mx2\n" + HOSTS})
    server.submit("x@example.net")
    message = two.wait("x@example.net", seconds=30)[0]
    assert message.login == ""
    if message.tls:
        after = [line.split(" ")[0].upper() for number, line in two.commands if number == message.connection]
        assert after.count("EHLO") >= 2, "greets anew behind STARTTLS"


def test_ipv6_only_hosts_are_reached(network):
    sink = Sink(port=network.port, host="::1")
    network.make.made.append(sink)
    server = network.server({"example.net": "@ MX 10 six\nsix AAAA ::1\n"})
    server.submit("x@example.net")
    sink.wait("x@example.net")


def test_a_dead_address_does_not_hide_a_living_one(network):
    two = network.host(2)
    server = network.server({"example.net": "@ MX 10 both\nboth AAAA ::1\nboth A 127.0.0.2\nboth A 127.0.0.77\n"})
    server.submit("x@example.net")
    two.wait("x@example.net", seconds=30)


def test_an_address_literal_is_delivered_to(network):
    two = network.host(2)
    server = network.server({"example.net": HOSTS})
    with server.session() as client:
        reply = client.transaction("anna@example.test", "x@[127.0.0.2]", "From: <anna@example.test>\r\n\r\nx\r\n")
    if reply.code == 250:
        two.wait("x@[127.0.0.2]")
    else:
        assert reply.code // 100 == 5, reply


def test_an_idn_domain_is_looked_up_and_greeted_in_ascii(network):
    two = network.host(2, extensions=("8BITMIME", "SIZE 1000000"))
    server = network.server({"xn--bcher-kva.test": "@ MX 10 mx2.example.net.\n", "example.net": HOSTS})
    with server.session() as client:
        reply = client.transaction("anna@example.test", "x@bücher.test".encode().decode("latin-1"), "From: <anna@example.test>\r\n\r\nx\r\n", "SMTPUTF8")
        assert reply.code == 250
    two.wait("x@xn--bcher-kva.test")


def test_one_that_wants_a_login_is_a_refusal_and_no_delay(network):
    network.host(2, replies={"MAIL": b"530 5.7.1 Client was not authenticated\r\n"})
    server = network.server({"example.net": "@ MX 10 mx2\n" + HOSTS})
    server.submit("x@example.net")
    failed = server.log.wait_for("failed", to="x@example.net")
    assert failed["status"] == "5.7.1"


def test_a_routes_hop_that_wants_a_login_is_told_without_keys_that_a_route_has_not(make, sink):
    hop = make.sink(replies={"MAIL": b"530 5.7.0 Authentication required\r\n"})
    server = make.posthaste(relay=sink, config={"route": [{"to": ["example.net"], "via": hop.address, "tls": "none"}]})
    server.submit("x@example.net")
    refused = server.log.wait_for("smarthost.refused")
    assert "[[route]]" in refused["mend"] and "[relay] username" not in refused["mend"], refused
