"""Mail servers on addresses of their own, and the name server that knows them."""

from .ports import free_port
from .sink import Sink


class Network:
    """Sinks on 127.0.0.2, .3 ... on one port, and a name server that knows them."""

    def __init__(self, make):
        self.make = make
        self.port = free_port()

    def host(self, number, **behaviour):
        sink = Sink(port=self.port, host=f"127.0.0.{number}", **behaviour)
        self.make.made.append(sink)
        return sink

    def server(self, zones, **config):
        nsd = self.make.nsd(zones)
        settings = {"delivery": {"resolver": [nsd.address], "mx_port": self.port, "allow_private_addresses": True, "retry": ["1s"]}}
        settings["delivery"].update(config)
        server = self.make.posthaste(config=settings)
        server.nsd = nsd
        return server
