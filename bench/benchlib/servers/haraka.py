"""Haraka from npm, one worker process a core, its outbound queue on disk."""

import shutil

from .. import common
from .base import Server

_ROUTE = """\
'use strict'
exports.hook_get_mx = function (next, hmail, domain) {
    const site = /^site(\d+)\.test$/.exec(domain)
    next(OK, [{ priority: 0, exchange: site ? `127.0.1.${site[1]}` : '127.0.0.1', port: %d }])
}
"""


class Haraka(Server):
    """TLS, auth/flat_file and the outbound queue; no other plug-in, as none of the others filters anything either."""

    name = "Haraka"

    @classmethod
    def _package(cls):
        return common.PEERS / "haraka" / "node_modules" / "Haraka"

    @classmethod
    def prepare(cls):
        if (cls._package() / "package.json").exists():
            return
        if not shutil.which("npm"):
            common.die("npm is not installed, and Haraka comes from there.",
                       "install nodejs (20 or newer) and npm, or leave Haraka out: --only posthaste,postfix,exim")
        folder = common.PEERS / "haraka"
        folder.mkdir(parents=True, exist_ok=True)
        common.say("npm install Haraka ...")
        common.run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "Haraka", cwd=folder)

    @classmethod
    def version(cls):
        return common.run("node", "-p", f"require('{cls._package()}/package.json').version").strip()

    def configure(self):
        config = self.folder / "config"
        for name in ("plugins", "queue"):
            (self.folder / name).mkdir()
        shutil.copytree(self._package() / "config", config)  # its defaults; a file here replaces all of one of those
        shutil.copy(self.chain, config / "tls_cert.pem")
        shutil.copy(self.key, config / "tls_key.pem")
        files = {
            "me": common.HOSTNAME,
            "plugins": "tls\nauth/flat_file\n" + ("bench_route\n" if self.sink else ""),
            "smtp.ini": f"listen=127.0.0.1:{self.port}\nnodes=cpus\ndaemonize=false\n",
            "log.ini": "[main]\nlevel=notice\n",
            "tls.ini": "key=tls_key.pem\ncert=tls_cert.pem\n",
            "auth_flat_file.ini": f"[core]\nmethods=PLAIN\n\n[users]\n{common.USER}={common.PASSWORD}\n",
            "outbound.ini": f"disabled={'false' if self.sink else 'true'}\nenable_tls={'true' if self.sites else 'false'}\nlocal_mx_ok=true\n",
        }
        for name, text in files.items():
            (config / name).write_text(text)
        if self.sink:
            (self.folder / "plugins" / "bench_route.js").write_text(_ROUTE % self.sink)

    def command(self):
        return ["node", self._package() / "bin" / "haraka", "-c", self.folder], common.environment()

    def queued(self):
        return sum(1 for path in (self.folder / "queue").iterdir() if not path.name.startswith("."))
