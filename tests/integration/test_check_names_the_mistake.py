"""A configuration with a mistake stops the start, with the place, the line, a caret and a mend; all mistakes in one run."""

import re

import pytest

from harness import ports
from harness.daemon import StartFailed

GOOD = 'hostname = "mail.example.test"\n'

# name, text (STORE stands for a folder), line, words
MISTAKES = [
    ("an unknown key", 'hostname = "mail.example.test"\nhostnme = "x"\n[store]\npath = "STORE"\n', 2, ["hostnme", "hostname"]),
    ("an unknown table", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[lisen]\nhttp = "127.0.0.1:1"\n', 4, ["lisen", "listen"]),
    ("an unknown key in a table", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[limits]\nmessage_sise = "5 MB"\n', 5, ["message_sise", "message_size"]),
    ("a number without its unit", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[limits]\nmessage_size = 50\n', 5, ["message_size", "MB"]),
    ("a string without its unit", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[delivery]\nexpire = "5"\n', 5, ["expire", "5d"]),
    ("an unknown unit", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[delivery]\nexpire = "5 fortnights"\n', 5, ["fortnights"]),
    ("a wrong type", 'hostname = 5\n[store]\npath = "STORE"\n', 1, ["hostname"]),
    ("a wrong choice", 'hostname = "mail.example.test"\nmode = "tarp"\n[store]\npath = "STORE"\n', 2, ["tarp", "trap"]),
    ("a bad host name", 'hostname = "mail example"\n[store]\npath = "STORE"\n', 1, ["hostname"]),
    ("a bad address", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[listen]\nsubmission = [":99999"]\n', 5, ["99999"]),
    ("a port that is none", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[listen]\nsubmission = ["localhost"]\n', 5, ["587"]),
    ("a broken table", 'hostname = "mail.example.test"\n[store\npath = "STORE"\n', 2, []),
    ("a key twice", 'hostname = "mail.example.test"\nhostname = "b.test"\n[store]\npath = "STORE"\n', 2, ["hostname"]),
    ("the trap on every address", 'hostname = "mail.example.test"\nmode = "trap"\n[store]\npath = "STORE"\n[listen]\ntrap = ":1025"\n', 6, ["loopback"]),
    ("a part that is not built yet", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[tls]\nacme = true\n', 5, ["acme"]),
    ("a shared store", 'hostname = "mail.example.test"\n[store]\nurl = "postgresql://x/y"\n', 3, ["url"]),
    ("a public address in clear", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[listen]\npublic_url = "http://mail.example.test"\n', 5, ["https://"]),
    ("a password in the file", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[relay]\nhost = "a:25"\nusername = "u"\npassword = "p"\n', 7, ["password_file"]),
    ("a certificate without its key", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[tls]\ncert_file = "x.pem"\n', None, ["key_file"]),
    ("a username without its password", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[relay]\nhost = "a:25"\nusername = "u"\n', None, ["password_file"]),
    ("no host name", '[store]\npath = "STORE"\n', None, ["hostname"]),
    ("no store", 'hostname = "mail.example.test"\n', None, ["store"]),
    ("a key in the middle of nowhere", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\nmode = "live"\n', 4, ["mode"]),
    ("a route to nowhere", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[[route]]\nto = ["a.test"]\n', None, ["via"]),
    ("a retry of nothing", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[delivery]\nretry = []\n', 5, ["retry"]),
    ("a negative number", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[limits]\nrecipients = -5\n', 5, ["recipients"]),
    ("no room for a message", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[limits]\nmessage_size = "0 MB"\n', 5, ["message_size", "50 MB"]),
    ("no time for a command", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[limits]\ncommand_timeout = "0s"\n', 5, ["command_timeout", "5m"]),
    ("nothing to listen on", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[listen]\nsubmission = []\n', 5, ["submission"]),
    ("the same port twice", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[listen]\nsubmission = [":2587", "127.0.0.1:2587"]\n', 5, [":2587", "127.0.0.1:2587", "another port"]),
    ("a name server that is none", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[delivery]\nresolver = ["foo"]\n', 5, ["foo", "DNS server"]),
    ("a route to what is no domain", 'hostname = "mail.example.test"\n[store]\npath = "STORE"\n[[route]]\nto = ["x y"]\nvia = "mx"\n', 5, ["x y", "domain"]),
    ("a section as a key", 'hostname = "mail.example.test"\nstore = "x"\n', 2, ["section", "[store]"]),
]


@pytest.fixture
def idle(make):
    return make.posthaste(start=False, accounts=())


def _write(server, text):
    server.config_file.write_text(text.replace("STORE", str(server.store)), encoding="utf-8")


@pytest.mark.parametrize("text, line, words", [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_check_and_serve_say_the_same(idle, text, line, words):
    _write(idle, text)
    checked = idle.cli("check")
    assert checked.code in (1, 78), checked
    said = checked.out + checked.err
    for word in words:
        assert word in said, said
    if line is not None:
        assert re.search(rf"posthaste\.toml:{line}:\d+", said), said
        source = text.replace("STORE", str(idle.store)).splitlines()[line - 1].strip()
        assert source.split(" = ")[0] in said, "the line itself (a secret in it is left out)"
        assert "^" in said, "a caret"
    with pytest.raises(StartFailed) as failed:
        idle.start()
    assert failed.value.code == 78, failed.value.output
    for word in words:
        assert word in failed.value.output


def test_all_mistakes_in_one_run(idle):
    _write(idle, 'hostnme = "a"\nmode = "tarp"\n[store]\npath = "STORE"\n[limits]\nmessage_size = 5\n')
    answer = idle.cli("check")
    said = answer.out + answer.err
    assert all(word in said for word in ("hostnme", "tarp", "message_size"))


def test_a_file_that_is_not_there(idle):
    idle.config_file.unlink()
    answer = idle.cli("check")
    assert answer.code in (1, 78) and str(idle.config_file) in answer.out + answer.err
    with pytest.raises(StartFailed) as failed:
        idle.start()
    assert failed.value.code == 78


def test_a_file_that_is_a_folder(idle):
    idle.config_file.unlink()
    idle.config_file.mkdir()
    assert idle.cli("check").code in (1, 78)


def test_a_file_of_garbage(idle):
    idle.config_file.write_bytes(bytes(range(256)) * 50)
    answer = idle.cli("check")
    assert answer.code in (1, 78) and "\x1b[" not in answer.err


def test_a_good_file(make, sink):
    server = make.posthaste(relay=sink)
    answer = server.cli("check")
    assert answer.code == 0, answer
    assert server.running()


def test_a_port_that_somebody_else_has(make, sink):
    """Before the start it is said who; beside our own running server it is as it should be."""
    server = make.posthaste(relay=sink, start=False, config={"listen": {"http": sink.address}})
    row = _finding(server, "ports", "warn")
    assert str(sink.port) in row["text"] and ("python" in row["text"] or "another user" in row["text"])
    assert "[listen]" in row["mend"]
    server = make.posthaste(relay=sink)
    assert "running server" in _finding(server, "ports", "ok")["text"]


def test_name_servers_that_do_not_answer(make):
    server = make.posthaste(start=False, config={"delivery": {"resolver": [f"127.0.0.1:{ports.free_port()}"]}})
    row = _finding(server, "dns", "warn")
    assert "[delivery] resolver" in row["mend"]


@pytest.mark.parametrize("config, check, words, mend", [
    ({"listen": {"https": "127.0.0.1:30443"}}, "set-up", "no incoming server", "[incoming]"),
    ({"incoming": {"imap": "192.0.2.7:993"}}, "set-up", "192.0.2.7", "imap.example.com"),
    ({"tls": {"acme": True}, "listen": {"https": "127.0.0.1:30443"}}, "certificate", "port 80 or 443", "http_challenge"),
    ({"limits": {"trusted_networks": ["0.0.0.0/0"]}}, "limits", "0.0.0.0/0", "offices"),
    ({"limits": {"trusted_networks": ["::/0"]}}, "limits", "::/0", "offices"),
])
def test_what_works_and_yet_cannot_be_meant(make, config, check, words, mend):
    server = make.posthaste(start=False, config=config, certificates=None if "tls" in config else "default")
    row = _finding(server, check, "warn")
    assert words in row["text"] and mend in row["mend"], row


def test_an_office_is_no_warning(make):
    server = make.posthaste(start=False, config={"limits": {"trusted_networks": ["10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32"]}})
    assert not [row for row in server.cli("check", "--json").rows if row["check"] == "limits"]


def test_https_without_an_incoming_server_is_said_at_the_start(make):
    server = make.posthaste(https=True)
    server.log.wait_for("setup.no_incoming")


def _finding(server, check, status):
    rows = [row for row in server.cli("check", "--json").rows if (row["check"], row["status"]) == (check, status)]
    assert rows, server.cli("check")
    return rows[0]


def test_a_certificate_that_is_not_there(make, sink):
    server = make.posthaste(relay=sink, start=False, config={"tls": {"cert_file": "gone.pem", "key_file": "gone.key"}})
    answer = server.cli("check")
    assert answer.code in (1, 78) and "gone.pem" in answer.out + answer.err
    with pytest.raises(StartFailed) as failed:
        server.start()
    assert failed.value.code == 78 and "gone.pem" in failed.value.output


def test_a_certificate_for_another_name(make, sink, authority):
    chain, key = authority.issue("elsewhere", names="DNS:elsewhere.test")
    server = make.posthaste(relay=sink, start=False, config={"tls": {"cert_file": str(chain), "key_file": str(key)}})
    answer = server.cli("check")
    said = answer.out + answer.err
    assert answer.code in (1, 78) or "mail.example.test" in said
    assert "elsewhere.test" in said


def test_a_key_of_another_certificate(make, sink, certificates):
    server = make.posthaste(relay=sink, start=False, config={"tls": {"cert_file": str(certificates[0][0]), "key_file": str(certificates[1][1])}})
    assert server.cli("check").code in (1, 78)
    with pytest.raises(StartFailed) as failed:
        server.start()
    assert failed.value.code == 78


def test_the_environment_overrides_the_file(make, sink):
    server = make.posthaste(relay="127.0.0.1:1", start=False)
    server.start(env={"POSTHASTE_RELAY_HOST": sink.address})
    server.submit("x@example.net")
    sink.wait("x@example.net")


def test_an_unknown_name_in_the_environment(make, sink):
    server = make.posthaste(relay=sink, start=False)
    with pytest.raises(StartFailed) as failed:
        server.start(env={"POSTHASTE_RELAY_HOTS": "x:25"})
    assert failed.value.code == 78 and "POSTHASTE_RELAY_HOTS" in failed.value.output and "POSTHASTE_RELAY_HOST" in failed.value.output


def test_the_smallest_file_works(make):
    """hostname and store.path are all that is needed; the certificate is made, and said so."""
    server = make.posthaste(start=False, accounts=(), certificates=None)
    server.settings = {"hostname": "mail.example.test", "store": {"path": "store"}, "listen": {"submission": [f"127.0.0.1:{server.port}"]},
                       "log": {"format": "json"}}
    server.configure({})
    server.start()
    with server.connect() as client:
        client.ehlo()
        client.starttls()
        assert client.ehlo().code == 250
    assert any("certificate" in line for line in server.log.lines)


def test_an_address_that_this_machine_does_not_have(make):
    server = make.posthaste(start=False, accounts=(), config={"listen": {"submission": ["203.0.113.9:2587"]}})
    row = _finding(server, "ports", "fail")
    assert "203.0.113.9" in row["text"] and "listen.submission" in row["text"] and "ip address" in row["mend"]
