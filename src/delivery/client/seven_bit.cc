#include "delivery/client/seven_bit.h"

#include "base/ascii.h"
#include "mail/dkim/dkim_body.h"
#include "mail/mime/header_repair.h"

#include <optional>
#include <utility>

namespace posthaste::delivery {

namespace {

constexpr Seconds kDeadline{120};

Result<void> read_body(store::Store& store, const store::MessageRow& row, auto take) {
    PH_TRY(auto reader, store.read_content(row));
    for (;;) {
        PH_TRY(const std::string_view piece, reader.next());
        if (piece.empty()) return {};
        take(piece);
    }
}

// Our own signatures stand above our Received.
mail::HeaderBlock without_our_signatures(const mail::HeaderBlock& header) {
    mail::HeaderBlock rest = header;
    bool above = true;
    rest.remove_if([&](const mail::HeaderField& field) {
        above = above && field.is("DKIM-Signature");
        return above;
    });
    return rest;
}

}  // namespace

Result<SevenBit> convert_to_seven_bit(store::Store& store, const store::MessageRow& row,
                                      const SignNow& sign) {
    SevenBit made;
    made.header = row.header != nullptr ? row.header : std::make_shared<const std::string>();
    const auto parsed = mail::HeaderBlock::parse(*made.header);
    if (!parsed) return made;
    mail::HeaderBlock header = without_our_signatures(*parsed);
    mail::MimeScanner scanner(header, {.aim = mail::BodyAim::seven_bit});
    PH_CHECK(read_body(store, row, [&](std::string_view piece) { scanner.update(piece); }));
    mail::BodyPlan plan = scanner.finish();
    if (plan.trouble != mail::BodyTrouble::none) return made;
    mail::HeaderWish wish;
    if (const auto* type = header.find("Content-Type"))
        wish.charset = mail::parse_content_type(type->body()).charset;
    if (!mail::repair_header(header, wish)) return made;
    if (!ascii::is_ascii(header.to_string())) return made;  // an address: SMTPUTF8 or nothing
    made.possible = true;
    made.body_size = row.body.size;
    if (!plan.has_work() && ascii::is_ascii(*made.header)) return made;

    if (!plan.top_encoding.empty()) mail::set_transfer_encoding(header, plan.top_encoding);
    made.edits = std::move(plan.edits);
    made.body_size = 0;
    mail::BodyRewriter rewriter(made.edits);
    mail::DkimBodyHash hash;
    std::string out;
    const auto put = [&] {
        hash.update(out);
        made.body_size += out.size();
        out.clear();
    };
    PH_CHECK(read_body(store, row, [&](std::string_view piece) {
        rewriter.update(piece, out);
        put();
    }));
    rewriter.finish(out);
    put();
    std::string text = header.to_string();
    if (sign) text.insert(0, sign(text, hash.finish()));
    made.header = std::make_shared<const std::string>(std::move(text));
    return made;
}

runtime::Task<Result<SevenBit>> make_seven_bit(store::Store& store, runtime::BlockingPool& blocking,
                                               SignNow sign,
                                               std::shared_ptr<const store::MessageRow> row) {
    auto work = [&store, sign = std::move(sign), row] {
        return convert_to_seven_bit(store, *row, sign);
    };
    auto making = runtime::offload(blocking, std::move(work), Deadline::after(kDeadline));
    auto made = co_await std::move(making);
    co_return made;
}

}  // namespace posthaste::delivery
