"""Real servers, unpacked by tools/fetch_peers.sh, run with folders and ports of their own."""

import os
import pathlib
import pwd
import grp
import shutil
import signal
import socket
import subprocess

from . import waiting
from .ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[3]
PEERS = ROOT / "build" / "peers"


class Missing(Exception):
    """A peer that is not here; the text says how to get it."""


def unpacked(name):
    """Where that package is; Missing when it is not."""
    folder = PEERS / name
    if not (folder / ".complete").exists():
        raise Missing(f"{name} is not unpacked: tools/fetch_peers.sh {name}")
    return folder


def stop(process):
    """Ends it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Postfix:
    """The recipients' server: takes everything for every domain into one Maildir. Needs root, as Postfix does."""

    _MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
{v6}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""

    def __init__(self, folder, certificate=None, settings=None):
        if os.geteuid() != 0:
            raise Missing("Postfix runs as root only; start the tests as root")
        root = unpacked("postfix")
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.maildir = self.folder / "mail" / "all"
        self.log_file = self.folder / "postfix.log"
        # Accounts that every Debian has: Postfix wants an owner that is nobody else, and a group that is neither's.
        owner, group = pwd.getpwnam("mail"), grp.getgrnam("uucp")
        queue = self.folder / "queue"
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
                     "trace", "maildrop", "public", "pid"):
            (queue / name).mkdir(parents=True)
        for name in ("conf", "data", "mail"):
            (self.folder / name).mkdir()
        for path in (queue, queue / "pid"):
            os.chown(path, 0, 0)
        for path in queue.iterdir():
            if path.name != "pid":
                os.chown(path, owner.pw_uid, group.gr_gid if path.name in ("maildrop", "public") else -1)
                path.chmod({"maildrop": 0o730, "public": 0o710}.get(path.name, 0o700))
        for name in ("data", "mail"):
            os.chown(self.folder / name, owner.pw_uid, owner.pw_gid)
        v6 = f"[::1]:{self.port} inet n - n - - smtpd" if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6") else ""
        (self.folder / "conf" / "master.cf").write_text(self._MASTER.format(port=self.port, v6=v6))
        self._write_main(root, owner, certificate, settings or {})
        environment = dict(os.environ, LD_LIBRARY_PATH=str(root / "usr/lib/postfix"), MAIL_CONFIG=str(self.folder / "conf"))
        self._output = open(self.folder / "output", "wb")
        self._process = subprocess.Popen([root / "usr/lib/postfix/sbin/master", "-c", self.folder / "conf", "-d"],
                                         env=environment, stdout=self._output, stderr=self._output, start_new_session=True)
        waiting.until(self._up, 15, f"Postfix; {self.log_file}")

    def _write_main(self, root, owner, certificate, settings):
        main = {
            "compatibility_level": "3.6",
            "queue_directory": self.folder / "queue",
            "data_directory": self.folder / "data",
            "command_directory": root / "usr/sbin",
            "daemon_directory": root / "usr/lib/postfix/sbin",
            "shlib_directory": root / "usr/lib/postfix",
            "meta_directory": self.folder / "conf",
            "mail_owner": "mail",
            "setgid_group": "uucp",
            "default_privs": "nobody",
            "import_environment": "LD_LIBRARY_PATH MAIL_CONFIG TZ",
            "export_environment": "LD_LIBRARY_PATH MAIL_CONFIG TZ",
            "maillog_file": self.log_file,
            "maillog_file_prefixes": self.folder,
            "myhostname": "recipients.example.test",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8 [::1]/128",
            "inet_interfaces": "127.0.0.1",
            "virtual_mailbox_domains": "static:all",
            "virtual_mailbox_base": self.folder / "mail",
            "virtual_mailbox_maps": "static:all/",
            "virtual_uid_maps": f"static:{owner.pw_uid}",
            "virtual_gid_maps": f"static:{owner.pw_gid}",
            "virtual_minimum_uid": "1",
            "virtual_mailbox_limit": "0",
            "message_size_limit": "209715200",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_timeout": "60s",
            "alias_maps": "",
            "alias_database": "",
            "local_recipient_maps": "",
            "smtpd_peername_lookup": "no",
            "append_dot_mydomain": "no",
            "append_at_myorigin": "no",
            "local_header_rewrite_clients": "",
        }
        if certificate:
            main.update(smtpd_tls_security_level="may", smtpd_tls_cert_file=certificate[0], smtpd_tls_key_file=certificate[1])
        main.update(settings)
        text = "".join(f"{name} = {value}\n" for name, value in main.items())
        (self.folder / "conf" / "main.cf").write_text(text)

    def _up(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"Postfix ended: {(self.folder / 'output').read_text()}")
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
                return sock.recv(4).startswith(b"220")
        except OSError:
            return False

    @property
    def address(self):
        """host:port."""
        return f"127.0.0.1:{self.port}"

    def messages(self):
        """Files of the Maildir, oldest first, as octets with LF line ends (as Postfix writes them)."""
        folder = self.maildir / "new"
        if not folder.exists():
            return []
        return [path.read_bytes() for path in sorted(folder.iterdir(), key=lambda p: p.stat().st_mtime_ns)]

    def wait(self, words, seconds=20.0):
        """The message that contains those octets."""
        words = words if isinstance(words, bytes) else words.encode()
        return waiting.until(lambda: next((m for m in self.messages() if words in m), None), seconds,
                             f"a message with {words!r} in Postfix's Maildir")

    def log(self):
        """What Postfix has to say."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def close(self):
        """Stops it."""
        stop(self._process)
        self._output.close()


class Nsd:
    """Authoritative name server for zones given as {"example.net": "records"}; records without a SOA get one.

    A zone whose text is None is configured without a file: the server answers SERVFAIL for it.
    """

    def __init__(self, folder, zones, address="127.0.0.1"):
        root = unpacked("nsd")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host, self.port = address, free_port()
        self.zones = {}
        self._serial = 1
        self._binary = root / "usr/sbin/nsd"
        for name, records in zones.items():
            self._write(name, records)
        settings = [
            "server:", f"  ip-address: {self.host}@{self.port}", f'  zonesdir: "{self.folder}"', '  database: ""',
            f'  pidfile: "{self.folder}/nsd.pid"', f'  logfile: "{self.folder}/nsd.log"', f'  xfrdfile: "{self.folder}/xfrd"',
            f'  xfrdir: "{self.folder}"', f'  zonelistfile: "{self.folder}/zones.list"', '  username: ""', '  chroot: ""',
            "  server-count: 1", "  reuseport: no", "  verbosity: 1", "  rrl-ratelimit: 0", "remote-control:", "  control-enable: no",
        ]
        for name in zones:
            settings += ["zone:", f'  name: "{name}"', f'  zonefile: "{name}.zone"']
        (self.folder / "nsd.conf").write_text("\n".join(settings) + "\n")
        self._process = None
        self.start()

    def _write(self, name, records):
        path = self.folder / f"{name}.zone"
        self.zones[name] = records
        if records is None:
            path.unlink(missing_ok=True)
            return
        self._serial += 1
        lines = [line.strip() for line in records.strip().splitlines()]
        text = (f"$ORIGIN {name}.\n$TTL 1\n@ 1 IN SOA ns.{name}. admin.{name}. {self._serial} 60 60 3600 1\n@ 1 IN NS ns.{name}.\n"
                f"ns 1 IN A {self.host}\n" + "\n".join(lines) + "\n")
        path.write_text(text)

    def start(self):
        """Starts, with the zones as they are now."""
        self._process = subprocess.Popen([self._binary, "-d", "-c", self.folder / "nsd.conf"], stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, start_new_session=True)
        waiting.until(self._up, 10, f"NSD; {self.folder}/nsd.log")

    def change(self, **zones):
        """Other records; names with underscores for dots. Restarts the server."""
        for name, records in zones.items():
            self._write(name.replace("_", "."), records)
        self.stop()
        self.start()

    def stop(self):
        """No answers from here on."""
        stop(self._process)

    def _up(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"NSD ended: {(self.folder / 'nsd.log').read_text()}")
        # A query for the first zone's SOA, by hand: id, flags, one question.
        name = next(iter(self.zones))
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
        with socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.5)
            try:
                sock.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + b"\0\6\0\1", (self.host, self.port))
                return sock.recv(512)[:2] == b"\x12\x34"
            except OSError:
                return False

    @property
    def address(self):
        """host:port."""
        return f"{self.host}:{self.port}"

    def close(self):
        """Stops it."""
        self.stop()


def have(program):
    """Whether a mail program is installed."""
    return shutil.which(program) is not None
