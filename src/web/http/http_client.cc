#include "web/http/http_client.h"

#include "web/http/http_parser.h"

namespace posthaste::web {

namespace {
constexpr HttpLimits kLimits{.max_header = 32 << 10, .max_fields = 200, .max_body = 64u << 20};
constexpr std::size_t kWindow = 64 << 10;
}  // namespace

runtime::Task<Result<HttpResponse>> http_request(net::Stream& stream, std::string method,
                                                 std::string target, std::string body,
                                                 Deadline deadline) {
    stream.expires_at(deadline);
    auto octets = request_octets(method, target, body);
    PH_CO_CHECK(co_await stream.write(octets));
    ResponseParser parser(kLimits, method == "HEAD");
    for (;;) {
        PH_CO_TRY(const std::size_t taken, parser.feed(stream.buffered()));
        stream.consume(taken);
        if (parser.done()) co_return parser.take();
        if (taken > 0) continue;
        auto filled = co_await stream.fill(kWindow);
        if (filled) continue;
        if (filled.error().kind != ErrorKind::closed)
            co_return std::unexpected(std::move(filled).error());
        PH_CO_CHECK(parser.end_of_stream());
        co_return parser.take();
    }
}

}  // namespace posthaste::web
