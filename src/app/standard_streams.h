// The three standard streams at the two ends of the process: none may be missing when the first
// file is opened, and what was printed must have arrived when the process says that all is well.
#pragma once

namespace posthaste::app {

// First thing in main, before anything opens a file. A stream that was not handed over becomes
// /dev/null, so that no socket or database gets its number: standard error swallows what is
// written, standard output and input fail as they would have (EBADF), which `finish_output` then
// tells.
void open_standard_streams();

// Last thing in main: flushes standard output and gives `code`, or kOutputLost after saying on
// standard error what was lost. Quiet when the reader left by itself (`| head`).
int finish_output(int code);

constexpr int kOutputLost = 74;  // sysexits: EX_IOERR

}  // namespace posthaste::app
