"""Nine mail programs, each in its own dialect of SMTP (clients.md 3), through both ports in each mode: what arrives at the
next hop is what was sent, octet for octet; and in clear they hear which box to tick. The same `posthaste send --as` works
against other people's servers."""

import concurrent.futures
import json
import os
import socket
import threading

import pytest

from harness.daemon import PASSWORD
from harness.dialogue import ANNA
from harness.smtp_client import b64, plain_token

DIALECTS = ["outlook", "outlook-new", "outlook-mac", "thunderbird", "apple", "android", "printer", "dotnet", "python"]
PORTS = ["587", "465"]
TEXT = "line one\n.a dot\n..two dots\n.\nFrom here\n\n\nthe end"
# A dot behind a bare LF is content to us and stuffing to others (smtp/dot.h): a device's text has none there.
LF_TEXT = "line one\na dot.\n\nthe end"


def _text(dialect):
    return LF_TEXT if dialect == "printer" else TEXT


def _wire(dialect):
    return _text(dialect).encode().replace(b"\n", b"\r\n") + b"\r\n"


# What each leaves in a message, and what it leaves out.
MARKS = {
    "outlook": (b"X-Mailer: Microsoft Outlook 16.0", b"User-Agent"),
    "outlook-new": (b"@AM0PR01MB4321.eurprd01.prod.exchangelabs.com>", b"X-Mailer"),
    "outlook-mac": (b"User-Agent: Microsoft-MacOutlook/", b"X-Mailer"),
    "thunderbird": (b"User-Agent: Mozilla Thunderbird", b"X-Mailer"),
    "apple": (b"X-Mailer: Apple Mail", b"User-Agent"),
    "android": (b"@email.android.com>", b"User-Agent"),
    "printer": (b"Subject:", b"MIME-Version"),
    "dotnet": (b"MIME-Version: 1.0", b"X-Mailer"),
    "python": (b"MIME-Version: 1.0", b"X-Mailer"),
}
HELLO = {"outlook": "EHLO DESKTOP3507CDS", "outlook-new": "EHLO AM0PR01MB4321.eurprd01.prod.exchangelabs.com", "outlook-mac": "EHLO [127.0.0.1]",
         "thunderbird": "EHLO [127.0.0.1]", "apple": "EHLO [127.0.0.1]", "android": "EHLO localhost_SM-G991B", "printer": "HELO printer",
         "dotnet": "EHLO DESKTOP3507CDS", "python": "ehlo [127.0.0.1]"}


@pytest.fixture(scope="module")
def server(make_shared):
    next_hop = make_shared.sink()
    made = make_shared.posthaste(relay=next_hop, config={"limits": {"connections_per_address": 1000}})
    made.next_hop = next_hop
    return made


def _play(server, authority, dialect, port, mode, *more, to=None, password=PASSWORD):
    return server.cli("send", "--as", dialect, "--server", f"localhost:{server.port if port == '587' else server.tls_port}", "--tls", mode,
                      "--ca-file", str(authority.ca_file), "--login", ANNA, "--password-stdin", "--from", ANNA,
                      "--to", to or f"{dialect}.{port}.{mode}@example.net", "--text", _text(dialect), "--json", *more, input=password + "\n", seconds=120)


@pytest.fixture(scope="module")
def played(server, authority):
    """Each dialect's answer for a port and a mode; all nine at once, since a program that waits for a banner on 465 waits
    for seconds."""
    seen = {}

    def patient(dialect, port, mode):
        """On a machine that is this busy a hello may come behind the banner; then the next try works (clients.md 6.3.1)."""
        answer = _play(server, authority, dialect, port, mode)
        late = mode == "implicit" and answer.code == 4 and server.log.find("client.late_tls")
        return _play(server, authority, dialect, port, mode) if late else answer

    def play(dialect, port, mode):
        if (port, mode) not in seen:
            with concurrent.futures.ThreadPoolExecutor(len(DIALECTS)) as pool:
                answers = pool.map(lambda name: patient(name, port, mode), DIALECTS)
                seen[port, mode] = dict(zip(DIALECTS, answers))
        return seen[port, mode][dialect]
    return play


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_message_arrives_as_it_was_sent(server, played, dialect, port, mode):
    answer = played(dialect, port, mode)
    assert answer.code == 0, answer
    stages = [row["event"] for row in answer.rows]
    assert stages[0] == "connect" and stages[-1] == "accepted" and "tls" in stages, stages
    for secret in (PASSWORD, b64(PASSWORD), plain_token(ANNA, PASSWORD)):
        assert secret not in answer.out and secret not in answer.err
    message = server.next_hop.wait(f"{dialect}.{port}.{mode}@example.net")[0]
    assert message.body == _wire(dialect)
    there, not_there = MARKS[dialect]
    assert there in message.header and not_there not in message.header, message.header
    for field in ("From", "To", "Date", "Message-ID"):
        assert len(message.field(field)) == 1, f"{field} once: {message.header}"


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_without_encryption_it_hears_which_box_to_tick(server, played, dialect, port):
    answer = played(dialect, port, "none")
    assert answer.code == 4, answer
    told = json.loads(answer.err)
    assert told["stage"] == "mail" and told["code"] == 530 and told["outlook"] == "0x800CCC7C", told
    assert "STARTTLS" in told["reply"] and "465" in told["reply"] and told["steps"], told
    assert "--tls starttls" in told["next"], told
    assert not any("AUTH" in row.get("said", "").upper() for row in answer.rows), "no login in clear"
    assert not server.next_hop.to(f"{dialect}.{port}.none@example.net")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_speaks_its_dialect(played, dialect):
    answer = played(dialect, "587", "starttls")
    said = [row["said"] for row in answer.rows if "said" in row]
    assert said[0] == HELLO[dialect]
    mail = next(line for line in said if line.upper().startswith("MAIL"))
    wanted = {"outlook": f"MAIL FROM: <{ANNA}>", "printer": f"MAIL FROM:{ANNA}", "thunderbird": f"MAIL FROM:<{ANNA}> BODY=8BITMIME SIZE=",
              "python": f"mail FROM:<{ANNA}> size=", "outlook-new": f"MAIL FROM:<{ANNA}> BODY=8BITMIME SIZE="}
    assert mail.startswith(wanted.get(dialect, f"MAIL FROM:<{ANNA}>")), mail
    login = [line for line in said if "AUTH" in line.upper()]
    forms = {"outlook": "AUTH LOGIN", "outlook-new": "AUTH LOGIN (user name)", "android": "AUTH PLAIN", "printer": "AUTH LOGIN",
             "dotnet": "auth login (user name)"}
    assert login == [forms.get(dialect, "AUTH PLAIN (user name and password)")]
    if dialect == "outlook-new":
        assert any(line.startswith("BDAT ") for line in said)


@pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="a machine without IPv6")
@pytest.mark.parametrize("dialect, hello", [("thunderbird", "EHLO [IPV6:::1]"), ("apple", "EHLO [IPv6:::1]"), ("outlook-mac", "EHLO [IPv6:::1]")])
def test_over_ipv6(make, sink, authority, dialect, hello):
    server = make.posthaste(relay=sink, start=False)
    server.configure({"listen": {"submission": [f"[::1]:{server.port}"]}})
    server.start()
    answer = server.cli("send", "--as", dialect, "--server", f"[::1]:{server.port}", "--ca-file", str(authority.ca_file), "--login", ANNA,
                        "--password-stdin", "--from", ANNA, "--to", "six@example.net", "--json", input=PASSWORD + "\n")
    assert answer.code == 0, answer
    assert next(row["said"] for row in answer.rows if "said" in row) == hello
    assert sink.wait("six@example.net")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_wrong_password_is_told_with_its_mend(server, authority, dialect):
    answer = _play(server, authority, dialect, "587", "starttls", password="wrong")
    assert answer.code == 4, answer
    told = json.loads(answer.err)
    assert told["stage"] == "login" and told["code"] == 535 and told["steps"], told
    said = [row.get("said", "") for row in answer.rows]
    # Thunderbird takes LOGIN up at once when PLAIN was refused.
    assert ("AUTH LOGIN" in said) == (dialect in ("thunderbird", "outlook", "printer")), said
    assert '"wrong"' not in answer.out


def test_outlook_resets_behind_quit_and_nobody_minds(server, authority):
    """Its message is not a duplicate the next time, and no error is logged."""
    mark = server.log.mark()
    for _ in range(3):
        assert _play(server, authority, "outlook", "587", "starttls", to="again@example.net").code == 0
    assert len(server.next_hop.wait("again@example.net", count=3)) == 3
    assert not [row for row in server.log.events[mark:] if row.get("level") in ("error", "warning")]


# Other people's servers.

@pytest.mark.parametrize("dialect", DIALECTS)
def test_against_postfix(server, postfix, authority, dialect):
    """Postfix, which asks for no login here; STARTTLS with a certificate that is verified."""
    answer = server.cli("send", "--as", dialect, "--server", f"localhost:{postfix.port}", "--tls", "starttls", "--ca-file", str(authority.ca_file),
                        "--from", ANNA, "--to", "carol@recipients.test", "--subject", f"as {dialect}", "--text", _text(dialect))
    assert answer.code == 0, answer
    arrived = postfix.wait(f"Subject: as {dialect}\n".encode())
    assert arrived.partition(b"\n\n")[2].rstrip(b"\n") == _text(dialect).encode()


def test_a_certificate_that_is_not_known_is_refused_unless_told(server, postfix):
    address = f"localhost:{postfix.port}"
    basics = ["--from", ANNA, "--to", "carol@recipients.test", "--tls", "starttls"]
    refused = server.cli("send", "--as", "apple", "--server", address, *basics, "--json")
    told = json.loads(refused.err)
    assert refused.code == 4 and told["stage"] == "tls" and "--ca-file" in told["mend"] and "--insecure" in told["mend"], told
    assert "outlook" not in told and "issuer is not trusted" in told["cause"] and "KB3140245" not in refused.err, told
    insecure = server.cli("send", "--as", "apple", "--server", address, *basics, "--insecure")
    assert insecure.code == 0 and "not verified" in insecure.out, insecure


def test_a_certificate_for_another_name_has_outlooks_number(make, server, authority):
    sink = make.sink(certificate=authority.issue("other", names="DNS:other.example.test"))
    answer = server.cli("send", "--as", "outlook", "--server", f"localhost:{sink.port}", "--ca-file", str(authority.ca_file), "--tls", "starttls",
                        "--from", ANNA, "--to", "x@example.net", "--json")
    told = json.loads(answer.err)
    assert answer.code == 4 and told["outlook"] == "0x800CCC01" and "other.example.test" in told["error"], answer


def test_a_file_of_authorities_that_is_not_there(server):
    answer = server.cli("send", "--as", "apple", "--server", "127.0.0.1:1", "--ca-file", "/nonexistent/ca.pem", "--from", ANNA, "--to", "x@example.net", "--json")
    told = json.loads(answer.err)
    assert answer.code in (1, 2) and "/nonexistent/ca.pem" in told["error"] and "outlook" not in told, answer


def test_a_server_that_offers_no_login(make, server, authority):
    certificate = authority.issue("no-login")
    sink = make.sink(certificate=certificate)
    answer = server.cli("send", "--as", "outlook", "--server", f"localhost:{sink.port}", "--ca-file", str(authority.ca_file), "--login", ANNA,
                        "--password-stdin", "--from", ANNA, "--to", "x@example.net", "--json", input="secret\n")
    told = json.loads(answer.err)
    assert answer.code == 4 and told["stage"] == "login" and told["outlook"] == "0x800CCC80" and told["steps"], answer


def test_a_password_from_a_file_and_a_server_without_encryption(make, server, base):
    """The password stays here, as the other side saw."""
    sink = make.sink(login=(ANNA, "secret"))
    secret = base / "a-password"
    secret.write_text("secret\n")
    secret.chmod(0o644)
    answer = server.cli("send", "--as", "dotnet", "--server", f"127.0.0.1:{sink.port}", "--login", ANNA, "--password-file", str(secret),
                        "--from", ANNA, "--to", "x@example.net")
    assert answer.code != 0 and "not sent" in answer.err, answer
    assert not any("auth" in line.lower() for _, line in sink.commands)


def test_a_server_that_is_not_there(server):
    answer = server.cli("send", "--as", "outlook", "--server", "127.0.0.1:1", "--from", ANNA, "--to", "x@example.net", "--json")
    told = json.loads(answer.err)
    assert answer.code == 3 and told["stage"] == "connect" and told["outlook"] == "0x800CCC0E" and "587" in told["next"], answer


@pytest.mark.parametrize("banner, words", [("SSH-2.0-OpenSSH_9.2p1", "SSH"), ("+OK POP3 ready", "incoming server"), ("* OK IMAP4rev1 ready", "incoming server"),
                                           ("HTTP/1.1 400 Bad Request", "web server"), ("x" * 5000, "not a mail server")])
def test_something_else_answers(server, banner, words):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer_once():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(banner.encode() + b"\r\n")
                connection.recv(1000)
        thread = threading.Thread(target=answer_once)
        thread.start()
        answer = server.cli("send", "--as", "outlook", "--server", f"127.0.0.1:{listener.getsockname()[1]}", "--from", ANNA, "--to", "x@example.net", "--json")
        thread.join()
    told = json.loads(answer.err)
    assert answer.code == 3 and told["stage"] == "banner" and told["outlook"] == "0x800CCC60", answer
    assert "not SMTP" in told["error"] and words in told["cause"] and told["steps"], told


def test_old_tls_is_refused_in_the_right_direction(server, authority):
    answer = server.cli("send", "--old-tls", "--as", "outlook", "--server", f"localhost:{server.port}", "--ca-file", str(authority.ca_file), "--tls", "starttls",
                        "--from", ANNA, "--to", "x@example.net", "--json")
    told = json.loads(answer.err)
    assert answer.code == 4 and "refuses TLS 1.0" in told["error"] and "too old" in told["cause"], answer


def test_no_login_is_said_when_the_server_takes_mail_without_one(make, server):
    sink = make.sink()
    answer = server.cli("send", "--as", "outlook", "--server", f"127.0.0.1:{sink.port}", "--tls", "none", "--login", ANNA, "--password-stdin",
                        "--from", ANNA, "--to", "x@example.net", input="secret\n")
    assert answer.code == 0 and "none was made" in answer.out.splitlines()[-1], answer


def test_a_server_that_has_no_address(server):
    answer = server.cli("send", "--as", "outlook", "--server", "nowhere.invalid:587", "--from", ANNA, "--to", "x@example.net", "--json")
    told = json.loads(answer.err)
    assert answer.code == 3 and told["stage"] == "connect" and told["outlook"] == "0x800CCC0D" and not told["error"].rstrip().endswith(":"), answer


def test_a_server_that_says_nothing(make, server):
    sink = make.sink(silent=True)
    answer = server.cli("send", "--as", "outlook", "--server", f"127.0.0.1:{sink.port}", "--tls", "starttls", "--timeout", "1", "--from", ANNA,
                        "--to", "x@example.net", "--json")
    told = json.loads(answer.err)
    assert answer.code == 5 and told["stage"] == "banner" and told["outlook"] == "0x800CCC19" and "implicit" in told["next"], answer


@pytest.mark.parametrize("stage, outlook", [("MAIL", "0x800CCC78"), ("RCPT", "0x800CCC79"), ("dot", "0x800CCC6F")])
def test_a_refusal_has_its_stage_and_outlooks_number(make, server, stage, outlook):
    sink = make.sink(replies={stage: b"554 5.7.1 <not> \x1b[2Jhere\r\n"})
    answer = server.cli("send", "--as", "outlook-mac", "--server", f"127.0.0.1:{sink.port}", "--tls", "none", "--from", ANNA, "--to", "x@example.net")
    assert answer.code == 4, answer
    assert "554 5.7.1 <not>" in answer.err and "\x1b" not in answer.err + answer.out
    assert f"Outlook  {outlook}" in answer.err and "cause" in answer.err and "mend" in answer.err, answer


@pytest.mark.parametrize("arguments, words", [
    (["--as", "outlok"], "did you mean"), (["--as", "eudora"], "one of"), (["--tls", "maybe"], "starttls"), (["--subject", "a\nBcc: x@y.test"], "one line"),
    (["--from", "nobody"], "address"), (["--timeout", "soon"], "seconds"),
])
def test_wrong_usage(server, arguments, words):
    answer = server.cli("send", "--server", "127.0.0.1:1", "--to", "x@example.net", *arguments)
    assert answer.code == 2 and words in answer.err, answer


def test_letters_beyond_ascii_are_encoded(make, server):
    sink = make.sink()
    answer = server.cli("send", "--server", f"127.0.0.1:{sink.port}", "--tls", "none", "--from", ANNA, "--to", "x@example.net", "--subject", "Grüße", "--text", "Schöne Grüße")
    assert answer.code == 0, answer
    message = sink.wait("x@example.net")[0]
    assert message.data.isascii()
    assert message.field("MIME-Version") == ["1.0"] and message.field("Content-Transfer-Encoding") == ["quoted-printable"]
    assert message.field("Subject")[0].startswith("=?") and message.body == b"Sch=C3=B6ne Gr=C3=BC=C3=9Fe\r\n"
