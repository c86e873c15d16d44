"""posthaste explain: what a reply means, without a server and without a configuration."""

import json
import subprocess

import pytest

from harness import daemon


@pytest.fixture
def explain(binary, folders):
    folder = folders("explain")

    def ask(*arguments):
        done = subprocess.run([str(binary), "explain", *arguments], capture_output=True, check=False, cwd=str(folder),
                              env=daemon.Posthaste.environment(), timeout=60)
        return daemon.Answer(done)
    return ask


def test_a_block_list(explain):
    answer = explain("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org")
    assert answer.code == 0
    for word in ("block list of Spamhaus", "block_ip", "the administrator of this server", "tried again for 1 day", "rule spamhaus",
                 "https://"):
        assert word in answer.out, answer


def test_words_need_no_quotes(explain):
    answer = explain("550", "5.1.1", "No", "such", "user", "--json")
    (row,) = [json.loads(line) for line in answer.out.splitlines()]
    assert row["class"] == "invalid_recipient" and row["permanent"] is True and row["who"] == "sender" and row["status"] == "5.1.1"


def test_the_host_says_whose_rules_count(explain):
    line = "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. part of their network is on our block list (S3140)."
    microsoft = explain(line, "--host", "outlook-com.olc.protection.outlook.com", "--json").rows[0]
    assert microsoft["rule"] == "outlook-block-list" and microsoft["provider"] == "outlook" and microsoft["permanent"] is False
    other = explain(line, "--host", "mx.example.org", "--json").rows[0]
    assert other["rule"] != "outlook-block-list" and other["provider"] == ""


def test_a_relay_that_takes_no_passwords(explain):
    answer = explain("--relay", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.")
    assert "Set-CASMailbox" in answer.out and "mail for this relay waits" in answer.out


def test_what_nobody_knows_is_said_so(explain):
    answer = explain("550 Xyzzy")
    assert answer.code == 1 and "no rule fits" in answer.out


@pytest.mark.parametrize("text", ["hello", "0x800CCC0F", "999 what", "5.1.1"])
def test_what_is_no_reply_is_refused_with_an_example(explain, text):
    answer = explain(text)
    assert answer.code == 2 and "posthaste explain" in answer.err
