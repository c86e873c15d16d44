"""Dovecot, the incoming server that a mail program wants beside ours; unpacked by tools/fetch_peers.sh, with ports of its own."""

import os
import pathlib
import signal
import socket
import subprocess

from . import waiting
from .peers import Missing, _peer
from .ports import free_port


class Dovecot:
    """IMAP with TLS from the first octet on `port`, for `users`: {"anna@example.test": password}. Needs root.

    Its programs look for each other and for their modules under /usr: they run in a mount namespace of their own,
    where the two unpacked packages lie over /usr. Nothing is installed.
    """

    def __init__(self, folder, certificate, users):
        if os.geteuid() != 0:
            raise Missing("Dovecot is run in a mount namespace, which is root's; start the tests as root")
        packages = [_peer("dovecot-imapd") / "usr", _peer("dovecot-core") / "usr"]
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        home = self.folder / "home"
        home.mkdir()
        subprocess.run(["chown", "mail:", str(home)], check=True)
        accounts = self.folder / "users"
        accounts.write_text("".join(f"{user}:{{PLAIN}}{password}\n" for user, password in users.items()))
        accounts.chmod(0o644)
        config = self.folder / "dovecot.conf"
        # Accounts that every Debian has, for the processes that give up their rights.
        config.write_text(f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificate[0]}
ssl_key = <{certificate[1]}
auth_mechanisms = plain login
mail_location = maildir:{home}/%u
first_valid_uid = 1
first_valid_gid = 1
default_login_user = nobody
default_internal_user = daemon
default_internal_group = daemon
passdb {{
  driver = passwd-file
  args = username_format=%u {accounts}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={home}/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {self.port}
    ssl = yes
  }}
}}
""")
        lower = ":".join(str(path) for path in [*packages, "/usr"])
        self._output = open(self.folder / "output", "wb")
        self._process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", 'mount -t overlay overlay -o "lowerdir=$1" /usr && exec dovecot -F -c "$2"', "sh", lower,
             config], stdout=self._output, stderr=self._output, start_new_session=True)
        try:
            waiting.until(self._up, 15, f"Dovecot; {self.folder}/dovecot.log")
        except BaseException:
            self.close()
            raise

    def _up(self):
        if self._process.poll() is not None:
            said = (self.folder / "output").read_text(errors="replace") + self.log()
            if "mount" in said:
                raise Missing(f"Dovecot cannot be run in a mount namespace here: {said.strip()}")
            raise RuntimeError(f"Dovecot ended: {said}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
            return True
        except OSError:
            return False

    def log(self):
        """What it has to say."""
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self):
        """Stops it with all its processes."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self._output.close()
