#include "mail/dkim/dkim_record.h"

#include "mail/dkim/dkim_key.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

using ::testing::HasSubstr;

const std::string kOurs = "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA";
const std::string kKey = kOurs.substr(kOurs.find("p=") + 2);

DkimRecordCheck check(const std::string& found, const std::string& expected = kOurs) {
    return check_dkim_record({&found, 1}, expected);
}

TEST(DkimRecord, WhatTheRfcLeavesFreeIsRight) {
    const std::string rows[] = {
        kOurs,
        kOurs + ";",
        kOurs + " ; ",
        "v=DKIM1;k=rsa;p=" + kKey,
        " v = DKIM1 ;\tp = " + kKey + "; k = rsa; n=made by hand",
        "p=" + kKey,  // v= and k= may be left out
        "v=DKIM1; p=" + kKey.substr(0, 30) + " " + kKey.substr(30),
        "v=DKIM1; h=sha1:sha256; s=email; unknown=\"x\"; p=" + kKey,
    };
    for (const auto& row : rows) {
        const auto seen = check(row);
        EXPECT_EQ(seen.verdict, DkimVerdict::ok) << row << "\n" << seen.problem;
        EXPECT_EQ(seen.note, "") << row;
    }
    EXPECT_THAT(check("v=DKIM1; t=s:y; p=" + kKey).note, HasSubstr("t=y"));
}

TEST(DkimRecord, WhatFormsOfProvidersDoIsNamed) {
    struct Row {
        std::string found;
        std::string_view problem, mend;
    };

    std::string other = kKey;
    other[20] = 'x';
    const Row rows[] = {
        {"\"" + kOurs + "\"", "quotation marks", "without them"},
        {"v=DKIM1\\; k=rsa\\; p=" + kKey, "does not begin", "enter the record again"},
        {"v=DKIM1; k=rsa; p=" + kKey.substr(0, 30) + "\" \"" + kKey.substr(30), "character 31",
         "quotation marks"},
        {"v=DKIM1; k=rsa; p=" + kKey.substr(0, 30), "found nothing", "cut it off"},
        {"v=DKIM1; k=rsa; p=" + other, "character 21", "TTL"},
        {kOurs + "AAAA", "expected nothing", "TTL"},
        {"v=DKIM1; k=rsa; p=", "revokes", "enter"},
        {"k=rsa; v=DKIM1; p=" + kKey, "does not begin with v=DKIM1", "enter"},
        {"v=DKIM2; k=rsa; p=" + kKey, "does not begin with v=DKIM1", "enter"},
        {"v=DKIM1; k=rsa", "no DKIM record", "enter"},
        {"v=DKIM1; k=ed25519; p=" + kKey, "another kind", "enter"},
        {"v=DKIM1; k=rsa; p=" + kKey + "; p=" + kKey, "no DKIM record", "enter"},
        {"v=DKIM1; h=sha1; p=" + kKey, "h=", "h="},
        {"v=DKIM1; s=tlsrpt; p=" + kKey, "s=", "s="},
        {"v=spf1 -all", "does not begin with v=DKIM1", "enter"},
        {"some text", "no DKIM record: \"some text\"", "enter"},
        {"", "no DKIM record: nothing", "enter"},
    };
    for (const auto& row : rows) {
        const auto seen = check(row.found);
        EXPECT_EQ(seen.verdict, DkimVerdict::differs) << row.found;
        EXPECT_THAT(seen.problem, HasSubstr(row.problem)) << row.found;
        EXPECT_THAT(seen.mend, HasSubstr(row.mend)) << row.found;
    }
    EXPECT_EQ(check("p=" + other).offset, 20U);
}

TEST(DkimRecord, NoneAndSeveral) {
    const auto none = check_dkim_record({}, kOurs);
    EXPECT_EQ(none.verdict, DkimVerdict::missing);
    EXPECT_THAT(none.mend, HasSubstr("TTL"));
    const std::vector<std::string> two = {kOurs, "v=DKIM1; p="};
    EXPECT_THAT(check_dkim_record(two, kOurs).problem, HasSubstr("2 TXT records"));
}

TEST(DkimRecord, OurKeysAgreeWithThemselves) {
    for (const auto algorithm : {DkimAlgorithm::rsa_sha256, DkimAlgorithm::ed25519_sha256}) {
        const auto record = DkimKey::generate(algorithm).value().record();
        EXPECT_EQ(check(record, record).verdict, DkimVerdict::ok) << record;
        const auto other = DkimKey::generate(algorithm).value().record();
        EXPECT_EQ(check(other, record).verdict, DkimVerdict::differs);
    }
}

}  // namespace
}  // namespace posthaste::mail
