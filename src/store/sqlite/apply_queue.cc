#include "base/assert.h"
#include "base/checksum.h"
#include "store/sqlite/apply.h"
#include "store/sqlite/rows.h"

#include <type_traits>

#include <fmt/format.h>

namespace posthaste::store::sqlite {

namespace {

Result<void> add_content(QueueTransaction& t, const MessageRow& row) {
    const std::string_view header = row.header ? std::string_view(*row.header) : std::string_view();
    std::optional<Blob> body;
    if (row.body.file.empty()) {
        PH_ASSERT(row.body.octets != nullptr || row.body.size == 0);
        body = Blob{row.body.octets ? std::string_view(*row.body.octets) : std::string_view()};
    }
    return t.db.run("INSERT INTO contents (number, header, body) VALUES (?, ?, ?)",
                    ++t.last_content, Blob{header}, body);
}

Result<void> add_message(QueueTransaction& t, const MessageRow& row) {
    const std::string_view header = row.header ? std::string_view(*row.header) : std::string_view();
    const auto file =
        row.body.file.empty() ? std::nullopt : std::optional<std::string_view>(row.body.file);
    const std::string sender = mail::to_string(row.sender);
    auto added = t.db.run(
        "INSERT INTO messages (id, kind, account, sender, body_type, smtputf8, ret, envid, "
        "tls_wish, priority, profile, route, verp, accepted_wall, accepted, "
        "expires, held, release, by_time, by_mode, by_trace, header_size, header_crc, body_size, "
        "body_crc, body_file, content) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.id, row.kind, row.account, sender, row.body_type, row.smtputf8, row.ret, row.envid,
        row.tls_wish, int{row.priority}, row.profile, row.route, row.verp, row.accepted_wall,
        row.accepted, row.expires, row.hold, row.release, row.by, row.by_mode, row.by_trace,
        header.size(), crc32c(header), row.body.size, row.body.crc, file, t.last_content);
    if (!added && added.error().kind == ErrorKind::conflict)
        added.error().text =
            fmt::format("the message {} is in the queue already", row.id.to_string());
    return added;
}

// NULL for what no attempt has filled.
struct OutcomeColumns {
    std::optional<Timestamp> last_attempt;
    std::optional<mail::Verdict> verdict;
    std::optional<std::string> status;
    std::optional<int> code;
    std::optional<std::string_view> reply, remote_host, remote_ip, tls, tls_policy, source_ip,
        cause, rule;
    std::optional<std::int64_t> flags;
    std::optional<std::int64_t> retry_after;

    OutcomeColumns() = default;

    // Views point into `outcome`.
    OutcomeColumns(const mail::Outcome& outcome, Timestamp when)
        : last_attempt(when),
          verdict(outcome.verdict),
          status(outcome.status.cls == 0 ? std::string() : outcome.status.to_string()),
          code(outcome.code),
          reply(outcome.reply),
          remote_host(outcome.remote_host),
          remote_ip(outcome.remote_ip),
          tls(outcome.tls),
          tls_policy(outcome.tls_policy),
          source_ip(outcome.source_ip),
          cause(mail::to_string(outcome.cause)),
          rule(outcome.rule),
          flags(pack_flags(outcome)) {
        if (outcome.retry_after) retry_after = outcome.retry_after->count();
    }
};

Result<void> add_recipient(QueueTransaction& t, const QueueId& id, const RecipientRow& row) {
    const std::string address = row.address.to_string();
    const bool tried = row.last_attempt != Timestamp{};
    const OutcomeColumns o = tried ? OutcomeColumns(row.last, row.last_attempt) : OutcomeColumns();
    return t.db.run(
        "INSERT INTO recipients (message, number, address, domain, notify, orcpt, state, next_at, "
        "attempts, "
        "delay_reported, last_attempt, verdict, status, code, reply, remote_host, remote_ip, tls, "
        "tls_policy, source_ip, cause, rule, flags, "
        "retry_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?)",
        id, row.index, address, row.address.domain().ascii(), row.notify, row.orcpt, row.state,
        row.next_at, row.attempts, row.delay_reported, o.last_attempt, o.verdict, o.status, o.code,
        o.reply, o.remote_host, o.remote_ip, o.tls, o.tls_policy, o.source_ip, o.cause, o.rule,
        o.flags, o.retry_after);
}

Result<void> apply(QueueTransaction& t, const AddMessage& add) {
    PH_ASSERT(!add.recipients.empty());  // it would never end
    PH_CHECK(add_content(t, add.row));
    PH_CHECK(add_message(t, add.row));
    for (const RecipientRow& recipient : add.recipients)
        PH_CHECK(add_recipient(t, add.row.id, recipient));
    return {};
}

Result<void> remove_message(QueueTransaction& t, const QueueId& id) {
    std::int64_t content = 0;
    {
        Query q = t.db.query("DELETE FROM messages WHERE id = ? RETURNING content, body_file");
        q.bind(id);
        PH_TRY(const bool found, q.next());
        if (!found) return {};
        content = q.integer(0);
        if (!q.is_null(1)) t.ended.emplace_back(q.text(1));
        PH_CHECK(q.run());
    }
    return t.db.run("DELETE FROM contents WHERE number = ?", content);
}

Result<bool> has_recipients(QueueTransaction& t, const QueueId& id) {
    Query q = t.db.query("SELECT 1 FROM recipients WHERE message = ? LIMIT 1");
    q.bind(id);
    return q.next();
}

Result<void> update_recipient(QueueTransaction& t, const QueueId& id,
                              const RecipientUpdate& update) {
    const auto state =
        update.to == RecipientUpdate::To::open ? RecipientState::open : RecipientState::report_due;
    const OutcomeColumns o(update.outcome, update.when);
    return t.db.run(
        "UPDATE recipients SET state = ?, next_at = ?, attempts = ?, last_attempt = ?, verdict = "
        "?, status = ?, "
        "code = ?, reply = ?, remote_host = ?, remote_ip = ?, tls = ?, tls_policy = ?, "
        "source_ip = ?, cause = ?, rule = ?, flags = ?, retry_after = ? "
        "WHERE message = ? AND number = ?",
        state, update.next_at, update.attempts, o.last_attempt, o.verdict, o.status, o.code,
        o.reply, o.remote_host, o.remote_ip, o.tls, o.tls_policy, o.source_ip, o.cause, o.rule,
        o.flags, o.retry_after, id, update.index);
}

Result<void> apply(QueueTransaction& t, const Settlement& settlement) {
    bool ended = false;
    for (const RecipientUpdate& update : settlement.updates) {
        if (update.to == RecipientUpdate::To::done) {
            PH_CHECK(t.db.run("DELETE FROM recipients WHERE message = ? AND number = ?",
                              settlement.id, update.index));
            ended = true;
        } else {
            PH_CHECK(update_recipient(t, settlement.id, update));
        }
    }
    if (!ended) return {};
    PH_TRY(const bool left, has_recipients(t, settlement.id));
    if (left) return {};
    return remove_message(t, settlement.id);
}

Result<void> apply(QueueTransaction& t, const MarkDelayReported& mark) {
    for (const std::uint32_t index : mark.indexes) {
        PH_CHECK(
            t.db.run("UPDATE recipients SET delay_reported = 1 WHERE message = ? AND number = ?",
                     mark.id, index));
    }
    return {};
}

Result<void> apply(QueueTransaction& t, const SetHold& set) {
    return t.db.run("UPDATE messages SET held = ? WHERE id = ?", set.hold, set.id);
}

Result<void> apply(QueueTransaction& t, const SetRoute& set) {
    return t.db.run("UPDATE messages SET route = ? WHERE id = ?", set.route, set.id);
}

Result<void> apply(QueueTransaction& t, const SetNextAttempt& set) {
    if (!set.only)
        return t.db.run("UPDATE recipients SET next_at = ? WHERE message = ? AND state = 0",
                        set.next_at, set.id);
    for (const std::uint32_t index : *set.only) {
        PH_CHECK(t.db.run(
            "UPDATE recipients SET next_at = ? WHERE message = ? AND number = ? AND state = 0",
            set.next_at, set.id, index));
    }
    return {};
}

Result<void> apply(QueueTransaction& t, const SaveClock& save) {
    constexpr const char* kPut =
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = "
        "excluded.value";
    PH_CHECK(t.db.run(kPut, "clock_queue_time", save.mark.queue_time));
    return t.db.run(kPut, "clock_wall", save.mark.wall);
}

Result<void> apply(QueueTransaction& t, const AddRecord& add) {
    return t.db.run("INSERT INTO outbox (number, message, at, type, data) VALUES (?, ?, ?, ?, ?)",
                    ++t.last_record, add.id, add.at, add.type, Blob{add.data});
}

Result<void> apply(QueueTransaction& t, const ForgetRecords& forget) {
    PH_CHECK(t.db.run("DELETE FROM outbox WHERE number <= ?", forget.up_to));
    t.last_record = std::max(t.last_record, forget.up_to);
    // The next number, when nothing waits at the next start.
    return t.db.run(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = "
        "max(value, excluded.value)",
        "records_forgotten", forget.up_to);
}

Result<void> apply(QueueTransaction& t, const CountReport& count) {
    return t.db.run(
        "INSERT INTO report_counts (account, hour, made) VALUES (?, ?, ?) ON CONFLICT (account) "
        "DO UPDATE SET made = CASE WHEN hour = excluded.hour THEN max(made, excluded.made) "
        "ELSE excluded.made END, hour = excluded.hour",
        count.row.account, count.row.hour, count.row.made);
}

Result<void> apply(QueueTransaction& t, const ForgetReportCounts& forget) {
    return t.db.run("DELETE FROM report_counts WHERE hour < ?", forget.before);
}

struct DigestState {
    std::int64_t next = 1, lines = 0, more = 0;
};

Result<DigestState> begin_digest(QueueTransaction& t, const std::string& account, QueueTime due) {
    PH_CHECK(
        t.db.run("INSERT INTO digests (account, due, next, lines, more) VALUES (?, ?, 1, 0, "
                 "0) ON CONFLICT (account) DO NOTHING",
                 account, due));
    Query q = t.db.query("SELECT next, lines, more FROM digests WHERE account = ?");
    q.bind(account);
    PH_TRY(const bool found, q.next());
    DigestState state;
    if (found) state = {q.integer(0), q.integer(1), q.integer(2)};
    return state;
}

Result<void> apply(QueueTransaction& t, const AddDigestLines& add) {
    PH_TRY(DigestState state, begin_digest(t, add.account, add.due));
    for (const DigestLine& line : add.lines) {
        if (state.lines >= kMostDigestLines) {
            ++state.more;
            continue;
        }
        PH_CHECK(t.db.run(
            "INSERT INTO digest_lines (account, number, message, at, subject, "
            "facts) VALUES (?, ?, ?, ?, ?, ?)",
            add.account, state.next, line.message, line.at, line.subject, Blob{line.facts}));
        ++state.next;
        ++state.lines;
    }
    return t.db.run("UPDATE digests SET next = ?, lines = ?, more = ? WHERE account = ?",
                    state.next, state.lines, state.more, add.account);
}

Result<void> apply(QueueTransaction& t, const TakeDigest& take) {
    PH_CHECK(t.db.run("DELETE FROM digest_lines WHERE account = ? AND number <= ?", take.account,
                      take.up_to));
    PH_CHECK(t.db.run(
        "UPDATE digests SET due = ?, more = more - ?, lines = (SELECT count(*) FROM digest_lines "
        "WHERE digest_lines.account = digests.account) WHERE account = ?",
        take.next_due, take.more, take.account));
    return t.db.run("DELETE FROM digests WHERE account = ? AND lines = 0 AND more <= 0",
                    take.account);
}

template <class T>
concept OfQueue = requires(QueueTransaction& t, const T& change) { apply(t, change); };

}  // namespace

Result<void> apply_to_queue(QueueTransaction& transaction, const Change& change) {
    return std::visit(
        [&]<class T>(const T& c) -> Result<void> {
            if constexpr (OfQueue<T>) {
                return apply(transaction, c);
            } else {
                assertion_failed("a change of the directory", __FILE__, __LINE__);
            }
        },
        change);
}

}  // namespace posthaste::store::sqlite
