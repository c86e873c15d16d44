#include "base/time.h"

#include <gtest/gtest.h>

namespace posthaste {
namespace {

Timestamp at(std::int64_t milliseconds) {
    return Timestamp(Milliseconds(milliseconds));
}

TEST(Time, is_written_as_the_formats_ask) {
    struct Row {
        std::int64_t milliseconds;
        std::string_view iso, rfc;
    };

    constexpr Row kRows[] = {
        {0, "1970-01-01T00:00:00.000Z", "Thu, 1 Jan 1970 00:00:00 +0000"},
        {1795442834211, "2026-11-23T14:07:14.211Z", "Mon, 23 Nov 2026 14:07:14 +0000"},
        {951782399999, "2000-02-28T23:59:59.999Z", "Mon, 28 Feb 2000 23:59:59 +0000"},
        {951782400000, "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 +0000"},
        {-1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 +0000"},
        {4102444800007, "2100-01-01T00:00:00.007Z", "Fri, 1 Jan 2100 00:00:00 +0000"},
    };
    for (const Row& row : kRows) {
        EXPECT_EQ(format_iso8601(at(row.milliseconds)), row.iso);
        EXPECT_EQ(format_rfc5322(at(row.milliseconds)), row.rfc);
    }
}

TEST(Time, a_clock_set_to_nonsense_still_gives_a_line) {
    EXPECT_EQ(format_iso8601(at(999'999'999'999'999)).size(), 24U);
    EXPECT_EQ(format_iso8601(at(-999'999'999'999'999)).size(), 24U);
}

TEST(Time, durations_read_as_people_say_them) {
    struct Row {
        std::int64_t seconds;
        std::string_view text;
    };

    constexpr Row kRows[] = {
        {-5, "0 s"},          {0, "0 s"},
        {59, "59 s"},         {60, "1 min"},
        {90, "1 min 30 s"},   {300, "5 min"},
        {725, "12 min"},      {3599, "59 min"},
        {3600, "1 h"},        {5400, "1 h 30 min"},
        {14400, "4 h"},       {86399, "23 h 59 min"},
        {86400, "1 day"},     {129600, "1 day 12 h"},
        {172800, "2 days"},   {432000, "5 days"},
        {1000000, "11 days"}, {864000, "10 days"},
    };
    for (const Row& row : kRows) EXPECT_EQ(format_duration(Seconds(row.seconds)), row.text);
}

TEST(Time, sizes_read_as_people_say_them) {
    struct Row {
        std::uint64_t octets;
        std::string_view text;
    };

    constexpr std::uint64_t kMb = 1 << 20;
    constexpr Row kRows[] = {
        {0, "0 octets"},
        {1, "1 octet"},
        {17, "17 octets"},
        {1023, "1023 octets"},
        {1024, "1 KB"},
        {1536, "1.5 KB"},
        {421888, "412 KB"},
        {kMb - 1, "1 MB"},
        {kMb, "1 MB"},
        {3355443, "3.2 MB"},
        {50 * kMb, "50 MB"},
        {10 * kMb - 1, "10 MB"},
        {1024 * kMb, "1 GB"},
        {1536 * kMb, "1.5 GB"},
        {kMb * kMb * 5000, "5000 TB"},
        {~std::uint64_t{0}, "16777216 TB"},
    };
    for (const Row& row : kRows) EXPECT_EQ(format_size(row.octets), row.text) << row.octets;
}

TEST(Time, a_deadline_passes) {
    EXPECT_FALSE(Deadline{}.passed());
    EXPECT_FALSE(Deadline::after(Seconds(60)).passed());
    EXPECT_TRUE(Deadline::after(Seconds(0)).passed());
}

}  // namespace
}  // namespace posthaste
