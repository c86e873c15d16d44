#include "smtp/scram.h"

#include "base/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::smtp {
namespace {

using testing::HasSubstr;

constexpr std::string_view kNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

Scram pencil(Scram::Options options = {}) {
    if (options.nonce.empty()) options.nonce = kNonce;
    return {"user", Secret("pencil"), std::move(options)};
}

// RFC 7677 §3
TEST(Scram, VectorOfSha256) {
    Scram scram = pencil();
    EXPECT_EQ(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    const auto proof = scram.prove(kServerFirst);
    ASSERT_TRUE(proof) << proof.error().text;
    EXPECT_EQ(*proof,
              "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
              "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    EXPECT_TRUE(scram.verify(kServerFinal));
    EXPECT_TRUE(scram.verified());
}

// RFC 5802 §5
TEST(Scram, VectorOfSha1) {
    Scram scram =
        pencil({.hash = ScramHash::sha1, .nonce = std::string("fyko+d2lbbFgONRv9qkxdawL")});
    const auto proof =
        scram.prove("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096");
    ASSERT_TRUE(proof) << proof.error().text;
    EXPECT_EQ(*proof,
              "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    EXPECT_TRUE(scram.verify("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
}

TEST(Scram, TheBindingIsInTheProof) {
    Scram none = pencil();
    Scram unoffered = pencil({.binding = Scram::Binding::not_offered});
    Scram bound =
        pencil({.binding = Scram::Binding::exporter, .channel_binding = std::string(32, 'b')});
    EXPECT_TRUE(unoffered.first().starts_with("y,,"));
    EXPECT_TRUE(bound.first().starts_with("p=tls-exporter,,"));
    const auto with = bound.prove(kServerFirst).value();
    EXPECT_TRUE(
        with.starts_with("c=" + base64::encode("p=tls-exporter,," + std::string(32, 'b')) + ",r="));
    const auto without = none.prove(kServerFirst).value();
    EXPECT_NE(with.substr(with.find(",p=")), without.substr(without.find(",p=")));
    EXPECT_FALSE(bound.verify(kServerFinal)) << "another proof, another answer";
}

TEST(Scram, NamesAreEscapedAndPrepared) {
    const Scram odd(
        "a=b,\xc2\xad"
        "c",
        Secret("x"), {.nonce = "n"});
    EXPECT_EQ(odd.first(), "n,,n=a=3Db=2Cc,r=n");
}

TEST(Scram, NoncesAreFresh) {
    const Scram one("u", Secret("x"), {});
    const Scram other("u", Secret("x"), {});
    EXPECT_NE(one.first(), other.first());
    EXPECT_GE(one.first().size(), 24u);
}

TEST(Scram, HostileFirstAnswers) {
    struct Row {
        const char* name;
        std::string message;
        std::string_view says;
    };

    const std::string nonce(kNonce);
    const Row rows[] = {
        {"empty", "", "RFC 5802"},
        {"another nonce", "r=xxxx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "not to our question"},
        {"our nonce alone", "r=" + nonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
         "not to our question"},
        {"one iteration", "r=" + nonce + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", "iterations"},
        {"a day of iterations", "r=" + nonce + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000",
         "iterations"},
        {"more than a number", "r=" + nonce + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=40960000000000",
         "iteration count"},
        {"negative", "r=" + nonce + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096", "iteration count"},
        {"not a number", "r=" + nonce + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096x", "iteration count"},
        {"no salt", "r=" + nonce + "x,s=,i=4096", "salt"},
        {"salt is no base64", "r=" + nonce + "x,s=???,i=4096", "salt"},
        {"salt too long",
         "r=" + nonce + "x,s=" + base64::encode(std::string(1025, 's')) + ",i=4096", "salt"},
        {"too long", std::string(2049, 'r'), "too long"},
        {"a control in the nonce", "r=" + nonce + "\x01,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
         "nonce"},
        {"an extension we must know", "m=x,r=" + nonce + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
         "RFC 5802"},
        {"an error of the server", "e=unknown-user", "unknown-user"},
        {"an error with an escape", "e=\x1b[2J", "\\x1b"},
    };
    for (const Row& row : rows) {
        Scram scram = pencil();
        const auto proof = scram.prove(row.message);
        ASSERT_FALSE(proof) << row.name;
        EXPECT_THAT(proof.error().text, HasSubstr(row.says)) << row.name;
        EXPECT_FALSE(scram.proof_sent()) << row.name;
    }
}

TEST(Scram, AServerThatDoesNotKnowThePassword) {
    struct Row {
        const char* name;
        std::string_view message;
    };

    const Row rows[] = {{"another signature", "v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
                        {"empty signature", "v="},
                        {"an error", "e=other-error"},
                        {"nothing", ""},
                        {"no base64", "v=!"}};
    for (const Row& row : rows) {
        Scram scram = pencil();
        ASSERT_TRUE(scram.prove(kServerFirst));
        EXPECT_FALSE(scram.verify(row.message)) << row.name;
        EXPECT_FALSE(scram.verified()) << row.name;
    }
    Scram early = pencil();
    EXPECT_FALSE(early.verify(kServerFinal)) << "before the proof";
    Scram twice = pencil();
    ASSERT_TRUE(twice.prove(kServerFirst));
    EXPECT_FALSE(twice.prove(kServerFirst));
}

TEST(Scram, KeysAreWorkedOutOnce) {
    auto keys = std::make_shared<ScramKeys>();
    Scram first = pencil({.keys = keys});
    const auto proof = first.prove(kServerFirst).value();
    // Another password would give another proof, if it were asked.
    Scram second("user", Secret("other"), {.nonce = std::string(kNonce), .keys = keys});
    EXPECT_EQ(second.prove(kServerFirst).value(), proof);
    Scram other_salt("user", Secret("other"), {.nonce = std::string(kNonce), .keys = keys});
    EXPECT_NE(other_salt
                  .prove("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=QSXCR+Q6sek8bf92,"
                         "i=4096")
                  .value(),
              proof);
}

}  // namespace
}  // namespace posthaste::smtp
