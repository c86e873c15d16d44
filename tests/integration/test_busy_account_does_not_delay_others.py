"""Who has a hundred thousand messages waiting at a site does not delay who has one (delivery.md, criteria 22 and 23)."""

import time

from harness.dialogue import ANNA
from harness.load import submit_many

BOB = "bob@example.test"
SHAPING = "[default]\nconnection_limit = 5\n"


def slow_site(make, config=None):
    """A relay that takes 50 messages a second over five connections."""
    sink = make.sink(pause=0.1)
    server = make.posthaste(relay=sink, config=config, start=False)
    (server.folder / "shaping.toml").write_text(SHAPING)
    (server.folder / "shaping.toml").chmod(0o644)
    server.configure({"delivery": {"shaping_file": "shaping.toml"}})
    server.start()
    return server, sink


def test_an_account_with_many_messages_delays_anothers_one_by_two_seconds_at_most(make):
    server, sink = slow_site(make)
    submit_many(server, 3000, "flood{}@example.net")
    sink.wait(count=20)
    before = len(sink.messages)
    start = time.time()
    with server.session(BOB) as client:
        assert client.transaction(BOB, "one@example.net", f"From: <{BOB}>\r\n\r\nx\r\n").code == 250
    (message,) = sink.wait("one@example.net", seconds=10)
    passed = len([m for m in sink.messages if m.time < message.time]) - before
    assert message.time - start < 2 or passed <= 20, f"{message.time - start:.1f} s, {passed} transactions"
    assert len(sink.messages) < 2500, "the flood is still there"


def test_a_message_to_thousands_delays_a_small_one_of_the_same_account_by_three_transactions(make):
    server, sink = slow_site(make, {"limits": {"recipients": 5000}})
    with server.session() as client:
        recipients = [f"r{n}@example.net" for n in range(5000)]
        assert client.transaction(ANNA, recipients, f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
        sink.wait(count=5)
        assert client.transaction(ANNA, "one@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
        accepted = time.time()
    (message,) = sink.wait("one@example.net", seconds=10)
    between = [m for m in sink.messages if accepted < m.time < message.time]
    # Five were under way, three begin before it.
    assert len(between) <= 8, len(between)
