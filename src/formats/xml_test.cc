#include "formats/xml.h"

#include <gtest/gtest.h>

namespace posthaste::formats {
namespace {

TEST(Xml, reads_names_text_and_attributes) {
    const auto root = parse_xml(
        "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n"
        "<!-- a comment with & and <!DOCTYPE x> -->\n"
        "<a:Root xmlns:a=\"urn:x\" b='1 &lt; 2'>\n"
        "  one <Child> A &amp; B &#x263a;&#65; </Child> two\n"
        "  <?pi ?><child/><x:CHILD><![CDATA[ <&amp;> ]]></x:CHILD>\n"
        "</a:Root>\n");
    ASSERT_TRUE(root) << root.error().text;
    EXPECT_EQ(root->name, "Root");
    EXPECT_EQ(root->attribute("b"), "1 < 2");
    EXPECT_EQ(root->attribute("xmlns:a"), "urn:x");
    EXPECT_EQ(root->attribute("c"), "");
    ASSERT_EQ(root->children.size(), 3U);
    EXPECT_EQ(root->children[0].text,
              "A & B \xe2\x98\xba"
              "A");
    EXPECT_EQ(root->children[1].text, "");
    EXPECT_EQ(root->children[2].name, "CHILD");
    EXPECT_EQ(root->children[2].text, "<&amp;>");
    EXPECT_EQ(root->child("cHiLd"), &root->children[0]);
    EXPECT_EQ(root->child("none"), nullptr);
}

struct Refused {
    const char* name;
    std::string document;
    ErrorKind kind;
};

std::string nested(std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "<a>";
    for (std::size_t i = 0; i < depth; ++i) text += "</a>";
    return text;
}

class XmlRefuses : public testing::TestWithParam<Refused> {};

TEST_P(XmlRefuses, with_a_mend) {
    const auto root = parse_xml(GetParam().document);
    ASSERT_FALSE(root);
    EXPECT_EQ(root.error().kind, GetParam().kind) << root.error().text;
    EXPECT_FALSE(root.error().mend.empty());
}

std::string many_attributes() {
    std::string text = "<a";
    for (int i = 0; i < 65; ++i) text += " b" + std::to_string(i) + "=''";
    return text + "/>";
}

std::string many_elements() {
    std::string text = "<a>";
    for (int i = 0; i < 4096; ++i) text += "<b/>";
    return text + "</a>";
}

const Refused kRefused[] = {
    {"empty", "", ErrorKind::syntax},
    {"white_space", " \r\n", ErrorKind::syntax},
    {"no_xml", "hello", ErrorKind::syntax},
    {"only_declaration", "<?xml version='1.0'?>", ErrorKind::syntax},
    {"unclosed", "<a><b></b>", ErrorKind::syntax},
    {"crossed", "<a><b></a></b>", ErrorKind::syntax},
    {"two_roots", "<a/><b/>", ErrorKind::syntax},
    {"attribute_twice", "<a b='1' b='2'/>", ErrorKind::syntax},
    {"attribute_unquoted", "<a b=1/>", ErrorKind::syntax},
    {"unknown_entity", "<a>&nbsp;</a>", ErrorKind::syntax},
    {"unknown_entity_in_attribute", "<a b='&x;'/>", ErrorKind::syntax},
    {"bare_ampersand", "<a>a & b</a>", ErrorKind::syntax},
    {"nul_reference", "<a>anna@example.com&#0;.net</a>", ErrorKind::syntax},
    {"control_reference", "<a>&#x1b;</a>", ErrorKind::syntax},
    {"surrogate_reference", "<a>&#xd800;</a>", ErrorKind::syntax},
    {"number_too_large", "<a>&#x110000;</a>", ErrorKind::syntax},
    {"number_overflow", "<a>&#4294967361;</a>", ErrorKind::syntax},
    {"number_empty", "<a>&#;&#x;</a>", ErrorKind::syntax},
    {"number_no_hex", "<a>&#4f;</a>", ErrorKind::syntax},
    {"nul_octet", std::string("<a>\0</a>", 8), ErrorKind::syntax},
    {"control_octet", "<a>\x1b</a>", ErrorKind::syntax},
    {"not_utf8", "<a>M\xfcller</a>", ErrorKind::syntax},
    {"utf16", std::string("\xff\xfe<\0a\0/\0>\0", 10), ErrorKind::syntax},
    {"doctype", "<!DOCTYPE a><a/>", ErrorKind::denied},
    {"doctype_other_case", "<!doctype a><a/>", ErrorKind::syntax},
    {"doctype_with_entity",
     "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
     ErrorKind::denied},
    {"doctype_in_the_root", "<a><!DOCTYPE b></a>", ErrorKind::denied},
    {"doctype_behind_the_root", "<a/><!DOCTYPE b>", ErrorKind::denied},
    {"entity_outside_doctype", "<!ENTITY x 'y'><a/>", ErrorKind::syntax},
    {"too_long", "<a>" + std::string(65'536, 'x') + "</a>", ErrorKind::too_large},
    {"too_deep", nested(kMaxXmlDepth + 1), ErrorKind::too_large},
    {"far_too_deep", nested(9000), ErrorKind::too_large},
    {"too_many_elements", many_elements(), ErrorKind::too_large},
    {"too_many_attributes", many_attributes(), ErrorKind::too_large},
};

INSTANTIATE_TEST_SUITE_P(rows, XmlRefuses, testing::ValuesIn(kRefused),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Xml, depth_up_to_the_bound_is_read) {
    EXPECT_TRUE(parse_xml(nested(kMaxXmlDepth)));
}

TEST(Xml, escapes_for_content_and_attributes) {
    EXPECT_EQ(escape_xml("<a b=\"c\" d='e'>&\t\r\n"),
              "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;&#9;&#13;&#10;");
    EXPECT_EQ(escape_xml(std::string_view("\0\x1b", 2)), "\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(escape_xml("\xef\xbf\xbe|\xef\xbf\xbf|\xef\xbf\xbc"),
              "\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbc");
    EXPECT_EQ(escape_xml("M\xfcller"), "M\\xfcller");
    EXPECT_EQ(escape_xml("B\xc3\xbcro"), "B\xc3\xbcro");
}

TEST(Xml, any_octets_come_back_from_a_filled_pattern) {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    for (const std::string& text : {all, std::string("]]>"), std::string("{x}"), std::string()}) {
        const auto root = parse_xml(fill_xml("<a b=\"{x}\">{x}</a>", {{"x", text}}));
        ASSERT_TRUE(root) << root.error().text;
    }
}

TEST(Xml, values_are_not_filled_in_again) {
    EXPECT_EQ(fill_xml("{a}-{b}", {{"a", "{b}"}, {"b", "<"}}), "{b}-&lt;");
}

}  // namespace
}  // namespace posthaste::formats
