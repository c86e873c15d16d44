"""The peers that the other tests lean on do what is said of them; needs no server of ours."""

import smtplib
import ssl
import subprocess

import pytest

from harness import peers
from harness.smtp_client import SmtpClient


def _mail(address, recipient, text="Subject: x\r\n\r\nhello\r\n"):
    host, _, port = address.rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=10) as client:
        return client.sendmail("a@example.test", [recipient], text)


def test_swaks_reaches_postfix(postfix):
    if not peers.have("swaks"):
        pytest.skip("swaks is not installed")
    done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(postfix.port), "--to", "bob@anywhere.test", "--from",
                           "a@example.test", "--header", "X-Mark: swaks-1", "--tls"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    message = postfix.wait("X-Mark: swaks-1")
    assert b"X-Original-To: bob@anywhere.test" in message


def test_postfix_takes_mail_over_ipv6(postfix):
    client = SmtpClient("::1", postfix.port)
    client.ehlo()
    assert client.transaction("a@example.test", "c@else.test", "X-Mark: six\r\n\r\nx\r\n").code == 250
    postfix.wait("X-Mark: six")


def test_the_sink_keeps_octets(sink):
    _mail(sink.address, "x@example.net", "Subject: y\r\n\r\n.dot\r\n..two\r\n")
    (message,) = sink.wait("x@example.net")
    assert message.body == b".dot\r\n..two\r\n"
    assert message.wire.endswith(b"\r\n\r\n..dot\r\n...two\r\n")


def test_the_sink_does_as_the_address_says(sink):
    for recipient in ("rcpt550@a.test", "rcpt451x1@a.test", "data451@a.test", "dot550@a.test"):
        with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)):
            _mail(sink.address, recipient)
    _mail(sink.address, "rcpt451x1@a.test")
    assert len(sink.messages) == 1
    with pytest.raises(smtplib.SMTPServerDisconnected):
        _mail(sink.address, "drop-after@a.test")
    assert len(sink.to("drop-after@a.test")) == 1


def test_the_sink_speaks_tls(make, authority, certificates):
    sink = make.sink(certificate=certificates[0])
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    with smtplib.SMTP("localhost", sink.port, timeout=10) as client:
        client.starttls(context=context)
        client.sendmail("a@example.test", ["t@a.test"], "Subject: y\r\n\r\nx\r\n")
    assert sink.wait("t@a.test")[0].tls == "TLSv1.3"


def test_an_expired_certificate_is_expired(authority):
    chain, _ = authority.issue("old", days=-1)
    shown = subprocess.run(["openssl", "x509", "-in", chain, "-noout", "-checkend", "0"], capture_output=True, text=True, check=False)
    assert shown.returncode == 1, shown.stdout


def test_the_gate_cuts_where_it_is_told(make, sink):
    gate = make.gate(sink)
    gate.cut_after_forward = 40
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError, smtplib.SMTPResponseException)):
        _mail(gate.address, "g@a.test")
    gate.cut_after_forward = None
    _mail(gate.address, "g@a.test")
    assert len(sink.to("g@a.test")) == 1


def test_the_name_server_answers_as_its_zones_say(make):
    nsd = make.nsd({"example.net": "@ MX 10 mx1\nmx1 A 127.0.0.2\n", "broken.test": None})

    def ask(name, kind):
        return _dns(nsd, name, kind)
    assert ask("example.net", 15) == (0, 1)
    assert ask("nothere.example.net", 1)[0] == 3
    assert ask("broken.test", 15)[0] == 2
    nsd.change(example_net="@ MX 0 .\n")
    assert ask("mx1.example.net", 1)[0] == 3


def _dns(nsd, name, kind):
    import socket  # pylint: disable=import-outside-toplevel
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(3)
        sock.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + bytes([0, kind, 0, 1]), (nsd.host, nsd.port))
        answer = sock.recv(512)
    return answer[3] & 15, int.from_bytes(answer[6:8], "big")
