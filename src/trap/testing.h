// For tests: an inbox in a folder that goes away, and mail put into it.
#pragma once

#include "base/assert.h"
#include "runtime/run.h"
#include "store/testing.h"
#include "trap/inbox.h"

#include <fcntl.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace posthaste::trap::testing {

class TestInbox {
  public:
    explicit TestInbox(Inbox::Options options = {}) : options_(std::move(options)) {
        options_.folder = folder_ / "trap";
        open();
    }

    void open() {
        inbox_.reset();
        auto opened = Inbox::open(options_, pool_, log_);
        PH_ASSERT(opened.has_value());
        inbox_ = std::move(*opened);
    }

    Inbox& operator*() { return *inbox_; }

    Inbox* operator->() { return inbox_.get(); }

    runtime::BlockingPool& pool() { return pool_; }

    Log& log() { return log_; }

    Inbox::Options& options() { return options_; }

    std::string path(const std::string& name) const { return options_.folder + '/' + name; }

    static queue::Parcel parcel(const std::vector<std::string>& to, const std::string& header,
                                store::Body body, std::uint32_t attempts = 0) {
        auto row = std::make_shared<store::MessageRow>();
        row->id = QueueId::make();
        row->account = "demo@example.test";
        row->sender = store::testing::mailbox("alice@example.test");
        row->header = std::make_shared<const std::string>(header);
        row->body = std::move(body);
        queue::Parcel parcel;
        for (const auto& address : to) {
            store::RecipientRow recipient;
            recipient.index = static_cast<std::uint32_t>(parcel.recipients.size());
            recipient.address = store::testing::mailbox(address);
            recipient.attempts = attempts;
            parcel.recipients.push_back(std::move(recipient));
        }
        parcel.message = std::move(row);
        return parcel;
    }

    // Takes it as a courier would, to its end, on a worker of its own.
    std::vector<mail::Outcome> put(const std::vector<std::string>& to, const std::string& header,
                                   const std::string& body, std::uint32_t attempts = 0) {
        runtime::Worker worker("test");
        auto content = store::testing::inline_body(body);
        auto one = parcel(to, header, content, attempts);
        auto outcomes =
            runtime::run_to_end(worker, log_, inbox_->take(one, store::ContentReader("", content)));
        PH_ASSERT(outcomes.has_value());
        return std::move(*outcomes);
    }

    TrappedMessage put_one(const std::string& to, const std::string& subject,
                           const std::string& body = "text\r\n") {
        auto outcomes = put(
            {to},
            "From: Alice <alice@example.test>\r\nTo: " + to + "\r\nSubject: " + subject + "\r\n",
            body);
        PH_ASSERT(outcomes.at(0).verdict == mail::Verdict::delivered);
        return inbox_->latest().value();
    }

  private:
    store::testing::TempFolder folder_;
    Log log_{{.level = LogLevel::error, .fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC)}};
    runtime::BlockingPool pool_{"test", 2, 64};
    Inbox::Options options_;
    std::unique_ptr<Inbox> inbox_;
};

}  // namespace posthaste::trap::testing
