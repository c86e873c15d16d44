"""What a smarthost takes at once, in one transaction and in a minute, is kept to, as a preset or the configuration says it."""

import time

import pytest


def _relay(make, sink, **limits):
    return make.posthaste(start=False).relay_to(sink.address, **limits).start()


def test_connections_at_once(make, sink):
    server = _relay(make, sink, max_connections=2)
    with server.session() as client:
        for n in range(10):
            assert client.transaction("anna@example.test", f"slow1.x{n}@example.net", "From: <anna@example.test>\r\n\r\nx\r\n").code == 250
    sink.wait(count=10, seconds=40)
    assert sink.most_open <= 2


def test_recipients_of_a_transaction(make, sink):
    server = _relay(make, sink, max_recipients=3)
    recipients = [f"x{n}@example.net" for n in range(7)]
    server.submit(recipients)
    sink.wait(recipients[6])
    sink.wait(count=3)
    assert sorted(len(m.recipients) for m in sink.messages) == [1, 3, 3]


@pytest.mark.parametrize("recipients", [1, 2])
def test_messages_a_minute(make, sink, recipients):
    """Messages, whatever their recipients: the sixth and seventh wait their turn."""
    server = _relay(make, sink, max_messages_per_minute=5)
    begun = time.monotonic()
    with server.session() as client:
        for n in range(6):
            to = [f"x{n}.{m}@example.net" for m in range(recipients)]
            assert client.transaction("anna@example.test", to, "From: <anna@example.test>\r\n\r\nx\r\n").code == 250
    sink.wait(count=5, seconds=8)
    sink.wait(count=6, seconds=30)
    assert time.monotonic() - begun >= 8, "one in twelve seconds"
