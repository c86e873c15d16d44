"""One recipient whom the next hop answers by going away does not keep the others of the message from their mail."""


def test_the_others_get_their_mail(make, sink):
    server = make.posthaste(relay=sink, config={"delivery": {"retry": ["1s"], "expire": "1h"}})
    others = [f"a{n}@example.net" for n in range(20)] + [f"b{n}@example.net" for n in range(20)]
    server.submit(others[:20] + ["421@example.net"] + others[20:])
    for address in others:
        delivered = server.log.wait_for("delivered", to=address, seconds=40)
        assert delivered["attempt"] <= 5
    assert sorted(r for m in sink.messages for r in m.recipients) == sorted(others), "once each"
    (row,) = server.queue()
    assert "421@example.net" in [r["address"] for r in row["recipients"]]
