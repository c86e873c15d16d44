#include "base/assert.h"
#include "store/sqlite/apply.h"

#include <fmt/format.h>

namespace posthaste::store::sqlite {

namespace {

Result<void> apply(Connection& db, const PutDomain& put) {
    return db.run(
        "INSERT INTO domains (name, created) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET created = excluded.created",
        put.row.name, put.row.created);
}

Result<void> apply(Connection& db, const RemoveDomain& remove) {
    PH_CHECK(db.run("DELETE FROM dkim_keys WHERE domain = ?", remove.name));
    return db.run("DELETE FROM domains WHERE name = ?", remove.name);
}

Result<void> apply(Connection& db, const PutAccount& put) {
    const AccountRow& row = put.row;
    PH_CHECK(db.run(
        "INSERT INTO accounts (address, name, password_hash, disabled, profile, language, "
        "verp, priority, reports, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (address) DO UPDATE SET name = excluded.name, password_hash = "
        "excluded.password_hash, "
        "disabled = excluded.disabled, profile = excluded.profile, language = excluded.language, "
        "verp = excluded.verp, priority = excluded.priority, reports = excluded.reports, created = "
        "excluded.created",
        row.address, row.name, row.password_hash, row.disabled, row.profile, row.language, row.verp,
        int{row.priority}, row.reports, row.created));
    PH_CHECK(db.run("DELETE FROM addresses WHERE account = ?", row.address));
    for (const std::string& address : row.also) {
        PH_CHECK(
            db.run("INSERT INTO addresses (account, address) VALUES (?, ?) ON CONFLICT (account, "
                   "address) DO NOTHING",
                   row.address, address));
    }
    return {};
}

Result<void> apply(Connection& db, const RemoveAccount& remove) {
    PH_CHECK(db.run("DELETE FROM app_passwords WHERE account = ?", remove.address));
    PH_CHECK(db.run("DELETE FROM setup_links WHERE account = ?", remove.address));
    PH_CHECK(db.run("DELETE FROM addresses WHERE account = ?", remove.address));
    PH_CHECK(db.run("DELETE FROM former_passwords WHERE account = ?", remove.address));
    PH_CHECK(db.run("DELETE FROM sign_ins WHERE account = ?", remove.address));
    PH_CHECK(db.run("DELETE FROM facts WHERE account = ?", remove.address));
    PH_CHECK(db.run("DELETE FROM suppressions WHERE account = ?", remove.address));
    return db.run("DELETE FROM accounts WHERE address = ?", remove.address);
}

Result<void> must_exist(Connection& db, const std::string& account) {
    Query q = db.query("SELECT 1 FROM accounts WHERE address = ?");
    q.bind(account);
    PH_TRY(const bool found, q.next());
    if (!found)
        return fail(ErrorKind::not_found, fmt::format("there is no account {}", account),
                    "make it first: posthaste account add");
    return {};
}

Result<void> apply(Connection& db, const PutAppPassword& put) {
    const AppPasswordRow& row = put.row;
    PH_CHECK(must_exist(db, row.account));
    auto added = db.run(
        "INSERT INTO app_passwords (account, id, name, digest, created, device) "
        "VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (account, id) DO UPDATE SET name = excluded.name, digest = excluded.digest, "
        "created = excluded.created, device = excluded.device",
        row.account, row.id, row.name, Blob{row.digest}, row.created, row.device);
    if (!added && added.error().kind == ErrorKind::conflict)
        added.error() = {ErrorKind::conflict, "this app password is in use already",
                         "make a new one"};
    return added;
}

Result<void> apply(Connection& db, const RemoveAppPassword& remove) {
    return db.run("DELETE FROM app_passwords WHERE account = ? AND id = ?", remove.account,
                  remove.id);
}

Result<void> apply(Connection& db, const PutSetupLink& put) {
    const SetupLinkRow& row = put.row;
    PH_CHECK(must_exist(db, row.account));
    return db.run(
        "INSERT INTO setup_links (account, digest, created, expires, browser, test, ended) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (account) DO UPDATE SET digest = excluded.digest, created = excluded.created, "
        "expires = excluded.expires, browser = excluded.browser, test = excluded.test, "
        "ended = excluded.ended",
        row.account, Blob{row.digest}, row.created, row.expires, Blob{row.browser}, row.test,
        row.ended);
}

Result<void> apply(Connection& db, const RemoveSetupLink& remove) {
    return db.run("DELETE FROM setup_links WHERE account = ?", remove.account);
}

Result<void> apply(Connection& db, const PutFormerPassword& put) {
    return db.run(
        "INSERT INTO former_passwords (account, hash, replaced) VALUES (?, ?, ?) "
        "ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, replaced = excluded.replaced",
        put.row.account, put.row.hash, put.row.replaced);
}

Result<void> apply(Connection& db, const PutSignIn& put) {
    return db.run(
        "INSERT INTO sign_ins (number, account, at, facts) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (number) DO UPDATE SET account = excluded.account, at = excluded.at, "
        "facts = excluded.facts",
        put.row.number, put.row.account, put.row.when, put.row.facts);
}

Result<void> apply(Connection& db, const RemoveSignIn& remove) {
    return db.run("DELETE FROM sign_ins WHERE number = ?", remove.number);
}

Result<void> apply(Connection& db, const PutFact& put) {
    return db.run(
        "INSERT INTO facts (account, fact, at) VALUES (?, ?, ?) "
        "ON CONFLICT (account, fact) DO UPDATE SET at = excluded.at",
        put.row.account, put.row.fact, put.row.when);
}

Result<void> apply(Connection& db, const PutKept& put) {
    return db.run(
        "INSERT INTO kept (kind, key, value, expires) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, expires = excluded.expires",
        put.row.kind, put.row.key, Blob{put.row.value}, put.row.expires);
}

Result<void> apply(Connection& db, const RemoveKept& remove) {
    return db.run("DELETE FROM kept WHERE kind = ? AND key = ?", remove.kind, remove.key);
}

Result<void> apply(Connection& db, const RemoveExpiredKept& remove) {
    return db.run("DELETE FROM kept WHERE kind = ? AND expires <= ?", remove.kind, remove.now);
}

// A word about an account that was removed meanwhile would stay for ever.
Result<void> apply(Connection& db, const PutSuppression& put) {
    const SuppressionRow& row = put.row;
    return db.run(
        "INSERT INTO suppressions (account, folded, address, state, source, cause, count, reply, "
        "message, first, last, expires) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? "
        "WHERE EXISTS (SELECT 1 FROM accounts WHERE address = ?) "
        "ON CONFLICT (account, folded) DO UPDATE SET address = excluded.address, "
        "state = excluded.state, source = excluded.source, cause = excluded.cause, "
        "count = excluded.count, reply = excluded.reply, message = excluded.message, "
        "first = excluded.first, last = excluded.last, expires = excluded.expires",
        row.account, row.folded, row.address, row.state, row.source, mail::to_string(row.cause),
        row.count, row.reply, row.message, row.first, row.last, row.expires, row.account);
}

Result<void> apply(Connection& db, const RemoveSuppression& remove) {
    return db.run("DELETE FROM suppressions WHERE account = ? AND folded = ?", remove.account,
                  remove.folded);
}

Result<void> apply(Connection& db, const RemoveFacts& remove) {
    return db.run("DELETE FROM facts WHERE at < ?", remove.before);
}

Result<void> apply(Connection& db, const PutSentMark& put) {
    return db.run(
        "INSERT INTO sent_marks (digest, message, at) VALUES (?, ?, ?) "
        "ON CONFLICT (digest) DO UPDATE SET message = excluded.message, at = excluded.at",
        Blob{put.row.digest}, put.row.id, put.row.when);
}

Result<void> apply(Connection& db, const RemoveSentMark& remove) {
    return db.run("DELETE FROM sent_marks WHERE digest = ?", Blob{remove.digest});
}

Result<void> apply(Connection& db, const RemoveSentMarks& remove) {
    return db.run("DELETE FROM sent_marks WHERE at < ?", remove.before);
}

Result<void> apply(Connection& db, const PutDkimKey& put) {
    const DkimKeyRow& row = put.row;
    Query q = db.query("SELECT 1 FROM domains WHERE name = ?");
    q.bind(row.domain);
    PH_TRY(const bool found, q.next());
    if (!found)
        return fail(ErrorKind::not_found, fmt::format("there is no domain {}", row.domain),
                    fmt::format("make it first: posthaste domain add {}", row.domain));
    return db.run(
        "INSERT INTO dkim_keys (domain, selector, state, pem, created, changed) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (domain, selector) DO UPDATE SET "
        "state = excluded.state, pem = excluded.pem, created = excluded.created, "
        "changed = excluded.changed",
        row.domain, row.selector, row.state, Blob{row.pem.reveal()}, row.created, row.changed);
}

Result<void> apply(Connection& db, const RemoveDkimKey& remove) {
    return db.run("DELETE FROM dkim_keys WHERE domain = ? AND selector = ?", remove.domain,
                  remove.selector);
}

template <class T>
concept OfDirectory = requires(Connection& db, const T& change) { apply(db, change); };

}  // namespace

Result<void> apply_to_directory(Connection& db, const Change& change) {
    return std::visit(
        [&]<class T>(const T& c) -> Result<void> {
            if constexpr (OfDirectory<T>) {
                return apply(db, c);
            } else {
                assertion_failed("a change of the queue", __FILE__, __LINE__);
            }
        },
        change);
}

}  // namespace posthaste::store::sqlite
