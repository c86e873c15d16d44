"""Signed zones: an Nsd whose zones are signed by ldns, and the trust anchors for them.

A zone is tampered with after it was signed, so that its signatures no longer hold: what a liar on the way does.
"""

import hashlib
import pathlib
import re
import shutil
import subprocess

from . import peers


def have_tools():
    """Whether zones can be signed here."""
    return shutil.which("ldns-signzone") is not None and shutil.which("ldns-keygen") is not None


def _run(arguments, folder):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]}: {done.stderr}")
    return done.stdout.strip()


class SignedNsd(peers.Nsd):
    """Like Nsd; the zones in `signed` are signed. `tamper`: zone -> a function that changes the text of the signed zone."""

    def __init__(self, folder, zones, signed=(), tamper=None, **options):
        if not have_tools():
            raise peers.Missing("ldns-signzone is not installed: apt-get install ldnsutils")
        self.signed, self.tamper, self._keys = set(signed), tamper or {}, {}
        super().__init__(folder, zones, **options)
        self.anchor_file = pathlib.Path(folder) / "anchors"
        self.anchor_file.write_text("".join((self.folder / f"{self._keys[zone]}.ds").read_text() for zone in signed))
        self.anchor_file.chmod(0o644)

    def _write(self, name, records):
        super()._write(name, records)
        if records is None or name not in self.signed:
            return
        if name not in self._keys:
            self._keys[name] = _run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name], self.folder)
        zone = self.folder / f"{name}.zone"
        _run(["ldns-signzone", "-o", name, "-f", f"{name}.zone.signed", zone.name, self._keys[name]], self.folder)
        text = (self.folder / f"{name}.zone.signed").read_text()
        if name in self.tamper:
            changed = self.tamper[name](text)
            assert changed != text, "nothing was tampered with"
            text = changed
        zone.write_text(text)


def other_digest(text):
    """Tampers: other digits in every TLSA record."""
    def turned(match):
        return match.group(1) + match.group(2).translate(str.maketrans("0123456789abcdefABCDEF", "1234567890bcdefaBCDEFA"))
    return re.sub(r"(\sIN\s+TLSA\s+\d+ \d+ \d+ )([0-9a-fA-F]+)", turned, text)


def _der(arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return done.stdout


def tlsa(certificate_file, usage=3, selector=1, matching=1, wrong=False):
    """The data of a TLSA record for the first certificate in that file."""
    if selector == 0:
        octets = _der(["x509", "-in", str(certificate_file), "-outform", "DER"])
    else:
        key = subprocess.run(["openssl", "x509", "-in", str(certificate_file), "-noout", "-pubkey"], capture_output=True, check=True).stdout
        octets = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, capture_output=True, check=True).stdout
    if matching == 1:
        octets = hashlib.sha256(octets).digest()
    elif matching == 2:
        octets = hashlib.sha512(octets).digest()
    if wrong:
        octets = bytes([octets[0] ^ 255]) + octets[1:]
    return f"{usage} {selector} {matching} {octets.hex()}"
