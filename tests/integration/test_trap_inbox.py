"""The local inbox: what a developer's test suite sends to it, sees in it, and waits for; and what never leaves."""

import json
import smtplib
import socket
import threading

import pytest

from harness import ports
from harness.dialogue import ANNA
from harness.http import Http


@pytest.fixture(scope="module")
def trap(make_shared):
    server = make_shared.posthaste(start=False, config={"mode": "trap", "delivery": {"retry": ["1s"]}})
    server.listen_http()
    server.trap_port = ports.free_port()
    server.configure({"listen": {"trap": f"127.0.0.1:{server.trap_port}"}})
    server.start()
    server.http = Http(server.http_port)
    return server


def _send(server, recipient, subject="trapped", sender="app@anything.test", body="hello\r\n", headers=""):
    with smtplib.SMTP("127.0.0.1", server.trap_port, timeout=20) as client:
        client.sendmail(sender, [recipient] if isinstance(recipient, str) else recipient,
                        f"From: <{sender}>\r\nTo: <{recipient if isinstance(recipient, str) else recipient[0]}>\r\n{headers}Subject: {subject}\r\n\r\n{body}".encode())


def _wait(server, recipient, timeout="10s"):
    return server.http.json("/api/v1/wait", to=recipient, timeout=timeout)


def test_no_tls_and_no_login_are_needed(trap):
    _send(trap, "first@example.net", subject="no ceremony")
    message = _wait(trap, "first@example.net")
    assert message["Subject"] == "no ceremony"


def test_any_login_is_taken(trap):
    """Test suites configure one; it means nothing here."""
    with smtplib.SMTP("127.0.0.1", trap.trap_port, timeout=20) as client:
        client.ehlo()
        if client.has_extn("auth"):
            client.login("whoever", "whatever")
        client.sendmail("a@b.test", ["login@example.net"], "Subject: x\r\n\r\nx\r\n")
    _wait(trap, "login@example.net")


def test_any_sender_may_be_used(trap):
    _send(trap, "ceo@example.net", sender="anybody@somewhere.test")
    assert _wait(trap, "ceo@example.net")["From"]["Address"] == "anybody@somewhere.test"


def test_the_list(trap):
    for n in range(3):
        _send(trap, f"list{n}@example.net", subject=f"list {n}")
        _wait(trap, f"list{n}@example.net")
    page = trap.http.json("/api/v1/messages", limit=2)
    assert page["total"] >= 3 and len(page["messages"]) == 2
    newest = page["messages"][0]
    assert newest["Subject"] == "list 2" and newest["To"][0]["Address"] == "list2@example.net"
    assert {"ID", "From", "To", "Subject", "Created", "Size"} <= set(newest)


def test_one_message_and_its_source(trap):
    _send(trap, "raw@example.net", subject="raw", headers="X-Mine: yes\r\n", body="line one\r\n.dot\r\n")
    identity = _wait(trap, "raw@example.net")["ID"]
    message = trap.http.json(f"/api/v1/message/{identity}")
    assert message["Subject"] == "raw" and "line one" in message["Text"]
    raw = trap.http.get(f"/api/v1/message/{identity}/raw")
    assert b"X-Mine: yes\r\n" in raw and raw.endswith(b"line one\r\n.dot\r\n")


def test_wait_waits(trap):
    found = []
    thread = threading.Thread(target=lambda: found.append(_wait(trap, "later@example.net", "20s")))
    thread.start()
    _send(trap, "later@example.net", subject="worth it")
    thread.join(25)
    assert found and found[0]["Subject"] == "worth it"


def test_wait_gives_up(trap):
    status, _, body = trap.http.request("GET", "/api/v1/wait?to=never@example.net&timeout=1s")
    assert status in (404, 408, 504) and json.loads(body)["error"]


@pytest.mark.parametrize("query", ["timeout=soon", "timeout=-1s", "timeout=", "timeout=99999999999s"])
def test_wait_with_nonsense(trap, query):
    status, _, _ = trap.http.request("GET", "/api/v1/wait?to=x@example.net&" + query)
    assert status in (400, 404, 408, 504)


def test_the_page_needs_no_script_and_escapes(trap):
    _send(trap, "page@example.net", subject="<script>alert(1)</script> & <b>x</b>")
    identity = _wait(trap, "page@example.net")["ID"]
    status, headers, body = trap.http.request("GET", "/")
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    assert b"<script>alert" not in body and b"&lt;script&gt;" in body
    assert b"<script" not in body.lower()
    assert "default-src" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert identity.encode() in body


def test_a_thief_on_another_site_gets_nothing(trap):
    """DNS rebinding: a browser that was led here by another name is refused (W4)."""
    status, _, _ = trap.http.request("GET", "/api/v1/messages", headers={"Host": "evil.example.com"})
    assert status in (400, 403, 421)
    for name in ("127.0.0.1", "localhost", f"localhost:{trap.http_port}"):
        status, _, _ = trap.http.request("GET", "/api/v1/messages", headers={"Host": name})
        assert status == 200


def test_a_form_of_another_site_deletes_nothing(trap):
    status, _, _ = trap.http.request("DELETE", "/api/v1/messages", headers={"Origin": "https://evil.example.com"}, body="{}")
    assert status in (400, 403)


@pytest.mark.parametrize("path", ["/api/v1/message/nothing", "/api/v1/message/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/api/v1/message/../../etc/passwd",
                                  "/api/v1/message/%2e%2e%2f%2e%2e%2fetc%2fpasswd/raw", "/nowhere", "/api/v1/message/" + "x" * 5000])
def test_what_is_not_there(trap, path):
    status, _, body = trap.http.request("GET", path)
    assert status in (400, 404, 414, 431) and b"root:" not in body


def test_wrong_methods(trap):
    status, headers, _ = trap.http.request("POST", "/api/v1/message/01ARZ3NDEKTSV4RRFFQ69G5FAV/raw")
    assert status in (404, 405)
    if status == 405:
        assert headers["Allow"]


def test_451_shows_a_retry(trap):
    mark = trap.log.mark()
    _send(trap, "451@example.net")
    deferred = trap.log.wait_for("deferred", after=mark, to="451@example.net")
    assert deferred["status"].startswith("4.")


def test_550_shows_a_bounce(trap):
    mark = trap.log.mark()
    trap.submit("550@example.net", subject="will bounce")
    trap.log.wait_for("failed", after=mark, to="550@example.net")
    bounce = _wait(trap, ANNA)
    assert "will bounce" in bounce["Subject"] and "550@example.net" in bounce["Subject"]


def test_greylist_comes_through_the_second_time(trap):
    _send(trap, "greylist@example.net", subject="patience")
    assert _wait(trap, "greylist@example.net", "20s")["Subject"] == "patience"


def test_slow_is_slow_and_arrives(trap):
    _send(trap, "slow@example.net", subject="eventually")
    assert _wait(trap, "slow@example.net", "30s")["Subject"] == "eventually"


def test_submission_works_beside_it(trap):
    trap.submit("sub@example.net", subject="by the front door")
    assert _wait(trap, "sub@example.net")["Subject"] == "by the front door"


def test_nothing_leaves(trap):
    """Even an address that exists, and even one on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as watcher:
        watcher.settimeout(0.5)
        _send(trap, "x@localhost.test")
        with pytest.raises(TimeoutError):
            watcher.accept()
    assert _wait(trap, "x@localhost.test")


def test_it_survives_a_restart(trap):
    _send(trap, "stays@example.net", subject="still here")
    identity = _wait(trap, "stays@example.net")["ID"]
    trap.restart()
    assert trap.http.json(f"/api/v1/message/{identity}")["Subject"] == "still here"


def test_encoded_subjects_are_read(trap):
    _send(trap, "enc@example.net", subject="=?utf-8?B?R3LDvMOfZQ==?=")
    assert _wait(trap, "enc@example.net")["Subject"] == "Grüße"


def test_several_recipients_are_one_message_or_all_findable(trap):
    _send(trap, ["m1@example.net", "m2@example.net"])
    for name in ("m1", "m2"):
        assert _wait(trap, f"{name}@example.net")


def test_the_trap_port_keeps_its_limits(trap):
    with socket.create_connection(("127.0.0.1", trap.trap_port), timeout=20) as sock:
        sock.settimeout(20)
        assert sock.recv(100).startswith(b"220")
        sock.sendall(b"A" * 100_000 + b"\r\n")
        assert sock.recv(200)[:1] in (b"5", b"4")
