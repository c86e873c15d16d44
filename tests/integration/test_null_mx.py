"""A domain that announces that it takes no mail (RFC 7505): nobody is called, the sender is told at once."""

from harness.ports import free_port
from harness.sink import Sink


def test_null_mx_fails_at_once_and_says_so(make):
    port = free_port()
    nsd = make.nsd({"nomail.test": "@ MX 0 .\n@ A 127.0.0.2\n", "example.test": "@ MX 10 mx\nmx A 127.0.0.3\n"})
    refuser, own = Sink(port=port, host="127.0.0.2"), Sink(port=port, host="127.0.0.3")
    make.made += [refuser, own]
    server = make.posthaste(config={"delivery": {"resolver": [nsd.address], "mx_port": port, "allow_private_addresses": True}})
    server.submit("x@nomail.test")
    failed = server.log.wait_for("failed", to="x@nomail.test")
    assert failed["status"] == "5.1.10"
    bounce = own.wait("anna@example.test")[0]
    assert bounce.sender == ""
    assert b"Status: 5.1.10" in bounce.data
    words = bounce.body.decode().lower()
    assert "nomail.test" in words and "accepts no mail" in words.replace("does not accept", "accepts no").replace("takes no", "accepts no")
    assert refuser.connections == 0
