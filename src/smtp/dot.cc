#include "smtp/dot.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>

namespace posthaste::smtp {

namespace {

// Where a clean run of lines ended.
enum class Ended {
    input,       // in the middle of a line
    line_start,  // behind CR LF: the input is used up, or a dot stands there
    cr,          // behind a CR that no LF follows in this input
    bare_lf,     // behind a bare LF, which is not copied
    nul,         // behind a NUL, which is not copied
};

struct Run {
    std::size_t next = 0;  // first octet not looked at
    Ended ended = Ended::input;
};

// The octets between two that need thought are copied in one piece. Each memchr result is kept
// until it is passed, so that every octet of a piece is looked at a fixed number of times, whatever
// comes.
class Scanner {
  public:
    Scanner(std::string_view input, bool stop_at_nul)
        : input_(input),
          next_cr_(find('\r', 0)),
          next_lf_(find('\n', 0)),
          next_nul_(stop_at_nul ? find('\0', 0) : input.size()) {}

    // Copies from `start` on, which is inside a line or starts one that has no leading dot.
    Run copy_clean(std::size_t start, std::string* out) {
        std::size_t at = start;
        for (;;) {
            refresh(at);
            const std::size_t special = std::min({next_cr_, next_lf_, next_nul_});
            if (special == input_.size())
                return end_run(start, special, {special, Ended::input}, out);
            if (special == next_nul_)
                return end_run(start, special, {special + 1, Ended::nul}, out);
            if (special == next_lf_)
                return end_run(start, special, {special + 1, Ended::bare_lf}, out);
            const bool paired = special + 1 < input_.size() && next_lf_ == special + 1;
            if (!paired) return end_run(start, special, {special + 1, Ended::cr}, out);
            at = special + 2;
            if (at == input_.size() || input_[at] == '.') {
                return end_run(start, at, {at, Ended::line_start}, out);
            }
        }
    }

  private:
    std::size_t find(char c, std::size_t from) const {
        if (from >= input_.size()) return input_.size();
        const void* hit = std::memchr(input_.data() + from, c, input_.size() - from);
        if (hit == nullptr) return input_.size();
        return static_cast<std::size_t>(static_cast<const char*>(hit) - input_.data());
    }

    void refresh(std::size_t from) {
        if (next_cr_ < from) next_cr_ = find('\r', from);
        if (next_lf_ < from) next_lf_ = find('\n', from);
        if (next_nul_ < from) next_nul_ = find('\0', from);
    }

    Run end_run(std::size_t start, std::size_t end, Run run, std::string* out) const {
        if (out != nullptr) out->append(input_, start, end - start);
        return run;
    }

    std::string_view input_;
    std::size_t next_cr_;
    std::size_t next_lf_;
    std::size_t next_nul_;
};

}  // namespace

void DotDecoder::set_fault(ContentFault fault) {
    if (fault_ == ContentFault::none) fault_ = fault;
}

void DotDecoder::write(std::string& decoded, std::string_view octets) const {
    if (fault_ == ContentFault::none) decoded += octets;
}

DotDecoder::Step DotDecoder::feed(std::string_view input, std::string& decoded) {
    Scanner scanner(input, true);
    std::size_t at = 0;
    while (at < input.size() && state_ != State::done) {
        ended_by_lf_ = false;
        const bool clean =
            state_ == State::text || (state_ == State::line_start && input[at] != '.');
        if (!clean) {
            step(input[at++], decoded);
            continue;
        }
        const Run run = scanner.copy_clean(at, fault_ == ContentFault::none ? &decoded : nullptr);
        at = run.next;
        switch (run.ended) {
            case Ended::input:
                state_ = State::text;
                break;
            case Ended::line_start:
                state_ = State::line_start;
                break;
            case Ended::cr:
                state_ = State::cr;
                break;
            case Ended::bare_lf:
                step_in_line('\n', decoded);
                break;
            case Ended::nul:
                step_in_line('\0', decoded);
                break;
        }
    }
    return {at, state_ == State::done};
}

// One octet in a state where the bulk path cannot go on.
void DotDecoder::step(char c, std::string& decoded) {
    switch (state_) {
        case State::line_start:
            PH_ASSERT(c == '.');
            state_ = State::dot;
            return;
        case State::cr:
        case State::bare_dot_cr:
            if (c != '\n') break;
            write(decoded, "\r\n");
            ended_by_lf_ = state_ == State::bare_dot_cr;
            state_ = State::line_start;
            return;
        case State::dot:
            if (c == '\r') {
                state_ = State::dot_cr;
            } else if (c == '\n') {
                write(decoded, ".\r\n");
                ended_by_lf_ = true;
                state_ = State::bare_start;
            } else {
                step_in_line(c, decoded);  // the dot before it was stuffing
            }
            return;
        case State::dot_cr:
            if (c != '\n') break;
            state_ = State::done;
            return;
        case State::bare_dot:
            if (c == '\r') {
                state_ = State::bare_dot_cr;
            } else {
                step_in_line(c, decoded);
                ended_by_lf_ = c == '\n';
            }
            return;
        case State::bare_start:
            step_in_line(c, decoded);
            if (c == '.') state_ = State::bare_dot;
            return;
        case State::text:
        case State::done:
            PH_ASSERT(false);
            return;
    }
    // Something else than LF behind a CR.
    set_fault(ContentFault::bare_cr);
    step_in_line(c, decoded);
}

void DotDecoder::step_in_line(char c, std::string& decoded) {
    state_ = State::text;
    switch (c) {
        case '\r':
            state_ = State::cr;
            break;
        case '\n':
            write(decoded, "\r\n");
            state_ = State::bare_start;
            break;
        case '\0':
            set_fault(ContentFault::nul);
            break;
        default:
            write(decoded, {&c, 1});
    }
}

void ChunkNormaliser::feed(std::string_view input, std::string& decoded) {
    Scanner scanner(input, true);
    std::size_t at = 0;
    // Nothing can mend a fault, and without dots there is no end to look for.
    while (at < input.size() && fault_ == ContentFault::none) {
        if (state_ == State::cr) {
            if (input[at] != '\n') {
                fault_ = ContentFault::bare_cr;
                return;
            }
            decoded += "\r\n";
            state_ = State::line_start;
            ++at;
            continue;
        }
        const Run run = scanner.copy_clean(at, &decoded);
        at = run.next;
        switch (run.ended) {
            case Ended::input:
                state_ = State::text;
                break;
            case Ended::line_start:
                state_ = State::line_start;
                break;
            case Ended::cr:
                state_ = State::cr;
                break;
            case Ended::bare_lf:
                decoded += "\r\n";
                state_ = State::line_start;
                break;
            case Ended::nul:
                fault_ = ContentFault::nul;
                break;
        }
    }
}

void ChunkNormaliser::finish(std::string& decoded) {
    if (fault_ != ContentFault::none) return;
    if (state_ == State::cr) {
        fault_ = ContentFault::bare_cr;
    } else if (state_ == State::text) {
        decoded += "\r\n";
        state_ = State::line_start;
    }
}

void DotEncoder::feed(std::string_view content, std::string& wire) {
    Scanner scanner(content, false);
    std::size_t at = 0;
    while (at < content.size()) {
        if (state_ == State::cr) {
            wire += "\r\n";
            state_ = State::line_start;
            if (content[at] == '\n') ++at;
            continue;
        }
        if (state_ == State::line_start && content[at] == '.') wire += '.';
        const Run run = scanner.copy_clean(at, &wire);
        at = run.next;
        switch (run.ended) {
            case Ended::input:
                state_ = State::text;
                break;
            case Ended::line_start:
                state_ = State::line_start;
                break;
            case Ended::cr:
                state_ = State::cr;
                break;
            case Ended::bare_lf:
                wire += "\r\n";
                state_ = State::line_start;
                break;
            case Ended::nul:
                PH_ASSERT(false);
                break;
        }
    }
}

void DotEncoder::finish(std::string& wire) {
    if (state_ != State::line_start) wire += "\r\n";
    wire += ".\r\n";
    state_ = State::line_start;
}

}  // namespace posthaste::smtp
