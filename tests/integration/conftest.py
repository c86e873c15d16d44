"""Fixtures of the integration tests. The tests say what they need; nothing here sleeps and hopes."""

import itertools
import os
import pathlib
import re
import shutil
import tempfile

import pytest

from harness import certs, daemon, dnssec, peers
from harness.browser import Browser, Missing as MissingBrowser
from harness.gate import Gate
from harness.sink import Sink
from harness.token_server import TokenServer


def pytest_configure(config):
    config.addinivalue_line("markers", "root: needs to be root")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("root") and os.geteuid() != 0:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.fixture(scope="session")
def base():
    """A folder that every user may enter: the server runs as somebody without rights."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="posthaste-test-"))
    folder.chmod(0o755)
    yield folder
    if not os.environ.get("POSTHASTE_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def binary(base):
    """The program, copied to where every user may run it."""
    built = daemon.find_binary()
    if built is None:
        pytest.fail("the program is not built: ./dev build", pytrace=False)
    target = base / "posthaste"
    if not target.exists():
        shutil.copy2(built, target)
        target.chmod(0o755)
    return target


@pytest.fixture(scope="session")
def fault_library(base, binary):
    """Gives the path of failing_io.so, poison.so or power_cut.so, where every user may load it."""
    def find(name):
        target = base / f"{name}.so"
        if not target.exists():
            # .../src/app/posthaste -> .../tests/faults
            built = daemon.find_binary().resolve().parents[2] / "tests" / "faults" / f"{name}.so"
            if not built.exists():
                pytest.fail(f"{built} is not built: ./dev build (a preset with tests)", pytrace=False)
            shutil.copy2(built, target)
            target.chmod(0o755)
        return str(target)
    return find


@pytest.fixture(scope="session")
def authority(base):
    """The CA that the clients trust."""
    return certs.Authority(base / "ca")


@pytest.fixture(scope="session")
def certificates(authority):
    """An ECDSA and an RSA certificate for the server."""
    return [authority.issue("server-ecdsa"), authority.issue("server-rsa", kind="rsa")]


@pytest.fixture(scope="session")
def folders(base):
    """Folders with names that say whose they are."""
    counter = itertools.count(1)

    def make(name):
        folder = base / f"{next(counter):03}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)[:36]}"
        folder.mkdir()
        folder.chmod(0o755)
        return folder
    return make


class _Keeper:
    """Makes things and closes them at the end."""

    def __init__(self, name, folders, request):
        self._name, self._folders, self._request = name, folders, request
        self.made = []

    def posthaste(self, relay=None, start=True, config=None, certificates="default", http=False, https=False, **options):
        chosen = self._request.getfixturevalue("certificates") if certificates == "default" else certificates
        program = self._request.getfixturevalue("binary")
        server = daemon.Posthaste(self._folders(self._name), program, chosen, config, **options)
        self.made.append(server)
        if relay is not None:
            server.relay_to(relay.address if hasattr(relay, "address") else relay)
        if http:
            server.listen_http()
        if https:
            server.listen_https()
        return server.start() if start else server

    def sink(self, **options):
        sink = Sink(**options)
        self.made.append(sink)
        return sink

    def token_server(self, **options):
        """An OAuth token server with a certificate of the test's authority."""
        chosen = self._request.getfixturevalue("certificates")
        server = TokenServer(chosen[0], **options)
        self.made.append(server)
        return server

    def gate(self, target):
        gate = Gate(target.host, target.port)
        self.made.append(gate)
        return gate

    def nsd(self, zones, **options):
        try:
            server = peers.Nsd(self._folders(self._name + "-nsd"), zones, **options)
        except peers.Missing as missing:
            pytest.skip(str(missing))
        self.made.append(server)
        return server

    def signed_nsd(self, zones, **options):
        try:
            server = dnssec.SignedNsd(self._folders(self._name + "-nsd"), zones, **options)
        except peers.Missing as missing:
            pytest.skip(str(missing))
        self.made.append(server)
        return server

    def browser(self, **options):
        try:
            opened = Browser(**options)
        except MissingBrowser as missing:
            pytest.skip(str(missing))
        self.made.append(opened)
        return opened

    def close(self):
        for thing in reversed(self.made):
            thing.close()


@pytest.fixture
def make(request, folders):
    """Servers and peers of one test."""
    keeper = _Keeper(request.node.name, folders, request)
    yield keeper
    keeper.close()


@pytest.fixture(scope="module")
def make_shared(request, folders):
    """Servers and peers that all tests of a file share."""
    keeper = _Keeper(request.module.__name__.rpartition(".")[2], folders, request)
    yield keeper
    keeper.close()


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        item.failed = True
        if call.when == "call":
            keepers = [v for k, v in getattr(item, "funcargs", {}).items() if isinstance(v, _Keeper)]
            for keeper in keepers:
                for thing in keeper.made:
                    if isinstance(thing, daemon.Posthaste):
                        report.sections.append((f"log of {thing.folder.name}", thing.log.tail(12)))


@pytest.fixture
def sink():
    """A next hop."""
    with Sink() as made:
        yield made


@pytest.fixture(scope="session")
def postfix(folders, certificates):
    """The recipients' server; one for the session."""
    try:
        server = peers.Postfix(folders("postfix"), certificates[1])
    except peers.Missing as missing:
        pytest.skip(str(missing))
    yield server
    server.close()


@pytest.fixture
def relayed(make, sink):
    """A server that gives everything to the sink."""
    return make.posthaste(relay=sink)
