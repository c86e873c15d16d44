// Rows as values and back. A row that cannot be is an error that says so, never a crash: files get
// damaged.
#pragma once

#include "store/record.h"
#include "store/sqlite/connection.h"
#include "store/values.h"

#include <string>

namespace posthaste::store::sqlite {

// Reads one row column by column, in order. What does not fit is remembered; ask `damaged` at the
// end.
class RowReader {
  public:
    explicit RowReader(Query& query, int first_column = 0) : query_(query), column_(first_column) {}

    std::int64_t integer();
    std::int64_t integer_between(std::int64_t least, std::int64_t most);
    std::uint32_t u32();
    bool boolean();
    std::string text();
    std::string octets();
    QueueId id();
    QueueTime queue_time();
    Timestamp timestamp();
    mail::Mailbox mailbox();
    mail::ReversePath reverse_path();  // "" is the null sender
    bool skip_null();                  // true, and the column is behind us, when it is NULL

    template <class E>
    E enumeration(E most) {
        return static_cast<E>(integer_between(0, static_cast<std::int64_t>(most)));
    }

    bool damaged() const { return damaged_; }

    void mark_damaged() { damaged_ = true; }

    // "a row of <what> in <path> is damaged"
    Error error(const std::string& path, std::string_view what) const;

  private:
    Query& query_;
    int column_;
    bool damaged_ = false;
};

// Columns of a recipient from `number` on, in the order of kRecipientColumns.
extern const char* const kSelectRecipients;  // WHERE message = ? ORDER BY number
Result<RecipientRow> read_recipient(Query& query, const std::string& path);
Result<std::vector<RecipientRow>> read_recipients(Connection& connection, const QueueId& id);

// Columns number, message, at, type, data.
Result<RecordRow> read_record(Query& query, const std::string& path);

// Stored by name, so that the enumeration may be put in another order; a name of a later version is
// `unknown`.
mail::Cause cause_of(std::string_view name);

// Outcome::ambiguous and its like, in the column `flags`.
std::int64_t pack_flags(const mail::Outcome& outcome);

}  // namespace posthaste::store::sqlite
