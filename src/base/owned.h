// Owned<T, free_function>: a C library's object, given back by its own function.
#pragma once

#include <memory>

namespace posthaste {

template <auto Function>
struct Free {
    template <class T>
    void operator()(T* object) const {
        Function(object);
    }
};

template <class T, auto Function>
using Owned = std::unique_ptr<T, Free<Function>>;

}  // namespace posthaste
