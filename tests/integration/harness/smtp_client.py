"""A raw SMTP client for right, wrong and hostile dialogues: sends exactly the octets it is told to."""

import base64
import socket
import ssl
import time


class Closed(Exception):
    """The server ended the connection."""


class Reply:
    """One reply, of one or more lines."""

    def __init__(self, raw_lines):
        self.raw = raw_lines
        self.code = int(raw_lines[-1][:3]) if raw_lines[-1][:3].isdigit() else 0
        self.lines = [line[4:].decode("latin-1") for line in raw_lines]

    @property
    def text(self):
        """All lines without the code, joined."""
        return " ".join(self.lines)

    @property
    def status(self):
        """The enhanced code, or ''."""
        word = self.lines[0].split(" ")[0] if self.lines[0] else ""
        return word if word.count(".") == 2 and word.replace(".", "").isdigit() else ""

    def __str__(self):
        return " | ".join(line.decode("latin-1") for line in self.raw)

    __repr__ = __str__


def permissive_context(**settings):
    """Trusts anything: for tests that are not about certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in settings.items():
        setattr(context, name, value)
    return context


def plain_token(user, password, authzid=""):
    """The initial response of AUTH PLAIN."""
    return base64.b64encode(b"\0".join(p.encode() if isinstance(p, str) else p for p in (authzid, user, password))).decode()


def b64(text):
    """Base64 of a text, as a str."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


class SmtpClient:
    """Connects on construction. tls: None (plain), "implicit", or "none" without reading a banner."""

    def __init__(self, host, port, tls=None, timeout=20.0, context=None, server_name="mail.example.test", banner=True, source=None):
        self.timeout = timeout
        self.server_name = server_name
        self.context = context
        self.sock = socket.create_connection((host, port), timeout=timeout, source_address=source)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.banner = None
        self.extensions = {}
        if tls == "implicit":
            self.wrap()
        if banner:
            self.banner = self.reply()

    # octets

    def wrap(self, context=None, **settings):
        """TLS from here on."""
        context = context or self.context or permissive_context(**settings)
        self.sock = context.wrap_socket(self.sock, server_hostname=self.server_name)
        self.buffer = b""
        return self

    def send(self, data):
        """Octets as they are; str is Latin-1."""
        self.sock.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def read_some(self, seconds=None):
        """What is there, at least one octet; Closed at the end."""
        self.sock.settimeout(self.timeout if seconds is None else seconds)
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("end of stream")
        return data

    def line(self, seconds=None):
        """One line with its end."""
        while b"\n" not in self.buffer:
            self.buffer += self.read_some(seconds)
            if len(self.buffer) > 1 << 20:
                raise AssertionError("a reply line of a megabyte")
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line + b"\n"

    def reply(self, seconds=None):
        """One whole reply; its form is held to RFC 5321 and to our 200 octets a line."""
        lines = []
        while True:
            line = self.line(seconds)
            assert line.endswith(b"\r\n"), f"a reply line ends with CR LF: {line!r}"
            assert len(line) <= 512, f"a reply line has at most 512 octets: {line!r}"
            line = line[:-2]
            assert line[:3].isdigit() and line[3:4] in (b" ", b"-", b""), f"a reply line begins with its code: {line!r}"
            assert all(32 <= octet < 127 for octet in line), f"a reply line is printable ASCII: {line!r}"
            lines.append(line)
            if line[3:4] != b"-":
                return Reply(lines)

    def silent(self, seconds):
        """True when nothing comes for so long."""
        try:
            self.buffer += self.read_some(seconds)
        except (TimeoutError, ssl.SSLWantReadError):
            return True
        return False

    def closed(self, seconds=None):
        """True when the server ends the connection (what it says before does not matter)."""
        end = time.monotonic() + (self.timeout if seconds is None else seconds)
        try:
            while time.monotonic() < end:
                self.buffer += self.read_some(max(0.01, end - time.monotonic()))
        except Closed:
            return True
        except TimeoutError:
            return False
        except ssl.SSLError:
            return True
        except OSError:
            return True
        return False

    # the protocol

    def cmd(self, line, seconds=None):
        """A command and its reply."""
        self.send((line if isinstance(line, bytes) else line.encode("latin-1")) + b"\r\n")
        return self.reply(seconds)

    def ehlo(self, name="client.example.test"):
        """EHLO; keeps the extensions."""
        reply = self.cmd(f"EHLO {name}".rstrip())
        self.extensions = {}
        for line in reply.lines[1:]:
            word, _, rest = line.partition(" ")
            self.extensions[word.upper()] = rest
        return reply

    def starttls(self, context=None, **settings):
        """STARTTLS and the handshake."""
        reply = self.cmd("STARTTLS")
        assert reply.code == 220, reply
        self.wrap(context, **settings)
        return self

    def login(self, user, password):
        """AUTH PLAIN in one step."""
        return self.cmd("AUTH PLAIN " + plain_token(user, password))

    def login_login(self, user, password):
        """AUTH LOGIN in three steps."""
        reply = self.cmd("AUTH LOGIN")
        if reply.code != 334:
            return reply
        reply = self.cmd(b64(user))
        if reply.code != 334:
            return reply
        return self.cmd(b64(password))

    def transaction(self, sender, recipients, content, parameters=""):
        """MAIL, RCPT, DATA, the content as given (CR LF, not stuffed yet); the last reply."""
        recipients = [recipients] if isinstance(recipients, str) else recipients
        reply = self.cmd(f"MAIL FROM:<{sender}>{' ' + parameters if parameters else ''}")
        if reply.code != 250:
            return reply
        taken = 0
        for recipient in recipients:
            reply = self.cmd(f"RCPT TO:<{recipient}>")
            taken += reply.code == 250
        if not taken:
            return reply
        reply = self.cmd("DATA")
        if reply.code != 354:
            return reply
        return self.content(content)

    def content(self, content):
        """Dot-stuffs, sends, ends with CR LF . CR LF."""
        data = content if isinstance(content, bytes) else content.encode()
        if data.startswith(b"."):
            data = b"." + data
        data = data.replace(b"\r\n.", b"\r\n..")
        if not data.endswith(b"\r\n"):
            data += b"\r\n"
        self.send(data + b".\r\n")
        return self.reply()

    def quit(self):
        """QUIT, and wait for the end."""
        reply = self.cmd("QUIT")
        self.close()
        return reply

    def close(self):
        """At once."""
        try:
            self.sock.close()
        except OSError:
            pass

    def reset(self):
        """A TCP reset, as from a program that was killed."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
