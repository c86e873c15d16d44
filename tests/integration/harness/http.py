"""A small HTTP client for the inbox and the metrics."""

import http.client
import json
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
