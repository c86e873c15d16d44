#include "formats/gzip.h"

#include "base/assert.h"

#include <algorithm>
#include <limits>

#include <zlib.h>

namespace posthaste::formats {

namespace {

constexpr int kGzip = 16;  // added to the window: with gzip's header and trailer
constexpr int kMemory = 8;

}  // namespace

std::string gzip(std::string_view text) {
    z_stream stream{};
    PH_ASSERT(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, kMemory,
                           Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out;
    char piece[16 << 10];
    int state = Z_OK;
    while (state != Z_STREAM_END) {
        if (stream.avail_in == 0 && !text.empty()) {
            const auto some = text.substr(
                0, std::min<std::size_t>(text.size(), std::numeric_limits<uInt>::max()));
            // zlib does not write to it; its interface is older than const.
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(some.data()));
            stream.avail_in = static_cast<uInt>(some.size());
            text.remove_prefix(some.size());
        }
        stream.next_out = reinterpret_cast<Bytef*>(piece);
        stream.avail_out = sizeof piece;
        state = deflate(&stream, text.empty() ? Z_FINISH : Z_NO_FLUSH);
        PH_ASSERT(state != Z_STREAM_ERROR);
        out.append(piece, sizeof piece - stream.avail_out);
    }
    deflateEnd(&stream);
    return out;
}

}  // namespace posthaste::formats
