#include "mail/dsn/digest.h"

#include "base/ascii.h"
#include "mail/header.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

DigestItem item(const std::string& address, Cause cause, const std::string& subject) {
    DigestItem one;
    one.recipient.recipient.address = *Mailbox::parse(address);
    one.recipient.outcome.verdict = Verdict::failed;
    one.recipient.outcome.cause = cause;
    one.recipient.outcome.code = 550;
    one.recipient.outcome.reply = "5.1.1 no such user here";
    one.subject = subject;
    one.message = QueueId::make();
    return one;
}

DigestInput input() {
    DigestInput in;
    in.hostname = "mail.example.com";
    in.admin = "postmaster@example.com";
    in.to = *Mailbox::parse("ana@example.com");
    in.items = {item("bob@example.net", Cause::invalid_recipient, "Order 17")};
    in.since = Timestamp(Seconds(1'764'000'000));
    in.now = in.since + Seconds(3600);
    in.id = QueueId::make();
    return in;
}

std::string field(const DsnMessage& message, std::string_view name) {
    const auto header = HeaderBlock::parse(message.header);
    EXPECT_TRUE(header);
    const auto* found = header->find(name);
    return found == nullptr ? "" : found->unfolded();
}

// Lines are wrapped: compared without their ends.
std::string flat(std::string text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r' || c == '\n') {
            if (!out.ends_with(' ')) out += ' ';
        } else if (c != ' ' || !out.ends_with(' ')) {
            out += c;
        }
    }
    return out;
}

TEST(Digest, tells_who_what_why_and_the_mend) {
    const DigestInput in = input();
    const DsnMessage message = make_digest(in);
    EXPECT_EQ(field(message, "To"), "ana@example.com");
    EXPECT_EQ(field(message, "Subject"), "What became of your mail (1 in one message)");
    EXPECT_EQ(field(message, "Auto-Submitted"), "auto-generated");
    EXPECT_EQ(field(message, "Content-Type"), "text/plain; charset=utf-8");
    const std::string text = flat(message.body);
    for (const char* part : {"* bob@example.net: not delivered; this is final", "Message: Order 17",
                             "Why: example.net says that there is no mailbox bob@example.net",
                             "What you can do: Check the spelling",
                             "Its answer: 550 5.1.1 no such user here", "postmaster@example.com"})
        EXPECT_TRUE(text.contains(part)) << part << "\n" << text;
    EXPECT_TRUE(text.contains(in.items[0].message.to_string()));
    EXPECT_FALSE(text.contains("And "));
}

TEST(Digest, counts_what_it_does_not_list) {
    DigestInput in = input();
    in.more = 41;
    const DsnMessage message = make_digest(in);
    EXPECT_EQ(field(message, "Subject"), "What became of your mail (42 in one message)");
    EXPECT_TRUE(flat(message.body).contains("And 41 more"));
}

TEST(Digest, tells_of_what_is_late_and_of_what_arrived) {
    DigestInput in = input();
    in.items[0].action = DsnAction::delayed;
    in.items[0].recipient.outcome.verdict = Verdict::deferred;
    in.items.push_back(item("eve@example.net", Cause::none, ""));
    in.items[1].action = DsnAction::relayed;
    const std::string text = flat(make_digest(in).body);
    EXPECT_TRUE(text.contains("* bob@example.net: not delivered yet; we go on trying")) << text;
    EXPECT_TRUE(text.contains("please do not send it again")) << text;
    EXPECT_TRUE(text.contains("* eve@example.net: passed on")) << text;
    EXPECT_TRUE(text.contains("Message: (without a subject)")) << text;
}

TEST(Digest, hostile_subjects_stay_in_their_line) {
    DigestInput in = input();
    in.items[0].subject = "one\r\nBcc: eve@example.net\r\n\r\n* eve@example.net: delivered";
    in.items[0].recipient.outcome.reply = std::string(5000, 'x') + "\r\n.\r\n";
    const DsnMessage message = make_digest(in);
    EXPECT_FALSE(message.body.contains("\r\nBcc:"));
    EXPECT_FALSE(message.body.contains("\r\n* eve"));
    EXPECT_FALSE(message.body.contains("\r\n.\r\n"));
    for (std::size_t at = 0; at < message.body.size();) {
        const std::size_t end = message.body.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - at, 998U);
        at = end + 2;
    }
}

TEST(Digest, speaks_every_language_in_seven_bits) {
    for (const Language language : kLanguages) {
        DigestInput in = input();
        in.language = language;
        in.more = 1;
        const DsnMessage message = make_digest(in);
        EXPECT_TRUE(ascii::is_ascii(message.header + message.body));
        EXPECT_EQ(field(message, "Content-Language"), language_code(language));
        EXPECT_FALSE(message.needs_8bit);
    }
}

}  // namespace
}  // namespace posthaste::mail
