#include "store/content.h"

#include "base/assert.h"
#include "base/checksum.h"
#include "store/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::store {

namespace {

// A writer that gets no memory from the budget goes to its file in pieces this small.
constexpr std::size_t kStarvedPiece = 8 << 10;
constexpr std::size_t kBudgetStep = 4 << 10;

std::string path_in(const std::string& folder, const std::string& file) {
    return folder + '/' + file;
}

}  // namespace

bool ContentBudget::try_take(std::size_t octets) {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
        if (octets > limit_ || used > limit_ - octets) return false;
    } while (!used_.compare_exchange_weak(used, used + octets, std::memory_order_relaxed));
    return true;
}

void ContentBudget::give_back(std::size_t octets) {
    const std::size_t before = used_.fetch_sub(octets, std::memory_order_relaxed);
    PH_ASSERT(before >= octets);
}

struct ContentWriter::Impl {
    std::string folder;
    std::string file;
    ContentBudget& budget;
    StoreWatch watch;
    std::string buffer;
    std::size_t taken = 0;  // of the budget, for `buffer`
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    FileDescriptor fd;
    bool to_file = false;
    bool starved = false;
    bool exists = false;  // the file is there and nobody else answers for it
    std::optional<Error> error;

    Impl(std::string content_folder, QueueId id, ContentBudget& memory, StoreWatch store)
        : folder(std::move(content_folder)),
          file(id.to_string()),
          budget(memory),
          watch(std::move(store)) {}

    ~Impl() {
        budget.give_back(taken);
        remove_file();
    }

    void remove_file() {
        fd.reset();
        if (std::exchange(exists, false)) unlink(path_in(folder, file).c_str());
    }

    void drop_buffer() {
        std::string().swap(buffer);
        budget.give_back(std::exchange(taken, 0));
    }

    void append(std::string_view octets) {
        size += octets.size();
        if (error) return;
        crc = crc32c(octets, crc);
        buffer.append(octets);
        const std::size_t wanted = (buffer.size() + kBudgetStep - 1) / kBudgetStep * kBudgetStep;
        if (wanted > taken) {
            starved = !budget.try_take(wanted - taken);
            if (!starved) taken = wanted;
        }
        if (starved || buffer.size() > kInlineBody) to_file = true;
    }

    Result<void> remember(Result<void> result) {
        if (result) return result;
        error = result.error();
        drop_buffer();
        remove_file();
        if (error->kind == ErrorKind::store_failed && watch.on_failure) watch.on_failure(*error);
        return result;
    }

    Result<void> open_once() {
        if (watch.has_failed && watch.has_failed())
            return fail(ErrorKind::store_failed, "the store has failed", "restart posthaste");
        if (fd) return {};
        PH_TRY(fd, open_file(path_in(folder, file), O_WRONLY | O_CREAT | O_EXCL));
        exists = true;
        return {};
    }

    Result<void> write_out() {
        PH_CHECK(open_once());
        PH_CHECK(write_all(fd.get(), buffer, path_in(folder, file)));
        drop_buffer();
        return {};
    }

    Result<void> sync() {
        PH_CHECK(write_out());
        PH_CHECK(sync_data(fd.get(), path_in(folder, file)));
        fd.reset();
        return sync_folder(folder);
    }
};

ContentWriter::ContentWriter(std::string content_folder, QueueId id, ContentBudget& budget,
                             StoreWatch watch)
    : impl_(std::make_unique<Impl>(std::move(content_folder), id, budget, std::move(watch))) {}

ContentWriter::~ContentWriter() = default;
ContentWriter::ContentWriter(ContentWriter&&) noexcept = default;

void ContentWriter::append(std::string_view octets) {
    impl_->append(octets);
}

bool ContentWriter::wants_flush() const {
    if (!impl_->to_file || impl_->error) return false;
    return impl_->buffer.size() >= (impl_->starved ? kStarvedPiece : kContentPiece);
}

std::uint64_t ContentWriter::size() const {
    return impl_->size;
}

Result<void> ContentWriter::flush() {
    if (impl_->error) return std::unexpected(*impl_->error);
    if (!impl_->to_file || impl_->buffer.empty()) return {};
    return impl_->remember(impl_->write_out());
}

bool ContentWriter::needs_sync() const {
    return impl_->to_file && !impl_->error;
}

Result<Body> ContentWriter::finish() {
    if (impl_->error) return std::unexpected(*impl_->error);
    Body body{.octets = nullptr, .file = {}, .size = impl_->size, .crc = impl_->crc};
    if (!impl_->to_file) {
        body.octets = std::make_shared<const std::string>(std::move(impl_->buffer));
        impl_->drop_buffer();
        return body;
    }
    PH_CHECK(impl_->remember(impl_->sync()));
    impl_->exists = false;  // the committer answers for it now
    body.file = impl_->file;
    return body;
}

struct ContentReader::Impl {
    std::string folder;
    Body body;
    FileDescriptor fd;
    std::string piece;
    std::uint64_t read_so_far = 0;
    std::uint32_t crc = 0;
    bool ended = false;

    Impl(std::string content_folder, Body what)
        : folder(std::move(content_folder)), body(std::move(what)) {}

    std::unexpected<Error> damaged(std::string_view what) const {
        const std::string where = body.file.empty()
                                      ? "the body of a message in the store"
                                      : "the content file " + path_in(folder, body.file);
        return fail(ErrorKind::io, fmt::format("{} {}", where, what),
                    "restore it from a backup, or cancel the message (posthaste queue cancel)");
    }

    Result<void> verify() const {
        if (read_so_far < body.size)
            return damaged(fmt::format("is cut: {} of {} octets", read_so_far, body.size));
        if (read_so_far > body.size)
            return damaged(fmt::format("is longer than its {} octets", body.size));
        if (crc != body.crc) return damaged("is damaged: its checksum differs");
        return {};
    }

    Result<std::string_view> from_memory() {
        ended = true;
        const std::string_view octets =
            body.octets ? std::string_view(*body.octets) : std::string_view();
        read_so_far = octets.size();
        crc = crc32c(octets);
        PH_CHECK(verify());
        return octets;
    }

    Result<void> open_once() {
        if (fd) return {};
        // A name from a damaged row must not lead out of the folder.
        if (!QueueId::parse(body.file)) return damaged("has a name that cannot be");
        auto opened = open_file(path_in(folder, body.file), O_RDONLY);
        if (!opened && opened.error().kind == ErrorKind::not_found) return damaged("is gone");
        if (!opened) {
            opened.error().kind = ErrorKind::io;
            return std::unexpected(std::move(opened).error());
        }
        fd = std::move(*opened);
        posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
        return {};
    }

    Result<std::string_view> from_file() {
        PH_CHECK(open_once());
        piece.resize(kContentPiece);
        ssize_t got = 0;
        do {
            got = read(fd.get(), piece.data(), piece.size());
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            const int error_number = errno;
            Error error = system_error(error_number, "cannot read " + path_in(folder, body.file));
            error.kind = ErrorKind::io;
            return std::unexpected(std::move(error));
        }
        piece.resize(static_cast<std::size_t>(got));
        read_so_far += piece.size();
        crc = crc32c(piece, crc);
        // Said before the octets that are too much are handed out.
        if (got == 0 || read_so_far > body.size) PH_CHECK(verify());
        if (got == 0) {
            ended = true;
            fd.reset();
        }
        return std::string_view(piece);
    }
};

ContentReader::ContentReader(std::string content_folder, Body body)
    : impl_(std::make_unique<Impl>(std::move(content_folder), std::move(body))) {}

ContentReader::~ContentReader() = default;
ContentReader::ContentReader(ContentReader&&) noexcept = default;

bool ContentReader::blocks() const {
    return !impl_->body.file.empty();
}

Result<std::string_view> ContentReader::next() {
    if (impl_->ended) return std::string_view();
    return impl_->body.file.empty() ? impl_->from_memory() : impl_->from_file();
}

void discard_content(const std::string& content_folder, const Body& body) {
    if (QueueId::parse(body.file)) unlink(path_in(content_folder, body.file).c_str());
}

}  // namespace posthaste::store
