#include "net/http_client.h"

#include "base/ascii.h"
#include "base/file.h"
#include "base/owned.h"

#include <algorithm>
#include <atomic>
#include <charconv>

#include <curl/curl.h>
#include <fmt/format.h>

namespace posthaste::net {

namespace {

constexpr std::size_t kHeaders = 100;
constexpr std::size_t kHeaderOctets = 8 << 10;
constexpr std::size_t kCaFileAtMost = 4 << 20;

// What one call gathers; the callbacks get it.
struct Gathering {
    HttpAnswer answer;
    std::size_t max_body = 0;
    bool too_large = false;
    const std::atomic<bool>* stopped = nullptr;
};

std::size_t on_body(const char* data, std::size_t, std::size_t count, void* into) {
    auto& gathering = *static_cast<Gathering*>(into);
    if (gathering.answer.body.size() + count > gathering.max_body) {
        gathering.too_large = true;
        return 0;
    }
    gathering.answer.body.append(data, count);
    return count;
}

std::size_t on_header(const char* data, std::size_t, std::size_t count, void* into) {
    auto& gathering = *static_cast<Gathering*>(into);
    std::string_view line(data, count);
    if (line.starts_with("HTTP/")) {  // a further answer, such as after 100 Continue
        gathering.answer.headers.clear();
        return count;
    }
    auto colon = line.find(':');
    if (colon == std::string_view::npos) return count;
    if (gathering.answer.headers.size() >= kHeaders || count > kHeaderOctets) {
        gathering.too_large = true;
        return 0;
    }
    gathering.answer.headers.emplace_back(ascii::to_lower(ascii::trim(line.substr(0, colon))),
                                          ascii::trim(line.substr(colon + 1)));
    return count;
}

int on_progress(void* from, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Gathering*>(from)->stopped->load() ? 1 : 0;
}

ErrorKind kind_of(CURLcode code) {
    switch (code) {
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return ErrorKind::syntax;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return ErrorKind::dns;
        case CURLE_COULDNT_CONNECT:
            return ErrorKind::refused;
        case CURLE_OPERATION_TIMEDOUT:
            return ErrorKind::timeout;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
            return ErrorKind::tls;
        case CURLE_GOT_NOTHING:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_PARTIAL_FILE:
            return ErrorKind::closed;
        case CURLE_ABORTED_BY_CALLBACK:
            return ErrorKind::cancelled;
        default:
            return ErrorKind::io;
    }
}

// "acme.example" of "https://acme.example:14000/dir", for sentences.
std::string host_of(std::string_view url) {
    auto begin = url.find("://");
    auto rest = begin == std::string_view::npos ? url : url.substr(begin + 3);
    return std::string(rest.substr(0, std::min(rest.find_first_of("/?#"), std::size_t{253})));
}

// "mta-sts.example.net:443:192.0.2.1,[2001:db8::1]": the addresses libcurl has for that host.
std::string place_of(const HttpCall& call) {
    std::string host = host_of(call.url);
    const auto bracket = host.rfind(']');
    const auto colon = host.rfind(':');
    if (colon == std::string::npos || (bracket != std::string::npos && colon < bracket))
        host += ":443";
    std::string place = host + ":";
    for (std::size_t i = 0; i < call.addresses.size(); ++i) {
        const IpAddress& address = call.addresses[i];
        if (i > 0) place += ",";
        place += address.is_v6() ? fmt::format("[{}]", address.to_string()) : address.to_string();
    }
    return place;
}

long milliseconds(std::chrono::steady_clock::duration wait) {
    auto count = std::chrono::duration_cast<Milliseconds>(wait).count();
    return static_cast<long>(std::clamp<std::int64_t>(count, 1, 3'600'000));
}

bool started() {
    static const bool good = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return good;
}

}  // namespace

std::string_view HttpAnswer::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

std::optional<Seconds> HttpAnswer::retry_after() const {
    constexpr std::int64_t kYear = std::int64_t{365} * 86'400;
    auto text = header("retry-after");
    if (text.empty()) return std::nullopt;
    std::int64_t seconds = 0;
    auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failed == std::errc() && end == text.data() + text.size())
        return Seconds(std::clamp<std::int64_t>(seconds, 0, kYear));
    auto date = curl_getdate(std::string(text).c_str(), nullptr);
    if (date < 0) return std::nullopt;
    auto now_seconds =
        std::chrono::duration_cast<Seconds>(posthaste::now().time_since_epoch()).count();
    return Seconds(std::clamp<std::int64_t>(date - now_seconds, 0, kYear));
}

struct HttpClient::Impl {
    Options options;
    Owned<CURL, curl_easy_cleanup> handle;
    std::atomic<bool> stopped{false};

    Result<HttpAnswer> run(const HttpCall& call, Deadline deadline);
    bool prepare(const HttpCall& call, curl_slist* headers, Deadline deadline);
    bool pin(curl_slist* place);
};

bool HttpClient::Impl::pin(curl_slist* place) {
    CURL* curl = handle.get();
    if (options.direct && curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK) return false;
    return place == nullptr || curl_easy_setopt(curl, CURLOPT_RESOLVE, place) == CURLE_OK;
}

bool HttpClient::Impl::prepare(const HttpCall& call, curl_slist* headers, Deadline deadline) {
    CURL* curl = handle.get();
    curl_easy_reset(curl);  // keeps the connection
    const auto left = milliseconds(deadline.at - std::chrono::steady_clock::now());
    bool good = curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str()) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_USERAGENT, options.user_agent.c_str()) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                                 std::min(left, milliseconds(options.connect_timeout))) == CURLE_OK;
    if (!options.ca_file.empty())
        good = good &&
               curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str()) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr) == CURLE_OK;
    if (call.method == "HEAD")
        good = good && curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (call.method == "POST")
        good = good && curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                                static_cast<curl_off_t>(call.body.size())) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data()) == CURLE_OK;
    return good;
}

Result<HttpAnswer> HttpClient::Impl::run(const HttpCall& call, Deadline deadline) {
    Gathering gathering;
    gathering.max_body = options.max_body;
    gathering.stopped = &stopped;
    Owned<curl_slist, curl_slist_free_all> headers;
    if (!call.content_type.empty())
        headers.reset(curl_slist_append(nullptr, ("Content-Type: " + call.content_type).c_str()));
    Owned<curl_slist, curl_slist_free_all> place;
    if (!call.addresses.empty()) place.reset(curl_slist_append(nullptr, place_of(call).c_str()));
    CURL* curl = handle.get();
    char words[CURL_ERROR_SIZE] = {};
    const bool good = prepare(call, headers.get(), deadline) && pin(place.get()) &&
                      curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_WRITEDATA, &gathering) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_HEADERDATA, &gathering) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &gathering) == CURLE_OK;
    if (!good) return fail(ErrorKind::io, "the HTTP client cannot be set up for " + call.url);
    const auto code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);  // on our stack
    curl_easy_setopt(curl, CURLOPT_RESOLVE, nullptr);      // the list ends with us
    if (gathering.too_large)
        return fail(ErrorKind::too_large,
                    fmt::format("{} answered more than is taken", host_of(call.url)));
    if (code != CURLE_OK) {
        std::string why = words[0] != '\0' ? words : curl_easy_strerror(code);
        return fail(kind_of(code),
                    fmt::format("{} cannot be asked: {}", host_of(call.url), ascii::trim(why)));
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    gathering.answer.status = static_cast<int>(status);
    return std::move(gathering.answer);
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::make(Options options) {
    if (!started()) return fail(ErrorKind::io, "the HTTP client does not start");
    if (!options.ca_file.empty()) {
        PH_TRY([[maybe_unused]] auto readable, read_file(options.ca_file, kCaFileAtMost));
    }
    auto impl = std::make_unique<Impl>();
    impl->options = std::move(options);
    impl->handle.reset(curl_easy_init());
    if (!impl->handle) return fail(ErrorKind::io, "the HTTP client does not start");
    return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

Result<HttpAnswer> HttpClient::fetch(const HttpCall& call, Deadline deadline) {
    if (impl_->stopped.load()) return fail(ErrorKind::cancelled, "the server stops");
    if (deadline.passed())
        return fail(ErrorKind::timeout, host_of(call.url) + " was not asked in time");
    if (!call.url.starts_with("https://"))
        return fail(ErrorKind::syntax, fmt::format("\"{}\" is no https address", call.url),
                    "write it with https:// in front");
    return impl_->run(call, deadline);
}

void HttpClient::stop() {
    impl_->stopped.store(true);
}

}  // namespace posthaste::net
