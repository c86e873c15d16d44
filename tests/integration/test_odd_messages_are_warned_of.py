"""A Date far off, or a newsletter without one-click unsubscription: taken as it is, and told by trace."""

from harness.dialogue import ANNA


def content(*fields):
    return "\r\n".join([f"From: <{ANNA}>", "To: <x@example.net>", "Subject: a test", *fields, "", "hello", ""])


def test_a_clock_that_is_wrong(make, sink):
    server = make.posthaste(relay=sink)
    ahead = server.submit("a@example.net", content=content("Date: Thu, 1 Jan 2099 00:00:00 +0000"))
    behind = server.submit("b@example.net", content=content("Date: Thu, 1 Jan 2015 00:00:00 +0000"))
    fine = server.submit("c@example.net", content=content())
    for ident, words in ((ahead, "in the future"), (behind, "old; set the clock")):
        out = server.admin("trace", ident).out
        assert "warning: the Date is" in out and words in out and "F-3" in out and "changed on the way in: warning" not in out
    assert "warning:" not in server.admin("trace", fine).out
    (message,) = sink.wait("a@example.net")
    assert message.field("Date") == ["Thu, 1 Jan 2099 00:00:00 +0000"]


def test_a_newsletter_without_one_click(make, sink):
    server = make.posthaste(relay=sink)
    plain = server.submit("a@example.net", content=content())
    assert "RFC 8058" not in server.admin("trace", plain).out
    server.admin("account", "set", ANNA, "--profile", "bulk")
    plain = server.submit("b@example.net", content=content())
    both = server.submit("c@example.net", content=content("List-Unsubscribe: <https://example.test/u/1>",
                                                          "List-Unsubscribe-Post: List-Unsubscribe=One-Click"))
    assert "warning: a newsletter without one-click" in server.admin("trace", plain).out
    assert "RFC 8058" not in server.admin("trace", both).out
    assert sink.wait("b@example.net")
