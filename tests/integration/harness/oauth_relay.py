"""A server of ours whose relay is a sink that takes tokens."""

import json
import pathlib

USER = "relay@example.test"


def token_sink(make, certificates, tokens, **more):
    """A smarthost that welcomes the tokens of that token server, for USER."""
    options = {"mechanisms": "XOAUTH2 OAUTHBEARER", **more}
    return make.sink(certificate=certificates[0], takes_token=lambda user, token: user == USER and tokens.is_good(token), **options)


def write(server, name, text):
    """A file beside the configuration; its name."""
    path = pathlib.Path(server.folder) / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return name


def relay(make, sink, tokens, authority, preset=None, **oauth):
    """Our server, not started: its relay is that sink, its tokens come from there."""
    server = make.posthaste(start=False)
    server.relay_to(f"localhost:{sink.port}", tls="verify", ca_file=str(authority.ca_file), preset=preset)
    settings = {"user": USER, "token_url": tokens.url, "ca_file": str(authority.ca_file)}
    if "client_secret" in oauth:
        settings["client_secret_file"] = write(server, "client-secret", oauth.pop("client_secret") + "\n")
    settings.update(oauth)
    settings.setdefault("client_id", "app-1")
    server.configure({"relay.oauth": settings})
    return server


def service_account(server, key, token_url, client="post@project.iam.example.test"):
    """Google's key file; its name."""
    text = {"type": "service_account", "client_email": client, "private_key": pathlib.Path(key).read_text(encoding="ascii"),
            "private_key_id": "key-1", "token_uri": token_url}
    return write(server, "google.json", json.dumps(text))
