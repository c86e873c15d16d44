"""A token is renewed while the old one is still good, whether or not there is mail; and mail never waits for it."""

from harness import oauth_relay

SECRET = "secret-of-the-app"


def test_renewed_without_mail_and_before_its_end(make, authority, certificates):
    tokens = make.token_server(secret=SECRET, lifetime=20)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET).start()
    tokens.wait_given(1)
    (first, _), = tokens.requests[:1]
    tokens.wait_asked(2, seconds=25)
    # Used for 10 s of 20 (short ones lose half instead of a minute), renewed after at most 9.
    assert 6.0 <= tokens.requests[1][0] - first <= 10.0
    server.submit("x@example.net")
    sink.wait("x@example.net")
    status = server.admin("relay", "status", "--json").rows[0]
    assert status["token"]["until"] and not status["token"]["trouble"], status


def test_trouble_at_renewal_is_nobodys_trouble_while_the_token_lasts(make, authority, certificates):
    tokens = make.token_server(secret=SECRET, lifetime=40)
    sink = oauth_relay.token_sink(make, certificates, tokens)
    server = oauth_relay.relay(make, sink, tokens, authority, client_secret=SECRET).start()
    tokens.wait_given(1)
    tokens.behaviour.failures = [(503, "temporarily_unavailable", "later")]
    tokens.wait_asked(2, seconds=40)
    server.submit("x@example.net")
    sink.wait("x@example.net", seconds=5)
    tokens.wait_given(2, seconds=20)
    assert len(server.log.find("oauth.failed")) == 1
    assert not server.log.find("deferred")
