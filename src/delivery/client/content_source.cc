#include "delivery/client/content_source.h"

namespace posthaste::delivery {

namespace {

constexpr Seconds kReadDeadline{60};

}  // namespace

runtime::Task<Result<ContentSource>> ContentSource::open(
    store::Store& store, runtime::BlockingPool& blocking,
    std::shared_ptr<const store::MessageRow> row) {
    const bool at_hand = row->body.octets || !row->body.file.empty();
    if (at_hand) {
        PH_CO_TRY(auto reader, store.read_content(*row));
        co_return ContentSource(std::move(reader), blocking);
    }
    auto read = [&store, row] { return store.read_content(*row); };
    auto reading = runtime::offload(blocking, std::move(read), Deadline::after(kReadDeadline));
    auto reader = co_await std::move(reading);
    if (!reader) co_return std::unexpected(std::move(reader).error());
    co_return ContentSource(std::move(*reader), blocking);
}

runtime::Task<Result<std::string_view>> ContentSource::next() {
    rewritten_.clear();
    do {
        auto reading = read();
        PH_CO_TRY(const std::string_view piece, co_await std::move(reading));
        if (!rewriter_) co_return piece;
        if (piece.empty()) {
            rewriter_->finish(rewritten_);
            rewriter_.reset();  // the next reading is past the end
            break;
        }
        rewriter_->update(piece, rewritten_);
    } while (rewritten_.empty());  // an encoder may hold back all of a small piece
    co_return std::string_view(rewritten_);
}

runtime::Task<Result<std::string_view>> ContentSource::read() {
    if (!reader_->blocks()) co_return reader_->next();
    auto read = [reader = reader_] { return reader->next(); };
    auto reading = runtime::offload(*blocking_, std::move(read), Deadline::after(kReadDeadline));
    auto piece = co_await std::move(reading);
    co_return piece;
}

}  // namespace posthaste::delivery
