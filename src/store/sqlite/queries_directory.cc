#include "store/sqlite/rows.h"
#include "store/sqlite/sqlite_engine.h"

namespace posthaste::store::sqlite {

namespace {

constexpr std::size_t kDigestOctets = 32;

DomainRow read_domain(Query& query) {
    RowReader row(query);
    DomainRow domain;
    domain.name = row.text();
    domain.created = row.timestamp();
    return domain;
}

Result<AccountRow> read_account(Query& query, const std::string& path) {
    RowReader row(query);
    AccountRow account;
    account.address = row.text();
    account.name = row.text();
    account.password_hash = row.text();
    account.disabled = row.boolean();
    account.profile = row.enumeration(Profile::bulk);
    account.language = row.text();
    account.verp = row.enumeration(Verp::usual);
    account.priority = static_cast<std::int8_t>(row.integer_between(0, 9));
    account.reports = row.enumeration(ReportWish::digest);
    account.created = row.timestamp();
    if (row.damaged()) return std::unexpected(row.error(path, "accounts"));
    return account;
}

Result<AppPasswordRow> read_app_password(Query& query, const std::string& path) {
    RowReader row(query);
    AppPasswordRow password;
    password.account = row.text();
    password.id = row.text();
    password.name = row.text();
    password.digest = row.octets();
    password.created = row.timestamp();
    password.device = row.boolean();
    if (row.damaged() || password.digest.size() != kDigestOctets)
        return std::unexpected(row.error(path, "app passwords"));
    return password;
}

Result<SetupLinkRow> read_setup_link(Query& query, const std::string& path) {
    RowReader row(query);
    SetupLinkRow link;
    link.account = row.text();
    link.digest = row.octets();
    link.created = row.timestamp();
    link.expires = row.queue_time();
    link.browser = row.octets();
    if (!row.skip_null()) link.test = row.id();
    link.ended = row.boolean();
    const bool digests = link.digest.size() == kDigestOctets &&
                         (link.browser.empty() || link.browser.size() == kDigestOctets);
    if (row.damaged() || !digests) return std::unexpected(row.error(path, "set-up links"));
    return link;
}

// Braces evaluate in order, so a row is read column by column.
template <class Row, class Read>
Result<std::vector<Row>> read_all(Query& query, const std::string& path, std::string_view what,
                                  Read read) {
    std::vector<Row> rows;
    for (;;) {
        PH_TRY(const bool found, query.next());
        if (!found) return rows;
        RowReader row(query);
        rows.push_back(read(row));
        if (row.damaged()) return std::unexpected(row.error(path, what));
    }
}

KeptRow read_kept(RowReader& row) {
    return KeptRow{row.text(), row.text(), row.octets(), row.timestamp()};
}

Result<void> read_addresses(Connection& reader, AccountRow& account) {
    Query q = reader.query("SELECT address FROM addresses WHERE account = ? ORDER BY address");
    q.bind(account.address);
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return {};
        account.also.emplace_back(q.text(0));
    }
}

}  // namespace

Result<std::vector<DomainRow>> SqliteEngine::domains() {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    std::vector<DomainRow> domains;
    Query q = reader->query("SELECT name, created FROM domains ORDER BY name");
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return domains;
        domains.push_back(read_domain(q));
    }
}

Result<std::optional<DomainRow>> SqliteEngine::domain(std::string_view name) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query("SELECT name, created FROM domains WHERE name = ?");
    q.bind(name);
    PH_TRY(const bool found, q.next());
    if (!found) return std::nullopt;
    return read_domain(q);
}

Result<std::vector<AccountRow>> SqliteEngine::accounts() {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    PH_TRY(const Snapshot snapshot, Snapshot::begin(*reader));
    std::vector<AccountRow> accounts;
    Query q = reader->query(
        "SELECT address, name, password_hash, disabled, profile, language, verp, priority, "
        "reports, created "
        "FROM accounts "
        "ORDER BY "
        "address");
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return accounts;
        PH_TRY(auto account, read_account(q, reader->path()));
        PH_CHECK(read_addresses(*reader, account));
        accounts.push_back(std::move(account));
    }
}

Result<std::optional<AccountRow>> SqliteEngine::account(std::string_view address) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    PH_TRY(const Snapshot snapshot, Snapshot::begin(*reader));
    Query q = reader->query(
        "SELECT address, name, password_hash, disabled, profile, language, verp, priority, "
        "reports, created "
        "FROM accounts "
        "WHERE "
        "address = ?");
    q.bind(address);
    PH_TRY(const bool found, q.next());
    if (!found) return std::nullopt;
    PH_TRY(auto account, read_account(q, reader->path()));
    PH_CHECK(read_addresses(*reader, account));
    return account;
}

Result<std::vector<AppPasswordRow>> SqliteEngine::app_passwords(std::string_view account) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    std::vector<AppPasswordRow> passwords;
    Query q = reader->query(
        "SELECT account, id, name, digest, created, device FROM app_passwords WHERE account = ? "
        "ORDER BY "
        "created, id");
    q.bind(account);
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return passwords;
        PH_TRY(auto password, read_app_password(q, reader->path()));
        passwords.push_back(std::move(password));
    }
}

Result<std::optional<AppPasswordRow>> SqliteEngine::app_password_by_digest(
    std::string_view digest) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query(
        "SELECT account, id, name, digest, created, device FROM app_passwords WHERE digest = ?");
    q.bind(Blob{digest});
    PH_TRY(const bool found, q.next());
    if (!found) return std::nullopt;
    PH_TRY(auto password, read_app_password(q, reader->path()));
    return password;
}

Result<std::optional<SetupLinkRow>> SqliteEngine::setup_link_by_digest(std::string_view digest) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query(
        "SELECT account, digest, created, expires, browser, test, ended FROM setup_links "
        "WHERE digest = ?");
    q.bind(Blob{digest});
    PH_TRY(const bool found, q.next());
    if (!found) return std::nullopt;
    PH_TRY(auto link, read_setup_link(q, reader->path()));
    return link;
}

Result<std::vector<FormerPasswordRow>> SqliteEngine::former_passwords() {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query("SELECT account, hash, replaced FROM former_passwords");
    return read_all<FormerPasswordRow>(q, reader->path(), "former passwords", [](RowReader& row) {
        return FormerPasswordRow{row.text(), row.text(), row.timestamp()};
    });
}

Result<std::vector<SignInRow>> SqliteEngine::sign_ins() {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query("SELECT number, account, at, facts FROM sign_ins ORDER BY number");
    return read_all<SignInRow>(q, reader->path(), "sign-ins", [](RowReader& row) {
        return SignInRow{row.integer(), row.text(), row.timestamp(), row.text()};
    });
}

Result<std::vector<FactRow>> SqliteEngine::facts() {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query("SELECT account, fact, at FROM facts ORDER BY account, fact");
    return read_all<FactRow>(q, reader->path(), "facts", [](RowReader& row) {
        return FactRow{row.text(), row.text(), row.timestamp()};
    });
}

Result<std::vector<KeptRow>> SqliteEngine::kept(std::string_view kind) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q =
        reader->query("SELECT kind, key, value, expires FROM kept WHERE kind = ? ORDER BY key");
    q.bind(kind);
    return read_all<KeptRow>(q, reader->path(), "kept facts", read_kept);
}

Result<std::optional<KeptRow>> SqliteEngine::kept(std::string_view kind, std::string_view key) {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q =
        reader->query("SELECT kind, key, value, expires FROM kept WHERE kind = ? AND key = ?");
    q.bind(kind, key);
    PH_TRY(auto rows, read_all<KeptRow>(q, reader->path(), "kept facts", read_kept));
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

Result<std::vector<SentMarkRow>> SqliteEngine::sent_marks() {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    Query q = reader->query("SELECT digest, message, at FROM sent_marks");
    return read_all<SentMarkRow>(q, reader->path(), "sent marks", [](RowReader& row) {
        SentMarkRow mark{row.octets(), row.id(), row.timestamp()};
        if (mark.digest.size() != kDigestOctets) row.mark_damaged();
        return mark;
    });
}

Result<std::vector<DkimKeyRow>> SqliteEngine::dkim_keys() {
    PH_TRY(auto reader, directory_.database->readers().acquire());
    std::vector<DkimKeyRow> keys;
    Query q = reader->query(
        "SELECT domain, selector, state, pem, created, changed FROM dkim_keys "
        "ORDER BY domain, selector");
    for (;;) {
        PH_TRY(const bool found, q.next());
        if (!found) return keys;
        RowReader row(q);
        DkimKeyRow key;
        key.domain = row.text();
        key.selector = row.text();
        key.state = row.enumeration(DkimState::retiring);
        key.pem = Secret(row.octets());
        key.created = row.timestamp();
        key.changed = row.timestamp();
        if (row.damaged()) return std::unexpected(row.error(reader->path(), "DKIM keys"));
        keys.push_back(std::move(key));
    }
}

}  // namespace posthaste::store::sqlite
