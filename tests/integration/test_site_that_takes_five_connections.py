"""A site that takes five connections and answers 421 to a sixth: its limit is found and kept (delivery.md, criterion 29)."""

from harness.dialogue import ANNA


def test_few_are_refused_and_the_five_are_used(make):
    sink = make.sink(max_connections=5, pause=0.1)
    server = make.posthaste(relay=sink, start=False, config={"delivery": {"retry": ["1h"], "shaping_file": "shaping.toml"}})
    (server.folder / "shaping.toml").write_text("[default]\nconnection_limit = 20\n")
    (server.folder / "shaping.toml").chmod(0o644)
    server.start()
    with server.session() as client:
        for n in range(400):
            assert client.transaction(ANNA, f"x{n}@example.net", f"From: <{ANNA}>\r\n\r\nx\r\n").code == 250
    messages = sink.wait(count=400, seconds=60)
    # Without the retry of an hour: what was turned away goes at once over the connections that are open.
    assert not server.log.find("deferred")
    assert sink.refused < 0.15 * (400 + sink.refused), f"{sink.refused} of {400 + sink.refused} transactions"
    steady = messages[100:300]
    rate = len(steady) / (steady[-1].time - steady[0].time)
    assert rate >= 0.9 * 5 / 0.1 * 0.9, f"{rate:.1f} a second of 50"
    assert sink.most_open <= 7
