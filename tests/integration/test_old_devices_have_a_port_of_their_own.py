"""The fenced port for devices that know no newer TLS than 1.0 ([legacy]): they log in and send as everybody does, strangers
are closed on with a line in the log, and no other port changes."""

import json
import ssl
import subprocess

import pytest

from harness import ports, waiting
from harness.daemon import PASSWORD
from harness.dialogue import ANNA
from harness.smtp_client import Closed, SmtpClient, permissive_context
from test_certificate_by_acme import MAIL, Setting

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")

MESSAGE = f"From: <{ANNA}>\r\nSubject: scan\r\n\r\nhello\r\n"


def _old(version=ssl.TLSVersion.TLSv1, ciphers="ALL:@SECLEVEL=0"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ciphers)
    context.minimum_version = context.maximum_version = version
    return context


def _legacy(make, allow, **options):
    made = make.posthaste(start=False, **options)
    made.old_port = ports.free_port()
    made.configure({"legacy": {"listen": f"127.0.0.1:{made.old_port}", "allow": allow}})
    return made


@pytest.fixture(scope="module")
def server(make_shared):
    next_hop = make_shared.sink()
    made = _legacy(make_shared, ["127.0.0.0/8", "fd00::/8"], relay=next_hop)
    made.next_hop = next_hop
    return made.start()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3],
                         ids=lambda v: v.name)
@pytest.mark.parametrize("tls", [None, "implicit"], ids=["STARTTLS", "TLS"])
def test_a_device_sends(server, version, tls):
    mark = server.log.mark()
    with SmtpClient("127.0.0.1", server.old_port, tls=tls, context=_old(version)) as client:
        client.ehlo("printer")
        if tls is None:
            client.starttls()
            client.ehlo("printer")
        assert client.login_login(ANNA, PASSWORD).code == 235
        assert client.transaction(ANNA, "x@example.net", MESSAGE).code == 250
    seen = server.log.wait_for("login.ok", after=mark)
    assert seen["legacy"] is True and seen["tls"] == {"TLSv1": "TLSv1"}.get(version.name, version.name.replace("_", "."))
    assert server.next_hop.wait("x@example.net")


def test_a_device_without_elliptic_curves_gets_the_rsa_certificate(server):
    with SmtpClient("127.0.0.1", server.old_port, tls="implicit", context=_old(ciphers="AES128-SHA:@SECLEVEL=0")) as client:
        assert client.sock.cipher()[0] == "AES128-SHA"
        assert client.banner.code == 220


def test_openssl_agrees(server):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.old_port}", "-tls1", "-cipher", "ALL:@SECLEVEL=0", "-quiet"],
                          input=b"QUIT\r\n", capture_output=True, timeout=30, check=False)
    assert b"220 mail.example.test" in done.stdout, done.stderr.decode()


def test_the_printer_dialect_with_old_tls(server, authority):
    answer = server.cli("send", "--as", "printer", "--old-tls", "--server", f"localhost:{server.old_port}", "--ca-file", str(authority.ca_file),
                        "--login", ANNA, "--password-stdin", "--from", ANNA, "--to", "printed@example.net", input=PASSWORD + "\n")
    assert answer.code == 0 and "TLSv1 " in answer.out, answer
    assert server.next_hop.wait("printed@example.net")[0].body.startswith(b"This is a test message")


def test_other_ports_refuse_it_and_the_log_names_this_one(server, authority):
    for port in (server.port, server.tls_port):
        mark = server.log.mark()
        with SmtpClient("127.0.0.1", port, banner=False, context=_old()) as client:
            with pytest.raises((ssl.SSLError, OSError, Closed)):
                client.wrap()
        seen = server.log.wait_for("tls.failed", after=mark)
        assert seen["offers"] == "TLSv1.0" and f"127.0.0.1:{server.old_port}" in seen["mend"], seen
    answer = server.cli("send", "--as", "printer", "--old-tls", "--server", f"localhost:{server.port}", "--ca-file", str(authority.ca_file),
                        "--login", ANNA, "--password-stdin", "--from", ANNA, "--to", "x@example.net", "--json", input=PASSWORD + "\n")
    assert answer.code == 4 and json.loads(answer.err)["stage"] == "tls", answer


def test_encryption_and_a_login_are_needed_here_too(server):
    with SmtpClient("127.0.0.1", server.old_port) as client:
        client.ehlo("printer")
        assert "AUTH" not in client.extensions
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 530
        assert client.cmd("AUTH LOGIN").code == 538
        client.starttls(context=_old())
        client.ehlo("printer")
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 530
        assert client.login(ANNA, "wrong").code == 535
        assert client.login(ANNA, PASSWORD).code == 235
        assert client.cmd("MAIL FROM:<bob@example.test>").code == 553


def test_outlook_2003_finds_its_line(server):
    with SmtpClient("127.0.0.1", server.old_port, tls="implicit", context=_old()) as client:
        reply = client.ehlo("OLDPC")
        assert "AUTH PLAIN LOGIN" in reply.lines and "AUTH=PLAIN LOGIN" in reply.lines
    with server.secure() as client:
        assert not any(word.startswith("AUTH=") for word in client.extensions)


def test_weak_ways_without_a_certificate_stay_shut(server):
    with SmtpClient("127.0.0.1", server.old_port, banner=False, context=_old(ciphers="ADH:NULL:@SECLEVEL=0")) as client:
        with pytest.raises((ssl.SSLError, OSError, Closed)):
            client.wrap()


def test_the_start_says_what_is_open(server):
    seen = server.log.wait_for("legacy.open")
    assert seen["level"] == "warning" and "127.0.0.0/8" in seen["allow"] and str(server.old_port) in seen["listen"] and "TLS 1.0" in seen["why"]


def test_strangers_are_closed_on(make):
    server = _legacy(make, ["10.0.0.0/8"]).start()
    with SmtpClient("127.0.0.1", server.old_port, banner=False) as client:
        reply = client.reply()
        assert (reply.code, reply.status) == (421, "4.7.0") and str(server.port) in reply.text, reply
        assert client.closed()
    with SmtpClient("127.0.0.1", server.old_port, banner=False, context=_old()) as client:
        with pytest.raises((ssl.SSLError, OSError, Closed)):
            client.wrap()
    seen = server.log.wait_for("legacy.outside_range", count=2)
    assert seen["level"] == "warning" and "127.0.0.1" in seen["client"] and "allow" in seen["mend"]
    with server.session() as client:
        assert client.transaction(ANNA, "x@example.net", MESSAGE).code == 250


def test_a_changed_certificate_is_taken_up_here_too(make, authority, base):
    chain, key = base / "legacy-chain.pem", base / "legacy-key.pem"

    def put(label):
        new_chain, new_key = authority.issue(label, kind="rsa")
        key.write_text(new_key.read_text())
        chain.write_text(new_chain.read_text())
        key.chmod(0o644)
        return ssl.PEM_cert_to_DER_cert(new_chain.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n")
    first = put("legacy-one")
    server = _legacy(make, ["127.0.0.1"], certificates=[(chain, key)]).start()

    assert _shown(server.old_port, _old()) == first
    second = put("legacy-two")
    server.process.send_signal(1)
    server.log.wait_for("tls.reloaded")
    assert _shown(server.old_port, _old()) == second


@pytest.mark.parametrize("legacy, words", [
    ({"listen": "127.0.0.1:2525"}, "open to nobody"),
    ({"listen": "127.0.0.1:2525", "allow": ["0.0.0.0/0"]}, "allow_public = true"),
    ({"listen": "127.0.0.1:2525", "allow": ["203.0.113.0/24"]}, "lies in the internet"),
    ({"listen": "127.0.0.1:2525", "allow": ["10.0.0.1/8"]}, "is no network"),
    ({"allow": ["10.0.0.0/8"]}, "not where"),
], ids=["nobody", "everybody", "the internet", "a slip", "nowhere"])
def test_an_open_fence_does_not_start(make, legacy, words):
    server = make.posthaste(start=False, config={"legacy": legacy})
    answer = server.cli("check")
    assert answer.code == 78 and words in answer.err, answer


def test_the_internet_only_when_said_plainly(make):
    server = make.posthaste(start=False, config={"legacy": {"listen": "127.0.0.1:2525", "allow": ["203.0.113.0/24"], "allow_public": True}})
    answer = server.cli("check")
    assert answer.code in (0, 1) and "TLS 1.0" in answer.out and "203.0.113.0/24" in answer.out, answer


def test_check_says_what_it_means(server, make, authority):
    rows = [row for row in server.cli("check", "--json").rows if row["check"] == "legacy"]
    assert len(rows) == 1 and rows[0]["status"] == "warn" and "can read passwords" in rows[0]["text"] and rows[0]["mend"]
    no_rsa = _legacy(make, ["127.0.0.1"], certificates=[authority.issue("ecdsa-only")])
    rows = [row for row in no_rsa.cli("check", "--json").rows if row["check"] == "legacy"]
    assert len(rows) == 2 and "no RSA certificate" in rows[1]["text"]


def test_certificates_by_acme_leave_devices_an_rsa_certificate(make, folders, authority):
    """ACME brings ECDSA; the own CA's RSA certificate stays beside it, on this port alone."""
    setting = Setting(make, folders, authority)
    server, old_port = setting.server, ports.free_port()
    server.configure({"legacy": {"listen": f"127.0.0.1:{old_port}", "allow": ["127.0.0.1"]}})
    server.start()
    setting.issued(MAIL)
    waiting.until(lambda: _shown(old_port, _old(ssl.TLSVersion.TLSv1_2)) == _shown(server.tls_port, permissive_context()), 20,
                  "the certificate of the authority on both ports")
    with SmtpClient("127.0.0.1", old_port, tls="implicit", context=_old(ciphers="AES128-SHA:@SECLEVEL=0")) as client:
        assert client.sock.cipher()[0] == "AES128-SHA" and client.banner.code == 220
    assert not server.log.find("legacy.no_rsa_certificate")


def _shown(port, context):
    with SmtpClient("127.0.0.1", port, tls="implicit", context=context) as client:
        return client.sock.getpeercert(binary_form=True)
