#include "mail/tnef/tnef.h"

#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

TnefContent example() {
    TnefContent content;
    content.message_class = "IPM.Note";
    content.text = "Hello";
    content.text_charset = "windows-1252";
    content.rtf = std::string("{\\rtf1 \0}", 9);
    content.attachments.push_back({"a.pdf", "application/pdf", "", std::string(70'000, '\xff')});
    content.attachments.push_back({"", "", "x@y", ""});
    return content;
}

TEST(Tnef, WhatIsWrittenIsRead) {
    const auto read = read_tnef(write_tnef(example()));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->message_class, "IPM.Note");
    EXPECT_EQ(read->text, "Hello");
    EXPECT_EQ(read->text_charset, "windows-1252");
    EXPECT_EQ(read->html, "");
    EXPECT_EQ(read->rtf, example().rtf);
    ASSERT_EQ(read->attachments.size(), 2u);
    EXPECT_EQ(read->attachments[0].name, "a.pdf");
    EXPECT_EQ(read->attachments[0].octets, example().attachments[0].octets);
    EXPECT_EQ(read->attachments[1].content_id, "x@y");
    EXPECT_EQ(read->attachments[1].octets, "");
}

TEST(Tnef, NothingIsAnAnswerToo) {
    const auto read = read_tnef(write_tnef({}));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->attachments.empty());
}

TEST(Tnef, EveryCutIsAnError) {
    TnefContent content = example();
    content.attachments[0].octets.resize(10);
    const std::string written = write_tnef(content);
    for (std::size_t size = 0; size < written.size(); ++size)
        EXPECT_FALSE(read_tnef(std::string_view(written).substr(0, size))) << size;
    EXPECT_FALSE(read_tnef(written + "x"));
}

TEST(Tnef, AnAnswerOfSomebodyElseIsAnError) {
    using namespace std::string_literals;
    const std::string end = ".\0\0\0\0"s;
    EXPECT_TRUE(read_tnef(end));
    for (const std::string& bad : {"d\0\0\0\1x"s + end,         // data of no attachment
                                   "n\xff\xff\xff\xff"s + end,  // 4 GB
                                   "z\0\0\0\0"s + end,          // no such piece
                                   "t\0\0\0\2x"s, "HTTP/1.1 200 OK\r\n"s}) {
        EXPECT_FALSE(read_tnef(bad)) << bad;
    }
    TnefContent long_name;
    long_name.attachments.push_back({std::string(kMaxTnefName + 1, 'n'), "", "", ""});
    EXPECT_FALSE(read_tnef(write_tnef(long_name)));
    TnefContent many;
    many.attachments.resize(kMaxTnefAttachments);
    EXPECT_TRUE(read_tnef(write_tnef(many)));
    many.attachments.emplace_back();
    EXPECT_FALSE(read_tnef(write_tnef(many)));
}

}  // namespace
}  // namespace posthaste::mail
