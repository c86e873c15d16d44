#include "submission/content_intake.h"

#include "base/ascii.h"
#include "mail/mime/content_type.h"
#include "mail/mime/header_repair.h"
#include "mail/trace.h"
#include "mail/warnings.h"
#include "submission/rights.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace posthaste::submission {
namespace {

constexpr std::size_t kRewritePiece = 64 << 10;

}  // namespace

ContentIntake::ContentIntake(Rules rules, store::ContentWriter writer, const Catalogue& replies)
    : rules_(std::move(rules)),
      replies_(replies),
      writer_(std::make_shared<store::ContentWriter>(std::move(writer))) {}

void ContentIntake::append(std::string_view decoded) {
    size_ += decoded.size();
    if (refusal_ || decoded.empty()) return;
    if (size_ > rules_.max_size) {
        refuse(too_large(replies_, size_, rules_.max_size));  // `end` knows the true size
        return;
    }
    if (in_header_) {
        find_header_end(decoded);
    } else {
        append_body(decoded);
    }
}

void ContentIntake::append_body(std::string_view octets) {
    if (octets.empty()) return;
    eight_bit_ = eight_bit_ || !ascii::is_ascii(octets);
    if (body_digest_) body_digest_->update(octets);
    if (hash_) hash_->update(octets);
    if (scanner_) scanner_->update(octets);
    writer_->append(octets);
}

bool ContentIntake::signs(const mail::HeaderBlock& header) const {
    if (rules_.identity == nullptr || !rules_.signs) return false;
    const auto authors = mail::authors(header);
    return authors && !authors->empty() && rules_.signs(authors->front().domain());
}

void ContentIntake::find_header_end(std::string_view decoded) {
    // The empty line may be cut anywhere, so the last octets of before are searched again.
    const std::size_t known = header_.size();
    header_.append(decoded);
    if (header_.starts_with("\r\n")) {
        end_header(0, 2);
        return;
    }
    const std::size_t empty_line = header_.find("\r\n\r\n", known > 3 ? known - 3 : 0);
    if (empty_line != std::string::npos) {
        end_header(empty_line + 2, empty_line + 4);
    } else if (header_.size() > mail::HeaderBlock::kMaxOctets) {
        refuse(replies_.make(Say::header_too_large));
    }
}

// The header is the first `end` octets, the body begins at `body_begin`.
void ContentIntake::end_header(std::size_t end, std::size_t body_begin) {
    in_header_ = false;
    const std::string whole = std::exchange(header_, {});
    const std::string_view view = whole;
    if (auto refusal = read_header(view.substr(0, end), body_begin)) {
        refuse(std::move(*refusal));
        return;
    }
    append_body(view.substr(body_begin));
}

std::optional<Answer> ContentIntake::read_header(std::string_view block, std::size_t& body_begin) {
    auto header = mail::HeaderBlock::parse_submitted(block);
    if (!header && header.error().kind == ErrorKind::syntax && rules_.identity == nullptr) {
        // A test suite may send a text without any header; mail servers deliver such a thing as its
        // body.
        body_begin = 0;
        header = mail::HeaderBlock::parse({});
    }
    if (!header) {
        if (header.error().kind == ErrorKind::too_large)
            return replies_.make(Say::header_too_large);
        return replies_.make(Say::bad_header, {header.error().text});
    }
    if (const std::size_t hops = mail::count_hops(*header); hops > mail::kMaxHops) {
        return replies_.make(Say::too_many_hops, {std::to_string(hops)});
    }
    block_ = std::move(*header);
    if (const auto* identity = rules_.identity) {
        if (identity->device) {
            const auto own = mail::Mailbox::parse(identity->account);
            const auto owns = [&](const mail::Mailbox& each) {
                return identity->may_send_as(each);
            };
            if (own) changes_ = mail::rewrite_author(block_, *own, owns);
        }
        if (auto refusal = check_authors(*identity, block_, replies_)) return refusal;
        if (const auto twice = mail::find_duplicate(block_))
            return replies_.make(Say::duplicate_field, {*twice});
        if (const auto* field = block_.find("Message-ID")) message_id_ = field->unfolded();
        if (!message_id_.empty()) body_digest_.emplace();
    }
    mail::ChangeList made = mail::fix_up(
        block_,
        {rules_.id, rules_.hostname, now(), rules_.identity != nullptr ? rules_.signs : nullptr});
    changes_.insert(changes_.end(), std::move_iterator(made.begin()),
                    std::move_iterator(made.end()));
    if (rules_.identity != nullptr) {
        const bool bulk = rules_.identity->profile == store::Profile::bulk;
        mail::ChangeList odd = mail::warnings_of(block_, now(), bulk);
        changes_.insert(changes_.end(), std::move_iterator(odd.begin()),
                        std::move_iterator(odd.end()));
        if (auto refusal = repair_header()) return refusal;
    }
    if (signs(block_)) hash_.emplace();
    return std::nullopt;
}

void ContentIntake::told(std::string_view rule, std::string text) {
    changes_.push_back({std::string(rule), std::move(text)});
}

// Before anything is signed: no hop behind us has to touch it (RFC 6376 §5.3).
std::optional<Answer> ContentIntake::repair_header() {
    // SMTPUTF8 where an address needs it and nowhere else (delivery.md 1.5).
    if (!rules_.needs_smtputf8) rules_.needs_smtputf8 = mail::has_utf8_address(block_);
    mail::HeaderWish wish;
    wish.keep_utf8 = rules_.needs_smtputf8;
    if (const auto* type = block_.find("Content-Type"))
        wish.charset = mail::parse_content_type(type->body()).charset;
    scanner_.emplace(block_, mail::MimeScanner::Options{.aim = mail::BodyAim::lines,
                                                        .keep_utf8 = wish.keep_utf8});
    const auto repair = mail::repair_header(block_, wish);
    if (!repair && repair.error().kind == ErrorKind::too_large)
        return replies_.make(Say::header_too_large);
    if (!repair) return replies_.make(Say::bad_header, {repair.error().text});
    if (repair->encoded > 0) {
        told("F-11", fmt::format("{} header fields had letters beyond ASCII: they are encoded",
                                 repair->encoded));
    }
    if (repair->lost > 0)
        told("F-11", "letters beyond ASCII where none may stand in the header became '?'");
    if (repair->folded > 0) {
        told("F-10", fmt::format("{} header fields had lines over 998 octets: they are folded",
                                 repair->folded));
    }
    return std::nullopt;
}

// What the walk over the body has found.
void ContentIntake::end_body() {
    if (refusal_) return;
    if (scanner_) {
        mail::BodyPlan plan = scanner_->finish();
        scanner_.reset();
        switch (plan.trouble) {
            case mail::BodyTrouble::none:
                break;
            case mail::BodyTrouble::sealed:
                return refuse(replies_.make(Say::line_in_sealed_part));
            case mail::BodyTrouble::not_encodable:
            case mail::BodyTrouble::part_header:
                return refuse(replies_.make(Say::line_not_mendable));
            case mail::BodyTrouble::too_deep:
            case mail::BodyTrouble::too_many_parts:
                return refuse(replies_.make(Say::too_many_parts));
        }
        if (!plan.top_encoding.empty()) mail::set_transfer_encoding(block_, plan.top_encoding);
        if (plan.encoded + plan.rewrapped > 0) {
            told("F-10", fmt::format("{} parts had lines over 998 octets: they are encoded anew",
                                     plan.encoded + plan.rewrapped));
        }
        if (plan.headers > 0) {
            told("F-11",
                 fmt::format("{} header fields of parts were encoded or folded", plan.headers));
        }
        if (plan.dropped > 0)
            told("F-10", "text outside of the parts, which nobody is shown, was dropped");
        winmail_ = !plan.tnef.empty() && !plan.sealed;
        edits_ = std::move(plan.edits);
    }
    header_ = block_.to_string();
    block_ = {};
    eight_bit_ = eight_bit_ || !ascii::is_ascii(header_);
}

void ContentIntake::end() {
    // Without an empty line all of it is header; an empty message has a header of no fields.
    if (!refusal_ && in_header_) {
        const std::size_t all = header_.size();
        end_header(all, all);
    }
    if (size_ > rules_.max_size) {
        refusal_ = too_large(replies_, size_, rules_.max_size);
    }
    end_body();
}

void ContentIntake::refuse(Answer answer) {
    if (!refusal_) refusal_ = std::move(answer);
    writer_.reset();  // removes its file
    hash_.reset();
    scanner_.reset();
    edits_.clear();
    block_ = {};
    header_ = std::string();
}

Result<RewrittenBody> rewrite_body(std::vector<mail::BodyEdit> edits, store::ContentReader reader,
                                   store::ContentWriter writer, bool sign) {
    mail::BodyRewriter rewriter(std::move(edits));
    std::optional<mail::DkimBodyHash> hash;
    if (sign) hash.emplace();
    RewrittenBody rewritten;
    std::string piece;
    const auto put = [&]() -> Result<void> {
        rewritten.eight_bit = rewritten.eight_bit || !ascii::is_ascii(piece);
        if (hash) hash->update(piece);
        writer.append(piece);
        piece.clear();
        if (writer.wants_flush()) return writer.flush();
        return {};
    };
    for (;;) {
        PH_TRY(std::string_view octets, reader.next());
        if (octets.empty()) break;
        // What is inline comes whole; an encoder makes three octets of one.
        for (; !octets.empty(); octets.remove_prefix(std::min(octets.size(), kRewritePiece))) {
            rewriter.update(octets.substr(0, kRewritePiece), piece);
            PH_CHECK(put());
        }
    }
    rewriter.finish(piece);
    PH_CHECK(put());
    if (hash) rewritten.hash = hash->finish();
    PH_TRY(rewritten.body, writer.finish());
    return rewritten;
}

}  // namespace posthaste::submission
