"""A next hop that does as the recipient's address says, and keeps every octet that it was sent.

Words in a local part, divided by dots, choose what happens to that recipient or to its message:

  rcpt550  rcpt451     that reply to RCPT            data550 data451   to DATA
  rcpt550-1-1          that reply with 5.1.1 instead of 5.7.1
  dot550   dot451      to the final dot              drop-before       closes behind 354
  drop-after           takes the message, says nothing, closes         slow3   waits 3 s before it answers the dot
  421                  answers 421 to RCPT and closes
  ...x1, ...x2         only the first time, the first two times (rcpt451x1: a greylisting server)

The same words in the sender's local part with "mail" (mail550) answer MAIL. Everything about a whole server (TLS,
extensions, login, hostile replies) is in Behaviour.
"""

import base64
import dataclasses
import re
import socket
import ssl
import threading
import time

from . import sasl, waiting

_WORD = re.compile(r"^(mail|rcpt|data|dot)(\d{3})(?:-(\d)-(\d+))?(?:x(\d+))?$")
_SLOW = re.compile(r"^slow(\d+)$")
_DROP = re.compile(r"^(drop-before|drop-after|421)(?:x(\d+))?$")

DEFAULT_EXTENSIONS = ("PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")


@dataclasses.dataclass
class Behaviour:
    """How the whole server behaves."""

    extensions: tuple = DEFAULT_EXTENSIONS
    certificate: tuple = None        # (chain, key): STARTTLS is offered
    implicit_tls: bool = False
    starttls: str = "good"           # good, refused, garbage, dropped, injected
    login: object = None             # (user, password), or a dict of those it knows: demanded before MAIL
    mechanisms: str = "PLAIN LOGIN"
    takes_token: object = None       # called with (user, token): whether XOAUTH2 and OAUTHBEARER are welcome
    scram_iterations: int = 4096
    scram_lies: bool = False         # it does not know the password, and says so only with a wrong signature
    client_authority: str = None     # PEM file: who may sign the client's certificate, which EXTERNAL needs
    external_users: tuple = ()       # subjects that EXTERNAL welcomes
    replies: dict = dataclasses.field(default_factory=dict)  # stage -> octets said instead; stage: banner EHLO MAIL RCPT DATA dot
    connection_replies: list = dataclasses.field(default_factory=list)  # one dict like `replies` for each connection in turn
    max_recipients: int = 0          # 452 4.5.3 from there on
    end_of_data: tuple = (b"\r\n.\r\n",)  # what this server takes for the end; lenient ones know more
    drop_content: bool = False       # closes behind 354, whoever it is for
    silent: bool = False             # accepts and never says anything
    max_connections: int = 0         # 421 at the banner beyond so many at once
    turns_away: tuple = ()           # addresses of clients that get 421 in place of a banner
    greylist: float = 0              # seconds: 451 to an unknown (client address, sender, recipient) before they are over
    pause: float = 0                 # seconds before the reply to the final dot
    lmtp: bool = False               # LHLO, and a reply for each recipient after the dot (RFC 2033)
    lmtp_cut: int = None             # closes behind so many of these replies


def first(octets, times=1):
    """For Behaviour.replies: those octets the first so many times, then as usual."""
    left = [times]

    def say():
        left[0] -= 1
        return octets if left[0] >= 0 else None
    return say


@dataclasses.dataclass
class Received:
    """A message as it came."""

    sender: str
    recipients: list
    data: bytes          # un-stuffed, with the CR LF before the final dot
    wire: bytes          # between DATA's CR LF and the end, as sent
    mail_parameters: str
    rcpt_parameters: list
    tls: str             # "TLSv1.3", or "" in clear
    connection: int
    login: str
    time: float
    client: str = ""     # the address it came from

    @property
    def header(self):
        """Up to the empty line."""
        return self.data.partition(b"\r\n\r\n")[0] + b"\r\n"

    @property
    def body(self):
        """Behind the empty line."""
        return self.data.partition(b"\r\n\r\n")[2]

    def field(self, name):
        """Values of that header field, unfolded."""
        unfolded = re.sub(rb"\r\n(?=[ \t])", b"", self.header).decode("utf-8", "replace")
        return [line.partition(":")[2].strip() for line in unfolded.split("\r\n") if line.lower().startswith(name.lower() + ":")]


class _Gone(Exception):
    pass


class Sink:
    """Listens on construction. host may be any loopback address, so that several MX hosts share one port; or `path`, a
    socket of this machine's own."""

    def __init__(self, port=0, host="127.0.0.1", path=None, **behaviour):
        self.behaviour = Behaviour(**behaviour)
        self.messages = []
        self.attempts = []           # (recipient, reply code) of each RCPT
        self.commands = []           # (connection, line)
        self.connections = 0
        self.peers = {}              # connection -> the address it came from
        self.open = 0
        self.most_open = 0
        self.refused = 0             # connections beyond max_connections
        self.first_tries = {}        # of greylist: (client, sender, recipient) -> time
        self._times = {}
        self._lock = threading.Lock()
        family = socket.AF_UNIX if path else socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(str(path) if path else (host, port))
        self._listener.listen(256)
        self.host, self.port = (str(path), 0) if path else self._listener.getsockname()[:2]
        self._context = None
        self._sockets = set()
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        """host:port as the configuration writes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def close(self):
        """Stops listening and cuts what is open."""
        self._stopped = True
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        with self._lock:
            for sock in list(self._sockets):
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # what came

    def to(self, recipient):
        """Messages for that recipient, in order."""
        with self._lock:
            return [m for m in self.messages if recipient in m.recipients]

    def wait(self, recipient=None, count=1, seconds=15.0):
        """The messages for that recipient (or all), once there are so many."""
        def there():
            found = self.to(recipient) if recipient else list(self.messages)
            return found if len(found) >= count else None
        return waiting.until(there, seconds, f"{count} message(s) for {recipient or 'anybody'} at {self.address}; "
                                             f"there: {[m.recipients for m in self.messages][-5:]}")

    def rcpt_count(self, recipient):
        """How often that recipient was tried."""
        with self._lock:
            return sum(1 for r, _ in self.attempts if r == recipient)

    def wait_tried(self, recipient, count=1, seconds=15.0):
        """Until it was tried so often."""
        return waiting.until(lambda: self.rcpt_count(recipient) >= count, seconds, f"{count} attempts for {recipient}")

    def verbs(self):
        """First words of all commands, in order."""
        with self._lock:
            return [line.split(" ")[0].upper() for _, line in self.commands]

    # serving

    def _accept(self):
        while not self._stopped:
            try:
                sock, peer = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self.peers[number] = peer[0] if peer else ""
                self.open += 1
                self.most_open = max(self.most_open, self.open)
                self._sockets.add(sock)
                too_many = self.behaviour.max_connections and self.open > self.behaviour.max_connections
                self.refused += bool(too_many)
            if too_many:
                try:
                    sock.sendall(b"421 4.7.0 too many connections from you\r\n")
                    sock.shutdown(socket.SHUT_RDWR)
                    sock.close()
                except OSError:
                    pass
                with self._lock:
                    self.open -= 1
                    self._sockets.discard(sock)
                continue
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock, number):
        session = _Session(self, sock, number)
        try:
            session.run()
        except (_Gone, OSError, ssl.SSLError, ValueError):
            pass
        finally:
            with self._lock:
                self.open -= 1
                self._sockets.discard(sock)
            session.close()

    def tls_context(self):
        """Made once."""
        with self._lock:
            if self._context is None:
                self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._context.load_cert_chain(*map(str, self.behaviour.certificate))
                if self.behaviour.client_authority:
                    self._context.verify_mode = ssl.CERT_OPTIONAL
                    self._context.load_verify_locations(self.behaviour.client_authority)
            return self._context

    def reset_certificate(self, certificate):
        """Another certificate for later connections."""
        with self._lock:
            self.behaviour.certificate = certificate
            self._context = None

    def count_word(self, key, limit):
        """True while `key` has been seen at most `limit` times (0: always)."""
        with self._lock:
            self._times[key] = self._times.get(key, 0) + 1
            return not limit or self._times[key] <= limit

    def keep(self, message):
        """A whole message."""
        with self._lock:
            self.messages.append(message)

    def note(self, number, line):
        """A command."""
        with self._lock:
            self.commands.append((number, line))

    def note_attempt(self, recipient, code):
        """A RCPT and its answer."""
        with self._lock:
            self.attempts.append((recipient, code))


class _Session:
    def __init__(self, sink, sock, number):
        self.sink, self.sock, self.number = sink, sock, number
        self.client = sink.peers[number]
        self.how = sink.behaviour
        self.instead = dict(self.how.replies)
        if number <= len(self.how.connection_replies):
            self.instead.update(self.how.connection_replies[number - 1])
        self.buffer = b""
        self.tls = ""
        self.user = ""
        self.forget()

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass

    def forget(self):
        self.sender = None
        self.mail_parameters = ""
        self.recipients, self.rcpt_parameters = [], []

    def say(self, text):
        self.sock.sendall(text if isinstance(text, bytes) else (text + "\r\n").encode())

    def said_instead(self, stage):
        """True when this stage has octets of its own to say."""
        octets = self.instead.get(stage)
        if octets is None:
            return False
        if callable(octets):
            octets = octets()
            if octets is None:
                return False
        if octets == b"":
            raise _Gone
        self.say(octets)
        if octets[:3] in (b"421", b"521"):
            raise _Gone
        return True

    def more(self):
        data = self.sock.recv(262144)
        if not data:
            raise _Gone
        self.buffer += data

    def line(self):
        while b"\n" not in self.buffer:
            self.more()
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def wrap(self):
        self.sock = self.sink.tls_context().wrap_socket(self.sock, server_side=True)
        self.tls = self.sock.version()

    def run(self):
        self.sock.settimeout(120)
        if self.client:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.how.silent:
            while True:
                self.more()
        if self.how.implicit_tls:
            self.wrap()
        if self.sink.peers[self.number] in self.how.turns_away:
            self.say("421 4.7.1 not for you")
            return
        if not self.said_instead("banner"):
            self.say("220 sink.example.test ESMTP")
        while True:
            line = self.line()
            self.sink.note(self.number, line)
            verb = line.split(" ")[0].upper()
            handler = getattr(self, "on_" + verb.lower(), None)
            if handler is None:
                self.say("502 5.5.2 not here")
            elif handler(line) is False:
                return

    def on_lhlo(self, line):
        if self.how.lmtp:
            self.greet(line)
        else:
            self.say("502 5.5.2 not here")

    def on_ehlo(self, line):
        if self.how.lmtp:
            self.say("500 5.5.1 LHLO is spoken here")
        else:
            self.greet(line)

    def greet(self, _):
        if self.said_instead("EHLO"):
            return
        words = ["sink.example.test", *self.how.extensions]
        if self.how.certificate and not self.tls:
            words.append("STARTTLS")
        if self.wants_login() and (self.tls or not self.how.certificate):
            words.append("AUTH " + self.how.mechanisms)
        self.say("".join(f"250{'-' if i < len(words) - 1 else ' '}{word}\r\n" for i, word in enumerate(words)).encode())

    def on_helo(self, _):
        if not self.said_instead("HELO"):
            self.say("250 sink.example.test")

    def on_starttls(self, _):
        how = self.how.starttls
        if how == "refused":
            self.say("454 4.7.0 TLS not available")
        elif how == "dropped":
            return False
        elif how == "garbage":
            self.say("220 go")
            self.say(b"\x00\x01garbage, no TLS record\r\n")
            time.sleep(0.2)
            return False
        else:
            # Octets behind the 220, in the same segment: a client that keeps them believes an attacker.
            self.say(b"220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n" if how == "injected" else "220 go")
            self.wrap()
            self.buffer = b""
            self.forget()
        return None

    def wants_login(self):
        return self.how.login or self.how.takes_token or self.how.external_users

    def on_auth(self, line):
        words = line.split(" ")
        mechanism = words[1].upper()
        initial = words[2] if len(words) > 2 else None
        if mechanism == "PLAIN":
            if initial is None:
                self.say("334 ")
                initial = self.line()
            _, user, password = base64.b64decode(initial).decode().split("\0")
        elif mechanism == "LOGIN":
            if initial is None:
                self.say("334 VXNlcm5hbWU6")
                initial = self.line()
            user = base64.b64decode(initial).decode()
            self.say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(self.line()).decode()
        elif mechanism in sasl.HANDLERS and mechanism in self.how.mechanisms.split():
            if not self.said_instead("AUTH"):
                sasl.HANDLERS[mechanism](self, initial)
            return
        else:
            self.say("504 5.5.4 unknown mechanism")
            return
        if self.said_instead("AUTH"):
            return
        known = self.how.login if isinstance(self.how.login, dict) else dict([self.how.login])
        if known.get(user) == password:
            self.user = user
            self.say("235 2.7.0 welcome")
        else:
            self.say("535 5.7.8 wrong")

    def on_mail(self, line):
        if self.said_instead("MAIL"):
            return
        if self.wants_login() and not self.user:
            self.say("530 5.7.0 log in first")
            return
        address, _, parameters = line.partition(":")[2].strip().partition(" ")
        sender = address.strip("<>")
        answer = self.chosen("mail", sender)
        if answer:
            self.say(answer)
            return
        self.forget()
        self.sender, self.mail_parameters = sender, parameters
        self.say("250 2.1.0 ok")

    def on_rcpt(self, line):
        address, _, parameters = line.partition(":")[2].strip().partition(" ")
        recipient = address.strip("<>")
        if self.said_instead("RCPT"):
            return
        if self.sender is None:
            self.say("503 5.5.1 MAIL first")
            return
        answer = self.chosen("rcpt", recipient) or self.greylisted(recipient)
        if not answer and self.how.max_recipients and len(self.recipients) >= self.how.max_recipients:
            answer = "452 4.5.3 too many recipients"
        drop = self.drop(recipient, "421")
        if drop:
            answer = "421 4.3.2 going down"
        self.sink.note_attempt(recipient, int(answer[:3]) if answer else 250)
        if answer:
            self.say(answer)
            if drop:
                raise _Gone
            return
        self.recipients.append(recipient)
        self.rcpt_parameters.append(parameters)
        self.say("250 2.1.5 ok")

    def greylisted(self, recipient):
        """The answer to who comes for the first time, or too soon."""
        if not self.how.greylist:
            return None
        key = (self.client, self.sender, recipient)
        with self.sink._lock:
            first = self.sink.first_tries.setdefault(key, time.monotonic())
        left = self.how.greylist - (time.monotonic() - first)
        return f"451 4.7.1 Greylisted, please try again in {int(left) + 1} seconds" if left > 0 else None

    def on_data(self, _):
        if self.said_instead("DATA"):
            return
        if not self.recipients:
            self.say("554 5.5.1 no valid recipients")
            return
        answer = next(filter(None, (self.chosen("data", r) for r in self.recipients)), None)
        if answer:
            self.say(answer)
            self.forget()
            return
        self.say("354 go on")
        if self.how.drop_content or any(self.drop(r, "drop-before") for r in self.recipients):
            self.more()
            raise _Gone
        wire = self.content()
        self.finish(wire)

    def content(self):
        """Until the first of the ends that this server knows. Searching goes on where it stopped."""
        buffer = bytearray(b"\r\n" + self.buffer)  # an end directly behind DATA counts too
        longest = max(map(len, self.how.end_of_data))
        searched = 0
        while True:
            found = [(at, len(end)) for end in self.how.end_of_data if (at := buffer.find(end, searched)) >= 0]
            if found:
                at, length = min(found)
                self.buffer = bytes(buffer[at + length:])
                return bytes(buffer[2:at + 2]) if at else b""
            searched = max(0, len(buffer) - longest + 1)
            data = self.sock.recv(262144)
            if not data:
                raise _Gone
            buffer += data

    def finish(self, wire):
        data = re.sub(rb"(^|\r\n)\.", rb"\1", wire)
        slow = max((int(m[1]) for r in self.recipients for w in self.words(r) if (m := _SLOW.match(w))), default=0)
        if slow:
            time.sleep(slow)
        if self.how.lmtp:
            self.finish_each(data, wire)
            return
        answer = next(filter(None, (self.chosen("dot", r) for r in self.recipients)), None)
        if answer:
            self.say(answer)
            self.forget()
            return
        message = Received(self.sender, list(self.recipients), data, wire, self.mail_parameters, list(self.rcpt_parameters),
                           self.tls, self.number, self.user, time.time(), self.client)
        if self.how.pause:
            time.sleep(self.how.pause)
        dropped = any(self.drop(r, "drop-after") for r in self.recipients)
        self.sink.keep(message)
        if dropped:
            raise _Gone
        self.forget()
        if not self.said_instead("dot"):
            self.say("250 2.0.0 taken as sink-1")

    def finish_each(self, data, wire):
        """One reply for each recipient that was taken, in the order of their RCPTs (RFC 2033 4.2)."""
        replies = []
        for place, recipient in enumerate(self.recipients):
            answer = self.chosen("dot", recipient)
            if not answer and (self.how.lmtp_cut is None or place < self.how.lmtp_cut):
                self.sink.keep(Received(self.sender, [recipient], data, wire, self.mail_parameters,
                                        list(self.rcpt_parameters), self.tls, self.number, self.user, time.time(), self.client))
            replies.append(answer or f"250 2.0.0 <{recipient}> saved")
        self.forget()
        for place, reply in enumerate(replies):
            if self.how.lmtp_cut is not None and place >= self.how.lmtp_cut:
                raise _Gone
            self.say(reply)

    def on_rset(self, _):
        self.forget()
        self.say("250 2.0.0 ok")

    def on_noop(self, _):
        self.say("250 2.0.0 ok")

    def on_quit(self, _):
        self.say("221 2.0.0 bye")
        return False

    # the words of an address

    @staticmethod
    def words(address):
        return address.rpartition("@")[0].split(".")

    def chosen(self, stage, address):
        for word in self.words(address):
            match = _WORD.match(word)
            if match and match[1] == stage and self.sink.count_word((stage, address), int(match[5] or 0)):
                code = match[2]
                return f"{code} {code[0]}.{match[3] or 7}.{match[4] or 1} as you asked ({stage})"
        return None

    def drop(self, address, which):
        for word in self.words(address):
            match = _DROP.match(word)
            if match and match[1] == which and self.sink.count_word((which, address), int(match[2] or 0)):
                return True
        return False
