"""AUTH in every form that mail programs write it, and in many that nobody should (RFC 4954, 4616; MS-XLOGIN)."""

import unicodedata

import pytest

from harness.daemon import PASSWORD
from harness.dialogue import ANNA, BOB, b64, begin, check_form, matches, play, still_speaks
from harness.smtp_client import Closed, plain_token

UMLAUT, UMLAUT_PASSWORD = "umlaut@example.test", "pässwört-größe"
GOOD = plain_token(ANNA, PASSWORD)
USERNAME, PASSWORD_PROMPT = "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"


def _prompt(exact):
    return lambda reply: reply.raw[0].decode() == exact


ROWS = [
    ("PLAIN in one step", [("AUTH PLAIN " + GOOD, "235 2.7.0")]),
    ("PLAIN in two steps, the prompt ends with a blank", [("AUTH PLAIN", _prompt("334 ")), (GOOD, "235")]),
    ("lower case", [("auth plain " + GOOD, "235")]),
    ("mixed case", [("AuTh PlAiN " + GOOD, "235")]),
    ("PLAIN with the authorisation identity", [("AUTH PLAIN " + plain_token(ANNA, PASSWORD, ANNA), "235")]),
    ("PLAIN for somebody else", [("AUTH PLAIN " + plain_token(ANNA, PASSWORD, BOB), "535|501")]),
    ("LOGIN with exact prompts", [("AUTH LOGIN", _prompt(USERNAME)), (b64(ANNA), _prompt(PASSWORD_PROMPT)), (b64(PASSWORD), "235")]),
    ("LOGIN with an initial response, as .NET and Microsoft's cloud", [("AUTH LOGIN " + b64(ANNA), _prompt(PASSWORD_PROMPT)), (b64(PASSWORD), "235")]),
    ("login in lower case", [("auth login", _prompt(USERNAME)), (b64(ANNA), _prompt(PASSWORD_PROMPT)), (b64(PASSWORD), "235")]),
    ("LOGIN with an empty initial response", [("AUTH LOGIN =", "334|501|535")]),
    ("PLAIN with an empty initial response", [("AUTH PLAIN =", "501|535")]),
    ("cancelled PLAIN", [("AUTH PLAIN", "334"), ("*", "501"), ("AUTH PLAIN " + GOOD, "235")]),
    ("cancelled LOGIN at the name", [("AUTH LOGIN", "334"), ("*", "501"), ("NOOP", "250")]),
    ("cancelled LOGIN at the password", [("AUTH LOGIN", "334"), (b64(ANNA), "334"), ("*", "501"), ("NOOP", "250")]),
    ("no base64", [("AUTH PLAIN !!!!", "501|535"), ("NOOP", "250")]),
    ("no base64 at the name", [("AUTH LOGIN", "334"), ("!!!!", "501|535"), ("NOOP", "250")]),
    ("no base64 at the password", [("AUTH LOGIN", "334"), (b64(ANNA), "334"), ("%%%", "501|535"), ("NOOP", "250")]),
    ("base64 cut short", [("AUTH PLAIN " + GOOD.rstrip("=")[:-1], "501|535"), ("NOOP", "250")]),
    ("base64 with a blank", [("AUTH PLAIN " + GOOD[:8] + " " + GOOD[8:], "501|535"), ("NOOP", "250")]),
    ("an empty line for a response", [("AUTH PLAIN", "334"), ("", "501|535"), ("NOOP", "250")]),
    ("PLAIN without NUL", [("AUTH PLAIN " + b64("anna"), "501|535")]),
    ("PLAIN with one NUL", [("AUTH PLAIN " + b64(f"{ANNA}\0{PASSWORD}"), "501|535")]),
    ("PLAIN with three NULs", [("AUTH PLAIN " + b64(f"\0{ANNA}\0{PASSWORD}\0x"), "501|535")]),
    ("PLAIN with a NUL behind the password", [("AUTH PLAIN " + b64(f"\0{ANNA}\0{PASSWORD}\0"), "501|535")]),
    ("PLAIN with an empty password", [("AUTH PLAIN " + plain_token(ANNA, ""), "501|535")]),
    ("PLAIN with an empty name", [("AUTH PLAIN " + plain_token("", PASSWORD), "501|535")]),
    ("LOGIN with an empty password", [("AUTH LOGIN", "334"), (b64(ANNA), "334"), ("", "501|535")]),
    ("LOGIN with an empty name", [("AUTH LOGIN", "334"), ("", "334|501|535")]),
    ("a NUL inside LOGIN's password", [("AUTH LOGIN", "334"), (b64(ANNA), "334"), (b64(PASSWORD + "\0"), "501|535")]),
    ("a cut password", [("AUTH PLAIN " + plain_token(ANNA, PASSWORD[:-1]), "535 5.7.8")]),
    ("a longer password", [("AUTH PLAIN " + plain_token(ANNA, PASSWORD + "x"), "535 5.7.8")]),
    ("the password in upper case", [("AUTH PLAIN " + plain_token(ANNA, PASSWORD.upper()), "535 5.7.8")]),
    ("an unknown user", [("AUTH PLAIN " + plain_token("nobody@example.test", PASSWORD), "535 5.7.8")]),
    ("an unknown domain", [("AUTH PLAIN " + plain_token("anna@elsewhere.test", PASSWORD), "535 5.7.8")]),
    ("somebody else's password", [("AUTH PLAIN " + plain_token(UMLAUT, PASSWORD), "535 5.7.8")]),
    ("the own name instead of an address", [("AUTH PLAIN " + plain_token("Anna Lopes", PASSWORD), lambda r: r.code == 535 and "e-mail address" in r.text)]),
    ("wrong, then right", [("AUTH PLAIN " + plain_token(ANNA, "wrong-password"), "535"), ("AUTH PLAIN " + GOOD, "235")]),
    ("PLAIN wrong, then LOGIN, as Thunderbird", [("AUTH PLAIN " + plain_token(ANNA, "wrong-password"), "535"), ("AUTH LOGIN", "334"), (b64(ANNA), "334"),
                                                 (b64("wrong-password"), "535")]),
    ("NTLM (SPA ticked)", [("AUTH NTLM", lambda r: r.code == 504 and "SPA" in r.text)]),
    ("NTLM with a blob", [("AUTH NTLM TlRMTVNTUAABAAAA", lambda r: r.code == 504 and "SPA" in r.text)]),
    ("GSSAPI", [("AUTH GSSAPI YII=", "504 5.5.4")]),
    ("CRAM-MD5", [("AUTH CRAM-MD5", "504 5.5.4")]),
    ("DIGEST-MD5", [("AUTH DIGEST-MD5", "504 5.5.4")]),
    ("XOAUTH2 without being configured", [("AUTH XOAUTH2 dXNlcj14AQE=", "504 5.5.4")]),
    ("EXTERNAL", [("AUTH EXTERNAL =", "504 5.5.4")]),
    ("ANONYMOUS", [("AUTH ANONYMOUS eA==", "504 5.5.4")]),
    ("a mechanism that is none", [("AUTH " + "X" * 300, "504|501")]),
    ("no mechanism", [("AUTH", "501")]),
    ("a blank and no mechanism", [("AUTH ", "501")]),
    ("words behind the response", [("AUTH PLAIN " + GOOD + " more", "501|535")]),
    ("8-bit octets instead of base64", [(b"AUTH PLAIN \xff\xfe\xfd\r\n", "501|535|500"), ("NOOP", "250")]),
    ("a control octet in the response", [("AUTH PLAIN", "334"), (b"AG\x01==\r\n", "501|535|500"), ("NOOP", "250")]),
    ("Latin-1 password with LOGIN, as Thunderbird", [("AUTH LOGIN", "334"), (b64(UMLAUT), "334"), (b64(UMLAUT_PASSWORD.encode("latin-1")), "235")]),
    ("UTF-8 password with PLAIN", [("AUTH PLAIN " + plain_token(UMLAUT, UMLAUT_PASSWORD), "235")]),
    ("a decomposed password, as macOS types it", [("AUTH PLAIN " + plain_token(UMLAUT, unicodedata.normalize("NFD", UMLAUT_PASSWORD)), "235")]),
    ("a disabled account that knows its password", [("AUTH PLAIN " + plain_token("off@example.test", PASSWORD), "535 5.7.13")]),
    ("a disabled account that does not", [("AUTH PLAIN " + plain_token("off@example.test", "wrong-password"), "535 5.7.8")]),
]

# What stands under "User Name", and still means Anna.
NAMES = ["ANNA@EXAMPLE.TEST", "Anna@Example.Test", " anna@example.test", "anna@example.test ", '"anna@example.test"', "<anna@example.test>",
         "mailto:anna@example.test", "anna", "anna%example.test", "EXAMPLE\\anna", "anna+example.test", "ａnna@example.test", "anna＠example.test"]


@pytest.mark.parametrize("steps", [row[1] for row in ROWS], ids=[row[0] for row in ROWS])
def test_auth(server, steps):
    with begin(server, "tls") as client:
        play(client, steps)


@pytest.mark.parametrize("name", NAMES)
def test_a_user_name_as_people_type_it(server, name):
    with begin(server, "tls") as client:
        assert client.login(name, PASSWORD).code == 235
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250


def test_unknown_user_and_wrong_password_read_the_same(server):
    with begin(server, "tls") as client:
        wrong = client.login(ANNA, "wrong-password-1")
        unknown = client.login("nobody-at-all@example.test", "wrong-password-1")
    assert str(wrong) == str(unknown)


def test_unknown_user_and_wrong_password_cost_the_same_work(server):
    """The same number of hashes: processor time, not wall time, so that a busy machine does not matter."""
    def cost(user):
        spent = 0.0
        for attempt in range(6):
            with begin(server, "tls") as client:
                before = server.cpu_seconds()
                assert client.login(user, f"wrong-{attempt}").code == 535
                spent += server.cpu_seconds() - before
        return spent
    known, unknown = cost(ANNA), cost("nobody@example.test")
    assert max(known, unknown) < 2.0 * min(known, unknown) + 0.05, (known, unknown)


def test_no_bare_challenge_before_tls(server):
    """AUTH LOGIN in clear is refused before a name or a password is asked for."""
    with begin(server, "ehlo") as client:
        assert client.cmd("AUTH LOGIN").code == 538
        assert client.cmd("AUTH PLAIN").code == 538


@pytest.mark.parametrize("length, wanted", [(400, "535|501"), (6000, "535|501"), (12_000, "535|501"), (16_400, "500|501|421"), (200_000, "500|501|421|close")])
def test_the_length_of_a_response(server, length, wanted):
    """RFC 4954 4.5: 12,288 octets; much more is answered once and thrown away."""
    with begin(server, "tls") as client:
        assert client.cmd("AUTH PLAIN").code == 334
        try:
            client.send(b"A" * (length // 4 * 4) + b"\r\n")
            reply = client.reply()
        except (Closed, OSError):
            assert "close" in wanted
            return
        assert matches(wanted.replace("|close", ""), reply), reply
        check_form(reply, "AUTH")
        if reply.code != 421:
            still_speaks(client)


def test_a_long_initial_response(server):
    with begin(server, "tls") as client:
        reply = client.cmd("AUTH PLAIN " + "A" * 12_000)
        assert reply.code in (501, 535), reply
        still_speaks(client)


def test_a_login_is_never_in_the_log(server):
    secret = "s3cret-" + "z" * 20
    with begin(server, "tls") as client:
        client.login(ANNA, secret)
        client.cmd("AUTH LOGIN")
        client.cmd(b64(ANNA))
        client.cmd(b64(secret))
        client.cmd("AUTH PLAIN " + plain_token(ANNA, secret) + " trailing")
        client.cmd("MAIL FROM:<" + secret + "@example.test>")
    text = server.log.text()
    for form in (secret + '"', b64(secret), plain_token(ANNA, secret)):
        assert form not in text


def test_app_password(server):
    made = server.admin("app-password", "new", ANNA, "--name", "phone", "--json").rows[0]
    password = made["app_password"]
    with begin(server, "tls") as client:
        assert client.login(ANNA, password).code == 235
    with begin(server, "tls") as client:
        assert client.login(BOB, password).code == 535
    server.admin("app-password", "revoke", ANNA, "phone")
    with begin(server, "tls") as client:
        assert client.login(ANNA, password).code == 535


def test_a_new_password_counts_at_once(server):
    """The cache of recent successes forgets when the directory changes."""
    server.admin("account", "add", "changer@example.test", "--password-stdin", input="first-password\n")
    with begin(server, "tls") as client:
        assert client.login("changer@example.test", "first-password").code == 235
    server.admin("account", "passwd", "changer@example.test", "--password-stdin", input="second-password\n")
    with begin(server, "tls") as client:
        assert client.login("changer@example.test", "first-password").code == 535
        assert client.login("changer@example.test", "second-password").code == 235
    server.admin("account", "disable", "changer@example.test")
    with begin(server, "tls") as client:
        assert client.login("changer@example.test", "second-password").code == 535
