// Content in both directions (RFC 5321 §4.5.2, §2.3.8). Incoming: dot-unstuffing and the rule on
// line ends in one pass. Only CR LF . CR LF ends DATA; in content a bare LF becomes CR LF, a bare
// CR or NUL poisons the message (5xx once the end is reached). Outgoing: dot-stuffing of what was
// stored.
//
// All three keep state between pieces: where the input is cut never changes what comes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace posthaste::smtp {

enum class ContentFault { none, bare_cr, nul };

// Decodes the octets behind 354. Feed what arrives; `decoded` gets the content with CR LF line
// ends: it is empty or ends with CR LF once finished. After a fault nothing more is written to
// `decoded`, and what it holds is to be thrown away; the octets are still consumed up to the true
// end.
//
// A dot that starts a line is stuffing only where the line before ended with a real CR LF (or at
// the very start). Behind a bare LF, or as a line of its own ended by a bare LF, it is content and
// stays.
class DotDecoder {
  public:
    struct Step {
        std::size_t consumed = 0;  // octets of input used; less than given only when finished
        bool finished = false;     // CR LF . CR LF was seen
    };

    Step feed(std::string_view input, std::string& decoded);

    ContentFault fault() const { return fault_; }

    // The tail is LF . LF (or LF . CR LF): a device that will never send the true end
    // (clients.md 3.10).
    bool looks_ended_by_lf() const { return ended_by_lf_; }

  private:
    enum class State : std::uint8_t {
        line_start,   // behind CR LF, or at the very start
        text,         // inside a line
        cr,           // behind a CR not yet written
        dot,          // behind a dot at line_start, not yet written
        dot_cr,       // the same and a CR
        bare_start,   // behind a bare LF: a dot here is content
        bare_dot,     // behind such a dot, written
        bare_dot_cr,  // the same and a CR not yet written
        done,
    };

    void step(char c, std::string& decoded);
    void step_in_line(char c, std::string& decoded);
    void set_fault(ContentFault fault);
    void write(std::string& decoded, std::string_view octets) const;

    State state_ = State::line_start;
    bool ended_by_lf_ = false;
    ContentFault fault_ = ContentFault::none;
};

// The same rule on line ends for BDAT chunks, which have no dots (RFC 3030).
class ChunkNormaliser {
  public:
    void feed(std::string_view input, std::string& decoded);

    // After LAST: a CR left over is bare; content that does not end with CR LF gets one, as DATA
    // and every next hop would add it.
    void finish(std::string& decoded);

    ContentFault fault() const { return fault_; }

  private:
    enum class State : std::uint8_t { line_start, text, cr } state_ = State::line_start;
    ContentFault fault_ = ContentFault::none;
};

// Doubles the dot at each line start; keeps state between pieces. What is stored has CR LF line
// ends only; should it not (a damaged store), each bare CR or LF leaves as CR LF, so that nothing
// can smuggle.
class DotEncoder {
  public:
    void feed(std::string_view content, std::string& wire);
    void finish(std::string& wire);  // CR LF if the content did not end with it, then . CR LF

  private:
    enum class State : std::uint8_t { line_start, text, cr } state_ = State::line_start;
};

}  // namespace posthaste::smtp
