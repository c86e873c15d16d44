"""A small HTTP client for the inbox and the metrics."""

import http.client
import json
import socket
import ssl
import urllib.parse


class Http:
    """One server; each request on a connection of its own."""

    def __init__(self, port, host="127.0.0.1"):
        self.host, self.port = host, port

    def request(self, method, path, headers=None, body=None, seconds=30.0):
        """(status, headers, octets)."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get(self, path, **query):
        """Octets of a 200."""
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        status, _, body = self.request("GET", target)
        assert status == 200, (status, target, body[:300])
        return body

    def json(self, path, **query):
        """JSON of a 200."""
        return json.loads(self.get(path, **query))


class _Named(http.client.HTTPSConnection):
    """To loopback, under another name: that is asked for in SNI and checked in the certificate."""

    def __init__(self, port, name, context, sni=None, timeout=30.0):
        super().__init__(name, port, timeout=timeout, context=context)
        self._tls, self._sni = context, sni or name

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self._sni)


class Https:
    """listen.https, as a client that trusts `authority` asks for it by name."""

    def __init__(self, port, authority=None, name="mail.example.test", alpn=("http/1.1",)):
        self.port, self.name = port, name
        self.context = ssl.create_default_context(cafile=str(authority.ca_file)) if authority else ssl._create_unverified_context()  # pylint: disable=protected-access
        if alpn:  # as browsers do; who does not is asked for mail after 300 ms of silence (clients.md 6.3.4)
            self.context.set_alpn_protocols(list(alpn))

    def connection(self, host=None, sni=None, seconds=30.0):
        """A kept connection."""
        return _Named(self.port, host or self.name, self.context, sni, seconds)

    def request(self, method, path, headers=None, body=None, host=None, seconds=30.0):
        """(status, headers, octets). `host` goes into Host alone."""
        connection = self.connection(self.name, seconds=seconds)
        headers = dict(headers or {})
        if host:
            headers["Host"] = host
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get(self, path, host=None, headers=None, **query):
        """Octets of a 200."""
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        status, _, body = self.request("GET", target, headers=headers, host=host)
        assert status == 200, (status, target, body[:300])
        return body
