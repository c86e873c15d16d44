"""swaks, curl, msmtp, s-nail and smtplib send through each port, in its own mode and in the other's; what arrives at a
real Postfix is what was sent, octet for octet."""

import itertools
import os
import smtplib
import ssl
import subprocess

import pytest

from harness import peers
from harness.daemon import PASSWORD

ANNA = "anna@example.test"
_mark = itertools.count(1)

# What each program is given to send; 8-bit, dots, long lines, blanks at line ends.
BODY = (b"Gr\xc3\xbc\xc3\x9fe\r\n.a dot\r\n..two\r\n.\r\nFrom here\r\nblanks   \r\n\ttab\r\n" + b"x" * 990 + b"\r\n\r\n\r\nend\r\n")


@pytest.fixture(scope="module")
def server(make_shared, postfix):
    return make_shared.posthaste(relay=postfix.address)


def _content():
    mark = f"mark-{os.getpid()}-{next(_mark)}"
    header = (f"From: <{ANNA}>\r\nTo: <carol@recipients.test>\r\nSubject: {mark}\r\nMIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
    return mark, header.encode() + BODY


def _run(command, **options):
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, **options)
    assert done.returncode == 0, f"{command[0]}: {done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}"


def _swaks(server, port, implicit, content, folder, _ca):
    path = folder / "message"
    path.write_bytes(content.replace(b"\r\n", b"\n"))
    _run(["swaks", "--server", "127.0.0.1", "--port", str(port), "--tls-on-connect" if implicit else "--tls", "--auth", "PLAIN", "--auth-user", ANNA,
          "--auth-password", PASSWORD, "--from", ANNA, "--to", "carol@recipients.test", "--data", f"@{path}"])


def _curl(server, port, implicit, content, folder, ca):
    path = folder / "message"
    path.write_bytes(content)
    _run(["curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(ca), "--url", f"{'smtps' if implicit else 'smtp'}://localhost:{port}/client.test",
          "--user", f"{ANNA}:{PASSWORD}", "--mail-from", ANNA, "--mail-rcpt", "carol@recipients.test", "--upload-file", str(path)])


def _msmtp(server, port, implicit, content, folder, ca):
    config = folder / "msmtprc"
    config.write_text(f"account default\nhost localhost\nport {port}\ntls on\ntls_starttls {'off' if implicit else 'on'}\ntls_trust_file {ca}\n"
                      f"auth on\nuser {ANNA}\npassword \"{PASSWORD}\"\nfrom {ANNA}\nset_date_header off\nset_msgid_header off\n")
    config.chmod(0o600)
    _run(["msmtp", "-C", str(config), "carol@recipients.test"], input=content.replace(b"\r\n", b"\n"))


def _smtplib(server, port, implicit, content, folder, ca):
    context = ssl.create_default_context(cafile=str(ca))
    if implicit:
        client = smtplib.SMTP_SSL("localhost", port, context=context, timeout=30)
    else:
        client = smtplib.SMTP("localhost", port, timeout=30)
        client.starttls(context=context)
    with client:
        client.login(ANNA, PASSWORD)
        client.sendmail(ANNA, ["carol@recipients.test"], content, mail_options=["BODY=8BITMIME"])


CLIENTS = {"swaks": _swaks, "curl": _curl, "msmtp": _msmtp, "smtplib": _smtplib}


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS"])
@pytest.mark.parametrize("which", ["587", "465"])
@pytest.mark.parametrize("client", CLIENTS)
def test_octet_for_octet(server, postfix, authority, tmp_path, client, which, implicit):
    if client != "smtplib" and not peers.have(client):
        pytest.skip(f"{client} is not installed")
    mark, content = _content()
    CLIENTS[client](server, server.port if which == "587" else server.tls_port, implicit, content, tmp_path, authority.ca_file)
    arrived = postfix.wait(f"Subject: {mark}".encode())
    header, _, body = arrived.partition(b"\n\n")
    assert body.rstrip(b"\n") == BODY.replace(b"\r\n", b"\n").rstrip(b"\n")
    assert b"X-Original-To: carol@recipients.test" in header
    assert f"Return-Path: <{ANNA}>".encode() in header
    assert header.count(b"\nFrom:") == 1 and header.count(b"\nSubject:") == 1


@pytest.mark.parametrize("implicit", [False, True], ids=["STARTTLS", "TLS"])
@pytest.mark.parametrize("which", ["587", "465"])
def test_s_nail(server, postfix, authority, tmp_path, which, implicit):
    """It composes its message itself, so the text alone is compared."""
    if not peers.have("s-nail"):
        pytest.skip("s-nail is not installed")
    mark, _ = _content()
    port = server.port if which == "587" else server.tls_port
    user, word = ANNA.replace("@", "%40"), PASSWORD.replace(" ", "%20")
    settings = ["v15-compat=yes", f"mta={'smtps' if implicit else 'smtp'}://{user}:{word}@localhost:{port}", f"from={ANNA}", "smtp-auth=login",
                f"tls-ca-file={authority.ca_file}", "tls-ca-no-defaults", "tls-verify=strict", "sendwait", "nosave"]
    if not implicit:
        settings.append("smtp-use-starttls")
    command = ["s-nail", "-:/", "-s", mark]
    for setting in settings:
        command += ["-S", setting]
    text = b"one line\n.a dot\nanother line\n\nend\n"
    _run([*command, "carol@recipients.test"], input=text, env={**os.environ, "HOME": str(tmp_path), "MAILRC": "/dev/null"})
    arrived = postfix.wait(f"Subject: {mark}".encode())
    assert arrived.partition(b"\n\n")[2].rstrip(b"\n") == text.rstrip(b"\n")


def test_which_mode_was_used_is_in_the_log(server):
    """Both modes on both ports end as an accepted event that names TLS."""
    assert server.log.find("accepted", tls=lambda v: v and v.startswith("TLS"))


@pytest.mark.parametrize("size", [1, 300_000, 5_000_000], ids=["one octet", "300 KB", "5 MB"])
def test_sizes(server, postfix, size):
    mark, _ = _content()
    body = (b"0123456789" * 7 + b"\r\n") * (size // 72 + 1)
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
        client.starttls()
        client.login(ANNA, PASSWORD)
        client.sendmail(ANNA, ["carol@recipients.test"], f"From: <{ANNA}>\r\nSubject: {mark}\r\n\r\n".encode() + body)
    arrived = postfix.wait(f"Subject: {mark}".encode(), seconds=30)
    assert arrived.partition(b"\n\n")[2] == body.replace(b"\r\n", b"\n")
