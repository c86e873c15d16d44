#include "mail/header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace posthaste::mail {
namespace {

struct Row {
    std::string name;
    std::string body;
    std::string addresses;  // joined by a space; "-": refused
};

class AddressList : public testing::TestWithParam<Row> {};

TEST_P(AddressList, gives) {
    const auto list = parse_address_list(GetParam().body);
    std::string got = list ? "" : "-";
    if (list) {
        for (const Mailbox& mailbox : *list) got += (got.empty() ? "" : " ") + mailbox.to_string();
    }
    EXPECT_EQ(got, GetParam().addresses) << (list ? "" : list.error().text);
}

auto name_of = [](const auto& row) { return row.param.name; };

INSTANTIATE_TEST_SUITE_P(
    forms, AddressList,
    testing::Values(
        Row{"bare", " a@b.org", "a@b.org"}, Row{"angle", "<a@b.org>", "a@b.org"},
        Row{"named", "Alice Example <a@b.org>", "a@b.org"},
        Row{"quoted_name", "\"Alice\" <a@b.org>", "a@b.org"},
        Row{"dotted_name", "John Q. Public <a@b.org>", "a@b.org"},
        Row{"no_space", "Alice<a@b.org>", "a@b.org"},
        Row{"outlook_name", "\"'Bob'\" <a@b.org>", "a@b.org"},
        Row{"address_as_its_own_name", "a@b.org <A@b.org>", "A@b.org"},
        Row{"address_in_quotes", "\"ceo@corp.org\" <a@b.org>", "a@b.org"},
        Row{"angle_in_quotes", "\"<ceo@corp.org>, x\" <a@b.org>", "a@b.org"},
        Row{"escaped_quote", "\"a \\\" <x@y.org> \\\\\" <a@b.org>", "a@b.org"},
        Row{"encoded_name", "=?utf-8?Q?J=C3=B6rg?= =?utf-8?B?eA==?= <a@b.org>", "a@b.org"},
        Row{"utf8_name", "J\xc3\xb6rg <a@b.org>", "a@b.org"},
        Row{"latin1_name", "J\xf6rg <a@b.org>", "a@b.org"},
        Row{"utf8_local", "j\xc3\xb6rg@b.org", "j\xc3\xb6rg@b.org"},
        Row{"u_label",
            "a@b\xc3\xbc"
            "cher.example",
            "a@xn--bcher-kva.example"},
        Row{"u_label_upper", "a@B\u00dcCHER.Example", "a@xn--bcher-kva.example"},
        Row{"u_label_decomposed", "a@bu\u0308cher.example", "a@xn--bcher-kva.example"},
        Row{"u_label_sharp_s", "a@stra\u00dfe.example", "a@xn--strae-oqa.example"},
        Row{"u_label_other_script", "a@\u0438\u0441\u043f.example", "a@xn--h1aof.example"},
        Row{"several", "a@b.org, C <c@d.org>,<e@f.org>", "a@b.org c@d.org e@f.org"},
        Row{"empty_elements", " , a@b.org,, ,c@d.org,", "a@b.org c@d.org"},
        Row{"literal", "a@[192.0.2.1]", "a@[192.0.2.1]"}, Row{"empty", "", ""},
        Row{"blank", "  \t", ""}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    obsolete, AddressList,
    testing::Values(Row{"comment_behind", "a@b.org (Alice)", "a@b.org"},
                    Row{"comment_before", "(Alice) a@b.org", "a@b.org"},
                    Row{"comment_inside", "a(x)@(y)b(z).org", "a@b.org"},
                    Row{"comment_nested", "a@b.org (one (two (three)) \\( x)", "a@b.org"},
                    Row{"comment_with_address", "a@b.org (ceo@corp.org)", "a@b.org"},
                    Row{"comment_in_angle", "X <a@(c)b.org>", "a@b.org"},
                    Row{"quote_in_comment", "a@b.org (\"x)", "a@b.org"},
                    Row{"comment_in_quote", "\"(\" <a@b.org>", "a@b.org"},
                    Row{"spaces", "a . b @ c . org", "a.b@c.org"},
                    Row{"folds", "Alice\r\n <a@\r\n\tb.org>\r\n ", "a@b.org"},
                    Row{"fold_in_quote", "\"Al\r\n ice\" <a@b.org>", "a@b.org"},
                    Row{"quoted_local", "\"a b\"@c.org", "\"a b\"@c.org"},
                    Row{"mixed_local", "\"a\".b@c.org", "a.b@c.org"},
                    Row{"route", "<@a.org,@b.org:u@c.org>", "u@c.org"},
                    Row{"route_spaced", "X < @a.org , , @b.org : u@c.org>", "u@c.org"},
                    Row{"group", "Team: a@b.org, \"C\" <c@d.org>;", "a@b.org c@d.org"},
                    Row{"group_empty", "undisclosed-recipients:;", ""},
                    Row{"group_quoted", "\"A:B\": a@b.org;", "a@b.org"},
                    Row{"group_and_more", "A: a@b.org;, c@d.org, E:;, f@g.org",
                        "a@b.org c@d.org f@g.org"},
                    Row{"colon_in_quote", "\"Team: x;\" <a@b.org>", "a@b.org"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    refused, AddressList,
    testing::Values(
        Row{"text", "Alice", "-"}, Row{"text_among", "a@b.org, Alice, c@d.org", "-"},
        Row{"text_behind", "a@b.org Alice", "-"}, Row{"text_behind_angle", "<a@b.org> Alice", "-"},
        Row{"two_ats", "a@b@c.org", "-"}, Row{"two_ats_angle", "<a@b@c.org>", "-"},
        Row{"address_as_name", "a@b.org <c@d.org>", "-"},
        Row{"address_in_name", "Al ceo@x.org <c@d.org>", "-"},
        Row{"two_angles", "<a@b.org> <c@d.org>", "-"},
        Row{"two_angles_close", "<a@b.org><c@d.org>", "-"},
        Row{"nested_angles", "<<a@b.org>>", "-"}, Row{"list_in_angle", "<a@b.org,c@d.org>", "-"},
        Row{"empty_angle", "<>", "-"}, Row{"named_empty_angle", "Alice <>", "-"},
        Row{"angle_not_closed", "<a@b.org", "-"}, Row{"angle_not_opened", "a@b.org>", "-"},
        Row{"quote_not_closed", "\"Alice <a@b.org>", "-"},
        Row{"quote_ends_in_escape", "\"Alice\\", "-"}, Row{"comment_not_closed", "a@b.org (x", "-"},
        Row{"comment_ends_in_escape", "a@b.org (x\\", "-"},
        Row{"comment_closed_only", "a@b.org )", "-"},
        Row{"angle_in_comment", "a@b.org (<ceo@corp.org>)", "-"},
        Row{"literal_not_closed", "a@[192.0.2.1", "-"},
        Row{"literal_as_name", "[x] <a@b.org>", "-"},
        Row{"literal_local", "[192.0.2.1]@b.org", "-"}, Row{"quoted_domain", "a@\"b.org\"", "-"},
        Row{"words_local", "a b@c.org", "-"}, Row{"quotes_local", "\"a\" \"b\"@c.org", "-"},
        Row{"words_domain", "a@b org", "-"}, Row{"dots_local", "a..b@c.org", "-"},
        Row{"no_local", "@c.org", "-"}, Row{"no_domain", "a@", "-"},
        Row{"numeric_domain", "a@127.0.0.1", "-"}, Row{"backslash", "a\\@b.org", "-"},
        Row{"nul", std::string("a@b.org\0, c@d.org", 17), "-"},
        Row{"nul_in_quote", std::string("\"\0\" <a@b.org>", 13), "-"},
        Row{"nul_in_comment", std::string("(\0) <a@b.org>", 13), "-"},
        Row{"escaped_nul", std::string("\"\\\0\" <a@b.org>", 14), "-"},
        Row{"control", "a\x01@b.org", "-"}, Row{"bare_cr", "a@b.org\r", "-"},
        Row{"bare_lf", "a@b.org\n ", "-"}, Row{"no_fold", "a@b.org\r\nc", "-"},
        Row{"blank_fold_end", "a@b.org\r\n", "-"}, Row{"escaped_cr", "\"\\\r\" <a@b.org>", "-"},
        Row{"semicolons", "a@b.org; c@d.org", "-"}, Row{"group_not_closed", "Team: a@b.org", "-"},
        Row{"group_in_group", "A: B: a@b.org;;", "-"}, Row{"group_no_name", ": a@b.org;", "-"},
        Row{"group_address_name", "x@y.org: a@b.org;", "-"},
        Row{"group_no_comma", "A: a@b.org; c@d.org", "-"},
        Row{"group_closed_twice", "A: a@b.org;;", "-"}, Row{"route_bare", "@a.org:u@c.org", "-"},
        Row{"route_twice", "<@a.org:@b.org:u@c.org>", "-"},
        Row{"route_open", "<@a.org,u@c.org>", "-"},
        Row{"route_quoted", "<@\"ceo@corp.org\":u@c.org>", "-"},
        Row{"encoded_word_local", "=?utf-8?Q?a=40b.org=3E?=@c.org", "-"},
        Row{"bad_utf8_local", "a\xff@b.org", "-"}, Row{"soft_hyphen", "a@exam\u00adple.org", "-"},
        Row{"zero_width_space", "<a@example\u200b.org>", "-"},
        Row{"zero_width_space_last", "<a@example.org\u200b>", "-"},
        Row{"byte_order_mark", "a@\ufeffexample.org", "-"},
        Row{"full_width_letter", "a@\uff45xample.org", "-"},
        Row{"ideographic_dot", "a@example\u3002org", "-"},
        Row{"full_width_dot", "a@example\uff0eorg", "-"},
        Row{"ligature", "a@\ufb01sh.example", "-"},
        Row{"bold_letter", "a@\U0001d41axample.org", "-"},
        Row{"one_of_two", "a@b.org, c@d\u00ad.org", "-"}),
    name_of);

TEST(AddressListBounds, comments_nest_to_a_depth) {
    const std::string deep(64, '(');
    EXPECT_TRUE(parse_address_list("a@b.org " + deep + std::string(64, ')')));
    EXPECT_FALSE(parse_address_list("a@b.org (" + deep + std::string(65, ')')));
    EXPECT_FALSE(parse_address_list(std::string(1 << 20, '(')));
}

TEST(AddressListBounds, addresses_are_counted) {
    std::string list;
    for (int i = 0; i < 10'000; ++i) list += "a@b,";
    EXPECT_EQ(parse_address_list(list).value().size(), 10'000U);
    EXPECT_EQ(parse_address_list(list + "a@b").error().kind, ErrorKind::too_large);
}

// Each would take minutes if any step looked back over what it has read.
TEST(AddressListBounds, long_input_is_linear) {
    constexpr std::size_t kSize = 1 << 20;
    for (const std::string piece :
         {"a ", "\"\" ", "a.", "()", "@", "<", "\\", ",", "A:;,", "[", "\"\\\"", "=?"}) {
        std::string body;
        while (body.size() < kSize) body += piece;
        if (const auto list = parse_address_list(body)) EXPECT_LE(list->size(), 10'000U);
    }
}

}  // namespace
}  // namespace posthaste::mail
