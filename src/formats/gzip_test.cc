#include "formats/gzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace posthaste::formats {
namespace {

std::string gunzip(const std::string& octets) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    std::string in = octets;
    std::string out(8 << 20, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(stream.avail_in, 0U);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

TEST(Gzip, comes_out_as_it_went_in) {
    std::string mixed;
    for (unsigned i = 0; i < 3'000'000; ++i) mixed += static_cast<char>(i * i / 7);
    for (const std::string& text :
         {std::string(), std::string("a"), std::string(5'000'000, 'x'), mixed}) {
        const auto packed = gzip(text);
        EXPECT_EQ(packed.substr(0, 3), "\x1f\x8b\x08");
        EXPECT_EQ(gunzip(packed), text);
    }
    EXPECT_LT(gzip(std::string(5'000'000, 'x')).size(), 10'000U);
    EXPECT_EQ(gzip("same"), gzip("same"));
}

}  // namespace
}  // namespace posthaste::formats
