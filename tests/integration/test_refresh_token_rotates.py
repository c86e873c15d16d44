"""A person signs in once; from then on each refresh may bring a new refresh token, which must survive everything."""

import pathlib
import re
import subprocess
import urllib.parse

from harness import oauth_relay, waiting


def _server(make, authority, certificates, tokens, **more):
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, flow="sign-in", device_url=tokens.base + "/device", **more)
    return server, sink


def test_sign_in_by_code_then_rotation_and_a_kill(make, authority, certificates):
    tokens = make.token_server(rotate=True, lifetime=20, pending=2)
    server, sink = _server(make, authority, certificates, tokens)
    server.start()
    # Nobody has signed in yet: said, with the command that does it; mail waits.
    assert "posthaste relay login" in server.log.wait_for("oauth.failed")["mend"]
    server.submit("x@example.net")
    assert server.log.wait_for("deferred", to="x@example.net")["status"] == "4.7.8"
    assert "SIGN IN" in server.cli("relay", "status").out.upper()
    answer = server.admin("relay", "login", seconds=60)
    assert "ABCD-EFGH" in answer.out and "https://login.example.test/device" in answer.out
    assert tokens.behaviour.refresh_token not in answer.out + answer.err
    server.log.wait_for("oauth.token")
    server.admin("queue", "retry", "--all")
    sink.wait("x@example.net", seconds=30)
    # Each renewal kills the token before it. Killed the moment it is said to be kept, the newest is there again.
    for _ in range(2):
        server.log.wait_for("oauth.rotated", after=server.log.mark(), seconds=30)
        server.kill()
        server.start()
        server.log.wait_for("oauth.token", seconds=30)
    server.submit("y@example.net")
    sink.wait("y@example.net", seconds=30)
    # Not in the store in clear, nor in the log.
    refresh = tokens.behaviour.refresh_token
    for path in pathlib.Path(server.store).rglob("*"):
        if path.is_file():
            assert refresh.encode() not in path.read_bytes(), path
    assert refresh not in server.log.text()


def test_a_dead_sign_in_is_asked_about_once(make, authority, certificates):
    """invalid_grant is final: no more questions, one alarm that says "sign in again"; mail waits, and the new sign-in mends it."""
    tokens = make.token_server(lifetime=20)
    server, sink = _server(make, authority, certificates, tokens)
    server.start()
    server.admin("relay", "login", seconds=60)
    server.log.wait_for("oauth.token")
    tokens.behaviour.refresh_token = "somebody changed the password"
    failed = server.log.wait_for("oauth.failed", seconds=30, why=lambda why: "invalid_grant" in why)
    assert "relay login" in failed["mend"]
    # The last token is used to its end.
    waiting.until(lambda: "until" not in server.cli("relay", "status", "--json").rows[0]["token"], 20, "the token's end", step=0.5)
    asked = len(tokens.forms())
    server.submit("x@example.net")
    server.log.wait_for("deferred", to="x@example.net")
    assert len(tokens.forms()) == asked
    assert server.cli("relay", "status").code == 1
    server.admin("relay", "login", seconds=60)
    server.admin("queue", "retry", "--all")
    sink.wait("x@example.net", seconds=30)


def test_sign_in_without_a_server_and_by_a_browser(make, authority, certificates):
    """`relay login` works on the store itself; without device codes a browser comes back to us, or its address is pasted."""
    tokens = make.token_server(rotate=True)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, flow="sign-in", auth_url=tokens.base + "/authorize")
    with subprocess.Popen([str(server.binary), "relay", "login", "--config", str(server.config_file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, cwd=str(server.folder), env=server.environment(), text=True, **server._spawn_as()) as login:  # pylint: disable=protected-access
        said = ""
        while "/authorize?" not in said:
            line = login.stdout.readline()
            assert line, said
            said += line
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(re.search(r"https://\S+", said)[0]).query))
        assert query["code_challenge_method"] == "S256" and query["redirect_uri"].startswith("http://127.0.0.1:")
        code = tokens.grant_code(query["code_challenge"])
        # What the browser's address bar shows once it could not find the way back.
        login.stdin.write(f"{query['redirect_uri']}?state={query['state']}&code={code}\n")
        login.stdin.flush()
        said += login.stdout.read()
        assert login.wait(30) == 0, said
    server.start()
    server.submit("x@example.net")
    sink.wait("x@example.net")
