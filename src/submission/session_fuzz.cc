// A whole session: what a client may send, to a port without login and, in the other half of the
// runs, behind a login.
#include "submission/testing.h"

#include <cstddef>
#include <cstdint>

namespace posthaste::submission {
namespace {

// Every reply line is one that a client can read.
void check_replies(std::string_view heard) {
    while (!heard.empty()) {
        const std::size_t end = heard.find("\r\n");
        PH_ASSERT(end != std::string_view::npos);
        const std::string_view line = heard.substr(0, end);
        PH_ASSERT(line.size() >= 4 && line.size() + 2 <= kMaxReply);
        for (const char c : line.substr(0, 3)) PH_ASSERT(c >= '0' && c <= '9');
        PH_ASSERT(line[3] == ' ' || line[3] == '-');
        for (const char c : line) PH_ASSERT(c >= ' ' && c < 0x7f);
        heard.remove_prefix(end + 2);
    }
}

// Nothing leaves that could be read in two ways.
void check_stored(const queue::Submission& submission) {
    PH_ASSERT(submission.header.ends_with("\r\n"));
    PH_ASSERT(mail::HeaderBlock::parse(submission.header).has_value());
    PH_ASSERT(!submission.envelope.recipients.empty());
    if (!submission.body.octets) return;
    const std::string& body = *submission.body.octets;
    PH_ASSERT(body.empty() || body.ends_with("\r\n"));
    for (std::size_t i = 0; i < body.size(); ++i) {
        PH_ASSERT(body[i] != '\0');
        if (body[i] == '\n') PH_ASSERT(i > 0 && body[i - 1] == '\r');
        if (body[i] == '\r') PH_ASSERT(i + 1 < body.size() && body[i + 1] == '\n');
    }
}

runtime::Task<void> write_all(net::Stream& stream, std::string octets) {
    stream.expires_after(Seconds(10));
    auto written = co_await stream.write(octets);
    static_cast<void>(written);
}

runtime::Task<std::string> read_all(net::Stream& stream) {
    std::string heard;
    for (;;) {
        stream.expires_after(Milliseconds(200));  // a chunk may have swallowed the QUIT
        auto filled = co_await stream.fill();
        if (!filled) co_return heard;
        heard += stream.buffered();
        stream.consume(stream.buffered().size());
    }
}

void run_one(testing::Rig& rig, bool open, std::string octets) {
    auto end = rig.connect({.open = open, .account = open ? "trap" : ""});
    net::Stream& stream = *end;
    testing::Client client(rig, std::move(end));
    if (!open) client.log_in();
    octets += "\r\n.\r\nQUIT\r\n";  // ends whatever was begun
    rig.sessions.spawn(write_all(stream, std::move(octets)));
    auto heard = rig.run(read_all(stream));
    if (heard) check_replies(*heard);
    for (const auto& submission : rig.backend.submissions) check_stored(submission);
    client.end_input();
    rig.run(rig.sessions.wait_empty(Deadline::after(Seconds(10))));
    PH_ASSERT(rig.sessions.size() == 0);
}

}  // namespace
}  // namespace posthaste::submission

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using posthaste::submission::testing::Rig;
    if (size == 0) return 0;
    // Content that stops in the middle ends at once and not after three minutes.
    static auto options = [] {
        auto made = posthaste::submission::testing::default_options();
        made.data_timeout = posthaste::Seconds(0);
        made.message_size = 1 << 16;
        made.recipients = 10;
        return made;
    }();
    static Rig rig(options);
    rig.backend.submissions.clear();
    rig.events.clear();
    const std::string octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    posthaste::submission::run_one(rig, (data[0] & 1) != 0, octets);
    return 0;
}
