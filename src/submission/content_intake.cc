#include "submission/content_intake.h"

#include "base/ascii.h"
#include "mail/fixup.h"
#include "mail/trace.h"
#include "submission/rights.h"

#include <utility>

namespace posthaste::submission {

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
    writer_->append(octets);
}

bool ContentIntake::is_signed(const mail::HeaderBlock& header) const {
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
    auto header = mail::HeaderBlock::parse(block);
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
    if (rules_.identity != nullptr) {
        if (auto refusal = check_authors(*rules_.identity, *header, replies_)) return refusal;
        if (const auto* field = header->find("Message-ID")) message_id_ = field->unfolded();
        if (!message_id_.empty()) body_digest_.emplace();
    }
    mail::fix_up(*header, rules_.id, rules_.hostname, now());
    if (is_signed(*header)) hash_.emplace();
    header_ = header->to_string();
    eight_bit_ = eight_bit_ || !ascii::is_ascii(header_);
    return std::nullopt;
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
}

void ContentIntake::refuse(Answer answer) {
    if (!refusal_) refusal_ = std::move(answer);
    writer_.reset();  // removes its file
    hash_.reset();
    header_ = std::string();
}

}  // namespace posthaste::submission
