#include "mail/tnef/tnef.h"

#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace posthaste::mail {
namespace {

constexpr std::size_t kHead = 5;
constexpr char kEnd = '.';

// Of the message: its letter, its place, and whether it is a name, which is short.
struct Piece {
    char letter;
    std::string TnefContent::* member;
    bool name;
};

constexpr Piece kPieces[] = {
    {'k', &TnefContent::message_class, true}, {'t', &TnefContent::text, false},
    {'c', &TnefContent::text_charset, true},  {'h', &TnefContent::html, false},
    {'e', &TnefContent::html_charset, true},  {'r', &TnefContent::rtf, false},
};

struct AttachmentPiece {
    char letter;
    std::string TnefAttachment::* member;
    bool name;
};

// The first of them opens an attachment.
constexpr AttachmentPiece kAttachmentPieces[] = {
    {'n', &TnefAttachment::name, true},
    {'y', &TnefAttachment::type, true},
    {'i', &TnefAttachment::content_id, true},
    {'d', &TnefAttachment::octets, false},
};

void put(std::string& out, char letter, std::string_view octets) {
    const auto size = static_cast<std::uint32_t>(octets.size());
    out += letter;
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(static_cast<unsigned char>(size >> shift));
    out += octets;
}

std::size_t length_at(std::string_view head) {
    std::size_t size = 0;
    for (const char c : head.substr(1, 4)) size = size << 8 | static_cast<unsigned char>(c);
    return size;
}

Result<void> take(TnefContent& content, char letter, std::string_view octets) {
    for (const Piece& piece : kPieces) {
        if (piece.letter != letter) continue;
        if (piece.name && octets.size() > kMaxTnefName)
            return fail(ErrorKind::too_large, "a name in it is too long");
        content.*piece.member = octets;
        return {};
    }
    for (const AttachmentPiece& piece : kAttachmentPieces) {
        if (piece.letter != letter) continue;
        if (piece.name && octets.size() > kMaxTnefName)
            return fail(ErrorKind::too_large, "a name in it is too long");
        if (letter == kAttachmentPieces[0].letter) {
            if (content.attachments.size() == kMaxTnefAttachments)
                return fail(ErrorKind::too_large, "it has too many attachments");
            content.attachments.emplace_back();
        }
        if (content.attachments.empty()) return fail(ErrorKind::syntax, "a piece of no attachment");
        content.attachments.back().*piece.member = octets;
        return {};
    }
    return fail(ErrorKind::syntax, fmt::format("a piece of kind {:#x}", letter));
}

}  // namespace

std::string write_tnef(const TnefContent& content) {
    std::string out;
    for (const Piece& piece : kPieces) {
        const std::string& value = content.*piece.member;
        if (!value.empty()) put(out, piece.letter, value);
    }
    for (const TnefAttachment& attachment : content.attachments) {
        for (const AttachmentPiece& piece : kAttachmentPieces) {
            const std::string& value = attachment.*piece.member;
            if (!value.empty() || piece.letter == kAttachmentPieces[0].letter)
                put(out, piece.letter, value);
        }
    }
    put(out, kEnd, {});
    return out;
}

Result<TnefContent> read_tnef(std::string_view written) {
    TnefContent content;
    while (written.size() >= kHead) {
        const char letter = written.front();
        const std::size_t size = length_at(written);
        written.remove_prefix(kHead);
        if (size > written.size()) return fail(ErrorKind::syntax, "a piece is cut off");
        if (letter == kEnd) {
            if (!written.empty()) return fail(ErrorKind::syntax, "there is more behind its end");
            return content;
        }
        PH_CHECK(take(content, letter, written.substr(0, size)));
        written.remove_prefix(size);
    }
    return fail(ErrorKind::syntax, "it is cut off");
}

}  // namespace posthaste::mail
