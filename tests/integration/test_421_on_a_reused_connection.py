"""A connection that was kept is ended by the hop with 421 when the next message comes: it goes over a new one, at once."""


def second_mail_gets_421():
    """Octets for MAIL: the second one of a connection meets a hop that has waited long enough."""
    count = [0]

    def say():
        count[0] += 1
        return b"421 4.4.2 idle for too long\r\n" if count[0] == 2 else None
    return say


def test_nobody_notices(make, sink):
    sink.behaviour.connection_replies = [{"MAIL": second_mail_gets_421()}]
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1h"]}})
    server.submit("one@example.net")
    server.log.wait_for("delivered", to="one@example.net")
    server.submit("two@example.net")
    delivered = server.log.wait_for("delivered", to="two@example.net")
    assert delivered["attempt"] == 1 and not server.log.find("deferred")
    assert sink.connections == 2, "the second message met the first connection, and went over another"
    assert [m.connection for m in sink.messages] == [1, 2]
    assert sum(line.startswith("MAIL") for number, line in sink.commands if number == 1) == 2
