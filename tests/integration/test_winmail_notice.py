"""Whoever sends winmail.dat is told how their Outlook stops it: once a week, in their language, and no program is."""

import email
import email.policy

from harness import tnef
from harness.daemon import Posthaste
from harness.dialogue import ANNA, BOB
from test_winmail_dat import message

ROBOT = "robot@example.test"


def test_the_sender_is_told_once(make, sink):
    server: Posthaste = make.posthaste(relay=sink, accounts=(ANNA, BOB, ROBOT), start=False)
    server.make_accounts()
    server.admin("account", "language", ANNA, "de")
    server.admin("account", "set", ROBOT, "--profile", "application")
    server.start()
    data = tnef.file(("a.pdf", b"PDF"))
    content = message(data)
    server.submit("x@example.net", content=content)
    assert sink.wait("x@example.net")[0].data.partition(b"\r\n\r\n")[2] == content.partition(b"\r\n\r\n")[2]
    note = sink.wait(ANNA)[0]
    assert note.sender == ""
    mail = email.message_from_bytes(note.data, policy=email.policy.default)
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Content-Language"] == "de"
    assert mail["Subject"] == "Manche können nicht öffnen, was Sie senden"
    assert "In HTML-Format konvertieren" in mail.get_content() and "winmail.dat" in mail.get_content()
    # Not again within the week, not after a restart either; others have a note of their own, programs none.
    server.submit("y@example.net", content=content)
    server.restart()
    server.submit("z@example.net", content=content)
    server.submit("z@example.net", content=message(data, sender=ROBOT), sender=ROBOT)
    server.submit("plain@example.net", sender=BOB)
    server.submit("z@example.net", content=message(data, sender=BOB), sender=BOB)
    assert "Convert to HTML format" in email.message_from_bytes(sink.wait(BOB)[0].data, policy=email.policy.default).get_content()
    server.wait_empty()
    assert [len(sink.wait(who)) for who in (ANNA, BOB)] == [1, 1]
    assert not [each for each in sink.messages if ROBOT in each.recipients]
