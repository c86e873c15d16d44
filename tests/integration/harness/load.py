"""Load with a ledger: which messages were acknowledged, which were only sent."""

import re
import threading
import time

from . import waiting
from .daemon import PASSWORD
from .smtp_client import SmtpClient

MARK = re.compile(rb"X-Ledger: (\S+)")


class Load:
    """Threads that submit as fast as they are let, and keep on through restarts."""

    def __init__(self, server, threads=4, recipients=1, body=b"x" * 70 + b"\r\n", per_connection=10, user="anna@example.test", prefix="m"):
        self.server = server
        self.recipients, self.body, self.per_connection, self.user, self.prefix = recipients, body, per_connection, user, prefix
        self.acknowledged = {}   # id -> recipients
        self.times = {}          # id -> when the 250 was here, wall clock
        self.refused = []        # replies that were no 250, the ends of service apart
        self.interrupted = 0     # connections that ended under our hands
        self._next = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._pause = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _new_id(self):
        with self._lock:
            self._next += 1
            return f"{self.prefix}{self._next}"

    def _run(self):
        while not self._stop.is_set():
            try:
                self._connection()
            except (OSError, EOFError, AssertionError, ValueError):
                self.interrupted += 1
                time.sleep(0.02)
            except Exception:  # pylint: disable=broad-except
                self.interrupted += 1
                time.sleep(0.02)

    def _connection(self):
        with SmtpClient("127.0.0.1", self.server.port, timeout=30) as client:
            client.ehlo()
            client.starttls()
            client.ehlo()
            reply = client.login(self.user, PASSWORD)
            if reply.code != 235:
                self._note(reply)
                return
            for _ in range(self.per_connection):
                if self._stop.is_set():
                    return
                identity = self._new_id()
                recipients = [f"{identity}-{n}@example.net" for n in range(self.recipients)]
                content = b"From: <%s>\r\nX-Ledger: %s\r\nSubject: load\r\n\r\n" % (self.user.encode(), identity.encode()) + self.body
                reply = client.transaction(self.user, recipients, content)
                if reply.code != 250:
                    self._note(reply)
                    return
                with self._lock:
                    self.times[identity] = time.time()
                    self.acknowledged[identity] = recipients

    def _note(self, reply):
        if reply.code != 421:
            with self._lock:
                self.refused.append(str(reply))

    def count(self):
        """Messages acknowledged so far."""
        with self._lock:
            return len(self.acknowledged)

    def before(self, moment):
        """Recipients acknowledged before that moment."""
        with self._lock:
            return {recipient for identity, recipients in self.acknowledged.items() if self.times[identity] < moment for recipient in recipients}

    def wait_count(self, count, seconds=60):
        """Until so many are acknowledged."""
        return waiting.until(lambda: self.count() >= count, seconds, f"{count} acknowledged messages, {self.count()} are; refused {self.refused[-3:]}")

    def stop(self):
        """No more; waits for the threads."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)


def submit_many(server, count, form, user="anna@example.test"):
    """That many messages of one recipient each, form.format(number), over a few connections."""
    content = f"From: <{user}>\r\nSubject: many\r\n\r\nx\r\n"
    for begin in range(0, count, 500):
        with server.session(user) as client:
            for number in range(begin, min(begin + 500, count)):
                reply = client.transaction(user, form.format(number), content)
                assert reply.code == 250, reply


def arrivals(sink):
    """id-and-recipient -> times of arrival, of what a sink got."""
    seen = {}
    for message in list(sink.messages):
        mark = MARK.search(message.data)
        if mark:
            for recipient in message.recipients:
                seen.setdefault(recipient, []).append(message.time)
    return seen


def settle(load, sink, seconds=60):
    """Waits until all that was acknowledged has arrived; gives what is missing (nothing, one hopes)."""
    wanted = {recipient for recipients in load.acknowledged.values() for recipient in recipients}

    def missing():
        return wanted - set(arrivals(sink))
    try:
        waiting.until(lambda: not missing(), seconds, "everything acknowledged", step=0.2)
    except waiting.Late:
        pass
    return missing()
