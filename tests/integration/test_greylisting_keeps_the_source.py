"""A greylisting server knows who comes again by address, sender and recipient: the second attempt comes when it said, from
the same address of a pool of four (delivery.md, criterion 31)."""

SOURCES = [{"name": f"ip-{n}", "address": f"127.0.0.{n}"} for n in (11, 12, 13, 14)]


def test_the_second_attempt_comes_in_time_and_from_the_same_address(make):
    sink = make.sink(greylist=6)
    server = make.posthaste(relay=sink, config={
        "delivery": {"retry": ["1h"], "source": [s["name"] for s in SOURCES]}, "source": SOURCES})
    recipients = [f"r{n}@example.net" for n in range(8)]
    for recipient in recipients:
        server.submit(recipient)
    sink.wait(count=8, seconds=40)
    for recipient in recipients:
        deferred = server.log.wait_for("deferred", to=recipient)
        assert 6 <= deferred["next_s"] <= 10, deferred
        assert sink.rcpt_count(recipient) == 2, "not sooner, not again"
        assert len({key[0] for key in sink.first_tries if key[2] == recipient}) == 1, "one address"
    assert len({m.client for m in sink.messages}) > 1, "the pool is used"
