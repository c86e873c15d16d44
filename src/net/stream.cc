#include "net/stream.h"

#include "base/assert.h"

#include <algorithm>

#include <fmt/format.h>

namespace posthaste::net {

std::string Endpoint::to_string() const {
    return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.to_string(),
                       port);
}

void Stream::consume(std::size_t octets) {
    PH_ASSERT(octets <= buffer_.size() - begin_);
    begin_ += octets;
    if (begin_ == buffer_.size()) {
        buffer_.clear();
        begin_ = 0;
    }
}

void Stream::append(std::string_view octets) {
    if (begin_ > 0) buffer_.erase(0, std::exchange(begin_, 0));
    buffer_.append(octets);
}

void Stream::release_idle_buffer() {
    if (!buffer_.empty() || buffer_.capacity() <= std::string().capacity()) return;
    buffer_ = std::string();
    begin_ = 0;
}

runtime::Task<Result<std::string>> Stream::peek(std::size_t octets, Deadline) {
    co_return std::string(buffered().substr(0, octets));
}

namespace {

constexpr std::size_t kReadAhead = 64 << 10;  // a pipelined group of commands comes with one read

// Takes and drops octets up to and including the next LF, which is among the first `most`.
runtime::Task<Result<void>> drop_line(Stream& stream, std::size_t most) {
    for (std::size_t dropped = 0;;) {
        const auto window = stream.buffered().substr(0, most - dropped);
        const auto end = window.find('\n');
        const bool found = end != std::string_view::npos;
        dropped += found ? end + 1 : window.size();
        stream.consume(found ? end + 1 : window.size());
        if (found) co_return Result<void>();
        if (dropped == most) co_return fail(ErrorKind::syntax, "a line without an end");
        PH_CO_CHECK(co_await stream.fill());
    }
}

}  // namespace

runtime::Task<Result<Line>> read_line(Stream& stream, std::size_t max_octets,
                                      std::size_t max_dropped) {
    std::size_t searched = 0;
    for (;;) {
        auto window = stream.buffered();
        auto end = window.find('\n', searched);
        std::size_t seen = end == std::string_view::npos ? window.size() : end + 1;
        if (seen > max_octets) {
            PH_CO_CHECK(co_await drop_line(stream, max_octets + max_dropped));
            co_return fail(ErrorKind::too_large,
                           fmt::format("a line of more than {} octets", max_octets));
        }
        if (end != std::string_view::npos) {
            bool bare_lf = end == 0 || window[end - 1] != '\r';
            Line line{std::string(window.substr(0, bare_lf ? end : end - 1)), bare_lf};
            stream.consume(end + 1);
            co_return line;
        }
        searched = window.size();
        PH_CO_CHECK(co_await stream.fill(std::max(kReadAhead, max_octets + 1)));
    }
}

}  // namespace posthaste::net
