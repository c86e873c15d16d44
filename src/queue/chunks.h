// Chunks: an array that grows without moving what it holds. A vector that doubles takes up to three
// times its contents while it grows and twice of it afterwards; at ten million recipients that is
// most of the memory. No more than one chunk is ever unused.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace posthaste::queue {

template <class T>
class Chunks {
  public:
    static constexpr std::size_t kItems = 1024;  // of a chunk

    std::size_t size() const { return size_; }

    bool empty() const { return size_ == 0; }

    T& operator[](std::size_t at) { return chunks_[at / kItems][at % kItems]; }

    const T& operator[](std::size_t at) const { return chunks_[at / kItems][at % kItems]; }

    T& back() { return (*this)[size_ - 1]; }

    void push_back(T value) {
        if (size_ == chunks_.size() * kItems) chunks_.push_back(std::make_unique<T[]>(kItems));
        (*this)[size_++] = std::move(value);
    }

    // One chunk is kept for what comes next.
    void pop_back() {
        --size_;
        if (chunks_.size() >= size_ / kItems + 2 + 1) chunks_.pop_back();
    }

    // Up to `size`, with `value`; never makes it smaller.
    void grow(std::size_t size, const T& value) {
        while (size_ < size) push_back(value);
    }

    std::size_t octets() const {
        return chunks_.size() * kItems * sizeof(T) + chunks_.capacity() * sizeof(chunks_[0]);
    }

  private:
    std::vector<std::unique_ptr<T[]>> chunks_;
    std::size_t size_ = 0;
};

}  // namespace posthaste::queue
