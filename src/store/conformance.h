// The fixture of the conformance suite: an engine of any kind in a folder of its own.
#pragma once

#include "store/engine.h"
#include "store/testing.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace posthaste::store::testing {

struct EngineKind {
    const char* name;
    std::function<Result<std::unique_ptr<Engine>>(const std::string& folder)> open;
};

// Every engine; a new one joins here.
const std::vector<EngineKind>& engine_kinds();

class Conformance : public ::testing::TestWithParam<EngineKind> {
  protected:
    Conformance() { open(); }

    void open() {
        std::filesystem::create_directory(folder_ / "content");
        auto opened = GetParam().open(folder_.path());
        ASSERT_TRUE(opened) << opened.error().text;
        engine_ = std::move(*opened);
    }

    void reopen() {
        engine_.reset();
        open();
    }

    Result<void> apply(const Changes& changes) {
        const Changes* const one = &changes;
        return engine_->apply({&one, 1});
    }

    void must_apply(Change change) {
        const auto applied = apply(changes_of(std::move(change)));
        ASSERT_TRUE(applied) << applied.error().text;
    }

    Message get(const QueueId& id) {
        const auto message = engine_->message(id);
        EXPECT_TRUE(message && *message) << (message ? "no such message" : message.error().text);
        return message && *message ? **message : Message{};
    }

    bool there(const QueueId& id) {
        const auto message = engine_->message(id);
        EXPECT_TRUE(message) << message.error().text;
        return message && message->has_value();
    }

    std::vector<OpenRecipient> open_recipients() {
        std::vector<OpenRecipient> all;
        EXPECT_TRUE(
            engine_->for_each_open([&](const OpenRecipient& open) { all.push_back(open); }));
        return all;
    }

    std::vector<QueueSummary> list(const QueueFilter& filter) {
        auto summaries = engine_->list(filter);
        EXPECT_TRUE(summaries) << summaries.error().text;
        return summaries ? std::move(*summaries) : std::vector<QueueSummary>();
    }

    // Backup opens a second engine on the copy.
    std::unique_ptr<Engine> open_copy(const std::string& folder) {
        auto opened = GetParam().open(folder);
        EXPECT_TRUE(opened) << opened.error().text;
        return opened ? std::move(*opened) : nullptr;
    }

    const TempFolder folder_;
    std::unique_ptr<Engine> engine_;
};

inline AccountRow account_row(const std::string& address) {
    AccountRow row;
    row.address = address;
    row.name = "Ä Person";
    row.password_hash = "$argon2id$v=19$x";
    row.created = Timestamp(Milliseconds(1'763'900'000'000));
    return row;
}

}  // namespace posthaste::store::testing
