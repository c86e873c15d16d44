"""Three verifiers of DKIM signatures that know nothing of each other, nor of us: dkimpy, Mail::DKIM, OpenDKIM.

Each is given the octets of a message and the records that DNS would show, and gives {selector: whether it verifies}.
"""

import ctypes
import pathlib
import re
import subprocess

import dkim

_VERIFIER = pathlib.Path(__file__).with_name("dkim_verify.pl")


def selectors(message):
    """Of the signatures, in their order."""
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", message.partition(b"\r\n\r\n")[0] + b"\r\n")
    return [re.search(rb"\bs=([^;\s]+)", line)[1].decode() for line in unfolded.split(b"\r\n")
            if line.lower().startswith(b"dkim-signature:")]


def dkimpy(message, records):
    """In Python; knows Ed25519."""
    def look_up(name, timeout=5):  # pylint: disable=unused-argument
        found = records.get(name.decode().rstrip("."))
        return None if found is None else found.encode()
    verdicts = {}
    for index, selector in enumerate(selectors(message)):
        try:
            verdicts[selector] = dkim.DKIM(message, minkey=1024).verify(idx=index, dnsfunc=look_up)
        except dkim.DKIMException as error:
            verdicts[selector] = f"{type(error).__name__}: {error}"
    return verdicts


def mail_dkim(message, records, folder):
    """In Perl; knows RSA only."""
    folder = pathlib.Path(folder)
    keys, file = folder / "keys", folder / "message.eml"
    keys.write_text("".join(f"{name} {record}\n" for name, record in records.items()))
    file.write_bytes(message)
    done = subprocess.run(["perl", _VERIFIER, keys, file], check=True, capture_output=True, text=True, timeout=120)
    verdicts = {}
    for line in done.stdout.splitlines():
        selector, result, detail = line.split(" ", 2)
        verdicts[selector] = True if result == "pass" else detail
    return verdicts


class _OpenDkim:
    """libopendkim by its C interface: opendkim-testmsg could look keys up in DNS only."""

    # dkim.h
    OK, SET, QUERY_METHOD, QUERY_INFO, BY_FILE, PASSED, BODY_MATCHES = 0, 1, 6, 7, 1, 4, 0

    def __init__(self, keys):
        self.library = ctypes.CDLL("libopendkim.so.11")
        for name, kind in (("dkim_init", ctypes.c_void_p), ("dkim_verify", ctypes.c_void_p),
                           ("dkim_sig_getselector", ctypes.c_char_p), ("dkim_sig_getflags", ctypes.c_uint),
                           ("dkim_sig_geterrorstr", ctypes.c_char_p)):
            getattr(self.library, name).restype = kind
        self.handle = ctypes.c_void_p(self.library.dkim_init(None, None))
        method = ctypes.c_int(self.BY_FILE)
        path = ctypes.create_string_buffer(str(keys).encode())
        assert self.library.dkim_options(self.handle, self.SET, self.QUERY_METHOD, ctypes.byref(method),
                                         ctypes.c_size_t(ctypes.sizeof(method))) == self.OK
        assert self.library.dkim_options(self.handle, self.SET, self.QUERY_INFO, path, ctypes.c_size_t(len(path.value) + 1)) == self.OK

    def verify(self, message):
        """{selector: True or what is wrong}."""
        status = ctypes.c_int()
        handle = ctypes.c_void_p(self.library.dkim_verify(self.handle, b"test", None, ctypes.byref(status)))
        assert status.value == self.OK
        header, _, body = message.partition(b"\r\n\r\n")
        for field in re.split(rb"\r\n(?![ \t])", header):
            assert self.library.dkim_header(handle, field, ctypes.c_size_t(len(field))) == self.OK, field
        self.library.dkim_eoh(handle)
        if body:
            assert self.library.dkim_body(handle, body, ctypes.c_size_t(len(body))) == self.OK
        self.library.dkim_eom(handle, None)
        signatures, count = ctypes.POINTER(ctypes.c_void_p)(), ctypes.c_int()
        verdicts = {}
        if self.library.dkim_getsiglist(handle, ctypes.byref(signatures), ctypes.byref(count)) == self.OK:
            for index in range(count.value):
                signature = ctypes.c_void_p(signatures[index])
                good = self.library.dkim_sig_getflags(signature) & self.PASSED and \
                    self.library.dkim_sig_getbh(signature) == self.BODY_MATCHES
                error = self.library.dkim_sig_geterrorstr(self.library.dkim_sig_geterror(signature))
                verdicts[self.library.dkim_sig_getselector(signature).decode()] = True if good else error.decode()
        self.library.dkim_free(handle)
        return verdicts

    def close(self):
        """Frees the library."""
        self.library.dkim_close(self.handle)


def opendkim(message, records, folder):
    """In C; knows RSA only."""
    keys = pathlib.Path(folder) / "opendkim.keys"
    keys.write_text("".join(f"{name} {record}\n" for name, record in records.items()))
    verifier = _OpenDkim(keys)
    try:
        return verifier.verify(message)
    finally:
        verifier.close()
