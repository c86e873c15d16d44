"""Postfix from Debian's package, unpacked; SMTP AUTH by Cyrus SASL's sasldb, in process, as Debian builds it."""

import grp
import os
import pwd
import subprocess

from .. import common
from .base import Server

_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
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
tlsproxy unix - - n - 0 tlsproxy
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Server):
    """Default limits; what would slow a single busy client (per-client limits, input throttling) is off."""

    name = "Postfix"
    _packages = ("postfix", "sasl2-bin", "libsasl2-modules", "libsasl2-modules-db")

    @classmethod
    def prepare(cls):
        common.run(common.ROOT / "tools" / "fetch_peers.sh", *cls._packages)
        # The plug-ins of two packages, in the one folder that SASL_PATH names.
        plugins = common.WORK / "sasl-plugins"
        plugins.mkdir(parents=True, exist_ok=True)
        for package in cls._packages[2:]:
            for file in (common.PEERS / package).rglob("sasl2/*.so*"):
                link = plugins / file.name
                if not link.exists():
                    link.symlink_to(file)

    @classmethod
    def version(cls):
        root = common.PEERS / "postfix"
        return common.run(root / "usr/sbin/postconf", "-d", "-h", "mail_version",
                          env={"LD_LIBRARY_PATH": str(root / "usr/lib/postfix"), "PATH": os.environ["PATH"]}).strip()

    def configure(self):
        root = common.PEERS / "postfix"
        # Accounts that every Debian has: Postfix wants an owner that is nobody else, and a group that is neither's.
        owner, group = pwd.getpwnam("mail"), grp.getgrnam("uucp")
        queue = self.folder / "queue"
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
                     "trace", "maildrop", "public", "pid"):
            (queue / name).mkdir(parents=True)
            if name != "pid":
                os.chown(queue / name, owner.pw_uid, group.gr_gid if name in ("maildrop", "public") else -1)
                (queue / name).chmod({"maildrop": 0o730, "public": 0o710}.get(name, 0o700))
        for name in ("conf/sasl", "data"):
            (self.folder / name).mkdir(parents=True)
        os.chown(self.folder / "data", owner.pw_uid, owner.pw_gid)
        (self.folder / "conf" / "master.cf").write_text(_MASTER.format(port=self.port))
        self._write_main(root)
        self._write_sasl(owner)

    def _write_main(self, root):
        hold = "" if self.sink else "check_client_access static:HOLD, "
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
            "import_environment": "LD_LIBRARY_PATH MAIL_CONFIG SASL_PATH TZ",
            "export_environment": "LD_LIBRARY_PATH MAIL_CONFIG SASL_PATH TZ",
            "maillog_file": self.folder / "postfix.log",
            "maillog_file_prefixes": self.folder,
            "myhostname": common.HOSTNAME,
            "mydestination": "",
            "mynetworks": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "alias_maps": "",
            "alias_database": "",
            "local_recipient_maps": "",
            "smtpd_tls_security_level": "encrypt",
            "smtpd_tls_cert_file": self.chain,
            "smtpd_tls_key_file": self.key,
            "smtpd_tls_auth_only": "yes",
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_path": "smtpd",
            "smtpd_sasl_local_domain": common.USER.split("@")[1],
            "smtpd_relay_restrictions": f"{hold}permit_sasl_authenticated, reject",
            "smtpd_recipient_restrictions": "",
            "smtpd_peername_lookup": "no",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_client_connection_rate_limit": "0",
            "in_flow_delay": "0",
            **self._routes(),
            "smtp_dns_support_level": "disabled",
            "default_destination_concurrency_limit": "50",
            "initial_destination_concurrency": "20",
        }
        (self.folder / "conf" / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in main.items()))

    def _routes(self):
        if not self.sites:
            return {"smtp_tls_security_level": "none", "relayhost": f"[127.0.0.1]:{self.sink}" if self.sink else ""}
        table = self.folder / "conf" / "transport"
        table.write_text("".join(f"site{n}.test smtp:[127.0.1.{n}]:{self.sink}\n" for n in range(1, self.sites + 1)))
        # Sessions and connections with TLS are used again, as with us.
        return {"smtp_tls_security_level": "may", "transport_maps": f"texthash:{table}", "smtp_tls_connection_reuse": "yes",
                "smtp_tls_session_cache_database": f"btree:{self.folder}/data/smtp_scache"}

    def _write_sasl(self, owner):
        folder = self.folder / "conf" / "sasl"  # where Debian's Postfix looks first
        database = folder / "sasldb2"
        (folder / "smtpd.conf").write_text(
            f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {database}\nmech_list: PLAIN\n")
        user, realm = common.USER.split("@")
        environment = common.environment(SASL_PATH=str(common.WORK / "sasl-plugins"))
        done = subprocess.run([common.PEERS / "sasl2-bin/usr/sbin/saslpasswd2", "-p", "-c", "-f", database, "-u", realm, user],
                              input=common.PASSWORD, text=True, capture_output=True, env=environment, check=False)
        if not database.exists():
            common.die(f"saslpasswd2 made no {database}: {done.stderr}")
        os.chown(database, owner.pw_uid, owner.pw_gid)

    def command(self):
        root = common.PEERS / "postfix"
        environment = common.environment(LD_LIBRARY_PATH=str(root / "usr/lib/postfix"), MAIL_CONFIG=str(self.folder / "conf"),
                           SASL_PATH=str(common.WORK / "sasl-plugins"))
        return [root / "usr/lib/postfix/sbin/master", "-c", self.folder / "conf", "-d"], environment

    def queued(self):
        return sum(1 for name in ("hold", "incoming", "active", "deferred")
                   for path in (self.folder / "queue" / name).rglob("*") if path.is_file())
