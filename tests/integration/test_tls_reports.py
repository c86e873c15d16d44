"""TLS reports (RFC 8460): who asks for them learns once a day how TLS with their servers went, also when it is broken."""

import base64
import datetime
import email
import email.policy
import gzip
import json
import re
import sqlite3

import pytest

from harness import dkim_verifiers, waiting
from harness.fake_clock import fake, needs_fake_clock
from harness.policy_host import PolicyHost, policy
from harness.ports import free_port
from harness.sink import Sink

pytestmark = needs_fake_clock

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
YESTERDAY, TOMORROW, LATER = (TODAY + datetime.timedelta(days=days) for days in (-1, 1, 2))


def at(day, clock):
    """The environment of a server that starts at that moment, in UTC."""
    return fake(f"@{day} {clock}", TZ="UTC")


@pytest.fixture
def world(make, authority):
    return World(make, authority)


class World:
    """example.net wants reports by mail, example.org by HTTPS and has an MTA-STS policy in testing."""

    def __init__(self, make, authority):
        port = free_port()
        self.net = Sink(port=port, host="127.0.0.2", certificate=authority.issue("mx-net", names="DNS:mx.example.net"))
        self.org = Sink(port=port, host="127.0.0.3", certificate=authority.issue("mx-org", names="DNS:other.example.org"))
        self.quiet = Sink(port=port, host="127.0.0.4", certificate=authority.issue("mx-quiet", names="DNS:mx.quiet.test"))
        self.https = PolicyHost(authority.issue("https", names="DNS:mta-sts.example.org,DNS:in.example.org"), host="127.0.0.20")
        self.https.serve("example.org", policy("testing", "mx.example.org"))
        make.made += [self.net, self.org, self.quiet, self.https]
        nsd = make.nsd({
            "example.net": "@ MX 10 mx\nmx A 127.0.0.2\n_smtp._tls TXT \"v=TLSRPTv1; rua=mailto:tls@example.net\"\n",
            "example.org": "@ MX 10 mx\nmx A 127.0.0.3\nin A 127.0.0.20\nmta-sts A 127.0.0.20\n_mta-sts TXT \"v=STSv1; id=7\"\n"
                           f"_smtp._tls TXT \"v=TLSRPTv1; rua=https://in.example.org:{self.https.port}/tls\"\n",
            "quiet.test": "@ MX 10 mx\nmx A 127.0.0.4\n",
        })
        self.server = make.posthaste(start=False, config={"delivery": {
            "resolver": [nsd.address], "mx_port": port, "allow_private_addresses": True, "retry": ["1s"],
            "sts_port": self.https.port, "ca_file": str(authority.ca_file)}})
        self.server.make_accounts()
        (key,) = self.server.admin("dkim", "new", "example.test", "--json").rows
        self.server.admin("dkim", "activate", "example.test", key["selector"], "--unchecked")
        self.records = {key["name"]: key["record"]}

    def tls_tried(self, sink):
        """Sessions in which TLS was begun."""
        return sum(1 for verb in sink.verbs() if verb == "STARTTLS")

    def kept(self):
        """Keys of what the store still holds for reports."""
        with sqlite3.connect(f"file:{self.server.store}/directory.db?mode=ro", uri=True) as database:
            return [key for (key,) in database.execute("SELECT key FROM kept WHERE kind = 'tls-report' ORDER BY key")]


def check_schema(report):
    """RFC 8460 s4.4: what must be there, and of which type."""
    assert set(report) == {"organization-name", "date-range", "contact-info", "report-id", "policies"}
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    assert all(moment.fullmatch(report["date-range"][edge]) for edge in ("start-datetime", "end-datetime"))
    assert all(isinstance(report[name], str) and report[name] for name in ("organization-name", "contact-info", "report-id"))
    assert isinstance(report["policies"], list) and report["policies"]
    for entry in report["policies"]:
        assert set(entry) <= {"policy", "summary", "failure-details"}
        assert entry["policy"]["policy-type"] in ("sts", "tlsa", "no-policy-found")
        assert isinstance(entry["policy"]["policy-domain"], str)
        for name in ("policy-string", "mx-host"):
            assert all(isinstance(line, str) for line in entry["policy"].get(name, []))
        counts = entry["summary"]
        assert all(isinstance(counts[name], int) for name in ("total-successful-session-count", "total-failure-session-count"))
        details = entry.get("failure-details", [])
        assert sum(detail["failed-session-count"] for detail in details) == counts["total-failure-session-count"]
        for detail in details:
            assert re.fullmatch(r"[a-z]+(-[a-z]+)+", detail["result-type"])
            assert set(detail) <= {"result-type", "sending-mta-ip", "receiving-mx-hostname", "receiving-mx-helo", "receiving-ip",
                                   "failed-session-count", "additional-information", "failure-reason-code"}


def test_one_report_of_a_day_with_three_failures_and_five_successes(world):
    server, net = world.server, world.net
    server.start(env=at(YESTERDAY, "12:00:00"))
    for n in range(5):
        # A session each: what ended is not used again, and the counters survive the restarts.
        server.submit(f"good{n}@example.net")
        net.wait(f"good{n}@example.net")
        server.wait_empty()
        server.restart(env=at(YESTERDAY, f"12:{n + 1:02}:00"))
    assert world.tls_tried(net) == 5
    net.behaviour.starttls = "dropped"
    server.submit("bad@example.net")
    net.wait("bad@example.net", seconds=30)  # in clear, once TLS has failed for a while
    server.submit("x@quiet.test")  # a domain that asks for nothing
    world.quiet.wait("x@quiet.test")
    server.stop()
    failed = world.tls_tried(net) - 5
    assert failed >= 3
    assert world.kept() == [f"{YESTERDAY} example.net", f"{YESTERDAY} quiet.test"]

    server.start(env=at(TODAY, "04:05:00"))
    message = net.wait("tls@example.net", seconds=30)[0]  # and TLS there is still broken
    assert message.tls == "" and message.sender == ""
    server.wait_empty()
    server.stop()
    assert world.kept() == [], "nothing is left for a second one, and the report's own session is none to report"
    server.start(env=at(TODAY, "05:00:00"))
    server.stop()
    assert len(net.to("tls@example.net")) == 1

    begin = int(datetime.datetime.combine(YESTERDAY, datetime.time(), datetime.timezone.utc).timestamp())
    assert dkim_verifiers.dkimpy(message.data, world.records) == {next(iter(world.records)).partition(".")[0]: True}
    assert b"tls-report-submitter" in message.data.partition(b"h=")[2].partition(b";")[0].lower()
    parsed = email.message_from_bytes(message.data, policy=email.policy.SMTP)
    assert parsed.get_content_type() == "multipart/report" and parsed.get_param("report-type") == "tlsrpt"
    assert parsed["From"].addresses[0].addr_spec == "postmaster@example.test"
    assert parsed["TLS-Report-Domain"] == "example.net" and parsed["TLS-Report-Submitter"] == "example.test"
    text, attached = parsed.iter_parts()
    assert text.get_content_type() == "text/plain" and "example.net" in text.get_content()
    assert attached.get_content_type() == "application/tlsrpt+gzip"
    assert re.fullmatch(rf"example\.test!example\.net!{begin}!{begin + 86399}!\S+\.json\.gz", attached.get_filename())
    report = json.loads(gzip.decompress(base64.b64decode(attached.get_payload())))
    check_schema(report)
    assert parsed["Subject"] == f"Report Domain: example.net Submitter: example.test Report-ID: <{report['report-id']}>"
    assert report["date-range"] == {"start-datetime": f"{YESTERDAY}T00:00:00Z", "end-datetime": f"{YESTERDAY}T23:59:59Z"}
    (entry,) = report["policies"]
    assert entry["policy"] == {"policy-type": "no-policy-found", "policy-domain": "example.net"}
    assert entry["summary"] == {"total-successful-session-count": 5, "total-failure-session-count": failed}
    (detail, *_) = entry["failure-details"]
    assert detail["receiving-mx-hostname"] == "mx.example.net" and detail["receiving-ip"] == "127.0.0.2" and detail["sending-mta-ip"]


def test_a_policy_in_testing_is_reported_by_https_with_what_would_have_failed(world):
    server = world.server
    # Days to come: the certificates of the test are of today, and this report is not signed.
    server.start(env=at(TOMORROW, "12:00:00"))
    server.submit("x@example.org")
    world.org.wait("x@example.org")
    server.stop()
    server.start(env=at(LATER, "04:05:00"))
    path, headers, body = waiting.until(lambda: world.https.posted and world.https.posted[0], 20, "a report by HTTPS")
    server.log.wait_for("tls_report.sent", domain="example.org")
    server.stop()
    assert path == "/tls" and headers["Content-Type"] == "application/tlsrpt+gzip"
    report = json.loads(gzip.decompress(body))
    check_schema(report)
    (entry,) = report["policies"]
    assert entry["policy"] == {"policy-type": "sts", "policy-domain": "example.org", "mx-host": ["mx.example.org"],
                               "policy-string": ["version: STSv1", "mode: testing", "mx: mx.example.org", "max_age: 86400"]}
    assert entry["summary"]["total-failure-session-count"] == 1
    assert entry["failure-details"][0]["result-type"] == "certificate-host-mismatch"


def test_they_can_be_switched_off(world):
    world.server.configure({"reports": {"tls": False}})
    world.server.start()
    world.server.submit("x@example.net")
    world.net.wait("x@example.net")
    world.server.stop()
    assert world.kept() == []
