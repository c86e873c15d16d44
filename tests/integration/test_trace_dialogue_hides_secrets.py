"""The dialogue of a login shows that there was one, and nothing of what proves it: not as it is, not as it was sent, not
when the other side repeats it. Nor does anything else that the server keeps or says."""

import base64

import pytest

USER, SECRET = "example-relay", "relay-secret-of-42-letters-or-so-no-more"


def _forms(secret):
    plain = base64.b64encode(f"\0{USER}\0{secret}".encode()).decode()
    return [secret, plain, base64.b64encode(secret.encode()).decode()]


def _everything(server, identity):
    """What a person can see, and what lies on the disk."""
    texts = [server.log.text(), server.cli("trace", identity, "--smtp").out, server.cli("trace", identity, "--json", "--smtp").out,
             server.cli("queue", "show", identity).out, server.cli("status").out]
    server.stop()
    texts += [path.read_bytes().decode("latin-1") for path in server.store.rglob("*") if path.is_file()]
    return texts


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("echo", [False, True], ids=["quiet", "repeats_it"])
@pytest.mark.parametrize("good", [True, False], ids=["good", "refused"])
def test_no_form_of_the_password_is_kept(make, authority, certificates, mechanism, echo, good):
    said = {}
    if echo:
        code = b"235 2.7.0" if good else b"535 5.7.8"
        said["AUTH"] = code + b" you said " + " ".join(_forms(SECRET)).encode() + b"\r\n"
    if echo and good:
        said["dot"] = b"451 4.3.0 and now " + SECRET.encode() + b"\r\n"
    sink = make.sink(certificate=certificates[0], login=(USER, SECRET if good else "another"), mechanisms=mechanism, replies=said)
    server = make.posthaste(start=False, config={"delivery": {"retry": ["1h"]}})
    secret = server.folder / "relay-password"
    secret.write_text(SECRET + "\n", encoding="utf-8")
    secret.chmod(0o644)
    server.relay_to(f"localhost:{sink.port}", tls="verify", username=USER, password_file="relay-password", ca_file=str(authority.ca_file))
    server.start()
    identity = server.submit("x@example.net")
    server.log.wait_for(("delivered", "deferred"), to="x@example.net")
    dialogue = server.admin("trace", identity, "--smtp").out
    assert f"C: AUTH {mechanism}" in dialogue and "(not shown)" in dialogue, dialogue
    for text in _everything(server, identity):
        for form in _forms(SECRET):
            assert form not in text
