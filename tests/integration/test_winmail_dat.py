"""What Outlook wraps in winmail.dat reaches people as they can read it, and no file can do harm on the way."""

import base64
import email
import email.policy
import os
import pathlib
import signal
import struct
import subprocess
import threading
import time

import pytest

from harness import dkim_verifiers as verifiers
from harness import tnef
from harness.dialogue import ANNA, BOB

CARLA = "carla@example.org"
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 40
HTML = "<html><body><b>Hello</b> <img src=\"cid:logo@example\"></body></html>"


def message(data, sender=ANNA, text="Hello\r\n", seal=None, more=""):
    """As Outlook sends it: the text, then the file."""
    kind = seal or "multipart/mixed"
    return (f"From: {sender}\r\nTo: r@example.net\r\nSubject: a letter\r\nX-MS-TNEF-Correlator: <1@x>\r\nMIME-Version: 1.0\r\n{more}"
            f"Content-Type: {kind}; boundary=\"b\"\r\n\r\n"
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}"
            "--b\r\nContent-Type: application/ms-tnef; name=\"winmail.dat\"\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode() \
        + base64.encodebytes(data).replace(b"\n", b"\r\n") + b"--b--\r\n"


@pytest.fixture(scope="module")
def server(make_shared):
    """Converts for example.test, keeps for example.org."""
    sink = make_shared.sink()
    server = make_shared.posthaste(relay=sink, accounts=(ANNA, BOB, CARLA),
                                   config={"winmail": {"convert": ["example.test"], "keep": ["example.org"]}})
    server.sink, server.count = sink, 0
    return server


def send(server, content, sender=ANNA):
    """(recipient, id in the log) of what was accepted."""
    server.count += 1
    recipient = f"r{server.count}@example.net"
    with server.session(sender) as client:
        reply = client.transaction(sender, recipient, content)
        assert reply.code == 250, reply
        client.quit()
    return recipient


def arrived(server, content, sender=ANNA):
    """The octets at the recipient's."""
    return server.sink.wait(send(server, content, sender), seconds=40)[0].data


def parse(data):
    """By an independent reader."""
    return email.message_from_bytes(data, policy=email.policy.default)


def told(server, recipient):
    """What trace says was changed."""
    return server.admin("trace", recipient).out


def test_attachments_and_formatting_come_out(server):
    data = tnef.file(("Grüße aus Köln.pdf", PDF), ("logo.png", b"PNG", [(tnef.CONTENT_ID, tnef.STRING8, "logo@example")]),
                     message_class="IPM.Note", message=[(tnef.HTML, tnef.BINARY, HTML.encode())])
    recipient = send(server, message(data))
    raw = server.sink.wait(recipient)[0].data
    assert b"winmail" not in raw.partition(b"\r\n\r\n")[2] and b"TNEF" not in raw and raw.isascii()
    mail = parse(raw)
    assert mail.get_body(("plain",)).get_content().strip() == "Hello"
    assert mail.get_body(("html",)).get_content().strip() == HTML
    (pdf,) = list(mail.iter_attachments())
    assert pdf.get_filename() == "Grüße aus Köln.pdf" and pdf.get_content_type() == "application/pdf" and pdf.get_content() == PDF
    logo = next(part for part in mail.walk() if part.get("Content-ID") == "<logo@example>")
    assert logo.get_content() == b"PNG" and logo.get_content_type() == "image/png"
    assert mail["Subject"] == "a letter"
    server.log.wait_for("delivered", to=recipient)
    assert "winmail.dat was replaced by what it held: the formatted text and 2 attachments" in told(server, recipient)


@pytest.mark.parametrize("packed", [True, False])
def test_rich_text_comes_as_a_file_beside_the_text(server, packed):
    text = r"{\rtf1\ansi Hello {\b world}\par}"
    mail = parse(arrived(server, message(tnef.file(("a.txt", b"one"), message=[(tnef.RTF, tnef.BINARY, tnef.rtf(text, packed))]))))
    assert mail.get_body(("plain",)).get_content().strip() == "Hello"
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert files.keys() == {"message.rtf", "a.txt"}
    assert files["message.rtf"].rstrip(b"\0") == text.encode()


def test_a_message_that_is_nothing_but_the_file(server):
    data = tnef.file(("a.bin", b"\0\1\2"), message_class="IPM.Note", message=[(tnef.BODY, tnef.UNICODE, "Hällo\r\nWelt")])
    content = (f"From: {ANNA}\r\nTo: r@example.net\r\nMIME-Version: 1.0\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
               "Content-Disposition: attachment; filename=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n").encode() \
        + base64.encodebytes(data).replace(b"\n", b"\r\n")
    mail = parse(arrived(server, content))
    assert mail.get_body(("plain",)).get_content().split() == ["Hällo", "Welt"]
    assert [part.get_content() for part in mail.iter_attachments()] == [b"\0\1\2"]


def test_a_message_within_it_gives_its_text_and_its_files(server):
    inner = tnef.file(("inner.txt", b"inside"), message_class="IPM.Note", message=[(tnef.BODY, tnef.STRING8, "what was said before")])
    mail = parse(arrived(server, message(tnef.file(("Fwd", None, [tnef.embedded(inner)]), ("b.txt", b"outside")))))
    contents = sorted(part.get_payload(decode=True).strip(b"\0") for part in mail.iter_attachments())
    assert contents == [b"inside", b"outside", b"what was said before"]


def test_what_is_made_is_signed(make, sink, folders):
    server = make.posthaste(relay=sink, config={"winmail": {"policy": "convert"}})
    (row,) = server.admin("dkim", "new", "example.test", "--json").rows
    server.admin("dkim", "activate", "example.test", row["selector"], "--unchecked")
    server.submit("x@example.net", content=message(tnef.file(("a.pdf", PDF * 100))))
    data = sink.wait("x@example.net")[0].data
    assert b"a.pdf" in data
    records = {row["name"]: row["record"]}
    assert verifiers.dkimpy(data, records) == {row["selector"]: True}
    assert verifiers.mail_dkim(data, records, folders("dkim")) == {row["selector"]: True}
    assert verifiers.opendkim(data, records, folders("dkim")) == {row["selector"]: True}


def kept(server, content, sender=ANNA):
    """Asserts that its body leaves octet for octet; gives why, from the trace."""
    recipient = send(server, content, sender)
    data = server.sink.wait(recipient, seconds=40)[0].data
    assert data.partition(b"\r\n\r\n")[2] == content.partition(b"\r\n\r\n")[2]
    server.log.wait_for("delivered", to=recipient)
    return told(server, recipient)


def test_who_is_not_named_keeps_it(server):
    assert "winmail" not in kept(server, message(tnef.file(("a.pdf", PDF)), sender=CARLA), sender=CARLA)


@pytest.mark.parametrize("seal", ['multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256',
                                  'multipart/encrypted; protocol="application/pgp-encrypted"'])
def test_signed_and_encrypted_mail_is_never_touched(server, seal):
    assert "winmail" not in kept(server, message(tnef.file(("a.pdf", PDF)), seal=seal))


@pytest.mark.parametrize("kind", ["IPM.Microsoft Schedule.MtgReq", "IPM.Contact", "IPM.Task"])
def test_meetings_and_contacts_stay_whole(server, kind):
    assert "winmail.dat was kept: it is no letter" in kept(server, message(tnef.file(message_class=kind)))


def _nested(depth):
    data = tnef.file(("a.txt", b"x"))
    for _ in range(depth):
        data = tnef.file(("m", None, [tnef.embedded(data)]))
    return data


_HEAD = struct.pack("<IH", tnef.SIGNATURE, 1)
GOOD = tnef.file(("a.pdf", PDF))
HOSTILE = {
    "nothing": b"",
    "not such a file": b"GIF89a" * 100,
    "signature alone": _HEAD[:4],
    "cut in the middle": GOOD[:len(GOOD) // 2],
    "checksum wrong": _HEAD + tnef.attribute(tnef.MESSAGE, tnef.CLASS, b"IPM.Note\0", checksum=1),
    "2 GB": _HEAD + tnef.attribute(tnef.MESSAGE, tnef.SUBJECT, b"x", size=0x7FFFFFFF),
    "4 GB": _HEAD + tnef.attribute(tnef.ATTACHMENT, tnef.DATA, b"x", size=0xFFFFFFFF),
    "length beyond the end": _HEAD + tnef.attribute(tnef.MESSAGE, tnef.PROPERTIES, tnef.properties(), size=5000),
    "4 billion properties": _HEAD + tnef.attribute(tnef.MESSAGE, tnef.PROPERTIES, b"\xff\xff\xff\xff" + b"\0" * 8),
    "a property beyond the end": _HEAD + tnef.attribute(tnef.MESSAGE, tnef.PROPERTIES,
                                                        struct.pack("<IHHII", 1, tnef.BINARY, tnef.RTF, 1, 0x7FFFFFF0)),
    "4 billion values": _HEAD + tnef.attribute(tnef.MESSAGE, tnef.PROPERTIES,
                                               struct.pack("<IHHI", 1, tnef.BINARY, tnef.RTF, 0xFFFFFFFF) + b"\0" * 64),
    "messages in messages": _nested(40),
    "RTF that claims 2 GB": tnef.file(message=[(tnef.RTF, tnef.BINARY, struct.pack("<IIII", 64, 0x7FFFFFFF, 0x75465A4C, 0) + b"\xff" * 60)]),
    "data without an attachment": _HEAD + tnef.attribute(tnef.ATTACHMENT, tnef.DATA, PDF),
    "two thousand attachments": tnef.file(*((f"{n}.txt", b"x") for n in range(2000))),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_does_no_harm(server, name):
    """It leaves as it came, or what libytnef made of it is a message as any other; the server lives on."""
    content = message(HOSTILE[name])
    data = arrived(server, content)
    same = data.partition(b"\r\n\r\n")[2] == content.partition(b"\r\n\r\n")[2]
    assert same or parse(data).get_body(("plain",)).get_content().strip() == "Hello"
    assert server.running() and not _helpers(server)


def test_a_file_that_is_too_large_is_kept(server):
    assert "winmail.dat was kept: it is over 32 MB" in kept(server, message(tnef.file(("a", bytes(33 << 20)))))


def _helpers(server):
    """Its children by /proc."""
    found = []
    for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        try:
            found += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


class Hunter(threading.Thread):
    """Sends a signal to the first process that the server starts."""

    def __init__(self, server, signals):
        super().__init__(daemon=True)
        self.server, self.signals, self.hit, self.seen = server, signals, None, {}

    def run(self):
        end = time.monotonic() + 30
        while self.hit is None and time.monotonic() < end:
            for pid in _helpers(self.server):
                try:
                    if b"tnef-helper" not in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                        continue  # between fork and exec
                    seen = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
                    if seen.get("Seccomp", "0").strip() != "2":
                        continue  # not yet at work
                    self.seen = seen
                    os.kill(pid, self.signals)
                    self.hit = pid
                    break
                except OSError:
                    continue


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
def test_a_reader_that_dies_or_hangs_costs_nothing(server, sent):
    """The message leaves as it came; a reader that hangs is ended after 10 s."""
    for _ in range(5):
        hunter = Hunter(server, sent)
        hunter.start()
        content = message(tnef.file(*((f"{n}.bin", os.urandom(1 << 20)) for n in range(20))))
        recipient = send(server, content)
        data = server.sink.wait(recipient, seconds=40)[0].data
        hunter.join(0.1)
        if data.partition(b"\r\n\r\n")[2] == content.partition(b"\r\n\r\n")[2]:
            break
        # The reader was quicker than we were.
    assert hunter.hit and data.partition(b"\r\n\r\n")[2] == content.partition(b"\r\n\r\n")[2]
    row = server.log.wait_for("winmail.kept")
    assert row["what"] == "winmail.dat leaves as it came"
    assert server.running() and not _helpers(server)
    assert b"a.pdf" in arrived(server, message(GOOD)), "and the next one is unpacked"


def test_the_reader_has_nothing(server):
    """A filter on system calls, which the hunter waits for, and no privileges to gain."""
    for _ in range(10):
        hunter = Hunter(server, signal.SIGCONT)
        hunter.start()
        send(server, message(tnef.file(("a.bin", os.urandom(20 << 20)))))
        hunter.join(2)
        if hunter.seen:
            break
    assert hunter.seen["NoNewPrivs"].strip() == "1"


def test_a_person_cannot_start_the_reader(server):
    done = subprocess.run([server.binary, "tnef-helper"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    assert done.returncode == 2 and b"[winmail]" in done.stderr
