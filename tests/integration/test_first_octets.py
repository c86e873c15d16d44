"""The first octets decide: every listener with TLS first, plain text, silence, one octet, and octets behind STARTTLS,
over IPv4 and IPv6."""

import os
import socket
import time

import pytest

from harness.daemon import PASSWORD
from harness.dialogue import ANNA
from harness.smtp_client import Closed, SmtpClient, permissive_context

HAVE_IPV6 = os.path.exists("/proc/net/if_inet6")
HOSTS = ["127.0.0.1"] + (["::1"] if HAVE_IPV6 else [])
PORTS = ["587", "465"]


@pytest.fixture(scope="module")
def server(make_shared):
    made = make_shared.posthaste(relay=make_shared.sink(), start=False, config={"limits": {"connections_per_address": 5000}})
    made.listen_http()
    made.configure({"listen": {"submission": [f"{host}:{port}" for host in ["127.0.0.1"] + (["[::1]"] if HAVE_IPV6 else [])
                                              for port in (made.port, made.tls_port)]}})
    return made.start()


def _port(server, which):
    return server.port if which == "587" else server.tls_port


def _works(client):
    client.ehlo()
    if "STARTTLS" in client.extensions:
        client.starttls()
        client.ehlo()
    assert client.login(ANNA, PASSWORD).code == 235
    reply = client.transaction(ANNA, "x@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n")
    assert reply.code == 250, reply


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("which", PORTS)
class TestEveryPort:
    def test_tls_at_once(self, server, host, which):
        with SmtpClient(host, _port(server, which), tls="implicit") as client:
            _works(client)

    def test_tls_1_2_at_once(self, server, host, which):
        import ssl  # pylint: disable=import-outside-toplevel
        context = permissive_context(maximum_version=ssl.TLSVersion.TLSv1_2)
        with SmtpClient(host, _port(server, which), tls="implicit", context=context) as client:
            _works(client)

    def test_plain_text_and_starttls(self, server, host, which):
        with SmtpClient(host, _port(server, which), timeout=15) as client:
            _works(client)

    def test_silence_gets_the_banner(self, server, host, which):
        start = time.monotonic()
        with SmtpClient(host, _port(server, which), timeout=15) as client:
            assert client.banner.code == 220
        waited = time.monotonic() - start
        # Not a timing of the product's speed: 587 never holds longer than 1.5 s, 465 waits 4 s once.
        assert waited < (3.0 if which == "587" else 12.0)

    def test_a_client_that_talks_first(self, server, host, which):
        with SmtpClient(host, _port(server, which), banner=False, timeout=15) as client:
            client.send("EHLO early\r\n")
            assert client.reply().code == 220
            assert client.reply().code == 250
            assert client.cmd("NOOP").code == 250

    def test_one_octet_of_a_command_and_then_the_rest(self, server, host, which):
        with SmtpClient(host, _port(server, which), banner=False, timeout=15) as client:
            client.send("E")
            assert client.reply().code == 220
            client.send("HLO x\r\n")
            assert client.reply().code == 250

    def test_one_octet_of_a_hello_and_then_the_rest(self, server, host, which):
        """0x16 alone is no hello yet; what follows decides."""
        with SmtpClient(host, _port(server, which), banner=False, timeout=15) as client:
            hello = _client_hello()
            client.send(hello[:1])
            client.sock.settimeout(0.2)
            try:
                assert client.sock.recv(10, socket.MSG_PEEK) in (b"",), "no banner into a TLS handshake"
            except TimeoutError:
                pass
            client.send(hello[1:])
            assert client.read_some(10)[:1] == b"\x16", "a ServerHello"

    def test_one_octet_and_the_end(self, server, host, which):
        with SmtpClient(host, _port(server, which), banner=False, timeout=15) as client:
            client.send(b"\x16")
            client.sock.shutdown(socket.SHUT_WR)
            assert client.closed(15)

    def test_nothing_and_the_end(self, server, host, which):
        with SmtpClient(host, _port(server, which), banner=False, timeout=15) as client:
            client.sock.shutdown(socket.SHUT_WR)
            assert client.closed(15)

    def test_octets_behind_starttls(self, server, host, which):
        with SmtpClient(host, _port(server, which), timeout=15) as client:
            client.ehlo()
            client.send("STARTTLS\r\nNOOP\r\n")
            reply = client.reply()
            if reply.code == 220:
                with pytest.raises((OSError, Closed)):
                    client.wrap()
                    client.ehlo()
            else:
                assert client.closed(5)

    @pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /autodiscover HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nMAIL FROM:<a@b>\r\nRCPT TO:<x@y>",
                                       b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HEAD / HTTP/1.0\r\n\r\n", b"OPTIONS / HTTP/1.1\r\n\r\n"], ids=["GET", "POST", "HTTP/2", "HEAD", "OPTIONS"])
    def test_http(self, server, host, which, first):
        with SmtpClient(host, _port(server, which), banner=False, timeout=15) as client:
            client.send(first)
            heard = _hear(client)
        assert b"\n250 " not in heard and not heard.startswith(b"250")
        if heard.startswith(b"HTTP/"):
            assert b"OUTGOING" in heard.upper()

    def test_an_sslv2_hello(self, server, host, which):
        with SmtpClient(host, _port(server, which), banner=False, timeout=15) as client:
            client.send(b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x01\x00\x80" + b"\0" * 32)
            heard = _hear(client)
        assert b"220" not in heard

    def test_garbage(self, server, host, which):
        with SmtpClient(host, _port(server, which), banner=False, timeout=15) as client:
            client.send(bytes(range(256)) * 4 + b"\r\n")
            client.closed(3)
        with SmtpClient(host, _port(server, which), timeout=15) as other:
            assert other.ehlo().code == 250


def _hear(client):
    heard = b""
    try:
        while True:
            heard += client.read_some(15)
    except (Closed, TimeoutError, OSError):
        pass
    return heard


def _client_hello():
    import ssl  # pylint: disable=import-outside-toplevel
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = permissive_context().wrap_bio(incoming, outgoing, server_hostname="mail.example.test")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def test_a_late_hello_is_remembered(server):
    """A ClientHello behind our banner: the connection is lost, but the next one is given time."""
    source = ("127.0.0.77", 0)
    with SmtpClient("127.0.0.1", server.port, timeout=15, source=source) as client:
        client.send(_client_hello())
        assert client.closed(10)
    with SmtpClient("127.0.0.1", server.port, banner=False, timeout=15, source=source) as client:
        time.sleep(0.8)  # the client is slow; this is the situation, not a wait
        client.wrap()
        assert client.reply().code == 220


@pytest.mark.parametrize("octets", [b"\x16\x03\x01\x02\x00\x01\x00\x01", b"EHLO x\r\n", b"\x16", b"", b"GET", b"\0" * 100])
def test_the_http_listener_bears_anything(server, octets):
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=15) as sock:
        if octets:
            sock.sendall(octets)
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(15)
        heard = b""
        try:
            while data := sock.recv(4096):
                heard += data
        except ConnectionResetError:
            pass
        assert heard == b"" or heard.startswith(b"HTTP/1.1 4")
