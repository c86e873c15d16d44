// What was found in a winmail.dat (TNEF, MS-OXTNEF), and the form in which the process that reads
// such files hands it on. That process may have been taken over by the file, so that its answer is
// hostile input. Pure, linear.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace posthaste::mail {

struct TnefAttachment {
    std::string name;        // UTF-8 or not, as it was in the file
    std::string type;        // "application/pdf"; mostly empty
    std::string content_id;  // that the HTML names it by; mostly empty
    std::string octets;
};

struct TnefContent {
    std::string message_class;  // "IPM.Note"; empty: not said
    std::string text;
    std::string text_charset;
    std::string html;
    std::string html_charset;
    std::string rtf;  // no longer compressed
    std::vector<TnefAttachment> attachments;
};

// Over these it is no answer.
constexpr std::size_t kMaxTnefAttachments = 1000;
constexpr std::size_t kMaxTnefName = 4096;  // of names, types, character sets

// A letter and four octets of length (the highest first) before each piece; the last is empty.
std::string write_tnef(const TnefContent& content);

// Errors: syntax, too_large (over the bounds above).
Result<TnefContent> read_tnef(std::string_view written);

}  // namespace posthaste::mail
