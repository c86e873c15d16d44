"""A token that the relay does not take: one fresh one, one more try, then the route rests, the mail is kept, and it is said once."""

from harness import oauth_relay

SECRET = "secret-of-the-app"


def test_a_fresh_token_mends_it_at_once(make, authority, certificates):
    """Revoked at the provider before its time: nobody notices."""
    tokens = make.token_server(secret=SECRET)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET).start()
    tokens.wait_given(1)
    tokens.revoke_all()
    server.submit("x@example.net")
    sink.wait("x@example.net")
    assert len(tokens.tokens) == 2
    assert not server.log.find("deferred") and not server.log.find("smarthost.refused")


def test_refused_twice_the_route_rests(make, authority, certificates):
    tokens = make.token_server(secret=SECRET)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    welcome = [False]
    good = sink.behaviour.takes_token
    sink.behaviour.takes_token = lambda user, token: welcome[0] and good(user, token)
    server = oauth_relay.relay(make, sink, tokens, authority, preset="microsoft365", tenant="example.test", client_secret=SECRET).start()
    for n in range(5):
        server.submit(f"x{n}@example.net")
    deferred = server.log.wait_for("deferred", to="x0@example.net")
    assert deferred["status"] == "4.7.8", deferred
    refused = server.log.wait_for("smarthost.refused")
    # Microsoft's generic 535 5.7.3: what is usually forgotten is named, with the mailbox in question.
    assert "New-ServicePrincipal" in refused["mend"] and "Add-MailboxPermission -Identity relay@example.test" in refused["mend"], refused
    assert "status 401" in refused["reply"], "what the 334 said"
    logins = sink.verbs().count("AUTH")
    assert logins <= 4, "no hammering"
    assert len(server.log.find("smarthost.refused")) == 1, "one alarm"
    assert not server.log.find("failed"), "the mail is kept"
    for token in tokens.tokens:
        assert token not in server.log.text()
    status = server.cli("relay", "status")
    assert status.code == 1 and "REFUSED" in status.out and "Add-MailboxPermission" in status.out, status
    welcome[0] = True
    server.admin("queue", "retry", "--all")
    sink.wait(count=5, seconds=30)
    status = server.cli("relay", "status")
    assert status.code == 0 and "REFUSED" not in status.out, status
