"""A small Internet of signed and unsigned zones: MX hosts on 127.0.0.2, .3 ... on one port, and who names them."""

import pytest

from . import certs, dnssec
from .ports import free_port
from .sink import Sink


class SignedNetwork:
    """Certificates of an authority that nobody trusts, sinks, zones. `secure.test` is signed, `plain.test` is not."""

    HOSTS = "mx2 A 127.0.0.2\nmx3 A 127.0.0.3\nmx4 A 127.0.0.4\n"

    def __init__(self, make, folder):
        self.make = make
        self.port = free_port()
        self.authority = certs.Authority(folder / "mx-authority", name="Nobody's CA")

    def certificate(self, label="mx", names="DNS:another.example", **options):
        """(chain, key)"""
        return self.authority.issue(label, names=names, **options)

    def host(self, number, **behaviour):
        """A next hop on 127.0.0.NUMBER."""
        sink = Sink(port=self.port, host=f"127.0.0.{number}", **behaviour)
        self.make.made.append(sink)
        return sink

    def tlsa(self, host, *data):
        """TLSA records of that host, for a zone."""
        return "".join(f"_{self.port}._tcp.{host} TLSA {one}\n" for one in data)

    def server(self, zones, signed=("secure.test",), tamper=None, anchors=None, wrapper=(), start=True, **config):
        """A server that knows the zones and trusts the signed ones."""
        if not dnssec.have_tools():
            pytest.skip("ldns-signzone is not installed: apt-get install ldnsutils")
        nsd = self.make.signed_nsd(zones, signed=signed, tamper=tamper)
        settings = {"delivery": {"resolver": [nsd.address], "mx_port": self.port, "allow_private_addresses": True, "retry": ["1s"],
                                 "trust_anchor_file": str(anchors or nsd.anchor_file)}}
        settings["delivery"].update(config.pop("delivery", {}))
        settings.update(config)
        server = self.make.posthaste(config=settings, start=False)
        server.nsd = nsd
        return server.start(wrapper=wrapper) if start else server
