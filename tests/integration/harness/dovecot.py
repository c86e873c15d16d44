"""Dovecot: the incoming server that a mail program wants beside ours, and a smarthost that is not ours; unpacked by
tools/fetch_peers.sh, with ports of its own."""

import os
import pathlib
import signal
import socket
import subprocess

from . import waiting
from .peers import Missing, unpacked
from .ports import free_port


class _Running:
    """Its programs look for each other and for their modules under /usr: they run in a mount namespace of their own,
    where the unpacked packages lie over /usr. Nothing is installed. Needs root."""

    def __init__(self, folder, certificate, users, packages, config):
        if os.geteuid() != 0:
            raise Missing("Dovecot is run in a mount namespace, which is root's; start the tests as root")
        packages = [unpacked(name) / "usr" for name in packages]
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.home = self.folder / "home"
        self.home.mkdir()
        subprocess.run(["chown", "mail:", str(self.home)], check=True)
        self.accounts = self.folder / "users"
        self.accounts.write_text("".join(f"{user}:{{PLAIN}}{password}\n" for user, password in users.items()))
        self.accounts.chmod(0o644)
        # Accounts that every Debian has, for the processes that give up their rights.
        common = f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/state
log_path = {self.folder}/dovecot.log
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificate[0]}
ssl_key = <{certificate[1]}
mail_location = maildir:{self.home}/%u
first_valid_uid = 1
first_valid_gid = 1
default_login_user = nobody
default_internal_user = daemon
default_internal_group = daemon
passdb {{
  driver = passwd-file
  args = username_format=%u {self.accounts}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={self.home}/%u
}}
"""
        path = self.folder / "dovecot.conf"
        path.write_text(common + config(self))
        lower = ":".join(str(path) for path in [*packages, "/usr"])
        self._output = open(self.folder / "output", "wb")
        self._process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", 'mount -t overlay overlay -o "lowerdir=$1" /usr && exec dovecot -F -c "$2"', "sh", lower,
             path], stdout=self._output, stderr=self._output, start_new_session=True)
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


class Dovecot(_Running):
    """IMAP with TLS from the first octet on `port`, for `users`: {"anna@example.test": password}."""

    def __init__(self, folder, certificate, users):
        super().__init__(folder, certificate, users, ["dovecot-imapd", "dovecot-core"], lambda made: f"""
protocols = imap
auth_mechanisms = plain login
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
    port = {made.port}
    ssl = yes
  }}
}}
""")


class DovecotSubmission(_Running):
    """A smarthost with STARTTLS on `port` that passes mail on to a sink; logins by those mechanisms alone."""

    def __init__(self, folder, certificate, users, sink, mechanisms):
        super().__init__(folder, certificate, users, ["dovecot-submissiond", "dovecot-core"], lambda made: f"""
protocols = submission
hostname = localhost
auth_mechanisms = {mechanisms}
submission_relay_host = {sink.host}
submission_relay_port = {sink.port}
submission_relay_ssl = no
submission_relay_trusted = no
service submission-login {{
  chroot =
  inet_listener submission {{
    port = {made.port}
  }}
}}
""")


class DovecotLmtp(_Running):
    """Mailboxes of `users` behind LMTP, on `port` and on the socket at `path`; full(user) leaves one no room."""

    def __init__(self, folder, certificate, users):
        self.path = pathlib.Path(folder) / "run" / "lmtp-here"
        super().__init__(folder, certificate, users, ["dovecot-lmtpd", "dovecot-core"], lambda made: f"""
protocols = lmtp
postmaster_address = postmaster@example.test
hostname = mailboxes.example.test
mail_plugins = quota
protocol lmtp {{
  mail_plugins = quota
}}
plugin {{
  quota = count:user
  quota_vsizes = yes
  quota_rule = *:storage=64k
  quota_status_overquota = "552 5.2.2 Mailbox is full"
}}
lmtp_rcpt_check_quota = no
lmtp_add_received_header = yes
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {made.port}
  }}
  unix_listener {made.path} {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
""")

    def mailbox(self, user):
        """What was delivered to them."""
        return [path.read_bytes() for path in sorted((self.home / user).glob("new/*"))]

    def wait(self, user, count=1):
        """Their mail, once there are so many messages."""
        return waiting.until(lambda: (found := self.mailbox(user)) and len(found) >= count and found, 15, f"mail for {user}; {self.log()}")
