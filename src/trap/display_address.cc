#include "trap/display_address.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/text.h"

#include <fmt/format.h>

namespace posthaste::trap {

namespace {

constexpr std::size_t kMaxName = 200;     // characters
constexpr std::size_t kMaxAddress = 320;  // octets

// Collects one address until its comma.
class Collector {
  public:
    void take(std::string_view body) {
        for (std::size_t i = 0; i < body.size() && !full(); ++i) {
            const char c = body[i];
            if (c == '\\' && (quoted_ || comments_ > 0) && i + 1 < body.size()) {
                put(body[++i]);
            } else if (quoted_) {
                if (c == '"')
                    quoted_ = false;
                else
                    put(c);
            } else if (comments_ > 0) {
                if (c == '(') ++comments_;
                if (c == ')') --comments_;
                if (comments_ > 0) put(c);
            } else {
                take_plain(c);
            }
        }
        end_address();
    }

    std::vector<DisplayAddress> found;

  private:
    void take_plain(char c) {
        switch (c) {
            case '"':
                // Behind an '@' or in an address without a name quotes belong to the address.
                quoted_ = true;
                had_quote_ = true;
                return;
            case '(':
                comments_ = 1;
                return;
            case '<':
                in_angle_ = true;
                return;
            case '>':
                in_angle_ = false;
                return;
            case ',':
            case ';':
                if (!in_angle_) return end_address();
                break;
            case ':':
                if (!in_angle_ && words_.find('@') == std::string::npos) {  // the name of a group
                    words_.clear();
                    return;
                }
                break;
            default:
                break;
        }
        put(c);
    }

    void put(char c) {
        if (comments_ > 0)
            comment_ += c;
        else if (in_angle_)
            angle_ += c;
        else
            words_ += c;
    }

    bool full() const {
        return found.size() >= kMaxDisplayAddresses || octets_ >= kMaxDisplayOctets;
    }

    void end_address() {
        DisplayAddress address;
        std::string_view name = ascii::trim(words_);
        std::string_view plain = ascii::trim(angle_);
        if (plain.empty() && name.find('@') != std::string_view::npos && !had_quote_) {
            plain = name;
            name = comment_;
        }
        address.name = mail::readable(mail::decode_words(name), kMaxName);
        address.address = utf8::printable(plain, kMaxAddress);
        if (!address.name.empty() || !address.address.empty()) {
            octets_ += address.name.size() + address.address.size();
            if (!full()) found.push_back(std::move(address));
        }
        words_.clear();
        angle_.clear();
        comment_.clear();
        had_quote_ = in_angle_ = quoted_ = false;
        comments_ = 0;
    }

    std::string words_, angle_, comment_;
    bool quoted_ = false, had_quote_ = false, in_angle_ = false;
    std::size_t comments_ = 0;
    std::size_t octets_ = 0;
};

}  // namespace

std::vector<DisplayAddress> parse_display_addresses(std::string_view body) {
    Collector collector;
    collector.take(body);
    return std::move(collector.found);
}

std::string to_string(const DisplayAddress& address) {
    if (address.name.empty()) return address.address;
    if (address.address.empty()) return address.name;
    return fmt::format("{} <{}>", address.name, address.address);
}

}  // namespace posthaste::trap
