#include "web/http/http_parser.h"

#include "base/ascii.h"
#include "base/assert.h"
#include "base/ip.h"

#include <algorithm>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <fmt/format.h>

namespace posthaste::web {

namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

constexpr std::size_t kMaxMethod = 16;
constexpr std::size_t kMaxTarget = 8 << 10;
constexpr std::size_t kMaxChunkLine =
    4 << 10;  // size, extensions and trailer that wait for their end

std::string_view view(BeastView text) {
    return {text.data(), text.size()};
}

struct Fault {
    int status = 400;
    Error error;
};

Fault fault(int status, ErrorKind kind, std::string text, std::string mend = {}) {
    return {status, {kind, std::move(text), std::move(mend)}};
}

Fault syntax(std::string text) {
    return fault(400, ErrorKind::syntax, std::move(text));
}

Fault fault_of(const error_code& error) {
    if (error == http::error::body_limit)
        return fault(413, ErrorKind::too_large, "the body is larger than allowed here",
                     "send less at once");
    if (error == http::error::header_limit)
        return fault(431, ErrorKind::too_large, "the header is larger than allowed here");
    if (error == http::error::bad_version)
        return fault(505, ErrorKind::unsupported, "only HTTP/1.1 and 1.0 are spoken here");
    return syntax("that is no HTTP message: " + error.message());
}

// What is common to both directions: collects fields and body.
template <bool isRequest>
class Collector : public http::basic_parser<isRequest> {
  public:
    std::string method, target;
    int status = 0;
    int version = 11;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;

    std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            fields, [&](const auto& f) { return ascii::equals_ignore_case(f.first, name); }));
    }

    std::string_view field(std::string_view name) const {
        for (const auto& [key, value] : fields)
            if (ascii::equals_ignore_case(key, name)) return value;
        return {};
    }

  private:
    void on_request_impl(http::verb, BeastView name, BeastView to, int v, error_code&) override {
        method = view(name);
        target = view(to);
        version = v;
    }

    void on_response_impl(int code, BeastView, int v, error_code&) override {
        status = code;
        version = v;
    }

    // Fields behind the body (trailers) are dropped: nothing here may be changed by them (RFC 9110
    // §6.5.1).
    void on_field_impl(http::field, BeastView name, BeastView value, error_code&) override {
        if (!header_ended_) fields.emplace_back(view(name), view(value));
    }

    void on_header_impl(error_code&) override { header_ended_ = true; }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        if (length) body.reserve(std::min<std::uint64_t>(*length, 1 << 20));
    }

    std::size_t on_body_impl(BeastView octets, error_code&) override {
        body.append(octets.data(), octets.size());
        return octets.size();
    }

    void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, BeastView octets, error_code&) override {
        body.append(octets.data(), octets.size());
        return octets.size();
    }

    void on_finish_impl(error_code&) override {}

    bool header_ended_ = false;
};

// Line ends and folds of the header as it came, before Beast is lenient about them.
std::optional<Fault> check_raw_header(std::string_view header, std::size_t max_fields) {
    std::size_t lines = 0;
    while (header != "\r\n") {
        const std::size_t end = header.find("\r\n");
        const std::string_view line = header.substr(0, end);
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
            return syntax("the header holds a bare CR, a bare LF or a NUL");
        if (line.starts_with(' ') || line.starts_with('\t'))
            return syntax("a line of the header is folded");  // RFC 9112 §5.2
        if (lines++ > max_fields)
            return fault(431, ErrorKind::too_large, "the header has too many fields");
        header.remove_prefix(end + 2);
    }
    return std::nullopt;
}

// Some programs send "<" and the like in a target as they are, which Beast refuses. They are read
// as browsers would have sent them (RFC 9112 §3.2 lets a server do so); nothing when there are
// none.
std::optional<std::string> with_escaped_target(std::string_view header) {
    constexpr std::string_view kUnescaped = "\"<>\\^`{|}";
    const std::string_view line = header.substr(0, header.find("\r\n"));
    const std::size_t begin = line.find(' ');
    const std::size_t end = line.rfind(' ');
    if (begin >= end || end == std::string_view::npos) return std::nullopt;
    const std::string_view target = line.substr(begin, end - begin);
    if (target.find_first_of(kUnescaped) == std::string_view::npos) return std::nullopt;
    std::string out(header.substr(0, begin));
    for (const char c : target) {
        if (kUnescaped.find(c) == std::string_view::npos)
            out += c;
        else
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    out += header.substr(end);
    return out;
}

// Where the header ends, if it does within the window. `searched` octets are known not to hold the
// end.
std::optional<std::size_t> header_end(std::string_view window, std::size_t& searched) {
    const std::size_t at = window.find("\r\n\r\n", searched);
    if (at != std::string_view::npos) return at + 4;
    searched = window.size() < 3 ? 0 : window.size() - 3;
    return std::nullopt;
}

// How long the body is must be said once and plainly (RFC 9112 §6.3; smuggling).
template <bool isRequest>
std::optional<Fault> check_framing(const Collector<isRequest>& message) {
    const std::size_t lengths = message.count("Content-Length");
    const std::size_t codings = message.count("Transfer-Encoding");
    if (lengths > 0 && codings > 0)
        return syntax("Content-Length and Transfer-Encoding stand in one header");
    const std::string_view length = message.field("Content-Length");
    if (lengths > 1 || (lengths == 1 && !std::ranges::all_of(length, ascii::is_digit)))
        return syntax("Content-Length is not one number");
    if (codings == 0) return std::nullopt;
    if (message.version < 11) return syntax("Transfer-Encoding in HTTP/1.0");
    if (codings > 1 || !ascii::equals_ignore_case(message.field("Transfer-Encoding"), "chunked"))
        return fault(501, ErrorKind::unsupported,
                     "the only Transfer-Encoding known here is chunked");
    return std::nullopt;
}

// "mail.example.com:8443", "[2001:db8::1]": host and port as RFC 3986 §3.2 writes them, without a
// user, who has no business there (RFC 9110 §4.2.4).
bool is_authority(std::string_view text) {
    constexpr std::string_view kMarks = "-._~!$&'()*+,;=%";
    const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
    if (bracket == std::string_view::npos) return false;
    const std::size_t colon = std::min(text.find(':', bracket), text.size());
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(std::min(colon + 1, text.size()));
    if (port.size() > 5 || !std::ranges::all_of(port, ascii::is_digit)) return false;
    if (host.starts_with('[')) {
        host = host.substr(1, host.size() - 2);
        return bracket + 1 == colon && host.find_first_of("[]%") == std::string_view::npos &&
               IpAddress::parse(host).has_value();
    }
    return std::ranges::all_of(host, [&](char c) {
        return ascii::is_alnum(c) || kMarks.find(c) != std::string_view::npos;
    });
}

// The absolute form "http://mail.example.com/setup?x=1", as to a proxy, which every server must
// take too (RFC 9112 §3.2.2).
struct AbsoluteTarget {
    std::string authority;
    std::string path;  // with the query
};

std::optional<AbsoluteTarget> absolute_target(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!ascii::starts_with_ignore_case(target, scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = std::min(target.find_first_of("/?#"), target.size());
        AbsoluteTarget found{std::string(target.substr(0, end)), std::string(target.substr(end))};
        if (!found.path.starts_with('/')) found.path.insert(0, 1, '/');
        return found;
    }
    return std::nullopt;
}

std::optional<Fault> check_request(const Collector<true>& message) {
    if (auto wrong = check_framing(message)) return wrong;
    const bool known =
        message.method.size() <= kMaxMethod &&
        std::ranges::all_of(message.method, [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!known) return fault(501, ErrorKind::unsupported, "that method is not known");
    if (message.target.size() > kMaxTarget)
        return fault(414, ErrorKind::too_large, "the target of the request is too long");
    const std::size_t hosts = message.count("Host");
    if (hosts > 1 || (hosts == 0 && message.version >= 11))  // RFC 9112 §3.2
        return syntax("there must be one Host field");
    if (!is_authority(message.field("Host"))) return syntax("the Host field names no host");
    const std::size_t expectations = message.count("Expect");
    if (expectations > 1 ||
        (expectations == 1 && !ascii::equals_ignore_case(message.field("Expect"), "100-continue")))
        return fault(417, ErrorKind::unsupported, "that expectation cannot be met");
    return std::nullopt;
}

boost::asio::const_buffer buffer_of(std::string_view window) {
    return {window.data(), window.size()};
}

// Gives Beast what it has not taken yet.
template <bool isRequest>
Result<std::size_t> advance(Collector<isRequest>& parser, std::string_view window, Fault& wrong) {
    // No chunked body ends within less, and Beast 1.81 asserts so.
    constexpr std::size_t kShortestEnd = std::string_view("0\r\n\r\n").size();
    if (parser.chunked() && window.size() < kShortestEnd) return 0;
    error_code error;
    const std::size_t taken = parser.put(buffer_of(window), error);
    if (error && error != http::error::need_more) {
        wrong = fault_of(error);
        return std::unexpected(wrong.error);
    }
    if (!parser.is_done() && window.size() - taken > kMaxChunkLine) {
        wrong = syntax("a chunk of the body begins with too much");
        return std::unexpected(wrong.error);
    }
    return taken;
}

bool is_field_safe(std::string_view name, std::string_view value) {
    constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
    const auto token = [&](char c) {
        return ascii::is_alnum(c) || kTokenMarks.find(c) != std::string_view::npos;
    };
    return !name.empty() && std::ranges::all_of(name, token) &&
           std::ranges::none_of(value, [](char c) { return c != '\t' && ascii::is_control(c); });
}

template <class Message>
std::string header_octets(Message& message) {
    http::serializer<Message::is_request::value, http::empty_body> serializer(message);
    serializer.split(true);
    std::string out;
    error_code error;
    while (!serializer.is_header_done()) {
        std::size_t size = 0;
        serializer.next(error, [&](error_code&, const auto& buffers) {
            for (auto it = boost::asio::buffer_sequence_begin(buffers);
                 it != boost::asio::buffer_sequence_end(buffers); ++it) {
                const boost::asio::const_buffer piece = *it;
                out.append(static_cast<const char*>(piece.data()), piece.size());
                size += piece.size();
            }
        });
        PH_ASSERT(!error);
        serializer.consume(size);
    }
    return out;
}

}  // namespace

struct RequestParser::Impl {
    explicit Impl(HttpLimits l) : limits(l) {
        beast.emplace();
        beast->header_limit(static_cast<std::uint32_t>(limits.max_header));
        beast->body_limit(limits.max_body);
        beast->eager(true);
    }

    Result<std::size_t> refuse(Fault found) {
        wrong = std::move(found);
        dead = true;
        return std::unexpected(wrong.error);
    }

    Result<std::size_t> feed_header(std::string_view window) {
        // An empty line in front of a request is left over by some client's last body (RFC 9112
        // §2.2).
        const std::size_t blank = window.starts_with("\r\n") ? 2 : 0;
        window.remove_prefix(blank);
        const auto end = header_end(window, searched);
        if (end ? *end > limits.max_header : window.size() >= limits.max_header) {
            const auto begin = window.substr(0, limits.max_header);
            const bool in_first_line = begin.find("\r\n") == std::string_view::npos;
            return refuse(fault(in_first_line ? 414 : 431, ErrorKind::too_large,
                                "the header is larger than allowed here", "send less in it"));
        }
        if (!end) return 0;
        std::string_view header = window.substr(0, *end);
        if (auto found = check_raw_header(header, limits.max_fields))
            return refuse(std::move(*found));
        const auto escaped = with_escaped_target(header);
        if (escaped) header = *escaped;
        error_code error;
        beast->eager(false);  // framing is judged before a body octet is taken
        const std::size_t taken = beast->put(buffer_of(header), error);
        if (error) return refuse(fault_of(error));
        if (!beast->is_header_done() || taken != header.size())
            return refuse(syntax("the header is cut short"));
        beast->eager(true);
        return finish_header(blank + *end);
    }

    Result<std::size_t> finish_header(std::size_t taken) {
        if (auto found = check_request(*beast)) return refuse(std::move(*found));
        request.method = beast->method;
        request.headers = std::move(beast->fields);
        std::string target = beast->target;
        if (auto absolute = absolute_target(target)) {
            // An http address without a host is none (RFC 9110 §4.2.1).
            if (absolute->authority.empty() || absolute->authority.starts_with(':') ||
                !is_authority(absolute->authority))
                return refuse(syntax("the target of the request names no host"));
            name_host(std::move(absolute->authority));
            target = std::move(absolute->path);
        }
        if (auto set = request.set_target(target); !set)
            return refuse({400, std::move(set).error()});
        const auto length = beast->content_length();
        if (length && *length > limits.max_body) return refuse(fault_of(http::error::body_limit));
        has_header = true;
        return taken;
    }

    // What the target says goes before the field (RFC 9112 §3.2.2): one of them alone must count.
    void name_host(std::string host) {
        std::erase_if(request.headers, [](const auto& field) {
            return ascii::equals_ignore_case(field.first, "Host");
        });
        request.headers.emplace_back("Host", std::move(host));
    }

    HttpLimits limits;
    std::optional<Collector<true>> beast;
    HttpRequest request;
    std::size_t searched = 0;
    bool has_header = false;
    bool dead = false;
    Fault wrong;
};

RequestParser::RequestParser(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}

RequestParser::~RequestParser() = default;

Result<std::size_t> RequestParser::feed(std::string_view window) {
    auto& self = *impl_;
    if (self.dead) return std::unexpected(self.wrong.error);
    if (!self.has_header) return self.feed_header(window);
    if (done() || window.empty()) return 0;
    auto taken = advance(*self.beast, window, self.wrong);
    self.dead = !taken;
    return taken;
}

bool RequestParser::header_done() const {
    return impl_->has_header;
}

bool RequestParser::done() const {
    return impl_->has_header && impl_->beast->is_done();
}

bool RequestParser::expects_continue() const {
    return impl_->has_header && !impl_->beast->is_done() && impl_->beast->version >= 11 &&
           !impl_->request.header("Expect").empty();
}

bool RequestParser::keep_alive() const {
    return impl_->has_header && !impl_->dead && impl_->beast->keep_alive();
}

const HttpRequest& RequestParser::request() const {
    return impl_->request;
}

HttpRequest RequestParser::take() {
    PH_ASSERT(done());
    impl_->request.body = std::move(impl_->beast->body);
    return std::move(impl_->request);
}

int RequestParser::fault_status() const {
    return impl_->wrong.status;
}

struct ResponseParser::Impl {
    Impl(HttpLimits l, bool head) : limits(l), to_head(head) { start(); }

    void start() {
        beast.emplace();
        beast->header_limit(static_cast<std::uint32_t>(limits.max_header));
        beast->body_limit(limits.max_body);
        beast->skip(to_head);
        searched = 0;
        has_header = false;
    }

    Result<std::size_t> feed_header(std::string_view window) {
        const auto end = header_end(window, searched);
        if (!end && window.size() < limits.max_header) return 0;
        if (!end || *end > limits.max_header)
            return fail(ErrorKind::too_large, "the header of the answer is too large");
        const std::string_view header = window.substr(0, *end);
        if (auto found = check_raw_header(header, limits.max_fields))
            return std::unexpected(found->error);
        error_code error;
        beast->eager(false);
        const std::size_t taken = beast->put(buffer_of(header), error);
        if (error) return std::unexpected(fault_of(error).error);
        if (!beast->is_header_done())
            return fail(ErrorKind::syntax, "the header of the answer is cut short");
        if (auto found = check_framing(*beast)) return std::unexpected(found->error);
        beast->eager(true);
        has_header = true;
        if (beast->status / 100 == 1) start();
        return taken;
    }

    HttpLimits limits;
    bool to_head;
    std::optional<Collector<false>> beast;
    std::size_t searched = 0;
    bool has_header = false;
};

ResponseParser::ResponseParser(HttpLimits limits, bool to_head)
    : impl_(std::make_unique<Impl>(limits, to_head)) {}

ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::feed(std::string_view window) {
    std::size_t taken = 0;
    while (!impl_->has_header) {
        PH_TRY(const std::size_t more, impl_->feed_header(window.substr(taken)));
        if (more == 0) return taken;
        taken += more;
    }
    if (done() || taken == window.size()) return taken;
    Fault wrong;
    PH_TRY(const std::size_t more, advance(*impl_->beast, window.substr(taken), wrong));
    return taken + more;
}

Result<void> ResponseParser::end_of_stream() {
    if (done()) return {};
    error_code error;
    if (impl_->has_header) impl_->beast->put_eof(error);
    if (!impl_->has_header || error)
        return fail(ErrorKind::closed, "the connection ended within the answer");
    return {};
}

bool ResponseParser::done() const {
    return impl_->has_header && impl_->beast->is_done();
}

bool ResponseParser::keep_alive() const {
    return done() && impl_->beast->keep_alive();
}

HttpResponse ResponseParser::take() {
    PH_ASSERT(done());
    auto& beast = *impl_->beast;
    HttpResponse response;
    response.status = beast.status;
    response.content_type = beast.field("Content-Type");
    response.headers = std::move(beast.fields);
    response.body = std::move(beast.body);
    return response;
}

std::string response_header(const HttpResponse& response, bool keep_alive) {
    http::response<http::empty_body> message;
    message.version(11);
    message.result(static_cast<unsigned>(response.status));
    for (const auto& [name, value] : response.headers)
        if (is_field_safe(name, value)) message.insert(name, value);
    if (!response.content_type.empty() && is_field_safe("Content-Type", response.content_type))
        message.set(http::field::content_type, response.content_type);
    message.set(http::field::content_length, std::to_string(response.body.size()));
    message.keep_alive(keep_alive);
    return header_octets(message);
}

std::string_view continue_response() {
    return "HTTP/1.1 100 Continue\r\n\r\n";
}

std::string request_octets(const std::string& method, const std::string& target,
                           std::string_view body) {
    http::request<http::empty_body> message;
    message.version(11);
    message.method_string(method);
    message.target(target);
    message.set(http::field::host, "localhost");
    if (!body.empty()) message.set(http::field::content_type, "application/json");
    if (!body.empty() || (method != "GET" && method != "HEAD" && method != "DELETE"))
        message.set(http::field::content_length, std::to_string(body.size()));
    auto out = header_octets(message);
    out += body;
    return out;
}

}  // namespace posthaste::web
