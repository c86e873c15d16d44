"""The twenty real problems of people who cannot send (clients.md 6.1): each is played by its client, and either works safely
or is answered with its mend.

 1  SSL/TLS set for the STARTTLS port       here              11  one bad recipient among good ones   here
 2  None or STARTTLS set for 465            here              12  the same message twice              test_lost_250_is_not_sent_twice.py
 3  "requires authentication" not ticked    here              13  a firewall strips STARTTLS or AUTH  here
 4  port 25 blocked, another port           here              14  SPA ticked                          here
 5  user name without its domain            test_user_name_forms.py     15  certificate, clock        here
 6  a person's name as user name            test_user_name_forms.py     16  old TLS only              here, test_old_devices_have_a_port_of_their_own.py
 7  an old password, again and again        test_old_password_is_recognised.py  17  odd EHLO names    here
 8  read receipts that loop                 here              18  sent, and never arrived             here, test_bounce_reaches_sender.py
 9  From is not the login                   here, test_sender_rights.py     19  incoming and outgoing mixed up  here, test_wrong_protocols_are_told.py
10  attachment too large                    here              20  Bcc, bare LF, no Date               here

Row 3 without the exception for trusted networks: nothing is sent without a login.
"""

import socket
import ssl
import time

import pytest

from harness import ports, waiting
from harness.daemon import PASSWORD, queue_id
from harness.dialogue import ANNA, begin, check_form, still_speaks
from harness.smtp_client import Closed, SmtpClient

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")

MB = 1 << 20
MESSAGE = f"From: <{ANNA}>\r\nTo: <x@example.net>\r\nSubject: one of twenty\r\n\r\nhello\r\n"


@pytest.fixture(scope="module")
def server(make_shared):
    next_hop = make_shared.sink()
    made = make_shared.posthaste(relay=next_hop, start=False, config={
        "incoming": {"imap": "imap.example.test:993"}, "limits": {"message_size": "1 MB", "connections_per_address": 1000}})
    made.other_port = ports.free_port()
    made.configure({"listen": {"submission": [f"127.0.0.1:{p}" for p in (made.port, made.tls_port, made.other_port)]}})
    made.next_hop = next_hop
    return made.start()


def _sends(client, to="x@example.net"):
    client.ehlo("DESKTOP3507CDS")
    if "STARTTLS" in client.extensions:
        client.starttls()
        client.ehlo("DESKTOP3507CDS")
    assert client.login_login(ANNA, PASSWORD).code == 235
    reply = client.transaction(ANNA, to, MESSAGE)
    assert reply.code == 250, reply
    client.quit()


def _report(server, about):
    """The report to Anna that names this recipient."""
    return waiting.until(lambda: next((m for m in server.next_hop.to(ANNA) if about in m.data), None), 15, f"a report about {about}")


# 1

def test_ssl_on_the_starttls_port_works(server):
    mark = server.log.mark()
    with SmtpClient("127.0.0.1", server.port, tls="implicit") as client:
        _sends(client)
    seen = server.log.wait_for("login.ok", after=mark)
    assert seen["mode"] == "implicit" and seen["usual_mode_for_port"] is False


def test_ssl_that_comes_behind_the_banner_works_the_next_time(make, sink):
    """A server of its own, since an address that did this once waits longer for a day."""
    server = make.posthaste(relay=sink)
    mark = server.log.mark()
    with SmtpClient("127.0.0.1", server.port) as client:
        with pytest.raises((ssl.SSLError, OSError, Closed)):
            client.wrap()
    server.log.wait_for("client.late_tls", after=mark)
    with SmtpClient("127.0.0.1", server.port, tls="implicit") as client:
        _sends(client)


# 2

def test_starttls_on_465_works(server):
    with server.connect(server.tls_port) as client:
        _sends(client)


def test_no_encryption_on_465_is_told(server):
    start = time.monotonic()
    with server.connect(server.tls_port) as client:
        assert time.monotonic() - start < 12, "the banner comes within seconds"
        client.ehlo("DESKTOP3507CDS")
        reply = client.cmd(f"MAIL FROM: <{ANNA}>")
    check_form(reply, "MAIL")
    assert (reply.code, reply.status) == (530, "5.7.0") and "STARTTLS" in reply.text and "SSL/TLS" in reply.text, reply


# 3

def test_authentication_not_ticked_is_told_at_mail(server):
    with begin(server, "tls") as client:
        reply = client.cmd(f"MAIL FROM: <{ANNA}>")
        check_form(reply, "MAIL")
        assert (reply.code, reply.status) == (530, "5.7.0") and '"My outgoing server (SMTP) requires authentication"' in reply.text
        assert client.cmd("RCPT TO: <stranger@example.net>").code == 530
        assert client.cmd("DATA").code // 100 == 5
    assert not server.next_hop.to("stranger@example.net")


# 4

@pytest.mark.parametrize("tls", [None, "implicit"], ids=["STARTTLS", "TLS"])
def test_any_other_port_speaks_both_modes(server, tls):
    """2525 where 25 and 587 are blocked."""
    with SmtpClient("127.0.0.1", server.other_port, tls=tls) as client:
        _sends(client)


# 8

def test_a_read_receipt_is_taken_and_not_refused_for_ever(server):
    with server.session() as client:
        report = (f"From: <{ANNA}>\r\nTo: <boss@example.net>\r\nSubject: Read: lunch\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: multipart/report; report-type=disposition-notification; boundary=x\r\n\r\n"
                  "--x\r\n\r\nread\r\n--x\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: manual-action; displayed\r\n--x--\r\n")
        assert client.transaction("", "boss@example.net", report).code == 250
        forged = client.transaction("", "boss@example.net", report.replace(f"From: <{ANNA}>", "From: <bob@example.test>"))
        assert (forged.code, forged.status) == (550, "5.7.1"), "the null sender is no way round the rights"
    message = server.next_hop.wait("boss@example.net")[0]
    assert message.sender == "" and b"disposition-notification" in message.header


# 9

def test_a_from_that_is_not_the_login_is_told_at_mail(server):
    with server.session() as client:
        reply = client.cmd("MAIL FROM: <bob@example.test>")
        check_form(reply, "MAIL")
        assert (reply.code, reply.status) == (553, "5.7.1") and ANNA in reply.text and "bob@example.test" in reply.text, reply
        assert "E-mail Address" in reply.text
        own_sender = f"From: <bob@example.test>\r\nSender: <{ANNA}>\r\n\r\nx\r\n"
        assert client.transaction(ANNA, "x@example.net", own_sender).code == 550


def test_an_alias_is_ones_own(server):
    server.admin("account", "allow", ANNA, "sales@example.test")
    with server.session() as client:
        assert client.transaction("sales@example.test", "x@example.net", MESSAGE.replace(ANNA, "sales@example.test")).code == 250


# 10

def _big(size):
    line = "0123456789" * 7 + "12345678\r\n"
    return MESSAGE + line * (size // len(line) + 1)


def test_too_large_is_told_before_it_is_sent(server):
    with server.session() as client:
        reply = client.cmd(f"MAIL FROM:<{ANNA}> SIZE={61 * MB}")
        check_form(reply, "MAIL")
        assert (reply.code, reply.status) == (552, "5.3.4") and "61 MB" in reply.text and "1 MB" in reply.text, reply


def test_too_large_is_read_to_its_end_and_told_with_its_size(server):
    """Never a reset: Outlook would say 0x800CCC0F, and the person would look for a broken line."""
    with server.session() as client:
        reply = client.transaction(ANNA, "x@example.net", _big(int(2.5 * MB)))
        check_form(reply, "DATA")
        assert (reply.code, reply.status) == (552, "5.3.4") and "2.5 MB" in reply.text and "1 MB" in reply.text, reply
        still_speaks(client)
        assert client.transaction(ANNA, "x@example.net", MESSAGE).code == 250


def test_endless_is_told_too(server):
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        client.cmd("RCPT TO:<x@example.net>")
        assert client.cmd("DATA").code == 354
        try:
            client.send(_big(int(3.5 * MB)))
        except OSError:
            pass
        reply = client.reply()
        assert (reply.code, reply.status) == (552, "5.3.4"), reply


# 11

def test_one_bad_recipient_does_not_block_the_others(server):
    """Refused is what is certainly wrong; what nobody can know yet is taken, and comes back as a report."""
    with server.session() as client:
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
        assert client.cmd("RCPT TO:<good@example.net>").code == 250
        bad = client.cmd("RCPT TO:<no at sign>")
        check_form(bad, "RCPT")
        assert bad.code // 100 == 5 and "address" in bad.text.lower(), bad
        assert client.cmd("RCPT TO:<rcpt550@example.net>").code == 250
        assert client.cmd("DATA").code == 354
        assert client.content(MESSAGE).code == 250
    assert server.next_hop.wait("good@example.net")[0].recipients == ["good@example.net"]
    assert _report(server, b"rcpt550@example.net").sender == ""


# 13

@pytest.mark.parametrize("line", ["XXXXXXXX", "XXXX DESKTOP3507CDS", "********", "XXXXXXXA"])
def test_a_firewall_that_blots_out_commands_is_named_in_the_log(server, line):
    mark = server.log.mark()
    with server.connect() as client:
        assert client.cmd(line).code == 500
    seen = server.log.wait_for("client.behind_inspecting_firewall", after=mark)
    assert "127.0.0.1" in seen["client"] and "firewall" in seen["why"] and "465" in seen["mend"]


def test_a_login_in_clear_names_the_antivirus_as_second_cause(server):
    with begin(server, "ehlo") as client:
        reply = client.cmd("AUTH LOGIN")
    assert (reply.code, reply.status) == (538, "5.7.11") and "antivirus" in reply.text, reply


# 14

@pytest.mark.parametrize("line", ["AUTH NTLM", "AUTH NTLM TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==", "auth gssapi"])
def test_spa_ticked_is_told(server, line):
    with begin(server, "tls") as client:
        assert "NTLM" not in client.extensions["AUTH"]
        reply = client.cmd(line)
        check_form(reply, "AUTH")
        assert (reply.code, reply.status) == (504, "5.5.4"), reply
        if "NTLM" in line:
            assert "SPA" in reply.text and "untick" in reply.text, reply
        assert client.login(ANNA, PASSWORD).code == 235


# 15

def _distrusts(port, context, name="mail.example.test"):
    with SmtpClient("127.0.0.1", port, banner=False, server_name=name, context=context) as client:
        with pytest.raises((ssl.SSLError, Closed, OSError)):
            client.wrap()


def test_a_client_that_does_not_know_the_authority_is_in_the_log(server):
    mark = server.log.mark()
    _distrusts(server.tls_port, ssl.create_default_context())
    seen = server.log.wait_for("tls.failed", after=mark)
    assert seen["sni"] == "mail.example.test" and "does not know who signed" in seen["why"] and seen["mend"], seen
    assert seen["offers"] == "TLSv1.3" and "127.0.0.1" in seen["client"]


def test_a_name_that_no_certificate_holds_is_in_the_log(server, authority):
    mark = server.log.mark()
    _distrusts(server.tls_port, ssl.create_default_context(cafile=str(authority.ca_file)), name="smtp.example.test")
    seen = server.log.wait_for("tls.failed", after=mark)
    assert seen["sni"] == "smtp.example.test" and "asked for smtp.example.test" in seen["why"], seen


def test_an_expired_certificate_or_a_wrong_clock_is_in_the_log(make, authority):
    expired = make.posthaste(certificates=[authority.issue("expired", days=-1)])
    _distrusts(expired.tls_port, ssl.create_default_context(cafile=str(authority.ca_file)))
    seen = expired.log.wait_for("tls.failed")
    assert "by its clock" in seen["why"] and "clock" in seen["mend"], seen


# 16

def test_a_device_with_old_tls_is_in_the_log_with_its_mend(server):
    mark = server.log.mark()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    _distrusts(server.tls_port, context)
    seen = server.log.wait_for("tls.failed", after=mark)
    assert seen["offers"] == "TLSv1.0" and "knows TLSv1.0 and nothing newer" in seen["why"] and "[legacy]" in seen["mend"], seen


# 17

@pytest.mark.parametrize("line", [
    "EHLO DESKTOP3507CDS", "EHLO", "EHLO [IPV6:fe80::1]", "EHLO [2001:db8::1]", "EHLO my_pc", "EHLO [10.0.0.5]", "EHLO Büro-PC".encode().decode("latin-1"),
    "EHLO anna's pc", "EHLO localhost.localdomain.", "ehlo 127.0.0.1", "EHLO " + "x" * 300, "EHLO -"])
def test_any_ehlo_name_is_welcome(server, line):
    with server.connect() as client:
        assert client.cmd(line).code == 250
        client.starttls()
        assert client.cmd(line).code == 250
        assert client.login(ANNA, PASSWORD).code == 235
        assert client.transaction(ANNA, "x@example.net", MESSAGE).code == 250


@pytest.mark.parametrize("line", ["HELO printer", "HELO", "helo [10.0.0.5]"])
def test_helo_too(server, line):
    with server.connect() as client:
        assert client.cmd(line).code == 250
        client.starttls()
        assert client.cmd(line).code == 250
        assert client.login(ANNA, PASSWORD).code == 235
        assert client.transaction(ANNA, "x@example.net", MESSAGE).code == 250


# 18

def test_what_the_next_server_refuses_comes_back_in_plain_words(server):
    with server.session() as client:
        identifier = queue_id(client.transaction(ANNA, "rcpt554@example.net", MESSAGE))
    report = _report(server, b"rcpt554@example.net")
    assert b"multipart/report" in report.header and identifier.encode() in report.data
    assert server.next_hop.rcpt_count("rcpt554@example.net") == 1


# 19

def test_the_incoming_servers_client_is_sent_there(server):
    with server.connect() as client:
        assert "outgoing (SMTP) mail server" in str(client.banner)
        reply = client.cmd("a1 CAPABILITY")
        check_form(reply, "CAPA")
        assert (reply.code, reply.status) == (500, "5.5.1") and "Put imap.example.test as Incoming mail server" in reply.text, reply


# 20

def _arrived(server, to, content):
    with server.session() as client:
        reply = client.transaction(ANNA, to, content)
        assert reply.code == 250, reply
    return server.next_hop.wait(to)[-1]


def test_bcc_does_not_leak(server):
    message = _arrived(server, "bcc@example.net", f"From: <{ANNA}>\r\nBcc: <secret@example.net>\r\nbcc: <other@example.net>\r\nResent-Bcc: <third@example.net>\r\n\r\nx\r\n")
    assert b"secret@" not in message.data and b"other@" not in message.data and b"third@" not in message.data


def test_what_is_missing_is_added(server):
    message = _arrived(server, "missing@example.net", f"From: <{ANNA}>\r\nContent-Type: text/plain\r\n\r\nx\r\n")
    for field in ("Date", "Message-ID", "MIME-Version"):
        assert len(message.field(field)) == 1, message.header


def test_bare_lf_becomes_a_line_end(server):
    with server.session() as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        client.cmd("RCPT TO:<lf@example.net>")
        client.cmd("DATA")
        client.send(f"From: <{ANNA}>\nSubject: lf\n\nline one\n.line two\r\n.\r\n")
        assert client.reply().code == 250
    assert server.next_hop.wait("lf@example.net")[0].body == b"line one\r\n.line two\r\n"


def test_a_device_that_ends_with_lf_dot_lf_is_told_after_half_a_minute(server):
    with server.session(timeout=60) as client:
        client.cmd(f"MAIL FROM:<{ANNA}>")
        client.cmd("RCPT TO:<x@example.net>")
        client.cmd("DATA")
        start = time.monotonic()
        client.send(f"From: <{ANNA}>\nSubject: scan\n\nhello\n.\n")
        reply = client.reply(45)
        assert 25 < time.monotonic() - start < 40
        check_form(reply, "DATA")
        assert (reply.code, reply.status) == (550, "5.5.2") and "CR LF" in reply.text, reply


def test_winmail_dat_and_signed_parts_pass_untouched(server):
    body = (b"--x\r\nContent-Type: text/plain\r\n\r\nGr\xfc\xdfe   \r\n--x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\neJ8+IgAA\r\n--x--\r\n")
    header = f"From: <{ANNA}>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=x\r\n\r\n"
    assert _arrived(server, "tnef@example.net", header.encode() + body).body == body


# shorter ones

def test_polls_and_a_wrong_clock_do_no_harm(server):
    with server.session() as client:
        for line in ("NOOP", "RSET", "NOOP", "RSET"):
            assert client.cmd(line).code == 250
        assert client.transaction(ANNA, "clock@example.net", f"From: <{ANNA}>\r\nDate: Mon, 01 Jan 2007 00:00:00 +0000\r\n\r\nx\r\n").code == 250
    assert server.next_hop.wait("clock@example.net")[0].field("Date") == ["Mon, 01 Jan 2007 00:00:00 +0000"]


def test_a_program_that_resets_behind_quit_is_no_error(server):
    mark = server.log.mark()
    client = server.session()
    assert client.transaction(ANNA, "reset@example.net", MESSAGE).code == 250
    client.send("QUIT\r\n")
    client.reset()
    server.next_hop.wait("reset@example.net")
    assert not [row for row in server.log.events[mark:] if row.get("level") in ("warning", "error")]


def test_silence_is_not_taken_for_a_fault_of_the_program(server):
    """A connection that is opened and closed, as firewalls and monitors do, leaves no line at level warning."""
    mark = server.log.mark()
    for port in (server.port, server.tls_port):
        socket.create_connection(("127.0.0.1", port)).close()
    with server.session() as client:
        client.quit()
    assert not [row for row in server.log.events[mark:] if row.get("level") in ("warning", "error")]
