"""Mail servers between Posthaste and a sink: they take everything and hand it on, as a smarthost of somebody else does."""

import os
import pathlib
import re
import shlex
import shutil
import socket
import subprocess

from . import peers, waiting
from .ports import free_port

HARAKA = peers.PEERS / "haraka" / "node_modules" / "Haraka"


def _greets(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
            return sock.recv(4).startswith(b"220")
    except OSError:
        return False


class Hop:
    """A process that greets on a port of its own."""

    name = ""

    def __init__(self, folder, sink):
        self.folder, self.sink = pathlib.Path(folder), sink
        self.port = free_port()
        command = self.command()
        self.output = self.folder / "output"
        with open(self.output, "wb") as output:
            self._process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                             start_new_session=True)
        waiting.until(self._up, 30, f"{self.name}; {self.output}")

    def command(self):
        """Writes the configuration and gives the argv."""
        raise NotImplementedError

    def _up(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended: {self.output.read_text(errors='replace')}")
        return _greets(self.port)

    @property
    def address(self):
        """host:port."""
        return f"127.0.0.1:{self.port}"

    def close(self):
        """Stops it."""
        peers.stop(self._process)


def postfix(folder, sink):
    """Relays everything to the sink."""
    return peers.Postfix(folder, settings={"virtual_mailbox_domains": "", "relayhost": f"[127.0.0.1]:{sink.port}",
                                           "smtp_tls_security_level": "none", "smtp_address_preference": "ipv4"})


class Exim(Hop):
    """Debian's exim4-daemon-light, unpacked. It wants a user named Debian-exim, which it finds in a mount namespace of its own:
    edited copies of /etc/passwd and /etc/group, seen by it alone."""

    name = "Exim"
    _OWNER = 64990
    _CONFIG = """\
primary_hostname = hop.example.test
exim_path = {binary}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
disable_ipv6 = true
keep_environment =
add_environment = <; PATH=/bin:/usr/bin
timezone = UTC
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
host_lookup =
smtp_accept_queue_per_connection = 0
rfc1413_query_timeout = 0s
dkim_verify_signers =
acl_smtp_rcpt = accept
acl_smtp_data = accept

begin routers
onwards:
  driver = manualroute
  route_list = * 127.0.0.1::{sink} byname
  self = send
  transport = remote_smtp

begin transports
remote_smtp:
  driver = smtp
  hosts_avoid_tls = *

begin retry
* * F,1h,1m
"""

    def command(self):
        if os.geteuid() != 0:
            raise peers.Missing("Exim runs as root only; start the tests as root")
        binary = peers.unpacked("exim4-daemon-light") / "usr/sbin/exim4"
        for name in ("spool", "log"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, self._OWNER, self._OWNER)
        for name, more in (("passwd", f"Debian-exim:x:{self._OWNER}:{self._OWNER}::/nonexistent:/usr/sbin/nologin\n"),
                           ("group", f"Debian-exim:x:{self._OWNER}:\n")):
            known = re.sub(r"^Debian-exim:.*\n", "", pathlib.Path("/etc", name).read_text(encoding="utf-8"), flags=re.M)
            (self.folder / name).write_text(known.rstrip("\n") + "\n" + more)
        config = self.folder / "exim.conf"
        config.write_text(self._CONFIG.format(binary=binary, folder=self.folder, port=self.port, sink=self.sink.port))
        mounts = [f"mount --bind {shlex.quote(str(self.folder / name))} /etc/{name}" for name in ("passwd", "group")]
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh",
                binary, "-C", config, "-bdf"]


class Haraka(Hop):
    """From npm (tools/fetch_haraka.sh), with one plug-in, which lets everything through to the sink."""

    name = "Haraka"
    _PLUGIN = """\
'use strict'
exports.hook_rcpt = (next, connection) => {
    connection.relaying = true
    next(OK)
}
exports.hook_get_mx = (next) => next(OK, [{ priority: 0, exchange: '127.0.0.1', port: %d }])
"""

    def command(self):
        if not (HARAKA / "package.json").exists():
            raise peers.Missing("Haraka is not installed: tools/fetch_haraka.sh")
        if not shutil.which("node"):
            raise peers.Missing("node is not installed")
        config = self.folder / "config"
        for name in ("plugins", "queue"):
            (self.folder / name).mkdir()
        shutil.copytree(HARAKA / "config", config)
        for name, text in {"me": "hop.example.test", "plugins": "hop\n", "log.ini": "[main]\nlevel=notice\n",
                           "smtp.ini": f"listen=127.0.0.1:{self.port}\ndaemonize=false\n",
                           "outbound.ini": "enable_tls=false\nlocal_mx_ok=true\nipv6_enabled=false\n"}.items():
            (config / name).write_text(text)
        (self.folder / "plugins" / "hop.js").write_text(self._PLUGIN % self.sink.port)
        return ["node", HARAKA / "bin" / "haraka", "-c", self.folder]


KINDS = {"postfix": postfix, "exim": Exim, "haraka": Haraka}
