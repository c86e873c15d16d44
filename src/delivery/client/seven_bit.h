// SevenBit: a message made fit for a hop without 8BITMIME (RFC 6152 §3, delivery.md F-11): parts
// with octets above 0x7f encoded, headers of theirs likewise, and signed anew, since signatures do
// not outlive that (RFC 6376 §5.3). What is stored stays as it came.
#pragma once

#include "delivery/delivery.h"
#include "mail/mime/mime.h"
#include "runtime/offload.h"
#include "store/store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace posthaste::delivery {

struct SevenBit {
    // False: within signed or encrypted parts, or of a kind that must not be encoded; such a
    // message goes to a host with 8BITMIME or not at all (5.6.3).
    bool possible = false;
    std::shared_ptr<const std::string> header;
    std::vector<mail::BodyEdit> edits;  // of the body as it is stored
    std::uint64_t body_size = 0;        // once they are made
};

// Blocking: reads the body twice. Errors: of the store.
Result<SevenBit> convert_to_seven_bit(store::Store& store, const store::MessageRow& row,
                                      const SignNow& sign);

// The same on the pool.
runtime::Task<Result<SevenBit>> make_seven_bit(store::Store& store, runtime::BlockingPool& blocking,
                                               SignNow sign,
                                               std::shared_ptr<const store::MessageRow> row);

}  // namespace posthaste::delivery
