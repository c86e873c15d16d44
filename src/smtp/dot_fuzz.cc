// Properties of the content codecs: where the input is cut changes nothing, nothing but CR LF . CR
// LF ends DATA, what leaves has no bare CR or LF and one end, and decoding undoes encoding.
#include "base/assert.h"
#include "smtp/dot.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using posthaste::smtp::ChunkNormaliser;
using posthaste::smtp::ContentFault;
using posthaste::smtp::DotDecoder;
using posthaste::smtp::DotEncoder;

struct Decoded {
    std::string content;
    std::size_t consumed = 0;
    bool finished = false;
    ContentFault fault = ContentFault::none;
    bool ended_by_lf = false;

    bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view input, std::size_t piece) {
    DotDecoder decoder;
    Decoded result;
    while (!input.empty() && !result.finished) {
        const auto part = input.substr(0, piece);
        const auto step = decoder.feed(part, result.content);
        PH_ASSERT(step.finished || step.consumed == part.size());
        result.consumed += step.consumed;
        result.finished = step.finished;
        input.remove_prefix(step.consumed);
    }
    result.fault = decoder.fault();
    result.ended_by_lf = decoder.looks_ended_by_lf();
    return result;
}

std::string encode(std::string_view content, std::size_t piece) {
    DotEncoder encoder;
    std::string wire;
    for (; !content.empty(); content.remove_prefix(std::min(piece, content.size()))) {
        encoder.feed(content.substr(0, piece), wire);
    }
    encoder.finish(wire);
    return wire;
}

bool has_bare(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
    }
    return false;
}

void check_decoder(std::string_view input, std::size_t piece) {
    const auto whole = decode(input, input.size() + 1);
    PH_ASSERT(whole == decode(input, piece));
    const std::string framed = "\r\n" + std::string(input);
    const std::size_t end = framed.find("\r\n.\r\n");
    PH_ASSERT(whole.finished == (end != std::string::npos));
    if (whole.finished) PH_ASSERT(whole.consumed == end + 3);
    if (whole.fault != ContentFault::none || !whole.finished) return;
    PH_ASSERT(!has_bare(whole.content));
    PH_ASSERT(whole.content.find('\0') == std::string::npos);
    PH_ASSERT(whole.content.empty() || whole.content.ends_with("\r\n"));
}

void check_encoder(std::string_view content, std::size_t piece) {
    const std::string wire = encode(content, content.size() + 1);
    PH_ASSERT(wire == encode(content, piece));
    PH_ASSERT(!has_bare(wire));
    PH_ASSERT(("\r\n" + wire).find("\r\n.\r\n") == wire.size() - 3);
    if (content.find('\0') != std::string_view::npos) return;
    const auto back = decode(wire, piece);
    PH_ASSERT(back.finished && back.consumed == wire.size() && back.fault == ContentFault::none);
    if (has_bare(content)) return;
    const bool whole = content.empty() || content.ends_with("\r\n");
    PH_ASSERT(back.content == std::string(content) + (whole ? "" : "\r\n"));
}

void check_chunks(std::string_view input, std::size_t piece) {
    std::string content[2];
    ContentFault fault[2];
    for (int i = 0; i < 2; ++i) {
        ChunkNormaliser chunks;
        const std::size_t size = i == 0 ? input.size() + 1 : piece;
        for (auto rest = input; !rest.empty(); rest.remove_prefix(std::min(size, rest.size()))) {
            chunks.feed(rest.substr(0, size), content[i]);
        }
        chunks.finish(content[i]);
        fault[i] = chunks.fault();
    }
    PH_ASSERT(content[0] == content[1] && fault[0] == fault[1]);
    if (fault[0] != ContentFault::none) return;
    PH_ASSERT(!has_bare(content[0]));
    PH_ASSERT(content[0].empty() || content[0].ends_with("\r\n"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] % 16 + 1U;
    const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
    check_decoder(input, piece);
    check_encoder(input, piece);
    check_chunks(input, piece);
    return 0;
}
