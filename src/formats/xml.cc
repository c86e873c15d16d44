#include "formats/xml.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <cstdint>
#include <optional>

#include <pugixml.hpp>

namespace posthaste::formats {
namespace {

// Entities are resolved here and not by pugixml, which leaves unknown ones as they are and lets
// "&#0;" cut a value. Its document type nodes are asked for so that they can be refused.
constexpr unsigned kParse = pugi::parse_cdata | pugi::parse_eol | pugi::parse_doctype;

std::unexpected<Error> refuse(ErrorKind kind, std::string why) {
    return fail(kind, "the XML document " + std::move(why), "send a well-formed document in UTF-8");
}

bool is_character(std::uint32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    if (c >= 0xd800 && c <= 0xdfff) return false;
    return c <= 0x10ffff && c != 0xfffe && c != 0xffff;
}

void append_utf8(std::string& out, std::uint32_t c) {
    const auto put = [&out](std::uint32_t octet) { out += static_cast<char>(octet); };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0U | c >> 6);
        put(0x80U | (c & 0x3fU));
    } else if (c < 0x10000) {
        put(0xe0U | c >> 12);
        put(0x80U | (c >> 6 & 0x3fU));
        put(0x80U | (c & 0x3fU));
    } else {
        put(0xf0U | c >> 18);
        put(0x80U | (c >> 12 & 0x3fU));
        put(0x80U | (c >> 6 & 0x3fU));
        put(0x80U | (c & 0x3fU));
    }
}

int digit_of(char c) {
    if (ascii::is_digit(c)) return c - '0';
    const char low = ascii::lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// "#65" or "#x41": what stands between '&' and ';'.
std::optional<std::uint32_t> numeric_reference(std::string_view reference) {
    reference.remove_prefix(1);
    std::uint32_t base = 10;
    if (reference.starts_with('x')) {
        base = 16;
        reference.remove_prefix(1);
    }
    if (reference.empty() || reference.size() > 8) return {};
    std::uint32_t number = 0;
    for (const char c : reference) {
        const int digit = digit_of(c);
        if (digit < 0 || static_cast<std::uint32_t>(digit) >= base) return {};
        number = number * base + static_cast<std::uint32_t>(digit);
    }
    if (!is_character(number)) return {};
    return number;
}

bool append_reference(std::string& out, std::string_view reference) {
    constexpr std::pair<std::string_view, char> kEntities[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [name, c] : kEntities) {
        if (name != reference) continue;
        out += c;
        return true;
    }
    if (!reference.starts_with('#')) return false;
    const auto number = numeric_reference(reference);
    if (number) append_utf8(out, *number);
    return number.has_value();
}

std::optional<std::string> resolve(std::string_view raw) {
    constexpr std::size_t kLongest = 10;  // "#x0010ffff"
    std::string out;
    out.reserve(raw.size());
    while (!raw.empty()) {
        const std::size_t open = raw.find('&');
        out += raw.substr(0, open);
        if (open == std::string_view::npos) break;
        raw.remove_prefix(open + 1);
        const std::size_t close = raw.substr(0, kLongest + 1).find(';');
        if (close == std::string_view::npos || !append_reference(out, raw.substr(0, close)))
            return {};
        raw.remove_prefix(close + 1);
    }
    return out;
}

std::string_view without_prefix(std::string_view name) {
    const std::size_t colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

Result<void> copy_attributes(const pugi::xml_node& from, XmlElement& to) {
    for (const pugi::xml_attribute& attribute : from.attributes()) {
        const std::string_view name = attribute.name();
        for (const XmlAttribute& earlier : to.attributes) {
            if (earlier.name == name)
                return refuse(ErrorKind::syntax, "has an attribute twice in one element");
        }
        // So that the search for doubles stays cheap.
        if (to.attributes.size() == 64)
            return refuse(ErrorKind::too_large, "has too many attributes in one element");
        auto value = resolve(attribute.value());
        if (!value) return refuse(ErrorKind::syntax, "uses an entity that is not known");
        to.attributes.push_back({std::string(name), std::move(*value)});
    }
    return {};
}

// Walks pugixml's tree without recursion and builds ours.
class Copier {
  public:
    explicit Copier(XmlLimits limits) : limits_(limits) {}

    Result<XmlElement> copy(const pugi::xml_node& root) {
        XmlElement out;
        PH_CHECK(open(root, out));
        while (!path_.empty()) {
            Step& step = path_.back();
            const pugi::xml_node node = step.next;
            if (!node) {
                step.element->text = ascii::trim(step.element->text);
                path_.pop_back();
                continue;
            }
            step.next = node.next_sibling();
            PH_CHECK(take(node, *step.element));
        }
        return out;
    }

  private:
    struct Step {
        pugi::xml_node next;
        XmlElement* element;  // stays where it is: its siblings come when it is finished
    };

    Result<void> open(const pugi::xml_node& node, XmlElement& element) {
        if (path_.size() == kMaxXmlDepth)
            return refuse(ErrorKind::too_large, "is nested too deeply");
        if (++elements_ > limits_.max_elements)
            return refuse(ErrorKind::too_large, "has too many elements");
        element.name = without_prefix(node.name());
        PH_CHECK(copy_attributes(node, element));
        path_.push_back({node.first_child(), &element});
        return {};
    }

    Result<void> take(const pugi::xml_node& node, XmlElement& parent) {
        switch (node.type()) {
            case pugi::node_element:
                return open(node, parent.children.emplace_back());
            case pugi::node_cdata:
                parent.text += node.value();
                return {};
            case pugi::node_pcdata: {
                const auto text = resolve(node.value());
                if (!text) return refuse(ErrorKind::syntax, "uses an entity that is not known");
                parent.text += *text;
                return {};
            }
            default:
                return refuse(ErrorKind::syntax, "has something unexpected in an element");
        }
    }

    XmlLimits limits_;
    std::size_t elements_ = 0;
    std::vector<Step> path_;
};

Result<pugi::xml_node> only_root(const pugi::xml_document& document) {
    pugi::xml_node root;
    for (const pugi::xml_node& node : document.children()) {
        if (node.type() == pugi::node_doctype)
            return refuse(ErrorKind::denied, "has a document type, which is not read here");
        if (node.type() != pugi::node_element) continue;
        if (root) return refuse(ErrorKind::syntax, "has more than one root element");
        root = node;
    }
    if (!root) return refuse(ErrorKind::syntax, "has no root element");
    return root;
}

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
    for (const XmlElement& one : children) {
        if (ascii::equals_ignore_case(one.name, child_name)) return &one;
    }
    return nullptr;
}

std::string_view XmlElement::attribute(std::string_view attribute_name) const {
    for (const XmlAttribute& one : attributes) {
        if (one.name == attribute_name) return one.value;
    }
    return {};
}

Result<XmlElement> parse_xml(std::string_view document, XmlLimits limits) {
    if (document.size() > limits.max_octets) return refuse(ErrorKind::too_large, "is too long");
    if (document.starts_with("\xef\xbb\xbf")) document.remove_prefix(3);
    if (!utf8::is_valid(document)) return refuse(ErrorKind::syntax, "is not UTF-8");
    // Among them NUL, which would end the text early for pugixml.
    for (const char c : document) {
        if (!is_character(static_cast<unsigned char>(c)))
            return refuse(ErrorKind::syntax, "holds control octets");
    }
    pugi::xml_document parsed;
    const pugi::xml_parse_result result =
        parsed.load_buffer(document.data(), document.size(), kParse, pugi::encoding_utf8);
    if (result.status == pugi::status_bad_doctype)
        return refuse(ErrorKind::denied, "has a document type, which is not read here");
    if (!result)
        return refuse(ErrorKind::syntax, std::string("is broken: ") + result.description());
    PH_TRY(const pugi::xml_node root, only_root(parsed));
    return Copier(limits).copy(root);
}

}  // namespace posthaste::formats
