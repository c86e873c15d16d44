"""listen.https: the certificate by the name that is asked for, with or without a final dot; ALPN; new files without a restart."""

import shutil
import signal
import socket
import ssl

import pytest

from harness.http import Https


@pytest.fixture(scope="module")
def issued(authority):
    return {
        "mail": authority.issue("https-mail"),
        "set-up": authority.issue("https-set-up", names="DNS:autodiscover.example.test,DNS:autoconfig.example.test"),
        "wildcard": authority.issue("https-wildcard", names="DNS:*.example.org"),
    }


@pytest.fixture(scope="module")
def server(make_shared, issued):
    return make_shared.posthaste(relay="127.0.0.1:1", https=True, certificates=list(issued.values()), accounts=("anna@example.test",))


def context(alpn=None):
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if alpn:
        made.set_alpn_protocols(alpn)
    return made


def hello(port, name, alpn=None):
    """(certificate as PEM, protocol agreed upon)."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        with context(alpn).wrap_socket(sock, server_hostname=name) as tls:
            return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True)), tls.selected_alpn_protocol()


def leaf(pair):
    text = pair[0].read_text()
    return text[text.index("-----BEGIN"): text.index("-----END")].split()


def is_of(pem, pair):
    return pem[: pem.index("-----END")].split() == leaf(pair)


@pytest.mark.parametrize("name, wanted", [
    ("mail.example.test", "mail"),
    ("autodiscover.example.test", "set-up"),
    ("autoconfig.example.test", "set-up"),
    ("autodiscover.example.test.", "set-up"),
    ("AutoDiscover.Example.TEST", "set-up"),
    ("anything.example.org", "wildcard"),
    ("nobody-knows.example.net", "mail"),
    ("example.test", "mail"),
    (None, "mail"),
])
def test_by_name(server, issued, name, wanted):
    pem, _ = hello(server.https_port, name)
    assert is_of(pem, issued[wanted])


def test_an_unknown_name_is_served_too(server):
    https = Https(server.https_port, None, name="nobody-knows.example.net")
    assert https.request("GET", "/h/8")[0] == 200


@pytest.mark.parametrize("offered, agreed", [(None, None), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1")])
def test_protocols_that_are_spoken(server, offered, agreed):
    assert hello(server.https_port, "mail.example.test", offered)[1] == agreed


@pytest.mark.parametrize("offered", [["h2"], ["smtp"], ["imap"], ["acme-tls/1"]])
def test_another_protocol_is_refused(server, offered):
    """Octets for one protocol must not be taken for another (ALPACA)."""
    with pytest.raises(ssl.SSLError):
        hello(server.https_port, "mail.example.test", offered)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_are_refused(server):
    old = context()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", server.https_port), timeout=10) as sock:
        with pytest.raises((ssl.SSLError, OSError)):
            old.wrap_socket(sock, server_hostname="mail.example.test")


def test_http_in_clear_gets_no_page(server):
    with socket.create_connection(("127.0.0.1", server.https_port), timeout=10) as sock:
        sock.sendall(b"GET /h/8 HTTP/1.1\r\nHost: mail.example.test\r\n\r\n")
        try:
            answer = sock.recv(4096)
        except OSError:
            answer = b""
        assert b"<html" not in answer


@pytest.mark.parametrize("how", ["by SIGHUP", "by itself"])
def test_new_files_are_served_on_both_without_a_restart(make, authority, how):
    server = make.posthaste(relay="127.0.0.1:1", https=True, start=False, accounts=("anna@example.test",))
    chain, key = server.folder / "chain.pem", server.folder / "key.pem"

    def install(pair):
        for source, target in zip(pair, (chain, key)):
            fresh = target.with_suffix(".new")
            shutil.copy(source, fresh)
            fresh.chmod(0o644)
            fresh.rename(target)

    before, after = authority.issue("https-before"), authority.issue("https-after")
    install(before)
    server.configure({"tls": {"cert_file": str(chain), "key_file": str(key)}})
    server.start()
    https = Https(server.https_port, authority)
    kept = https.connection()
    kept.request("GET", "/h/8")
    assert kept.getresponse().read()
    assert is_of(hello(server.https_port, "mail.example.test")[0], before)
    mark = server.log.mark()
    install(after)
    if how == "by SIGHUP":
        server.process.send_signal(signal.SIGHUP)
    server.log.wait_for("tls.reloaded", seconds=30, after=mark)
    assert is_of(hello(server.https_port, "mail.example.test")[0], after)
    assert is_of(hello(server.tls_port, "mail.example.test")[0], after)
    kept.request("GET", "/h/9")
    assert kept.getresponse().status == 200, "who was connected stays"
    kept.close()


def test_without_tls_settings_the_own_certificate_is_served(make):
    server = make.posthaste(relay="127.0.0.1:1", https=True, certificates=None, accounts=())
    trusting = ssl.create_default_context(cafile=str(server.store / "tls" / "ca.pem"))
    with socket.create_connection(("127.0.0.1", server.https_port), timeout=10) as sock:
        with trusting.wrap_socket(sock, server_hostname="mail.example.test") as tls:
            assert tls.version() in ("TLSv1.2", "TLSv1.3")


def test_a_port_in_use_is_named(make, server):
    other = make.posthaste(relay="127.0.0.1:1", start=False, accounts=(), config={"listen": {"https": f"127.0.0.1:{server.https_port}"}})
    with pytest.raises(Exception) as failed:
        other.start()
    assert str(server.https_port) in str(failed.value)
