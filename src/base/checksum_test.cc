#include "base/checksum.h"

#include <string>

#include <gtest/gtest.h>

namespace posthaste {
namespace {

TEST(Checksum, agrees_with_the_published_vectors) {
    EXPECT_EQ(crc32c(""), 0U);
    EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);    // RFC 3720 B.4
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);  // RFC 3720 B.4
}

TEST(Checksum, table_and_processor_agree_at_every_length_and_offset) {
    std::string octets;
    for (unsigned i = 0; i < 100; ++i) octets += static_cast<char>(i * 37U + 11U);
    for (std::size_t start = 0; start < 9; ++start)
        for (std::size_t size = 0; size + start <= octets.size(); ++size) {
            const auto piece = std::string_view(octets).substr(start, size);
            EXPECT_EQ(crc32c(piece), ~detail::crc32c_by_table(piece, ~0U)) << start << " " << size;
        }
}

TEST(Checksum, continues_over_pieces) {
    const std::string_view text = "content comes in pieces of any size";
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text));
}

}  // namespace
}  // namespace posthaste
