#include "web/setup/setup_link_pages.h"

#include "base/ascii.h"
#include "base/mutex.h"
#include "formats/html.h"
#include "web/setup/setup_live.h"
#include "web/setup/setup_view.h"
#include "web/setup/test_message.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace posthaste::web {

namespace {

using accounts::SetupLinks;
using accounts::SignIn;
using discovery::text;
using runtime::Task;

constexpr std::string_view kCookie = "__Host-setup";
constexpr Seconds kStoreDeadline{30};
constexpr Seconds kLiveWait{25};  // below what proxies end idle requests after
constexpr Seconds kLiveStep{5};   // near misses wake nobody
constexpr std::size_t kMaxWaiting = 200;
constexpr std::size_t kMaxWaitingOfAccount = 4;
constexpr std::size_t kShown = 20;

// How many pages wait, so that they cannot take all connections.
class Waiting {
  public:
    bool enter(const std::string& account) {
        const MutexLock lock(mutex_);
        if (total_ >= kMaxWaiting || of_account_[account] >= kMaxWaitingOfAccount) return false;
        ++total_;
        ++of_account_[account];
        return true;
    }

    void leave(const std::string& account) {
        const MutexLock lock(mutex_);
        --total_;
        if (--of_account_[account] == 0) of_account_.erase(account);
    }

  private:
    Mutex mutex_;
    std::size_t total_ PH_GUARDED_BY(mutex_) = 0;
    std::map<std::string, std::size_t> of_account_ PH_GUARDED_BY(mutex_);
};

class Slot {
  public:
    Slot(std::shared_ptr<Waiting> waiting, std::string account)
        : waiting_(std::move(waiting)),
          account_(std::move(account)),
          taken_(waiting_->enter(account_)) {}

    ~Slot() {
        if (taken_) waiting_->leave(account_);
    }

    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    bool taken() const { return taken_; }

  private:
    std::shared_ptr<Waiting> waiting_;
    std::string account_;
    bool taken_;
};

struct Parts : SetupLinkServices {
    explicit Parts(SetupLinkServices services) : SetupLinkServices(std::move(services)) {}

    std::shared_ptr<Waiting> waiting = std::make_shared<Waiting>();
};

using Services = std::shared_ptr<const Parts>;

std::string browser_key(const HttpRequest& request) {
    std::string_view rest = request.header("Cookie");
    while (!rest.empty()) {
        const auto one = ascii::trim(rest.substr(0, rest.find(';')));
        rest.remove_prefix(std::min(rest.find(';'), rest.size() - 1) + 1);
        if (one.starts_with(kCookie) && one.substr(kCookie.size()).starts_with('=') &&
            SetupLinks::is_browser_key(one.substr(kCookie.size() + 1)))
            return std::string(one.substr(kCookie.size() + 1));
    }
    return {};
}

// The address in "192.0.2.1:40112" or "[2001:db8::1]:40112".
std::optional<IpAddress> address_of(std::string_view peer) {
    auto host = peer.substr(0, peer.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return IpAddress::parse(host);
}

SetupView view_of(const Parts& parts, const HttpRequest& request, const std::string& token) {
    SetupView view{.settings = parts.options.settings, .admin = parts.options.admin};
    view.is_personal = true;
    view.action = "/setup/" + token;
    read_query(request, view);
    return view;
}

template <class F>
Task<std::invoke_result_t<F&, SetupLinks&>> with_links(Services services, F work) {
    auto job = [services, work = std::move(work)]() mutable {
        SetupLinks links(services->store);
        return work(links);
    };
    co_return co_await runtime::offload(services->blocking, std::move(job),
                                        Deadline::after(kStoreDeadline));
}

Task<Result<SetupLinks::Found>> find(Services services, std::string token, std::string browser) {
    auto work = [token = std::move(token), browser = std::move(browser)](SetupLinks& links) {
        return links.find(token, browser);
    };
    co_return co_await with_links(services, std::move(work));
}

HttpResponse redirect_to(const SetupView& view) {
    return HttpResponse::redirect(view.action + kept_query(view));
}

// What became of the test message so far.
Task<std::vector<EventHub::Numbered>> test_events(Services services, QueueId test) {
    auto found = co_await services->events.of_message(test, 0, Deadline::after(Seconds(0)));
    if (!found) co_return std::vector<EventHub::Numbered>();
    co_return std::move(*found);
}

LiveLine sign_in_line(const Parts& parts, const SetupView& view, const store::SetupLinkRow& row,
                      std::string_view peer) {
    LiveLine line{.language = view.language,
                  .names = discovery::names_of(view.settings, view.admin),
                  .account = row.account};
    line.path = view.action;
    line.query = kept_query(view);
    line.ended = row.ended;
    line.test_sent = row.test.has_value();
    line.trap = parts.options.trap;
    line.program = view.program;
    if (line.ended || line.test_sent) return line;
    line.sign_ins = parts.sign_ins.of(row.account);
    std::erase_if(line.sign_ins, [&row](const SignIn& one) { return one.when < row.created; });
    // The log counts what is the same as one, from before the link too (decisions/0012).
    for (auto& one : line.sign_ins) one.times = one.times_since(row.created);
    if (line.sign_ins.size() > kShown) line.sign_ins.resize(kShown);
    const auto address = address_of(peer);
    if (!address) return line;
    for (auto& one : parts.sign_ins.of_network(*address)) {
        if (one.when < row.created || !is_near_miss(one, row.account)) continue;
        line.near_miss = std::move(one);
        break;
    }
    return line;
}

Task<LiveLine> live_line(Services services, SetupView view, store::SetupLinkRow row,
                         std::string peer) {
    auto line = sign_in_line(*services, view, row, peer);
    if (row.test) {
        auto events = co_await test_events(services, *row.test);
        for (auto& one : events) line.test.push_back(std::move(one.event));
    }
    co_return line;
}

// A click in a web mail comes without the cookie (SameSite=Strict): the page asks once more by
// itself, as its own page.
HttpResponse bounce(const SetupView& view) {
    const auto kept = kept_query(view);
    const auto target = formats::escape_html(
        fmt::format("{}{}{}again=1", view.action, kept, kept.empty() ? "?" : "&"));
    return setup_note(
        view, {.title = std::string(text(view.language, "page.link.bounce")),
               .more = fmt::format("<p><a class=\"go\" href=\"{}\">{}</a></p>", target,
                                   html_text(view.language, "page.link.continue")),
               .head = fmt::format("<meta http-equiv=\"refresh\" content=\"0;url={}\">", target)});
}

HttpResponse fresh_page(const SetupView& view, Milliseconds left) {
    const auto until = format_iso8601(now() + left);
    const auto when = fmt::format("{} {} UTC", until.substr(0, 10), until.substr(11, 5));
    return setup_note(
        view, {.title = std::string(text(view.language, "page.link.fresh_title")),
               .paragraphs = {std::string(text(view.language, "page.link.fresh")),
                              discovery::fill_text(text(view.language, "page.link.fresh_once"),
                                                   {{"until", when}})},
               .more = fmt::format(
                   "<form method=\"post\" action=\"{}/open{}\"><button class=\"go\">{}"
                   "</button></form>",
                   formats::escape_html(view.action), formats::escape_html(kept_query(view)),
                   html_text(view.language, "page.link.open"))});
}

HttpResponse closed_page(const SetupView& view, std::string_view which, int status) {
    const auto say = [&view](std::string_view key) {
        return discovery::fill_text(text(view.language, key), {{"admin", view.admin}});
    };
    const std::string base = fmt::format("page.link.{}", which);
    SetupNote note{.title = say(base + "_title"), .paragraphs = {say(base)}, .status = status};
    if (which == "elsewhere") note.paragraphs.push_back(say("page.link.elsewhere_warning"));
    const auto language = view.language_chosen
                              ? fmt::format("?lang={}", discovery::language_code(view.language))
                              : "";
    note.more =
        fmt::format("<p><a class=\"go\" href=\"/setup{}\">{}</a></p><p class=\"hint\">{}</p>",
                    language, html_text(view.language, "page.link.general"),
                    html_text(view.language, "page.link.for_admin"));
    return setup_note(view, note);
}

HttpResponse trouble_page(const SetupView& view, const Error& error) {
    SetupNote note{.title = std::string(text(view.language, "page.live.lost")),
                   .paragraphs = {error.text},
                   .status = 503};
    note.more = fmt::format(
        "<p><a class=\"go\" href=\"{}{}\">{}</a></p>", formats::escape_html(view.action),
        formats::escape_html(kept_query(view)), html_text(view.language, "page.live.again"));
    return setup_note(view, note);
}

// The answer to everybody but the browser that the link belongs to; nothing for that one.
std::optional<HttpResponse> refuse(const Parts& parts, const SetupView& view,
                                   const SetupLinks::Found& found, const HttpRequest& request) {
    switch (found.state) {
        case SetupLinks::State::unknown:
            return closed_page(view, "unknown", 404);
        case SetupLinks::State::expired:
            return closed_page(view, "expired", 410);
        case SetupLinks::State::fresh:
            return fresh_page(view, found.row.expires - parts.store.clock().now_queue());
        case SetupLinks::State::elsewhere:
            if (request.method == "GET" && browser_key(request).empty() &&
                !request.has_param("again"))
                return bounce(view);
            return closed_page(view, "elsewhere", 403);
        case SetupLinks::State::ours:
            break;
    }
    return {};
}

Task<HttpResponse> show(Services services, const HttpRequest& request, std::string token) {
    auto view = view_of(*services, request, token);
    auto browser = browser_key(request);
    auto found = co_await find(services, std::move(token), std::move(browser));
    if (!found) co_return trouble_page(view, found.error());
    if (auto refusal = refuse(*services, view, *found, request)) co_return std::move(*refusal);
    auto user = mail::Mailbox::parse(found->row.account);
    if (user) {
        view.settings.domain = user->domain();
        view.user = std::move(*user);
    }
    view.name = found->name;
    auto line = co_await live_line(services, view, found->row, request.peer);
    view.live = live_html(line, now());
    co_return setup_page(view);
}

Task<HttpResponse> open(Services services, const HttpRequest& request, std::string token) {
    const auto view = view_of(*services, request, token);
    auto browser = browser_key(request);
    if (browser.empty()) browser = SetupLinks::make_browser_key();
    auto work = [token, browser](SetupLinks& links) { return links.open(token, browser); };
    auto found = co_await with_links(services, std::move(work));
    if (!found) co_return trouble_page(view, found.error());
    if (auto refusal = refuse(*services, view, *found, request)) co_return std::move(*refusal);
    auto response = redirect_to(view);
    response.headers.emplace_back(
        "Set-Cookie", fmt::format("{}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Strict",
                                  kCookie, browser, SetupLinks::kLongest.count()));
    co_return response;
}

// Until something may have changed, or for one step.
Task<void> wait_for_news(Services services, const LiveLine& line, std::optional<QueueId> test,
                         runtime::Callback<bool> woken) {
    if (!test) {
        auto answer = co_await woken.wait(Deadline::after(kLiveStep));
        static_cast<void>(answer);
        co_return;
    }
    // Events that are known have the lowest numbers; whatever is above them is news.
    auto known = co_await test_events(services, *test);
    const auto last = known.size() > line.test.size() || known.empty() ? 0 : known.back().number;
    auto news = co_await services->events.of_message(*test, last, Deadline::after(kLiveStep));
    static_cast<void>(news);
}

Task<HttpResponse> live(Services services, const HttpRequest& request, std::string token) {
    const auto view = view_of(*services, request, token);
    const std::string seen(request.param("seen"));
    auto browser = browser_key(request);
    auto found = co_await find(services, std::move(token), std::move(browser));
    if (!found) co_return HttpResponse::error(found.error());
    if (found->state != SetupLinks::State::ours)
        co_return HttpResponse::error({ErrorKind::not_found, "this link is not open here", {}});
    const Slot slot(services->waiting, found->row.account);
    if (!slot.taken()) {
        auto busy = HttpResponse::error({ErrorKind::busy, "too many pages wait", "look again"});
        busy.status = 503;
        busy.headers.emplace_back("Retry-After", "5");
        co_return busy;
    }
    const auto deadline = Deadline::after(kLiveWait);
    for (;;) {
        const runtime::Callback<bool> woken;
        const auto watching =
            services->sign_ins.watch(found->row.account, [woken](const SignIn&) { woken(true); });
        auto line = co_await live_line(services, view, found->row, request.peer);
        if (live_version(line) != seen) co_return HttpResponse::html(live_html(line, now()));
        if (deadline.passed() || is_final(line)) {
            HttpResponse nothing;
            nothing.status = 204;
            co_return nothing;
        }
        co_await wait_for_news(services, line, found->row.test, woken);
    }
}

// What goes into the test message: what the server saw of the sign-in before it.
Result<queue::Submission> test_message(const SetupView& view, const LiveLine& line,
                                       std::string client) {
    PH_TRY(auto address, mail::Mailbox::parse(line.account));
    std::string facts;
    const auto good =
        std::ranges::find_if(line.sign_ins, [](const SignIn& one) { return one.outcome.empty(); });
    if (good != line.sign_ins.end())
        for (const auto& [label, value] : facts_of(*good, view.language))
            facts += fmt::format("  {}: {}\n", label, value);
    TestMessage message{.from = address, .to = {address}};
    message.subject = text(view.language, "page.test.subject");
    message.text = discovery::fill_text(
        text(view.language, "page.test.text"),
        {{"host", view.settings.host}, {"address", line.account}, {"facts", facts}});
    return compose_test_message(std::move(message),
                                {view.settings.host, line.account, std::move(client)});
}

HttpResponse not_accepted(const SetupView& view, const Error& error) {
    return trouble_page(view, {error.kind,
                               discovery::fill_text(text(view.language, "page.live.test_refused"),
                                                    {{"why", error.text}}),
                               {}});
}

Task<HttpResponse> send_test(Services services, const HttpRequest& request, std::string token) {
    const auto view = view_of(*services, request, token);
    const auto browser = browser_key(request);
    auto found = co_await find(services, token, browser);
    if (!found) co_return trouble_page(view, found.error());
    if (auto refusal = refuse(*services, view, *found, request)) co_return std::move(*refusal);
    const auto line = sign_in_line(*services, view, found->row, request.peer);
    // A page that was left open: it shows what is so now.
    if (!has_signed_in(line)) co_return redirect_to(view);
    auto message = test_message(view, line, request.peer);
    if (!message) co_return not_accepted(view, message.error());
    auto enter = [token, browser, id = message->id](SetupLinks& links) {
        return links.enter_test(token, browser, id);
    };
    auto entered = co_await with_links(services, std::move(enter));
    if (!entered) co_return trouble_page(view, entered.error());
    if (!*entered) co_return redirect_to(view);  // pressed twice
    auto ready = std::move(*message);
    auto accepted = co_await services->queue.submit(std::move(ready));
    if (accepted) co_return redirect_to(view);
    auto forget = [token, browser](SetupLinks& links) { return links.forget_test(token, browser); };
    auto forgotten = co_await with_links(services, std::move(forget));
    static_cast<void>(forgotten);
    co_return not_accepted(view, accepted.error());
}

Task<HttpResponse> finish(Services services, const HttpRequest& request, std::string token) {
    const auto view = view_of(*services, request, token);
    auto browser = browser_key(request);
    auto work = [token, browser](SetupLinks& links) { return links.end(token, browser); };
    auto ended = co_await with_links(services, std::move(work));
    if (!ended) co_return trouble_page(view, ended.error());
    co_return redirect_to(view);
}

using LinkHandler = Task<HttpResponse> (*)(Services, const HttpRequest&, std::string);

}  // namespace

void add_setup_link_pages(Router& router, SetupLinkServices services) {
    auto parts = std::make_shared<const Parts>(std::move(services));
    const auto add = [&](const char* method, const char* pattern, LinkHandler handler) {
        router.add(method, pattern,
                   [parts, handler](const HttpRequest& request, const PathValues& values) {
                       return handler(parts, request, values.at("token"));
                   });
    };
    add("GET", "/setup/{token}", show);
    add("POST", "/setup/{token}/open", open);
    add("GET", "/setup/{token}/live", live);
    add("POST", "/setup/{token}/test", send_test);
    add("POST", "/setup/{token}/done", finish);
}

}  // namespace posthaste::web
