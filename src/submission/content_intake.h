// ContentIntake: what comes behind DATA or BDAT, decoded, into a header that has been checked and
// mended and a body in the store's hands. No waiting, no sockets: the session feeds it and flushes
// it.
//
// Memory: the header is held whole, at most 1 MB (some 4 MB while it is split into fields and put
// together again, which is one step without a wait, so once a worker); of the body the
// ContentWriter holds at most 256 KiB from the store's global budget, or 64 KiB beyond it. After a
// refusal nothing is held: what still comes is only counted.
#pragma once

#include "accounts/identity.h"
#include "accounts/keyed_digest.h"
#include "base/ascii.h"
#include "base/id.h"
#include "mail/dkim/dkim_body.h"
#include "mail/fixup.h"
#include "mail/header.h"
#include "mail/mime/mime.h"
#include "store/content.h"
#include "submission/replies.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace posthaste::submission {

class ContentIntake {
  public:
    struct Rules {
        QueueId id;
        std::string hostname;
        // Null on an open port: From and Sender are not looked at, and content without a header is
        // all body.
        const accounts::Identity* identity = nullptr;
        std::uint64_t max_size = 0;
        // Whether mail from that domain is signed: then its body is hashed on the way (DKIM).
        std::function<bool(const mail::Domain&)> signs{};
        // An address of the envelope needs SMTPUTF8, so that the header may keep its letters too.
        bool needs_smtputf8 = false;
    };

    // `replies` outlives it.
    ContentIntake(Rules rules, store::ContentWriter writer, const Catalogue& replies);

    // Decoded content, cut anywhere. Whatever it holds, the octets are counted and the first
    // refusal is kept.
    void append(std::string_view decoded);

    // Octets as they came over the wire, decoded or not: what a refused message is drained by.
    void count_wire(std::uint64_t octets) { wire_ += octets; }

    // Three times the limit has come and still no end: no use draining on.
    bool hopeless() const { return wire_ / 3 > rules_.max_size; }

    std::uint64_t wire() const { return wire_; }

    // No more comes. After this `refusal` tells whether it is a message.
    void end();

    void refuse(Answer answer);

    const std::optional<Answer>& refusal() const { return refusal_; }

    // Null after a refusal. Shared with the pool's thread that flushes or finishes it: while one
    // runs, nothing is appended.
    const std::shared_ptr<store::ContentWriter>& writer() const { return writer_; }

    bool wants_flush() const { return writer_ != nullptr && writer_->wants_flush(); }

    const QueueId& id() const { return rules_.id; }

    std::uint64_t size() const { return size_; }

    bool eight_bit() const { return eight_bit_; }

    bool header_8bit() const { return !ascii::is_ascii(header_); }  // after `end`

    // The Message-ID that the client gave, when it may be told by it later; else "".
    const std::string& message_id() const { return message_id_; }

    // After `end`: what was done to the message, and is still to be done to its body by
    // `rewrite_body` once the writer is finished.
    const mail::ChangeList& changes() const { return changes_; }

    bool wants_rewrite() const { return !edits_.empty(); }

    std::vector<mail::BodyEdit> take_edits() { return std::move(edits_); }

    // A winmail.dat that may be replaced: nothing in the message is signed or encrypted.
    bool has_winmail() const { return winmail_; }

    // An address in the header has letters beyond ASCII before its @.
    bool needs_smtputf8() const { return rules_.needs_smtputf8; }

    bool is_signed() const { return hash_.has_value(); }

    // After `end`, once, where there is a Message-ID: SHA-256 of the body.
    accounts::Digest body_digest() { return body_digest_->finish(); }

    // After `end`: the header with its fix-ups, CR LF lines, without the empty line and without
    // Received.
    std::string take_header() { return std::move(header_); }

    // After `end`; empty where nothing is signed.
    std::string take_body_hash() { return hash_ ? hash_->finish() : std::string(); }

  private:
    void find_header_end(std::string_view decoded);
    void end_header(std::size_t end, std::size_t body_begin);
    std::optional<Answer> read_header(std::string_view block, std::size_t& body_begin);
    void append_body(std::string_view octets);
    bool signs(const mail::HeaderBlock& header) const;
    std::optional<Answer> repair_header();
    void end_body();
    void told(std::string_view rule, std::string text);

    Rules rules_;
    const Catalogue& replies_;
    std::shared_ptr<store::ContentWriter> writer_;
    std::optional<mail::DkimBodyHash> hash_;
    std::optional<Answer> refusal_;
    std::optional<mail::MimeScanner> scanner_;  // not on an open port: there nothing is repaired
    std::vector<mail::BodyEdit> edits_;
    mail::ChangeList changes_;
    mail::HeaderBlock block_;  // once the header is whole
    std::string header_;
    std::string message_id_;
    std::optional<accounts::RunningDigest> body_digest_;
    std::uint64_t size_ = 0;
    std::uint64_t wire_ = 0;
    bool in_header_ = true;
    bool eight_bit_ = false;
    bool winmail_ = false;
};

// The second pass over a body that needs a repair: from one place of the store to another.
// Blocking. `reader` and `writer` are used up. Errors: of the store.
struct RewrittenBody {
    store::Body body;
    std::string hash;  // with `sign`: as DkimBodyHash gives it
    bool eight_bit = false;
};

Result<RewrittenBody> rewrite_body(std::vector<mail::BodyEdit> edits, store::ContentReader reader,
                                   store::ContentWriter writer, bool sign);

}  // namespace posthaste::submission
