"""The server's side of the logins that are more than a password: SCRAM, tokens, certificates. Checked for real."""

import base64
import hashlib
import hmac
import json
import os
import re


def _text(octets):
    return base64.b64encode(octets).decode()


def _heard(session, initial):
    """The client's first response, asked for if it did not come along."""
    if initial is None:
        session.say("334 ")
        initial = session.line()
    return b"" if initial == "=" else base64.b64decode(initial, validate=True)


def _challenge(session, octets):
    """Says it, and gives the answer; None when the client gives up."""
    session.say("334 " + _text(octets))
    answer = session.line()
    return None if answer == "*" else base64.b64decode(answer, validate=True)


def _welcome(session, user):
    session.user = user
    session.say("235 2.7.0 welcome")


def _scram(digest):
    def serve(session, initial):
        user, password = session.how.login
        first = _heard(session, initial).decode()
        gs2, _, bare = first.partition(",,")
        assert gs2 in ("n", "y"), gs2
        match = re.fullmatch(r"n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)", bare)
        name = match[1].replace("=2C", ",").replace("=3D", "=")
        nonce = match[2] + _text(os.urandom(12))
        salt, iterations = hashlib.sha256(user.encode()).digest()[:16], session.how.scram_iterations
        server_first = f"r={nonce},s={_text(salt)},i={iterations}"
        final = _challenge(session, server_first.encode())
        if final is None:
            session.say("501 5.7.0 given up")
            return
        without, _, proof = final.decode().rpartition(",p=")
        salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, iterations)
        client_key = hmac.digest(salted, b"Client Key", digest)
        message = f"{bare},{server_first},{without}".encode()
        signature = hmac.digest(hashlib.new(digest, client_key).digest(), message, digest)
        wanted = bytes(a ^ b for a, b in zip(client_key, signature))
        if name != user or base64.b64decode(proof) != wanted or without != f"c={_text((gs2 + ',,').encode())},r={nonce}":
            session.say("535 5.7.8 wrong")
            return
        server_key = hmac.digest(salted, b"Server Key", digest)
        verdict = hmac.digest(server_key, b"x" if session.how.scram_lies else message, digest)
        answer = _challenge(session, b"v=" + base64.b64encode(verdict))
        if answer is None:
            session.say("501 5.7.0 given up")
            return
        assert answer == b"", answer
        _welcome(session, user)
    return serve


def _token(session, user, token, when_refused):
    if session.how.takes_token and session.how.takes_token(user, token):
        _welcome(session, user)
        return
    answer = _challenge(session, json.dumps({"status": "401", "schemes": "bearer", "scope": "https://mail.google.com/"}).encode())
    assert answer == when_refused, answer
    session.say("535 5.7.3 Authentication unsuccessful [SINK.PROD.OUTLOOK.COM]")


def _xoauth2(session, initial):
    match = re.fullmatch(rb"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01", _heard(session, initial))
    _token(session, match[1].decode(), match[2].decode(), b"")


def _oauthbearer(session, initial):
    match = re.fullmatch(rb"n,a=([^,]*),\x01host=([^\x01]+)\x01port=(\d+)\x01auth=Bearer ([^\x01]*)\x01\x01", _heard(session, initial))
    assert int(match[3]) == session.sink.port, match[3]
    _token(session, match[1].decode(), match[4].decode(), b"\x01")


def _external(session, initial):
    asked = _heard(session, initial).decode()
    shown = session.sock.getpeercert() if session.tls else None
    subject = dict(pair[0] for pair in shown["subject"])["commonName"] if shown else ""
    if subject in session.how.external_users and asked in ("", subject):
        _welcome(session, subject)
    else:
        session.say("535 5.7.8 no certificate that is known here")


HANDLERS = {"SCRAM-SHA-256": _scram("sha256"), "SCRAM-SHA-1": _scram("sha1"), "XOAUTH2": _xoauth2, "OAUTHBEARER": _oauthbearer, "EXTERNAL": _external}
