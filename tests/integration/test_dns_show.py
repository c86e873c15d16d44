"""posthaste dns show: the records to publish, with a server and without one; a name server loads them as they stand."""

import json
import socket
import struct

import pytest


@pytest.fixture
def server(make):
    return make.posthaste(start=False, https=True, accounts=("anna@example.test", "bob@example.org"),
                          config={"incoming": {"imap": "imap.example.test:993", "pop": "pop.example.test"}})


def made(server):
    server.make_accounts()
    return server


def name(octets, at):
    """A name in an answer, and where it ends."""
    labels, end = [], None
    while octets[at]:
        if octets[at] >= 0xC0:
            end = end or at + 2
            at = struct.unpack("!H", octets[at:at + 2])[0] & 0x3FFF
            continue
        labels.append(octets[at + 1:at + 1 + octets[at]].decode())
        at += 1 + octets[at]
    return ".".join(labels), end or at + 1


def ask(nsd, owner, kind):
    """Answers of that type, as Python values."""
    number = {"A": 1, "CNAME": 5, "TXT": 16, "AAAA": 28, "SRV": 33}[kind]
    question = b"".join(bytes([len(p)]) + p.encode() for p in owner.split(".")) + b"\0" + struct.pack("!HH", number, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + question, (nsd.host, nsd.port))
        octets = sock.recv(4096)
    count, at, found = struct.unpack("!H", octets[6:8])[0], 12 + len(question), []
    for _ in range(count):
        _, at = name(octets, at)
        this, _, _, size = struct.unpack("!HHIH", octets[at:at + 10])
        at += 10
        data = octets[at:at + size]
        if this == number == 33:
            found.append((*struct.unpack("!HHH", data[:6]), name(octets, at + 6)[0]))
        elif this == number == 16:
            text, i = b"", 0
            while i < size:
                text += data[i + 1:i + 1 + data[i]]
                i += 1 + data[i]
            found.append(text.decode())
        elif this == number == 5:
            found.append(name(octets, at)[0])
        elif this == number:
            found.append(socket.inet_ntop(socket.AF_INET if number == 1 else socket.AF_INET6, data))
        at += size
    return found


def test_a_name_server_loads_them(make, server):
    zone = made(server).admin("dns", "show", "example.test", "--address", "192.0.2.1", "--address", "2001:db8::1").out
    nsd = make.nsd({"example.test": zone})
    assert ask(nsd, "mail.example.test", "A") == ["192.0.2.1"]
    assert ask(nsd, "mail.example.test", "AAAA") == ["2001:db8::1"]
    for label in ("autodiscover", "autoconfig"):
        assert ask(nsd, f"{label}.example.test", "CNAME") == ["mail.example.test"]
    assert ask(nsd, "_autodiscover._tcp.example.test", "SRV") == [(0, 0, server.https_port, "mail.example.test")]
    assert ask(nsd, "_submissions._tcp.example.test", "SRV") == [(0, 1, server.tls_port, "mail.example.test")]
    assert ask(nsd, "_submission._tcp.example.test", "SRV") == [(1, 1, server.port, "mail.example.test")]
    assert ask(nsd, "_imaps._tcp.example.test", "SRV") == [(0, 1, 993, "imap.example.test")]
    assert ask(nsd, "_pop3s._tcp.example.test", "SRV") == [(0, 1, 995, "pop.example.test")]
    assert ask(nsd, "example.test", "TXT") == ["v=spf1 a:mail.example.test ~all"]
    assert ask(nsd, "_dmarc.example.test", "TXT")[0].startswith("v=DMARC1; p=none; rua=mailto:postmaster@")


def test_an_address_that_nobody_told_is_asked_for(server):
    zone = made(server).admin("dns", "show").out
    (hint,) = [line for line in zone.splitlines() if "--address" in line]
    assert hint.startswith("; ") and "mail.example.test" in hint and "dns show example.test" in hint
    assert "--address" not in server.admin("dns", "show", "--address", "192.0.2.1").out
    assert "--address" in server.admin("dns", "show", "--form").out


def test_names_that_programs_guess_are_published_with_their_certificate(make):
    config = {"listen": {"http_challenge": "127.0.0.1:0"}, "tls": {"acme": True}}
    asks = make.posthaste(certificates=None, start=False, https=True, accounts=("anna@example.test",), config=config)
    asks.make_accounts()
    hints = [line for line in asks.admin("dns", "show").out.splitlines() if "acme_names" in line]
    assert len(hints) == 1 and "smtp.example.test" in hints[0] and "mail.example.test" not in hints[0]
    config["tls"]["acme_names"] = ["smtp.example.test"]
    has = make.posthaste(certificates=None, start=False, https=True, accounts=("anna@example.test",), config=config)
    has.make_accounts()
    zone = has.admin("dns", "show", "--address", "192.0.2.1").out
    assert "acme_names" not in zone
    nsd = make.nsd({"example.test": zone})
    assert ask(nsd, "smtp.example.test", "CNAME") == ["mail.example.test"]


def test_pacc_is_published_where_it_can_be_used(make, server):
    """It knows no ports: without SMTP on 465 programs would be led to a server that is not there."""
    assert "ua-auto-config" not in made(server).admin("dns", "show", "example.test").out
    server.configure({"listen": {"submission": [f"127.0.0.1:{server.port}", "127.0.0.1:465"]}})
    nsd = make.nsd({"example.test": server.admin("dns", "show", "example.test").out})
    assert ask(nsd, "ua-auto-config.example.test", "CNAME") == ["mail.example.test"]
    assert ask(nsd, "_ua-auto-config.example.test", "TXT")[0].startswith("v=UAAC1; a=sha256; d=")
    assert ask(nsd, "_submissions._tcp.example.test", "SRV") == [(0, 1, 465, "mail.example.test")]


def test_no_service_record_points_to_an_address(server):
    server.configure({"incoming": {"imap": "192.0.2.7:993"}})
    zone = made(server).admin("dns", "show", "example.test").out
    assert "_imaps._tcp" not in zone and "_pop3s._tcp" in zone


def records(zone):
    return [row for row in zone.splitlines() if row and not row.startswith(";")]


def test_the_same_with_a_server_and_without_one(server, sink):
    offline = made(server).admin("dns", "show").out
    server.relay_to(sink.address).start()
    online = server.admin("dns", "show").out
    assert "127.0.0.1" in online and "SPF" in online, "mail leaves through somebody: his records are needed"
    assert records(online) == records(offline) != []
    assert "autoconfig.example.test." in online and "autoconfig.example.org." in online


def test_for_a_providers_form(server):
    form = made(server).admin("dns", "show", "example.test", "--form").out
    rows = [line.split() for line in form.splitlines() if line.startswith(("autoconfig", "_submissions", "@"))]
    assert rows[0][:3] == ["autoconfig", "CNAME", "mail.example.test"]
    assert rows[1] == ["_submissions._tcp", "SRV", "0", "1", str(server.tls_port), "mail.example.test"]
    assert rows[2][:3] == ["@", "TXT", "v=spf1"]
    assert '"' not in form and "example.test." not in form


def test_as_json(server):
    rows = made(server).admin("dns", "show", "--json").rows
    assert {"name": "autodiscover.example.org", "type": "CNAME", "value": "mail.example.test"} in rows
    srv = next(row for row in rows if row["name"] == "_submission._tcp.example.org")
    assert (srv["type"], srv["priority"], srv["weight"], srv["port"]) == ("SRV", 1, 1, server.port)


def test_in_german(server):
    assert "Mailprogramm" in made(server).admin("dns", "show", "--lang", "de").out


def test_without_https_nothing_points_to_a_server_that_is_not_there(make):
    server = make.posthaste(start=False)
    server.make_accounts()
    zone = server.admin("dns", "show").out
    assert "autodiscover" not in zone and "autoconfig" not in zone and "_submissions._tcp" in zone


def test_a_domain_that_is_not_ours(server):
    answer = made(server).cli("dns", "show", "example.net")
    assert answer.code == 1 and "posthaste domain add example.net" in answer.err
    said = made(server).cli("dns", "show", "example.net", "--json")
    assert said.code == 1 and json.loads(said.err or said.out)["error"]


@pytest.mark.parametrize("words, said", [(("--address", "300.1.1.1"), "300.1.1.1"), (("no domain",), "no domain"), (("--lang", "fr"), "one of: en, de")])
def test_nonsense(server, words, said):
    answer = made(server).cli("dns", "show", *words)
    assert answer.code != 0 and said in answer.err


def test_no_domains_yet(make):
    server = make.posthaste(start=False, accounts=())
    assert "posthaste domain add" in server.admin("dns", "show").out
