// ContentSource: a message's body in pieces for one transaction, from memory, the store or its
// file; what blocks is done elsewhere.
#pragma once

#include "mail/mime/mime.h"
#include "runtime/offload.h"
#include "runtime/task.h"
#include "store/store.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::delivery {

class ContentSource {
  public:
    ContentSource(store::ContentReader reader, runtime::BlockingPool& blocking)
        : reader_(std::make_shared<store::ContentReader>(std::move(reader))),
          blocking_(&blocking) {}

    // Errors: of the store, busy.
    static runtime::Task<Result<ContentSource>> open(store::Store& store,
                                                     runtime::BlockingPool& blocking,
                                                     std::shared_ptr<const store::MessageRow> row);

    // Empty at the end, once size and checksum were found right. The view is good until the next
    // call.
    runtime::Task<Result<std::string_view>> next();

    // From now on the octets come with these edits made. Before the first `next`.
    void rewrite(std::vector<mail::BodyEdit> edits) {
        rewriter_ = std::make_unique<mail::BodyRewriter>(std::move(edits));
    }

    store::ContentReader take_reader() { return std::move(*reader_); }

  private:
    runtime::Task<Result<std::string_view>> read();

    std::unique_ptr<mail::BodyRewriter> rewriter_;  // null: as stored, or all is out
    std::string rewritten_;
    std::shared_ptr<store::ContentReader> reader_;  // shared with a read that outlives its wait
    runtime::BlockingPool* blocking_;
};

}  // namespace posthaste::delivery
