"""Everybody logs in at once after a restart: memory is bounded, who finds the pool full is told to try again, and nobody
is ever told that a right password is wrong."""

import threading
import time

from harness.smtp_client import Closed, plain_token

USERS = 150
PASSWORD = "the same long password"


def test_everybody_at_once(make, sink):
    server = make.posthaste(relay=sink, start=False, config={"limits": {"connections_per_address": 5000}})
    server.make_accounts()
    server.start()
    # Over the admin socket of the running server: one process start each is the price of the command line.
    threads = [threading.Thread(target=_add, args=(server, range(start, USERS, 4))) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.restart()
    idle = server.memory()
    codes, peak = [], [0]
    lock = threading.Lock()
    go = threading.Event()

    def login(number):
        client = server.secure()
        go.wait(60)
        deadline = time.monotonic() + 90
        try:
            while time.monotonic() < deadline:
                reply = client.cmd("AUTH PLAIN " + plain_token(f"user{number}@example.test", PASSWORD), seconds=60)
                with lock:
                    codes.append(reply.code)
                if reply.code != 454:
                    break
                time.sleep(0.2)  # what a mail program does, faster
            assert client.cmd("MAIL FROM:<user%d@example.test>" % number).code == 250
        except (Closed, OSError, AssertionError) as error:
            with lock:
                codes.append(str(error))
        finally:
            client.close()
    logins = [threading.Thread(target=login, args=(n,)) for n in range(USERS)]
    for thread in logins:
        thread.start()
    go.set()
    while any(thread.is_alive() for thread in logins):
        peak[0] = max(peak[0], server.memory())
        time.sleep(0.02)  # how often memory is looked at
    assert codes.count(235) == USERS, {code: codes.count(code) for code in set(codes)}
    assert set(codes) <= {235, 454}, set(codes)
    # 19 MiB for each hash that runs, and few run at once.
    assert peak[0] - idle < 220 << 20, f"{(peak[0] - idle) >> 20} MB more than idle"


def _add(server, numbers):
    for n in numbers:
        server.admin("account", "add", f"user{n}@example.test", "--password-stdin", input=PASSWORD + "\n")


def test_a_busy_client_does_not_pay_each_time(make, sink):
    """The second login with the same password costs next to nothing."""
    server = make.posthaste(relay=sink)
    with server.secure() as client:
        assert client.login("anna@example.test", "correct horse battery").code == 235
    before = server.cpu_seconds()
    for _ in range(30):
        with server.secure() as client:
            assert client.login("anna@example.test", "correct horse battery").code == 235
    assert server.cpu_seconds() - before < 30 * 0.03, "thirty logins (handshakes included) without thirty hashes"
