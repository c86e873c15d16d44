"""Exim from Debian's exim4-daemon-heavy, unpacked, seen by its own mount namespace as if it were installed.

The package's binary wants a user named Debian-exim and some libraries that a machine may lack. Both are given by bind
mounts of edited copies of /etc/passwd, /etc/group and the linker's cache, in a namespace that ends with the server;
nothing on the machine changes.
"""

import os
import re
import shlex

from .. import common
from .base import Server

_CONFIG = """\
primary_hostname = {hostname}
exim_path = {binary}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
split_spool_directory = true
disable_ipv6 = true
keep_environment =
add_environment = <; PATH=/bin:/usr/bin
timezone = UTC
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts = *
tls_certificate = {chain}
tls_privatekey = {key}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 400
smtp_accept_queue = 0
smtp_accept_queue_per_connection = 0
smtp_connect_backlog = 200
queue_run_max = 5
{mode}
acl_smtp_rcpt = rcpt
acl_smtp_data = accept

begin acl
rcpt:
  deny !encrypted = *
  accept authenticated = *
  deny

begin routers
smarthost:
  driver = manualroute
  {route} byname
  self = send
  transport = remote_smtp

begin transports
remote_smtp:
  driver = smtp
  {tls}

begin retry
* * F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


class Exim(Server):
    """A delivery process for each message as it comes, which is Exim's way; limits for one client raised."""

    name = "Exim"
    # What it links with and a machine may lack.
    _libraries = {"libmariadb.so.3": "libmariadb3", "libspf2.so.2": "libspf2-2", "libpq.so.5": "libpq5", "libidn.so.12": "libidn12",
                  "libldap-2.5.so.0": "libldap-2.5-0", "liblber-2.5.so.0": "libldap-2.5-0", "libperl.so.5.36": "libperl5.36",
                  "libgnutls-dane.so.0": "libgnutls-dane0", "libgnutls.so.30": "libgnutls30", "libdb-5.3.so": "libdb5.3",
                  "libnsl.so.2": "libnsl2", "libtirpc.so.3": "libtirpc3", "libunbound.so.8": "libunbound8",
                  "libevent-2.1.so.7": "libevent-2.1-7", "libsasl2.so.2": "libsasl2-2", "libsqlite3.so.0": "libsqlite3-0",
                  "libgssapi_krb5.so.2": "libgssapi-krb5-2", "libaudit.so.1": "libaudit1", "libcap-ng.so.0": "libcap-ng0"}

    @classmethod
    def prepare(cls):
        fetch = common.ROOT / "tools" / "fetch_peers.sh"
        common.run(fetch, "exim4-daemon-heavy")
        folder = common.WORK / "exim-namespace"
        folder.mkdir(parents=True, exist_ok=True)
        for name, line in (("passwd", "Debian-exim:x:64990:64990::/nonexistent:/usr/sbin/nologin\n"),
                           ("group", "Debian-exim:x:64990:\n")):
            with open(f"/etc/{name}", encoding="utf-8") as file:
                text = file.read()
            if "Debian-exim:" not in text:
                text = text.rstrip("\n") + "\n" + line
            (folder / name).write_text(text)
        fetched = []
        while True:
            cls._write_cache(folder, fetched)
            missing = re.findall(r"^\s*(\S+) => not found", common.run(*cls._wrapped(["ldd", cls._binary()])), re.M)
            wanted = {cls._libraries.get(name) for name in missing}
            if not wanted:
                return
            if None in wanted or wanted <= set(fetched):
                common.die(f"Exim wants libraries that are not here: {' '.join(missing)}", "leave it out: --only posthaste,postfix,haraka")
            common.run(fetch, *sorted(wanted))
            fetched += wanted

    @classmethod
    def _write_cache(cls, folder, packages):
        folders = {str(path.parent) for package in packages for path in (common.PEERS / package).rglob("*.so.*")}
        (folder / "ld.so.conf").write_text("include /etc/ld.so.conf\n" + "".join(f"{name}\n" for name in sorted(folders)))
        common.run("ldconfig", "-f", folder / "ld.so.conf", "-C", folder / "ld.so.cache", "-X")

    @classmethod
    def _wrapped(cls, command):
        folder = common.WORK / "exim-namespace"
        mounts = [f"mount --bind {shlex.quote(str(folder / name))} /etc/{name}" for name in ("passwd", "group", "ld.so.cache")]
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh", *command]

    @classmethod
    def _binary(cls):
        return common.PEERS / "exim4-daemon-heavy" / "usr/sbin/exim4"

    @classmethod
    def version(cls):
        return common.run(*cls._wrapped([cls._binary(), "-C", "/dev/null", "-bV"])).split("\n")[0].split()[2]

    def configure(self):
        self.config = self.folder / "exim.conf"
        for name in ("spool", "log"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, 64990, 64990)
        mode = "remote_max_parallel = 4" if self.sink else "queue_only = true"
        self.config.write_text(_CONFIG.format(hostname=common.HOSTNAME, binary=self._binary(), folder=self.folder, port=self.port,
                                              chain=self.chain, key=self.key, mode=mode, route=self._route(), user=common.USER,
                                              tls="" if self.sites else "hosts_avoid_tls = *", password=common.PASSWORD))

    def _route(self):
        if self.sites:
            return f"route_data = ${{sg{{$domain}}{{^site(.*)\\.test\\$}}{{127.0.1.\\$1}}}}::{self.sink}"
        return f"route_list = * 127.0.0.1::{self.sink or 9}"

    def command(self):
        return self._wrapped([self._binary(), "-C", self.config, "-bdf"]), common.environment()

    def queued(self):
        return sum(1 for _ in (self.folder / "spool").rglob("*-H"))
