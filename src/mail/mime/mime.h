// The parts of a message, found while its body streams by, and what must be done to them before
// the next hop can take them (RFC 2045, 2046; delivery.md F-10, F-11). No recursion, bounded
// memory: the header of one part at a time, and a list of edits.
//
// First pass: MimeScanner reads and makes a BodyPlan. Second pass, where the plan has edits:
// BodyRewriter carries them out. Offsets are those of the body as it came.
#pragma once

#include "mail/header.h"
#include "mail/mime/body_encoder.h"
#include "mail/mime/content_type.h"
#include "mail/mime/header_repair.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail {

// What a body is to be made fit for.
enum class BodyAim : std::uint8_t {
    lines,      // lines of at most 998 octets (RFC 5321 §4.5.3.1.6); headers of parts in ASCII
    seven_bit,  // that, and no octet above 0x7f: a hop without 8BITMIME (RFC 6152 §3)
};

// One stretch of the body and what comes in its place.
struct BodyEdit {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::optional<Encoding> encoding{};  // of the octets there; nothing: `text` replaces them
    std::string text{};
};

// Why a body cannot be made fit, or is refused as it is.
enum class BodyTrouble : std::uint8_t {
    none,
    sealed,          // within signed or encrypted parts, which a repair would break
    not_encodable,   // a part that may not be encoded: message/*, multipart/*, uuencode
    too_deep,        // over kMaxDepth parts within each other
    too_many_parts,  // over kMaxParts, or over 1 MB of headers to be written anew
    part_header,     // a part's header over 64 KB, or a line in it that cannot be folded
};

// A winmail.dat of Outlook (application/ms-tnef), where it can be replaced: not within a message
// that is attached.
struct TnefPart {
    std::uint64_t delimiter_begin = 0;  // the line end before its "--boundary"
    std::uint64_t header_begin = 0;     // behind that line
    std::uint64_t body_begin = 0, end = 0;
    TransferEncoding encoding = TransferEncoding::identity;
    std::string boundary{};  // of the multipart it stands in; empty: it is the message's own body
    bool first = true;       // of that multipart

    // The multipart's first part, where that is plain text: what Outlook shows to others.
    struct Text {
        std::uint64_t header_begin = 0, end = 0;
        bool blank = false;
    };

    std::optional<Text> text{};
};

struct BodyPlan {
    BodyTrouble trouble = BodyTrouble::none;
    std::vector<BodyEdit> edits;  // in order, none over another
    // What the message's own Content-Transfer-Encoding must say then; empty: it stays.
    std::string top_encoding;
    std::size_t parts = 0;
    bool eight_bit = false;     // the body has octets above 0x7f
    std::size_t encoded = 0;    // parts that get another encoding
    std::size_t rewrapped = 0;  // parts whose encoding is kept, in shorter lines
    std::size_t headers = 0;    // fields of parts written anew
    std::size_t dropped = 0;    // text outside of the parts, which nobody is shown
    std::uint64_t longest_line = 0;
    bool sealed = false;  // some part is signed or encrypted
    std::vector<TnefPart> tnef{};

    bool has_work() const { return !edits.empty() || !top_encoding.empty(); }
};

class MimeScanner {
  public:
    static constexpr std::size_t kMaxDepth = 50;      // F-12
    static constexpr std::size_t kMaxParts = 10'000;  // far above what people send
    static constexpr std::size_t kMaxTnef = 8;        // told of; Outlook makes one

    struct Options {
        BodyAim aim = BodyAim::lines;
        bool keep_utf8 = false;  // in headers of parts: the message needs SMTPUTF8 anyhow
    };

    // `top`: the message's own header, as it came.
    MimeScanner(const HeaderBlock& top, Options options);

    void update(std::string_view octets);  // cut anywhere
    BodyPlan finish();                     // once

  private:
    // A multipart that is open.
    struct Level {
        std::string boundary;
        std::size_t depth = 0;
        bool sealed = false;        // its parts
        bool outer_sealed = false;  // itself
        bool digest = false;        // parts without a type are messages (RFC 2046 §5.1.5)
        bool enclosed = false;      // in an attached message
        std::size_t parts = 0;      // so far
        std::optional<TnefPart::Text> text{};
    };

    // What is being read: a part, or what stands around parts.
    struct Part {
        bool top = false;     // the message's own body
        bool filler = false;  // preamble or epilogue
        bool sealed = false;
        bool separate = true;   // an empty line ended its header
        bool enclosed = false;  // in an attached message
        bool tnef = false;
        std::size_t depth = 0;
        std::uint64_t delimiter_begin = 0;
        std::uint64_t header_begin = 0, header_end = 0, body_begin = 0;
        std::uint64_t longest = 0;
        bool eight_bit = false;
        bool header_changed = false;
        ContentType type{};
        TransferEncoding encoding = TransferEncoding::identity;
        HeaderBlock header{};
    };

    void take(std::string_view piece);
    void end_line(bool whole);
    void header_line(std::string_view line, bool whole);
    bool find_boundary(bool whole);
    void at_boundary(std::size_t level, bool closing);
    void begin_part(std::size_t depth, bool sealed, bool digest);
    void begin_filler(bool sealed, std::size_t depth);
    void end_header(std::uint64_t header_end, std::uint64_t body_begin, bool separate);
    void open(const HeaderBlock& header);
    void repair_part_header();
    void end_part(std::uint64_t end);
    void note_part(std::uint64_t end);
    void mend_body(std::uint64_t end);
    void edit_header(std::string_view encoding);
    void add_edit(BodyEdit edit);
    void fail_with(BodyTrouble trouble);

    Options options_;
    BodyPlan plan_;
    std::vector<Level> levels_;
    Part part_;
    bool in_header_ = false;
    bool digest_ = false;
    std::string header_text_;
    std::string line_;  // the present line: in a header whole, else as much as a boundary may be
    std::uint64_t line_size_ = 0;
    std::uint64_t line_begin_ = 0;
    bool line_8bit_ = false;
    std::size_t edit_octets_ = 0;
};

// Carries a plan out on the same octets again.
class BodyRewriter {
  public:
    explicit BodyRewriter(std::vector<BodyEdit> edits) : edits_(std::move(edits)) {}

    void update(std::string_view octets, std::string& out);  // appends; cut anywhere
    void finish(std::string& out);

  private:
    void end_edit(std::string& out);

    std::vector<BodyEdit> edits_;
    std::size_t next_ = 0;
    std::uint64_t at_ = 0;
    bool begun_ = false;  // the present edit: its text is out
    std::optional<BodyEncoder> encoder_;
};

// The message's own header says what its body has become: Content-Transfer-Encoding, and
// MIME-Version where there is none.
void set_transfer_encoding(HeaderBlock& header, std::string_view encoding);

}  // namespace posthaste::mail
