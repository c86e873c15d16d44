"""What every server here has."""

from .. import common
from ..group import Group


class Server:
    """One instance. Subclasses write the configuration and give the command."""

    name = ""
    wants_root_owner = False

    def __init__(self, sink=None, sites=0):
        self.sink = sink
        self.sites = sites
        self.port = common.free_port()
        self.folder = common.fresh_folder(self.name.lower())
        self.chain, self.key = common.certificate()
        self.log = self.folder / "output.log"
        self.configure()
        self.group = Group(self.name.lower())
        self.process = None

    # For subclasses.

    @classmethod
    def prepare(cls):
        """Fetches what is missing; once, before any run."""

    @classmethod
    def version(cls):
        """As it says itself."""
        return ""

    def configure(self):
        """Writes the configuration into self.folder."""

    def command(self):
        """(argv, environment or None)."""
        raise NotImplementedError

    def queued(self):
        """How many messages are on disk, or None where that cannot be told from outside."""
        return None

    # For the benchmarks.

    def start(self, seconds=30):
        """Until it greets."""
        argv, environment = self.command()
        self.process = self.group.start(argv, self.log, env=environment, cwd=self.folder)

        def up():
            if self.process.poll() is not None:
                common.die(f"{self.name} ended with {self.process.returncode}: {self.log.read_text(errors='replace')[-2000:]}")
            return common.banner_on(self.port)

        common.wait_until(up, seconds, f"{self.name} greets on port {self.port} (log: {self.log})")
        return self

    def alive(self):
        """Whether the main process still runs."""
        return self.process.poll() is None

    def stop(self):
        """Ends it; its folder stays until `common.clean_up`."""
        self.group.end()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()
