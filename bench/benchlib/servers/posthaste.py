"""Posthaste, as its configuration file would have it in production."""

import json

from .. import common
from .base import Server


class Posthaste(Server):
    """The server this is all about."""

    name = "Posthaste"
    domains = ("example.test",)
    limits = {}

    @classmethod
    def version(cls):
        return common.run(common.binary(), "version").split("\n")[0].removeprefix("posthaste ").strip()

    def configure(self):
        self.config = self.folder / "posthaste.toml"
        self.store = self.folder / "store"
        limits = "".join(f"{key} = {value}\n" for key, value in {"connections_per_address": 1000, **self.limits}.items())
        self.config.write_text(
            f'hostname = "{common.HOSTNAME}"\n\n[store]\npath = "store"\n\n[listen]\nsubmission = ["127.0.0.1:{self.port}"]\n\n'
            f'[tls]\ncert_file = "{self.chain}"\nkey_file = "{self.key}"\n\n[limits]\n{limits}\n{self.routes()}')
        for domain in self.domains:
            self.cli("domain", "add", domain)
        self.cli("account", "add", common.USER, "--password-stdin", input=common.PASSWORD + "\n")

    def routes(self):
        """Where the mail goes."""
        if not self.sink:
            return '[[route]]\nto = ["*"]\nvia = "hold"\n'
        if not self.sites:
            return f'[relay]\nhost = "127.0.0.1:{self.sink}"\ntls = "none"\n'
        return "\n".join(f'[[route]]\nto = ["site{n}.test"]\nvia = "127.0.1.{n}:{self.sink}"\ntls = "may"\n' for n in range(1, self.sites + 1))

    def cli(self, *arguments, **more):
        """posthaste ARGUMENTS --config ...: what it prints."""
        return common.run(common.binary(), *arguments, "--config", self.config, **more)

    def json(self, *arguments):
        """The same with --json, decoded: a list, one object a line."""
        return [json.loads(line) for line in self.cli(*arguments, "--json").splitlines() if line.strip()]

    def command(self):
        return [common.binary(), "serve", "--config", self.config, "--log", "json"], common.environment()

    def queued(self):
        return self.json("status")[0]["messages"]

    def store_size(self):
        """Octets of the whole store."""
        return sum(path.stat().st_blocks * 512 for path in self.store.rglob("*") if path.is_file())
