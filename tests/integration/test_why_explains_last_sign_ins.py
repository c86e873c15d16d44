"""`posthaste why`: what the server saw of somebody, newest first, each with its mend; also while no server runs."""

from harness.daemon import PASSWORD
from harness.smtp_client import SmtpClient

ANNA = "anna@example.test"


def _attempts(server):
    """What a person does on a bad day, in this order."""
    with server.connect(source=("127.0.9.1", 0)) as client:
        client.ehlo("ANNAS-PC")
        client.cmd(f"MAIL FROM:<{ANNA}>")
    with server.secure(source=("127.0.9.1", 0)) as client:
        assert client.login(ANNA, "mistyped password").code == 535
    with server.secure(source=("127.0.9.1", 0)) as client:
        assert client.login("anna", PASSWORD).code == 235
        assert client.cmd("MAIL FROM:<boss@example.test>").code == 553
        assert client.cmd(f"MAIL FROM:<{ANNA}>").code == 250
    with SmtpClient("127.0.0.1", server.port, tls="implicit", source=("127.0.9.1", 0)) as client:
        client.ehlo("ANNAS-PC")
        assert client.login(ANNA, PASSWORD).code == 235


def test_why_explains_the_last_sign_ins(relayed):
    _attempts(relayed)
    answer = relayed.admin("why", ANNA, "--json").rows[0]
    seen = answer["sign_ins"]
    assert [row.get("outcome", "") for row in seen] == ["", "R8", "", "R3"]
    newest = seen[0]
    assert newest["ok"] and newest["tls"] == "implicit" and not newest["usual_mode"]
    assert newest["port"] == relayed.port and newest["client"] == "127.0.9.1" and newest["ehlo"] == "ANNAS-PC"
    assert newest["tls_version"] == "TLSv1.3" and newest["server_name"] == "mail.example.test"
    assert any("works here" in step for step in newest["mend"])
    assert seen[1]["from"] == "boss@example.test"
    assert any("posthaste account allow" in step for step in seen[1]["mend"])
    assert seen[2]["login"] == "anna" and seen[2]["normalised"] == ANNA and seen[2]["from"] == ANNA
    assert seen[3]["mend"] and seen[3]["cause"]

    text = relayed.admin("why", ANNA)
    for words in ("R3", "R8", "boss@example.test", "ANNAS-PC", "STARTTLS", "taken for anna@example.test"):
        assert words in text.out, text
    assert PASSWORD not in text.out and "mistyped password" not in text.out

    # Of the network also what had no account.
    network = relayed.admin("why", "127.0.9.1", "--json").rows[0]
    assert network["sign_ins"][-1]["outcome"] == "R1"
    # Upper case and blanks are the same person.
    assert relayed.admin("why", "Anna@Example.Test", "--json").rows[0]["who"] == ANNA


def test_the_typed_name_is_found_too(relayed):
    """Whether it was taken for an account, fits none, or fits several: then it belongs to each of them."""
    for address in ("sam@one.test", "sam@two.test"):
        relayed.admin("domain", "add", address.partition("@")[2])
        relayed.admin("account", "add", address, "--password-stdin", input=PASSWORD + "\n")
    for login in ("zzz", "sam"):
        with relayed.secure(source=("127.0.9.5", 0)) as client:
            assert client.login(login, PASSWORD).code == 535
    with relayed.secure(source=("127.0.9.5", 0)) as client:
        client.login("anna", "wrong password")
    for who in ("zzz", "ZZZ", "sam", "anna"):
        answer = relayed.cli("why", who)
        assert answer.code == 0 and "nobody tried" not in answer.out and "127.0.9.5" in answer.out, answer
    for who in ("sam@one.test", "sam@two.test"):
        assert [row["login"] for row in relayed.admin("why", who, "--json").rows[0]["sign_ins"]] == ["sam"], who


def test_nobody_is_nobody(relayed):
    answer = relayed.cli("why", "")
    assert answer.code == 2 and "who=" not in answer.err and "ADDRESS|NAME|IP is empty" in answer.err, answer


def test_nothing_seen_has_reasons(relayed):
    answer = relayed.cli("why", "bob@example.test")
    assert answer.code == 1
    for words in ("nothing was seen of bob@example.test", "mail.example.test", "465", "blocked"):
        assert words in answer.out, answer
    stranger = relayed.cli("why", "carol@example.test")
    assert stranger.code == 1 and "no account here" in stranger.out
    network = relayed.cli("why", "192.0.2.55")
    assert network.code == 1 and "IP-ADDRESS" not in network.out, network
    assert relayed.cli("why").code == 2


def test_it_survives_a_restart_and_is_told_without_a_server(relayed):
    _attempts(relayed)
    relayed.stop()
    offline = relayed.cli("why", ANNA, "--json")
    assert offline.code == 0, offline
    assert [row.get("outcome", "") for row in offline.rows[0]["sign_ins"]] == ["", "R8", "", "R3"]
    assert offline.rows[0]["live"] is False
    assert "no server runs" in relayed.cli("why", ANNA).out
    relayed.start()
    assert len(relayed.admin("why", ANNA, "--json").rows[0]["sign_ins"]) == 4
