#include "submission/tls_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::submission {
namespace {

using enum net::TlsFailure::Cause;
using testing::HasSubstr;

struct Row {
    const char* name;
    net::TlsFailure failure;
    TlsSurroundings around;
    const char* why;
    const char* mend;
};

class TlsReadings : public testing::TestWithParam<Row> {};

TEST_P(TlsReadings, SayWhyAndWhatToDo) {
    const auto reading = read_tls_failure(GetParam().failure, GetParam().around);
    EXPECT_THAT(reading.why, HasSubstr(GetParam().why));
    EXPECT_THAT(reading.mend, HasSubstr(GetParam().mend));
}

INSTANTIATE_TEST_SUITE_P(
    Table, TlsReadings,
    testing::Values(
        Row{"old_and_no_port_for_it",
            {old_version, "mail.example.com", "TLSv1.0"},
            {},
            "knows TLSv1.0 and nothing newer",
            "[legacy] opens a fenced port"},
        Row{"old_and_a_port_for_it",
            {old_version, "", "TLSv1.1"},
            {.legacy_port = "10.0.0.1:2525"},
            "TLSv1.1",
            "10.0.0.1:2525"},
        Row{"too_old_even_there",
            {old_version, "", "SSLv3"},
            {.legacy = true, .legacy_port = "10.0.0.1:2525"},
            "SSLv3",
            "replace it"},
        Row{"old_ciphers", {no_shared_cipher, "", "TLSv1.0"}, {}, "TLSv1.0", "update it"},
        Row{"wants_rsa", {no_shared_cipher, "", "TLSv1.2"}, {}, "RSA", "add an RSA certificate"},
        Row{"unknown_ca",
            {unknown_authority, "mail.example.com", "TLSv1.3"},
            {.covered = true},
            "does not know who signed",
            "public authority"},
        Row{"clock",
            {certificate_expired, "mail.example.com", "TLSv1.3"},
            {.covered = true},
            "by its clock",
            "clock"},
        Row{"other_name",
            {bad_certificate, "smtp.example.com", "TLSv1.2"},
            {},
            "asked for smtp.example.com",
            "get one with this name"},
        Row{"hostile_name",
            {bad_certificate, "a\nb\x1b[2J", "TLSv1.2"},
            {},
            "asked for a",
            "name that is in"},
        Row{"doubt", {bad_certificate, "", "TLSv1.2"}, {}, "does not say why", "compare"},
        Row{"closed_for_the_name",
            {closed, "old.example.com", "TLSv1.3"},
            {},
            "old.example.com",
            ""},
        Row{"closed_in_the_middle",
            {closed, "mail.example.com", "TLSv1.3"},
            {.covered = true},
            "in the middle",
            "again and again"},
        Row{"a_port_scan", {closed, "", ""}, {}, "before it had said anything", ""},
        Row{"a_browser", {not_mail, "", "TLSv1.3"}, {}, "another protocol", "nothing to do"},
        Row{"nothing_known", {other, "", ""}, {}, "", ""}),
    [](const auto& row) { return row.param.name; });

TEST(TlsReading, ANameCannotMakeALineOfItsOwn) {
    const auto reading =
        read_tls_failure({bad_certificate, "a\r\nevent=forged \x1b[2J", "TLSv1.2"}, {});
    for (const char c : reading.why) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

}  // namespace
}  // namespace posthaste::submission
