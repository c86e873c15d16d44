"""All recipients are refused, and the hop asks for content all the same: it gets a lone dot, and nobody is delivered."""

from harness.sink import first


def test_only_a_dot_is_sent(make, sink):
    sink.behaviour.replies = {"DATA": first(b"354 go on\r\n", 1)}
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.submit(["rcpt550@example.net", "b.rcpt550@example.net"])
    for address in ("rcpt550@example.net", "b.rcpt550@example.net"):
        assert server.log.wait_for("failed", to=address)["code"] == 550
    lines = [line for _, line in sink.commands]
    assert lines[lines.index("DATA") + 1] == ".", lines
    assert not [e for e in server.log.find("delivered") if "rcpt550" in e["to"]]
    # The connection is of use afterwards, or was closed: either way the next message goes through.
    server.submit("good@example.net")
    sink.wait("good@example.net")


def test_some_refused_and_one_deferred(make, sink):
    """250, 450, 550, 250: DATA is sent, and only the one that was put off comes again, alone."""
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"]}})
    four = ["a@example.net", "b.rcpt450x1@example.net", "c.rcpt550@example.net", "d@example.net"]
    server.submit(four)
    sink.wait("b.rcpt450x1@example.net", seconds=20)
    assert server.log.wait_for("failed", to=four[2])["code"] == 550
    for address in (four[0], four[1], four[3]):
        server.log.wait_for("delivered", to=address)
    ours = [m.recipients for m in sink.messages if m.sender == "anna@example.test"]
    assert ours == [[four[0], four[3]], [four[1]]]
    assert server.log.find("delivered", to=four[1])[0]["attempt"] == 2
