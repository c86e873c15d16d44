#include "app/cli/relay_sign_in.h"

#include "base/ascii.h"
#include "base/file.h"
#include "base/random.h"
#include "base/utf8.h"
#include "formats/url.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app::cli {

namespace {

using delivery::OAuthSettings;
using delivery::TokenRefusal;

constexpr Seconds kCallTime{30};
constexpr Seconds kPatience = std::chrono::minutes(15);
constexpr Seconds kSlower{5};  // RFC 8628 §3.5
constexpr Seconds kRequestTime{5};
constexpr std::size_t kMostRequest = 16 << 10;
constexpr std::size_t kMostPasted = 16 << 10;

Error as_error(TokenRefusal refusal) {
    const bool passing = refusal.kind == TokenRefusal::Kind::passing;
    return {passing ? ErrorKind::busy : ErrorKind::denied, std::move(refusal.text),
            std::move(refusal.mend)};
}

Result<std::unique_ptr<net::HttpClient>> client_for(const OAuthSettings& settings) {
    net::HttpClient::Options options;
    options.ca_file = settings.ca_file;
    options.max_body = delivery::kMostTokenAnswer;
    return net::HttpClient::make(std::move(options));
}

Result<Secret> refresh_token_of(const OAuthSettings& settings, delivery::TokenAnswer answer) {
    if (!answer.refresh_token.empty()) return std::move(answer.refresh_token);
    return fail(ErrorKind::denied, "the sign-in worked, and came without a refresh token",
                settings.provider == delivery::Provider::google
                    ? "remove the app under myaccount.google.com/permissions and sign in again"
                    : "scope must hold offline_access");
}

FileDescriptor listen_on_loopback(std::uint16_t& port) {
    FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (!fd || ::bind(fd.get(), raw, length) != 0 || ::listen(fd.get(), 8) != 0 ||
        ::getsockname(fd.get(), raw, &length) != 0)
        return {};
    port = ntohs(address.sin_port);
    return fd;
}

bool readable(int fd, SteadyTime until) {
    const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
    pollfd wait{fd, POLLIN, 0};
    return left.count() > 0 && ::poll(&wait, 1, static_cast<int>(left.count())) > 0;
}

void answer_browser(int fd, bool good) {
    const std::string_view text = good ? "Signed in. You may close this page and go back to the "
                                         "terminal.\n"
                                       : "This is not the sign-in that is waited for.\n";
    const std::string reply = fmt::format(
        "HTTP/1.1 {}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        good ? "200 OK" : "404 Not Found", text.size(), text);
    static_cast<void>(::send(fd, reply.data(), reply.size(), MSG_NOSIGNAL));
}

// The target of one request, "" when it is none.
std::string request_target(int fd) {
    const auto until = std::chrono::steady_clock::now() + kRequestTime;
    std::string request;
    while (!request.contains("\r\n\r\n") && request.size() < kMostRequest) {
        char piece[4096];
        if (!readable(fd, until)) return {};
        const auto got = ::recv(fd, piece, sizeof piece, 0);
        if (got <= 0) return {};
        request.append(piece, static_cast<std::size_t>(got));
    }
    if (!request.starts_with("GET ")) return {};
    const auto end = request.find(' ', 4);
    return end == std::string::npos ? std::string() : request.substr(4, end - 4);
}

// A favicon, another program's curiosity, or the browser.
std::optional<Result<Secret>> serve_one(int listener, std::string_view state) {
    FileDescriptor fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return std::nullopt;
    const auto target = request_target(fd.get());
    auto code = read_redirect(target, state);
    const bool ours = code || code.error().kind == ErrorKind::denied;
    answer_browser(fd.get(), code.has_value());
    if (!ours) return std::nullopt;
    return code;
}

// What was pasted so far, without a reader's own buffer: poll sees what is there.
std::optional<std::string> pasted_line(std::string& typed) {
    char piece[1024];
    const auto got = ::read(STDIN_FILENO, piece, sizeof piece);
    if (got > 0) typed.append(piece, static_cast<std::size_t>(got));
    if (typed.size() > kMostPasted) typed.clear();
    const auto end = typed.find('\n');
    if (end == std::string::npos) return got > 0 ? std::nullopt : std::optional<std::string>();
    std::string line(ascii::trim(std::string_view(typed).substr(0, end)));
    typed.erase(0, end + 1);
    return line;
}

Result<Secret> await_code(int listener, std::string_view state) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    std::string typed;
    bool may_paste = true;
    for (;;) {
        const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            return fail(ErrorKind::timeout, "nobody signed in within 15 minutes",
                        "posthaste relay login begins anew");
        pollfd waits[2] = {{listener, POLLIN, 0}, {may_paste ? STDIN_FILENO : -1, POLLIN, 0}};
        if (::poll(waits, 2, static_cast<int>(left.count())) < 0) {
            if (errno == EINTR) continue;
            return std::unexpected(system_error(errno, "waiting for the browser"));
        }
        if ((waits[0].revents & POLLIN) != 0) {
            if (auto code = serve_one(listener, state)) return std::move(*code);
        }
        if (waits[1].revents == 0) continue;
        const std::size_t before = typed.size();
        const auto line = pasted_line(typed);
        if (!line && typed.size() == before) may_paste = false;  // its end: the browser is left
        if (!line || line->empty()) continue;
        return read_redirect(*line, state);
    }
}

}  // namespace

Result<Secret> read_redirect(std::string_view address, std::string_view state) {
    const auto begin = address.find('?');
    const auto query =
        begin == std::string_view::npos
            ? Result<formats::QueryPairs>(fail(ErrorKind::syntax, ""))
            : formats::parse_query(address.substr(
                  begin + 1, address.find('#') - std::min(begin + 1, address.find('#'))));
    constexpr std::string_view kMend =
        "paste the whole address that the browser shows after the sign-in; it begins with "
        "http://127.0.0.1";
    if (!query)
        return fail(ErrorKind::syntax, "this is no address of a sign-in", std::string(kMend));
    if (formats::find_pair(*query, "state").value_or("") != state)
        return fail(ErrorKind::syntax, "this address is of another sign-in", std::string(kMend));
    if (const auto error = formats::find_pair(*query, "error"))
        return fail(ErrorKind::denied,
                    fmt::format("the provider says {}", utf8::printable(*error, 80)),
                    "posthaste relay login begins anew");
    const auto code = formats::find_pair(*query, "code");
    if (!code || code->empty() || code->size() > delivery::kMostToken)
        return fail(ErrorKind::syntax, "this address holds no code", std::string(kMend));
    return Secret(std::string(*code));
}

Result<Secret> sign_in_by_code(const OAuthSettings& settings, const ShowPrompt& show) {
    PH_TRY(auto http, client_for(settings));
    PH_TRY(const auto first,
           http->fetch(delivery::device_request(settings), Deadline::after(kCallTime)));
    auto code = delivery::read_device_answer(settings, first);
    if (!code) return std::unexpected(as_error(std::move(code).error()));
    show({code->url, code->user_code});
    const auto until = std::chrono::steady_clock::now() + std::min(code->lifetime, kPatience);
    for (Seconds interval = code->interval;;) {
        std::this_thread::sleep_for(interval);
        if (std::chrono::steady_clock::now() > until)
            return fail(ErrorKind::timeout, "nobody signed in while the code was good",
                        "posthaste relay login begins anew");
        auto answer =
            http->fetch(delivery::device_poll(settings, *code), Deadline::after(kCallTime));
        if (!answer) continue;  // the network may be gone for a moment
        auto token = delivery::read_token_answer(settings, *answer, code->device_code);
        if (token) return refresh_token_of(settings, std::move(*token));
        using Kind = TokenRefusal::Kind;
        if (token.error().kind == Kind::slower) interval += kSlower;
        if (token.error().kind == Kind::sign_in || token.error().kind == Kind::setting)
            return std::unexpected(as_error(std::move(token).error()));
    }
}

Result<Secret> sign_in_by_browser(const OAuthSettings& settings, const ShowPrompt& show) {
    std::uint16_t port = 0;
    const auto listener = listen_on_loopback(port);
    if (!listener) return std::unexpected(system_error(errno, "listening for the browser"));
    const std::string redirect = fmt::format("http://127.0.0.1:{}/", port);
    const std::string state = random_token(20);
    const Secret verifier(random_token(32));  // RFC 7636 §4.1: 43 to 128 letters
    show({delivery::browser_url(settings, redirect, state, verifier), {}});
    PH_TRY(const auto code, await_code(listener.get(), state));
    PH_TRY(auto http, client_for(settings));
    PH_TRY(const auto answer,
           http->fetch(delivery::code_request(settings, redirect, code, verifier),
                       Deadline::after(kCallTime)));
    auto token = delivery::read_token_answer(settings, answer, code);
    if (!token) return std::unexpected(as_error(std::move(token).error()));
    return refresh_token_of(settings, std::move(*token));
}

}  // namespace posthaste::app::cli
