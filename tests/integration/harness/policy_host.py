"""HTTPS of strangers: MTA-STS policies are served and TLS reports taken. Any name, by the certificate's names."""

import http.server
import ssl
import threading

WELL_KNOWN = "/.well-known/mta-sts.txt"


def policy(mode, *patterns, max_age=86400):
    """The octets of a policy."""
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {pattern}" for pattern in patterns), f"max_age: {max_age}"]
    return "".join(line + "\r\n" for line in lines).encode()


class PolicyHost:
    """Listens on construction. `answers`: {host name: (status, headers, body)}; others get 404."""

    def __init__(self, certificate, host="127.0.0.1", port=0):
        self.answers = {}
        self.asked = []      # (host, path)
        self.posted = []     # (path, headers, body)
        self.post_status = 201
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One request."""

            def _name(self):
                return self.headers.get("Host", "").partition(":")[0]

            def do_GET(self):  # pylint: disable=invalid-name,missing-function-docstring
                owner.asked.append((self._name(), self.path))
                status, headers, body = owner.answers.get(self._name(), (404, {}, b""))
                if self.path != WELL_KNOWN:
                    status, headers, body = 404, {}, b""
                self.send_response(status)
                for name, value in {"Content-Type": "text/plain", "Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):  # pylint: disable=invalid-name,missing-function-docstring
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                owner.posted.append((self.path, dict(self.headers), body))
                self.send_response(owner.post_status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format, *args):  # pylint: disable=redefined-builtin
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, certificate))

        class Server(http.server.ThreadingHTTPServer):
            """A handshake that fails is no news."""

            daemon_threads = True

            def get_request(self):
                sock, address = super().get_request()
                sock.settimeout(20)
                return context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, request, client_address):
                pass

        self._server = Server((host, port), Handler)
        self.host, self.port = self._server.server_address
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def serve(self, domain, body, status=200, **headers):
        """What mta-sts.DOMAIN answers from now on."""
        self.answers["mta-sts." + domain] = (status, headers, body)

    def count(self, domain):
        """How often that domain's policy was asked for."""
        return sum(1 for name, _ in self.asked if name == "mta-sts." + domain)

    def close(self):
        """Stops it."""
        self._server.shutdown()
        self._server.server_close()
