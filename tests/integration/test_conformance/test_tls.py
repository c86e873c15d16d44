"""TLS as mail programs and attackers meet it: versions, suites, session ids, tickets, ALPN, and what ends a connection."""

import os
import re
import socket
import ssl
import subprocess

import pytest

from harness.daemon import PASSWORD
from harness.dialogue import ANNA, begin
from harness.smtp_client import Closed, SmtpClient, permissive_context, plain_token

ALL = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


def _s_client(server, *arguments, port=None, text="QUIT\n", starttls=True):
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port or server.port}", *arguments]
    if starttls:
        command[2:2] = ["-starttls", "smtp"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _negotiated(output):
    match = re.search(r"(?:New|Reused), (\S+), Cipher is (\S+)", output)
    return match.groups() if match and match[2] != "(NONE)" else None


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS port"])
def test_old_versions_are_refused(server, version, implicit):
    output = _s_client(server, version, "-cipher", ALL, port=server.tls_port if implicit else None, starttls=not implicit)
    assert _negotiated(output) is None, output


@pytest.mark.parametrize("version, name", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS port"])
def test_new_versions_are_spoken(server, version, name, implicit):
    output = _s_client(server, version, port=server.tls_port if implicit else None, starttls=not implicit)
    assert _negotiated(output)[0] == name, output


@pytest.mark.parametrize("suite", [
    "AES128-SHA", "AES256-SHA", "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "CAMELLIA128-SHA", "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-SHA", "ADH-AES128-SHA", "AECDH-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA", "NULL-SHA256", "ECDHE-RSA-NULL-SHA", "PSK-AES128-CBC-SHA"])
def test_weak_suites_are_refused(server, suite):
    output = _s_client(server, "-tls1_2", "-cipher", suite + ":@SECLEVEL=0")
    assert _negotiated(output) is None, output


@pytest.mark.parametrize("suite", [
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"])
def test_good_suites_are_taken(server, suite):
    output = _s_client(server, "-tls1_2", "-cipher", suite)
    assert _negotiated(output) == ("TLSv1.2", suite), output


@pytest.mark.parametrize("suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
def test_suites_of_1_3(server, suite):
    assert _negotiated(_s_client(server, "-tls1_3", "-ciphersuites", suite)) == ("TLSv1.3", suite)


def test_both_certificates_are_served(server):
    """Old Schannel and devices know RSA only."""
    ecdsa = _s_client(server, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")
    rsa = _s_client(server, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")
    assert "server-ecdsa" in ecdsa and "server-rsa" in rsa


def test_both_certificates_are_served_in_1_3(server):
    ecdsa = _s_client(server, "-tls1_3", "-sigalgs", "ECDSA+SHA256")
    rsa = _s_client(server, "-tls1_3", "-sigalgs", "RSA-PSS+SHA256")
    assert "server-ecdsa" in ecdsa and "server-rsa" in rsa


def test_a_1_2_session_has_an_id(server):
    """Outlook wants one, even where nothing is resumed."""
    output = _s_client(server, "-tls1_2", "-no_ticket")
    assert re.search(r"Session-ID: [0-9A-F]{32,}", output), output


def test_no_tickets_in_1_3(server):
    """Microsoft's client drops the connection depending on when they come."""
    context = permissive_context(minimum_version=ssl.TLSVersion.TLSv1_3)
    with begin(server, "ehlo", context=context) as client:
        client.starttls(context)
        client.ehlo()
        client.cmd("NOOP")
        session = client.sock.session
        assert session is None or not session.has_ticket


def test_no_client_certificate_is_asked_for(server):
    output = _s_client(server, "-tls1_2")
    assert "No client certificate CA names sent" in output and "Client Certificate Types" not in output, output


def test_the_chain_is_verified_by_a_strict_client(server, authority):
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    for port, mode in ((server.port, None), (server.tls_port, "implicit")):
        with server.connect(port, tls=mode, context=context, server_name="localhost") as client:
            client.ehlo()
            if mode is None:
                client.starttls(context)
                assert client.ehlo().code == 250


def test_a_client_without_sni(server):
    with begin(server, "ehlo", server_name=None) as client:
        client.starttls()
        assert client.ehlo().code == 250


@pytest.mark.parametrize("protocols", [["h2"], ["http/1.1"], ["h2", "http/1.1"], ["imap"], ["ftp"]], ids=lambda p: "+".join(p))
def test_alpn_for_another_protocol_is_refused(server, protocols):
    """A browser or an IMAP client that was led astray (ALPACA) gets no certificate of ours to believe in."""
    context = permissive_context()
    context.set_alpn_protocols(protocols)
    with pytest.raises((ssl.SSLError, ConnectionError, OSError, Closed)):
        with server.connect(server.tls_port, tls="implicit", context=context) as client:
            client.ehlo()


def test_alpn_with_smtp_is_fine(server):
    context = permissive_context()
    context.set_alpn_protocols(["h2", "smtp"])
    with server.connect(server.tls_port, tls="implicit", context=context) as client:
        assert client.ehlo().code == 250


def test_no_renegotiation(server):
    client = subprocess.Popen(["openssl", "s_client", "-starttls", "smtp", "-tls1_2", "-connect", f"127.0.0.1:{server.port}"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    heard = b""
    while b"Verify return code" not in heard:
        piece = os.read(client.stdout.fileno(), 65536)
        assert piece, heard
        heard += piece
    client.stdin.write(b"R\n")  # s_client: renegotiate
    client.stdin.flush()
    rest, _ = client.communicate(timeout=30)
    assert b"RENEGOTIATING" in rest, rest
    assert re.search(rb"no renegotiation|handshake failure|unexpected|error:|alert", rest), rest


def test_octets_behind_starttls_in_one_segment_are_not_believed(server, next_hop):
    """CVE-2011-0411: a man in the middle puts commands behind STARTTLS."""
    with begin(server, "ehlo") as client:
        client.send(b"STARTTLS\r\nEHLO injected\r\nNOOP\r\n")
        reply = client.reply()
        if reply.code == 220:
            try:
                client.wrap()
                assert client.silent(1.0), "the injected commands are answered inside TLS"
            except (ssl.SSLError, Closed, OSError):
                return
            raise AssertionError("input behind STARTTLS ends the connection")
        assert reply.code // 100 in (4, 5)
        assert client.closed(5)


def test_starttls_and_then_no_tls(server):
    with begin(server, "ehlo") as client:
        assert client.cmd("STARTTLS").code == 220
        client.send(b"EHLO still-plain\r\nMAIL FROM:<anna@example.test>\r\n")
        assert client.closed(15)


def test_starttls_and_then_silence(server):
    """A handshake has a deadline of its own."""
    with begin(server, "ehlo") as client:
        assert client.cmd("STARTTLS").code == 220
        assert client.closed(40)


def test_clear_octets_behind_close_notify_are_not_read(server, next_hop):
    """CVE-2026-45185 and its like: after close_notify the connection is dead, in the middle of DATA most of all."""
    client = begin(server, "rcpt")
    assert client.cmd("DATA").code == 354
    client.send(f"From: <{ANNA}>\r\n\r\nfirst half\r\n")
    raw = client.sock
    plain = socket.socket(fileno=socket.dup(raw.fileno()))
    try:
        raw.settimeout(2)
        raw.unwrap()
    except (ssl.SSLError, OSError):
        pass
    with plain:
        plain.settimeout(5)
        try:
            plain.sendall(b"second half\r\n.\r\nNOOP\r\n")
            heard = b""
            while data := plain.recv(4096):
                heard += data
        except OSError:
            heard = heard if "heard" in locals() else b""
        assert b"250" not in heard
    client.close()
    assert not [m for m in next_hop.messages if b"first half" in m.data]


def test_close_notify_in_a_command_ends_the_session(server):
    client = begin(server, "login")
    plain = socket.socket(fileno=socket.dup(client.sock.fileno()))
    try:
        client.sock.settimeout(2)
        client.sock.unwrap()
    except (ssl.SSLError, OSError):
        pass
    with plain:
        plain.settimeout(5)
        heard = b""
        try:
            plain.sendall(b"NOOP\r\n")
            heard = plain.recv(4096)
        except OSError:
            pass
        assert not heard.startswith(b"2"), heard
    client.close()


def test_a_truncated_message_is_dropped(server, next_hop):
    """T3: without the final dot there is no message, however the connection ended."""
    client = begin(server, "rcpt")
    assert client.cmd("DATA").code == 354
    client.send(f"From: <{ANNA}>\r\nSubject: truncated\r\n\r\nx\r\n.\r")
    client.close()
    with begin(server, "rcpt") as other:
        assert other.cmd("NOOP").code == 250
    assert not [m for m in next_hop.messages if b"Subject: truncated" in m.data]


@pytest.mark.parametrize("octets", [b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x16\x03\x01\xff\xff" + b"\x00" * 200, b"\x16\x03\x09\x00\x00",
                                    b"\x16\x03\x01\x00\x00", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", b"\x16\x03" + b"A" * 4000],
                         ids=["short hello", "huge record", "bad version", "empty record", "SSLv2 hello", "garbage"])
@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS port", "TLS port"])
def test_a_broken_hello_ends_the_connection(server, octets, implicit):
    with server.connect(server.tls_port if implicit else server.port, banner=False) as client:
        client.send(octets)
        assert client.closed(25)
    with begin(server, "tls") as other:
        assert other.cmd("NOOP").code == 250


def test_a_fragmented_hello_is_read(server):
    """One octet at a time, as some middleboxes do."""
    context = permissive_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="mail.example.test")
    with socket.create_connection(("127.0.0.1", server.tls_port), timeout=20) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                for octet in outgoing.read():
                    sock.sendall(bytes([octet]))
                incoming.write(sock.recv(65536))
        sock.sendall(outgoing.read())
        while True:
            try:
                assert tls.read(4096).startswith(b"220")
                break
            except ssl.SSLWantReadError:
                incoming.write(sock.recv(65536))


def test_many_tls_1_2_sessions_may_be_resumed_or_not(server):
    """Whatever the client asks for, it ends in a session that works."""
    context = permissive_context(maximum_version=ssl.TLSVersion.TLSv1_2)
    with server.connect(server.tls_port, tls="implicit", context=context) as first:
        first.ehlo()
        session = first.sock.session
    sock = socket.create_connection(("127.0.0.1", server.tls_port), timeout=20)
    again = context.wrap_socket(sock, server_hostname="mail.example.test", session=session)
    with again:
        assert again.recv(100).startswith(b"220")
        again.sendall(b"EHLO x\r\n")
        assert again.recv(1000).startswith(b"250")
        again.sendall(f"AUTH PLAIN {plain_token(ANNA, PASSWORD)}\r\n".encode())
        assert again.recv(1000).startswith(b"235")


def test_a_new_connection_is_never_logged_in_by_resumption(server):
    context = permissive_context(maximum_version=ssl.TLSVersion.TLSv1_2)
    with SmtpClient("127.0.0.1", server.tls_port, tls="implicit", context=context) as first:
        first.ehlo()
        assert first.login(ANNA, PASSWORD).code == 235
        session = first.sock.session
    sock = socket.create_connection(("127.0.0.1", server.tls_port), timeout=20)
    with context.wrap_socket(sock, server_hostname="mail.example.test", session=session) as again:
        again.recv(200)
        again.sendall(b"EHLO x\r\n")
        again.recv(1000)
        again.sendall(f"MAIL FROM:<{ANNA}>\r\n".encode())
        assert again.recv(1000).startswith(b"530")
