"""One server for each file of checks; everything it takes goes to a sink."""

import pytest

from harness.daemon import PASSWORD
from harness.sink import Sink


@pytest.fixture(scope="module")
def next_hop():
    """Where the mail goes."""
    with Sink() as made:
        yield made


@pytest.fixture(scope="module")
def server(make_shared, next_hop):
    """The server that is checked. Many sessions of one address fail on purpose, so the address limit is high."""
    made = make_shared.posthaste(relay=next_hop, config={"limits": {"connections_per_address": 5000}})
    made.admin("account", "add", "umlaut@example.test", "--password-stdin", input="pässwört-größe\n")
    made.admin("account", "add", "off@example.test", "--password-stdin", input=PASSWORD + "\n")
    made.admin("account", "disable", "off@example.test")
    made.admin("account", "allow", "anna@example.test", "sales@example.test")
    return made
