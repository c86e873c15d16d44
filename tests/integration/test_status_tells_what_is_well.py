"""`posthaste status` is one short screen, and /metrics has the same as numbers, without a name that mail has brought."""

import re

from harness import dnssec, oauth_relay
from harness.fake_clock import needs_fake_clock
from harness.http import Http
from harness.mx_network import SignedNetwork
from harness.policy_host import policy
from harness.ports import free_port
from test_mta_sts import DOMAIN, World as StsWorld
from test_tls_reports import TODAY, YESTERDAY, World as ReportWorld, at

SECRET = "secret-of-the-app"


def with_metrics(server):
    """What GET /metrics gives, {"name{labels}": number}, once it runs."""
    port = free_port()
    server.configure({"listen": {"metrics": f"127.0.0.1:{port}"}})

    def read():
        page = Http(port).get("/metrics").decode()
        return {name: int(value) for name, value in re.findall(r"^([a-z][^ ]*) (-?\d+)$", page, re.M)}
    return read


def lines(status):
    """{label: the rest of its line}."""
    return {line.split(None, 1)[0]: line.split(None, 1)[1] for line in status.out.splitlines()}


def test_a_server_on_which_nothing_has_happened(make):
    server = make.posthaste()
    told = server.admin("status")
    assert told.out.count("\n") <= 8, told.out
    said = lines(told)
    assert said["server"].startswith("running") and said["store"] == "ok"
    assert said["queue"].startswith("0 messages, 0 recipients waiting, 0 messages held, 0 in flight")
    assert said["mta-sts"] == "no domain's policy is kept so far"
    assert said["tls-rpt"] == "nobody wanted one about yesterday"
    assert said["rules"] == "no reply holds mail back or slows it down"
    assert "login" not in said
    (row,) = server.admin("status", "--json").rows
    assert row["overrides"] == 0 and row["logins"] == [] and row["tls_reports"]["sent"] == 0
    server.stop()
    said = lines(server.cli("status"))
    assert said["server"].startswith("not running")
    assert "tls-rpt" not in said and "dns" not in said, "what only a running server knows"
    assert said["rules"] == "no reply holds mail back or slows it down"


def test_logins_and_their_tokens(make, authority, certificates):
    tokens = make.token_server(secret=SECRET, lifetime=3600)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    welcome = [True]
    good = sink.behaviour.takes_token
    sink.behaviour.takes_token = lambda user, token: welcome[0] and good(user, token)
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET)
    metrics = with_metrics(server)
    server.start()
    tokens.wait_given(1)
    server.submit("x@example.net")
    sink.wait("x@example.net")
    server.wait_empty()
    said = lines(server.admin("status"))["login"]
    assert said.startswith(f"localhost:{sink.port} as relay@example.test: works, its token is good for "), said
    numbers = metrics()
    assert 3000 < numbers['posthaste_token_seconds{route="default"}'] <= 3600
    assert numbers['posthaste_token_fetches_total{route="default"}'] >= 1
    assert numbers['posthaste_token_failures_total{route="default"}'] == 0
    assert numbers['posthaste_login_works{route="default"}'] == 1
    assert not any(name.startswith("posthaste_token_trouble") for name in numbers)
    welcome[0] = False
    server.restart()
    server.submit("y@example.net")
    server.log.wait_for("smarthost.refused")
    said = lines(server.admin("status"))["login"]
    assert "REFUSED" in said and said.endswith("(posthaste relay status says why)"), said
    assert metrics()['posthaste_login_works{route="default"}'] == 0


def test_a_token_server_that_wants_something_mended(make, authority, certificates):
    tokens = make.token_server(secret="another", lifetime=3600)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET)
    metrics = with_metrics(server)
    server.start()
    server.log.wait_for("oauth.failed")
    tokens.wait_asked(1)
    said = lines(server.admin("status"))["login"]
    assert "NO TOKEN" in said and "posthaste relay status" in said, said
    numbers = metrics()
    assert numbers['posthaste_token_seconds{route="default"}'] == 0
    assert numbers['posthaste_token_failures_total{route="default"}'] >= 1
    assert numbers['posthaste_token_trouble{route="default",kind="setting"}'] == 1


def test_policies_of_mta_sts(make, authority):
    world = StsWorld(make, authority)
    two = world.sink(2, names="DNS:mx2.strict.test")
    world.host.serve(DOMAIN, policy("enforce", "*.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
    server.stop()
    metrics = with_metrics(server)
    server.start()
    server.submit("x@strict.test")
    two.wait("x@strict.test")
    server.wait_empty()
    numbers = metrics()
    assert numbers['posthaste_sts_policies{mode="enforce"}'] == 1
    assert numbers['posthaste_tls_sessions_total{policy="sts",result="success"}'] == 1
    assert not any("strict" in name for name in numbers), "labels have no names"
    server.stop()  # writes what is learned
    said = lines(server.cli("status"))
    assert said["mta-sts"] == "1 policy kept: 1 in force, 0 in testing"


def test_dane(make, folders):
    network = SignedNetwork(make, folders("dane"))
    right = network.certificate("right")
    two, three = network.host(2, certificate=right), network.host(3, certificate=right)
    records = network.tlsa("mx2", dnssec.tlsa(right[0], wrong=True)) + network.tlsa("mx3", dnssec.tlsa(right[0]))
    server = network.server({"secure.test": "@ MX 10 mx2\n@ MX 20 mx3\n" + network.HOSTS + records})
    server.stop()
    metrics = with_metrics(server)
    server.start()
    server.submit("x@secure.test")
    three.wait("x@secure.test")
    server.wait_empty()
    assert not two.messages
    assert lines(server.admin("status"))["dns"] == "DNSSEC is validated, DANE is kept to"
    numbers = metrics()
    assert numbers["posthaste_resolver_validates"] == 1
    assert numbers['posthaste_tls_sessions_total{policy="dane",result="success"}'] == 1
    failed = [value for name, value in numbers.items() if name.startswith('posthaste_tls_sessions_total{policy="dane"') and "success" not in name]
    assert failed == [1], numbers
    assert numbers['posthaste_history_records_total{what="given_up"}'] == 0


@needs_fake_clock
def test_the_tls_reports_of_yesterday(make, authority):
    world = ReportWorld(make, authority)
    server, net = world.server, world.net
    metrics = with_metrics(server)
    server.start(env=at(YESTERDAY, "12:00:00"))
    server.submit("x@example.net")
    net.wait("x@example.net")
    server.stop()
    server.start(env=at(TODAY, "04:05:00"))
    net.wait("tls@example.net", seconds=30)
    server.wait_empty()
    told = server.cli("status", env=at(TODAY, "04:06:00"))
    assert lines(told)["tls-rpt"] == "about yesterday: 1 sent", told.out
    assert metrics()['posthaste_tls_reports_total{what="sent"}'] == 1
    server.restart(env=at(TODAY, "05:00:00"))
    assert lines(server.cli("status", env=at(TODAY, "05:00:00")))["tls-rpt"] == "about yesterday: 1 sent", "over a restart"
