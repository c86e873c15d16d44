// The tables, in SQL that SQLite and PostgreSQL both read but for WITHOUT ROWID and BLOB (there:
// nothing and BYTEA). Ids are the 16 octets of a ULID; times are milliseconds: `*_wall`, `created`
// and `last_attempt` of the wall clock since 1970, the others of queue time. A change here needs a
// new kFormat and a step in `posthaste store upgrade`, but for new tables: see the additions.
#pragma once

#include <cstdint>

namespace posthaste::store::sqlite {

constexpr std::int64_t kFormat = 2;  // of both files, in PRAGMA user_version

// PRAGMA application_id, so that a foreign SQLite file is never written to.
constexpr std::int64_t kQueueApplication = 0x50485131;      // "PHQ1"
constexpr std::int64_t kDirectoryApplication = 0x50484431;  // "PHD1"

// Measured with 4 KB messages, 50 in a commit, added and settled (CPU us a message, octets written
// a octet stored): pages of 4096 13.8, 1.6; 8192 17.9, 2.9; 16384 15.7, 3.4. From 6 KB on larger
// pages cost up to a third less CPU and always more writing.
constexpr int kPageSize = 4096;

// `contents` is apart so that deleting and scanning messages does not touch the octets; its key is
// a counter, not the id, since appending at the end of a table by its integer key is the cheapest
// insert there is. A row's header and inline body are written and removed together. There is no
// index beside the primary keys: the scheduler works from memory, and every index is paid by every
// message.
constexpr const char* kQueueSchema = R"sql(
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE messages (
    id BLOB PRIMARY KEY,
    kind INTEGER NOT NULL,
    account TEXT NOT NULL,
    sender TEXT NOT NULL,
    body_type INTEGER NOT NULL,
    smtputf8 INTEGER NOT NULL,
    ret INTEGER NOT NULL,
    envid TEXT NOT NULL,
    tls_wish INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    route TEXT NOT NULL,
    verp INTEGER NOT NULL,
    accepted_wall BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    held INTEGER NOT NULL,
    release BIGINT NOT NULL,
    by_time BIGINT NOT NULL,
    by_mode INTEGER NOT NULL,
    by_trace INTEGER NOT NULL,
    header_size BIGINT NOT NULL,
    header_crc BIGINT NOT NULL,
    body_size BIGINT NOT NULL,
    body_crc BIGINT NOT NULL,
    body_file TEXT,
    content BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE contents (
    number INTEGER PRIMARY KEY,
    header BLOB NOT NULL,
    body BLOB
);
CREATE TABLE recipients (
    message BLOB NOT NULL,
    number INTEGER NOT NULL,
    address TEXT NOT NULL,
    domain TEXT NOT NULL,
    notify INTEGER NOT NULL,
    orcpt TEXT NOT NULL,
    state INTEGER NOT NULL,
    next_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    delay_reported INTEGER NOT NULL,
    last_attempt BIGINT,
    verdict INTEGER,
    status TEXT,
    code INTEGER,
    reply TEXT,
    remote_host TEXT,
    remote_ip TEXT,
    tls TEXT,
    tls_policy TEXT,
    source_ip TEXT,
    cause TEXT,
    rule TEXT,
    flags INTEGER,
    retry_after BIGINT,
    PRIMARY KEY (message, number)
) WITHOUT ROWID;
)sql";

// Tables that came later within the same format (see kDirectoryAdditions). `outbox` holds records
// of the history until they are in a file of their own.
constexpr const char* kQueueAdditions = R"sql(
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY,
    message BLOB NOT NULL,
    at BIGINT NOT NULL,
    type INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS report_counts (
    account TEXT PRIMARY KEY,
    hour BIGINT NOT NULL,
    made BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS digests (
    account TEXT PRIMARY KEY,
    due BIGINT NOT NULL,
    next BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    more BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS digest_lines (
    account TEXT NOT NULL,
    number BIGINT NOT NULL,
    message BLOB NOT NULL,
    at BIGINT NOT NULL,
    subject TEXT NOT NULL,
    facts BLOB NOT NULL,
    PRIMARY KEY (account, number)
) WITHOUT ROWID;
)sql";

constexpr const char* kDirectorySchema = R"sql(
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE domains (
    name TEXT PRIMARY KEY,
    created BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE accounts (
    address TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    language TEXT NOT NULL,
    verp INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    reports INTEGER NOT NULL,
    created BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE addresses (
    account TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (account, address)
) WITHOUT ROWID;
CREATE TABLE app_passwords (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created BIGINT NOT NULL,
    device INTEGER NOT NULL,
    PRIMARY KEY (account, id)
) WITHOUT ROWID;
)sql";

// Tables that came later within the same format, made when a store is opened that lacks them: a
// posthaste that does not know such a table never looks at it, so both ways stay open.
constexpr const char* kDirectoryAdditions = R"sql(
CREATE TABLE IF NOT EXISTS setup_links (
    account TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    browser BLOB NOT NULL,
    test BLOB,
    ended INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS former_passwords (
    account TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    replaced BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sign_ins (
    number BIGINT PRIMARY KEY,
    account TEXT NOT NULL,
    at BIGINT NOT NULL,
    facts TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (
    account TEXT NOT NULL,
    fact TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account, fact)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sent_marks (
    digest BLOB PRIMARY KEY,
    message BLOB NOT NULL,
    at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    expires BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dkim_keys (
    domain TEXT NOT NULL,
    selector TEXT NOT NULL,
    state INTEGER NOT NULL,
    pem BLOB NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (domain, selector)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS suppressions (
    account TEXT NOT NULL,
    folded TEXT NOT NULL,
    address TEXT NOT NULL,
    state INTEGER NOT NULL,
    source INTEGER NOT NULL,
    cause TEXT NOT NULL,
    count BIGINT NOT NULL,
    reply TEXT NOT NULL,
    message BLOB,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    expires BIGINT,
    PRIMARY KEY (account, folded)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS suppressions_by_end ON suppressions (expires)
    WHERE expires IS NOT NULL;
)sql";

}  // namespace posthaste::store::sqlite
