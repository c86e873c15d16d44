"""A certificate authority for tests, by the openssl program."""

import pathlib
import subprocess

NAMES = "DNS:mail.example.test,DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")


def _new_key(path, kind):
    if kind == "rsa":
        _openssl("genrsa", "-out", str(path), "2048")
    else:
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path))
    path.chmod(0o644)  # tests read it as whatever user the server becomes


class Authority:
    """Signs server certificates; ca.pem is what a client trusts."""

    def __init__(self, folder, name="Test CA"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca_file = self.folder / "ca.pem"
        self._key = self.folder / "ca.key"
        self._serial = 1
        _new_key(self._key, "ecdsa")
        _openssl("req", "-x509", "-new", "-key", str(self._key), "-out", str(self.ca_file), "-days", "30", "-subj", f"/CN={name}",
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")

    def issue(self, label, names=NAMES, kind="ecdsa", days=30, usage="serverAuth"):
        """Gives (certificate chain file, key file). days < 0: expired."""
        key, request = self.folder / f"{label}.key", self.folder / f"{label}.csr"
        certificate, extensions = self.folder / f"{label}.pem", self.folder / f"{label}.ext"
        _new_key(key, kind)
        _openssl("req", "-new", "-key", str(key), "-out", str(request), "-subj", f"/CN={label}")
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage={usage}\nbasicConstraints=CA:FALSE\n")
        self._serial += 1
        period = ["-days", str(days)]
        if days < 0:
            # `openssl x509` cannot start in the past; `openssl ca` can, and needs a small configuration.
            self._issue_expired(request, certificate, extensions)
        else:
            _openssl("x509", "-req", "-in", str(request), "-CA", str(self.ca_file), "-CAkey", str(self._key), "-set_serial",
                     str(self._serial), "-out", str(certificate), "-extfile", str(extensions), *period)
        with open(certificate, "a", encoding="ascii") as chain:
            chain.write(self.ca_file.read_text())
        return certificate, key

    def _issue_expired(self, request, certificate, extensions):
        base = self.folder / "ca-db"
        base.mkdir(exist_ok=True)
        (base / "index.txt").write_text("")
        (base / "index.txt.attr").write_text("unique_subject = no\n")
        (base / "serial").write_text(f"{self._serial + 0x1000:04x}\n")
        config = base / "ca.cnf"
        config.write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={base}/index.txt\nserial={base}/serial\nnew_certs_dir={base}\n"
            f"certificate={self.ca_file}\nprivate_key={self._key}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n"
            "[p]\ncommonName=supplied\n")
        _openssl("ca", "-batch", "-notext", "-config", str(config), "-in", str(request), "-out", str(certificate), "-extfile",
                 str(extensions), "-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
