"""Clients that are slow, greedy, deaf or endless. Each has a bound, and a good client beside them is served."""

import socket
import ssl
import threading
import time

import pytest

from harness import waiting
from harness.dialogue import ANNA, begin
from harness.smtp_client import Closed, SmtpClient, permissive_context


@pytest.fixture(scope="module")
def server(make_shared):
    return make_shared.posthaste(relay=make_shared.sink(), config={
        "limits": {"connections_per_address": 5000, "command_timeout": "3s", "data_timeout": "3s"}})


def _good(server, seconds=5.0):
    start = time.monotonic()
    with begin(server, "login") as client:
        assert client.transaction(ANNA, "good@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    assert time.monotonic() - start < seconds


def test_slowloris_in_a_command(server):
    """One octet a second: the deadline is for the command, not for the octet."""
    with begin(server, "login") as client:
        start = time.monotonic()
        try:
            while time.monotonic() - start < 20:
                client.send(b"N")
                client.buffer += client.read_some(0.5)
                if b"421" in client.buffer:
                    break
        except TimeoutError:
            pass
        except (Closed, OSError):
            return
        try:
            while time.monotonic() - start < 20:
                client.send(b"N")
                try:
                    client.buffer += client.read_some(0.5)
                except TimeoutError:
                    continue
                if b"421" in client.buffer:
                    return
        except (Closed, OSError):
            return
    raise AssertionError("a client may keep a command open for ever")


def test_slowloris_in_the_content(make, sink):
    """Two octets a second keep the connection busy and bring nothing: under 1 KB/s over a minute is too slow."""
    server = make.posthaste(relay=sink, config={"limits": {"data_timeout": "3s", "command_timeout": "3s"}})
    with begin(server, "rcpt") as client:
        assert client.cmd("DATA").code == 354
        client.send(f"From: <{ANNA}>\r\n\r\n")
        start = time.monotonic()
        try:
            while time.monotonic() - start < 100:
                client.send(b"x")
                try:
                    client.buffer += client.read_some(1.0)
                except TimeoutError:
                    continue
                if b"421" in client.buffer:
                    break
        except (Closed, OSError):
            pass
        assert 10 < time.monotonic() - start < 90
    assert not sink.messages


def test_a_client_that_never_logs_in(make, sink):
    """60 s in all before a login, whatever it chats about. (Here: the command timeout is shorter and NOOPs reset that.)"""
    server = make.posthaste(relay=sink, config={"limits": {"command_timeout": "5m"}})
    with begin(server, "ehlo") as client:
        start = time.monotonic()
        try:
            while time.monotonic() - start < 90:
                reply = client.cmd("NOOP")
                if reply.code == 421:
                    break
                time.sleep(2)  # a chatty client's pace
        except (Closed, OSError):
            pass
        assert 20 < time.monotonic() - start < 75


def test_a_client_that_never_reads(server):
    """Its replies are bounded, then it is left."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", server.port))
    sock.settimeout(2)
    before = server.memory()
    sent = 0
    try:
        for _ in range(4000):
            sent += sock.send(b"NOOP\r\n" * 500)
    except (TimeoutError, OSError):
        pass
    with sock:
        assert server.memory() - before < 16 << 20, f"{sent} octets of commands were buffered"
        _good(server)

        def left():
            try:
                sock.send(b"NOOP\r\n")
            except TimeoutError:
                return False
            except OSError:
                return True
            return False
        waiting.until(left, 30, "the deaf client is left")


def test_five_hundred_idle_connections_and_a_good_one(server):
    held = []
    try:
        for _ in range(500):
            sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            held.append(sock)
        _good(server)
    finally:
        for sock in held:
            sock.close()


def test_a_flood_of_resets(server):
    for _ in range(1000):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        sock.connect(("127.0.0.1", server.port))
        sock.close()
    _good(server)
    assert server.running()


def test_stalled_handshakes(server):
    """Two hundred clients begin TLS and stop; nobody waits for them, and each has a deadline."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    held = []
    try:
        for _ in range(200):
            sock = socket.create_connection(("127.0.0.1", server.tls_port), timeout=10)
            sock.sendall(hello)
            held.append(sock)
        _good(server)
        held[0].settimeout(40)
        try:
            while held[0].recv(1000):
                pass
        except ConnectionResetError:
            pass
    finally:
        for sock in held:
            sock.close()


def test_a_flood_of_handshakes_that_end(server):
    stop = threading.Event()

    def storm():
        context = permissive_context()
        while not stop.is_set():
            try:
                with socket.create_connection(("127.0.0.1", server.tls_port), timeout=10) as sock:
                    context.wrap_socket(sock, server_hostname="x").close()
            except (OSError, ssl.SSLError):
                pass
    threads = [threading.Thread(target=storm, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        _good(server, seconds=15)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)


@pytest.mark.parametrize("state", ["fresh", "ehlo", "tls"])
def test_an_endless_line(server, state):
    """Ten megabytes without a line end cost no memory and end with one refusal."""
    before = server.memory()
    with begin(server, state) as client:
        sent = 0
        try:
            for _ in range(160):
                client.send(b"x" * 65536)
                sent += 65536
            client.send(b"\r\n")
            reply = client.reply()
            assert reply.code in (500, 421), reply
        except (Closed, OSError):
            pass
    assert server.memory() - before < 8 << 20
    _good(server)


def test_endless_recipients(make, sink):
    server = make.posthaste(relay=sink, config={"limits": {"recipients": 1000}})
    with begin(server, "mail") as client:
        taken = refused = 0
        try:
            for n in range(3000):
                code = client.cmd(f"RCPT TO:<r{n}@example.net>").code
                taken, refused = taken + (code == 250), refused + (code == 452)
                if code == 421:
                    break
        except (Closed, OSError):
            pass
        assert taken == 1000 and refused > 0
    assert server.memory() < 300 << 20


def test_endless_bad_recipients_end_the_session(server):
    with begin(server, "mail") as client:
        codes = []
        try:
            for _ in range(200):
                codes.append(client.cmd("RCPT TO:<@@@>").code)
        except (Closed, OSError):
            pass
        assert codes[-1] == 421 and len(codes) < 60


def test_password_guessing_in_one_session(server):
    with begin(server, "tls") as client:
        codes = []
        try:
            for n in range(40):
                codes.append(client.login(ANNA, f"guess{n}").code)
        except (Closed, OSError):
            pass
        assert codes[-1] == 421 or len(codes) < 30, codes
    # The victim is not locked out from elsewhere.
    with begin(server, "login", source=("127.0.0.9", 0)) as owner:
        assert owner.cmd("NOOP").code == 250


def test_half_closed_connections_end(server):
    with begin(server, "ehlo") as client:
        client.send("QUIT\r\n")
        client.sock.shutdown(socket.SHUT_WR)
        assert client.closed(10)


def test_a_crowd_that_disappears_in_the_middle(server):
    """Every state is left by a reset; nothing stays behind."""
    for state in ("fresh", "ehlo", "tls", "login", "mail", "rcpt"):
        for _ in range(5):
            begin(server, state).reset()
    for _ in range(5):
        client = begin(server, "rcpt")
        client.cmd("DATA")
        client.send(b"From: <anna@example.test>\r\n\r\n" + b"x" * 300_000)
        client.reset()
    _good(server)
    left = waiting.until(lambda: not [p for p in (server.store / "content").rglob("*") if p.is_file()] if (server.store / "content").exists() else True,
                         20, "no half content is left behind")
    assert left


def test_a_thousand_header_fields_named_alike(server):
    with begin(server, "rcpt") as client:
        client.cmd("DATA")
        assert client.content(b"X: y\r\n" * 900 + f"From: <{ANNA}>\r\n\r\nx\r\n".encode()).code == 250
    with begin(server, "rcpt") as client:
        client.cmd("DATA")
        reply = client.content(b"X: y\r\n" * 1000 + f"From: <{ANNA}>\r\n\r\nx\r\n".encode())
        assert (reply.code, reply.status) == (552, "5.3.4") and "1,000 fields" in reply.text
    _good(server)


def test_deep_mime_is_refused_in_time(server):
    """Ten thousand nested parts: nobody reads them, and what repairs a message must not follow them down."""
    body = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(10_000))
    with begin(server, "rcpt") as client:
        client.cmd("DATA")
        reply = client.content(f"From: <{ANNA}>\r\n{body}\r\n")
        assert (reply.code, reply.status) == (554, "5.6.0") and "deep" in reply.text
    _good(server)


def test_ten_thousand_addresses_in_to(server):
    """Linear in time: a megabyte of addresses is read before anybody gets impatient."""
    field = "To: " + ",\r\n ".join(f'"User {n}" <u{n}@example.net>' for n in range(10_000))
    start = time.monotonic()
    with begin(server, "rcpt") as client:
        client.cmd("DATA")
        assert client.content(f"From: <{ANNA}>\r\n{field}\r\n\r\nx\r\n").code == 250
    assert time.monotonic() - start < 10


def test_a_connection_of_another_network_is_served_beside_a_full_one(make, sink):
    server = make.posthaste(relay=sink, config={"limits": {"connections_per_address": 10}})
    held = [SmtpClient("127.0.0.1", server.port, source=("127.0.0.5", 0)) for _ in range(10)]
    try:
        with server.connect(banner=False, source=("127.0.0.5", 0)) as refused:
            assert refused.reply().code == 421
        with server.connect(source=("127.0.0.6", 0)) as other:
            assert other.ehlo().code == 250
    finally:
        for client in held:
            client.close()
