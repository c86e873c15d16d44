#include "app/winmail/tnef_helper.h"

#include "mail/tnef/tnef.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <seccomp.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utility>
#include <vector>

extern "C" {
#include <ytnef.h>
}

#include <fmt/format.h>
#include <unistd.h>

namespace posthaste::app {
namespace {

constexpr int kAnswered = 0;
constexpr int kNotReadable = 1;
constexpr int kByHand = 2;
constexpr int kNoSandbox = 3;

[[maybe_unused]] constexpr rlim_t kMemory = 256u << 20;
constexpr rlim_t kCpuSeconds = 5;
constexpr std::size_t kMaxDepth = 5;  // of messages within messages

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PH_SANITIZED 1
#endif
#endif

bool limit(__rlimit_resource what, rlim_t to) {
    const rlimit both{to, to};
    return setrlimit(what, &both) == 0;
}

bool limit_resources() {
#ifndef PH_SANITIZED  // whose shadow memory is terabytes
    if (!limit(RLIMIT_AS, kMemory)) return false;
#endif
    return limit(RLIMIT_CPU, kCpuSeconds) && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, 3) &&
           limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0);
}

bool allow(scmp_filter_ctx filter, std::initializer_list<int> calls) {
    for (const int call : calls)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) != 0) return false;
    return true;
}

// Memory that no code can be put into.
bool allow_memory(scmp_filter_ctx filter) {
    const auto no_exec = SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, no_exec) != 0) return false;
    return allow(filter, {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise)});
}

bool close_doors() {
    // Not when the server has ended meanwhile, either.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0) != 0)
        return false;
    const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == nullptr) return false;
    bool made = allow_memory(filter) &&
                allow(filter, {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(exit),
                               SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(futex)});
#ifdef PH_SANITIZED
    made = made && allow(filter, {SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask), SCMP_SYS(gettid),
                                  SCMP_SYS(getpid), SCMP_SYS(sched_yield)});
#endif
    // What stdio asks of the descriptor that libytnef complains to; it does without an answer.
    for (const int call : {SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(ioctl)})
        made = made && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EBADF), call, 0) == 0;
    made = made && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return made;
}

bool read_all(std::string& file) {
    std::array<char, 64 << 10> piece;
    for (;;) {
        const ssize_t got = read(STDIN_FILENO, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) return true;
        if (file.size() + static_cast<std::size_t>(got) > kMaxTnefFile) return false;
        file.append(piece.data(), static_cast<std::size_t>(got));
    }
}

bool write_all(std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t put = write(STDIN_FILENO, octets.data(), octets.size());
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        octets.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

// MAPI's numbers (MS-OXPROPS), with the types that a text may have.
constexpr unsigned kString8 = 0x001e, kUnicode = 0x001f, kBinary = 0x0102, kObject = 0x000d,
                   kLong = 0x0003;
constexpr unsigned kSubject = 0x0037, kBody = 0x1000, kRtf = 0x1009, kHtml = 0x1013,
                   kCodePage = 0x3fde, kMessageCodePage = 0x3ffd, kMessageClass = 0x001a,
                   kData = 0x3701, kFileName = 0x3704, kLongFileName = 0x3707,
                   kDisplayName = 0x3001, kMimeTag = 0x370e, kContentId = 0x3712;
// An embedded message is an object: 16 octets that say so, then a file like this one.
constexpr std::size_t kObjectHead = 16;
constexpr std::size_t kRtfHead = 16;
constexpr std::string_view kSignature = "\x78\x9f\x3e\x22";

std::string_view view_of(const variableLength& value) {
    if (value.data == nullptr || value.size <= 0) return {};
    return {reinterpret_cast<const char*>(value.data), static_cast<std::size_t>(value.size)};
}

variableLength* find(MAPIProps& props, unsigned id, unsigned type) {
    variableLength* found = MAPIFindProperty(&props, id << 16 | type);
    return reinterpret_cast<std::intptr_t>(found) == -1 ? nullptr : found;
}

struct Text {
    std::string_view octets{};
    bool utf8 = false;  // else in the file's code page
};

Text find_text(MAPIProps& props, unsigned id) {
    if (const auto* wide = find(props, id, kUnicode)) return {view_of(*wide), true};
    if (const auto* narrow = find(props, id, kString8)) return {view_of(*narrow), false};
    return {};
}

// Without the octet 0 at its end.
std::string_view name_of(const Text& text) {
    return text.octets.substr(0, text.octets.find('\0')).substr(0, mail::kMaxTnefName);
}

std::uint32_t find_number(MAPIProps& props, unsigned id) {
    const auto* found = find(props, id, kLong);
    const std::string_view octets = found != nullptr ? view_of(*found) : std::string_view();
    if (octets.size() < 4) return 0;
    std::uint32_t number = 0;
    for (std::size_t i = 4; i-- > 0;) number = number << 8 | static_cast<unsigned char>(octets[i]);
    return number;
}

// Windows' numbers of character sets, as mail names them.
std::string charset_of(std::uint32_t page) {
    struct Known {
        std::uint32_t page;
        std::string_view name;
    };

    static constexpr Known kKnown[] = {
        {437, "cp437"},         {850, "cp850"},         {932, "shift_jis"},
        {936, "gb2312"},        {949, "euc-kr"},        {950, "big5"},
        {20127, "us-ascii"},    {20866, "koi8-r"},      {21866, "koi8-u"},
        {28591, "iso-8859-1"},  {28592, "iso-8859-2"},  {28595, "iso-8859-5"},
        {28605, "iso-8859-15"}, {50220, "iso-2022-jp"}, {51932, "euc-jp"},
        {54936, "gb18030"},     {65001, "utf-8"},
    };
    for (const Known& known : kKnown)
        if (known.page == page) return std::string(known.name);
    if (page >= 1250 && page <= 1258) return fmt::format("windows-{}", page);
    return "windows-1252";
}

// One file, and those within it still to be read.
struct Reading {
    mail::TnefContent content;

    struct Inner {
        std::string octets;
        std::size_t depth;
    };

    std::vector<Inner> inner;
    std::size_t octets = 0;
    bool too_much = false;

    void count(std::size_t more) {
        octets += more;
        too_much = too_much || octets > kMaxTnefAnswer - (1 << 20);
    }
};

std::string_view data_of(Attachment& attachment, bool& object) {
    if (const auto* data = find(attachment.MAPI, kData, kObject)) {
        object = true;
        return view_of(*data);
    }
    if (const auto* data = find(attachment.MAPI, kData, kBinary)) return view_of(*data);
    return view_of(attachment.FileData);
}

void take_attachment(Attachment& attachment, std::size_t depth, Reading& into) {
    bool object = false;
    std::string_view octets = data_of(attachment, object);
    if (object && octets.size() > kObjectHead &&
        octets.substr(kObjectHead).starts_with(kSignature)) {
        if (depth >= kMaxDepth || into.inner.size() >= mail::kMaxTnefAttachments) {
            into.too_much = true;
            return;
        }
        into.count(octets.size());
        into.inner.push_back({std::string(octets.substr(kObjectHead)), depth + 1});
        return;
    }
    std::string_view name;
    for (const unsigned id : {kLongFileName, kFileName, kDisplayName})
        if (name.empty()) name = name_of(find_text(attachment.MAPI, id));
    if (name.empty()) name = name_of({view_of(attachment.Title)});
    if (into.content.attachments.size() >= mail::kMaxTnefAttachments) into.too_much = true;
    into.count(octets.size() + name.size());
    if (into.too_much) return;
    into.content.attachments.push_back(
        {std::string(name), std::string(name_of(find_text(attachment.MAPI, kMimeTag))),
         std::string(name_of(find_text(attachment.MAPI, kContentId))), std::string(octets)});
}

struct Bodies {
    Text text, html;
    std::string rtf;
};

Bodies bodies_of(TNEFStruct& file) {
    Bodies bodies;
    bodies.text = find_text(file.MapiProperties, kBody);
    if (bodies.text.octets.empty()) bodies.text = {view_of(file.body)};
    bodies.html = find_text(file.MapiProperties, kHtml);
    if (bodies.html.octets.empty()) {
        if (const auto* html = find(file.MapiProperties, kHtml, kBinary))
            bodies.html = {view_of(*html)};
    }
    if (auto* packed = find(file.MapiProperties, kRtf, kBinary)) {
        // The form that is not compressed, which libytnef does not read (MS-OXRTFCP 2.1.3.1).
        const std::string_view octets = view_of(*packed);
        if (octets.size() > kRtfHead && octets.substr(8).starts_with("MELA")) {
            bodies.rtf = octets.substr(kRtfHead);
            return bodies;
        }
        int size = 0;
        BYTE* rtf = DecompressRTF(packed, &size);
        if (rtf != nullptr && size > 0)
            bodies.rtf.assign(reinterpret_cast<const char*>(rtf), static_cast<std::size_t>(size));
        free(rtf);  // NOLINT(cppcoreguidelines-no-malloc): libytnef's
    }
    return bodies;
}

// Of the message itself: its bodies; of one within it: an attachment that holds its text.
void take_bodies(TNEFStruct& file, std::size_t depth, Reading& into) {
    Bodies bodies = bodies_of(file);
    std::uint32_t page = find_number(file.MapiProperties, kMessageCodePage);
    const std::uint32_t html_page = find_number(file.MapiProperties, kCodePage);
    if (page == 0 && file.CodePage.size >= 4) {
        for (std::size_t i = 4; i-- > 0;) page = page << 8 | file.CodePage.data[i];
    }
    into.count(bodies.text.octets.size() + bodies.html.octets.size() + bodies.rtf.size());
    if (into.too_much) return;
    if (depth == 0) {
        mail::TnefContent& content = into.content;
        content.message_class = name_of(find_text(file.MapiProperties, kMessageClass));
        if (content.message_class.empty())
            content.message_class.assign(file.messageClass,
                                         strnlen(file.messageClass, sizeof file.messageClass));
        content.text = bodies.text.octets;
        content.text_charset = bodies.text.utf8 ? "utf-8" : charset_of(page);
        content.html = bodies.html.octets;
        content.html_charset =
            bodies.html.utf8 ? "utf-8" : charset_of(html_page != 0 ? html_page : page);
        content.rtf = std::move(bodies.rtf);
        return;
    }
    std::string name(name_of(find_text(file.MapiProperties, kSubject)));
    if (name.empty()) name = name_of({view_of(file.subject)});
    if (name.empty()) name = "message";
    for (char& c : name)
        if (c == '/' || c == '\\') c = '_';
    if (into.content.attachments.size() >= mail::kMaxTnefAttachments) into.too_much = true;
    if (into.too_much) return;
    if (!bodies.html.octets.empty())
        into.content.attachments.push_back(
            {name + ".html", "", "", std::string(bodies.html.octets)});
    else if (!bodies.rtf.empty())
        into.content.attachments.push_back({name + ".rtf", "", "", std::move(bodies.rtf)});
    else
        into.content.attachments.push_back(
            {name + ".txt", "", "", std::string(bodies.text.octets)});
}

bool read_file(std::string& octets, std::size_t depth, Reading& into) {
    if (!octets.starts_with(kSignature)) return false;
    TNEFStruct file;
    TNEFInitialize(&file);
    if (TNEFParseMemory(reinterpret_cast<BYTE*>(octets.data()), static_cast<long>(octets.size()),
                        &file) != 0)
        return false;  // what it has is not freed: the process ends
    take_bodies(file, depth, into);
    for (Attachment* each = file.starting_attach.next; each != nullptr && !into.too_much;
         each = each->next)
        take_attachment(*each, depth, into);
    TNEFFree(&file);
    return true;
}

int read_and_answer() {
    std::string octets;
    if (!read_all(octets)) return kNotReadable;
    Reading reading;
    if (!read_file(octets, 0, reading)) return kNotReadable;
    while (!reading.inner.empty() && !reading.too_much) {
        Reading::Inner inner = std::move(reading.inner.back());
        reading.inner.pop_back();
        if (!read_file(inner.octets, inner.depth, reading)) return kNotReadable;
    }
    if (reading.too_much) return kNotReadable;
    octets = {};
    return write_all(mail::write_tnef(reading.content)) ? kAnswered : kNotReadable;
}

}  // namespace

int run_tnef_helper() {
    struct stat what{};
    if (fstat(STDIN_FILENO, &what) != 0 || !S_ISSOCK(what.st_mode)) {
        std::fputs("error: the server starts this by itself, for [winmail]\n", stderr);
        return kByHand;
    }
    // Before the doors are closed: stdio has its buffer, the C++ runtime its own memory.
    static std::array<char, 512> complaints;
    std::setvbuf(stdout, complaints.data(), _IOFBF, complaints.size());
    if (!limit_resources() || !close_doors()) _exit(kNoSandbox);
    int code = kNotReadable;
    try {
        code = read_and_answer();
    } catch (const std::exception&) {  // out of memory
    }
    _exit(code);
}

}  // namespace posthaste::app
