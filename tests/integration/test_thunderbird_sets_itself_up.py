"""Somebody has an address, a password and Thunderbird. Nothing else is typed, and a message goes out."""

import pytest

from harness import peers, ports
from harness.daemon import PASSWORD
from harness.dovecot import Dovecot
from harness.thunderbird import Missing, Thunderbird

ADDRESS = "anna@example.test"
HOSTS = ["mail.example.test", "imap.example.test", "autoconfig.example.test", "autodiscover.example.test", "example.test"]

# As a person does it: name and address, what was found, the password.
SET_UP = """
    // Thunderbird opens the dialog by itself where there is no account yet.
    const view = () => win.document.querySelector("account-hub-container")?.shadowRoot?.querySelector("account-hub-email");
    const hub = await until("the set-up dialog", view);
    await hub.ready;
    const step = id => { const found = hub.querySelector("#" + id); return found && !found.hidden ? found : null; };
    const say = () => Array.from(hub.querySelectorAll(".notification, account-hub-header"))
        .map(n => (n.shadowRoot || n).textContent.replace(/\\s+/g, " ")).join("|");
    const fill = (input, text) => { input.value = text; input.dispatchEvent(new win.Event("input", { bubbles: true })); };
    const forward = async what => {
        const button = await until("the button after " + what, () => {
            const found = hub.querySelector("account-hub-footer #forward");
            return found && !found.disabled && !found.hidden ? found : null;
        });
        button.click();
    };

    const first = await until("the first step", () => step("emailAutoConfigSubview"));
    await until("its fields", () => first.querySelector("#email"));
    fill(first.querySelector("#realName"), "Anna Test");
    fill(first.querySelector("#email"), args[0]);
    await forward("the address");

    const found = await until("settings", () => step("emailConfigFoundSubview"), 90);
    const told = found.textContent.replace(/\\s+/g, " ");
    await forward("the settings that were found");

    const asks = await until("the question for the password", () => step("emailPasswordSubview"));
    await until("its field", () => asks.querySelector("#password"));
    fill(asks.querySelector("#password"), args[1]);
    await forward("the password");

    await until("the end: " + say(), () => step("emailAddedSuccessSubview") || step("emailSyncAccountsSubview"), 90)
        .catch(error => { throw new Error(error.message + " " + say()); });

    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const account = MailServices.accounts.accounts.find(a => a.defaultIdentity?.email == args[0]);
    const outgoing = MailServices.outgoingServer.getServerByIdentity(account.defaultIdentity);
    const uri = outgoing.serverURI;
    return {
        told,
        incoming: { host: account.incomingServer.hostName ?? account.incomingServer.hostname, port: account.incomingServer.port,
                    user: account.incomingServer.username, security: account.incomingServer.socketType,
                    auth: account.incomingServer.authMethod },
        outgoing: { host: uri.host, port: uri.port, user: outgoing.username, security: outgoing.socketType,
                    auth: outgoing.authMethod },
    };
"""

SEND = """
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const account = MailServices.accounts.accounts.find(a => a.defaultIdentity?.email == args[0]);
    const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
    fields.to = args[1];
    fields.subject = args[2];
    fields.body = "Written in Thunderbird.\\n";
    const params = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
    params.composeFields = fields;
    params.identity = account.defaultIdentity;
    params.format = Ci.nsIMsgCompFormat.PlainText;
    params.type = Ci.nsIMsgCompType.New;
    MailServices.compose.OpenComposeWindowWithParams(null, params);
    const compose = await until("the window to write in", () => {
        const found = Services.wm.getMostRecentWindow("msgcompose");
        return found && found.gMsgCompose && found.gLoadingComplete !== false && found.windowUtils ? found : null;
    });
    await until("it is ready", () => compose.ComposeFieldsReady && compose.document.getElementById("msgSubject").value == args[2]);
    compose.goDoCommand("cmd_sendNow");
    await until("it is gone", () => compose.closed || !Services.wm.getMostRecentWindow("msgcompose"), 60)
        .catch(error => {
            const dialog = Services.wm.getMostRecentWindow("");
            throw new Error(error.message + "; on top: " + (dialog && dialog.document.title) + " " +
                            (dialog && dialog.document.documentElement.textContent.slice(0, 400)));
        });
    return true;
"""


@pytest.fixture
def setting(make, folders, authority, sink):
    """(server, Thunderbird): the one with set-up documents at https, the other fresh, trusting the CA."""
    pair = authority.issue("thunderbird", ",".join(f"DNS:{host}" for host in HOSTS))
    https_port = ports.free_port()
    try:
        imap = Dovecot(folders("dovecot"), pair, {ADDRESS: PASSWORD})
        make.made.append(imap)
    except peers.Missing as missing:
        pytest.skip(str(missing))
    server = make.posthaste(relay=sink, start=False, certificates=[pair], config={
        "listen": {"https": f"127.0.0.1:{https_port}"}, "incoming": {"imap": "imap.example.test:993"}})
    server.start()
    try:
        thunderbird = Thunderbird(folders("thunderbird"), HOSTS, {443: https_port, 993: imap.port})
    except Missing as missing:
        pytest.skip(str(missing))
    make.made.append(thunderbird)
    thunderbird.trust(authority.ca_file)
    return server, thunderbird


def test_an_address_and_a_password_are_enough(setting, sink):
    server, thunderbird = setting
    made = thunderbird.run(SET_UP, ADDRESS, PASSWORD)
    tls, normal_password = 3, 3
    assert made["incoming"] == {"host": "imap.example.test", "port": 993, "user": ADDRESS, "security": tls, "auth": normal_password}
    assert made["outgoing"]["host"] == "mail.example.test"
    assert made["outgoing"]["port"] in (server.tls_port, server.port)
    assert made["outgoing"]["user"] == ADDRESS and made["outgoing"]["auth"] == normal_password
    assert "mail.example.test" in made["told"], "the person was shown what was found"

    thunderbird.run(SEND, ADDRESS, "bob@example.net", "From Thunderbird")
    message = sink.wait("bob@example.net", seconds=30)[0]
    assert message.sender == ADDRESS and message.field("Subject") == ["From Thunderbird"]
    assert b"Written in Thunderbird." in message.body
    assert any("Thunderbird" in value for value in message.field("User-Agent"))
