#include "queue/report/report_language.h"

#include <gtest/gtest.h>

namespace posthaste::queue {
namespace {

using mail::Language;

struct Row {
    const char* name;
    const char* account;
    const char* header;
    Language otherwise;
    Language chosen;
};

class ReportLanguage : public testing::TestWithParam<Row> {};

TEST_P(ReportLanguage, is) {
    EXPECT_EQ(choose_language(GetParam().account, GetParam().header, GetParam().otherwise),
              GetParam().chosen);
}

INSTANTIATE_TEST_SUITE_P(
    All, ReportLanguage,
    testing::Values(
        Row{"of_the_account", "fr", "Content-Language: de\r\n", Language::spanish,
            Language::french},
        Row{"of_the_message", "", "Subject: x\r\nContent-Language: de-DE\r\n", Language::english,
            Language::german},
        Row{"of_the_reader", "", "Accept-Language: it, es;q=0.8, en\r\n", Language::english,
            Language::spanish},
        Row{"written_before_read", "", "Accept-Language: es\r\nContent-Language: de\r\n",
            Language::english, Language::german},
        Row{"unknown_ones", "", "Content-Language: it\r\nAccept-Language: pt-BR, (es)\r\n",
            Language::french, Language::french},
        Row{"empty_field", "", "Content-Language:\r\n", Language::german, Language::german},
        Row{"nothing", "", "", Language::english, Language::english},
        Row{"only_commas", "", "Content-Language: ,,,,;q=1,\r\n", Language::german,
            Language::german}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace posthaste::queue
