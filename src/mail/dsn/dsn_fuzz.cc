#include "base/ascii.h"
#include "mail/dsn/dsn.h"
#include "mail/header.h"
#include "mail/text.h"

#include <cstdlib>
#include <fuzzer/FuzzedDataProvider.h>

using namespace posthaste;
using namespace posthaste::mail;

namespace {

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string_view::npos; ++at) ++n;
    return n;
}

}  // namespace

// Everything that comes from a client or a remote host is hostile; the report must stay one report.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FuzzedDataProvider from(data, size);
    DsnInput in;
    in.hostname = "mail.example.com";
    in.admin = "postmaster@example.com";
    in.action = static_cast<DsnAction>(from.ConsumeIntegralInRange(0, 3));
    in.return_full = from.ConsumeBool();
    in.sender = Mailbox::parse(from.ConsumeBool() ? "a@b.org" : "\xc3\xb6@b.org").value();
    in.envid = from.ConsumeRandomLengthString(200);
    DsnRecipient recipient;
    recipient.recipient.address = Mailbox::parse("\"\xc3\xb6 <@\"@[192.0.2.1]").value();
    if (auto mailbox = Mailbox::parse(from.ConsumeRandomLengthString(300))) {
        recipient.recipient.address = *mailbox;
    }
    recipient.recipient.orcpt = from.ConsumeRandomLengthString(600);
    recipient.outcome.code = from.ConsumeIntegralInRange(0, 599);
    recipient.outcome.cause =
        static_cast<Cause>(from.ConsumeIntegralInRange(0, static_cast<int>(Cause::unknown)));
    recipient.outcome.remote_host = from.ConsumeRandomLengthString(300);
    recipient.outcome.remote_ip = from.ConsumeRandomLengthString(100);
    recipient.outcome.tls = from.ConsumeRandomLengthString(100);
    recipient.outcome.reply = from.ConsumeRandomLengthString(3000);
    recipient.attempts = from.ConsumeIntegralInRange(0, 3);
    in.recipients.assign(from.ConsumeIntegralInRange<std::size_t>(1, 3), recipient);
    in.original_header = from.ConsumeRandomLengthString();
    in.original_body = from.ConsumeRemainingBytesAsString();

    const DsnMessage out = make_dsn(in);
    const auto header = HeaderBlock::parse(out.header);
    if (!header || header->count("Subject") != 1 || header->count("To") != 1) std::abort();
    if (header->count("Bcc") != 0 || !is_clean_content(out.header) || !is_clean_content(out.body)) {
        std::abort();
    }
    if (!out.needs_8bit && !ascii::is_ascii(out.body)) std::abort();
    if (!out.needs_utf8 && !ascii::is_ascii(out.header)) std::abort();
    const std::string type = header->find("Content-Type")->unfolded();
    const std::size_t quote = type.find('"');
    if (count(out.body, "--" + type.substr(quote + 1, type.size() - quote - 2)) != 4) std::abort();
    return 0;
}
