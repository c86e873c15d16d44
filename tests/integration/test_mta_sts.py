"""MTA-STS (RFC 8461): what a domain's policy demands of its mail servers is kept, and a policy that cannot be had, or is no
longer to be had, changes nothing that was promised."""

import pytest

from harness import certs, waiting
from harness.policy_host import PolicyHost, policy
from harness.ports import free_port
from harness.sink import Sink

DOMAIN = "strict.test"


class World:
    """Domains with MX hosts on loopback addresses, one policy host for all of them, and a server that believes the test's CA."""

    def __init__(self, make, authority, certificate_names=f"DNS:mta-sts.{DOMAIN},DNS:mta-sts.plain.test,DNS:mta-sts.relay.test"):
        self.make, self.authority = make, authority
        self.port = free_port()
        self.host = PolicyHost(authority.issue("policy", names=certificate_names), host="127.0.0.20")
        make.made.append(self.host)
        self.nsd = None
        self.count = 0

    def sink(self, last, names=None, **more):
        """An MX host at 127.0.0.LAST; `names` are in its certificate."""
        certificate = names and self.authority.issue(f"mx{last}", names=names)
        sink = Sink(port=self.port, host=f"127.0.0.{last}", certificate=certificate, **more)
        self.make.made.append(sink)
        return sink

    @staticmethod
    def zone(mx, number="1", more=""):
        """Records of a domain with a policy."""
        hosts = "".join(f"mx{n} A 127.0.0.{n}\n" for n in range(2, 8))
        return f"{mx}\n{hosts}mta-sts A 127.0.0.20\n" + (f'_mta-sts TXT "v=STSv1; id={number};"\n' if number else "") + more

    def server(self, zones, **more):
        """A server that asks these zones."""
        self.nsd = self.make.nsd(zones)
        delivery = {"resolver": [self.nsd.address], "mx_port": self.port, "allow_private_addresses": True, "retry": ["1s"],
                    "sts_port": self.host.port, "ca_file": str(self.authority.ca_file)}
        return self.make.posthaste(config={"delivery": delivery, **more})


@pytest.fixture
def world(make, authority):
    return World(make, authority)


def said(sink):
    """First words of all that came."""
    return set(sink.verbs())


def test_a_host_that_keeps_the_policy_gets_the_mail(world):
    two = world.sink(2, names="DNS:mx2.strict.test")
    world.host.serve(DOMAIN, policy("enforce", "*.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
    server.submit("x@strict.test")
    assert two.wait("x@strict.test")[0].tls.startswith("TLSv1.")
    assert world.host.asked == [("mta-sts.strict.test", "/.well-known/mta-sts.txt")]


def test_a_host_that_the_policy_does_not_list_is_passed_over(world):
    """The order of the MX records stays; the unlisted one is as one that cannot be reached (RFC 8461 s8.4)."""
    two, three = world.sink(2, names="DNS:mx2.strict.test"), world.sink(3, names="DNS:mx3.strict.test")
    world.host.serve(DOMAIN, policy("enforce", "mx3.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2\n@ MX 20 mx3")})
    server.submit("x@strict.test")
    three.wait("x@strict.test")
    assert "MAIL" not in said(two)


def test_where_no_host_is_listed_mail_waits(world):
    two = world.sink(2, names="DNS:mx2.strict.test")
    world.host.serve(DOMAIN, policy("enforce", "elsewhere.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
    server.submit("x@strict.test")
    deferred = server.log.wait_for("deferred", to="x@strict.test", count=2)
    assert deferred["status"] == "4.7.5", deferred
    assert not server.log.find("failed") and "MAIL" not in said(two)


@pytest.mark.parametrize("names", [None, "DNS:other.test"], ids=["without STARTTLS", "a certificate for another name"])
def test_a_host_that_cannot_prove_itself_gets_nothing(world, names):
    two = world.sink(2, names=names)
    world.host.serve(DOMAIN, policy("enforce", "mx2.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
    server.submit("x@strict.test")
    deferred = server.log.wait_for("deferred", to="x@strict.test", count=2)
    assert deferred["status"] == "4.7.5", deferred
    assert said(two) <= {"EHLO", "STARTTLS", "QUIT"} and not two.messages


def test_a_policy_in_testing_keeps_nobody_from_the_mail(world):
    two = world.sink(2, names="DNS:other.test")
    world.host.serve(DOMAIN, policy("testing", "elsewhere.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
    server.submit("x@strict.test")
    two.wait("x@strict.test")


BROKEN = {
    "behind a redirect": dict(body=b"", status=301, Location="https://mta-sts.plain.test/.well-known/mta-sts.txt"),
    "not there": dict(body=b"", status=404),
    "65 KB": dict(body=policy("enforce", "nobody.strict.test") + b"x: " + b"y" * (65 << 10)),
    "a page": dict(body=b"<html></html>", **{"Content-Type": "text/html"}),
    "no policy": dict(body=b"mode: enforce\r\n"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_had_is_no_policy(world, broken):
    two = world.sink(2)
    world.host.serve(DOMAIN, **broken)
    world.host.serve("plain.test", policy("enforce", "nobody.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
    server.submit("x@strict.test")
    assert two.wait("x@strict.test")[0].tls == "", "as to any host that has no TLS"
    assert server.log.wait_for("sts.fetch_failed", domain=DOMAIN)["why"]
    assert world.host.count(DOMAIN) == 1 and world.host.count("plain.test") == 0
    server.submit("y@strict.test")
    two.wait("y@strict.test")
    assert world.host.count(DOMAIN) == 1, "and it is not asked for again with every message"


def test_a_certificate_for_another_name_or_of_nobody_is_no_policy(make, authority, folders):
    for names, signer in (("DNS:strict.test,DNS:*.mta-sts.strict.test", authority), (f"DNS:mta-sts.{DOMAIN}", certs.Authority(folders("other-ca"), "Other"))):
        world = World(make, authority)
        world.host = PolicyHost(signer.issue("stranger", names=names), host="127.0.0.20")
        make.made.append(world.host)
        two = world.sink(2)
        world.host.serve(DOMAIN, policy("enforce", "nobody.strict.test"))
        server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
        server.submit("x@strict.test")
        two.wait("x@strict.test")
        assert server.log.wait_for("sts.fetch_failed", domain=DOMAIN)
        assert not world.host.asked, "nothing is said to a host that cannot prove its name"
        two.close()


def test_a_cached_policy_outlives_its_host_its_record_and_a_restart(world):
    two, three = world.sink(2), world.sink(3, names="DNS:mx3.strict.test")
    world.host.serve(DOMAIN, policy("enforce", "mx3.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2\n@ MX 20 mx3")})
    server.submit("a@strict.test")
    three.wait("a@strict.test")
    server.stop()
    # Somebody who can change DNS and block the policy host gains nothing.
    world.host.serve(DOMAIN, b"", status=500)
    world.nsd.change(strict_test=world.zone("@ MX 10 mx2\n@ MX 20 mx3", number="2"))
    server.start()
    server.submit("b@strict.test")
    three.wait("b@strict.test")
    assert server.log.wait_for("sts.fetch_failed", domain=DOMAIN)["level"] == "warning"
    server.stop()
    world.nsd.change(strict_test=world.zone("@ MX 10 mx2\n@ MX 20 mx3", number=None))
    server.start()
    server.submit("c@strict.test")
    three.wait("c@strict.test")
    server.stop()
    # A policy of a new id is taken at the next attempt.
    world.host.serve(DOMAIN, policy("none"))
    world.nsd.change(strict_test=world.zone("@ MX 10 mx2\n@ MX 20 mx3", number="3"))
    server.start()
    server.submit("d@strict.test")
    assert two.wait("d@strict.test")[0].tls == ""


def test_a_domain_whose_policy_can_never_match_does_not_touch_its_neighbours(world):
    """Two domains on the same MX hosts (delivery.md 0.1): only the one that asked for it waits."""
    two = world.sink(2, names="DNS:mx2.strict.test")
    world.host.serve(DOMAIN, policy("enforce", "never.example"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2"), "plain.test": "@ MX 10 mx2.strict.test.\n"})
    for n in range(5):
        server.submit(f"a{n}@strict.test")
    server.log.wait_for("deferred", to="a0@strict.test")
    for n in range(20):
        server.submit(f"b{n}@plain.test")
    waiting.until(lambda: len(two.messages) == 20, 20, "the neighbour's mail")
    assert not server.log.find("deferred", to=lambda to: to and to.endswith("@plain.test"))
    assert all(m.recipients[0].endswith("@plain.test") for m in two.messages)
    waiting.until(lambda: len(server.queue()) == 5, 10, "the other five alone")


def test_a_policy_that_keeps_mail_back_is_asked_for_again(world):
    """S-7: behind every such attempt, past all caches, so that mail does not end by a policy that is no more."""
    two = world.sink(2)
    world.host.serve(DOMAIN, policy("enforce", "never.example"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
    server.submit("x@strict.test")
    server.log.wait_for("deferred", to="x@strict.test")
    world.host.serve(DOMAIN, policy("none"))
    world.nsd.change(strict_test=world.zone("@ MX 10 mx2", number="2"))
    two.wait("x@strict.test", seconds=20)  # the resolver's cache alone would keep the old id for 30 s


def test_a_smarthost_has_a_policy_of_its_own(world):
    """RFC 8461 s3.4: the policy domain is the smarthost's name, not the recipient's domain."""
    relay = world.sink(2)
    world.host.serve("relay.test", policy("enforce", "relay.test"))
    world.host.serve(DOMAIN, policy("enforce", "nobody.strict.test"))
    server = world.server({"relay.test": world.zone("@ A 127.0.0.2"), DOMAIN: world.zone("@ MX 10 mx2")},
                          relay={"host": f"relay.test:{world.port}", "tls": "may"})
    server.submit("x@strict.test")
    assert server.log.wait_for("deferred", to="x@strict.test", count=2)["status"] == "4.7.5"
    assert not relay.messages and world.host.count(DOMAIN) == 0


def test_it_can_be_switched_off(world):
    two = world.sink(2)
    world.host.serve(DOMAIN, policy("enforce", "nobody.strict.test"))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2")})
    server.stop()
    server.configure({"delivery": {"mta_sts": False}})
    server.start()
    server.submit("x@strict.test")
    two.wait("x@strict.test")
    assert not world.host.asked


def test_what_is_known_of_a_policy_is_shown(world):
    world.sink(2, names="DNS:mx2.strict.test")
    world.host.serve(DOMAIN, policy("enforce", "mx2.strict.test", max_age=604800))
    server = world.server({DOMAIN: world.zone("@ MX 10 mx2\n@ MX 20 mx3")})
    before = server.cli("sts", "show", DOMAIN, "--json")
    assert before.code == 1 and before.rows[0]["record_id"] == "1" and "policy" not in before.rows[0]
    (row,) = server.admin("sts", "show", DOMAIN, "--refresh", "--json").rows
    assert row["valid"] and row["policy"]["mode"] == "enforce" and row["policy"]["mx"] == ["mx2.strict.test"]
    assert {host["host"]: host["listed"] for host in row["hosts"]} == {"mx2.strict.test": True, "mx3.strict.test": False}
    world.host.serve(DOMAIN, b"", status=500)
    (row,) = server.admin("sts", "show", DOMAIN, "--refresh", "--json").rows
    assert row["valid"] and "answered 500" in row["failed"]["why"]
    shown = server.admin("sts", "show", DOMAIN).out
    assert "enforce" in shown and "not listed: gets no mail" in shown and "answered 500" in shown
    server.stop()
    (row,) = server.admin("sts", "show", DOMAIN, "--json").rows
    assert row["valid"] and row["policy"]["id"] == "1", "and without a server, from the store"
    refused = server.cli("sts", "show", DOMAIN, "--refresh")
    assert refused.code not in (0, 1) and "running server" in refused.err
    assert server.cli("sts", "show", "no_such.test").code == 1
    assert server.cli("sts", "show", "-x-").code not in (0, 1)
