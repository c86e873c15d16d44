"""posthaste queue show DESTINATION --plan: what would be done with such mail, by which rule, and why; with and without a server."""

import pytest

from harness.network import Network

HOSTS = "mx2 A 127.0.0.2\nmx3 A 127.0.0.3\nmx4 A 127.0.0.4\nus A 127.0.0.9\n"


@pytest.fixture
def network(make):
    return Network(make)


@pytest.fixture
def server(network, sink):
    made = network.server({"example.net": "@ MX 10 mx3\n@ MX 10 mx2\n@ MX 20 us\n@ MX 30 mx4\n" + HOSTS, "nomail.test": "@ MX 0 .\n"},
                          own_addresses=["127.0.0.9"])
    made.stop()
    made.configure({"source": [{"name": "out1", "address": "127.0.0.21", "ehlo": "out1.example.test"}],
                    "delivery": {"source": ["out1"]},
                    "route": [{"name": "boss", "account": "bob@example.test", "via": sink.address, "tls": "none"},
                              {"name": "keep", "to": ["kept.test"], "via": "hold"}]})
    return made.start()


def plan(server, destination, *more):
    answer = server.cli("queue", "show", destination, "--plan", "--json", *more)
    assert answer.rows, answer
    return answer.rows[0]


@pytest.mark.parametrize("running", [True, False], ids=["of a server", "of a store"])
def test_hosts_in_order(server, running):
    if not running:
        server.stop()
    shown = plan(server, "someone@example.net")
    assert shown["destination"] == "example.net" and shown["route"] == "default" and shown["kind"] == "mx"
    assert sorted(host["name"] for host in shown["hosts"][:2]) == ["mx2.example.net", "mx3.example.net"]
    assert {host["level"] for host in shown["hosts"][:2]} == {10}
    assert shown["hosts"][0]["addresses"] and shown["hosts"][0]["tls"] == "may"
    assert [bool(host.get("left_out")) for host in shown["hosts"]] == [False, False, True, True]
    assert "this server itself" in shown["hosts"][2]["left_out"]
    assert shown["sources"] == [{"name": "out1", "ehlo": "out1.example.test", "weight": 1, "addresses": ["127.0.0.21"]}]
    assert shown["limits"]["transactions"] > 0


def test_the_rule_that_wins(server, sink):
    shown = plan(server, "example.net", "--account", "bob@example.test")
    assert shown["route"] == "boss" and "bob@example.test" in shown["rule"] and shown["kind"] == "relay"
    assert shown["hosts"][0]["port"] == sink.port
    shown = plan(server, "kept.test")
    assert shown["held"] and shown["route"] == "keep" and shown["released_to"] == "default"
    shown = plan(server, "example.net", "--route", "boss")
    assert shown["route"] == "boss" and shown["chosen"]


def test_no_way_is_an_answer_too(server):
    answer = server.cli("queue", "show", "nomail.test", "--plan")
    assert answer.code == 1 and "5.1.10" in answer.out and "accepts no mail" in answer.out
    answer = server.cli("queue", "show", "not a domain", "--plan")
    assert answer.code == 4 or answer.code == 2
    assert "not a domain" in answer.err


def test_for_people(server):
    answer = server.admin("queue", "show", "example.net", "--plan")
    for words in ("mx2.example.net", "preference 10", "TLS may", "not tried", "out1", "what no rule of the file names"):
        assert words in answer.out, answer.out


def test_a_site_that_is_down_is_shown_so(server):
    for n in range(4):
        server.submit(f"x{n}@example.net")
    server.log.wait_for("deferred", count=3, seconds=30)
    shown = plan(server, "example.net")
    assert shown["state"]["state"] in ("down", "up")
    assert "waiting" in shown["state"]
