"""A next hop that takes fifty recipients at a time: nobody fails, nothing waits, and it is asked for fifty from then on."""


def recipients(count, start=0):
    return [f"r{n}@example.net" for n in range(start, start + count)]


def test_the_rest_goes_at_once_over_the_same_connection(make, sink):
    sink.behaviour.max_recipients = 50
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    everybody = recipients(90)
    server.submit(everybody)
    for address in everybody:
        assert server.log.wait_for("delivered", to=address, seconds=30)["attempt"] == 1, "no attempt is counted for 452"
    assert not server.log.find("deferred")
    assert sink.connections == 1
    assert sorted(r for m in sink.messages for r in m.recipients) == sorted(everybody), "once each"
    assert max(len(m.recipients) for m in sink.messages) <= 50
    assert any(code == 452 for _, code in sink.attempts)

    refused = sum(code == 452 for _, code in sink.attempts)
    others = recipients(90, 1000)
    server.submit(others)
    for address in others:
        server.log.wait_for("delivered", to=address, seconds=30)
    assert sum(code == 452 for _, code in sink.attempts) == refused, "it has learned how many the hop takes"


def test_452_for_the_first_is_a_failure_like_others(make, sink):
    sink.behaviour.replies = {"RCPT": b"452 4.5.3 too many recipients\r\n"}
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.submit(["a@example.net", "b@example.net"])
    for address in ("a@example.net", "b@example.net"):
        deferred = server.log.wait_for("deferred", to=address)
        assert deferred["attempt"] == 1 and deferred["next_s"] >= 600
