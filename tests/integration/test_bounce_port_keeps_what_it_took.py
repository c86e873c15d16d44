"""250 at the port that takes bounces means on disk, as it does everywhere: what was told of the message, and the report to its
sender, over kill -9 and a disk that is full."""

import random
import smtplib
import threading

import pytest

from harness import ports, waiting
from harness.bounce_port import DOMAIN, Port, bounce
from harness.dialogue import ANNA
from harness.small_disk import fill, free, on_small_disk

SEED = random.randrange(1 << 30)


def _start(server):
    port = ports.free_port()
    server.configure({"bounces": {"domain": DOMAIN, "listen": f"127.0.0.1:{port}"}})
    server.start()
    server.admin("account", "set", ANNA, "--verp", "message")
    server.back = Port(port)


def _sent(server, sink, count, domain="example.net"):
    """{id: (recipient, the sender it left under)} of so many messages that the next hop has taken."""
    sent = {}
    for n in range(count):
        recipient = f"gone{n}@{domain}"
        identity = server.submit(recipient)
        sent[identity] = (recipient, sink.wait(recipient)[0].sender)
        server.log.wait_for("delivered", id=identity)
    return sent


def _state(server, identity):
    return server.admin("trace", identity, "--json").rows[0]["recipients"][0]["state"]


def test_kill_nine(make, sink):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    server = make.posthaste(relay=sink, start=False)
    _start(server)
    sent = _sent(server, sink, 60)
    left, taken = dict(sent), set()

    def give():
        for identity, (recipient, sender) in list(left.items()):
            try:
                code, _ = server.back.give(sender, bounce(recipient))
            except (OSError, smtplib.SMTPException):
                return  # the server is gone; what it did not say stays with us
            if code == 250:
                taken.add(identity)
                del left[identity]

    for _ in range(6):
        giver = threading.Thread(target=give)
        before = len(taken)
        giver.start()
        waiting.until(lambda: len(taken) > before + chance.randrange(6) or not giver.is_alive(), 20)
        server.kill()
        giver.join(30)
        for identity in taken:
            assert identity not in left
        server.start()
        for identity in taken:
            assert _state(server, identity) == "bounced", f"{identity} was acknowledged"
    give()
    assert not left, "whoever was not answered comes again"
    server.wait_empty(60)
    told = [message.data.decode() for message in sink.to(ANNA)]
    for recipient, _ in sent.values():
        assert sum(recipient in text for text in told) >= 1, "its sender hears of it"


@pytest.mark.root
def test_full_disk(make, sink):
    with on_small_disk(make, sink) as server:
        _start(server)
        ((identity, (recipient, sender)),) = _sent(server, sink, 1).items()
        fill(server, 0)
        # What tells of mail that is gone may use the space that is kept for outcomes.
        code, _ = server.back.give(sender, bounce(recipient))
        assert code in (250, 451, 452)
        server.kill()
        free(server)
        server.start()
        assert _state(server, identity) == ("bounced" if code == 250 else "delivered"), code
        waiting.until(lambda: server.back.give(sender, bounce(recipient))[0] == 250, 30, "room again")
        assert _state(server, identity) == "bounced"
        sink.wait(ANNA, seconds=30)
