"""Where a network lets nothing but 443 out, a mail program is served there too: TLS under the mail host's name, no HTTP offered
in it, and the program waits for a banner or says EHLO."""

import ssl
import time

import pytest

from harness.daemon import PASSWORD
from harness.http import Https
from harness.smtp_client import SmtpClient

ANNA = "anna@example.test"


@pytest.fixture
def server(make, sink):
    return make.posthaste(relay=sink, https=True)


def connect(server, name="mail.example.test", **options):
    return SmtpClient("127.0.0.1", server.https_port, tls="implicit", server_name=name, **options)


def test_a_message_goes_through_it(server, sink):
    client = connect(server)
    assert client.banner.code == 220 and "mail.example.test" in client.banner.text
    client.ehlo()
    assert "STARTTLS" not in client.extensions and "PLAIN" in client.extensions["AUTH"]
    assert client.login(ANNA, PASSWORD).code == 235
    assert client.transaction(ANNA, "x@example.net", f"From: <{ANNA}>\r\nSubject: by 443\r\n\r\nhello\r\n").code == 250
    client.quit()
    assert b"by 443" in sink.wait("x@example.net")[0].data


@pytest.mark.parametrize("said", [b"EHLO client.example.test\r\n", b"HELO client\r\n", b"QUIT\r\n", b"NOOP\r\n", b"ehlo x\r\n"])
def test_a_program_that_talks_first(server, said):
    client = connect(server, banner=False)
    client.sock.sendall(said)
    assert client.reply().code == 220
    assert client.reply().code in (250, 221, 503)


def test_the_banner_does_not_take_long(server):
    start = time.monotonic()
    connect(server)
    assert time.monotonic() - start < 5


def test_http_without_alpn_is_still_http(server, authority):
    assert Https(server.https_port, authority, alpn=None).request("GET", "/h/8")[0] == 200


@pytest.mark.parametrize("name, alpn", [("mail.example.test", ["http/1.1"]), ("autoconfig.example.test", None), (None, None)])
def test_who_asks_for_http_or_another_name_gets_no_banner(server, name, alpn):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    client = SmtpClient("127.0.0.1", server.https_port, banner=False, server_name=name)
    client.sock = context.wrap_socket(client.sock, server_hostname=name)
    assert client.silent(1.5)
    client.sock.sendall(b"GET /h/8 HTTP/1.1\r\nHost: mail.example.test\r\nConnection: close\r\n\r\n")
    client.sock.settimeout(10)
    assert client.sock.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_neither_http_nor_mail(server):
    client = connect(server, banner=False)
    client.sock.sendall(b"\x00\x01\x02 nonsense\r\n\r\n")
    client.sock.settimeout(10)
    assert client.sock.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_nothing_is_sent_without_a_login(server):
    client = connect(server)
    client.ehlo()
    assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 530


def test_it_ends_with_the_server(server):
    client = connect(server)
    client.ehlo()
    server.process.terminate()
    assert client.reply(20).code == 421
    assert server.stop() == 0


def test_one_address_has_so_many_before_login(make, sink):
    server = make.posthaste(relay=sink, https=True, config={"limits": {"connections_per_address": 5}})
    clients = [connect(server) for _ in range(5)]
    assert connect(server).banner.code == 421, "inside TLS, where it can be read"
    for client in clients:
        assert client.ehlo().code == 250
