"""Certificates by ACME: obtained while the server runs, renewed, and a name that cannot be proven costs itself only."""

import json
import socket
import ssl
import stat

import pytest

from harness import ports, waiting
from harness.http import Http
from harness.peers import Missing
from harness.pebble import Pebble

MAIL, AUTOCONFIG, AUTODISCOVER = "mail.example.test", "autoconfig.example.test", "autodiscover.example.test"
PACC = "ua-auto-config.example.test"
ZONE = """
mail 1 IN A 127.0.0.1
autoconfig 1 IN A 127.0.0.1
autodiscover 1 IN A 127.0.0.1
ua-auto-config 1 IN A 127.0.0.1
"""


class Setting:
    """A server that is to get its certificates from a Pebble, and the names in DNS."""

    def __init__(self, make, folders, authority, zones=None, challenges=("http",), tls=None, **pebble):
        self.http_port, self.https_port = ports.free_port(), ports.free_port()
        self.nsd = make.nsd(zones or {"example.test": ZONE})
        try:
            self.pebble = Pebble(folders("pebble"), authority, self.nsd.address, self.http_port, self.https_port, **pebble)
        except Missing as missing:
            pytest.skip(str(missing))
        make.made.append(self.pebble)
        self.server = make.posthaste(certificates=None, start=False, config={
            "tls": {"acme": True, "acme_directory": self.pebble.directory, "acme_ca_file": str(authority.ca_file),
                    "acme_retry": "1s", **(tls or {})},
            "delivery": {"resolver": [self.nsd.address]}})
        listen = {"https": f"127.0.0.1:{self.https_port}"}
        if "http" in challenges:
            listen["http_challenge"] = f"127.0.0.1:{self.http_port}"
        if "tls" not in challenges:
            del listen["https"]
        self.server.configure({"listen": listen})

    def served(self, name, port=None):
        """(names of the certificate, its DER) that a client sees which trusts Pebble's root only; raises if it does not verify."""
        context = ssl.create_default_context(cafile=str(self.pebble.root()))
        with socket.create_connection(("127.0.0.1", port or self.server.tls_port), timeout=10) as sock:
            with context.wrap_socket(sock, server_hostname=name) as tls:
                return {v for _, v in tls.getpeercert()["subjectAltName"]}, tls.getpeercert(binary_form=True)

    def issued(self, *names, **options):
        """Waits for the certificate of exactly these names."""
        # That a name is not there is remembered for 30 s (delivery.md 1.3).
        return self.server.log.wait_for("acme.issued", seconds=90, names=" ".join(names), **options)

    def status(self):
        """(exit code, the report)."""
        answer = self.server.cli("cert", "status", "--json")
        return answer.code, answer.rows[0]

    def entry(self, name):
        """The report's entry of the ACME certificate that is for that name."""
        return next(e for e in self.status()[1]["certificates"]
                    if e["source"] == "acme" and name in e["names"] + e["missing"])


@pytest.fixture
def setting(make, folders, authority):
    def build(**options):
        return Setting(make, folders, authority, **options)
    return build


@pytest.mark.parametrize("challenges, bad_nonces", [(("http",), 0), (("tls",), 0), (("http", "tls"), 50)],
                         ids=["http-01", "tls-alpn-01", "both, and half of the nonces are refused"])
def test_certificates_come_while_the_server_runs(setting, challenges, bad_nonces):
    s = setting(challenges=challenges, bad_nonces=bad_nonces)
    server = s.server.start()
    assert server.log.wait_for("tls.own_certificate")["mend"], "it says that nobody knows the first one"
    s.issued(MAIL)
    s.issued(AUTOCONFIG, AUTODISCOVER, PACC)
    assert server.log.wait_for("acme.account_made")["text"], "the terms that were agreed to are named"
    waiting.until(lambda: len(server.log.find("tls.reloaded")) >= 2)
    assert s.served(MAIL)[0] == {MAIL}
    for port in [server.tls_port] + ([s.https_port] if "tls" in challenges else []):
        assert s.served(AUTOCONFIG, port)[0] == {AUTOCONFIG, AUTODISCOVER, PACC}
    for path in (server.store / "acme").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
        if server.user:
            assert path.stat().st_uid == server.user.pw_uid, path
    assert "PRIVATE KEY" in (server.store / "acme" / MAIL / "privkey.pem").read_text()
    assert "PRIVATE" not in server.log.text()
    code, report = s.status()
    assert code == 0, report
    assert report["authority"] == s.pebble.directory and report["terms"]
    entry = s.entry(MAIL)
    assert entry["names"] == [MAIL] and entry["kind"] == "ECDSA" and "Pebble" in entry["issuer"] and not entry["failures"]
    assert entry["renewal"] < entry["until"]
    words = server.cli("cert", "status").out
    assert MAIL in words and "by ACME" in words and "renewal" in words


def test_a_restart_keeps_account_and_certificates_and_orders_nothing(setting):
    s = setting(zones={"example.test": ZONE, "example.net": ""})
    s.server.start()
    s.issued(MAIL)
    s.issued(AUTOCONFIG, AUTODISCOVER, PACC)
    waiting.until(lambda: len(s.server.log.find("tls.reloaded")) >= 2)
    account = (s.server.store / "acme" / "account.pem").read_bytes()
    before, orders = s.served(MAIL)[1], s.pebble.count("POST /order-plz")
    assert orders == 2
    s.server.stop()
    assert s.status()[0] == 0, "the files say it while no server runs"
    s.server.start()
    assert s.served(MAIL)[1] == before
    assert s.served(AUTODISCOVER)[0] == {AUTOCONFIG, AUTODISCOVER, PACC}
    assert not s.server.log.find("tls.own_certificate")
    # A new domain makes it look at everything once more.
    s.server.admin("domain", "add", "example.net")
    s.server.log.wait_for("acme.name_left_out", seconds=30, name="autoconfig.example.net")
    assert not s.server.log.find("acme.ordering")
    assert s.pebble.count("POST /order-plz") == orders
    assert (s.server.store / "acme" / "account.pem").read_bytes() == account


def test_a_short_lived_certificate_is_renewed_with_the_same_key(setting):
    s = setting(lifetime=15)
    s.server.start()
    s.issued(MAIL)
    first = waiting.until(lambda: s.server.log.find("tls.reloaded") and s.served(MAIL)[1])
    key = (s.server.store / "acme" / MAIL / "privkey.pem").read_bytes()
    s.issued(MAIL, count=2)
    waiting.until(lambda: s.served(MAIL)[1] != first, 10)
    assert (s.server.store / "acme" / MAIL / "privkey.pem").read_bytes() == key
    assert s.pebble.count("POST /sign-me-up") == 1, "one account for all of them"


def test_a_name_that_is_not_in_dns_costs_nothing_but_itself(setting):
    s = setting(zones={"example.test": "mail 1 IN A 127.0.0.1\nautoconfig 1 IN A 127.0.0.1\nua-auto-config 1 IN A 127.0.0.1"})
    s.server.start()
    s.issued(MAIL)
    s.issued(AUTOCONFIG, PACC)
    out = s.server.log.wait_for("acme.name_left_out", name=AUTODISCOVER)
    assert "no address in DNS" in out["why"] and f"CNAME {MAIL}" in out["mend"]
    code, _ = s.status()
    entry = s.entry(AUTOCONFIG)
    assert code == 1 and sorted(entry["names"]) == [AUTOCONFIG, PACC] and entry["missing"] == [AUTODISCOVER]
    assert entry["failures"][0]["name"] == AUTODISCOVER and entry["failures"][0]["mend"]
    assert s.pebble.log().count("POST /order-plz") == 2, "the authority was not asked for it"
    # Somebody enters it.
    s.nsd.change(example_test=ZONE)
    s.server.admin("cert", "renew")
    s.issued(AUTOCONFIG, AUTODISCOVER, PACC)
    waiting.until(lambda: s.status()[0] == 0, 10)
    assert s.served(AUTODISCOVER)[0] == {AUTOCONFIG, AUTODISCOVER, PACC}


def test_a_name_that_points_elsewhere_costs_nothing_but_itself(setting):
    s = setting(zones={"example.test": ZONE.replace("autodiscover 1 IN A 127.0.0.1", "autodiscover 1 IN A 127.0.0.9")})
    s.server.start()
    s.issued(MAIL)
    s.issued(AUTOCONFIG, PACC)
    out = s.server.log.wait_for("acme.name_left_out", name=AUTODISCOVER)
    assert AUTODISCOVER in out["why"] and "point here" in out["mend"]
    tried = waiting.until(lambda: len(s.server.log.find("acme.name_left_out", name=AUTODISCOVER)) >= 2, 20)
    assert tried, "it is tried again"
    assert s.served(AUTOCONFIG)[0] == {AUTOCONFIG, PACC}, "and the others keep theirs meanwhile"
    s.nsd.change(example_test=ZONE)
    s.issued(AUTOCONFIG, AUTODISCOVER, PACC)


def test_a_mail_host_that_cannot_be_proven_does_not_stop_the_others_or_the_mail(setting):
    s = setting(zones={"example.test": ZONE.replace("mail 1 IN A 127.0.0.1", "mail 1 IN A 127.0.0.9")})
    s.server.start()
    s.issued(AUTOCONFIG, AUTODISCOVER, PACC)
    s.server.log.wait_for("acme.name_left_out", name=MAIL)
    with s.server.session() as client:  # by the own certificate
        assert client.cmd("NOOP").code == 250
    assert s.entry(MAIL)["failures"][0]["mend"]
    assert any(e["source"] == "own" and MAIL in e["names"] for e in s.status()[1]["certificates"])
    words = s.server.cli("cert", "status")
    assert words.code == 1 and "no certificate yet" in words.out and "FAILED" in words.out


def test_an_authority_that_is_down_at_the_start_is_asked_again(setting):
    s = setting(start=False)
    s.server.start()
    down = s.server.log.wait_for("acme.unavailable")
    assert "localhost" in down["why"] and down["next"]
    with s.server.session() as client:
        assert client.cmd("NOOP").code == 250
    assert s.entry(MAIL)["failures"][0]["text"] == s.server.log.find("acme.unavailable")[-1]["why"]
    s.server.restart()  # the wait is remembered
    s.pebble.start()
    s.issued(MAIL)
    s.issued(AUTOCONFIG, AUTODISCOVER, PACC)
    waiting.until(lambda: s.status()[0] == 0, 10)
    state = json.loads((s.server.store / "acme" / "state.json").read_text())
    assert state["trouble"]["failures"] == 0


def test_an_authority_that_forgot_us_is_introduced_again(setting):
    s = setting()
    s.server.start()
    s.issued(AUTOCONFIG, AUTODISCOVER, PACC)
    s.pebble.stop()
    s.pebble.start()
    s.nsd.stop()
    s.server.admin("domain", "add", "example.net")  # which nobody can look up: so the authority is asked
    s.server.log.wait_for("acme.ordering", seconds=30, names="autoconfig.example.net autodiscover.example.net ua-auto-config.example.net")
    out = s.server.log.wait_for("acme.name_left_out", seconds=60, name="autoconfig.example.net")
    assert "accountDoesNotExist" not in out["why"]
    assert len(s.server.log.find("acme.account_made")) == 2


def test_a_directory_that_is_not_trusted_is_named(setting, tmp_path):
    s = setting(tls={"acme_ca_file": None})
    s.server.start()
    down = s.server.log.wait_for("acme.unavailable")
    assert "certificate" in down["why"]
    assert not s.server.log.find("acme.issued")


def test_the_plain_port_sends_everything_else_to_https(setting):
    s = setting(challenges=("http", "tls"))
    s.server.start()
    http = Http(s.http_port)
    status, headers, _ = http.request("GET", "/autodiscover/autodiscover.xml", {"Host": "autodiscover.example.test"})
    assert (status, headers["Location"]) == (302, f"https://autodiscover.example.test:{s.https_port}/autodiscover/autodiscover.xml")
    assert http.request("GET", "/setup", {"Host": "evil.example"})[0] == 404, "nobody is sent to a name that is not ours"
    assert http.request("GET", "/.well-known/acme-challenge/nothing")[0] == 404
    assert http.request("POST", "/autodiscover/autodiscover.xml", body="<x/>")[0] == 403


def test_names_that_no_certificate_holds_are_counted(setting):
    s = setting()
    s.server.start()
    s.issued(MAIL)
    for _ in range(3):
        context = ssl._create_unverified_context()  # pylint: disable=protected-access
        with socket.create_connection(("127.0.0.1", s.server.tls_port), timeout=10) as sock:
            context.wrap_socket(sock, server_hostname="Mail.Kunde.test").close()
    _, report = s.status()
    assert [(u["name"], u["count"]) for u in report["uncovered"]] == [("mail.kunde.test", 3)]
    assert "mail.kunde.test" in s.server.cli("cert", "status").out


@pytest.mark.parametrize("config, words", [
    ({"tls": {"acme": True}}, "port 80 or 443"),
    ({"tls": {"acme": True, "cert_file": "a.pem", "key_file": "b.pem"}, "listen": {"https": "127.0.0.1:0"}}, "not both"),
    ({"tls": {"acme": True, "acme_directory": "http://x/"}, "listen": {"https": "127.0.0.1:0"}}, "no https address"),
])
def test_a_configuration_that_cannot_work_is_told(make, config, words):
    server = make.posthaste(certificates=None, start=False, accounts=(), config=config)
    answer = server.cli("check")
    assert answer.code == 78 and words in answer.err
