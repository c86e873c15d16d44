"""docs/microsoft365.md and docs/google.md: their configurations are good, and every command of ours in them works as printed."""

import pathlib
import re
import shlex

import pytest

from harness import oauth_relay

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
PAGES = ["microsoft365.md", "google.md"]


def _blocks(page, language):
    """The fenced blocks of that language, without what indents them."""
    blocks, inside = [], None
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        fence = re.match(r"( *)```(\w*)$", line)
        if fence and inside is None:
            inside = (fence[2], len(fence[1]), [])
        elif fence:
            if inside[0] == language:
                blocks.append("\n".join(inside[2]) + "\n")
            inside = None
        elif inside is not None:
            inside[2].append(line[inside[1]:])
    return blocks


def _configurations():
    return [(page, number, block) for page in PAGES for number, block in enumerate(_blocks(page, "toml"))]


def _commands():
    found = []
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        lines = [line.strip() for block in _blocks(page, "") for line in block.splitlines()]
        lines += re.findall(r"`(posthaste [^`]+)`", text)
        found += [re.sub(r"\s+", " ", line) for line in lines if line.startswith("posthaste ")]
    return sorted(set(found))


@pytest.mark.parametrize("page, number, block", _configurations(), ids=[f"{page}-{number}" for page, number, _ in _configurations()])
def test_the_configuration_is_good(make, certificates, page, number, block):
    server = make.posthaste(start=False, accounts=())
    for name in re.findall(r'_file\s*= "([^"]+)"', block):
        if name.endswith(".json"):
            assert oauth_relay.service_account(server, certificates[1][1], "https://oauth2.googleapis.com/token") == name
        elif name.endswith((".crt", ".key")):
            oauth_relay.write(server, name, pathlib.Path(certificates[1][0 if name.endswith(".crt") else 1]).read_text(encoding="ascii"))
        else:
            oauth_relay.write(server, name, "a secret\n")
    server.configure({})
    server.config_file.write_text(server.config_file.read_text(encoding="utf-8") + "\n" + block, encoding="utf-8")
    answer = server.cli("check")
    assert answer.code == 0, (page, number, answer)
    said = [line for line in answer.out.splitlines() if " relay " in line]
    assert said and not [line for line in said if line.startswith("FAIL")], answer.out
    status = server.cli("relay", "status")
    assert status.code in (0, 1), status


def test_there_are_configurations_and_commands():
    assert len(_configurations()) >= 6 and len(_commands()) >= 8


@pytest.mark.parametrize("line", _commands())
def test_every_command_is_one(make, line):
    """Its words and its flags are known."""
    server = make.posthaste(start=False, accounts=())
    words = shlex.split(line)[1:]
    answer = server.cli(*words, "--help")
    assert answer.code == 0, (line, answer)
    for flag in re.findall(r"--[a-z-]+", line):
        assert flag in answer.out, (line, flag)


def test_from_the_first_step_to_the_sent_message(make, authority, certificates):
    """The steps of the pages in their order: a device's password here, OAuth there."""
    tokens = make.token_server(secret="s")
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, preset="microsoft365", tenant="example.com", client_secret="s")
    server.admin("domain", "add", "example.com")
    server.admin("account", "add", "scanner@example.com", "--name", "Scanner, 2nd floor")
    secret = server.admin("app-password", "new", "scanner@example.com", "--name", "scanner", "--json").rows[0]["app_password"]
    server.start()
    with server.session("scanner@example.com", secret) as device:
        assert device.transaction("scanner@example.com", "x@example.net", "From: <scanner@example.com>\r\n\r\nscan\r\n").code == 250
    assert sink.wait("x@example.net")[0].login == oauth_relay.USER
    assert server.admin("send", "--from", "scanner@example.com", "--to", "you@example.net", "--wait").code == 0
    status = server.admin("relay", "status").out
    assert "token     until" in status and "worked" in status, status
