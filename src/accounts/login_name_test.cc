#include "accounts/login_name.h"

#include <ostream>

#include <gtest/gtest.h>

namespace posthaste::accounts {
namespace {

using Form = LoginName::Form;

struct Row {
    const char* name;
    std::string typed;
    Form form;
    std::string text;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
    return out << row.name;
}

class LoginNameTable : public testing::TestWithParam<Row> {};

TEST_P(LoginNameTable, IsReadAs) {
    const auto read = parse_login_name(GetParam().typed);
    EXPECT_EQ(static_cast<int>(read.form), static_cast<int>(GetParam().form));
    EXPECT_EQ(read.text, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Typed, LoginNameTable,
    testing::Values(
        Row{"as it should be", "anna@example.com", Form::address, "anna@example.com"},
        Row{"capitals", "Anna@Example.COM", Form::address, "anna@example.com"},
        Row{"blanks around", "  anna@example.com\t", Form::address, "anna@example.com"},
        Row{"no-break space behind", "anna@example.com\xc2\xa0", Form::address, "anna@example.com"},
        Row{"line end pasted", "anna@example.com\r\n", Form::address, "anna@example.com"},
        Row{"double quotes", "\"anna@example.com\"", Form::address, "anna@example.com"},
        Row{"single quotes", "'anna@example.com'", Form::address, "anna@example.com"},
        Row{"curly quotes", "\u201canna@example.com\u201d", Form::address, "anna@example.com"},
        Row{"German quotes", "\u201eanna@example.com\u201c", Form::address, "anna@example.com"},
        Row{"angle quotes", "\u00ab anna@example.com \u00bb", Form::address, "anna@example.com"},
        Row{"zero width space pasted along", "\u200banna@example.com \ufeff", Form::address,
            "anna@example.com"},
        Row{"curly quotes alone", "\u201c\u201d", Form::empty, ""},
        Row{"brackets", "<anna@example.com>", Form::address, "anna@example.com"},
        Row{"from an address book", "Anna Muster <anna@example.com>", Form::address,
            "anna@example.com"},
        Row{"mailto", "mailto:anna@example.com", Form::address, "anna@example.com"},
        Row{"mailto in brackets", "<MAILTO:anna@example.com>", Form::address, "anna@example.com"},
        Row{"full-width at",
            "anna\xef\xbc\xa0"
            "example.com",
            Form::address, "anna@example.com"},
        Row{"percent for at", "anna%example.com", Form::address, "anna@example.com"},
        Row{"plus for at", "anna+example.com", Form::address, "anna@example.com"},
        Row{"plus with a tag stays", "anna+news", Form::local_part, "anna+news"},
        Row{"plus stays where there is an at", "anna+a.b@example.com", Form::address,
            "anna+a.b@example.com"},
        Row{"percent stays where there is an at", "anna%x.org@example.com", Form::address,
            "anna%x.org@example.com"},
        Row{"Windows domain", "OFFICE\\anna", Form::local_part, "anna"},
        Row{"Windows domain and address", "OFFICE\\anna@example.com", Form::address,
            "anna@example.com"},
        Row{"local part", "Anna", Form::local_part, "anna"},
        Row{"o'brien", "o'brien@example.com", Form::address, "o'brien@example.com"},
        Row{"U-label",
            "anna@b\xc3\xbc"
            "cher.example",
            Form::address, "anna@xn--bcher-kva.example"},
        Row{"U-label in Latin-1",
            "anna@b\xfc"
            "cher.example",
            Form::address, "anna@xn--bcher-kva.example"},
        Row{"UTF-8 local part", "b\xc3\xbcro@example.com", Form::address,
            "b\xc3\xbcro@example.com"},
        Row{"decomposed local part", "bu\xcc\x88ro@example.com", Form::address,
            "b\xc3\xbcro@example.com"},
        Row{"own name", "Anna Muster", Form::person, ""},
        Row{"quoted own name", "\"Anna Muster\"", Form::person, ""},
        Row{"two ats", "anna@example.com@example.com", Form::unknown, ""},
        Row{"no domain behind the at", "anna@", Form::unknown, ""},
        Row{"blank inside an address", "anna muster@example.com", Form::unknown, ""},
        Row{"NUL inside", std::string("anna\0x@example.com", 18), Form::unknown, ""},
        Row{"nothing", "", Form::empty, ""}, Row{"blanks alone", " \t ", Form::empty, ""},
        Row{"quotes alone", "\"\"", Form::empty, ""}, Row{"brackets alone", "<>", Form::empty, ""},
        Row{"Windows domain alone", "OFFICE\\", Form::empty, ""},
        Row{"far too long", std::string(5000, 'a') + "@example.com", Form::unknown, ""}));

}  // namespace
}  // namespace posthaste::accounts
