#include "mail/mime/charset.h"

#include "base/ascii.h"
#include "base/owned.h"
#include "base/utf8.h"

#include <algorithm>
#include <iconv.h>
#include <memory>
#include <type_traits>

namespace posthaste::mail {
namespace {

constexpr std::size_t kMaxOctets = 1024;

struct Row {
    std::string_view name;
    const char* table;  // of iconv
};

// What mail is written in. A stranger's word never names a table itself: there are several hundred,
// some of them hardly ever used and not made for hostile input. Where programs write the name of a
// set and mean its superset, the superset is read.
constexpr Row kRows[] = {
    {"iso-8859-2", "ISO-8859-2"},
    {"iso-8859-3", "ISO-8859-3"},
    {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-6", "ISO-8859-6"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"iso-8859-9", "ISO-8859-9"},
    {"iso-8859-10", "ISO-8859-10"},
    {"iso-8859-11", "CP874"},
    {"iso-8859-13", "ISO-8859-13"},
    {"iso-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15"},
    {"iso-8859-16", "ISO-8859-16"},
    {"windows-874", "CP874"},
    {"tis-620", "CP874"},
    {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},
    {"windows-1252", "CP1252"},
    {"windows-1253", "CP1253"},
    {"windows-1254", "CP1254"},
    {"windows-1255", "CP1255"},
    {"windows-1256", "CP1256"},
    {"windows-1257", "CP1257"},
    {"windows-1258", "CP1258"},
    {"cp1250", "CP1250"},
    {"cp1251", "CP1251"},
    {"cp1252", "CP1252"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"gb2312", "GB18030"},
    {"gbk", "GB18030"},
    {"gb18030", "GB18030"},
    {"big5", "BIG5-HKSCS"},
    {"big5-hkscs", "BIG5-HKSCS"},
    {"iso-2022-jp", "ISO-2022-JP"},
    {"shift_jis", "CP932"},
    {"windows-31j", "CP932"},
    {"euc-jp", "EUC-JP"},
    {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},
};

using Handle = Owned<std::remove_pointer_t<iconv_t>, iconv_close>;

}  // namespace

std::optional<std::string> to_utf8(std::string_view charset, std::string_view octets) {
    if (octets.size() > kMaxOctets) return std::nullopt;
    const auto* row = std::ranges::find_if(
        kRows, [&](const Row& r) { return ascii::equals_ignore_case(r.name, charset); });
    if (row == std::end(kRows)) return std::nullopt;
    const iconv_t raw = iconv_open("UTF-8", row->table);
    // The table is a file, which may be missing, or no more can be opened.
    if (raw == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
    const Handle handle(raw);
    std::string in(octets);
    std::string out(6 * in.size() + 16,
                    '\0');  // one octet is at most two characters in any of them
    char* from = in.data();
    char* to = out.data();
    std::size_t left = in.size();
    std::size_t room = out.size();
    constexpr auto kFailed = static_cast<std::size_t>(-1);
    if (iconv(raw, &from, &left, &to, &room) == kFailed) return std::nullopt;
    // What the set holds back until it knows whether an accent follows.
    if (iconv(raw, nullptr, nullptr, &to, &room) == kFailed) return std::nullopt;
    out.resize(out.size() - room);
    if (!utf8::is_valid(out)) return std::nullopt;
    return out;
}

}  // namespace posthaste::mail
