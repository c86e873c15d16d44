"""An OAuth token server on loopback, over HTTPS, that knows every way to a token and checks all of it for real.

Grants: client_credentials with a secret or a signed assertion (the signature is verified by openssl, not by our own
code), refresh_token with rotation, the JWT bearer grant of service accounts, device codes, authorization codes with
PKCE. What it does otherwise is in Behaviour: refuse, rotate, answer 429 or 500, be slow, answer too much.
"""

import base64
import dataclasses
import hashlib
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

from . import waiting

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclasses.dataclass
class Behaviour:
    """How it answers."""

    client_id: str = "app-1"
    secret: str = None               # what client_secret must be
    certificate: str = None          # PEM file of whom assertions must be from
    algorithm: str = None            # PS256 or RS256; None: whichever
    service_account: str = None      # iss of the JWT grant
    user: str = None                 # sub of the JWT grant
    refresh_token: str = None        # what refresh_token must be; follows a rotation
    rotate: bool = False             # every refresh gives a new one, and the old one is dead
    lifetime: object = 3600          # expires_in
    slow: float = 0.0                # seconds before an answer
    huge: bool = False               # an answer without end
    failures: list = dataclasses.field(default_factory=list)  # one (status, error, description[, headers]) for each request in turn
    refusal: tuple = None            # the same for all requests, until set to None
    token: object = None             # what the token is, called with its number; default: a random one
    pending: int = 0                 # how often a device code's owner has not signed in yet


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class TokenServer:
    """Listens on construction; `url` is the token endpoint."""

    def __init__(self, pair, /, **behaviour):
        self.behaviour = Behaviour(**behaviour)
        self.requests = []           # (time, form) of each
        self.tokens = []             # given out, in order
        self.revoked = set()         # that the relay shall not take
        self._codes = {}             # authorization code -> challenge
        self._lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                """The endpoints, by path."""
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                outer.serve(self, body.decode())

            def log_message(self, *_):
                """Quiet."""

        class Server(http.server.ThreadingHTTPServer):
            """Clients that go away in the middle are what is tested."""

            def handle_error(self, *_):
                """Quiet."""

        self._server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, pair))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self.base = f"https://localhost:{self.port}"
        self.url = self.base + "/token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        """Stops."""
        self._server.shutdown()
        self._server.server_close()

    # what came

    def forms(self):
        """The forms of all requests for a token."""
        with self._lock:
            return [form for _, form in self.requests]

    def wait_asked(self, count=1, seconds=15.0):
        """Until it was asked so often."""
        return waiting.until(lambda: len(self.forms()) >= count, seconds, f"{count} requests at the token server; there: {len(self.forms())}")

    def wait_given(self, count=1, seconds=15.0):
        """Until so many tokens were given out."""
        return waiting.until(lambda: len(self.tokens) >= count, seconds, f"{count} tokens")

    def is_good(self, token):
        """As a relay asks: one of ours, and not revoked."""
        with self._lock:
            return token in self.tokens and token not in self.revoked

    def revoke_all(self):
        """What was given out until now is taken no more."""
        with self._lock:
            self.revoked.update(self.tokens)

    def grant_code(self, challenge):
        """As if somebody had signed in in a browser: an authorization code."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = challenge
        return code

    # serving

    def serve(self, handler, body):
        """One request."""
        how = self.behaviour
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        if handler.path == "/device":
            self._reply(handler, 200, {"device_code": "device-secret-1", "user_code": "ABCD-EFGH", "interval": 1, "expires_in": 60,
                                       "verification_uri": "https://login.example.test/device"})
            return
        with self._lock:
            self.requests.append((time.time(), form))
            failure = how.refusal or (how.failures.pop(0) if how.failures else None)
        if how.slow:
            time.sleep(how.slow)
        if how.huge:
            self._endless(handler)
            return
        if failure:
            status, error, description, *more = failure
            self._reply(handler, status, {"error": error, "error_description": description}, *more)
            return
        trouble = self._fault(form)
        if trouble:
            self._reply(handler, 400 if trouble[0] != "invalid_client" else 401, {"error": trouble[0], "error_description": trouble[1]})
            return
        self._reply(handler, 200, self._grant(form))

    def _grant(self, form):
        how = self.behaviour
        with self._lock:
            token = how.token(len(self.tokens) + 1) if how.token else "token-" + secrets.token_urlsafe(600)
            self.tokens.append(token)
            answer = {"token_type": "Bearer", "expires_in": how.lifetime, "access_token": token}
            first = form["grant_type"] in (DEVICE_GRANT, "authorization_code")
            if first or (form["grant_type"] == "refresh_token" and how.rotate):
                how.refresh_token = "refresh-" + secrets.token_urlsafe(60)
                answer["refresh_token"] = how.refresh_token
        return answer

    def _fault(self, form):
        how = self.behaviour
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return self._client_fault(form)
        if grant == "refresh_token":
            if how.secret and form.get("client_secret") != how.secret:
                return "invalid_client", "AADSTS7000215: Invalid client secret provided."
            if form.get("refresh_token") != how.refresh_token:
                return "invalid_grant", "AADSTS70000: The refresh token is not valid."
            return None
        if grant == JWT_GRANT:
            return self._assertion_fault(form.get("assertion", ""), how.service_account, how.user)
        if grant == DEVICE_GRANT:
            if form.get("device_code") != "device-secret-1" or form.get("client_id") != how.client_id:
                return "invalid_grant", "no such code"
            how.pending -= 1
            return ("authorization_pending", "not yet") if how.pending >= 0 else None
        if grant == "authorization_code":
            with self._lock:
                challenge = self._codes.pop(form.get("code"), None)
            made = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
            return None if challenge and challenge == made else ("invalid_grant", "no such code, or another verifier")
        return "unsupported_grant_type", f"{grant}"

    def _client_fault(self, form):
        how = self.behaviour
        if form.get("client_id") != how.client_id:
            return "unauthorized_client", f"AADSTS700016: Application with identifier '{form.get('client_id')}' was not found."
        if how.certificate:
            if form.get("client_assertion_type") != ASSERTION or "client_secret" in form:
                return "invalid_client", "AADSTS7000216: 'client_assertion' is required."
            return self._assertion_fault(form.get("client_assertion", ""), how.client_id, how.client_id)
        if form.get("client_secret") != how.secret:
            return "invalid_client", "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1\r\nTimestamp: now"
        return None

    def _assertion_fault(self, jwt, issuer, subject):
        """None, or what is wrong with it: signature, times, audience, names."""
        try:
            head, claims, signature = jwt.split(".")
            header, said = json.loads(_decode(head)), json.loads(_decode(claims))
        except ValueError as broken:
            return "invalid_client", f"AADSTS700027: not a JWT: {broken}"
        now = time.time()
        if self.behaviour.algorithm and header["alg"] != self.behaviour.algorithm:
            return "invalid_client", f"AADSTS700027: {header['alg']}"
        if self.behaviour.certificate and not self.behaviour.service_account:
            der = subprocess.run(["openssl", "x509", "-in", self.behaviour.certificate, "-outform", "DER"], check=True, capture_output=True).stdout
            digest = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
            if header.get("x5t#S256") != digest:
                return "invalid_client", "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered."
        if not self._verified(header["alg"], f"{head}.{claims}", _decode(signature)):
            return "invalid_client", "AADSTS700027: the signature is not valid"
        if (said["iss"], said["sub"], said["aud"]) != (issuer, subject, self.url):
            return "invalid_grant", f"names: {said}"
        if not said["nbf"] <= now < said["exp"] <= now + 600:
            return "invalid_client", "AADSTS700024: Client assertion is not within its valid time range."
        return None

    def _verified(self, algorithm, text, signature):
        with tempfile.TemporaryDirectory() as folder:
            public, sign, data = (pathlib.Path(folder) / name for name in ("public.pem", "signature", "data"))
            public.write_bytes(subprocess.run(["openssl", "x509", "-in", self.behaviour.certificate, "-pubkey", "-noout"],
                                              check=True, capture_output=True).stdout)
            sign.write_bytes(signature)
            data.write_text(text, encoding="ascii")
            options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"] if algorithm == "PS256" else []
            done = subprocess.run(["openssl", "dgst", "-sha256", *options, "-verify", str(public), "-signature", str(sign), str(data)],
                                  check=False, capture_output=True)
            return done.returncode == 0

    @staticmethod
    def _reply(handler, status, answer, headers=None):
        body = json.dumps(answer).encode()
        try:
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            pass

    @staticmethod
    def _endless(handler):
        try:
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.end_headers()
            handler.wfile.write(b'{"access_token":"')
            for _ in range(100_000):
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass
