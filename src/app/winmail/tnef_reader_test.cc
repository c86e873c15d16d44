#include "app/winmail/tnef_reader.h"

#include "app/winmail/tnef_helper.h"
#include "app/winmail/winmail_desk.h"

#include <filesystem>
#include <fstream>
#include <stdlib.h>

#include <gtest/gtest.h>

namespace posthaste::app {
namespace {

// A program in the reader's place that does what `script` says; its socket is descriptor 0.
class TnefReaderTest : public testing::Test {
  protected:
    ~TnefReaderTest() override { std::filesystem::remove_all(folder_); }

    Result<mail::TnefContent> read(const std::string& script, const std::string& file = "file",
                                   Seconds patience = Seconds(20)) {
        const std::string path = folder_ + "/program";
        std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return TnefReader(path, patience).read(file);
    }

    std::string folder_ = [] {
        std::string name = testing::TempDir() + "tnef-XXXXXX";
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        return name;
    }();
};

constexpr const char* kAnswer = "printf '.\\0\\0\\0\\0' >&0";

TEST_F(TnefReaderTest, AnAnswerIsRead) {
    EXPECT_TRUE(read(std::string("cat >/dev/null; ") + kAnswer));
    EXPECT_TRUE(read(std::string("cat >/dev/null; ") + kAnswer, ""));
    EXPECT_TRUE(read(std::string("cat >/dev/null; ") + kAnswer, std::string(3 << 20, 'x')));
    EXPECT_TRUE(read(kAnswer, std::string(3 << 20, 'x'))) << "answered before it was told all";
}

TEST_F(TnefReaderTest, ItGetsTheFileAndNothingElse) {
    const auto content = read(
        "n=$(wc -c); d=$(ls /proc/$$/fd | wc -l); e=$(tr '\\0' '\\n' </proc/$$/environ | wc -l)\n"
        "w=\"$n $d $e $1\"; printf 't\\0\\0\\0\\'$(printf %03o ${#w})\"$w\" >&0; " +
            std::string(kAnswer),
        std::string(100'000, 'x'));
    ASSERT_TRUE(content) << content.error().text;
    // Five descriptors: the socket, /dev/null twice, the script, and a pipe of its own.
    EXPECT_EQ(content->text, "100000 5 0 tnef-helper");
}

TEST_F(TnefReaderTest, EveryOtherEndIsAnError) {
    struct Case {
        const char* script;
        ErrorKind kind;
    };

    const Case cases[] = {
        {"exit 0", ErrorKind::io},
        {"cat >/dev/null; echo nonsense >&0", ErrorKind::io},
        {"cat >/dev/null; kill -9 $$", ErrorKind::io},
        {"exit 1", ErrorKind::syntax},
        {"exit 3", ErrorKind::io},
        {"cat >/dev/null; cat /dev/zero >&0", ErrorKind::too_large},
    };
    for (const Case& each : cases) {
        const auto content = read(each.script);
        ASSERT_FALSE(content) << each.script;
        EXPECT_EQ(content.error().kind, each.kind) << each.script << ": " << content.error().text;
    }
}

TEST_F(TnefReaderTest, WhoeverTakesTooLongIsEnded) {
    for (const char* script : {"sleep 600", "cat >/dev/null; exec 0>&-; sleep 600"}) {
        const auto content = read(script, std::string(1 << 20, 'x'), Seconds(1));
        ASSERT_FALSE(content) << script;
    }
    EXPECT_EQ(read("sleep 600", "x", Seconds(1)).error().kind, ErrorKind::timeout);
}

TEST_F(TnefReaderTest, WhatCannotBeReadAtAll) {
    EXPECT_EQ(TnefReader("/nonexistent").read("x").error().kind, ErrorKind::io);
    EXPECT_EQ(TnefReader().read(std::string(kMaxTnefFile + 1, 'x')).error().kind,
              ErrorKind::too_large);
}

TEST(WinmailRules, TheNearestDomainCounts) {
    using enum submission::WinmailPolicy;
    const auto rules =
        winmail_rules({.policy = "notify",
                       .keep = {".example.com"},
                       .notify = {},
                       .convert = {"example.com", "a.example.com", ".b.example.com"}});

    struct Case {
        const char* domain;
        submission::WinmailPolicy policy;
    };

    const Case cases[] = {
        {"example.com", convert}, {"a.example.com", convert},     {"x.example.com", keep},
        {"b.example.com", keep},  {"x.y.b.example.com", convert}, {"example.org", notify},
        {"com", notify},          {"myexample.com", notify},
    };
    for (const Case& each : cases)
        EXPECT_EQ(rules.of(*mail::Domain::parse(each.domain)), each.policy) << each.domain;
    EXPECT_EQ(winmail_rules({.policy = "convert", .keep = {}, .notify = {}, .convert = {}})
                  .of(*mail::Domain::parse("example.org")),
              convert);
}

}  // namespace
}  // namespace posthaste::app
