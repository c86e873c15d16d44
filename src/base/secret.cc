#include "base/secret.h"

#include <cstring>
#include <utility>

namespace posthaste {

namespace {

// The whole buffer, not only the octets in use: a short value leaves a copy in the small-string
// buffer when it is moved.
void cleanse(std::string& value) {
    value.clear();
    value.resize(value.capacity());
    explicit_bzero(value.data(), value.size());
    value.clear();
}

}  // namespace

Secret::Secret(std::string value) : value_(std::move(value)) {
    cleanse(value);
}

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) {
    cleanse(other.value_);
}

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) {
        std::string copy = other.value_;
        cleanse(value_);  // before assignment frees it
        value_ = std::move(copy);
        cleanse(copy);
    }
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        cleanse(value_);
        value_ = std::move(other.value_);
        cleanse(other.value_);
    }
    return *this;
}

Secret::~Secret() {
    cleanse(value_);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    // volatile: or the compiler may leave the loop at the first difference.
    volatile unsigned char difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference =
            static_cast<unsigned char>(difference | static_cast<unsigned char>(a[i] ^ b[i]));
    return difference == 0;
}

}  // namespace posthaste
