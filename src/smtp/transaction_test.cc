#include "smtp/transaction.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

enum class Do { ehlo, tls, auth, mail, rcpt, bdat, rset, take };

mail::Recipient somebody() {
    auto domain = mail::Domain::parse("example.com");
    EXPECT_TRUE(domain);
    return {mail::Mailbox::make("anna", *domain), mail::Notify::unset, {}};
}

void apply(Transaction& transaction, Do what) {
    switch (what) {
        case Do::ehlo:
            transaction.greeted();
            return;
        case Do::tls:
            transaction.tls_started();
            return;
        case Do::auth:
            transaction.authenticated();
            return;
        case Do::mail:
            transaction.begin({});
            return;
        case Do::rcpt:
            transaction.add(somebody());
            return;
        case Do::bdat:
            transaction.chunk_begun();
            return;
        case Do::rset:
            transaction.reset();
            return;
        case Do::take:
            transaction.take();
            return;
    }
}

struct Expected {
    Order starttls;
    Order auth;
    Order mail;
    Order rcpt;
    Order data;
    Order bdat;

    bool operator==(const Expected&) const = default;
};

struct Row {
    const char* name;
    bool guarded;
    std::vector<Do> done;
    Expected expected;
};

constexpr auto kOk = Order::ok;
constexpr auto kTls = Order::need_tls;
constexpr auto kGreet = Order::need_greeting;
constexpr auto kAuth = Order::need_auth;
constexpr auto kMail = Order::need_mail;
constexpr auto kRcpt = Order::need_recipient;
constexpr auto kNested = Order::nested_mail;
constexpr auto kChunks = Order::in_chunks;
constexpr auto kTlsAlready = Order::already_tls;
constexpr auto kAuthAlready = Order::already_authenticated;

TEST(Transaction, WhatMayComeNow) {
    using enum Do;
    const Row rows[] = {
        {"fresh", true, {}, {kOk, kTls, kTls, kTls, kTls, kTls}},
        {"EHLO without TLS", true, {ehlo}, {kOk, kTls, kTls, kTls, kTls, kTls}},
        {"TLS forgets the greeting",
         true,
         {ehlo, tls},
         {kTlsAlready, kGreet, kGreet, kGreet, kGreet, kGreet}},
        {"TLS, EHLO", true, {tls, ehlo}, {kTlsAlready, kOk, kAuth, kAuth, kAuth, kAuth}},
        {"logged in",
         true,
         {tls, ehlo, auth},
         {kTlsAlready, kAuthAlready, kOk, kMail, kMail, kMail}},
        {"EHLO again keeps the login",
         true,
         {tls, ehlo, auth, ehlo},
         {kTlsAlready, kAuthAlready, kOk, kMail, kMail, kMail}},
        {"MAIL",
         true,
         {tls, ehlo, auth, mail},
         {kTlsAlready, kAuthAlready, kNested, kOk, kRcpt, kRcpt}},
        {"RCPT",
         true,
         {tls, ehlo, auth, mail, rcpt},
         {kTlsAlready, kAuthAlready, kNested, kOk, kOk, kOk}},
        {"RCPT, EHLO",
         true,
         {tls, ehlo, auth, mail, rcpt, ehlo},
         {kTlsAlready, kAuthAlready, kOk, kMail, kMail, kMail}},
        {"RCPT, RSET",
         true,
         {tls, ehlo, auth, mail, rcpt, rset},
         {kTlsAlready, kAuthAlready, kOk, kMail, kMail, kMail}},
        {"in chunks",
         true,
         {tls, ehlo, auth, mail, rcpt, bdat},
         {kChunks, kChunks, kChunks, kChunks, kChunks, kOk}},
        {"in chunks, another",
         true,
         {tls, ehlo, auth, mail, rcpt, bdat, bdat},
         {kChunks, kChunks, kChunks, kChunks, kChunks, kOk}},
        {"in chunks, RSET",
         true,
         {tls, ehlo, auth, mail, rcpt, bdat, rset},
         {kTlsAlready, kAuthAlready, kOk, kMail, kMail, kMail}},
        {"in chunks, EHLO",
         true,
         {tls, ehlo, auth, mail, rcpt, bdat, ehlo},
         {kTlsAlready, kAuthAlready, kOk, kMail, kMail, kMail}},
        {"done, next",
         true,
         {tls, ehlo, auth, mail, rcpt, take},
         {kTlsAlready, kAuthAlready, kOk, kMail, kMail, kMail}},
        {"done in chunks, next",
         true,
         {tls, ehlo, auth, mail, rcpt, bdat, take},
         {kTlsAlready, kAuthAlready, kOk, kMail, kMail, kMail}},

        {"trap, fresh", false, {}, {kOk, kGreet, kGreet, kGreet, kGreet, kGreet}},
        {"trap, EHLO", false, {ehlo}, {kOk, kOk, kOk, kMail, kMail, kMail}},
        {"trap, MAIL", false, {ehlo, mail}, {kOk, kNested, kNested, kOk, kRcpt, kRcpt}},
        {"trap, RCPT", false, {ehlo, mail, rcpt}, {kOk, kNested, kNested, kOk, kOk, kOk}},
        {"trap, login", false, {ehlo, auth}, {kOk, kAuthAlready, kOk, kMail, kMail, kMail}},
        {"trap, TLS in a transaction forgets it",
         false,
         {ehlo, auth, mail, rcpt, tls, ehlo},
         {kTlsAlready, kOk, kOk, kMail, kMail, kMail}},
        {"trap, in chunks",
         false,
         {ehlo, mail, rcpt, bdat},
         {kChunks, kChunks, kChunks, kChunks, kChunks, kOk}},
    };
    for (const auto& row : rows) {
        Transaction transaction(row.guarded);
        for (const Do what : row.done) apply(transaction, what);
        const Expected got{transaction.may_starttls(), transaction.may_auth(),
                           transaction.may_mail(),     transaction.may_rcpt(),
                           transaction.may_data(),     transaction.may_bdat()};
        EXPECT_EQ(got.starttls, row.expected.starttls) << row.name;
        EXPECT_EQ(got.auth, row.expected.auth) << row.name;
        EXPECT_EQ(got.mail, row.expected.mail) << row.name;
        EXPECT_EQ(got.rcpt, row.expected.rcpt) << row.name;
        EXPECT_EQ(got.data, row.expected.data) << row.name;
        EXPECT_EQ(got.bdat, row.expected.bdat) << row.name;
    }
}

TEST(Transaction, HandsTheEnvelopeOverOnce) {
    Transaction transaction(false);
    transaction.greeted();
    transaction.begin({.sender = {}, .recipients = {}, .smtputf8 = true, .envid = "x"});
    transaction.add(somebody());
    transaction.add(somebody());
    EXPECT_TRUE(transaction.is_open());
    const mail::Envelope envelope = transaction.take();
    EXPECT_EQ(envelope.recipients.size(), 2u);
    EXPECT_EQ(envelope.envid, "x");
    EXPECT_FALSE(transaction.is_open());
    EXPECT_TRUE(transaction.envelope().recipients.empty());
    EXPECT_TRUE(transaction.envelope().envid.empty());
    EXPECT_TRUE(transaction.greeted_once());
}

TEST(TransactionDeathTest, WhatWasNotAskedForAborts) {
    Transaction transaction(true);
    EXPECT_DEATH(transaction.begin({}), "");
    EXPECT_DEATH(transaction.add(somebody()), "");
    EXPECT_DEATH(transaction.chunk_begun(), "");
    EXPECT_DEATH(transaction.take(), "");
}

}  // namespace
}  // namespace posthaste::smtp
