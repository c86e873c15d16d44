"""What people, Windows, cPanel and phones put under User Name: each form signs in, and what cannot is told the mend."""

import pytest

from harness.daemon import PASSWORD

FORMS = [
    "anna@example.test", "ANNA@EXAMPLE.TEST", " anna@example.test ", "\u00a0anna@example.test", "\"anna@example.test\"",
    "'anna@example.test'", "<anna@example.test>", "mailto:anna@example.test", "MAILTO:anna@example.test",
    "Anna Muster <anna@example.test>", "EXAMPLE\\anna@example.test", "anna%example.test", "anna+example.test",
    "anna\uff20example.test", "\uff41nna@example.test", "info@example.test", "anna@b\u00fccher.example", "anna@xn--bcher-kva.example",
]


@pytest.fixture(scope="module")
def server(make_shared):
    server = make_shared.posthaste(relay=make_shared.sink())
    server.admin("domain", "add", "b\u00fccher.example")
    server.admin("account", "allow", "anna@example.test", "info@example.test")
    server.admin("account", "allow", "anna@example.test", "anna@b\u00fccher.example")
    server.admin("domain", "add", "second.test")
    server.admin("account", "add", "bob@second.test", "--password-stdin", input="the second bob's\n")
    return server


@pytest.mark.parametrize("form", FORMS)
def test_this_form_signs_in(server, form):
    with server.secure() as client:
        assert client.login(form.encode(), PASSWORD).code == 235
        # The From check goes by the account, whatever was typed.
        assert client.cmd("MAIL FROM:<anna@example.test>").code == 250


@pytest.mark.parametrize("form", ["anna", "EXAMPLE\\anna", ".\\anna", "Anna"])
def test_a_local_part_that_one_account_alone_has(server, form):
    with server.secure() as client:
        assert client.login(form, PASSWORD).code == 235


def test_the_name_of_the_server_tells_the_domain(server):
    """bob is in two domains; whoever asks for smtp.second.test means the bob there."""
    with server.secure(server_name="smtp.second.test") as client:
        assert client.login("bob", "the second bob's").code == 235
        assert client.cmd("MAIL FROM:<bob@second.test>").code == 250
    with server.secure(server_name="smtp.example.test") as client:
        assert client.login("bob", PASSWORD).code == 235
        assert client.cmd("MAIL FROM:<bob@example.test>").code == 250


@pytest.mark.parametrize("form, number", [("bob", 4), ("", 4), ("Anna Muster", 5), ("anna@@example.test", 3), ("@example.test", 3)])
def test_what_cannot_be_understood_is_told_the_mend(server, form, number):
    with server.secure(server_name="mail.unknown.test") as client:
        reply = client.login_login(form, "the second bob's" if form != "bob" else "wrong")
        assert reply.code in (535, 501), reply
        if reply.code == 535:
            assert f"R{number}]" in reply.text or reply.text.endswith(f"/h/{number}"), reply


def test_only_one_domain_is_meant(make, sink):
    server = make.posthaste(relay=sink)
    with server.secure() as client:
        assert client.login("bob", PASSWORD).code == 235
