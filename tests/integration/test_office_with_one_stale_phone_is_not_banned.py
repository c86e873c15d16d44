"""A phone in the office has an old or wrong password saved and tries every few minutes, for ever. It alone is refused;
nobody else behind the same address notices."""

import concurrent.futures

from harness.daemon import PASSWORD

OFFICE = "127.0.7.1"


def _try(server, user, password, mechanism="PLAIN"):
    with server.secure(source=(OFFICE, 0)) as client:
        return client.login(user, password) if mechanism == "PLAIN" else client.login_login(user, password)


def test_the_same_wrong_password_costs_the_office_nothing(relayed):
    # Before anybody there has signed in well: 120 attempts, all with the one wrong password.
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda n: _try(relayed, "anna@example.test", "a stale password", "PLAIN" if n % 2 else "LOGIN"),
                                range(120)))
    assert {reply.code for reply in replies} == {535}, {str(reply) for reply in replies}
    assert _try(relayed, "bob@example.test", PASSWORD).code == 235
    assert _try(relayed, "anna@example.test", PASSWORD).code == 235
    assert not relayed.log.find(("login.network_banned", "login.guessing"))

    seen = relayed.admin("why", "anna@example.test", "--json").rows[0]["sign_ins"]
    refused = [row for row in seen if row.get("outcome") == "R3"]
    assert sum(row["times"] for row in refused) == 120
    assert len(refused) == 2, "one entry for PLAIN, one for LOGIN"


def test_plain_then_login_of_the_same_password_waits_once(relayed):
    """Thunderbird tries LOGIN at once when PLAIN has failed."""
    with relayed.secure(source=(OFFICE, 0)) as client:
        assert client.login("anna@example.test", "wrong one").code == 535
        assert client.login_login("anna@example.test", "wrong one").code == 535
        assert client.login("anna@example.test", PASSWORD).code == 235
