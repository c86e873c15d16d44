"""What leaves is signed: three verifiers that know nothing of each other agree, whatever the message looks like."""

import json
import re
import subprocess

import pytest

from harness import dkim_verifiers as verifiers
from harness.dialogue import ANNA, BOB
from harness.ports import free_port

DOMAIN = "example.test"
NEWS = "news@lists.example.test"


def run(*command):
    """What it says."""
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def new_key(server, *flags, domain=DOMAIN):
    """(selector, {name: record}) of a pending key."""
    (row,) = server.admin("dkim", "new", domain, *flags, "--json").rows
    assert "PRIVATE" not in json.dumps(row)
    return row["selector"], {row["name"]: row["record"]}


def sign_with(server, *flags, domain=DOMAIN):
    """The same of an active key."""
    selector, record = new_key(server, *flags, domain=domain)
    server.admin("dkim", "activate", domain, selector, "--unchecked")
    return selector, record


class Signed:
    """A server with an RSA and an Ed25519 key, its next hop, and the records that DNS would show."""

    def __init__(self, make):
        self.sink = make.sink()
        self.server = make.posthaste(relay=self.sink, accounts=(ANNA, BOB, NEWS), start=False)
        self.server.make_accounts()
        self.rsa, record = sign_with(self.server)
        self.ed25519, second = sign_with(self.server, "--algorithm", "ed25519")
        self.records = {**record, **second}
        self.server.start()
        self.count = 0

    def send(self, content, sender=ANNA, parameters=""):
        """The octets as the next hop got them."""
        self.count += 1
        recipient = f"r{self.count}@example.net"
        with self.server.session(sender) as client:
            reply = client.transaction(sender, recipient, content, parameters)
            assert reply.code == 250, reply
            client.quit()
        return self.sink.wait(recipient)[0].data

    def verify(self, message, folder):
        """{verifier: {selector: verdict}}."""
        return {"dkimpy": verifiers.dkimpy(message, self.records), "Mail::DKIM": verifiers.mail_dkim(message, self.records, folder),
                "OpenDKIM": verifiers.opendkim(message, self.records, folder)}

    def assert_verifies(self, message, folder):
        """RSA by all three, Ed25519 by the one that knows it."""
        verdicts = self.verify(message, folder)
        assert {who: verdict.get(self.rsa) for who, verdict in verdicts.items()} == dict.fromkeys(verdicts, True), verdicts
        assert verdicts["dkimpy"].get(self.ed25519) is True, verdicts

    def assert_broken(self, message, folder):
        """By all three."""
        verdicts = self.verify(message, folder)
        for who, verdict in verdicts.items():
            assert verdict and verdict.get(self.rsa) is not True, (who, verdicts)
        assert verdicts["dkimpy"][self.ed25519] is not True


@pytest.fixture(scope="module")
def signed(make_shared):
    return Signed(make_shared)


def head(*more, sender=ANNA):
    """A header with what every message has."""
    return "".join(line + "\r\n" for line in (f"From: Anna <{sender}>", "To: r@example.net", "Subject: a test", *more)).encode() + b"\r\n"


LARGE = b"".join(b"%d and some words, so that no two lines are the same\r\n" % n for n in range(95_000))
ODD = {
    "plain": head() + b"hello\r\n",
    "empty body": head(),
    "no body and no empty line": head()[:-2],
    "only line ends": head() + b"\r\n" * 7,
    "only blanks": head() + b" \t \r\n\t\r\n",
    "no line end at the end": head() + b"hello",
    "8-bit": head("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
             + "Grüße aus Köln \r\n€\r\n".encode(),
    "5 MB": head() + LARGE,
    "folded fields": head("References: <1@example.net>\r\n\t<2@example.net>\r\n   <3@example.net>", "X-Long: " + "word " * 150),
    "a fold at once": b"From: " + ANNA.encode() + b"\r\nTo:\r\n r@example.net\r\nSubject:\r\n\tfolded \r\n \r\n\r\nx\r\n",
    "repeated fields": head("Received: from a\r\n\tby b; Mon, 23 Nov 2026 10:00:00 +0000", "Received: from c by d",
                            "Comments: one", "Comments: two", "List-Id: <a.example.test>", "List-Id: <b.example.test>") + b"x\r\n",
    "trailing blanks": head("X-Blank: x  \t ") + b"one  \r\ntwo\t\t\r\n  three   four\t \tfive \r\n   \r\n\r\n",
    "dots": head() + b".\r\n..\r\n.hello\r\n...\r\n a.\r\n.\r\n",
    "no Subject": f"From: {ANNA}\r\nTo: r@example.net\r\n\r\nx\r\n".encode(),
    "only From": f"From: {ANNA}\r\n\r\nx\r\n".encode(),
    "odd names of fields": head("X-A_b.c!: 1", "x-UPPER: 2", "X-Empty:") + b"x\r\n",
    "a signature of somebody else": head("DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=example.org; s=x; h=from; bh=AA==; b=AA==") + b"x\r\n",
    "multipart": head("MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"')
                 + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: image/png\r\n\r\nAAAA\r\n--b--\r\n\r\n",
    "encoded words": head("Reply-To: =?utf-8?Q?J=C3=BCrgen?= <bob@example.test>", "Cc: a@example.net,\r\n\tb@example.net") + b"x\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_it_verifies(signed, folders, name):
    message = signed.send(ODD[name], parameters="BODY=8BITMIME")
    assert {signed.rsa, signed.ed25519} <= set(verifiers.selectors(message))
    signed.assert_verifies(message, folders("dkim"))


def test_the_form_of_the_signature(signed):
    message = signed.send(head() + b"x\r\n")
    assert message.lower().count(b"dkim-signature:") == 2
    fields = re.findall(rb"DKIM-Signature:(?:[^\r]|\r\n[ \t])*", message)
    for field in fields:
        flat = re.sub(rb"\s+", b"", field)
        assert b"c=relaxed/relaxed" in flat and b"d=example.test;" in flat and b";l=" not in flat and b";x=" not in flat
        assert all(len(line) <= 78 for line in field.split(b"\r\n"))
        names = re.search(rb"h=([^;]*);", flat)[1].lower().split(b":")
        for twice in (b"from", b"subject", b"to", b"date", b"message-id"):
            assert names.count(twice) == 2, f"{twice} is signed once more than it occurs"
        for once in (b"reply-to", b"cc", b"sender", b"list-unsubscribe"):
            assert names.count(once) == 1, f"{once}: that there is none is signed"
        assert not {b"received", b"return-path", b"dkim-signature", b"bcc"} & set(names)


@pytest.mark.parametrize("added", [b"From: mallory@example.org", b"Subject: buy now", b"Reply-To: mallory@example.org", b"Cc: all@example.net"])
def test_a_field_added_afterwards_breaks_it(signed, folders, added):
    message = signed.send(head() + b"x\r\n")
    top, _, rest = message.partition(b"\r\n\r\n")
    signed.assert_broken(top + b"\r\n" + added + b"\r\n\r\n" + rest, folders("dkim"))
    signed.assert_broken(added + b"\r\n" + message, folders("dkim"))


def test_a_changed_body_breaks_it(signed, folders):
    message = signed.send(head() + b"ten euros\r\n")
    signed.assert_broken(message.replace(b"ten euros", b"two euros"), folders("dkim"))
    signed.assert_broken(message + b"and more\r\n", folders("dkim"))
    signed.assert_verifies(message + b"\r\n\r\n", folders("dkim"))  # line ends at the end count for nothing


def test_a_subdomain_is_signed_by_the_key_above(signed, folders):
    message = signed.send(head(sender=NEWS) + b"x\r\n", sender=NEWS)
    assert b"d=example.test;" in re.sub(rb"\s", b"", message)
    signed.assert_verifies(message, folders("dkim"))


def test_a_bounce_is_signed(signed, folders):
    """It comes from the host's domain, mail.example.test: the key above signs it."""
    signed.server.submit("rcpt550@example.net", sender=BOB)
    bounce = signed.sink.wait(BOB, seconds=25)[0]
    assert bounce.sender == ""
    signed.assert_verifies(bounce.data, folders("dkim"))


def test_mail_handed_in_by_a_command_is_signed(signed, folders):
    signed.server.admin("send", "--from", ANNA, "--to", "by-command@example.net")
    signed.assert_verifies(signed.sink.wait("by-command@example.net")[0].data, folders("dkim"))


def test_no_key_no_signature(make, sink):
    server = make.posthaste(relay=sink, accounts=(ANNA, "ivo@example.org"))
    new_key(server)  # pending
    sign_with(server, "--algorithm", "ed25519", domain="example.org")
    server.submit("x@example.net")
    assert not verifiers.selectors(sink.wait("x@example.net")[0].data)


def test_rotation(make, sink, folders):
    """The running server signs with the new key at once, and mail that the old one signed goes on verifying."""
    server = make.posthaste(relay=sink)
    first, records = sign_with(server)
    server.submit("a@example.net")
    old = sink.wait("a@example.net")[0].data
    assert verifiers.selectors(old) == [first]
    said = server.admin("dkim", "rotate", DOMAIN).out
    again = server.admin("dkim", "rotate", DOMAIN, "--json").rows
    assert len(again) == 1 and again[0]["selector"] in said and again[0]["record"] in said, "the same key when asked twice"
    assert f"posthaste dkim activate {DOMAIN} {again[0]['selector']}" in said
    second = again[0]["selector"]
    server.submit("b@example.net")
    assert verifiers.selectors(sink.wait("b@example.net")[0].data) == [first]
    said = server.admin("dkim", "activate", DOMAIN, "--unchecked").out
    assert f"{first} is retiring" in said
    server.submit("c@example.net")
    new = sink.wait("c@example.net")[0].data
    assert verifiers.selectors(new) == [second]
    records[again[0]["name"]] = again[0]["record"]
    for message in (old, new):
        assert list(verifiers.dkimpy(message, records).values()) == [True]
        assert list(verifiers.mail_dkim(message, records, folders("dkim")).values()) == [True]
    states = {row["selector"]: row["state"] for row in server.admin("dkim", "list", DOMAIN, "--json").rows}
    assert states == {first: "retiring", second: "active"}
    zone = server.admin("dns", "show", DOMAIN).out
    assert all(f"{name}." in zone for name in records), "mail that the old key signed is on its way"
    # And it lasts: a restart, and then the end of it.
    server.restart()
    server.submit("d@example.net")
    assert verifiers.selectors(sink.wait("d@example.net")[0].data) == [second]
    assert "unsigned" in server.admin("dkim", "retire", DOMAIN, second).out
    server.submit("e@example.net")
    assert not verifiers.selectors(sink.wait("e@example.net")[0].data)


def test_mail_of_before_the_key_waits_unsigned_and_later_mail_is_signed(make, sink):
    """A signature is made when mail comes in; what waits is not touched."""
    server = make.posthaste(relay=sink)
    server.submit("rcpt451x1@example.net")
    sink.wait_tried("rcpt451x1@example.net")
    selector, _ = sign_with(server)
    assert not verifiers.selectors(sink.wait("rcpt451x1@example.net")[0].data)
    server.submit("y@example.net")
    assert verifiers.selectors(sink.wait("y@example.net")[0].data) == [selector]


def test_dns_decides_whether_a_key_may_sign(make, sink):
    """Missing, cut off, wrapped in quotation marks, of another key, twice, and at last right; live and offline."""
    nsd = make.nsd({DOMAIN: "@ A 127.0.0.1\n"})
    server = make.posthaste(relay=sink, config={"delivery": {"resolver": [nsd.address], "allow_private_addresses": True}})
    selector, records = new_key(server)
    (record,) = records.values()
    (other,) = new_key(server, "--selector", "other")[1].values()

    def zone(*texts):
        lines = []
        for text in texts:
            pieces = [text[i:i + 200].replace("\\", "\\\\").replace('"', '\\"') for i in range(0, len(text), 200)]
            lines.append(f"{selector}._domainkey 1 IN TXT " + " ".join(f'"{piece}"' for piece in pieces))
        nsd.change(example_test="@ A 127.0.0.1\n" + "\n".join(lines))

    def refused(*words):
        answer = server.cli("dkim", "activate", DOMAIN, selector)
        assert answer.code == 4 and "mend" in answer.err, answer
        for word in words:
            assert word in answer.err, answer
        assert server.cli("dkim", "publish", DOMAIN).code == 1

    refused("no TXT record", "TTL")
    zone(record[:255])
    refused("found nothing", "cut it off")
    zone(f'"{record}"')
    refused("quotation marks")
    zone(other)
    refused("at character ", other, record)
    zone(record, record + "; n=again")
    refused("2 TXT records")
    server.stop()
    refused("2 TXT records")  # offline as well
    zone(record.replace("; ", " ;\t"))
    said = server.cli("dkim", "publish", DOMAIN, "--json")
    assert {row["selector"]: row["dns"]["verdict"] for row in said.rows} == {selector: "ok", "other": "missing"}
    server.start()
    assert "DNS shows it" in server.admin("dkim", "activate", DOMAIN, selector).out
    server.submit("x@example.net")
    assert verifiers.selectors(sink.wait("x@example.net")[0].data) == [selector]
    # A name server that is gone is no reason to believe anything.
    nsd.stop()
    answer = server.cli("dkim", "activate", DOMAIN, "other", seconds=90)
    assert answer.code != 0 and "mend" in answer.err


def test_a_key_of_before_is_taken_over(make, sink, folders):
    server = make.posthaste(relay=sink)
    folder = folders("key")
    run("openssl", "genrsa", "-traditional", "-out", folder / "mail.private", "2048")
    (folder / "mail.private").chmod(0o644)
    assert server.cli("dkim", "import", DOMAIN, "--selector", "mail").code == 2
    assert server.cli("dkim", "import", DOMAIN, "--selector", "mail", "--key-file", str(folder / "none")).code == 2
    answer = server.cli("dkim", "import", DOMAIN, "--selector", "mail", "--key-file", str(server.config_file))
    assert answer.code == 2 and "BEGIN PRIVATE KEY" in answer.err
    (row,) = server.admin("dkim", "import", DOMAIN, "--selector", "mail", "--key-file", str(folder / "mail.private"), "--json").rows
    public = "".join(run("openssl", "pkey", "-in", folder / "mail.private", "-pubout").splitlines()[1:-1])
    assert row["record"].endswith("p=" + public)
    server.admin("dkim", "activate", DOMAIN, "--unchecked")
    server.submit("x@example.net")
    message = sink.wait("x@example.net")[0].data
    records = {row["name"]: row["record"]}
    assert verifiers.dkimpy(message, records) == {"mail": True}
    assert verifiers.opendkim(message, records, folder) == {"mail": True}
    private = (folder / "mail.private").read_text().splitlines()[1]
    assert private not in server.log.text()


def test_the_commands_say_what_to_do_next(make):
    """Without a server: what each refusal and each success names."""
    server = make.posthaste(start=False)
    server.make_accounts()
    assert "posthaste dkim new" in server.admin("dkim", "list").out
    assert "posthaste dkim new" in server.admin("dkim", "publish").out
    assert "posthaste domain add example.net" in server.cli("dkim", "new", "example.net").err
    assert "posthaste dkim new" in server.cli("dkim", "rotate", DOMAIN).err
    assert "posthaste dkim new" in server.cli("dkim", "activate", DOMAIN).err
    said = server.admin("dkim", "new", DOMAIN).out
    selector = re.search(r"ph\d{6}a", said)[0]
    assert f"{selector}._domainkey.{DOMAIN}." in said, "the zone form"
    assert re.search(r"^  value  v=DKIM1; k=rsa; p=[A-Za-z0-9+/=]{392}$", said, re.M), "one line for a web form"
    assert f"posthaste dkim activate {DOMAIN} {selector}" in said
    new_key(server, "--selector", "mine")
    both = server.cli("dkim", "activate", DOMAIN, "--unchecked")
    assert both.code == 4 and selector in both.err and "mine" in both.err
    server.admin("dkim", "activate", DOMAIN, "MINE", "--unchecked")
    assert "dkim retire" in server.cli("dkim", "rm", DOMAIN, "mine").err
    for words in (("--bits", "512"), ("--bits", "x"), ("--algorithm", "dsa"), ("--selector", "a b"), ("--algorithm", "ed25519", "--bits", "9")):
        assert server.cli("dkim", "new", DOMAIN, *words).code == 2, words
    assert server.cli("dkim", "new", DOMAIN, "--selector", "mine").code == 4
    server.admin("dkim", "retire", DOMAIN, "mine")
    server.admin("dkim", "rm", DOMAIN, "mine")
    assert server.cli("dkim", "rm", DOMAIN, "mine").code == 1


def test_check_names_the_domain_that_is_not_signed(make, sink):
    server = make.posthaste(relay=sink)
    assert f"posthaste dkim new {DOMAIN}" in server.cli("check").out
    sign_with(server, "--algorithm", "ed25519")
    assert "signing" in server.cli("check").out and "leaves unsigned" not in server.cli("check").out


def test_a_backup_holds_the_keys(make, sink, folders):
    server = make.posthaste(relay=sink)
    selector, _ = sign_with(server, "--algorithm", "ed25519")
    target = folders("backup")
    target.chmod(0o777)
    copy = target / "copy"
    server.admin("backup", str(copy))
    restored = make.posthaste(start=False, accounts=())
    restored.configure({"store": {"path": str(copy)}})
    assert [row["selector"] for row in restored.admin("dkim", "list", "--json").rows] == [selector]


def test_an_unused_port_is_no_name_server(make, sink):
    """DNS that does not answer is said as that, and changes nothing."""
    server = make.posthaste(relay=sink, config={"delivery": {"resolver": [f"127.0.0.1:{free_port()}"], "allow_private_addresses": True}})
    new_key(server, "--algorithm", "ed25519")
    answer = server.cli("dkim", "activate", DOMAIN, seconds=90)
    assert answer.code == 4 and "try again" in answer.err, answer
    assert [row["state"] for row in server.admin("dkim", "list", "--json").rows] == ["pending"]
