#include "mail/mime/mime.h"

#include "base/ascii.h"
#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace posthaste::mail {
namespace {

constexpr std::uint64_t kMaxLine = 998;           // without CR LF
constexpr std::size_t kMaxBoundary = 200;         // RFC 2046 §5.1.1 allows 70
constexpr std::size_t kKept = kMaxBoundary + 64;  // of a line that may be a boundary
constexpr std::size_t kMaxPartHeader = 64 << 10;
constexpr std::size_t kMaxEditText = 1 << 20;

// A line that opens a field (RFC 5322 §2.2).
bool is_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view name = ascii::trim(line.substr(0, colon));
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

// What a repair would break (RFC 1847, 8551, 3156).
bool seals_parts(const ContentType& type) {
    return type.is("multipart/signed") || type.is("multipart/encrypted");
}

bool is_sealed(const ContentType& type) {
    return type.type == "application" &&
           (type.subtype == "pkcs7-mime" || type.subtype == "x-pkcs7-mime" ||
            type.subtype == "pkcs7-signature" || type.subtype == "x-pkcs7-signature");
}

// What Outlook wraps formatted messages and their attachments in, also where a server on the way no
// longer knew its type.
bool is_tnef(const ContentType& type, const HeaderBlock& header) {
    if (type.is("application/ms-tnef") || type.is("application/vnd.ms-tnef")) return true;
    if (!type.is("application/octet-stream")) return false;
    const auto name = find_parameter(header.find("Content-Type")->body(), "name");
    return name && ascii::equals_ignore_case(*name, "winmail.dat");
}

// Says 8bit or binary, which its parts must not be any more once they are encoded.
bool claims_8bit(const HeaderBlock& header) {
    const HeaderField* field = header.find("Content-Transfer-Encoding");
    if (field == nullptr) return false;
    const std::string word = ascii::to_lower(field->unfolded());
    return word == "8bit" || word == "binary";
}

std::string_view name_of(Encoding encoding) {
    switch (encoding) {
        case Encoding::quoted_printable:
        case Encoding::quoted_printable_again:
            return "quoted-printable";
        case Encoding::base64:
        case Encoding::base64_again:
            return "base64";
    }
    std::unreachable();
}

}  // namespace

void set_transfer_encoding(HeaderBlock& header, std::string_view encoding) {
    header.remove("Content-Transfer-Encoding");
    header.append("Content-Transfer-Encoding", encoding);
    if (header.find("MIME-Version") == nullptr) header.append("MIME-Version", "1.0");
}

MimeScanner::MimeScanner(const HeaderBlock& top, Options options) : options_(options) {
    part_.top = true;
    open(top);
}

void MimeScanner::fail_with(BodyTrouble trouble) {
    if (plan_.trouble == BodyTrouble::none) plan_.trouble = trouble;
}

void MimeScanner::add_edit(BodyEdit edit) {
    if (edit.begin == edit.end && edit.text.empty()) return;
    edit_octets_ += edit.text.size() + sizeof(BodyEdit);
    if (edit_octets_ > kMaxEditText) {
        fail_with(BodyTrouble::too_many_parts);
        return;
    }
    plan_.edits.push_back(std::move(edit));
}

void MimeScanner::update(std::string_view octets) {
    while (!octets.empty()) {
        const std::size_t end = octets.find('\n');
        const bool whole = end != std::string_view::npos;
        const std::string_view piece = octets.substr(0, whole ? end + 1 : end);
        octets.remove_prefix(piece.size());
        take(piece);
        if (whole) end_line(true);
    }
}

void MimeScanner::take(std::string_view piece) {
    if (!line_8bit_) line_8bit_ = !ascii::is_ascii(piece);
    line_size_ += piece.size();
    if (in_header_) {
        if (header_text_.size() + line_.size() + piece.size() > kMaxPartHeader) {
            fail_with(BodyTrouble::part_header);
            return;  // the rest of it is not kept; the message is refused, or goes as it is
        }
        line_ += piece;
        return;
    }
    if (levels_.empty() || line_.size() >= kKept) return;
    if (line_.size() >= 2 ? !line_.starts_with("--") : piece.front() != '-' && line_.empty())
        return;
    line_ += piece.substr(0, kKept - line_.size());
}

void MimeScanner::end_line(bool whole) {
    const std::uint64_t length = line_size_ - (whole ? std::min<std::uint64_t>(line_size_, 2) : 0);
    plan_.longest_line = std::max(plan_.longest_line, length);
    plan_.eight_bit = plan_.eight_bit || line_8bit_;
    const bool boundary = !levels_.empty() && line_.starts_with("--") && find_boundary(whole);
    if (!boundary) {
        if (in_header_) {
            header_line(line_, whole);
        } else {
            part_.longest = std::max(part_.longest, length);
            part_.eight_bit = part_.eight_bit || line_8bit_;
        }
    }
    line_begin_ += line_size_;
    line_size_ = 0;
    line_8bit_ = false;
    line_.clear();
}

void MimeScanner::header_line(std::string_view line, bool whole) {
    const std::uint64_t behind = line_begin_ + line_size_;
    if (line == "\r\n") {
        end_header(line_begin_, behind, true);
        return;
    }
    const bool folded = line.starts_with(' ') || line.starts_with('\t');
    if (whole && ((folded && !header_text_.empty()) || (!folded && is_field(line)))) {
        if (line.size() == line_size_) header_text_ += line;
        return;
    }
    // No header at all, or an end that lacks its empty line: what most readers take for the body.
    end_header(line_begin_, line_begin_, false);
    part_.longest = std::max<std::uint64_t>(part_.longest, line_size_ - (whole ? 2 : 0));
    part_.eight_bit = part_.eight_bit || line_8bit_;
}

// "--" and the boundary of an open multipart, from the inside out.
bool MimeScanner::find_boundary(bool whole) {
    if (line_.size() < line_size_) return false;  // longer than any
    std::string_view text = std::string_view(line_).substr(2);
    if (whole) text.remove_suffix(std::min<std::size_t>(text.size(), 2));
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    for (std::size_t i = levels_.size(); i-- > 0;) {
        const std::string& boundary = levels_[i].boundary;
        if (!text.starts_with(boundary)) continue;
        const std::string_view rest = text.substr(boundary.size());
        if (!rest.empty() && rest != "--") continue;
        at_boundary(i, !rest.empty());
        return true;
    }
    return false;
}

void MimeScanner::at_boundary(std::size_t level, bool closing) {
    if (in_header_) end_header(line_begin_, line_begin_, true);
    // The line end before a boundary belongs to it.
    end_part(line_begin_ - std::min<std::uint64_t>(line_begin_, 2));
    levels_.resize(level + 1);
    if (closing) {
        const Level ended = std::move(levels_.back());
        levels_.pop_back();
        begin_filler(ended.outer_sealed, ended.depth);
        part_.body_begin = line_begin_ + line_size_;
        return;
    }
    Level& open_level = levels_.back();
    ++open_level.parts;
    begin_part(open_level.depth + 1, open_level.sealed, open_level.digest);
    part_.enclosed = open_level.enclosed;
    part_.delimiter_begin = line_begin_ - std::min<std::uint64_t>(line_begin_, 2);
    part_.header_begin = line_begin_ + line_size_;
}

void MimeScanner::begin_part(std::size_t depth, bool sealed, bool digest) {
    part_ = Part{};
    part_.depth = depth;
    part_.sealed = sealed;
    digest_ = digest;
    in_header_ = true;
    header_text_.clear();
    if (depth > kMaxDepth) fail_with(BodyTrouble::too_deep);
    if (++plan_.parts > kMaxParts) fail_with(BodyTrouble::too_many_parts);
}

void MimeScanner::begin_filler(bool sealed, std::size_t depth) {
    part_ = Part{};
    part_.filler = true;
    part_.sealed = sealed;
    part_.depth = depth;
}

void MimeScanner::end_header(std::uint64_t header_end, std::uint64_t body_begin, bool separate) {
    in_header_ = false;
    part_.header_end = header_end;
    part_.body_begin = body_begin;
    part_.separate = separate;
    auto header = HeaderBlock::parse(header_text_);
    if (header)
        part_.header = std::move(*header);
    else
        fail_with(BodyTrouble::part_header);
    header_text_.clear();
    repair_part_header();
    // Repaired or not, it says the same; `open` may replace part_.
    const HeaderBlock said = part_.header;
    open(said);
}

void MimeScanner::repair_part_header() {
    const bool in_ascii = std::ranges::all_of(
        part_.header.fields(), [](const HeaderField& field) { return ascii::is_ascii(field.raw); });
    HeaderWish wish;
    wish.keep_utf8 = options_.keep_utf8;
    if (const HeaderField* type = part_.header.find("Content-Type"))
        wish.charset = parse_content_type(type->body()).charset;
    HeaderBlock repaired = part_.header;
    const auto repair = repair_header(repaired, wish);
    if (!repair) return fail_with(part_.sealed ? BodyTrouble::sealed : BodyTrouble::part_header);
    if (repair->encoded + repair->folded + repair->lost == 0) return;
    if (part_.sealed) {
        // A letter that went out raw until now goes on so, where the hop can take it.
        const bool must = repair->folded > 0 || (!in_ascii && options_.aim == BodyAim::seven_bit);
        if (must) fail_with(BodyTrouble::sealed);
        return;
    }
    plan_.headers += std::max(repair->encoded, repair->folded);
    part_.header = std::move(repaired);
    part_.header_changed = true;
}

// The header of part_ is there: a container, whose parts follow, or a body.
void MimeScanner::open(const HeaderBlock& header) {
    const HeaderField* type = header.find("Content-Type");
    part_.type = type != nullptr ? parse_content_type(type->body()) : ContentType{};
    if (part_.type.type.empty() && digest_) part_.type = {"message", "rfc822", {}, {}};
    digest_ = false;
    const HeaderField* encoding = header.find("Content-Transfer-Encoding");
    part_.encoding = encoding != nullptr ? parse_transfer_encoding(encoding->body())
                                         : TransferEncoding::identity;
    const bool identity = part_.encoding == TransferEncoding::identity;
    const std::size_t boundary = part_.type.boundary.size();
    const bool multipart =
        part_.type.type == "multipart" && boundary > 0 && boundary <= kMaxBoundary && identity;
    const bool message = part_.type.is("message/rfc822") && identity;
    part_.sealed = part_.sealed || is_sealed(part_.type);
    part_.tnef = is_tnef(part_.type, header);
    plan_.sealed = plan_.sealed || part_.sealed || seals_parts(part_.type);
    if (!multipart && !message) return;
    if (part_.depth >= kMaxDepth) return fail_with(BodyTrouble::too_deep);
    const bool relabel = options_.aim == BodyAim::seven_bit && claims_8bit(header) && !part_.sealed;
    if (part_.top) {
        if (relabel) plan_.top_encoding = "7bit";
    } else if (relabel || part_.header_changed) {
        edit_header(relabel ? "7bit" : "");
    }
    const Part container = std::move(part_);
    if (message) {
        begin_part(container.depth + 1, container.sealed, false);
        part_.enclosed = true;
        part_.header_begin = container.body_begin;
        return;
    }
    levels_.push_back({container.type.boundary, container.depth,
                       container.sealed || seals_parts(container.type), container.sealed,
                       container.type.is("multipart/digest"), container.enclosed});
    begin_filler(container.sealed, container.depth);
    part_.body_begin = container.body_begin;
}

// In its place; with another transfer encoding unless that is empty.
void MimeScanner::edit_header(std::string_view encoding) {
    HeaderBlock& header = part_.header;
    if (!encoding.empty()) {
        header.remove("Content-Transfer-Encoding");
        header.append("Content-Transfer-Encoding", encoding);
    }
    std::string text = header.to_string();
    if (!part_.separate) text += "\r\n";
    add_edit({part_.header_begin, part_.header_end, std::nullopt, std::move(text)});
}

void MimeScanner::end_part(std::uint64_t end) {
    if (in_header_) end_header(end, end, true);  // which may have opened another
    in_header_ = false;
    end = std::max(end, part_.body_begin);
    note_part(end);
    const bool too_long = part_.longest > kMaxLine;
    const bool beyond = options_.aim == BodyAim::seven_bit && part_.eight_bit;
    if (too_long || beyond) {
        mend_body(end);
    } else if (part_.header_changed) {
        edit_header("");
    }
}

// What a winmail.dat is replaced by, and where.
void MimeScanner::note_part(std::uint64_t end) {
    if (part_.filler || part_.enclosed) return;
    Level* level = levels_.empty() ? nullptr : &levels_.back();
    if (part_.tnef && plan_.tnef.size() < kMaxTnef) {
        TnefPart found{part_.delimiter_begin, part_.header_begin, part_.body_begin, end,
                       part_.encoding};
        if (level != nullptr) {
            found.boundary = level->boundary;
            found.first = level->parts == 1;
            found.text = level->text;
        }
        plan_.tnef.push_back(std::move(found));
    }
    const bool plain = part_.type.type.empty() || part_.type.is("text/plain");
    if (plain && level != nullptr && level->parts == 1)
        level->text = {part_.header_begin, end, part_.longest <= 1};
}

void MimeScanner::mend_body(std::uint64_t end) {
    if (part_.sealed) return fail_with(BodyTrouble::sealed);
    if (part_.filler) {  // seen by no reader of MIME (RFC 2046 §5.1.1)
        ++plan_.dropped;
        return add_edit({part_.body_begin, end, std::nullopt, {}});
    }
    Encoding encoding = Encoding::base64;
    const std::string& type = part_.type.type;
    switch (part_.encoding) {
        case TransferEncoding::quoted_printable:
            encoding = Encoding::quoted_printable_again;
            break;
        case TransferEncoding::base64:
            encoding = Encoding::base64_again;
            break;
        case TransferEncoding::other:
            return fail_with(BodyTrouble::not_encodable);
        case TransferEncoding::identity:
            // RFC 2046 §5.2: nothing but 7bit for these; message/global alone may be encoded (RFC
            // 6532 §3.6).
            if (type == "multipart" || (type == "message" && part_.type.subtype != "global")) {
                return fail_with(BodyTrouble::not_encodable);
            }
            if (type.empty() || type == "text") encoding = Encoding::quoted_printable;
            break;
    }
    const bool again = part_.encoding != TransferEncoding::identity;
    ++(again ? plan_.rewrapped : plan_.encoded);
    const std::string_view name = name_of(encoding);
    if (part_.top) {
        if (!again) plan_.top_encoding = name;
    } else if (!again || part_.header_changed) {
        edit_header(again ? "" : name);
    }
    add_edit({part_.body_begin, end, encoding, {}});
}

BodyPlan MimeScanner::finish() {
    if (line_size_ > 0) end_line(false);
    end_part(line_begin_);
    if (plan_.trouble != BodyTrouble::none) {
        plan_.edits.clear();
        plan_.top_encoding.clear();
    }
    return std::move(plan_);
}

void BodyRewriter::end_edit(std::string& out) {
    if (encoder_) encoder_->finish(out);
    encoder_.reset();
    begun_ = false;
    ++next_;
}

void BodyRewriter::update(std::string_view octets, std::string& out) {
    for (;;) {
        const BodyEdit* edit = next_ < edits_.size() ? &edits_[next_] : nullptr;
        if (edit == nullptr || at_ < edit->begin) {
            if (octets.empty()) return;
            const std::uint64_t room = edit == nullptr ? octets.size() : edit->begin - at_;
            const auto piece = octets.substr(
                0, static_cast<std::size_t>(std::min<std::uint64_t>(room, octets.size())));
            out += piece;
            at_ += piece.size();
            octets.remove_prefix(piece.size());
            continue;
        }
        if (!begun_) {
            begun_ = true;
            out += edit->text;
            if (edit->encoding) encoder_.emplace(*edit->encoding);
            if (edit->begin == edit->end) {
                end_edit(out);
                continue;
            }
        }
        if (octets.empty()) return;
        const auto piece = octets.substr(
            0, static_cast<std::size_t>(std::min<std::uint64_t>(edit->end - at_, octets.size())));
        if (encoder_) encoder_->update(piece, out);
        at_ += piece.size();
        octets.remove_prefix(piece.size());
        if (at_ == edit->end) end_edit(out);
    }
}

void BodyRewriter::finish(std::string& out) {
    update({}, out);  // an edit at the very end
    if (next_ < edits_.size()) end_edit(out);
}

}  // namespace posthaste::mail
